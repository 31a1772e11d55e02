/* nearest.h - the known name that a mistyped one was probably meant to be.
 *
 * What it does: keeps the closest of the names it is offered, by edit distance (insert, delete,
 * replace or swap two neighbours), and drops what is too far off to be helpful.
 * What it does not do: it has no list of names and prints nothing.
 * Called by arguments.c, complaint.c and commands.c; pure, any thread. */
#ifndef THRD_CLI_NEAREST_H
#define THRD_CLI_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *typed;
    size_t typed_length;
    const char *best; /* NULL: nothing offered so far is close */
    unsigned distance;
};

/* The first length bytes of typed are the name to look for. The text is used until the last
 * nearest_offer(). */
void nearest_init(struct nearest *nearest, const char *typed, size_t length);

/* Keeps name (the pointer) in nearest->best if it is close, and closer than those before. */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
