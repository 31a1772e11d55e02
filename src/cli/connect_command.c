/* connect_command.c - thrd connect; see connect_command.h. */
#include "cli/connect_command.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/connect_options.h"
#include "cli/raw_terminal.h"
#include "cli/write_all.h"
#include "client/endpoint.h"

#define ADDRESSES_MAX 16

/* As telnet(1) has it. */
#define ESCAPE      0x1d
#define ESCAPE_NAME "Ctrl-]"

/* A script can tell them apart: the server took too little, the network broke, nothing happened. */
enum { STATUS_LEFT_OVER = 3, STATUS_BROKEN = 4, STATUS_IDLE = 5 };

/* ---- Connecting ---------------------------------------------------------------------------- */

/* What to look at; "" where the error says it all. */
static const char *remedy(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "; nobody listens there: is the server running, and is this its port?";
    case ENOENT:
        return "; there is no such socket: is the server running, and is this its path?";
    case EACCES:
    case EPERM:
        return "; the socket's permissions or a firewall here forbid it";
    case ETIMEDOUT:
        return "; nothing answers: is the machine up, and does no firewall drop this port?";
    case EHOSTUNREACH:
    case ENETUNREACH:
        return "; there is no way to that address from here: see 'ip route'";
    case EADDRNOTAVAIL:
        return "; no local port is left: see net.ipv4.ip_local_port_range";
    case EMFILE:
    case ENFILE:
        return "; no descriptor is left: see 'ulimit -n' and fs.file-max";
    default:
        return "";
    }
}

/* All addresses of the server. Returns how many, or -1, having said why. */
static int find(const struct connect_options *options, struct endpoint *endpoints)
{
    char error[300];
    if (options->path)
        return endpoint_at_path(&endpoints[0], options->path) ? 1
                                                              : -1; /* it was looked at before */
    int count = endpoint_resolve(options->address, endpoints, ADDRESSES_MAX, error, sizeof error);
    if (count < 0)
        fprintf(stderr, "thrd: connect: %s; check the name, or give the address as a number\n",
                error);
    return count;
}

/* Returns the socket, or -1, having said why. */
static int open_connection(const struct connect_options *options)
{
    const int on = 1;
    struct endpoint endpoints[ADDRESSES_MAX];
    int64_t timeout_ms = options->timeout_ms == 0 ? -1 : options->timeout_ms;
    int fd = -1;
    int count = find(options, endpoints);
    if (count < 0)
        return -1;
    int error = endpoint_connect(endpoints, count, timeout_ms, &fd);
    if (error != 0) {
        fprintf(stderr, "thrd: connect %s: cannot connect: %s%s\n", options->address,
                strerror(error), remedy(error));
        return -1;
    }
    if (!options->path) /* what is typed goes at once */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* ---- How it ended -------------------------------------------------------------------------- */

static int fail(const struct connect_options *options, int status, const char *what, int error)
{
    fprintf(stderr, "thrd: connect %s: %s%s%s\n", options->address, what, error != 0 ? ": " : "",
            error != 0 ? strerror(error) : "");
    return status;
}

static int tell(const struct connect_options *options, const struct split_result *result)
{
    switch (result->end) {
    case SPLIT_COMPLETE:
    case SPLIT_ESCAPED:
        return COMMAND_DONE;
    case SPLIT_LEFT_OVER:
        return fail(options, STATUS_LEFT_OVER, "the server ended before it had all of the input",
                    0);
    case SPLIT_BROKEN:
        return fail(options, STATUS_BROKEN, "the connection broke", result->error);
    case SPLIT_IDLE:
        fprintf(stderr, "thrd: connect %s: nothing has moved for %s (--idle)\n", options->address,
                options->idle_text);
        return STATUS_IDLE;
    case SPLIT_CANNOT_READ:
        fprintf(stderr, "thrd: cannot read standard input: %s\n", strerror(result->error));
        return COMMAND_SYSTEM;
    case SPLIT_CANNOT_DELIVER:
        return command_fail_stdout(result->error);
    case SPLIT_CANNOT_START:
        return fail(options, COMMAND_SYSTEM,
                    "cannot start what sends (is a limit reached? see 'ulimit -u')", result->error);
    case SPLIT_SENDER_DIED:
        fprintf(stderr, "thrd: connect %s: the sending process was ended by signal %d\n",
                options->address, result->error);
        return COMMAND_SYSTEM;
    }
    return COMMAND_SYSTEM;
}

/* ---- The conversation ---------------------------------------------------------------------- */

static int deliver(const void *data, size_t size)
{
    return write_all(STDOUT_FILENO, data, size);
}

static int talk(const struct connect_options *options, int fd)
{
    struct split_result result;
    struct split_config config = {
        .mode = options->mode,
        .socket = fd,
        .input = STDIN_FILENO,
        .idle_ms = options->idle_ms,
        .escape = options->raw ? ESCAPE : -1,
        .deliver = deliver,
    };
    if (options->raw) {
        fprintf(stderr, "thrd: connected to %s; " ESCAPE_NAME " ends\n", options->address);
        if (raw_terminal_enter(STDIN_FILENO) < 0)
            return fail(options, COMMAND_SYSTEM, "--raw: cannot set the terminal", errno);
    }
    split_io_run(&config, &result);
    if (options->raw) {
        raw_terminal_leave();
        if (isatty(STDERR_FILENO)) /* the server may have left the cursor anywhere */
            fputc('\n', stderr);
    }
    int status = tell(options, &result);
    int closed = command_close_stdout();
    return status == COMMAND_DONE ? closed : status;
}

int connect_command(int argc, char *argv[])
{
    struct connect_options options = {0};
    int status;
    if (!command_begin(&connect_table, &options, argc, argv, &status))
        return status;
    command_hold_streams();
    if (options.raw && !isatty(STDIN_FILENO)) {
        fputs("thrd: connect: --raw: standard input is no terminal\n", stderr);
        return COMMAND_USAGE;
    }
    int fd = open_connection(&options);
    if (fd < 0)
        return COMMAND_SYSTEM;
    status = talk(&options, fd);
    close(fd);
    return status;
}
