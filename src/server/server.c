/* server.c - the life of a server: create, run, requests, destroy.
 *
 * What happens between the start and the end of run() is the accept loop's (accept_loop.c). Knows
 * no sockets, threads or processes. Threads: see <thrdsrv/server.h> at each function. */
#include "server/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "server/accept_loop.h"
#include "server/access.h"
#include "server/clock.h"
#include "server/descriptor.h"
#include "server/handover.h"
#include "server/own_thread.h"
#include "server/proxy_wait.h"
#include "server/report.h"
#include "server/thread.h"
#include "server/wakeup.h"

/* How many times over this process is a worker of mode fork. An atomic because Helgrind takes a
 * child's memory for its parent's. */
static _Atomic unsigned worker_depth;

void server_enter_child(void)
{
    atomic_fetch_add(&worker_depth, 1);
}

bool server_is_child_copy(struct thrdsrv_server *server)
{
    pid_t owner = atomic_fetch_add(&server->owner, 0);
    return server->depth != atomic_fetch_add(&worker_depth, 0) || (owner != 0 && owner != getpid());
}

/* Logs that what failed with error, and returns error; errno is kept. */
static int report_failed(const struct thrdsrv_config *config, const char *what, int error)
{
    struct log_line line;
    int kept = errno;
    log_begin(&line, "cannot create the server");
    log_text(&line, "call", what);
    log_text(&line, "error", error == THRDSRV_E_SYSTEM ? strerror(kept) : thrdsrv_strerror(error));
    log_send(config, THRDSRV_LOG_ERROR, &line);
    errno = kept;
    return error;
}

static int failed(const struct thrdsrv_server *server, const char *what, int error)
{
    return report_failed(&server->config, what, error);
}

/* A descriptor named twice would be closed twice, and the second time be somebody else's; so would
 * a number that the host does not have and that one of our own listeners got. */
static int check_named_once(const struct thrdsrv_server *server, size_t index)
{
    const struct listener *last = &server->listeners[server->listener_count - 1];
    for (unsigned i = 0; last->original >= 0 && i + 1 < server->listener_count; i++) {
        const struct listener *other = &server->listeners[i];
        if (other->original == last->original || other->fd == last->original)
            return listener_refuse(&server->config, server->config.listen[index],
                                   other->fd == last->original
                                       ? "this descriptor is not open, or no socket"
                                       : "this descriptor is named twice");
    }
    return 0;
}

/* listener_open() logs its own failures. */
static int open_listeners(struct thrdsrv_server *server)
{
    server->listeners = calloc(2 * server->config.listen_count + 1, sizeof *server->listeners);
    if (!server->listeners)
        return failed(server, "calloc", THRDSRV_E_MEMORY);
    for (size_t i = 0; i < server->config.listen_count; i++) {
        unsigned count;
        int error = listener_open(&server->listeners[server->listener_count], &count,
                                  server->config.listen[i], &server->config);
        if (error < 0)
            return error;
        server->listener_count += count;
        error = check_named_once(server, i);
        if (error < 0)
            return error;
    }
    if (!server->config.adopt)
        return 0;
    server->handover = handover_open(&server->listeners[server->listener_count], &server->config);
    if (server->handover < 0)
        return failed(server, "pipe2", THRDSRV_E_SYSTEM);
    server->listener_count++;
    return 0;
}

static void close_all(struct thrdsrv_server *server)
{
    be_accept_loop();
    accept_loop_close_listeners(server);
    proxy_wait_fini(server);
    free(server->listeners);
    free(server->reserved);
    access_fini(server);
    program_fini(&server->program);
    if (server->handover >= 0)
        close(server->handover);
    if (server->epoll >= 0)
        close(server->epoll);
    close(server->wakeup);
}

static int open_all(struct thrdsrv_server *server)
{
    server->epoll = descriptor_above_standard(epoll_create1(EPOLL_CLOEXEC));
    if (server->epoll < 0)
        return failed(server, "epoll_create1", THRDSRV_E_SYSTEM);
    int error = open_listeners(server);
    if (error < 0)
        return error;
    error = accept_loop_init(server);
    if (error < 0)
        return failed(server, "epoll_ctl", error);
    /* One that blocks would stop the loop when a connection is gone before it is accepted. */
    for (unsigned i = 0; i < server->listener_count; i++)
        if (listener_unblock(&server->listeners[i]) < 0)
            return failed(server, "fcntl", THRDSRV_E_SYSTEM);
    /* Nothing can fail any more: what was adopted is ours. */
    for (unsigned i = 0; i < server->listener_count; i++)
        listener_adopt(&server->listeners[i], &server->config);
    return 0;
}

static void set_timeouts(struct thrdsrv_server *server)
{
    const struct thrdsrv_config *config = &server->config;
    server->timeouts = (struct timeouts){
        .idle_ms = config->idle_ms,
        .first_byte_ms = config->first_byte_ms,
        .write_stall_ms = config->write_stall_ms,
        .lifetime_ms = config->lifetime_ms,
        .rate_bytes = config->min_rate_bytes,
        .rate_ms = config->min_rate_ms,
    };
    server->look_ms = timeouts_shortest(&server->timeouts);
    /* Whether the peer of a program takes its output is seen from one look to the next. */
    if (config->program && config->write_stall_ms > 0)
        server->look_ms = clock_earlier(server->look_ms, config->write_stall_ms / 4 + 1);
}

/* Whoever can choose his addresses cannot know where they fall in the table of sources. */
static bool choose_key(struct siphash_key *key)
{
    ssize_t count;
    do
        count = getrandom(key, sizeof *key, 0);
    while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof *key;
}

/* Nothing is taken for limits that are not set. */
static int set_limits(struct thrdsrv_server *server)
{
    const struct thrdsrv_config *config = &server->config;
    struct slot_limits limits = {
        .reserve = config->reserve,
        .per_source = config->per_source,
        .source_rate =
            bucket_rate(config->source_rate, config->source_rate_ms, config->source_rate_burst),
        .counts_sources = config->program != NULL,
    };
    struct siphash_key key = {{0, 0}};
    server->rate = bucket_rate(config->rate, config->rate_ms, config->rate_burst);
    server->reserved = calloc(config->reserve_network_count + 1, sizeof *server->reserved);
    if (!server->reserved)
        return failed(server, "calloc", THRDSRV_E_MEMORY);
    for (size_t i = 0; i < config->reserve_network_count; i++)
        netblock_parse(&server->reserved[i], config->reserve_networks[i]); /* config.c has, too */
    if ((config->per_source > 0 || config->source_rate > 0 || limits.counts_sources) &&
        !choose_key(&key))
        return failed(server, "getrandom", THRDSRV_E_SYSTEM);
    if (slot_table_limit(&server->table, &limits, &key) < 0)
        return failed(server, "slot_table_limit", THRDSRV_E_MEMORY);
    return 0;
}

static int make_places(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP)
{
    int error = proxy_wait_init(server);
    return error < 0 ? failed(server, "calloc", error) : 0;
}

static int set_rules(struct thrdsrv_server *server)
{
    int error = access_init(server);
    return error == THRDSRV_E_MEMORY ? failed(server, "malloc", error) : error;
}

/* Now, not with the first client: whoever starts the server is there to see it. */
static int find_program(struct thrdsrv_server *server)
{
    const char *const *arguments = server->config.program;
    struct log_line line;
    int error = arguments ? program_init(&server->program, arguments) : 0;
    if (error != THRDSRV_E_SYSTEM)
        return error < 0 ? failed(server, "malloc", error) : 0;
    int kept = errno;
    log_begin(&line, "cannot run program");
    log_text(&line, "program", arguments[0]);
    log_text(&line, "error", strerror(kept));
    log_send(&server->config, THRDSRV_LOG_ERROR, &line);
    errno = kept;
    return error;
}

/* Everything that has to be given back; on failure it has been. */
static int create_open(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP)
{
    unsigned slots = server->config.mode == THRDSRV_MODE_INLINE ? 1 : server->config.slots;
    server->wakeup = wakeup_open();
    if (server->wakeup < 0)
        return failed(server, "eventfd", THRDSRV_E_SYSTEM);
    int error = slot_table_init(&server->table, slots, server, server->wakeup);
    if (error < 0) {
        close(server->wakeup);
        return failed(server, "slot_table_init", error);
    }
    error = set_limits(server);
    if (error == 0)
        error = make_places(server);
    if (error == 0)
        error = set_rules(server);
    if (error == 0)
        error = find_program(server);
    if (error == 0)
        error = open_all(server);
    if (error < 0) {
        int kept = errno;
        close_all(server);
        slot_table_fini(&server->table);
        errno = kept;
    }
    return error;
}

int thrdsrv_server_create(const struct thrdsrv_config *config, struct thrdsrv_server **result)
{
    *result = NULL;
    struct thrdsrv_server *server = calloc(1, sizeof *server);
    if (!server) {
        struct thrdsrv_config whole;
        config_read(&whole, config);
        return report_failed(&whole, "calloc", THRDSRV_E_MEMORY);
    }
    be_accept_loop();
    server->epoll = server->handover = -1;
    server->depth = atomic_fetch_add(&worker_depth, 0);
    server->check_at_ms = CLOCK_NEVER;
    server->created_at_ns = clock_ns();
    int error = config_copy(&server->config, config);
    if (error == THRDSRV_E_MEMORY)
        failed(server, "strdup", error);
    if (error == 0) {
        server->model = worker_model_of(server->config.mode);
        set_timeouts(server);
        error = create_open(server);
    }
    if (error == 0) {
        *result = server;
        return 0;
    }
    int kept = errno;
    config_free(&server->config);
    free(server);
    errno = kept;
    return error;
}

bool server_begin(struct thrdsrv_server *server)
{
    pid_t none = 0;
    if (server_is_child_copy(server) ||
        !atomic_compare_exchange_strong(&server->owner, &none, getpid()))
        return false;
    pthread_sigmask(SIG_SETMASK, NULL, &server->host_mask);
    thread_mask(&server->mask, &server->host_mask);
    return true;
}

int server_serve(struct thrdsrv_server *server)
{
    be_accept_loop();
    atomic_exchange(&server->loop_thread, gettid());
    for (unsigned i = 0; i < server->listener_count; i++)
        listener_begin(&server->listeners[i]);
    if (server->model->begin)
        server->model->begin(server);
    report_start(server);
    while (server->phase != PHASE_STOPPED)
        accept_loop_turn(server, accept_loop_prepare(server));
    if (server->model->settle)
        server->model->settle(server);
    report_stop(server);
    atomic_exchange(&server->loop_thread, 0);
    errno = server->failed_errno;
    return errno == 0 ? 0 : THRDSRV_E_SYSTEM;
}

int thrdsrv_server_run(struct thrdsrv_server *server)
{
    if (!server_begin(server))
        return THRDSRV_E_INVALID;
    int error = server_serve(server);
    int kept = errno;
    atomic_fetch_or(&server->life, LIFE_FINISHED); /* from here on it may be destroyed */
    errno = kept;
    return error;
}

/* The bit can be acted upon before the wake-up for it is sent, and run() return: destroy() then
 * waits for us, because neither a signal handler nor another thread can wait for it. */
static void request(struct thrdsrv_server *server, enum request what)
{
    if (server_is_child_copy(server))
        return;
    atomic_fetch_add(&server->requesting, 1);
    atomic_fetch_or(&server->requests, (unsigned)what);
    wakeup_send(server->wakeup);
    atomic_fetch_sub(&server->requesting, 1);
}

void thrdsrv_server_quiesce(struct thrdsrv_server *server)
{
    request(server, REQUEST_QUIESCE);
}

void thrdsrv_server_stop(struct thrdsrv_server *server)
{
    request(server, REQUEST_STOP);
}

void thrdsrv_server_dump(struct thrdsrv_server *server)
{
    request(server, REQUEST_DUMP);
}

void thrdsrv_server_call(struct thrdsrv_server *server)
{
    request(server, REQUEST_CALL);
}

void thrdsrv_server_hand_over(struct thrdsrv_server *server)
{
    request(server, REQUEST_HAND_OVER);
}

int thrdsrv_server_listener(struct thrdsrv_server *server, size_t index)
{
    if (server_is_child_copy(server) || index >= server->listener_count ||
        server->listeners[index].family == AF_UNSPEC)
        return THRDSRV_E_INVALID;
    const struct listener *listener = &server->listeners[index];
    return listener->fd >= 0 && !listener->sealed ? listener->fd : THRDSRV_E_STOPPED;
}

int thrdsrv_server_address(const struct thrdsrv_server *server, size_t index, char *buf,
                           size_t size)
{
    if (index >= server->listener_count || server->listeners[index].family == AF_UNSPEC)
        return THRDSRV_E_INVALID;
    size_t length = strlen(server->listeners[index].text);
    if (length >= size)
        return THRDSRV_E_INVALID;
    memcpy(buf, server->listeners[index].text, length + 1);
    return (int)length;
}

/* Stops a server that was started. Returns whether none of its threads uses it any more. */
static bool is_idle(struct thrdsrv_server *server)
{
    if (own_thread_is_caller(server))
        return false;
    if (atomic_fetch_or(&server->life, 0) & LIFE_JOINABLE) {
        thrdsrv_server_stop(server);
        thrdsrv_server_wait(server);
    }
    return atomic_fetch_add(&server->owner, 0) == 0 ||
           (atomic_fetch_or(&server->life, 0) & LIFE_FINISHED);
}

void thrdsrv_server_destroy(struct thrdsrv_server *server)
{
    if (!server || server_is_child_copy(server))
        return;
    if (!is_idle(server)) {
        /* Once, because the log may call us again. */
        if (!(atomic_fetch_or(&server->life, LIFE_KEPT) & LIFE_KEPT))
            report_destroy_refused(server);
        return;
    }
    const struct timespec pause = {.tv_nsec = 100000};
    while (atomic_fetch_add(&server->requesting, 0) > 0)
        nanosleep(&pause, NULL);
    close_all(server);
    slot_table_fini(&server->table);
    config_free(&server->config);
    free(server);
}
