/* load_connection.h - the life of one connection: made, up, failed, made again.
 *
 * Called by its load thread alone. None of the functions blocks. */
#ifndef CLIENT_LOAD_CONNECTION_H
#define CLIENT_LOAD_CONNECTION_H

#include <stdint.h>

#include "client/load_thread.h"

/* How long a connection that failed is left alone, so that a dead server makes no spin. */
#define LOAD_CONNECTION_PAUSE_NS (10 * INT64_C(1000000))

/* Does what can be done now: makes the connection, begins exchanges that may begin, sends. */
void load_connection_advance(struct load_thread *thread, struct load_connection *connection);

/* epoll says so. Events that are out of date do no harm. */
void load_connection_event(struct load_thread *thread, struct load_connection *connection,
                           uint32_t events);

/* From time to time: gives up what has taken longer than patience, ends a pause. */
void load_connection_look(struct load_thread *thread, struct load_connection *connection);

/* Whether it has something under way, or owes the schedule something. */
bool load_connection_is_pending(struct load_thread *thread,
                                const struct load_connection *connection);

/* The window is over and patience too: gives up what load_connection_is_pending() means. */
void load_connection_give_up(struct load_thread *thread, struct load_connection *connection);

/* For exchange.c: it was established at now_ns, as a send that went through has shown. */
void load_connection_came_up(struct load_thread *thread, struct load_connection *connection,
                             int64_t now_ns);

/* For exchange.c: it is in order now as far as the caller waits for that. */
void load_connection_tell_up(struct load_thread *thread, struct load_connection *connection);

/* For exchange.c: its first exchange is over. */
void load_connection_tell_at_work(struct load_thread *thread, struct load_connection *connection);

/* For exchange.c: the send was short, go on when there is room. */
void load_connection_wait_for_room(struct load_thread *thread, struct load_connection *connection);

/* Ends it after the one exchange that it was made for. */
void load_connection_end(struct load_thread *thread, struct load_connection *connection);

/* Closes it, without a word. */
void load_connection_close(struct load_thread *thread, struct load_connection *connection);

/* Tells the failure and closes; exchanges under way are lost. The connection is made again after a
 * pause. */
void load_connection_fail(struct load_thread *thread, struct load_connection *connection,
                          enum load_failure failure, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same where a system call failed with error. */
void load_connection_fail_call(struct load_thread *thread, struct load_connection *connection,
                               const char *call, int error);

#endif
