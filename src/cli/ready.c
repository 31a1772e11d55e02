/* ready.c - telling those who wait that the server accepts connections; see ready.h. */
#include "cli/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/log_line.h"
#include "cli/notify.h"
#include "cli/option_table.h"
#include "cli/write_all.h"

/* What thrdsrv_server_address() needs at most, and the same between quotes. */
#define ADDRESS_SIZE 128
#define QUOTED_SIZE  (2 * ADDRESS_SIZE + 4)

bool ready_fd_is_usable(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens)
        return false; /* fd:N, named here by mistake */
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

/* "ready listen=127.0.0.1:43211 listen=[::1]:43211 mode=thread handler=echo pid=4711\n". The
 * text is the caller's to free(); NULL when there is no memory for it. */
static char *format_ready_line(const struct options *options, const struct thrdsrv_server *server,
                               const char *control, size_t *size)
{
    char *text = NULL;
    char address[ADDRESS_SIZE];
    char quoted[QUOTED_SIZE];
    FILE *stream = open_memstream(&text, size);
    if (!stream)
        return NULL;
    fputs("ready", stream);
    for (size_t i = 0; thrdsrv_server_address(server, i, address, sizeof address) >= 0; i++)
        fprintf(stream, " listen=%s", log_line_quote(quoted, sizeof quoted, address));
    fprintf(stream, " mode=%s handler=%s pid=%d", option_table_mode_name(options->config.mode),
            log_line_quote(quoted, sizeof quoted, options->config.name), (int)getpid());
    if (control)
        fprintf(stream, " control=%s", log_line_quote(quoted, sizeof quoted, control));
    fputc('\n', stream);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

static void write_ready_line(const struct options *options, int fd, const char *line, size_t size)
{
    if (write_all(fd, line, size) == 0)
        return;
    log_line_printf(&options->config, THRDSRV_LOG_WARN,
                    "msg=\"cannot write the ready line\" fd=%d error=\"%s\"", fd, strerror(errno));
}

/* Splits "HOST:PORT" or "[V6]:PORT" where it lies; the host is "localhost" where that reaches the
 * listener, which is easier to type and the only one of the two that works for "all addresses". */
static const char *split_host(char *address, const char **port)
{
    char *host = address;
    char *colon = strrchr(address, ':');
    *port = colon + 1;
    *colon = '\0';
    if (*host == '[') {
        host++;
        host[strcspn(host, "]")] = '\0';
    }
    bool is_local =
        strcmp(host, "127.0.0.1") == 0 || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    return is_local ? "localhost" : host;
}

/* Tells a person what to type to reach the first listener. */
static void print_hint(const struct thrdsrv_server *server)
{
    static const char format[] =
        "try it in another terminal:  nc %s %s     (Ctrl-C here stops the server)\n";
    char address[ADDRESS_SIZE];
    if (!isatty(STDERR_FILENO) || thrdsrv_server_address(server, 0, address, sizeof address) < 0)
        return;
    if (strncmp(address, "unix:", strlen("unix:")) == 0) {
        fprintf(stderr, format, "-U", address + strlen("unix:"));
    } else {
        const char *port;
        const char *host = split_host(address, &port);
        fprintf(stderr, format, host, port);
    }
}

void ready_announce(const struct options *options, const struct thrdsrv_server *server,
                    const char *control)
{
    size_t size = 0;
    char *line = format_ready_line(options, server, control, &size);
    if (line) {
        write_ready_line(options, STDOUT_FILENO, line, size);
        if (options->ready_fd >= 0)
            write_ready_line(options, options->ready_fd, line, size);
        free(line);
    }
    if (options->ready_fd >= 0)
        close(options->ready_fd);
    if (options->is_successor)
        return; /* the service was ready all the time, and nobody has just typed the command */
    notify_ready(server);
    print_hint(server);
}
