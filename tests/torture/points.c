/* points.c - see points.h.
 *
 * A sample is even over runs and calls: of each call in each run the points are put into an order
 * by chance, and all that are first in theirs come before those that are second. Before them come
 * those that have found something. */
#include "points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "found.h"

bool point_parse(const char *text, struct point *point)
{
    char call[64], variant[64], how[8];
    if (sscanf(text, "%63[^:]:%u:%63[^:]:%7s", call, &point->nth, variant, how) != 4 ||
        point->nth == 0 || (strcmp(how, "once") != 0 && strcmp(how, "on") != 0))
        return false;
    point->stays = strcmp(how, "on") == 0;
    for (point->call = 0; point->call < CALLS; point->call++)
        if (strcmp(call_kinds[point->call].name, call) == 0)
            break;
    if (point->call == CALLS)
        return false;
    const struct variant *variants = call_kinds[point->call].variants;
    for (point->variant = 0; variants[point->variant].name; point->variant++)
        if (strcmp(variants[point->variant].name, variant) == 0)
            return true;
    return false;
}

void point_name(const struct point *point, char *text, size_t size)
{
    const struct call_kind *kind = &call_kinds[point->call];
    snprintf(text, size, "%s:%u:%s:%s", kind->name, point->nth, kind->variants[point->variant].name,
             point->stays ? "on" : "once");
}

size_t points_runs(const struct wanted *wanted, struct run *runs, size_t max)
{
    size_t count = 0;
    for (const struct scenario *const *s = scenarios; *s; s++)
        for (int mode = 0; mode < MODES; mode++) {
            bool is_wanted = (!wanted->scenario || strcmp(wanted->scenario, (*s)->name) == 0) &&
                             (!wanted->mode || strcmp(wanted->mode, mode_names[mode]) == 0);
            if (!is_wanted || !wanted->modes[mode] || (mode != MODE_THREAD && (*s)->thread_only))
                continue;
            if (count == max)
                abort();
            runs[count++] = (struct run){.scenario = *s, .mode = (enum mode)mode};
        }
    return count;
}

/* splitmix64: of one seed the same numbers on every machine. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* A point with its place in the order. */
struct placed {
    struct point point;
    uint64_t key;
    unsigned rank;
    uint16_t run;
};

struct pile {
    struct placed *placed;
    size_t count, room;
    uint64_t state;
};

static void put(struct pile *pile, const struct point *point, size_t run)
{
    if (pile->count == pile->room) {
        pile->room = pile->room ? 2 * pile->room : 1024;
        pile->placed = realloc(pile->placed, pile->room * sizeof *pile->placed);
        if (!pile->placed)
            abort();
    }
    pile->placed[pile->count++] =
        (struct placed){.point = *point, .key = next_random(&pile->state), .run = (uint16_t)run};
}

static int by_key(const void *a, const void *b)
{
    const struct placed *one = a, *other = b;
    return (one->key > other->key) - (one->key < other->key);
}

static int by_rank(const void *a, const void *b)
{
    const struct placed *one = a, *other = b;
    return one->rank != other->rank ? (one->rank > other->rank) - (one->rank < other->rank)
                                    : by_key(a, b);
}

/* A call that is made very often is made in a loop: the first of them one by one, then as many
 * again, spread over the rest. */
#define ONE_BY_ONE 32

static unsigned next_nth(unsigned nth, unsigned made)
{
    unsigned step = nth < ONE_BY_ONE ? 1 : (made - ONE_BY_ONE) / ONE_BY_ONE;
    return nth + (step > 0 ? step : 1);
}

static void put_call(struct pile *pile, const struct run *run, size_t index, int call)
{
    size_t first = pile->count;
    struct point point = {.scenario = run->scenario, .mode = run->mode, .call = call};
    unsigned made = run->clean.made[call];
    for (point.nth = 1; point.nth <= made; point.nth = next_nth(point.nth, made))
        for (point.variant = 0; call_kinds[call].variants[point.variant].name; point.variant++)
            for (int stays = 0; stays < 2; stays++) {
                point.stays = stays;
                put(pile, &point, index);
            }
    if (pile->count == first)
        return;
    qsort(pile->placed + first, pile->count - first, sizeof *pile->placed, by_key);
    for (size_t i = first; i < pile->count; i++)
        pile->placed[i].rank = found_before(&pile->placed[i].point) ? 0 : (unsigned)(i - first) + 1;
}

void points_list(const struct wanted *wanted, const struct run *runs, size_t run_count,
                 struct point_list *list)
{
    struct pile pile = {.state = wanted->seed};
    struct point point;
    for (size_t run = 0; run < run_count; run++) {
        if (wanted->point && point_parse(wanted->point, &point)) {
            point.scenario = runs[run].scenario;
            point.mode = runs[run].mode;
            put(&pile, &point, run);
            continue;
        }
        for (int call = 0; call < CALLS; call++)
            put_call(&pile, &runs[run], run, call);
    }
    if (pile.count > 0)
        qsort(pile.placed, pile.count, sizeof *pile.placed, by_rank);
    list->count = wanted->count > 0 && wanted->count < pile.count ? wanted->count : pile.count;
    list->points = calloc(list->count + 1, sizeof *list->points);
    list->runs = calloc(list->count + 1, sizeof *list->runs);
    if (!list->points || !list->runs)
        abort();
    for (size_t i = 0; i < list->count; i++) {
        list->points[i] = pile.placed[i].point;
        list->runs[i] = pile.placed[i].run;
    }
    free(pile.placed);
}
