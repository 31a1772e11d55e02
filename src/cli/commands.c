/* commands.c - what thrd does besides serving: say something, or filter, and leave; see commands.h.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <thrdsrv/version.h>

#include "cli/filter.h"
#include "cli/help.h"
#include "cli/services.h"

static int fail_stdout(int error)
{
    fprintf(stderr, "thrd: cannot write to standard output: %s\n", strerror(error));
    return 1;
}

/* A text that was lost (disk full, closed pipe) must not look like success to a script. */
static int finish_stdout(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : fail_stdout(errno);
}

static int longest_name(void)
{
    struct service service;
    size_t longest = 0;
    for (size_t i = 0; services_at(i, &service); i++)
        if (strlen(service.name) > longest)
            longest = strlen(service.name);
    return (int)longest;
}

int commands_list_handlers(void)
{
    struct service service;
    int width = longest_name();
    for (size_t i = 0; services_at(i, &service); i++)
        printf("%-*s  %s\n", width, service.name, service.summary);
    return finish_stdout();
}

/* Network file systems may report only now what write(2) could not write (close(2)). EBADF: it was
 * closed all the time, and nothing was to be written. */
static int close_stdout(void)
{
    return close(STDOUT_FILENO) == 0 || errno == EBADF ? 0 : fail_stdout(errno);
}

int commands_run(const struct thrdsrv_handler *handler)
{
    uintmax_t consumed;
    switch (filter_run(handler, STDIN_FILENO, STDOUT_FILENO, &consumed)) {
    case FILTER_COMPLETE:
        return close_stdout();
    case FILTER_REFUSED:
        fprintf(stderr, "thrd: run %s: input refused after %ju bytes; the output says why\n",
                handler->name, consumed);
        return close_stdout() == 0 ? 3 : 1;
    case FILTER_CANNOT_READ:
        fprintf(stderr, "thrd: cannot read standard input: %s\n", strerror(errno));
        return 1;
    case FILTER_CANNOT_WRITE:
        return fail_stdout(errno);
    case FILTER_BROKEN:
        fprintf(stderr, "thrd: run %s: the handler does not go on: a fault in it\n", handler->name);
        return 1;
    }
    return 1;
}

int commands_show_help(void)
{
    help_write(stdout);
    return finish_stdout();
}

int commands_show_version(void)
{
    puts("thrd " THRDSRV_VERSION);
    return finish_stdout();
}
