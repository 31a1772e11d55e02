/* wrap_syscall.h - for a test with WRAP syscall: its system_call() gets all calls of syscall(2),
 * which is how the server opens pidfds. Included by one file of a program. */
#ifndef FAULTS_WRAP_SYSCALL_H
#define FAULTS_WRAP_SYSCALL_H

#include <stdarg.h>

/* Six arguments, as any system call has at most. */
static long system_call(long number, const long arguments[6]);

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static inline long real_system_call(long number, const long a[6])
{
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

long __wrap_syscall(long number, ...)
{
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    return system_call(number, arguments);
}

#endif
