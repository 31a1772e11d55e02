/* status_command.c - thrd status: from the arguments to status.c; see status_command.h. */
#include "cli/status_command.h"

#include <string.h>

#include "cli/command.h"
#include "cli/control_path.h"
#include "cli/status.h"
#include "cli/units.h"

#define WATCH_USUAL_MS 1000
#define WATCH_MIN_MS   100

static const char *set_control(void *target, const char *value)
{
    struct status_request *request = target;
    request->path = value;
    return control_path_complaint(value);
}

static const char *set_watch(void *target, const char *value)
{
    struct status_request *request = target;
    request->watch_ms = WATCH_USUAL_MS;
    if (!value)
        return NULL;
    enum units_status status =
        units_parse_time(value, WATCH_MIN_MS, UNITS_TIME_MAX_MS, &request->watch_ms);
    return status == UNITS_OK ? NULL : units_complaint(status);
}

static const char *set_json(void *target, const char *value)
{
    struct status_request *request = target;
    (void)value;
    request->json = true;
    return NULL;
}

static const char *set_sort(void *target, const char *value)
{
    static const char *const names[] = {
        [STATUS_BY_SLOT] = "slot",   [STATUS_BY_AGE] = "age", [STATUS_BY_IDLE] = "idle",
        [STATUS_BY_BYTES] = "bytes", [STATUS_BY_CPU] = "cpu",
    };
    struct status_request *request = target;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(value, names[i]) == 0) {
            request->order = (enum status_order)i;
            return NULL;
        }
    return "no such order";
}

static const char *finish(void *target)
{
    const struct status_request *request = target;
    return request->json && request->order != STATUS_BY_SLOT
               ? "--sort orders the table, and --json has none: leave one out"
               : NULL;
}

static const char *const groups[] = {"Options"};

static const struct argument_spec specs[] = {
    {"control", '\0', "PATH", NULL, CONTROL_PATH_ALLOWED, 0,
     "the server's control socket [the only one there is]", set_control, false},
    {"watch", '\0', "TIME", NULL, "100ms to 10000d, or nothing for 1s", 0,
     "again and again, until Ctrl-C; every second, or TIME", set_watch, true},
    {"sort", '\0', "ORDER", "slot", "slot, age, idle, bytes or cpu", 0,
     "slot, or the most first: age, idle, bytes, cpu", set_sort, false},
    {"json", '\0', NULL, NULL, NULL, 0, "one JSON document, in a line, for each answer", set_json,
     false},
};

const struct argument_table status_table = {
    .command = "status",
    .usage = "Usage: thrd status [OPTIONS]   the slots and counters of a server that was\n"
             "                               started with --control\n",
    .epilogue = "Exit status: 0 shown; 2 usage, or several servers to choose from; 1 no answer.\n",
    .specs = specs,
    .spec_count = sizeof specs / sizeof specs[0],
    .groups = groups,
    .finish = finish,
};

int status_command(int argc, char *argv[])
{
    struct status_request request = {0};
    int status;
    if (!command_begin(&status_table, &request, argc, argv, &status))
        return status;
    command_hold_streams();
    return status_run(&request);
}
