/* notify.c - telling a supervisor how the service is; see notify.h. */
#include "cli/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli/log_line.h"
#include "cli/option_table.h"

/* What thrdsrv_server_address() needs at most; a socket's name between quotes. */
#define ADDRESS_SIZE 128
#define QUOTED_SIZE  (2 * sizeof((struct sockaddr_un *)0)->sun_path + 4)

/* Behind the drain: until what is cut has ended. */
#define CUT_MS 5000

static const struct thrdsrv_config *served; /* NULL: nobody is to be told */
static int supervisor = -1;                 /* connected, or -1: it cannot be told */
static char supervisor_name[QUOTED_SIZE];
static char variable[sizeof "NOTIFY_SOCKET=" + sizeof((struct sockaddr_un *)0)->sun_path];

/* What notify_stopping() says, made beforehand, and what came of it: an errno. */
static char stopping[128];
static size_t stopping_size;
static atomic_flag stopping_is_told = ATOMIC_FLAG_INIT;
static atomic_int stopping_error;

/* Fills in the address that NOTIFY_SOCKET names: a path, or '@' and an abstract name (unix(7)).
 * Returns its length, or 0 with errno. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
    size_t length = strlen(name);
    errno = EAFNOSUPPORT;
    if (length < 2 || (name[0] != '/' && name[0] != '@'))
        return 0;
    errno = ENAMETOOLONG;
    if (length >= sizeof address->sun_path)
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, length);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
}

/* Returns a descriptor, or -1 with errno. */
static int reach(const char *name)
{
    struct sockaddr_un address;
    socklen_t length = address_of(name, &address);
    int fd = length == 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) == 0)
        return fd;
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return -1;
}

static void warn(const char *state, int error)
{
    log_line_printf(served, THRDSRV_LOG_WARN,
                    "msg=\"cannot notify the supervisor\" socket=%s state=\"%s\" error=\"%s\"",
                    supervisor_name, state, strerror(error));
}

/* Returns 0 or an errno. */
static int tell(const char *text, size_t size)
{
    return sendto(supervisor, text, size, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
}

static void tell_or_warn(const char *state, const char *text)
{
    int error = tell(text, strlen(text));
    if (error)
        warn(state, error);
}

void notify_begin(const struct thrdsrv_config *config)
{
    char quoted[QUOTED_SIZE];
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name || *name == '\0')
        return;
    served = config;
    snprintf(supervisor_name, sizeof supervisor_name, "%s",
             log_line_quote(quoted, sizeof quoted, name));
    snprintf(variable, sizeof variable, "NOTIFY_SOCKET=%s", name);
    supervisor = reach(name);
    if (supervisor < 0)
        warn("begin", errno);
    unsetenv("NOTIFY_SOCKET");
    /* A supervisor that waits for less than --drain lets itself be told, and waits on. */
    stopping_size = (size_t)snprintf(stopping, sizeof stopping,
                                     "STOPPING=1\nSTATUS=Stopping: connections may end\n"
                                     "EXTEND_TIMEOUT_USEC=%" PRId64 "\n",
                                     (config->drain_ms + CUT_MS) * 1000);
}

void notify_ready(const struct thrdsrv_server *server)
{
    char text[512];
    char address[ADDRESS_SIZE] = "";
    size_t count = 0;
    if (supervisor < 0)
        return;
    thrdsrv_server_address(server, 0, address, sizeof address);
    while (thrdsrv_server_address(server, count, (char[ADDRESS_SIZE]){0}, ADDRESS_SIZE) >= 0)
        count++;
    snprintf(text, sizeof text, "READY=1\nSTATUS=Serving %s, mode %s, %s%s%s\n", served->name,
             option_table_mode_name(served->mode), count > 0 ? "at " : "one connection", address,
             count > 1 ? " and elsewhere" : "");
    tell_or_warn("READY=1", text);
}

void notify_reloading(void)
{
    char text[128];
    struct timespec now;
    if (supervisor < 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
             (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell_or_warn("RELOADING=1", text);
}

const char *notify_variable(void)
{
    return supervisor >= 0 ? variable : NULL;
}

void notify_successor(pid_t pid)
{
    char text[64];
    if (supervisor < 0 || atomic_flag_test_and_set(&stopping_is_told))
        return;
    snprintf(text, sizeof text, "MAINPID=%d\n", (int)pid);
    tell_or_warn("MAINPID", text);
}

void notify_stopping(void)
{
    if (supervisor < 0 || atomic_flag_test_and_set(&stopping_is_told))
        return;
    int error = tell(stopping, stopping_size);
    if (error)
        atomic_store(&stopping_error, error);
}

void notify_end(void)
{
    int error = atomic_load(&stopping_error);
    if (error)
        warn("STOPPING=1", error);
    if (supervisor >= 0)
        close(supervisor);
    supervisor = -1;
}
