/* split_worker.h - where the sender of a conversation runs: split_thread.c, split_fork.c, and
 * split_fork_none.c in the build without fork. All of it is for the receiver's thread. */
#ifndef CLIENT_SPLIT_WORKER_H
#define CLIENT_SPLIT_WORKER_H

#include <pthread.h>
#include <sys/types.h>

#include "client/split_sender.h"

/* One of the two. */
struct split_worker {
    pthread_t thread;
    pid_t child;
};

struct split_model {
    /* Starts split_sender_run(). When it is over, sender->link is closed and nowhere else open;
     * receiver_link is the other end, which the sender must not hold. Returns 0; or an errno, then
     * nothing was started and both ends are the caller's. NULL: this build does not have it. */
    int (*start)(struct split_worker *worker, struct split_sender *sender, int receiver_link);

    /* Waits for the end of a sender that is over, or is told to be by the end of the receiver's
     * link. Returns 0, or the signal that ended it. */
    int (*join)(struct split_worker *worker);
};

extern const struct split_model split_thread;
extern const struct split_model split_fork;

#endif
