/* split_fork.c - the sender of a conversation as a child process. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/split_worker.h"

/* A parent that is killed takes the child along; one that has gone before we could say so is seen
 * by its link. What a terminal sends to both is the parent's: else it might see its child die
 * first, and say so. */
static _Noreturn void be_the_child(struct split_sender *sender, int receiver_link)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    close(receiver_link);
    split_sender_run(sender);
    _exit(0);
}

static int start(struct split_worker *worker, struct split_sender *sender, int receiver_link)
{
    worker->child = fork();
    if (worker->child < 0)
        return errno;
    if (worker->child == 0)
        be_the_child(sender, receiver_link);
    close(sender->link);
    return 0;
}

static int join(struct split_worker *worker)
{
    int status = 0;
    while (waitpid(worker->child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

const struct split_model split_fork = {start, join};
