/* human.h - times and sizes as people read them, in few columns: three digits or so, and a unit.
 *
 * Called by status_table.c; pure, any thread. */
#ifndef THRD_CLI_HUMAN_H
#define THRD_CLI_HUMAN_H

#include <stdint.h>

/* Room for each text. */
#define HUMAN_SIZE 24

/* "0", "712us", "4.1ms", "31.2s", "5m07s", "3h12m", "12d04h", of microseconds; 0 or more. Returns
 * buf. */
char *human_time(char buf[HUMAN_SIZE], int64_t us);

/* "0", "712", "4.1k", "31m", "5.0g": bytes, in 2^10, 2^20, 2^30 and so on, as they are typed.
 * Returns buf. */
char *human_bytes(char buf[HUMAN_SIZE], uint64_t bytes);

#endif
