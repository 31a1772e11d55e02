#include "support/patience.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, ALARM_S = 120 };

static const char *volatile now_doing;

static int factor(void)
{
    const char *text = getenv("THRD_TIMEOUT_FACTOR");
    int value = text ? atoi(text) : 1;
    return value > 0 ? value : 1;
}

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int patience_ms(void)
{
    return PATIENCE_MS * factor();
}

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(2);
}

static void give_up(int signal_number)
{
    (void)signal_number;
    say("stuck: ");
    say(now_doing);
    say("\n");
    _exit(1);
}

void doing(const char *what)
{
    struct sigaction action = {.sa_handler = give_up};
    now_doing = what;
    sigaction(SIGALRM, &action, NULL);
    alarm(what ? (unsigned)(ALARM_S * factor()) : 0);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "FAILED: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    _exit(1);
}
