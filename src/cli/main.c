/* main.c - the program thrd: from the arguments to what they ask for.
 *
 * Everything is done elsewhere: options.c reads the arguments, commands.c carries
 * out the commands, serve.c serves. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/process_title.h"
#include "cli/serve.h"

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

int main(int argc, char *argv[])
{
    static struct options options;
    char message[OPTIONS_MESSAGE_SIZE];
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
