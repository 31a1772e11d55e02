/* main.c - the program thrd: from the arguments to what they ask for.
 *
 * Everything is done elsewhere: options.c reads the arguments, commands.c carries
 * out the commands, serve.c serves. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/commands.h"
#include "cli/demo_isolation.h"
#include "cli/options.h"
#include "cli/process_title.h"
#include "cli/serve.h"
#include "cli/units.h"

/* A server started with a standard stream closed would give its number to the first socket that it
 * opens, and log lines would go to a client. The commands open nothing: to them a closed stream is
 * an error when they use it. */
static void open_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* "thrd check [--slots=N] [--mode=MODE]" and "thrd demo isolation". Returns whether it was one of
 * them, with the status in *status. */
static bool run_command(int argc, char *argv[], int *status)
{
    if (argc == 3 && strcmp(argv[1], "demo") == 0 && strcmp(argv[2], "isolation") == 0) {
        *status = demo_isolation_run();
        return true;
    }
    if (argc < 2 || strcmp(argv[1], "check") != 0)
        return false;
    int64_t slots = 0;
    const char *mode = NULL;
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--slots=", 8) == 0 &&
            units_parse_number(argv[i] + 8, 1, THRDSRV_SLOTS_MAX, &slots) == UNITS_OK)
            continue;
        if (strcmp(argv[i], "--mode=thread") != 0 && strcmp(argv[i], "--mode=fork") != 0)
            return false;
        mode = argv[i] + 7;
    }
    *status = check_run((unsigned)slots, mode);
    return true;
}

int main(int argc, char *argv[])
{
    static struct options options;
    char message[OPTIONS_MESSAGE_SIZE];
    int status;
    if (run_command(argc, argv, &status))
        return status;
    if (options_parse(&options, argc, argv, message, sizeof message) < 0) {
        fprintf(stderr, "%s\n", message);
        return SERVE_USAGE;
    }
    switch (options.action) {
    case OPTIONS_LIST_HANDLERS:
        return commands_list_handlers();
    case OPTIONS_RUN:
        return commands_run(options.filter);
    case OPTIONS_SHOW_HELP:
        return commands_show_help();
    case OPTIONS_SHOW_VERSION:
        return commands_show_version();
    case OPTIONS_SERVE:
        break;
    }
    open_standard_streams();
    if (options.config.mode == THRDSRV_MODE_FORK)
        process_title_init(argc, argv);
    return (int)serve_run(&options);
}
