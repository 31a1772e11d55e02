/* control.h - the control socket: whoever connects is told the state of the server, and then the
 * end.
 *
 * What it does: a second server in this process, which answers one client after the other in one
 * thread of its own, with the lines of thrdsrv_server_report(). The accept loop of the first has no
 * part in it, so a client that does not read holds up nobody but those who ask, and those for a
 * second. Nothing has to be started for an answer: it comes also where no thread can be had.
 * What it does not do: it takes no orders; what a client sends is thrown away.
 * Called by serve.c on the main thread; not a part of children, which hold no descriptor of it. */
#ifndef THRD_CLI_CONTROL_H
#define THRD_CLI_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/control_path.h"
#include "cli/options.h"

/* All zero: there is none. Stays where it is between open and close. */
struct control {
    struct thrdsrv_server *server;       /* that answers */
    struct thrdsrv_server *shown;        /* of which it tells */
    const struct thrdsrv_config *config; /* of that one, for the log */
    bool has_begun;                      /* to answer; what fails from then on ends nothing else */
    uid_t owner;                         /* who may ask, besides root */
    int listener;                        /* asked for before there is another thread */
    char path[CONTROL_PATH_SIZE];
};

/* Opens the socket that the options ask for, if any, as the user that we are now; shown must live
 * until control_close(), which is to be called whatever this returns: 0, or a negative THRDSRV_E_…,
 * and the log says why. */
int control_open(struct control *control, const struct options *options,
                 struct thrdsrv_server *shown);

/* Answers from now on, in a thread. Returns as above. */
int control_start(struct control *control);

/* The listener, where its path was given and a successor is to have the same; -1: it makes one of
 * its own, by its number. Not behind control_hand_over() or control_close(). */
int control_listener(const struct control *control, const struct options *options);

/* The successor answers there: that listener is closed, its file stays. As above; any thread. */
void control_hand_over(struct control *control, const struct options *options);

/* Cuts whoever is being answered, removes the socket file and waits for the thread. */
void control_close(struct control *control);

#endif
