/* run_command.c - thrd run NAME; see run_command.h. */
#include "cli/run_command.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/filter.h"
#include "cli/services.h"

/* The handler refused its input. Not COMMAND_SYSTEM: a script can tell bad input, which stays bad,
 * from a disk that is full. */
#define STATUS_REFUSED 3

/* Filter number index: the services without those that need a connection. */
static bool filter_at(size_t index, const char **name, const char **summary)
{
    struct service service;
    for (size_t i = 0; services_at(i, &service); i++)
        if (service.handler && index-- == 0) {
            *name = service.name;
            *summary = service.summary;
            return true;
        }
    return false;
}

static const char *take_name(void *target, size_t index, const char *word)
{
    const struct thrdsrv_handler **handler = target;
    struct service service;
    (void)index;
    if (!services_find(word, &service))
        return "no such handler";
    if (!service.handler)
        return "needs a connection to talk to, and is no filter";
    *handler = service.handler;
    return NULL;
}

static const char *finish(void *target)
{
    const struct thrdsrv_handler *const *handler = target;
    return *handler ? NULL : "needs the name of a handler";
}

static const struct argument_list filters = {"Handlers", filter_at};

const struct argument_table run_table = {
    .command = "run",
    .usage = "Usage: thrd run NAME   run a handler as a filter from standard input to output\n",
    .epilogue = "Exit status: 0 complete, 3 the handler refused the input, 2 usage, 1 the system\n"
                "         refused.\n",
    .shown = &filters,
    .words_max = 1,
    .take = take_name,
    .words = "the name of a handler",
    .choices = &filters,
    .finish = finish,
};

static int filter(const struct thrdsrv_handler *handler)
{
    uintmax_t consumed;
    switch (filter_run(handler, STDIN_FILENO, STDOUT_FILENO, &consumed)) {
    case FILTER_COMPLETE:
        return command_close_stdout();
    case FILTER_REFUSED:
        fprintf(stderr, "thrd: run %s: input refused after %ju bytes; the output says why\n",
                handler->name, consumed);
        return command_close_stdout() == COMMAND_DONE ? STATUS_REFUSED : COMMAND_SYSTEM;
    case FILTER_CANNOT_READ:
        fprintf(stderr, "thrd: cannot read standard input: %s\n", strerror(errno));
        return COMMAND_SYSTEM;
    case FILTER_CANNOT_WRITE:
        return command_fail_stdout(errno);
    case FILTER_BROKEN:
        fprintf(stderr, "thrd: run %s: the handler does not go on: a fault in it\n", handler->name);
        return COMMAND_SYSTEM;
    }
    return COMMAND_SYSTEM;
}

int run_command(int argc, char *argv[])
{
    const struct thrdsrv_handler *handler = NULL;
    int status;
    return command_begin(&run_table, &handler, argc, argv, &status) ? filter(handler) : status;
}
