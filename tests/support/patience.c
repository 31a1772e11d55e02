/* patience - see patience.h. Called by test programs and the rest of tests/support. */
#include "patience.h"

#include <stdlib.h>
#include <time.h>

enum { PATIENCE_MS = 20000, LOOK_MS = 2 };

static int64_t factor(void)
{
    const char *text = getenv("THRD_TIMEOUT_FACTOR");
    int64_t value = text != NULL ? atoll(text) : 1;
    return value > 0 ? value : 1;
}

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t allow_ms(int64_t ms)
{
    return ms * factor();
}

int64_t patience(void)
{
    return now_ms() + allow_ms(PATIENCE_MS);
}

int time_left(int64_t deadline)
{
    int64_t left = deadline - now_ms();
    return left > 0 ? (int)left : 0;
}

bool look_again(int64_t deadline)
{
    let_pass(LOOK_MS);
    return now_ms() < deadline;
}

void let_pass(int64_t ms)
{
    struct timespec wait = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&wait, &wait) != 0)
        continue;
}
