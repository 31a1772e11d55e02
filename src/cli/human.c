/* human.c - see human.h. Everything is cut off, not rounded: 59.99 s is not a minute. */
#include "cli/human.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* A number of tenths with its unit: with the tenth below ten. */
static char *put_tenths(char buf[HUMAN_SIZE], uint64_t tenths, const char *unit)
{
    unsigned long long whole = tenths / 10;
    if (whole < 10)
        snprintf(buf, HUMAN_SIZE, "%llu.%llu%s", whole, (unsigned long long)(tenths % 10), unit);
    else
        snprintf(buf, HUMAN_SIZE, "%llu%s", whole, unit);
    return buf;
}

/* Two neighbouring units, of so many seconds each. */
static char *put_pair(char buf[HUMAN_SIZE], int64_t seconds, int large, char large_name, int small,
                      char small_name)
{
    snprintf(buf, HUMAN_SIZE, "%lld%c%02d%c", (long long)(seconds / large), large_name,
             (int)(seconds % large / small), small_name);
    return buf;
}

char *human_time(char buf[HUMAN_SIZE], int64_t us)
{
    int64_t seconds = us / 1000000;
    if (us <= 0)
        return strcpy(buf, "0");
    if (us < 1000) {
        snprintf(buf, HUMAN_SIZE, "%dus", (int)us);
        return buf;
    }
    if (seconds < 1)
        return put_tenths(buf, (uint64_t)us / 100, "ms");
    if (seconds < 60)
        return put_tenths(buf, (uint64_t)us / 100000, "s");
    if (seconds < 3600)
        return put_pair(buf, seconds, 60, 'm', 1, 's');
    if (seconds < 86400)
        return put_pair(buf, seconds, 3600, 'h', 60, 'm');
    return put_pair(buf, seconds, 86400, 'd', 3600, 'h');
}

char *human_bytes(char buf[HUMAN_SIZE], uint64_t bytes)
{
    static const char *const units[] = {"k", "m", "g", "t", "p", "e"};
    size_t unit = 0;
    if (bytes < 1024) {
        snprintf(buf, HUMAN_SIZE, "%llu", (unsigned long long)bytes);
        return buf;
    }
    for (; bytes >= 1024 * 1024; bytes /= 1024)
        unit++;
    return put_tenths(buf, bytes * 10 / 1024, units[unit]);
}
