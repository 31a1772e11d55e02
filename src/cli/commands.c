/* commands.c - what thrd does besides serving: print something and leave; see commands.h. */
#include "cli/commands.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <thrdsrv/version.h>

#include "cli/help.h"
#include "cli/services.h"

/* A text that was lost (disk full, closed pipe) must not look like success to a script. */
static int finish_stdout(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    fprintf(stderr, "thrd: cannot write to standard output: %s\n", strerror(errno));
    return 1;
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
