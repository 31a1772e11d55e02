/* exchange.h - what is said on a connection: requests go out, replies come in and are checked.
 *
 * Called by the connection's load thread alone. None of the functions blocks. They may end the
 * connection: look at its state afterwards. */
#ifndef CLIENT_EXCHANGE_H
#define CLIENT_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "client/load_thread.h"

/* Whether another exchange may begin now on a connection that is (or would be) up. */
bool exchange_may_begin(struct load_thread *thread, const struct load_connection *connection);

/* When the connection's exchange was meant to begin; MONOTONIC_NEVER without a schedule. */
int64_t exchange_due_ns(const struct load_thread *thread, const struct load_connection *connection,
                        uint64_t exchange);

/* Books one as begun at this moment; false where the limit allows no more. */
bool exchange_begin(struct load_thread *thread, struct load_connection *connection,
                    int64_t begun_ns);

/* Sends what is to be sent, as far as there is room. */
void exchange_send(struct load_thread *thread, struct load_connection *connection);

/* Receives and checks what has come; to_end: the end of input is there, or an error. */
void exchange_receive(struct load_thread *thread, struct load_connection *connection, bool to_end);

#endif
