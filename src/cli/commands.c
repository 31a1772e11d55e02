/* commands.c - which commands thrd has besides serving; see commands.h. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/bench_command.h"
#include "cli/check_command.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/connect_command.h"
#include "cli/demo_command.h"
#include "cli/handlers_command.h"
#include "cli/nearest.h"
#include "cli/run_command.h"

/* run gets the arguments from the command's name on, and returns the exit status. */
static const struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char *argv[]);
} commands[] = {
    {"handlers", "list the names for --handler", handlers_command},
    {"run", "run a handler as a filter from standard input to output", run_command},
    {"connect", "talk to a server: send and receive at once, split in two", connect_command},
    {"bench", "measure threads against processes, side by side, on this machine", bench_command},
    {"check", "how many connections this machine carries, and what limits them", check_command},
    {"demo", "show what a fault in one connection does to the others", demo_command},
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
