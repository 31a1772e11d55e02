/* split_thread.c - the sender of a conversation as a thread. */
#include <signal.h>
#include <unistd.h>

#include "client/split_worker.h"

static void *run(void *argument)
{
    struct split_sender *sender = argument;
    split_sender_run(sender);
    close(sender->link);
    return NULL;
}

/* Signals are the receiver's: it is the thread that the program began with. */
static int start(struct split_worker *worker, struct split_sender *sender, int receiver_link)
{
    sigset_t all, before;
    (void)receiver_link;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, run, sender);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static int join(struct split_worker *worker)
{
    pthread_join(worker->thread, NULL);
    return 0;
}

const struct split_model split_thread = {start, join};
