/* play.c - waiting, and violations; see play.h. */
#include "play.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 2

/* A fault that stays keeps clients waiting for ever, as it would in life: until it is over. */
#define LIFT_MS 60

void play_violation(struct play *play, const char *format, ...)
{
    size_t used = strlen(play->trouble);
    va_list arguments;
    play->violated = true;
    va_start(arguments, format);
    int length = vsnprintf(play->trouble + used, sizeof play->trouble - used, format, arguments);
    va_end(arguments);
    if (length > 0 && used + (size_t)length + 1 < sizeof play->trouble)
        strcpy(play->trouble + used + (size_t)length, "\n");
}

bool play_has_struck(const struct play *play)
{
    return atomic_load(&play->control->struck) > 0;
}

bool play_may_lose(const struct play *play)
{
    const struct point *point = play->point;
    if (point->stays && point->scenario->hurries && play_has_struck(play))
        return true;
    return point->call < CALLS && play_has_struck(play) &&
           call_kinds[point->call].variants[point->variant].harm != HARM_NONE;
}

static unsigned ticks_in(const struct play *play, unsigned limit_ms)
{
    static unsigned factor;
    if (factor == 0) {
        const char *text = getenv("THRD_TIMEOUT_FACTOR");
        int value = text ? atoi(text) : 1;
        factor = value > 0 ? (unsigned)value : 1;
    }
    /* A planted fault is found all the same, and sooner. */
    return limit_ms / TICK_MS * factor / (play->control->plant ? 20 : 1);
}

static void lift(struct play *play, unsigned tick)
{
    if (play->point->stays && tick * TICK_MS >= LIFT_MS && play_has_struck(play))
        atomic_store(&play->control->armed, 0);
}

short play_poll(struct play *play, int fd, short events, unsigned limit_ms)
{
    struct pollfd pollfd = {.fd = fd, .events = events};
    unsigned limit = ticks_in(play, limit_ms);
    for (unsigned tick = 0; tick <= limit; tick++) {
        if (poll(&pollfd, 1, TICK_MS) > 0)
            return pollfd.revents;
        lift(play, tick);
    }
    return 0;
}

bool play_wait(struct play *play, bool (*is_so)(struct play *), unsigned limit_ms)
{
    unsigned limit = ticks_in(play, limit_ms);
    for (unsigned tick = 0; tick <= limit; tick++) {
        if (is_so(play))
            return true;
        poll(NULL, 0, tick < 4 ? 1 : TICK_MS);
        lift(play, tick);
    }
    return false;
}
