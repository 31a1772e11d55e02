/* services.c - what --handler can name; see services.h. */
#include "cli/services.h"

#include <string.h>

#include "cli/age.h"
#include "cli/whoami.h"

/* In the order of their names. */
static const struct service own_services[] = {
    {"age", "tells how long after its accept a connection's handler began, in nanoseconds", NULL,
     age_serve},
    {"whoami", "tells each client who serves it, then answers its lines", NULL, whoami_serve},
};

#define OWN_COUNT (sizeof own_services / sizeof own_services[0])

/* Merges two sorted lists up to the wanted place. With a handful of names nothing faster pays. */
bool services_at(size_t index, struct service *service)
{
    size_t built_in = 0;
    size_t own = 0;
    for (;;) {
        const struct thrdsrv_handler *handler = thrdsrv_handler_at(built_in);
        if (!handler && own == OWN_COUNT)
            return false;
        bool take_own =
            own < OWN_COUNT && (!handler || strcmp(own_services[own].name, handler->name) < 0);
        if (built_in + own == index) {
            if (take_own)
                *service = own_services[own];
            else
                *service = (struct service){handler->name, handler->summary, handler, NULL};
            return true;
        }
        if (take_own)
            own++;
        else
            built_in++;
    }
}

bool services_find(const char *name, struct service *service)
{
    struct service candidate;
    for (size_t i = 0; services_at(i, &candidate); i++)
        if (strcmp(candidate.name, name) == 0) {
            *service = candidate;
            return true;
        }
    return false;
}
