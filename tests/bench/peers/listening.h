/* listening.h - what the peers written in C have in common, and what is none of their costs: a
 * socket that listens on 127.0.0.1. In the header, so that each of them is one file to compile. */
#ifndef PEERS_LISTENING_H
#define PEERS_LISTENING_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 4096 };

/* 127.0.0.1 and the port that the program's only argument names; ends the program without one. */
static inline struct sockaddr_in address_of(int argc, char *argv[])
{
    int port = argc == 2 ? atoi(argv[1]) : 0;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "usage: %s PORT   (1 to 65535)\n", argv[0]);
        exit(2);
    }
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* flags: SOCK_NONBLOCK or 0. Ends the program where it is refused. */
static inline int listen_at(struct sockaddr_in address, int flags)
{
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | flags, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, BACKLOG) < 0) {
        perror("cannot listen");
        exit(1);
    }
    return listener;
}

#endif
