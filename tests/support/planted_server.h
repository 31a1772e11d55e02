/* planted_server - a TCP server in a thread of the test program that answers as the case wants it
 * to: rightly, late, wrongly, not at all.
 *
 * One thread serves all its connections, one event after another: what a case's answer function
 * waits for, all wait for. Shares no code with the server under test nor with its clients. The
 * functions that take a planted_client are for that thread; the others for the test's. */
#ifndef SUPPORT_PLANTED_SERVER_H
#define SUPPORT_PLANTED_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct planted_server;

struct planted_client {
    struct planted_server *server;
    int fd;
    uint64_t received; /* bytes so far, those of this call included */
    uint64_t number;   /* the client's, from 0 in the order of accept(2) */
};

/* Answers what has been received; size 0: a client has just come. */
typedef void planted_answer(struct planted_client *client, const unsigned char *data, size_t size);

#define PLANTED_CLIENTS_MAX 2048

struct planted_server {
    planted_answer *answer;
    void *context; /* the case's own */
    struct sockaddr_storage address;
    socklen_t address_length;
    int64_t started_ms;
    int listener;
    int stop; /* eventfd */
    int epoll;
    pthread_t thread;
    struct planted_client clients[PLANTED_CLIENTS_MAX]; /* by descriptor */
    uint64_t bytes; /* received from all clients; the thread's own */
    atomic_uint_fast64_t accepted;
    atomic_int open;                 /* clients that are connected */
    atomic_uint_fast64_t sources[4]; /* a bit for each last byte of a client's IPv4 address */
};

/* Starts one on a free port of 127.0.0.1 or ::1 (family). The memory is the case's; it need not be
 * set to anything. */
void planted_server_start(struct planted_server *server, int family, planted_answer *answer,
                          void *context);

/* Ends it and all its connections. */
void planted_server_stop(struct planted_server *server);

/* Sends all of it, waiting while the client takes nothing; a client that is gone does no harm. */
void planted_send(struct planted_client *client, const void *data, size_t size);

void planted_close(struct planted_client *client);
void planted_reset(struct planted_client *client);

/* The answer of an echo server. */
void planted_echo(struct planted_client *client, const unsigned char *data, size_t size);

#endif
