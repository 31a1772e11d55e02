/* host.c - a program that the library is a part of: host PART thread|fork. Its own calls do not
 * fail; those that the library makes for it do. SIGTERM ends it. Status 0: all servers stopped as
 * they should; 1: one could not be had, or gave up, and the log says why; 9: something was left
 * over. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

#include <thrdsrv/server.h>

#include "faults.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

static enum thrdsrv_mode mode;

static struct thrdsrv_config usual(void)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    config.handler = &thrdsrv_echo;
    config.listen = listen;
    config.listen_count = 1;
    config.mode = mode;
    config.slots = 4;
    config.park_ms = 1;
    config.drain_ms = 9000;
    config.log = thrdsrv_log_stderr;
    return config;
}

static void await_sigterm(void)
{
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    while (sigwait(&set, &number) != 0)
        continue;
}

static struct thrdsrv_server *create(const struct thrdsrv_config *config)
{
    struct thrdsrv_server *server;
    int error = thrdsrv_server_create(config, &server);
    if (error == 0)
        return server;
    fprintf(stderr, "time=0 level=error msg=\"cannot create the server\" error=\"%s\"\n",
            thrdsrv_strerror(error));
    exit(1);
}

/* As server.h says, it may be tried again. */
static void start(struct thrdsrv_server *server)
{
    for (int tries = 0; tries < 3; tries++)
        if (thrdsrv_server_start(server) == 0)
            return;
    fprintf(stderr, "time=0 level=error msg=\"cannot create the server\" error=\"no thread\"\n");
    exit(1);
}

static int finish(struct thrdsrv_server *server)
{
    thrdsrv_server_quiesce(server);
    int error = thrdsrv_server_wait(server);
    thrdsrv_server_destroy(server);
    return error == 0 ? 0 : 1;
}

static int serve(const struct thrdsrv_config *config)
{
    struct thrdsrv_server *server = create(config);
    start(server);
    await_sigterm();
    return finish(server);
}

/* ---- The parts ----------------------------------------------------------------------------- */

static int part_start(void)
{
    struct thrdsrv_config config = usual();
    return serve(&config);
}

static int answer_lines(struct thrdsrv_conn *conn, void *user)
{
    char line[200];
    (void)user;
    int error = thrdsrv_conn_printf(conn, "%s\n", "hello");
    while (error >= 0) {
        thrdsrv_conn_set_deadline(conn, 5000);
        ssize_t length = thrdsrv_conn_read_line(conn, line, sizeof line);
        if (length < 0)
            return length == THRDSRV_E_EOF ? 0 : (int)length;
        error = thrdsrv_conn_printf(conn, "%s\n", line);
    }
    return error;
}

static int part_lines(void)
{
    struct thrdsrv_config config = usual();
    config.handler = NULL;
    config.serve = answer_lines;
    return serve(&config);
}

static bool admit(const struct thrdsrv_arrival *arrival, void *user)
{
    static unsigned count;
    (void)arrival, (void)user;
    return ++count != 2;
}

static void on_start(struct thrdsrv_conn *conn, void *user)
{
    (void)conn, (void)user;
}

static void on_end(const struct thrdsrv_end *end, void *user)
{
    (void)end, (void)user;
}

static int part_hooks(void)
{
    struct thrdsrv_config config = usual();
    config.admit = admit;
    config.on_start = on_start;
    config.on_end = on_end;
    return serve(&config);
}

static int part_two(void)
{
    struct thrdsrv_config config = usual();
    struct thrdsrv_server *one = create(&config), *other = create(&config);
    start(one);
    start(other);
    await_sigterm();
    int error = finish(one);
    return finish(other) + error > 0;
}

/* Lets the clients in by itself, until SIGTERM comes. */
static void accept_for(struct thrdsrv_server *server, int listener, int signals)
{
    struct pollfd pollfds[] = {{.fd = listener, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
    while (poll(pollfds, ARRAY_SIZE(pollfds), -1) > 0 && !pollfds[1].revents) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && thrdsrv_server_adopt(server, fd) < 0)
            close(fd);
    }
}

static int part_adopt(void)
{
    struct thrdsrv_config config = usual();
    struct sockaddr_in address = {.sin_family = AF_INET};
    sigset_t set;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0)
        return 9;
    fault_note_listener(listener);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    config.adopt = true;
    config.listen_count = 0;
    struct thrdsrv_server *server = create(&config);
    start(server);
    accept_for(server, listener, signals);
    return finish(server);
}

static int stop_at_second(struct thrdsrv_conn *conn, void *user)
{
    char line[200];
    (void)user;
    for (int count = 1;; count++) {
        ssize_t length = thrdsrv_conn_read_line(conn, line, sizeof line);
        if (length < 0)
            return length == THRDSRV_E_EOF ? 0 : (int)length;
        if (count == 2)
            thrdsrv_server_quiesce(thrdsrv_conn_server(conn));
        int error = thrdsrv_conn_printf(conn, "%s\n", line);
        if (error < 0)
            return error;
    }
}

/* Whoever is left out by a fault does not stop it: then SIGTERM does. */
static int part_stop(void)
{
    struct thrdsrv_config config = usual();
    config.handler = NULL;
    config.serve = stop_at_second;
    struct thrdsrv_server *server = create(&config);
    start(server);
    int error = thrdsrv_server_wait(server);
    thrdsrv_server_destroy(server);
    return error == 0 ? 0 : 1;
}

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* What cannot be had now may be had the next time; nothing may be left of either. */
static void cycle(const struct thrdsrv_config *config)
{
    struct thrdsrv_server *server;
    if (thrdsrv_server_create(config, &server) < 0)
        return;
    if (thrdsrv_server_start(server) == 0) {
        thrdsrv_server_stop(server);
        thrdsrv_server_wait(server);
    }
    thrdsrv_server_destroy(server);
}

static int part_cycles(void)
{
    static const char *const listen[] = {"localhost:0"};
    struct thrdsrv_config config = usual();
    config.listen = listen;
    config.adopt = true;
    int fds = count_entries("/proc/self/fd"), tasks = count_entries("/proc/self/task");
    for (int i = 0; i < 3; i++)
        cycle(&config);
    int fds_left = count_entries("/proc/self/fd") - fds;
    int tasks_left = count_entries("/proc/self/task") - tasks;
    if (fds_left == 0 && tasks_left == 0)
        return 0;
    fprintf(stderr, "left over: %d descriptors, %d threads\n", fds_left, tasks_left);
    return 9;
}

/* A destructor of the host's runs when the worker's work is done. */
static pthread_key_t key;

static void end_slowly(void *value)
{
    const struct timespec pause = {.tv_nsec = 150000000};
    (void)value;
    nanosleep(&pause, NULL);
}

static void set_key(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    pthread_setspecific(key, conn);
}

static int part_slow_end(void)
{
    struct thrdsrv_config config = usual();
    pthread_key_create(&key, end_slowly);
    config.on_start = set_key;
    config.park_ms = 2000;
    return serve(&config);
}

static int listen_blocking(char text[16])
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || listen(fd, 4) < 0) /* at a port of the kernel's choice */
        exit(9);
    snprintf(text, 16, "fd:%d", fd);
    return fd;
}

/* Sockets that are not taken stay as they were; those that are, are closed in the end. */
static int part_inherited(void)
{
    char texts[2][16];
    const char *const listen[] = {texts[0], texts[1]};
    struct thrdsrv_config config = usual();
    struct thrdsrv_server *server;
    config.listen = listen;
    config.listen_count = 2;
    for (int tries = 0; tries < 3; tries++) {
        int fds[] = {listen_blocking(texts[0]), listen_blocking(texts[1])};
        bool taken = thrdsrv_server_create(&config, &server) == 0;
        for (int i = 0; i < 2; i++) {
            int flags = fcntl(fds[i], F_GETFL);
            bool blocks = flags >= 0 && (!(flags & O_NONBLOCK) || fault_stays());
            if (taken ? flags >= 0 : !blocks) {
                fprintf(stderr, "descriptor %d: flags %x\n", fds[i], (unsigned)flags);
                return 9;
            }
            if (!taken)
                close(fds[i]);
        }
        if (taken)
            thrdsrv_server_destroy(server);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} parts[] = {
    {"host_slow_end", part_slow_end}, {"host_inherited", part_inherited},
    {"host_start", part_start},       {"host_begin", part_start},
    {"host_lines", part_lines},       {"host_adopt", part_adopt},
    {"host_hooks", part_hooks},       {"host_two", part_two},
    {"host_cycles", part_cycles},     {"host_stop", part_stop},
};

int main(int argc, char **argv)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    mode = argc > 2 && strcmp(argv[2], "fork") == 0 ? THRDSRV_MODE_FORK : THRDSRV_MODE_THREAD;
    for (size_t i = 0; argc > 2 && i < ARRAY_SIZE(parts); i++)
        if (strcmp(argv[1], parts[i].name) == 0)
            return parts[i].run();
    fprintf(stderr, "usage: host PART thread|fork\n");
    return 2;
}
