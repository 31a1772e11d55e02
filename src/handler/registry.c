/* handler/registry.c - the built-in handlers by name and by number.
 *
 * One table, in the order of the names, because thrdsrv_handler_at() promises that order. It
 * grows with the library only: an embedding program passes handlers of its own by pointer and
 * needs no registration. Constant; any thread. */
#include <stddef.h>
#include <string.h>

#include <thrdsrv/handler.h>

static const struct thrdsrv_handler *const handlers[] = {
    &thrdsrv_bytes, &thrdsrv_chargen, &thrdsrv_daytime, &thrdsrv_discard,
    &thrdsrv_echo,  &thrdsrv_rot13,   &thrdsrv_time,
};

#define HANDLERS (sizeof handlers / sizeof handlers[0])

const struct thrdsrv_handler *thrdsrv_handler_find(const char *name)
{
    for (size_t i = 0; i < HANDLERS; i++)
        if (strcmp(handlers[i]->name, name) == 0)
            return handlers[i];
    return NULL;
}

const struct thrdsrv_handler *thrdsrv_handler_at(size_t index)
{
    return index < HANDLERS ? handlers[index] : NULL;
}
