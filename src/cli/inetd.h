/* inetd.h - thrd --inetd: one connection, which somebody else has accepted, is served, and no more.
 *
 * What it does: takes the connection that inetd(8), or a systemd unit with Accept=yes, hands over
 * as descriptor 0, gives it to a server of one slot in mode inline, and has that end with it.
 * inetd makes 1 and 2 the same connection: not a byte of the log or of a complaint may get to the
 * client, so all three are let go of at once, and where standard error was the client the log goes
 * to syslog(3).
 * What it does not do: it opens no listener. Limits of several connections have no meaning here.
 * Called by main.c and serve.c on the main thread; the hooks by the library, on the same. */
#ifndef THRD_CLI_INETD_H
#define THRD_CLI_INETD_H

#include <stdbool.h>

#include <thrdsrv/server.h>

/* Whether --inetd stands among the arguments. It is asked before they are read: what is wrong with
 * them must not be told the client either. */
bool inetd_is_asked_for(int argc, char *const argv[]);

/* Moves the connection away from descriptors 0, 1 and 2, where it is: those are /dev/null then.
 * Where 0 is no socket nothing happens. False: the system refused; syslog has the reason. */
bool inetd_take_client(void);

/* Says it in the system's log where standard error was the client; otherwise it has been said. */
void inetd_complain(const char *message);

/* Makes the configuration that of the one connection. False: there is none, and stderr has got the
 * reason. */
bool inetd_prepare(struct thrdsrv_config *config);

/* Hands the connection over to the server, which is to end with it. Returns 0 or an error of
 * thrdsrv_server_adopt(). */
int inetd_begin(struct thrdsrv_server *server);

#endif
