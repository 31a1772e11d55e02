/* notify.h - telling a supervisor how the service is: sd_notify(3), without its library, because
 * all there is to it is a datagram to the socket that NOTIFY_SOCKET names.
 *
 * What it does: READY=1, RELOADING=1 and STOPPING=1, with a line for "systemctl status", and
 * MAINPID= when another process takes over. What it does not do: it never waits for a supervisor
 * that does not read. Whoever does not listen costs a warning, never the service. Sockets of family
 * vsock (a virtual machine's) are not known. Called by serve.c and ready.c on the main thread; by
 * reload.c on its own, from the start of the service to its end, and by restart.c on its;
 * notify_stopping() anywhere. */
#ifndef THRD_CLI_NOTIFY_H
#define THRD_CLI_NOTIFY_H

#include <sys/types.h>

#include <thrdsrv/server.h>

/* Takes NOTIFY_SOCKET out of the environment, so that nobody whom we start speaks for us, and
 * connects to it: later it may be out of reach (a chroot, no descriptor left). Without the variable
 * this and all the others do nothing. config is what serves, and outlives notify_end(). */
void notify_begin(const struct thrdsrv_config *config);

/* Connections are accepted; also said when a reload is complete. */
void notify_ready(const struct thrdsrv_server *server);

/* A reload has begun (Type=notify-reload): notify_ready() ends it. */
void notify_reloading(void);

/* The stop has begun, and may take as long as connections may go on. Only the first call counts.
 * Safe in a signal handler; any thread. */
void notify_stopping(void);

/* For the environment of a process that is to speak for the service after us: "NOTIFY_SOCKET=..."
 * or NULL where nobody is to be told. */
const char *notify_variable(void);

/* That process is the service now: our own stop is not its end, and is not told. */
void notify_successor(pid_t pid);

/* Warns where the stop could not be told. To be called when no signal handler runs any more. */
void notify_end(void);

#endif
