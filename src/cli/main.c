/* main.c - the program thrd: from the arguments to what they ask for.
 *
 * Everything is done elsewhere: commands.c knows the commands, options.c reads the arguments of
 * the server, serve.c serves. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/inetd.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/process_title.h"
#include "cli/serve.h"
#include "cli/successor.h"

/* A server started with a standard stream closed would give its number to the first socket that it
 * opens, and log lines would go to a client. To the commands a closed stream is an error when they
 * use it. */
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
    char message[ARGUMENTS_MESSAGE_SIZE];
    int status;
    if (commands_are_asked_for(argc, argv))
        return commands_run(argc, argv);
    if (inetd_is_asked_for(argc, argv) && !inetd_take_client())
        return COMMAND_SYSTEM;
    struct argument_table table = option_table;
    table.shown = &commands_list;
    enum arguments_end end = options_parse(&options, argc, argv, message, sizeof message);
    if (end == ARGUMENTS_WRONG)
        inetd_complain(message);
    if (!command_goes_on(&table, end, message, &status))
        return status;
    open_standard_streams();
    if (options.config.mode == THRDSRV_MODE_FORK && !options.config.program)
        process_title_init(argc, argv);
    successor_remember(argv);
    return (int)serve_run(&options);
}
