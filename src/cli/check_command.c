/* check_command.c - thrd check: from the arguments to check.c; see check_command.h. */
#include "cli/check_command.h"

#include <stdint.h>
#include <string.h>

#include <thrdsrv/server.h>

#include "cli/check.h"
#include "cli/command.h"
#include "cli/option_table.h"
#include "cli/units.h"

/* What is asked; zeroed: nothing in particular. */
struct question {
    unsigned slots;
    const char *mode;
    const char *unsupported; /* what finish() says of a mode that was not built */
};

static const char *set_slots(void *target, const char *value)
{
    struct question *question = target;
    int64_t number = 0;
    enum units_status status = units_parse_number(value, 1, THRDSRV_SLOTS_MAX, &number);
    question->slots = (unsigned)number;
    return status == UNITS_OK ? NULL : units_complaint(status);
}

static const char *set_mode(void *target, const char *value)
{
    static const enum thrdsrv_mode modes[] = {THRDSRV_MODE_THREAD, THRDSRV_MODE_FORK};
    struct question *question = target;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(value, option_table_mode_name(modes[i])) == 0) {
            question->mode = option_table_mode_name(modes[i]);
            question->unsupported = thrdsrv_mode_supported(modes[i])
                                        ? NULL
                                        : "--mode=fork: this build has no fork mode; build with "
                                          "cmake -DTHRDSRV_FORK=ON";
            return NULL;
        }
    return strcmp(value, option_table_mode_name(THRDSRV_MODE_INLINE)) == 0
               ? "inline has one connection, on any machine"
               : "no such mode";
}

static const char *finish(void *target)
{
    const struct question *question = target;
    return question->unsupported;
}

static const char *const groups[] = {"Options"};

static const struct argument_spec specs[] = {
    {"slots", '\0', "N", NULL, "1 to 1000000", 0, "can so many be reached? The exit status says so",
     set_slots, false},
    {"mode", '\0', "MODE", NULL, "thread or fork", 0, "this mode only: thread or fork [both]",
     set_mode, false},
};

const struct argument_table check_table = {
    .command = "check",
    .usage = "Usage: thrd check [OPTIONS]   how many connections this machine carries, and\n"
             "                              which limit stands in the way first\n",
    .epilogue = "Exit status: 0 yes, or nothing was asked; 3 no, 2 usage, 1 the system refused.\n",
    .specs = specs,
    .spec_count = sizeof specs / sizeof specs[0],
    .groups = groups,
    .finish = finish,
};

int check_command(int argc, char *argv[])
{
    struct question question = {0};
    int status;
    if (!command_begin(&check_table, &question, argc, argv, &status))
        return status;
    command_hold_streams();
    return check_run(question.slots, question.mode);
}
