/* faults.h - for the wrappers: is this the call that is to fail? Any thread, any process, signal
 * handlers too. */
#ifndef TORTURE_FAULTS_H
#define TORTURE_FAULTS_H

#include <stddef.h>

#include "calls.h"
#include "control.h"

/* Counts the call. NULL: it is to be made as it is; else how it is to fail. */
const struct variant *fault_of(enum call call);

/* For calls that have no effect when they fail: true, with errno set. */
bool fault_strikes(enum call call);

/* For calls that return an error rather than set it: that error, or 0. */
int fault_code(enum call call);

/* How many of size bytes a call moves that fails in this way. */
size_t fault_size(const struct variant *variant, size_t size);

/* Whether the point has struck and this is planted. */
bool fault_planted(enum plant plant);

/* Whether calls go on failing: nothing can be made good then. */
bool fault_stays(void);

/* Notes that somebody waits for events, and that a socket listens. */
void fault_note_turn(void);
void fault_note_listener(int fd);

#endif
