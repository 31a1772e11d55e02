/* found.c - see found.h. What was mended stands behind each. */
#include "found.h"

#include <stdio.h>
#include <string.h>

#include "points.h"

static const struct {
    const char *scenario, *point;
} found[] = {
    /* No event of a listener came any more: tried again (accept_loop.c). */
    {"start_v4", "epoll_ctl.mod:1:ENOMEM:once"},
    {"start_several", "epoll_ctl.mod:2:ENOMEM:on"},
    /* Ended without a word: a line says why (server.c). */
    {"start_v4", "calloc:1:ENOMEM:once"},
    /* The listener went on blocking, and accept4(2) did: the server is not created (listener.c). */
    {"start_inherited", "fcntl.flags:2:EPERM:once"},
    {"start_inherited", "fcntl.flags:3:EPERM:once"},
    /* The same, and the first of two listeners must block again as it did. */
    {"host_inherited", "fcntl.flags:4:EPERM:once"},
};

bool found_before(const struct point *point)
{
    char name[128];
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        if (strcmp(found[i].scenario, point->scenario->name) != 0)
            continue;
        point_name(point, name, sizeof name);
        if (strcmp(found[i].point, name) == 0)
            return true;
    }
    return false;
}
