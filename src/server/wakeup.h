/* wakeup.h - the one descriptor through which anybody wakes the accept loop (eventfd(2)). */
#ifndef SERVER_WAKEUP_H
#define SERVER_WAKEUP_H

/* Returns the descriptor, or THRDSRV_E_SYSTEM. */
int wakeup_open(void);

/* Any thread, any signal handler; preserves errno; many calls before the loop looks count as one.
 */
void wakeup_send(int fd);

/* Loop only. */
void wakeup_clear(int fd);

#endif
