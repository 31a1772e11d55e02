/* forking.h - the accept loop of the fork servers that are taught: a child for each connection,
 * reaped in a handler of SIGCHLD. */
#ifndef PEERS_FORKING_H
#define PEERS_FORKING_H

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listening.h"

static inline void reap(int signal_number)
{
    int saved = errno;
    (void)signal_number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

/* Never returns; serve() runs in the child, which ends after it. */
static inline void fork_for_each(struct sockaddr_in address, void (*serve)(int fd))
{
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    int listener = listen_at(address, 0);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            close(listener);
            serve(fd);
            _exit(0);
        }
        close(fd);
    }
}

#endif
