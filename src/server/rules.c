/* rules.c - see rules.h.
 *
 * Two networks are apart, or one covers the other. So they are sorted (netblock_compare()), and
 * each knows the smallest that covers it: the smallest that covers an address is the last that
 * begins at or before it, or one of those around that. */
#include "server/rules.h"

#include <stdint.h>
#include <stdlib.h>

#include <thrdsrv/error.h>

#include "server/netblock.h"

struct rule {
    struct netblock block;
    uint32_t around; /* number of the smallest that covers this one; NONE */
    bool allow;
};

#define NONE UINT32_MAX

struct rules {
    bool others; /* whether addresses of no network are allowed */
    uint32_t count;
    struct rule rules[];
};

static int compare(const void *one, const void *other)
{
    return netblock_compare(&((const struct rule *)one)->block,
                            &((const struct rule *)other)->block);
}

/* Of equal ones, which stand side by side, one is left: the one that denies. */
static void merge_equal(struct rules *rules)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < rules->count; i++) {
        if (kept > 0 && compare(&rules->rules[kept - 1], &rules->rules[i]) == 0)
            rules->rules[kept - 1].allow &= rules->rules[i].allow;
        else
            rules->rules[kept++] = rules->rules[i];
    }
    rules->count = kept;
}

/* What covers a network covers the one before it, or is that. */
static void find_covers(struct rules *rules)
{
    for (uint32_t i = 0; i < rules->count; i++) {
        uint32_t around = i > 0 ? i - 1 : NONE;
        while (around != NONE &&
               !netblock_covers(&rules->rules[around].block, &rules->rules[i].block))
            around = rules->rules[around].around;
        rules->rules[i].around = around;
    }
}

int rules_create(struct rules **result, const struct thrdsrv_rule *given, size_t count,
                 size_t *wrong, const char **why)
{
    *result = NULL;
    if (count == 0)
        return 0;
    struct rules *rules = malloc(sizeof *rules + count * sizeof *rules->rules);
    if (!rules)
        return THRDSRV_E_MEMORY;
    rules->others = true;
    rules->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        *why = given[i].network ? netblock_parse(&rules->rules[i].block, given[i].network)
                                : "the text of the network is missing";
        if (*why) {
            *wrong = i;
            free(rules);
            return THRDSRV_E_INVALID;
        }
        rules->rules[i].allow = given[i].allow;
        rules->others &= !given[i].allow;
    }
    qsort(rules->rules, rules->count, sizeof *rules->rules, compare);
    merge_equal(rules);
    find_covers(rules);
    *result = rules;
    return 0;
}

void rules_destroy(struct rules *rules)
{
    free(rules);
}

/* The last that begins at or before the address; NONE: they all begin behind it. */
static uint32_t last_before(const struct rules *rules, const struct netblock *address)
{
    uint32_t from = 0;
    uint32_t to = rules->count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (netblock_compare(&rules->rules[middle].block, address) <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from > 0 ? from - 1 : NONE;
}

bool rules_allow(const struct rules *rules, const struct address *peer)
{
    struct netblock address;
    if (!rules || peer->family == AF_UNIX)
        return true;
    if (!netblock_around(&address, peer, 32, 128))
        return rules->others;
    uint32_t i = last_before(rules, &address);
    while (i != NONE && !netblock_covers(&rules->rules[i].block, &address))
        i = rules->rules[i].around;
    return i != NONE ? rules->rules[i].allow : rules->others;
}
