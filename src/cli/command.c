/* command.c - what the commands of thrd have in common; see command.h. */
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <thrdsrv/version.h>

#include "cli/help.h"

void command_hold_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int command_fail_stdout(int error)
{
    fprintf(stderr, "thrd: cannot write to standard output: %s\n", strerror(error));
    return COMMAND_SYSTEM;
}

int command_finish_stdout(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? COMMAND_DONE : command_fail_stdout(errno);
}

int command_close_stdout(void)
{
    return close(STDOUT_FILENO) == 0 || errno == EBADF ? COMMAND_DONE : command_fail_stdout(errno);
}

bool command_goes_on(const struct argument_table *table, enum arguments_end end,
                     const char *message, int *status)
{
    switch (end) {
    case ARGUMENTS_COMPLETE:
        return true;
    case ARGUMENTS_HELP:
        help_write(stdout, table);
        *status = command_finish_stdout();
        return false;
    case ARGUMENTS_VERSION:
        puts("thrd " THRDSRV_VERSION);
        *status = command_finish_stdout();
        return false;
    case ARGUMENTS_WRONG:
        break;
    }
    fprintf(stderr, "%s\n", message);
    *status = COMMAND_USAGE;
    return false;
}

bool command_begin(const struct argument_table *table, void *target, int argc, char *const argv[],
                   int *status)
{
    char message[ARGUMENTS_MESSAGE_SIZE];
    enum arguments_end end = arguments_parse(table, target, argc, argv, message, sizeof message);
    return command_goes_on(table, end, message, status);
}
