/* control.c - see control.h. */
#include "cli/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/log_line.h"

/* A client that does not read is cut after so long, and one that reads too slowly, or keeps its end
 * open afterwards: the next one waits for it. */
#define WRITE_STALL_MS 1000
#define LIFETIME_MS    5000

/* Lines are sent together, as many as fit in here. */
struct answer {
    struct thrdsrv_conn *conn;
    size_t length;
    char text[8192];
};

static int flush(struct answer *answer)
{
    int error = thrdsrv_conn_write(answer->conn, answer->text, answer->length);
    answer->length = 0;
    return error;
}

/* A thrdsrv_line_fn. A line has 2047 bytes at most. */
static int add_line(void *user, const char *line)
{
    struct answer *answer = user;
    size_t length = strlen(line);
    int error = 0;
    if (answer->length + length + 1 > sizeof answer->text)
        error = flush(answer);
    if (error < 0 || length + 1 > sizeof answer->text)
        return error;
    memcpy(answer->text + answer->length, line, length);
    answer->length += length;
    answer->text[answer->length++] = '\n';
    return 0;
}

static int answer_client(struct thrdsrv_conn *conn, void *user)
{
    const struct control *control = user;
    struct answer answer = {.conn = conn};
    int error = thrdsrv_server_report(control->shown, add_line, &answer);
    return error < 0 ? error : flush(&answer);
}

/* The mode of the file lets nobody else in either, but a program with CAP_DAC_OVERRIDE, or a mode
 * that somebody has changed. */
static bool is_owner(const struct thrdsrv_arrival *arrival, void *user)
{
    const struct control *control = user;
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(arrival->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == control->owner);
}

/* Its lines say that they are the control socket's. The service goes on without it, so nothing that
 * befalls it later is an error. */
static void log_trouble(void *user, enum thrdsrv_log_level level, const char *line)
{
    const struct control *control = user;
    char quoted[4 * CONTROL_PATH_SIZE];
    if (control->has_begun && level == THRDSRV_LOG_ERROR)
        level = THRDSRV_LOG_WARN;
    log_line_printf(control->config, level, "%s control=%s", line,
                    log_line_quote(quoted, sizeof quoted, control->path));
}

static int choose_path(struct control *control, const struct options *options)
{
    if (*options->control) {
        snprintf(control->path, sizeof control->path, "%s", options->control);
        return 0;
    }
    if (control_path_of(getpid(), control->path) == 0)
        return 0;
    log_line_printf(control->config, THRDSRV_LOG_ERROR,
                    "msg=\"no place for the control socket\" error=\"XDG_RUNTIME_DIR names no "
                    "directory of this user, or a long one\" remedy=\"name a path: "
                    "--control=PATH\"");
    return THRDSRV_E_INVALID;
}

/* Of its log only what went wrong is of interest: it starts and stops with the server. */
static int create(struct control *control, int inherited)
{
    char address[sizeof control->path + sizeof "unix:,mode=0600"];
    const char *const listen[] = {address};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    if (inherited >= 0)
        snprintf(address, sizeof address, "fd:%d,alone", inherited);
    else
        snprintf(address, sizeof address, "unix:%s,mode=0600", control->path);
    config.mode = THRDSRV_MODE_INLINE;
    config.serve = answer_client;
    config.name = "status";
    config.admit = is_owner;
    config.user = control;
    config.listen = listen;
    config.listen_count = 1;
    config.write_stall_ms = WRITE_STALL_MS;
    config.lifetime_ms = LIFETIME_MS;
    config.drain_ms = 0;
    config.log = log_trouble;
    config.log_level = THRDSRV_LOG_WARN;
    int error = thrdsrv_server_create(&config, &control->server);
    if (error == 0)
        control->listener = thrdsrv_server_listener(control->server, 0);
    return error;
}

int control_open(struct control *control, const struct options *options,
                 struct thrdsrv_server *shown)
{
    *control = (struct control){.shown = shown, .config = &options->config, .owner = geteuid()};
    if (!options->control)
        return 0;
    int error = choose_path(control, options);
    if (error == 0)
        error = create(control, options->control_fd);
    return error;
}

int control_start(struct control *control)
{
    if (!control->server)
        return 0;
    control->has_begun = true;
    int error = thrdsrv_server_start(control->server);
    if (error < 0)
        log_line_printf(control->config, THRDSRV_LOG_ERROR,
                        "msg=\"cannot start the thread of the control socket\" error=\"%s\" "
                        "remedy=\"raise the limit of tasks (ulimit -u, pids.max), or leave out "
                        "--control\"",
                        strerror(errno));
    return error;
}

int control_listener(const struct control *control, const struct options *options)
{
    return control->server && *options->control ? control->listener : -1;
}

void control_hand_over(struct control *control, const struct options *options)
{
    if (control->server && *options->control)
        thrdsrv_server_hand_over(control->server);
}

void control_close(struct control *control)
{
    thrdsrv_server_destroy(control->server);
    control->server = NULL;
}
