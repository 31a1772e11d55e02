/* inetd.c - one connection, which somebody else has accepted; see inetd.h. */
#include "cli/inetd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static int client = -1;        /* above 2; -1: descriptor 0 was no socket */
static bool stderr_was_client; /* so the log goes elsewhere */
static bool tells_notices;     /* --log=info or more */
static struct thrdsrv_server *the_server;
static bool (*next_admit)(const struct thrdsrv_arrival *arrival, void *user);

bool inetd_is_asked_for(int argc, char *const argv[])
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--inetd") == 0)
            return true;
    return false;
}

/* ---- Descriptors ------------------------------------------------------------------------- */

static bool fail(const char *what)
{
    syslog(LOG_ERR, "thrd: --inetd: %s: %s", what, strerror(errno));
    return false;
}

/* Each socket has an inode of its own. */
static bool is_same_file(int fd, const struct stat *file)
{
    struct stat other;
    return fstat(fd, &other) == 0 && other.st_dev == file->st_dev && other.st_ino == file->st_ino;
}

bool inetd_take_client(void)
{
    struct stat file;
    if (fstat(STDIN_FILENO, &file) < 0 || !S_ISSOCK(file.st_mode))
        return true;
    stderr_was_client = is_same_file(STDERR_FILENO, &file);
    if (stderr_was_client)
        openlog("thrd", LOG_PID, LOG_DAEMON);
    client = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (client < 0 || null < 0)
        return fail(null < 0 ? "/dev/null" : "the connection");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (is_same_file(fd, &file) && dup2(null, fd) < 0)
            return fail("/dev/null");
    if (null > STDERR_FILENO)
        close(null);
    return true;
}

/* ---- The log ----------------------------------------------------------------------------- */

void inetd_complain(const char *message)
{
    if (stderr_was_client)
        syslog(LOG_ERR, "%s", message);
}

/* The start and the stop of a process for each connection are what its end is elsewhere. */
static void log_one(void *user, enum thrdsrv_log_level level, const char *line)
{
    static const int priorities[] = {
        [THRDSRV_LOG_ERROR] = LOG_ERR,   [THRDSRV_LOG_WARN] = LOG_WARNING,
        [THRDSRV_LOG_NOTICE] = LOG_INFO, [THRDSRV_LOG_INFO] = LOG_INFO,
        [THRDSRV_LOG_DEBUG] = LOG_DEBUG,
    };
    if (level == THRDSRV_LOG_NOTICE && !tells_notices)
        return;
    if (stderr_was_client)
        syslog(priorities[level], "%s", line);
    else
        thrdsrv_log_stderr(user, level, line);
}

/* ---- The server -------------------------------------------------------------------------- */

static void end_with_connection(const struct thrdsrv_end *end, void *user)
{
    (void)end;
    (void)user;
    thrdsrv_server_quiesce(the_server);
}

/* Who is refused comes to no end. */
static bool end_with_refusal(const struct thrdsrv_arrival *arrival, void *user)
{
    if (!next_admit || next_admit(arrival, user))
        return true;
    thrdsrv_server_quiesce(the_server);
    return false;
}

/* NULL, or why descriptor 0 is not what is to be served. */
static const char *fault_of_client(void)
{
    int type = 0, listens = 0;
    socklen_t size = sizeof type;
    if (client < 0)
        return "descriptor 0 is no socket";
    if (getsockopt(client, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM)
        return "descriptor 0 is no stream socket";
    size = sizeof listens;
    if (getsockopt(client, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || listens)
        return "descriptor 0 listens, and is no connection";
    return NULL;
}

bool inetd_prepare(struct thrdsrv_config *config)
{
    const char *fault = fault_of_client();
    if (fault) {
        char message[160];
        snprintf(message, sizeof message,
                 "thrd: --inetd: %s; it is for inetd (nowait), or a systemd unit with Accept=yes "
                 "and StandardInput=socket",
                 fault);
        fprintf(stderr, "%s\n", message);
        inetd_complain(message);
        return false;
    }
    tells_notices = config->log_level >= THRDSRV_LOG_INFO;
    next_admit = config->admit;
    config->log = log_one;
    config->admit = end_with_refusal;
    config->on_end = end_with_connection;
    config->mode = THRDSRV_MODE_INLINE;
    config->adopt = true;
    config->slots = 1;
    config->per_source = config->source_rate = config->rate = 0;
    return true;
}

int inetd_begin(struct thrdsrv_server *server)
{
    the_server = server;
    return thrdsrv_server_adopt(server, client);
}
