/* pipes - a program that reads standard input and writes standard output, between two pipes: what
 * is said to it, what it answers, how it ends. Everything waits for its event with patience(). */
#ifndef SUPPORT_PIPES_H
#define SUPPORT_PIPES_H

#include "stream.h"
#include "thrd_process.h"

/* Seen from the test: request is written, reply is read. These ends are non-blocking. */
struct pipes {
    int request;
    int reply;
};

/* Makes both, with the program's ends as it is to have them: O_NONBLOCK where that is the subject.
 */
struct pipes pipes_make(struct process *p, int flags);

/* Closes the test's copies of the program's ends, which has been started. */
void pipes_hand_over(struct process *p);

/* Writes the request and its end, reads the reply and its end, both at once; closes both. */
void pipes_converse(struct pipes pipes, const struct pattern *request, const struct pattern *reply);

/* For any descriptor. */
void pipes_send_text(int fd, const char *text);
void pipes_expect_text(int fd, const char *text);

/* The program ends with this status, and says this, or nothing, on stderr. */
void pipes_expect_end(struct process *p, int status, const char *message);

#endif
