/* target.c - starting and stopping the servers that are measured; see target.h. */
#include "bench/target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/free_port.h"
#include "client/endpoint.h"
#include "client/monotonic.h"

#define START_LIMIT_MS 10000
#define STOP_GRACE_MS  2000

/* Longest silence in which nobody looks whether a signal asks us to end. */
#define LOOK_MS 50

/* Exit statuses of ours after a stop: all clients had gone, or some were cut after --drain. */
enum { OURS_DRAINED = 0, OURS_CUT = 3 };

/* How a start ended. */
enum outcome {
    READY = 0,
    ENDED,       /* the server has */
    LATE,        /* not ready within the limit */
    INTERRUPTED, /* a signal asked us to end */
    UNKNOWN,     /* it said something else than that it is ready */
};

/* A start that is under way. */
struct start {
    const struct target_options *options;
    struct target_process *process;
    int64_t deadline_ms;
};

static int limit_ms(const struct target_options *options)
{
    return options->start_limit_ms > 0 ? options->start_limit_ms : START_LIMIT_MS;
}

/* Whether to go on waiting. */
static enum outcome look(const struct start *start)
{
    const volatile sig_atomic_t *stop_requested = start->options->stop_requested;
    if (stop_requested && *stop_requested)
        return INTERRUPTED;
    return monotonic_ms() >= start->deadline_ms ? LATE : READY;
}

static void set_address(struct target_process *process, const struct endpoint *endpoint)
{
    process->address = endpoint->address;
    process->address_length = endpoint->length;
}

/* ---- How it ended, in words ---------------------------------------------------------------- */

/* " with exit status 2: what it said last", or " by signal 11 (Segmentation fault)…". */
static void describe_end(const struct child *child, int status, char *text, size_t size)
{
    char line[CHILD_LINE_SIZE];
    char how[80];
    child_last_line(child, line);
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "with exit status %d", WEXITSTATUS(status));
    snprintf(text, size, "%s%s%s", how, line[0] ? ": " : "", line);
}

/* Ends a server whose start has failed and says why. */
static int give_up(const struct start *start, enum outcome outcome, char *error, size_t size)
{
    struct child *child = &start->process->child;
    struct child_end end;
    struct rusage usage;
    char text[CHILD_LINE_SIZE + 100], line[CHILD_LINE_SIZE], where[32] = "";
    if (start->process->kind == TARGET_COMMAND)
        snprintf(where, sizeof where, " at 127.0.0.1:%u",
                 ntohs(((const struct sockaddr_in *)&start->process->address)->sin_port));
    child_stop(child, outcome == ENDED ? 0 : STOP_GRACE_MS, &end, &usage);
    child_last_line(child, line);
    describe_end(child, end.status, text, sizeof text);
    if (outcome == ENDED)
        snprintf(error, size, "the server ended before it was ready, %s", text);
    else if (outcome == INTERRUPTED)
        snprintf(error, size, "interrupted before the server was ready");
    else if (outcome == UNKNOWN)
        snprintf(error, size, "the server did not say where it listens");
    else
        snprintf(error, size, "the server accepted no connection%s within %g s%s%s", where,
                 limit_ms(start->options) / 1000.0, line[0] ? "; it said: " : "", line);
    child_forget(child);
    return -1;
}

/* ---- Ours -------------------------------------------------------------------------------- */

enum { ARGUMENTS_MAX = 16, ARGUMENT_SIZE = 64 };

struct arguments {
    char text[ARGUMENTS_MAX][ARGUMENT_SIZE];
    char *argv[ARGUMENTS_MAX + 1];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *arguments,
                                                      const char *format, ...)
{
    va_list values;
    char *text = arguments->text[arguments->count];
    va_start(values, format);
    vsnprintf(text, ARGUMENT_SIZE, format, values);
    va_end(values);
    arguments->argv[arguments->count++] = text;
    arguments->argv[arguments->count] = NULL;
}

/* No timeout may cut a connection that is held, and none is refused. */
static void set_arguments(struct arguments *arguments, const struct target *target,
                          const struct target_options *options)
{
    arguments->count = 0;
    add(arguments, "thrd");
    add(arguments, "--mode=%s", target->mode);
    add(arguments, "--handler=%s", options->handler);
    add(arguments, "--slots=%u", options->slots);
    add(arguments, "--listen=127.0.0.1:0");
    add(arguments, "--ready-fd=3");
    add(arguments, "--when-full=wait");
    add(arguments, "--idle=off");
    add(arguments, "--first-byte=off");
    add(arguments, "--write-stall=off");
    add(arguments, "--drain=1s");
    add(arguments, "--log=error");
    if (options->starts_workers)
        add(arguments, "--park=off");
    if (options->ballast_bytes > 0)
        add(arguments, "--ballast=%" PRId64, options->ballast_bytes);
}

/* The server has closed its end of the descriptor without a word, which it does last. */
static enum outcome wait_for_end(const struct start *start)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    while (!child_has_ended(&start->process->child)) {
        enum outcome outcome = look(start);
        if (outcome != READY)
            return outcome;
        nanosleep(&pause, NULL);
    }
    return ENDED;
}

/* Reads the ready line, which ends with a newline. */
static enum outcome read_ready_line(const struct start *start, int fd, char *line, size_t size)
{
    size_t length = 0;
    for (;;) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        enum outcome outcome = look(start);
        if (outcome != READY)
            return outcome;
        if (poll(&readable, 1, LOOK_MS) <= 0)
            continue;
        ssize_t got = read(fd, line + length, size - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return length < size - 1 ? wait_for_end(start) : UNKNOWN;
        length += (size_t)got;
        line[length] = '\0';
        if (memchr(line, '\n', length))
            return READY;
    }
}

/* "ready listen=127.0.0.1:43211 mode=thread handler=echo pid=4711\n" */
static enum outcome parse_ready_line(struct target_process *process, char *line)
{
    static const char word[] = " listen=";
    struct endpoint endpoint;
    char why[ARGUMENT_SIZE];
    char *address = strstr(line, word);
    if (!address)
        return UNKNOWN;
    address += strlen(word);
    address[strcspn(address, " \n")] = '\0';
    if (endpoint_resolve(address, &endpoint, 1, why, sizeof why) != 1)
        return UNKNOWN;
    set_address(process, &endpoint);
    return READY;
}

static int start_ours(const struct target *target, const struct start *start, char *error,
                      size_t size)
{
    /* A link to the very file that runs, wherever it is by now. The new process will see its own,
     * but until it has become another program that is the same one. */
    static const char running[] = "/proc/self/exe";
    const struct target_options *options = start->options;
    const char *program = options->program ? options->program : running;
    struct arguments arguments;
    char line[512];
    int ready[2];
    set_arguments(&arguments, target, options);
    int started = pipe2(ready, O_CLOEXEC);
    if (started == 0) {
        started = child_start(program, arguments.argv, ready[1], &start->process->child);
        close(ready[1]);
        if (started < 0)
            close(ready[0]);
    }
    if (started < 0) {
        snprintf(error, size, "cannot start %s --mode=%s: %s", program, target->mode,
                 strerror(errno));
        return -1;
    }
    enum outcome outcome = read_ready_line(start, ready[0], line, sizeof line);
    close(ready[0]);
    if (outcome == READY)
        outcome = parse_ready_line(start->process, line);
    return outcome == READY ? 0 : give_up(start, outcome, error, size);
}

/* ---- A command --------------------------------------------------------------------------- */

static const char port_mark[] = "{port}";

/* The command with every {port} replaced, the caller's to free(). NULL: no memory. */
static char *insert_port(const char *command, in_port_t port)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return NULL;
    for (const char *mark = strstr(command, port_mark); mark; mark = strstr(command, port_mark)) {
        fprintf(stream, "%.*s%u", (int)(mark - command), command, (unsigned)port);
        command = mark + strlen(port_mark);
    }
    fputs(command, stream);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

/* Asks until somebody answers. */
static enum outcome wait_for_listener(const struct start *start, const struct endpoint *endpoint)
{
    long pause_ms = 1;
    for (;;) {
        int refused = endpoint_try(endpoint, LOOK_MS);
        if (child_has_ended(&start->process->child))
            return ENDED; /* also when somebody else answers, who took the port away from it */
        if (refused == 0)
            return READY;
        enum outcome outcome = look(start);
        if (outcome != READY)
            return outcome;
        const struct timespec pause = {.tv_nsec = pause_ms * 1000000};
        nanosleep(&pause, NULL);
        pause_ms = pause_ms * 2 > LOOK_MS ? LOOK_MS : pause_ms * 2;
    }
}

static int start_shell(const char *command, in_port_t port, struct child *child)
{
    char shell[] = "sh", option[] = "-c";
    char *text = insert_port(command, port);
    if (!text)
        return -1;
    char *const argv[] = {shell, option, text, NULL};
    int result = child_start("/bin/sh", argv, -1, child);
    int saved_errno = errno;
    free(text);
    errno = saved_errno;
    return result;
}

static int start_command(const struct target *target, const struct start *start, char *error,
                         size_t size)
{
    if (!strstr(target->command, port_mark)) {
        snprintf(error, size, "the command has no {port}, where the port to listen on is put: %s",
                 target->command);
        return -1;
    }
    in_port_t port = free_port();
    if (port == 0 || start_shell(target->command, port, &start->process->child) < 0) {
        snprintf(error, size, "cannot start '%s': %s", target->command, strerror(errno));
        return -1;
    }
    struct endpoint endpoint = endpoint_on_loopback(port);
    set_address(start->process, &endpoint);
    enum outcome outcome = wait_for_listener(start, &endpoint);
    return outcome == READY ? 0 : give_up(start, outcome, error, size);
}

/* ---- One that runs already ----------------------------------------------------------------- */

static int find_running(const struct target *target, const struct start *start, char *error,
                        size_t size)
{
    struct endpoint endpoints[8];
    int refused = ENOENT;
    int count = endpoint_resolve(target->address, endpoints, 8, error, size);
    if (count < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        int64_t left_ms = start->deadline_ms - monotonic_ms();
        refused = endpoint_try(&endpoints[i], left_ms > 0 ? (int)left_ms : 0);
        if (refused == 0) {
            set_address(start->process, &endpoints[i]);
            return 0;
        }
    }
    snprintf(error, size, "cannot connect to %.100s: %s; the server has to run already",
             target->address, strerror(refused));
    return -1;
}

/* ---- All kinds --------------------------------------------------------------------------- */

int target_start(const struct target *target, const struct target_options *options,
                 struct target_process *process, char *error, size_t size)
{
    const struct start start = {options, process, monotonic_ms() + limit_ms(options)};
    int result;
    *process = (struct target_process){.kind = target->kind, .child.log = -1};
    if (target->kind == TARGET_OURS)
        result = start_ours(target, &start, error, size);
    else if (target->kind == TARGET_COMMAND)
        result = start_command(target, &start, error, size);
    else
        result = find_running(target, &start, error, size);
    process->pid = result == 0 ? process->child.pid : 0;
    return result;
}

bool target_is_alive(const struct target_process *process)
{
    return process->kind == TARGET_RUNNING || !child_has_ended(&process->child);
}

/* Whether a server that is told to end may end so. A shell tells a signal as a status above 128. */
static bool is_orderly(enum target_kind kind, int status)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGTRAP};
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (kind == TARGET_OURS)
        return code == OURS_DRAINED || code == OURS_CUT || code == 128 + SIGKILL;
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        if (code == 128 + crashes[i])
            return false;
    return true;
}

int target_stop(struct target_process *process, struct rusage *usage, char *error, size_t size)
{
    struct rusage used = {0};
    struct child_end end = {0};
    char text[CHILD_LINE_SIZE + 100];
    if (process->kind != TARGET_RUNNING) {
        child_stop(&process->child, STOP_GRACE_MS, &end, &used);
        describe_end(&process->child, end.status, text, sizeof text);
        child_forget(&process->child);
    }
    if (usage)
        *usage = used;
    if (end.left_over != 0)
        snprintf(error, size, "process %d of the server cannot be ended; is it another user's?",
                 (int)end.left_over);
    else if (end.was_over)
        snprintf(error, size, "the server ended while it was measured, %s", text);
    else if (process->kind != TARGET_RUNNING && !is_orderly(process->kind, end.status))
        snprintf(error, size, "the server did not end in good order, but %s", text);
    else
        return 0;
    process->pid = 0;
    return -1;
}
