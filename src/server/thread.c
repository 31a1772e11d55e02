/* thread.c - see thread.h. */
#include "server/thread.h"

#include <unistd.h>

#include "server/text.h"

bool thread_is_fault(int signal_number)
{
    switch (signal_number) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
        return true;
    default:
        return false;
    }
}

void thread_mask(sigset_t *mask, const sigset_t *host)
{
    sigfillset(mask);
    if (!sigismember(host, SIGCHLD))
        sigdelset(mask, SIGCHLD);
    for (int number = 1; number < NSIG; number++)
        if (thread_is_fault(number))
            sigdelset(mask, number);
}

void thread_name(char name[THREAD_NAME_SIZE], unsigned slot)
{
    *text_put_number(text_put(name, "thrd/"), slot) = '\0'; /* slots have 7 digits at most */
}

static int create(pthread_t *thread, size_t stack_size, void *(*function)(void *), void *argument)
{
    pthread_t detached;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    if (!thread)
        error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (error == 0)
        error = pthread_attr_setstacksize(&attributes, stack_size);
    if (error == 0)
        error = pthread_attr_setguardsize(&attributes, (size_t)sysconf(_SC_PAGESIZE));
    if (error == 0)
        error = pthread_create(thread ? thread : &detached, &attributes, function, argument);
    pthread_attr_destroy(&attributes);
    return error;
}

int thread_create(pthread_t *thread, const sigset_t *mask, size_t stack_size,
                  void *(*function)(void *), void *argument)
{
    sigset_t kept;
    pthread_sigmask(SIG_SETMASK, mask, &kept); /* a new thread inherits it */
    int error = create(thread, stack_size, function, argument);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return error;
}
