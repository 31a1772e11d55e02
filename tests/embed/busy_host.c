/* busy_host.c - a server in mode thread and one in mode fork, in a host whose own threads are busy
 * with everything that has a lock inside: malloc, stdio, time zones, descriptors.
 *
 *     busy_host [CONNECTIONS [private] [sans-io]]
 *
 * CONNECTIONS to each server, with a sans-I/O handler and then with a blocking one that allocates
 * and formats. Each must be answered; at the end no thread, descriptor or child is left over.
 * private: the threads leave out what libc guards by locks of its own (stdout, time zones), which
 * Helgrind and DRD cannot see and take for races. sans-io: without the blocking handler, for
 * sanitizers, whose malloc() is not usable in a child of a program with threads as libc's is. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <thrdsrv/server.h>

#include "support/footprint.h"
#include "support/patience.h"
#include "support/visitors.h"

enum { AT_ONCE = 32, THREADS = 8 };

static struct {
    struct thrdsrv_server *server;
    char address[128];
} servers[2]; /* mode thread, mode fork */

/* The busy threads. */

static atomic_bool enough;
static bool only_private;

static void allocate(unsigned *seed)
{
    char *blocks[16];
    for (size_t i = 0; i < 16; i++) {
        size_t size = 1 + (size_t)rand_r(seed) % 5000;
        must((blocks[i] = malloc(size)) != NULL);
        memset(blocks[i], (int)i, size);
    }
    for (size_t i = 0; i < 16; i++)
        free(blocks[i]);
}

static void print(FILE *own, unsigned number)
{
    char text[64];
    snprintf(text, sizeof text, "%u %g", number, number / 3.0);
    fprintf(own, "%s\n", text);
    if (!only_private)
        printf("%s\n", text);
}

static void ask_the_time(void)
{
    time_t now = time(NULL);
    struct tm local;
    must(localtime_r(&now, &local) != NULL);
}

static void open_and_close(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    must(fd >= 0 && close(fd) == 0);
}

static void *be_busy(void *seed)
{
    unsigned number = *(unsigned *)seed;
    FILE *own = fopen("/dev/null", "we");
    must(own != NULL);
    while (!enough) {
        allocate(&number);
        print(own, number);
        if (!only_private)
            ask_the_time();
        open_and_close();
    }
    fclose(own);
    return NULL;
}

/* The services. */

/* Allocates and formats, as the contract of mode fork allows: no stream that others use. */
static int shout(struct thrdsrv_conn *conn, void *user)
{
    char line[100];
    (void)user;
    while (thrdsrv_conn_read_line(conn, line, sizeof line) >= 0) {
        char *answer = malloc(sizeof line + 32);
        if (!answer)
            return THRDSRV_E_MEMORY;
        snprintf(answer, sizeof line + 32, "%s %s!\n", "I hear", line);
        int error = thrdsrv_conn_write(conn, answer, strlen(answer));
        free(answer);
        if (error < 0)
            return error;
    }
    return 0;
}

static struct thrdsrv_server *serve(enum thrdsrv_mode mode, bool blocking)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    config.mode = mode;
    config.listen = listen;
    config.listen_count = 1;
    config.log = thrdsrv_log_stderr;
    config.log_level = THRDSRV_LOG_WARN;
    if (blocking)
        config.serve = shout;
    else
        config.handler = &thrdsrv_echo;
    must(thrdsrv_server_create(&config, &server) == 0);
    must(thrdsrv_server_start(server) == 0);
    return server;
}

/* The visitors: even numbers go to the one server, odd ones to the other. */

static bool visit_echo_of_both(size_t index, struct visit *visit, void *arg)
{
    (void)arg;
    return visit_echo(index, visit, servers[index % 2].address);
}

static bool visit_shout_of_both(size_t index, struct visit *visit, void *arg)
{
    (void)arg;
    visit->address = servers[index % 2].address;
    visit->say_size = (size_t)snprintf(visit->say, sizeof visit->say, "number %zu\r\n", index);
    visit->hear_size =
        (size_t)snprintf(visit->hear, sizeof visit->hear, "I hear number %zu!\n", index);
    return true;
}

static void show_slots(void)
{
    struct thrdsrv_slot slot;
    for (size_t i = 0; i < 2; i++)
        for (unsigned n = 0; thrdsrv_server_slot(servers[i].server, n, &slot, sizeof slot) >= 0;
             n++)
            if (slot.state != THRDSRV_SLOT_FREE)
                fprintf(stderr, "%s: slot %u: %s, connection %llu of %s, worker %d\n",
                        servers[i].address, n, thrdsrv_slot_state_name(slot.state),
                        (unsigned long long)slot.conn, slot.peer, (int)slot.worker);
}

static void visit_both(size_t connections, bool blocking)
{
    struct visitors visitors = {.count = 2 * connections,
                                .at_once = 2 * AT_ONCE,
                                .script = blocking ? visit_shout_of_both : visit_echo_of_both,
                                .stuck = show_slots};
    struct tally tally = visitors_send(&visitors);
    must(tally.served == 2 * connections);
}

static void end(struct thrdsrv_server *server, size_t connections)
{
    struct thrdsrv_stats stats;
    thrdsrv_server_quiesce(server);
    must(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_stats(server, &stats, sizeof stats);
    must(stats.served == connections && stats.cut == 0 && stats.spawn_failures == 0);
    thrdsrv_server_destroy(server);
}

static void run_servers(size_t connections, bool blocking)
{
    int64_t begun = now_ms();
    for (size_t i = 0; i < 2; i++) {
        servers[i].server = serve(i == 0 ? THRDSRV_MODE_THREAD : THRDSRV_MODE_FORK, blocking);
        must(thrdsrv_server_address(servers[i].server, 0, servers[i].address,
                                    sizeof servers[i].address) > 0);
    }
    visit_both(connections, blocking);
    doing("waiting for the server in mode thread");
    end(servers[0].server, connections);
    doing("waiting for the server in mode fork");
    end(servers[1].server, connections);
    fprintf(stderr, "%zu connections to each server, %s handler: %lld ms\n", connections,
            blocking ? "blocking" : "sans-I/O", (long long)(now_ms() - begun));
}

static bool is_among(const char *option, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    size_t connections = argc > 1 ? (size_t)atol(argv[1]) : 3000;
    pthread_t busy[THREADS];
    unsigned seeds[THREADS];
    only_private = is_among("private", argc, argv);
    must(freopen("/dev/null", "w", stdout) != NULL);
    doing("serving with a sans-I/O handler");
    struct footprint alone = footprint_now();
    for (size_t i = 0; i < THREADS; i++) {
        seeds[i] = (unsigned)i;
        must(pthread_create(&busy[i], NULL, be_busy, &seeds[i]) == 0);
    }
    run_servers(connections, false);
    doing("serving with a blocking handler");
    if (!is_among("sans-io", argc, argv))
        run_servers(connections, true);
    doing("waiting for the busy threads");
    enough = true;
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(busy[i], NULL);
    footprint_wait(alone);
    return 0;
}
