/* split_sender.h - the sending half of a conversation: from the input to the socket.
 *
 * It lies in memory that both halves have, also where they are processes. Between them is a pair of
 * sockets, the link, on which nothing is said: a half that is over closes its end, and the other
 * one, which waits for the link besides whatever it waits for, sees it. So neither has to be
 * interrupted, and there is no moment at which the news could be missed.
 *
 * Runs where split_worker.h puts it. */
#ifndef CLIENT_SPLIT_SENDER_H
#define CLIENT_SPLIT_SENDER_H

#include <stdatomic.h>
#include <stdint.h>

/* What a read(2) or recv(2) takes at most. */
#define SPLIT_BUFFER_SIZE 131072

enum split_outcome {
    SENDER_RUNS = 0,    /* still; or it was killed */
    SENDER_SENT_ALL,    /* up to the end of the input, and has ended our side */
    SENDER_NOTHING_NEW, /* the receiver is over, and there was no input to be sent */
    SENDER_LEFT_OVER,   /* the receiver is over or the server takes no more, and there was */
    SENDER_BROKEN,      /* send(2) failed, see error */
    SENDER_ESCAPED,
    SENDER_CANNOT_READ, /* see error */
};

struct split_sender {
    int socket;
    int input;
    int link;   /* its end */
    int escape; /* -1: none */

    /* Read by the receiver meanwhile. Read-modify-writes alone: Helgrind knows nothing of others.
     */
    atomic_uint_fast64_t sent;

    /* Read by the receiver when the sender has been joined. */
    enum split_outcome outcome;
    int error;

    unsigned char buffer[SPLIT_BUFFER_SIZE];
};

/* Sends until one of the outcomes; leaves its link open. */
void split_sender_run(struct split_sender *sender);

#endif
