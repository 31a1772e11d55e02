/* thread.h - makes a thread of the library's: which signals it hears, a stack of the configured
 * size. */
#ifndef SERVER_THREAD_H
#define SERVER_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* What signals a thread of ours blocks in a host that blocks those: all but those that a fault
 * raises. So the program's handlers run on its own threads, no blocked call of a handler is
 * interrupted, and a crash is still seen by who handles crashes. SIGCHLD stays as it is. It goes to
 * the thread that made the child first; where that one does not block it, the default, which is to
 * ignore it, happens to nobody, but where it is blocked the kernel queues it and wakes another
 * thread of the host, whose epoll_wait(2) then fails with EINTR. */
void thread_mask(sigset_t *mask, const sigset_t *host);

/* Starts function(argument) with that mask in a thread that is to be joined, or with thread NULL in
 * a detached one. Returns 0 or a code as pthread_create(3) does. Any thread; does not block. */
int thread_create(pthread_t *thread, const sigset_t *mask, size_t stack_size,
                  void *(*function)(void *), void *argument);

/* "thrd/17": what ps -L and top -H show for the worker of that slot, thread or child. */
#define THREAD_NAME_SIZE 16 /* the kernel's limit, prctl(2) PR_SET_NAME */
void thread_name(char name[THREAD_NAME_SIZE], unsigned slot);

/* The signals that a fault in the running code raises. */
bool thread_is_fault(int signal_number);

#endif
