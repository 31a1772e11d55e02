/* demo_experiment.c - see demo_experiment.h. */
#include "cli/demo_experiment.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli/demo_server.h"

#define PATIENCE_MS    5000 /* for what must come, or there is no experiment */
#define OWN_MS         900  /* for what may come: the word of the worker with the fault, */
#define OTHERS_MS      700  /* and of others; all may have to wait for a processor */
#define SETTLE_MS      30   /* for a worker to be gone after its client */
#define CPU_MS         100  /* to see whether anybody computes, */
#define CPU_LONG_MS    1000 /* and longer where the worker has not come back: it may wait too */
#define CPU_LOOK_MS    20

#define CPU_IDLE_NS    INT64_C(10000000)
#define CPU_CERTAIN_NS INT64_C(50000000)

/* ---- Clients ------------------------------------------------------------------------------- */

struct client {
    int fd;
    const char *expected; /* what must come; NULL: any line */
    char heard[64];
    size_t length;
    enum demo_fate fate; /* DEMO_SILENT: nothing yet */
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void let_pass(int64_t milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
        ;
}

/* A client that could not connect is one whose connection has ended. */
static struct client client_open(const struct demo_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    struct client client = {.fate = DEMO_SILENT};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client.fd < 0 || connect(client.fd, (struct sockaddr *)&address, sizeof address) < 0)
        client.fate = DEMO_ENDED;
    return client;
}

static void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

/* From here on the answer is waited for. */
static void client_say(struct client *client, const char *line, const char *expected)
{
    client->expected = expected;
    client->length = 0;
    client->fate = DEMO_SILENT;
    if (client->fd < 0 || send(client->fd, line, strlen(line), MSG_NOSIGNAL) < 0)
        client->fate = DEMO_ENDED;
}

static void client_hear(struct client *client)
{
    /* A byte at a time: what follows the line belongs to the next answer. */
    ssize_t count = recv(client->fd, client->heard + client->length, 1, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        client->fate = DEMO_ENDED;
        return;
    }
    client->length++;
    if (client->heard[client->length - 1] != '\n' && client->length < sizeof client->heard - 1)
        return;
    client->heard[client->length] = '\0';
    bool as_expected = !client->expected || strcmp(client->heard, client->expected) == 0;
    client->fate = as_expected ? DEMO_ANSWERED : DEMO_WRONG;
}

/* Until each client's fate is known, at most so long. */
static void await(struct client *clients, size_t count, int milliseconds)
{
    struct pollfd polled[DEMO_OTHERS + 1];
    int64_t deadline = now_ms() + milliseconds;
    for (;;) {
        bool known = true;
        for (size_t i = 0; i < count; i++) {
            bool waits = clients[i].fate == DEMO_SILENT;
            polled[i] = (struct pollfd){.fd = waits ? clients[i].fd : -1, .events = POLLIN};
            known = known && !waits;
        }
        int64_t left = deadline - now_ms();
        if (known || left <= 0 || (poll(polled, count, (int)left) < 0 && errno != EINTR))
            return;
        for (size_t i = 0; i < count; i++)
            if (polled[i].fd >= 0 && polled[i].revents != 0)
                client_hear(&clients[i]);
    }
}

/* ---- The experiment ------------------------------------------------------------------------ */

struct experiment {
    struct demo_server server;
    struct client others[DEMO_OTHERS + 1]; /* the last is the newcomer */
    struct client own;
    pid_t worker; /* the process that serves own */
};

static int prepare(struct experiment *e)
{
    bool answered = true;
    for (size_t i = 0; i < DEMO_OTHERS; i++) {
        e->others[i] = client_open(&e->server);
        client_say(&e->others[i], "before\n", "hello before\n");
    }
    await(e->others, DEMO_OTHERS, PATIENCE_MS);
    for (size_t i = 0; i < DEMO_OTHERS; i++)
        answered = answered && e->others[i].fate == DEMO_ANSWERED;
    e->own = client_open(&e->server);
    client_say(&e->own, "before\n", "hello before\n");
    await(&e->own, 1, PATIENCE_MS);
    if (answered && e->own.fate == DEMO_ANSWERED)
        return 0;
    fprintf(stderr, "thrd: the server of the demo does not answer, before any fault\n");
    return -1;
}

/* The worker says who it is, and then perhaps no more. */
static int bring_about(struct experiment *e, enum demo_fault fault)
{
    char line[32];
    long worker;
    snprintf(line, sizeof line, "%s\n", demo_fault_name(fault));
    client_say(&e->own, line, NULL);
    await(&e->own, 1, PATIENCE_MS);
    if (e->own.fate != DEMO_ANSWERED || sscanf(e->own.heard, "worker %ld", &worker) != 1) {
        fprintf(stderr, "thrd: the server of the demo does not begin with the fault %s\n",
                demo_fault_name(fault));
        return -1;
    }
    e->worker = (pid_t)worker;
    client_say(&e->own, "", "done\n");
    await(&e->own, 1, OWN_MS);
    return 0;
}

static void ask_others(struct experiment *e, struct demo_observation *observation)
{
    e->others[DEMO_OTHERS] = client_open(&e->server);
    for (size_t i = 0; i <= DEMO_OTHERS; i++)
        client_say(&e->others[i], "after\n", "hello after\n");
    await(e->others, DEMO_OTHERS + 1, OTHERS_MS);
    for (size_t i = 0; i < DEMO_OTHERS; i++)
        observation->others[e->others[i].fate]++;
    observation->newcomer = e->others[DEMO_OTHERS].fate;
}

/* Processors that are busy though nobody asks anything; 0: none to speak of. Looks for so long, or
 * until there is no doubt. */
static double busy_cores(const struct experiment *e, int milliseconds)
{
    int64_t began_ms = now_ms();
    int64_t before = demo_server_cpu_ns(&e->server, e->worker);
    int64_t used = 0, passed = 0;
    while (passed < milliseconds && used < CPU_CERTAIN_NS) {
        let_pass(CPU_LOOK_MS);
        used = demo_server_cpu_ns(&e->server, e->worker) - before;
        passed = now_ms() - began_ms;
    }
    return used < CPU_IDLE_NS ? 0 : (double)used / 1e6 / (double)passed;
}

/* Whether whoever still computes for a client that has left can be ended without the others. */
static bool can_kill_worker(struct experiment *e)
{
    if (e->worker == e->server.pid || kill(e->worker, SIGKILL) < 0)
        return false;
    let_pass(SETTLE_MS);
    client_say(&e->others[0], "killed\n", "hello killed\n");
    await(e->others, 1, OTHERS_MS);
    return e->others[0].fate == DEMO_ANSWERED && busy_cores(e, CPU_MS) == 0;
}

static int observe(struct experiment *e, struct demo_observation *observation)
{
    if (prepare(e) < 0)
        return -1;
    int64_t memory = demo_server_memory(&e->server);
    if (bring_about(e, observation->fault) < 0)
        return -1;
    observation->own = e->own.fate;
    client_close(&e->own);
    let_pass(SETTLE_MS);
    ask_others(e, observation);
    observation->server_ended =
        demo_server_has_ended(&e->server, observation->newcomer == DEMO_ENDED ? OWN_MS : 0);
    observation->status = e->server.status;
    if (observation->server_ended)
        return 0;
    observation->cores = busy_cores(e, observation->own == DEMO_SILENT ? CPU_LONG_MS : CPU_MS);
    int64_t memory_now = demo_server_memory(&e->server);
    observation->memory_is_told = memory >= 0 && memory_now >= 0;
    observation->memory_bytes = observation->memory_is_told ? memory_now - memory : 0;
    if (observation->cores > 0)
        observation->kill_ended_spin = can_kill_worker(e);
    return 0;
}

int demo_experiment_run(enum demo_fault fault, enum thrdsrv_mode mode,
                        struct demo_observation *observation)
{
    struct experiment e = {.own.fd = -1};
    *observation = (struct demo_observation){.fault = fault, .mode = mode};
    for (size_t i = 0; i <= DEMO_OTHERS; i++)
        e.others[i].fd = -1;
    if (demo_server_start(&e.server, mode) < 0)
        return -1;
    int status = observe(&e, observation);
    client_close(&e.own);
    for (size_t i = 0; i <= DEMO_OTHERS; i++)
        client_close(&e.others[i]);
    demo_server_end(&e.server);
    return status;
}
