/* commands.c - which commands thrd has besides serving; see commands.h. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/bench_command.h"
#include "cli/bench_options.h"
#include "cli/check_command.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/complete_command.h"
#include "cli/connect_command.h"
#include "cli/connect_options.h"
#include "cli/demo_command.h"
#include "cli/handlers_command.h"
#include "cli/nearest.h"
#include "cli/run_command.h"
#include "cli/status_command.h"

/* run gets the arguments from the command's name on, and returns the exit status; table is what it
 * reads them by. */
static const struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char *argv[]);
    const struct argument_table *table;
} commands[] = {
    {"handlers", "list the names for --handler", handlers_command, &handlers_table},
    {"run", "run a handler as a filter from standard input to output", run_command, &run_table},
    {"connect", "talk to a server: send and receive at once, split in two", connect_command,
     &connect_table},
    {"status", "the slots and counters of a server that runs", status_command, &status_table},
    {"bench", "measure threads against processes, side by side, on this machine", bench_command,
     &bench_table},
    {"check", "how many connections this machine carries, and what limits them", check_command,
     &check_table},
    {"demo", "show what a fault in one connection does to the others", demo_command, &demo_table},
    {"complete", "tell a shell what may come next, for its Tab key", complete_command,
     &complete_table},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static bool command_at(size_t index, const char **name, const char **summary)
{
    if (index >= COMMAND_COUNT)
        return false;
    *name = commands[index].name;
    *summary = commands[index].summary;
    return true;
}

const struct argument_list commands_list = {"Commands", command_at};

const struct argument_table *commands_table(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].table;
    return NULL;
}

bool commands_are_asked_for(int argc, char *const argv[])
{
    return argc > 1 && (argv[1][0] != '-' || argv[1][1] == '\0');
}

static int fail_unknown(const char *name)
{
    char message[ARGUMENTS_MESSAGE_SIZE];
    struct complaint complaint = {.text = message, .size = sizeof message};
    struct nearest nearest;
    nearest_init(&nearest, name, strlen(name));
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        nearest_offer(&nearest, commands[i].name);
    complaint_unknown(&complaint, "unknown command", name, strlen(name), "", nearest.best);
    fprintf(stderr, "%s\n", message);
    return COMMAND_USAGE;
}

int commands_run(int argc, char *argv[])
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return fail_unknown(argv[1]);
}
