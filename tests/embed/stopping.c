/* stopping.c - two servers that are stopped while they accept, again and again in one process.
 *
 *     stopping [CYCLES [fork|thread]]
 *
 * The first server is in mode thread, the second in the mode given. In each cycle both are created
 * and started, visitors come to both without a pause, two more threads hand connections over
 * (thrdsrv_server_adopt()), and when both servers are in the middle of it they are stopped, waited
 * for and destroyed. Each visitor hears its answer, or the beginning of it, or is refused: never a
 * wrong byte, and never nothing for ever. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thrdsrv/server.h>

#include "support/footprint.h"
#include "support/patience.h"
#include "support/visitors.h"

enum {
    SERVERS = 2,
    CALLERS = SERVERS,  /* threads whose visitors connect, one a server */
    ADOPTERS = SERVERS, /* threads that hand connections over */
    AT_ONCE = 4,
    TCP_EVERY = 8, /* cycles; ports run out */
    ENOUGH = 10    /* connections a server has had when it is stopped; a few more each cycle */
};

struct target {
    struct thrdsrv_server *server;
    char address[128];
};

static struct target targets[SERVERS];
static pthread_barrier_t begin, end;
static bool over; /* written while all others wait at the barrier */
static atomic_size_t served, cut, handed_over, closed;

/* The host's threads. Each is a loop of: wait for a cycle, send visitors until refused, say so. */

static bool call(size_t index, struct visit *visit, void *arg)
{
    struct target *target = arg;
    return visit_echo(index, visit, target->address);
}

/* Half of a socketpair goes to the server, which either takes it or says that it has stopped. */
static bool hand_over(size_t index, struct visit *visit, void *arg)
{
    struct target *target = arg;
    int pair[2];
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    int error = thrdsrv_server_adopt(target->server, pair[0]);
    if (error < 0) {
        must(error == THRDSRV_E_STOPPED);
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    visit_echo(index, visit, "adopted");
    visit->fd = pair[1];
    return true;
}

static void send_visitors(visit_script *script, struct target *target)
{
    struct visitors visitors = {.count = (size_t)-1,
                                .at_once = AT_ONCE,
                                .script = script,
                                .arg = target,
                                .may_be_cut = true};
    struct tally tally = visitors_send(&visitors);
    if (script == call) {
        served += tally.served;
        cut += tally.cut;
    } else {
        handed_over += tally.served;
        closed += tally.cut;
    }
}

static void *be_a_caller(void *target)
{
    for (;;) {
        pthread_barrier_wait(&begin);
        if (over)
            return NULL;
        send_visitors(call, target);
        pthread_barrier_wait(&end);
    }
}

static void *be_an_adopter(void *target)
{
    for (;;) {
        pthread_barrier_wait(&begin);
        if (over)
            return NULL;
        send_visitors(hand_over, target);
        pthread_barrier_wait(&end);
    }
}

/* The servers. */

static void serve(struct target *target, enum thrdsrv_mode mode, size_t cycle)
{
    char listen[64] = "127.0.0.1:0";
    const char *addresses[] = {listen};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    if (cycle % TCP_EVERY != 0)
        snprintf(listen, sizeof listen, "unix:stopping.%d.%d", (int)getpid(),
                 (int)(target - targets));
    config.handler = &thrdsrv_echo;
    config.mode = mode;
    config.listen = addresses;
    config.listen_count = 1;
    config.adopt = true;
    config.slots = 6; /* less than come at once: some wait for their slot when the end comes */
    config.drain_ms = 20;
    config.log = thrdsrv_log_stderr;
    config.log_level = THRDSRV_LOG_ERROR; /* adopted and unserved: a warning, and the aim here */
    must(thrdsrv_server_create(&config, &target->server) == 0);
    must(thrdsrv_server_address(target->server, 0, target->address, sizeof target->address) > 0);
    must(thrdsrv_server_start(target->server) == 0);
}

static void wait_for_traffic(struct thrdsrv_server *server, size_t cycle)
{
    int64_t give_up = now_ms() + patience_ms();
    struct thrdsrv_stats stats;
    do {
        must(now_ms() < give_up);
        sched_yield();
        thrdsrv_server_stats(server, &stats, sizeof stats);
    } while (stats.accepted < ENOUGH + cycle % 7);
}

/* The fourth way, just to destroy it, is for a host that lets nobody else use the server. */
static void stop(struct thrdsrv_server *server, size_t cycle)
{
    if (cycle % 3 == 0)
        thrdsrv_server_quiesce(server);
    if (cycle % 3 == 1)
        thrdsrv_server_dump(server);
    if (cycle % 3 != 0 || cycle % 2 == 0)
        thrdsrv_server_stop(server);
}

static void run_cycle(size_t cycle, enum thrdsrv_mode second)
{
    doing("starting two servers");
    serve(&targets[0], THRDSRV_MODE_THREAD, cycle);
    serve(&targets[1], second, cycle);
    doing("waiting for traffic");
    pthread_barrier_wait(&begin);
    wait_for_traffic(targets[0].server, cycle);
    wait_for_traffic(targets[1].server, cycle);
    stop(targets[cycle % 2].server, cycle);
    stop(targets[1 - cycle % 2].server, cycle);
    doing("waiting for the first server");
    must(thrdsrv_server_wait(targets[0].server) == 0);
    doing("waiting for the second server");
    must(thrdsrv_server_wait(targets[1].server) == 0);
    doing("waiting for the visitors to notice");
    pthread_barrier_wait(&end);
    for (size_t i = 0; i < SERVERS; i++)
        thrdsrv_server_destroy(targets[i].server);
}

int main(int argc, char **argv)
{
    size_t cycles = argc > 1 ? (size_t)atol(argv[1]) : 1000;
    bool fork = argc < 3 || strcmp(argv[2], "fork") == 0;
    pthread_t threads[CALLERS + ADOPTERS];
    doing("starting threads");
    struct footprint alone = footprint_now();
    must(pthread_barrier_init(&begin, NULL, CALLERS + ADOPTERS + 1) == 0);
    must(pthread_barrier_init(&end, NULL, CALLERS + ADOPTERS + 1) == 0);
    for (size_t i = 0; i < CALLERS + ADOPTERS; i++)
        must(pthread_create(&threads[i], NULL, i < CALLERS ? be_a_caller : be_an_adopter,
                            &targets[i % SERVERS]) == 0);
    struct footprint before = footprint_now();
    for (size_t cycle = 0; cycle < cycles; cycle++) {
        run_cycle(cycle, fork ? THRDSRV_MODE_FORK : THRDSRV_MODE_THREAD);
        footprint_expect(before);
    }
    over = true;
    pthread_barrier_wait(&begin);
    for (size_t i = 0; i < CALLERS + ADOPTERS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&begin);
    pthread_barrier_destroy(&end);
    footprint_wait(alone);
    must(cycles == 0 || served + handed_over > 0); /* else nobody was served at all */
    printf("%zu cycles: served %zu, cut %zu; adopted and served %zu, adopted and cut %zu\n", cycles,
           (size_t)served, (size_t)cut, (size_t)handed_over, (size_t)closed);
    return 0;
}
