/* handlers_command.c - thrd handlers; see handlers_command.h. */
#include "cli/handlers_command.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/services.h"

const struct argument_table handlers_table = {
    .command = "handlers",
    .usage = "Usage: thrd handlers   list the names for --handler\n",
};

static int longest_name(void)
{
    struct service service;
    size_t longest = 0;
    for (size_t i = 0; services_at(i, &service); i++)
        if (strlen(service.name) > longest)
            longest = strlen(service.name);
    return (int)longest;
}

int handlers_command(int argc, char *argv[])
{
    struct service service;
    int status;
    if (!command_begin(&handlers_table, NULL, argc, argv, &status))
        return status;
    int width = longest_name();
    for (size_t i = 0; services_at(i, &service); i++)
        printf("%-*s  %s\n", width, service.name, service.summary);
    return command_finish_stdout();
}
