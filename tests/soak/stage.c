/* stage - see stage.h. */
#include "stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "faults.h"
#include "patience.h"

enum { EVENTS = 256, TURN_MS = 2 };

void stage_init(struct stage *stage, uint64_t seed)
{
    *stage = (struct stage){.random = {seed}, .late_ms = -1};
    stage->epoll = epoll_create1(EPOLL_CLOEXEC);
    stage->actors = calloc(STAGE_ACTORS, sizeof *stage->actors);
    if (stage->epoll < 0 || stage->actors == NULL) {
        fprintf(stderr, "soak: cannot set up the clients: %s\n", strerror(errno));
        exit(1);
    }
    for (size_t i = 0; i < STAGE_ACTORS; i++)
        stage->actors[i].fd = -1;
    stage->turned_ms = now_ms();
}

static struct actor *unused(struct stage *stage)
{
    for (size_t i = 0; i < STAGE_ACTORS; i++)
        if (stage->actors[i].fd < 0)
            return &stage->actors[i];
    return NULL;
}

static void step(struct stage *stage, struct actor *actor, uint32_t events)
{
    actor_step(actor, events, stage->late_ms);
    if (actor->fd < 0)
        stage->active--;
}

void stage_start(struct stage *stage, const struct kind *kind, const struct target *target,
                 struct account *account)
{
    struct actor *actor = unused(stage);
    uint32_t number = (uint32_t)(stage->started % TAG_CLIENTS_MAX) + 1;
    if (actor == NULL || !actor_begin(actor, kind, target, account, &stage->random, number)) {
        stage->shortages++;
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = actor};
    epoll_ctl(stage->epoll, EPOLL_CTL_ADD, actor->fd, &event);
    stage->started++;
    stage->active++;
    if (stage->active > stage->peak)
        stage->peak = stage->active;
    size_t index = (size_t)(actor - stage->actors);
    if (stage->used <= index)
        stage->used = index + 1;
}

/* Asked before anything that came meanwhile is looked at. */
static void look_whether_late(struct stage *stage)
{
    int64_t now = now_ms();
    if (stage->active > 0 && now - stage->turned_ms > STAGE_LATE_MS) {
        stage->late_ms = now;
        stage->lates++;
    }
    stage->turned_ms = now;
}

/* A closed client's descriptor has left the set, but not the events that were read already: those
 * of one that has ended in this turn are skipped, and its place stays empty up to the next. */
static void pass_on_events(struct stage *stage)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(stage->epoll, events, EVENTS, TURN_MS);
    look_whether_late(stage);
    for (int i = 0; i < count; i++) {
        struct actor *actor = events[i].data.ptr;
        if (actor->fd >= 0)
            step(stage, actor, events[i].events);
    }
}

static void pass_on_time(struct stage *stage)
{
    int64_t now = now_ms();
    for (size_t i = 0; i < stage->used; i++)
        if (stage->actors[i].fd >= 0 && stage->actors[i].wake_ms <= now)
            step(stage, &stage->actors[i], 0);
}

void stage_turn(struct stage *stage)
{
    pass_on_events(stage);
    pass_on_time(stage);
}

void stage_wind_down(struct stage *stage)
{
    for (size_t i = 0; i < stage->used; i++) {
        if (stage->actors[i].fd < 0)
            continue;
        actor_wind_down(&stage->actors[i]);
        if (stage->actors[i].fd < 0)
            stage->active--;
    }
}

void stage_drop(struct stage *stage)
{
    for (size_t i = 0; i < stage->used; i++)
        if (stage->actors[i].fd >= 0)
            close(stage->actors[i].fd);
    stage->used = stage->active = 0;
}

void stage_fini(struct stage *stage)
{
    stage_drop(stage);
    close(stage->epoll);
    free(stage->actors);
}
