/* target - see target.h. */
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "kinds.h"
#include "log_lines.h"
#include "patience.h"

enum { LOG_PIPE = 1 << 20, STOP_MS = 20000 };

const char *const counter_names[COUNTERS] = {
    "accepted",
    "active",
    "peak",
    "served",
    "refused_full",
    "refused_admission",
    "spawn_failures",
    "idle",
    "first_byte",
    "write_stall",
    "lifetime",
    "rate",
    "accept_errors_conn",
    "accept_errors_system",
    "bytes_in",
    "bytes_out",
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "soak: %s: %s\n", what, strerror(errno));
    exit(1);
}

static _Noreturn void be_the_server(const struct target *target, const struct target_setup *setup,
                                    int out, int log)
{
    char mode[32], slots[32], handler[32], full[64], park[64], first[32], idle[32], stall[32],
        lifetime[32], rate[48];
    snprintf(mode, sizeof mode, "--mode=%s", setup->mode);
    snprintf(slots, sizeof slots, "--slots=%u", setup->slots);
    snprintf(handler, sizeof handler, "--handler=%s", target->handler);
    snprintf(full, sizeof full, "--when-full=%s%s", target->policy,
             strcmp(target->policy, "busy") == 0 ? ":full, try again" : "");
    snprintf(park, sizeof park, "--park=%s", setup->park != NULL ? setup->park : "1s");
    snprintf(first, sizeof first, "--first-byte=%dms", (int)allow_ms(LIMIT_FIRST_BYTE_MS));
    snprintf(idle, sizeof idle, "--idle=%dms", (int)allow_ms(LIMIT_IDLE_MS));
    snprintf(stall, sizeof stall, "--write-stall=%dms", (int)allow_ms(LIMIT_WRITE_STALL_MS));
    snprintf(lifetime, sizeof lifetime, "--lifetime=%dms", (int)allow_ms(LIMIT_LIFETIME_MS));
    snprintf(rate, sizeof rate, "--min-rate=%d/%dms", (int)allow_ms(LIMIT_RATE_BYTES),
             (int)allow_ms(LIMIT_RATE_MS));
    if (dup2(out, 1) < 0 || dup2(log, 2) < 0)
        _exit(126);
    if (setup->preload != NULL)
        setenv("LD_PRELOAD", setup->preload, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Without --park, where nothing was asked for, its default is what endures. */
    execl(setup->program, setup->program, "--listen=127.0.0.1:0", mode, slots, handler, full, first,
          idle, stall, lifetime, rate, setup->park != NULL ? park : NULL, NULL);
    dprintf(2, "cannot run %s: %s\n", setup->program, strerror(errno));
    _exit(127);
}

/* The ready line; where none comes, what the server said instead. */
static void read_ready_line(struct target *target, int out)
{
    char line[512];
    char address[128];
    size_t size = 0;
    struct pollfd pollfd = {.fd = out, .events = POLLIN};
    int64_t deadline = patience();
    while (size < sizeof line - 1 && poll(&pollfd, 1, time_left(deadline)) > 0 &&
           read(out, line + size, 1) == 1 && line[size] != '\n')
        size++;
    line[size] = '\0';
    char *port = NULL;
    if (log_line_value(line, "listen", address, sizeof address) != NULL)
        port = strrchr(address, ':');
    if (port == NULL) {
        target_read_log(target);
        fprintf(stderr, "soak: the server does not get ready: %s\n", line);
        exit(1);
    }
    target->address = (struct sockaddr_in){.sin_family = AF_INET,
                                           .sin_port = htons((uint16_t)atoi(port + 1)),
                                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

void target_start(struct target *target, const struct target_setup *setup)
{
    int out[2];
    int log[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(log, O_CLOEXEC) != 0)
        die("pipe");
    fcntl(log[0], F_SETPIPE_SZ, LOG_PIPE);
    fcntl(log[0], F_SETFL, O_NONBLOCK);
    target->started_ms = now_ms();
    target->pid = fork();
    if (target->pid < 0)
        die("fork");
    if (target->pid == 0)
        be_the_server(target, setup, out[1], log[1]);
    close(out[1]);
    close(log[1]);
    target->log = log[0];
    read_ready_line(target, out[0]);
    close(out[0]);
}

static void take_counters(struct target *target, const char *line)
{
    for (int i = 0; i < COUNTERS; i++)
        target->counters.value[i] = log_line_number(line, counter_names[i]);
    target->dumps++;
}

/* "connection refused" comes at most once a second; all other warnings are unexpected. */
static void look_at_warning(struct target *target, const char *line)
{
    target->warnings++;
    if (strcmp(target->policy, "wait") == 0 ||
        !log_line_matches(line, "msg=\"connection refused\" reason=full"))
        fault("%s: unexpected in the log: %s", target->policy, line);
    else if ((int64_t)target->warnings > (now_ms() - target->started_ms) / 1000 + 2)
        fault("%s: more than a warning a second in the log", target->policy);
}

static void look_at_line(struct target *target, const char *line)
{
    static const char *const usual[] = {"msg=server",  "msg=slot", "msg=counters", "msg=start",
                                        "msg=quiesce", "msg=cut",  "msg=stop"};
    target->log_lines++;
    if (log_line_matches(line, "level=warn")) {
        look_at_warning(target, line);
        return;
    }
    if (log_line_matches(line, "level=notice msg=counters"))
        take_counters(target, line);
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strncmp(line, "time=", 5) == 0 && log_line_matches(line, "level=notice") &&
            log_line_matches(line, usual[i])) {
            target->has_stopped = log_line_matches(line, "msg=stop");
            return;
        }
    fault("%s: unexpected in the log: %s", target->policy, line);
}

static void take_text(struct target *target, const char *text, size_t size)
{
    target->log_bytes += size;
    for (size_t i = 0; i < size; i++) {
        bool ends = text[i] == '\n' || target->line_size == sizeof target->line - 1;
        if (!ends) {
            target->line[target->line_size++] = text[i];
            continue;
        }
        target->line[target->line_size] = '\0';
        target->line_size = 0;
        look_at_line(target, target->line);
    }
}

bool target_read_log(struct target *target)
{
    char text[16384];
    ssize_t size;
    while ((size = read(target->log, text, sizeof text)) > 0)
        take_text(target, text, (size_t)size);
    return size < 0 && (errno == EAGAIN || errno == EINTR);
}

void target_ask_for_dump(const struct target *target)
{
    kill(target->pid, SIGUSR1);
}

bool target_is_gone(const struct target *target)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)target->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == target->pid;
}

int target_stop(struct target *target)
{
    struct pollfd pollfd = {.fd = target->log, .events = POLLIN};
    int64_t deadline = now_ms() + allow_ms(STOP_MS);
    int status;
    kill(target->pid, SIGTERM);
    while (target_read_log(target) && time_left(deadline) > 0)
        poll(&pollfd, 1, time_left(deadline));
    bool late = time_left(deadline) == 0;
    if (late)
        kill(target->pid, SIGKILL);
    if (waitpid(target->pid, &status, 0) != target->pid || late)
        return -1;
    close(target->log);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
