/* split_io.h - a conversation with split input and output: one task sends, the other receives.
 *
 * A client that first writes and then reads stops for ever when what it has to write is more than
 * the buffers on the way hold: the server cannot get rid of its answers, reads no more, and then
 * nobody does. Here nobody waits for the other direction: the caller's thread receives, and a
 * thread or a child process of its own sends (split_sender.h, split_worker.h).
 *
 * The end of the input ends our side of the connection alone. The conversation is over when the
 * server ends its side; input that is not there yet is not waited for then, and what had come is
 * delivered.
 *
 * What it does not do: it does not connect or close, prints nothing and changes no signal. Called
 * by cli/connect_command.c; blocks; any thread. */
#ifndef CLIENT_SPLIT_IO_H
#define CLIENT_SPLIT_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum split_mode {
    SPLIT_THREAD = 0, /* the sender is a thread */
    SPLIT_FORK,       /* the sender is a child process */
    SPLIT_MODES,
};

/* How a conversation ended. What had come is delivered in every case but SPLIT_CANNOT_DELIVER. */
enum split_end {
    SPLIT_COMPLETE = 0, /* the server ended its side, and no input was left to send */
    SPLIT_LEFT_OVER,    /* the server ended its side while there was input left, or takes no more */
    SPLIT_BROKEN,       /* the connection broke, by a reset mostly; see error */
    SPLIT_IDLE,         /* nothing moved for idle_ms */
    SPLIT_ESCAPED,      /* the escape was in the input; what stood before it was sent */
    SPLIT_CANNOT_READ,  /* read(2) of the input failed, see error; the connection is set to be reset
                           when it is closed, so that the server takes no part for the whole */
    SPLIT_CANNOT_DELIVER, /* deliver failed, see error */
    SPLIT_CANNOT_START,   /* no sender could be started, see error */
    SPLIT_SENDER_DIED,    /* the sending process was ended by a signal, see error */
};

struct split_config {
    enum split_mode mode;
    int socket;      /* connected, non-blocking; stays open */
    int input;       /* a file, pipe, terminal, socket; stays as it is */
    int64_t idle_ms; /* 0: no limit; time in which deliver waits does not count */
    int escape;      /* a byte of the input that ends the conversation, -1: none */

    /* Takes all of what came from the server. Returns 0, or -1 with errno. */
    int (*deliver)(const void *data, size_t size);
};

struct split_result {
    enum split_end end;
    int error;         /* an errno, for SPLIT_SENDER_DIED a signal */
    uint64_t sent;     /* bytes that the kernel took */
    uint64_t received; /* bytes that were delivered */
};

/* Whether this build has the mode. */
bool split_is_built(enum split_mode mode);

/* From the first byte to the end; no thread and no child is left then. */
void split_io_run(const struct split_config *config, struct split_result *result);

#endif
