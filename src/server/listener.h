/* listener.h - listening sockets: open, accept, close, and what a failed accept(2) means. */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <thrdsrv/server.h>

#include "server/address.h"

struct listener {
    int fd;       /* non-blocking; -1: closed */
    int original; /* the host's descriptor that fd is a duplicate of, until listener_adopt(); -1 */
    bool blocked; /* it did when it was handed in */
    bool alone;   /* nobody else accepts at its socket: who waits there is ours to serve, and a
                   * socket file to remove */
    bool claimed; /* that is to be so when the server runs */
    bool sealed;  /* nobody gets into its backlog any more, see backlog.h, */
    struct withdrawn *withdrawn;         /* and who came out of it already; else NULL */
    sa_family_t family;                  /* AF_UNSPEC: a pipe, see handover.h, */
    const struct thrdsrv_config *config; /* whose connections are to be like this says; else NULL */
    char text[ADDRESS_TEXT_SIZE]; /* the bound address, with the port that the kernel chose */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* Unix socket: to unlink; else "" */
    dev_t device; /* of the socket file we made: only that one is unlinked */
    ino_t inode;
};

/* Opens one listener, or two ("localhost:" and ":"), for what one listen text asks for; count says
 * how many. Connections inherit nodelay and keepalive from it (tcp(7)), so that accepting one
 * costs no further system call. A machine without one of the families gets the other alone.
 * Returns 0, or an E_… after logging the cause and the remedy. */
int listener_open(struct listener listeners[2], unsigned *count, const char *text,
                  const struct thrdsrv_config *config);

/* Logs what is wrong with a listen text. Returns E_INVALID. */
int listener_refuse(const struct thrdsrv_config *config, const char *text, const char *wrong);

/* What was opened as "fd:N" does not block any more, and so does N, which is the same socket; until
 * listener_adopt(), listener_close() undoes that. Others: nothing. 0, or -1 with errno. */
int listener_unblock(struct listener *listener);

/* What was opened as "fd:N" is the server's from here on: N is closed, and the socket has the
 * options that connections inherit. Others: nothing. */
void listener_adopt(struct listener *listener, const struct thrdsrv_config *config);

/* The server runs: what was opened as "fd:N,alone" has a socket file of ours from here on. Not
 * before, for until then it may fail, and whoever had the file goes on. Others: nothing. */
void listener_begin(struct listener *listener);

/* Another process accepts there from here on: socket file and backlog are that one's. */
void listener_share(struct listener *listener);

/* Closes and, for a Unix socket, removes the file if it is still ours. Twice is fine. */
void listener_close(struct listener *listener);

/* What accept(2) said. */
enum accept_verdict {
    ACCEPT_CONNECTION, /* *fd is a connection */
    ACCEPT_NOTHING,    /* none is waiting */
    ACCEPT_GO_ON,      /* that connection failed, the next may not */
    ACCEPT_PAUSE,      /* descriptors or memory are short: trying again at once is no use */
    ACCEPT_BROKEN,     /* the listener is unusable: a fault of ours */
};

/* Never blocks. On ACCEPT_CONNECTION *peer is set and *fd is close-on-exec, and blocking whatever
 * the listener is. Otherwise errno is accept's. */
enum accept_verdict listener_accept(const struct listener *listener, int *fd, struct address *peer);

/* What TCP connections inherit from a listener: nodelay and keepalive. 0, or -1 with errno. */
int listener_set_connection_options(int fd, const struct thrdsrv_config *config);

/* The peer of a connected socket of any family; family 0 where the system does not tell. */
void listener_name_peer(int fd, struct address *peer);

/* The class of an errno of accept(2). */
enum accept_verdict listener_classify(int error);

#endif
