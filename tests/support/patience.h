/* patience - how long the tests wait before they call something a failure.
 *
 * Tests wait for events; these limits only end a wait for an event that never comes. All of them
 * are multiplied by THRD_TIMEOUT_FACTOR (default 1), for servers that run under slow tools. */
#ifndef SUPPORT_PATIENCE_H
#define SUPPORT_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds on CLOCK_MONOTONIC. */
int64_t now_ms(void);

/* Milliseconds, multiplied by THRD_TIMEOUT_FACTOR. For bounds on how long something may take. */
int64_t allow_ms(int64_t ms);

/* The point on now_ms()'s clock at which a wait that starts now is given up: 20 s. */
int64_t patience(void);

/* Milliseconds left until the deadline as poll() takes them: 0 once it has passed. */
int time_left(int64_t deadline);

/* Between two looks at something that nobody reports (a file in /proc): 2 ms.
 * Returns false once the deadline has passed. */
bool look_again(int64_t deadline);

/* For tests whose subject is time: lets it pass. */
void let_pass(int64_t ms);

#endif
