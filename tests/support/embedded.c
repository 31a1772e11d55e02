/* embedded - see embedded.h. */
#include "embedded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "log_lines.h"
#include "patience.h"
#include "suite.h"

enum { CASES = 128, LINE_SIZE = 4096 };

/* What a case needs to know before it runs. */
struct plan {
    embedded_case_fn *run;
    enum thrdsrv_mode mode;
    char name[128];
};

static struct plan plans[CASES];
static size_t plans_used;
static size_t cases_run;
static struct embedded current;

/* ---- What the server says ---------------------------------------------------------------- */

static void lock(struct embedded *e)
{
    pthread_mutex_lock(&e->lock);
}

static void unlock(struct embedded *e)
{
    pthread_mutex_unlock(&e->lock);
}

void embedded_keep_line(void *user, enum thrdsrv_log_level level, const char *line)
{
    static const char *const names[] = {"error", "warn", "notice", "info", "debug"};
    struct embedded *e = user;
    size_t length = strlen(line) + sizeof "level=notice \n";
    lock(e);
    char *log = realloc(e->log, e->log_size + length + 1);
    if (!log)
        abort();
    e->log = log;
    e->log_size += (size_t)sprintf(log + e->log_size, "level=%s %s\n", names[level], line);
    unlock(e);
}

void embedded_keep_end(const struct thrdsrv_end *end, void *user)
{
    struct embedded *e = user;
    struct embedded_end kept = {.end = *end, .thread = gettid()};
    struct thrdsrv_slot slot;
    snprintf(kept.peer, sizeof kept.peer, "%s", end->peer);
    snprintf(kept.local, sizeof kept.local, "%s", end->local);
    if (e->server && thrdsrv_server_slot(e->server, end->slot, &slot, sizeof slot) >= 0)
        kept.state = slot.state;
    lock(e);
    e->ends = realloc(e->ends, (e->end_count + 1) * sizeof *e->ends);
    if (!e->ends)
        abort();
    e->ends[e->end_count++] = kept;
    unlock(e);
}

/* Counts the lines that match; the last of them goes to line. */
static size_t find_lines(struct embedded *e, const char *pattern, char line[LINE_SIZE])
{
    size_t count = 0;
    lock(e);
    for (const char *at = e->log; at && *at != '\0';) {
        char text[LINE_SIZE];
        size_t length = strcspn(at, "\n");
        snprintf(text, sizeof text, "%.*s", (int)length, at);
        if (log_line_matches(text, pattern)) {
            count++;
            memcpy(line, text, sizeof text);
        }
        at += length + 1;
    }
    unlock(e);
    return count;
}

size_t embedded_count_log(struct embedded *e, const char *pattern)
{
    char line[LINE_SIZE];
    return find_lines(e, pattern, line);
}

void embedded_wait_log(struct embedded *e, const char *pattern)
{
    int64_t deadline = patience();
    while (embedded_count_log(e, pattern) == 0)
        if (!look_again(deadline))
            suite_fail("no line %s in the log:\n%s", pattern, e->log ? e->log : "");
}

size_t embedded_count_ends(struct embedded *e)
{
    lock(e);
    size_t count = e->end_count;
    unlock(e);
    return count;
}

static size_t find_ends(struct embedded *e, uint64_t conn, struct embedded_end *end)
{
    size_t count = 0;
    lock(e);
    for (size_t i = 0; i < e->end_count; i++)
        if (e->ends[i].end.conn == conn) {
            *end = e->ends[i];
            count++;
        }
    unlock(e);
    return count;
}

struct embedded_end embedded_wait_end(struct embedded *e, uint64_t conn)
{
    struct embedded_end end = {.thread = 0};
    int64_t deadline = patience();
    while (find_ends(e, conn, &end) == 0)
        if (!look_again(deadline))
            suite_fail("connection %ju does not end", (uintmax_t)conn);
    return end;
}

struct thrdsrv_stats embedded_stats(const struct embedded *e)
{
    struct thrdsrv_stats stats;
    thrdsrv_server_stats(e->server, &stats, sizeof stats);
    return stats;
}

void embedded_wait_idle(const struct embedded *e)
{
    int64_t deadline = patience();
    while (embedded_stats(e).active > 0)
        if (!look_again(deadline))
            suite_fail("%ju connections do not end", (uintmax_t)embedded_stats(e).active);
}

void embedded_wait_refused_full(const struct embedded *e, uint64_t count)
{
    int64_t deadline = patience();
    while (embedded_stats(e).refused_full < count)
        if (!look_again(deadline))
            suite_fail("%ju refused", (uintmax_t)embedded_stats(e).refused_full);
    assert_int_equal(embedded_stats(e).refused_full, count);
}

struct thrdsrv_slot embedded_wait_slot(const struct embedded *e, unsigned index,
                                       enum thrdsrv_wait waits)
{
    struct thrdsrv_slot slot;
    int64_t deadline = patience();
    while (thrdsrv_server_slot(e->server, index, &slot, sizeof slot) != 1 ||
           slot.state != THRDSRV_SLOT_ACTIVE || slot.waits != waits)
        if (!look_again(deadline))
            suite_fail("slot %u does not come to wait like that", index);
    return slot;
}

/* ---- Its life ---------------------------------------------------------------------------- */

void embedded_serve(struct embedded *e, thrdsrv_serve_fn *serve)
{
    e->config.handler = NULL;
    e->config.serve = serve;
}

void embedded_create(struct embedded *e)
{
    int error = thrdsrv_server_create(&e->config, &e->server);
    if (error != 0)
        suite_fail("create: %s; %s", thrdsrv_strerror(error), e->log ? e->log : "");
    if (thrdsrv_server_address(e->server, 0, e->address, sizeof e->address) < 0)
        e->address[0] = '\0';
}

void embedded_start(struct embedded *e)
{
    if (!e->server)
        embedded_create(e);
    assert_int_equal(thrdsrv_server_start(e->server), 0);
    e->started = true;
}

void embedded_refused(struct embedded *e, int error, const char *pattern)
{
    char line[LINE_SIZE] = "";
    struct thrdsrv_server *server = (struct thrdsrv_server *)e; /* must become NULL */
    size_t before = embedded_count_log(e, "level=error");
    assert_int_equal(thrdsrv_server_create(&e->config, &server), error);
    assert_null(server);
    assert_int_equal(embedded_count_log(e, "level=error"), before + 1);
    if (find_lines(e, "level=error", line) == 0 || !log_line_matches(line, pattern))
        suite_fail("the log should say %s, and says: %s", pattern, line);
}

/* Each connection that got a slot has ended, once; conns are numbered from 1. */
static void check_ends(struct embedded *e, const struct thrdsrv_stats *stats)
{
    struct embedded_end end;
    uint64_t slots_used = stats->served + stats->spawn_failures;
    if (e->config.on_end != embedded_keep_end)
        return;
    assert_int_equal(embedded_count_ends(e), slots_used);
    for (uint64_t conn = 1; conn <= stats->accepted && slots_used == stats->accepted; conn++)
        assert_int_equal(find_ends(e, conn, &end), 1);
}

/* A server that does not come to its end ends the test program, by SIGALRM. */
static void begin_patience(void)
{
    alarm((unsigned)(time_left(patience()) / 1000 + 1));
}

static void end_patience(void)
{
    alarm(0);
}

void embedded_wait(struct embedded *e)
{
    assert_true(e->started);
    e->started = false;
    begin_patience();
    assert_int_equal(thrdsrv_server_wait(e->server), 0);
    end_patience();
    struct thrdsrv_stats stats = embedded_stats(e);
    assert_int_equal(stats.active, 0);
    assert_int_equal(stats.accepted, stats.served + stats.spawn_failures + stats.refused_full +
                                         stats.refused_admission + stats.refused_source +
                                         stats.refused_rate + stats.refused_rules +
                                         stats.refused_proxy);
    check_ends(e, &stats);
}

void embedded_finish(struct embedded *e)
{
    thrdsrv_server_stop(e->server);
    embedded_wait(e);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
}

/* ---- Cases ------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    const struct plan *plan = *state;
    const struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct embedded *e = &current;
    *e = (struct embedded){.config = config};
    pthread_mutex_init(&e->lock, NULL);
    e->listen[0] = "127.0.0.1:0";
    e->config.listen = e->listen;
    e->config.listen_count = 1;
    e->config.mode = plan->mode;
    e->config.handler = &thrdsrv_echo;
    e->config.log = embedded_keep_line;
    e->config.on_end = embedded_keep_end;
    e->config.user = e;
    return 0;
}

static void run(void **state)
{
    const struct plan *plan = *state;
    suite_note_case();
    cases_run++;
    if (!thrdsrv_mode_supported(plan->mode)) {
        suite_note_end();
        skip();
    }
    plan->run(&current);
    suite_note_end();
}

/* A case that failed may have left the server running. */
static int tear_down(void **state)
{
    struct embedded *e = &current;
    (void)state;
    clients_close_all();
    begin_patience();
    thrdsrv_server_destroy(e->server);
    end_patience();
    free(e->log);
    free(e->ends);
    pthread_mutex_destroy(&e->lock);
    return 0;
}

struct CMUnitTest embedded_case(const char *name, embedded_case_fn *function,
                                enum thrdsrv_mode mode)
{
    assert_true(plans_used < CASES);
    struct plan *plan = &plans[plans_used++];
    plan->run = function;
    plan->mode = mode;
    snprintf(plan->name, sizeof plan->name, "%s", name);
    return (struct CMUnitTest){
        .name = plan->name,
        .test_func = run,
        .setup_func = set_up,
        .teardown_func = tear_down,
        .initial_state = plan,
    };
}

int embedded_run(int argc, char **argv, const char *name, const struct CMUnitTest *cases,
                 size_t count)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    int failed = _cmocka_run_group_tests(name, cases, count, NULL, NULL);
    if (failed == 0 && cases_run == 0) {
        fprintf(stderr, "no case of %s matches %s\n", name, argc > 1 ? argv[1] : "*");
        return 2;
    }
    return failed;
}

/* ---- Processes of their own -------------------------------------------------------------- */

void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

void embedded_host_failed(const char *file, int line, const char *condition)
{
    dprintf(STDERR_FILENO, "%s:%d: in the host: not %s (errno %d: %s)\n", file, line, condition,
            errno, strerror(errno));
    _exit(1);
}

void embedded_in_host(void (*function)(struct embedded *e), struct embedded *e)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm((unsigned)(allow_ms(120000) / 1000)); /* what hangs in it ends by SIGALRM */
        function(e);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}
