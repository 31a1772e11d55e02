/* takeover.c - the sockets of a predecessor; see takeover.h. */
#include "cli/takeover.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/units.h"

/* Of the variable, in this order. */
enum { PREDECESSOR, LISTENERS, CONTROL, ALONE, FIELDS };

/* "fd:N,alone", and the list of them. */
static char texts[TAKEOVER_LISTENERS_MAX][sizeof "fd:,alone" + 10];
static const char *list[TAKEOVER_LISTENERS_MAX];

static bool parse(const char *value, int64_t fields[FIELDS])
{
    static const int64_t least[FIELDS] = {1, 1, 0, 0};
    static const int64_t most[FIELDS] = {INT_MAX, TAKEOVER_LISTENERS_MAX, 1, 1};
    char copy[64];
    char *rest = copy;
    if (strlen(value) >= sizeof copy)
        return false;
    stpcpy(copy, value);
    for (int i = 0; i < FIELDS; i++) {
        const char *field = rest;
        size_t length = strcspn(rest, ":");
        bool is_last = rest[length] == '\0';
        rest[length] = '\0';
        if (is_last != (i == FIELDS - 1) ||
            units_parse_number(field, least[i], most[i], &fields[i]) != UNITS_OK)
            return false;
        rest += length + 1;
    }
    return true;
}

/* Whether the socket is the predecessor's alone, and so ours now: of Unix sockets, whether --listen
 * made the file. */
static bool is_alone(const struct options *options, int fd, bool is_tcp_alone)
{
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    char path[sizeof address.sun_path + 1];
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 || address.sun_family != AF_UNIX)
        return is_tcp_alone;
    snprintf(path, sizeof path, "%.*s", (int)sizeof address.sun_path, address.sun_path);
    size_t length = strlen(path);
    for (size_t i = 0; length > 0 && i < options->config.listen_count; i++) {
        const char *text = options->listen[i];
        if (strncmp(text, "unix:", 5) == 0 && strncmp(text + 5, path, length) == 0 &&
            (text[5 + length] == '\0' || text[5 + length] == ','))
            return true;
    }
    return false;
}

static void listen_at_all(struct options *options, int count, bool is_tcp_alone)
{
    for (int i = 0; i < count; i++) {
        int fd = TAKEOVER_FIRST_FD + i;
        snprintf(texts[i], sizeof texts[i], "fd:%d%s", fd,
                 is_alone(options, fd, is_tcp_alone) ? ",alone" : "");
        list[i] = texts[i];
    }
    options->config.listen = list;
    options->config.listen_count = (size_t)count;
}

bool takeover_take(struct options *options)
{
    int64_t fields[FIELDS];
    const char *value = getenv(TAKEOVER_VARIABLE);
    if (!value)
        return true;
    bool is_sound = parse(value, fields);
    if (!is_sound)
        fprintf(stderr,
                "thrd: " TAKEOVER_VARIABLE "=%.64s: not what a server sets for the one "
                "that it starts at SIGUSR2; allowed: not to be set\n",
                value);
    unsetenv(TAKEOVER_VARIABLE);
    if (!is_sound || fields[PREDECESSOR] != getppid())
        return is_sound; /* another process's: it came to us by inheritance */
    int next = TAKEOVER_FIRST_FD + (int)fields[LISTENERS];
    listen_at_all(options, (int)fields[LISTENERS], fields[ALONE] == 1);
    options->control_fd = fields[CONTROL] ? next++ : -1;
    options->ready_fd = next;
    options->is_successor = true;
    for (int fd = TAKEOVER_FIRST_FD; fd <= next; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC); /* one that is not open is found by who uses it */
    return true;
}
