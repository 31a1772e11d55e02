/* threads_h_host.c - a host whose threads are those of <threads.h>, with a server in it: neither
 * takes the other's names, and both work.
 *
 * The host's threads visit the server; each counts its visits in storage of its own (tss), adds
 * them up under a mutex (mtx), and the last one wakes the host (cnd). */
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

#include <thrdsrv/server.h>

#include "support/footprint.h"
#include "support/patience.h"
#include "support/visitors.h"

enum { THREADS = 8, VISITS = 10 };

static tss_t own_count;
static mtx_t lock;
static cnd_t all_done;
static once_flag once = ONCE_FLAG_INIT;
static int initialized, visits, done, destructors;
static char address[128];

static void count_destructor(void *count)
{
    mtx_lock(&lock);
    destructors++;
    mtx_unlock(&lock);
    free(count);
}

static void initialize(void)
{
    initialized++;
    must(mtx_init(&lock, mtx_plain) == thrd_success && cnd_init(&all_done) == thrd_success);
    must(tss_create(&own_count, count_destructor) == thrd_success);
}

static void visit(void)
{
    const struct visitors one = {.count = 1, .at_once = 1, .script = visit_echo, .arg = address};
    visitors_send(&one);
    ++*(int *)tss_get(own_count);
}

static int be_a_thread(void *number)
{
    call_once(&once, initialize);
    must(tss_set(own_count, calloc(1, sizeof(int))) == thrd_success);
    for (int i = 0; i < VISITS; i++) {
        visit();
        thrd_yield();
    }
    mtx_lock(&lock);
    visits += *(int *)tss_get(own_count);
    if (++done == THREADS)
        cnd_signal(&all_done);
    mtx_unlock(&lock);
    return *(int *)number;
}

static struct thrdsrv_server *serve(enum thrdsrv_mode mode)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    config.handler = &thrdsrv_echo;
    config.mode = mode;
    config.listen = listen;
    config.listen_count = 1;
    config.log = thrdsrv_log_stderr;
    config.log_level = THRDSRV_LOG_WARN;
    must(thrdsrv_server_create(&config, &server) == 0 && thrdsrv_server_start(server) == 0);
    must(thrdsrv_server_address(server, 0, address, sizeof address) > 0);
    return server;
}

static void run_threads(void)
{
    thrd_t threads[THREADS];
    int numbers[THREADS];
    visits = done = destructors = 0;
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        must(thrd_create(&threads[i], be_a_thread, &numbers[i]) == thrd_success);
    }
    call_once(&once, initialize);
    mtx_lock(&lock);
    while (done < THREADS)
        cnd_wait(&all_done, &lock);
    mtx_unlock(&lock);
    for (int i = 0; i < THREADS; i++) {
        int result = -1;
        must(thrd_join(threads[i], &result) == thrd_success && result == i);
    }
    must(visits == THREADS * VISITS && destructors == THREADS && initialized == 1);
}

int main(void)
{
    doing("threads of <threads.h> visit a server");
    struct footprint before = footprint_now();
    for (int i = 0; i < 2; i++) {
        struct thrdsrv_server *server = serve(i == 0 ? THRDSRV_MODE_THREAD : THRDSRV_MODE_FORK);
        run_threads();
        thrdsrv_server_destroy(server);
    }
    footprint_wait(before);
    return 0;
}
