/* listen_fds.c - sockets that a supervisor opened and hands over; see listen_fds.h. */
#include "cli/listen_fds.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/log_line.h"
#include "cli/units.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

/* "fd:N", as --listen has them. */
static char texts[OPTIONS_LISTEN_MAX][sizeof "fd:" + 10];

static int complain(const char *variable, const char *value, const char *what, const char *allowed)
{
    fprintf(stderr, "thrd: %s=%.64s: %s; allowed: %s\n", variable, value, what, allowed);
    return -1;
}

/* How many sockets are handed over to this process; -1, having said why, where that is no number.
 * Those of another process are none: the variables came to us by inheritance. */
static int count_handed(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    int64_t number = 0;
    if (!pid || !fds)
        return 0;
    enum units_status status = units_parse_number(pid, 1, INT_MAX, &number);
    if (status != UNITS_OK)
        return complain("LISTEN_PID", pid, units_complaint(status), "the number of a process");
    if (number != getpid())
        return 0;
    status = units_parse_number(fds, 1, OPTIONS_LISTEN_MAX, &number);
    if (status != UNITS_OK)
        return complain("LISTEN_FDS", fds, units_complaint(status), "1 to 64");
    return (int)number;
}

/* NULL, or why it cannot be a listener. */
static const char *fault_of(int fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    if (fcntl(fd, F_GETFD) < 0)
        return "is not open";
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens)
        return "is no socket that listens (a unit with Accept=yes needs --inetd and "
               "StandardInput=socket)";
    return NULL;
}

static bool are_sound(int count)
{
    for (int fd = FIRST_FD; fd < FIRST_FD + count; fd++) {
        const char *fault = fault_of(fd);
        if (fault) {
            fprintf(stderr, "thrd: LISTEN_FDS=%d: descriptor %d %s\n", count, fd, fault);
            return false;
        }
        fcntl(fd, F_SETFD, FD_CLOEXEC); /* fails for no descriptor that is open */
    }
    return true;
}

static bool is_named(const struct options *options, const char *text)
{
    for (size_t i = 0; i < options->config.listen_count; i++)
        if (strcmp(options->listen[i], text) == 0)
            return true;
    return false;
}

static void close_those_not_named(const struct options *options, int count)
{
    int closed = 0;
    for (int i = 0; i < count; i++)
        if (!is_named(options, texts[i])) {
            close(FIRST_FD + i);
            closed++;
        }
    if (closed > 0)
        log_line_printf(&options->config, THRDSRV_LOG_WARN,
                        "msg=\"sockets that were handed over are not used\" sockets=%d "
                        "reason=\"%s says where connections come from\"",
                        closed, options->inetd ? "--inetd" : "--listen");
}

static void listen_at_all(struct options *options, int count)
{
    for (int i = 0; i < count; i++)
        options->listen[i] = texts[i];
    options->config.listen = options->listen;
    options->config.listen_count = (size_t)count;
}

bool listen_fds_take(struct options *options)
{
    static const char *const variables[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
                                            "LISTEN_PIDFDID"};
    int count = count_handed();
    if (count < 0 || !are_sound(count))
        return false;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    for (int i = 0; i < count; i++)
        snprintf(texts[i], sizeof texts[i], "fd:%d", FIRST_FD + i);
    if (options->config.listen_count > 0 || options->inetd)
        close_those_not_named(options, count);
    else if (count > 0)
        listen_at_all(options, count);
    return true;
}
