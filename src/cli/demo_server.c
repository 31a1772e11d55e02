/* demo_server.c - see demo_server.h. */
#include "cli/demo_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/demo_faults.h"

/* The kernel's limit of core files does not hold for those that go to a program (core(5)). */
static void leave_no_core(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

/* In the child; tells its port through the pipe. */
static _Noreturn void serve(enum thrdsrv_mode mode, int ready)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    char address[128];
    config.serve = demo_faults_serve;
    config.name = "demo";
    config.listen = listen;
    config.listen_count = 1;
    config.mode = mode;
    config.slots = 8;
    config.log = thrdsrv_log_stderr;
    config.log_level = THRDSRV_LOG_ERROR;
    if (thrdsrv_server_create(&config, &server) < 0)
        _exit(1);
    thrdsrv_server_address(server, 0, address, sizeof address);
    const char *port = strrchr(address, ':') + 1;
    if (write(ready, port, strlen(port)) < 0)
        _exit(1);
    close(ready);
    thrdsrv_server_run(server);
    _exit(0);
}

static _Noreturn void be_the_server(pid_t parent, enum thrdsrv_mode mode, int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it ended before we asked for the signal */
        _exit(1);
    leave_no_core();
    signal(SIGCHLD, SIG_DFL); /* inherited as ignored it would hide how children end */
    serve(mode, ready);
}

static int read_port(int ready, uint16_t *port)
{
    char text[16];
    ssize_t length;
    do
        length = read(ready, text, sizeof text - 1);
    while (length < 0 && errno == EINTR);
    text[length > 0 ? length : 0] = '\0';
    *port = (uint16_t)atoi(text);
    return *port > 0 ? 0 : -1;
}

int demo_server_start(struct demo_server *server, enum thrdsrv_mode mode)
{
    int ready[2];
    pid_t parent = getpid();
    *server = (struct demo_server){0};
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* its children are ours when it is gone */
    signal(SIGCHLD, SIG_DFL);
    fflush(NULL); /* exit(3), one of the faults, would write it again */
    if (pipe(ready) == 0 && (server->pid = fork()) == 0) {
        close(ready[0]);
        be_the_server(parent, mode, ready[1]);
    }
    if (server->pid <= 0) {
        fprintf(stderr, "thrd: cannot start a process for the demo: %s\n", strerror(errno));
        return -1;
    }
    close(ready[1]);
    int status = read_port(ready[0], &server->port);
    close(ready[0]);
    if (status < 0) {
        fprintf(stderr, "thrd: the server of the demo did not start\n");
        demo_server_end(server);
    }
    return status;
}

bool demo_server_has_ended(struct demo_server *server, int milliseconds)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (; server->pid > 0; milliseconds--) {
        if (waitpid(server->pid, &server->status, WNOHANG) == server->pid)
            server->pid = 0;
        else if (milliseconds <= 0)
            return false;
        else
            nanosleep(&pause, NULL);
    }
    return true;
}

int64_t demo_server_memory(const struct demo_server *server)
{
    char path[64];
    long pages;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)server->pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    bool told = fscanf(file, "%*d %ld", &pages) == 1;
    fclose(file);
    return told ? (int64_t)pages * sysconf(_SC_PAGESIZE) : -1;
}

static int64_t cpu_ns_of(pid_t pid)
{
    clockid_t clock;
    struct timespec time;
    if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0)
        return 0;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t demo_server_cpu_ns(const struct demo_server *server, pid_t worker)
{
    return cpu_ns_of(server->pid) + (worker != server->pid ? cpu_ns_of(worker) : 0);
}

/* Children of a server that is gone get the signal that they asked for, and then are ours. */
void demo_server_end(struct demo_server *server)
{
    if (server->pid > 0)
        kill(server->pid, SIGKILL);
    server->pid = 0;
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}
