/* successor.c - see successor.h. */
#include "cli/successor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/notify.h"

/* Whoever waits looks so often whether it still should: that is said by a signal handler. */
#define LOOK_MS 50

static char *program; /* its whole path; NULL: not known */
static char **arguments;

/* A child of mode fork writes its title over argv. Without memory there are none. */
static void copy_arguments(char *argv[])
{
    size_t count = 0;
    while (argv[count])
        count++;
    arguments = calloc(count + 1, sizeof *arguments);
    for (size_t i = 0; arguments && i < count; i++) {
        arguments[i] = strdup(argv[i]);
        if (!arguments[i])
            arguments = NULL; /* for good: fewer would mean something else */
    }
}

/* The name by which the kernel was asked for the file (AT_EXECFN): /proc/self/exe would name the
 * file that a link led to then. It is asked where a descriptor was given instead of a name. */
void successor_remember(char *argv[])
{
    unsigned long value = getauxval(AT_EXECFN);
    const char *file;
    memcpy(&file, &value, sizeof file);
    copy_arguments(argv);
    if (!file || strncmp(file, "/dev/fd/", strlen("/dev/fd/")) == 0) {
        program = realpath("/proc/self/exe", NULL);
        return;
    }
    if (*file == '/') {
        program = strdup(file);
        return;
    }
    while (strncmp(file, "./", 2) == 0)
        file += 2;
    char *directory = getcwd(NULL, 0);
    if (!directory || asprintf(&program, "%s/%s", directory, file) < 0)
        program = NULL;
    free(directory);
}

const char *successor_program(void)
{
    return program;
}

/* ---- Start ------------------------------------------------------------------------------- */

/* Ours, with what the new process is told. The list is to be freed; the strings are ours. */
static char **make_environment(char *takeover)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **list = malloc((count + 3) * sizeof *list);
    if (!list)
        return NULL;
    memcpy(list, environ, count * sizeof *list);
    list[count++] = takeover;
    list[count] = (char *)(uintptr_t)notify_variable(); /* NULL: it ends here */
    list[count + 1] = NULL;
    return list;
}

/* The descriptors under the numbers that takeover.h tells. */
static int add_descriptors(const struct successor *s, posix_spawn_file_actions_t *actions,
                           int ready)
{
    size_t count = s->listeners + s->with_control;
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(actions, s->fds[i], TAKEOVER_FIRST_FD + (int)i);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, ready, TAKEOVER_FIRST_FD + (int)count);
    return error;
}

/* As they were for us: what we block, and ignore, is our own business. */
static int set_signals(posix_spawnattr_t *attributes, const sigset_t *mask)
{
    sigset_t ignored;
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    int error =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, mask);
    return error == 0 ? posix_spawnattr_setsigdefault(attributes, &ignored) : error;
}

static int spawn(struct successor *s, int ready)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char takeover[sizeof TAKEOVER_VARIABLE + 40];
    snprintf(takeover, sizeof takeover, TAKEOVER_VARIABLE "=%d:%zu:%d:%d", (int)getpid(),
             s->listeners, (int)s->with_control, (int)s->alone);
    char **environment = make_environment(takeover);
    if (!environment)
        return ENOMEM;
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawnattr_init(&attributes);
        if (error == 0) {
            error = add_descriptors(s, &actions, ready);
            if (error == 0)
                error = set_signals(&attributes, &s->mask);
            if (error == 0)
                error =
                    posix_spawn(&s->pid, program, &actions, &attributes, arguments, environment);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    free(environment);
    return error;
}

void successor_close_fds(struct successor *s)
{
    size_t count = s->listeners + s->with_control;
    for (size_t i = 0; i < count; i++)
        close(s->fds[i]);
    s->listeners = s->with_control = 0;
}

int successor_start(struct successor *s)
{
    int ends[2];
    int error = 0;
    errno = arguments ? ENOENT : ENOMEM;
    if (!program || !arguments || pipe2(ends, O_CLOEXEC) < 0) {
        error = errno;
        successor_close_fds(s);
        return error;
    }
    int above = fcntl(ends[1], F_DUPFD_CLOEXEC, s->lowest_fd);
    error = above < 0 ? errno : spawn(s, above);
    if (above >= 0)
        close(above);
    close(ends[1]);
    successor_close_fds(s);
    s->ready = ends[0];
    if (error != 0)
        close(ends[0]);
    return error;
}

/* ---- Wait -------------------------------------------------------------------------------- */

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int successor_kill(struct successor *s)
{
    int status = 0;
    /* A program with more rights than ours cannot be killed: nobody waits for it then. */
    bool is_mortal = kill(s->pid, SIGKILL) == 0;
    while (waitpid(s->pid, &status, is_mortal ? 0 : WNOHANG) < 0 && errno == EINTR)
        continue;
    return status;
}

static const char *describe_end(int status, char *buf, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(buf, size, "it ended by signal %d", WTERMSIG(status));
    else
        snprintf(buf, size, "it ended with exit status %d", WEXITSTATUS(status));
    return buf;
}

enum said { NOTHING_YET, READY, SOMETHING_ELSE, THE_END };

/* Reads on in the line that begins with "ready ", whose rest says nothing that we do not know. */
static enum said read_line(int fd, char *line, size_t size, size_t *length)
{
    static const char beginning[] = "ready ";
    ssize_t count = read(fd, line + *length, size - *length);
    if (count < 0 && errno == EINTR)
        return NOTHING_YET;
    if (count <= 0)
        return THE_END;
    *length += (size_t)count;
    bool is_complete = line[*length - 1] == '\n';
    if (*length > strlen(beginning))
        *length = strlen(beginning);
    if (memcmp(line, beginning, *length) != 0)
        return SOMETHING_ELSE;
    return is_complete ? READY : NOTHING_YET;
}

const char *successor_wait(struct successor *s, int64_t ms, bool (*go_on)(void), char *buf,
                           size_t size)
{
    char line[256];
    size_t length = 0;
    enum said said = NOTHING_YET;
    int64_t end_ms = clock_ms() + ms;
    int64_t left_ms = ms;
    struct pollfd ready = {.fd = s->ready, .events = POLLIN};
    while (said == NOTHING_YET && left_ms > 0 && go_on()) {
        int count = poll(&ready, 1, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
        if (count > 0)
            said = read_line(s->ready, line, sizeof line, &length);
        else if (count < 0) /* the kernel is short of memory: without haste */
            nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
        left_ms = end_ms - clock_ms();
    }
    close(s->ready);
    if (said == READY && go_on())
        return NULL;
    int status = successor_kill(s);
    if (said == THE_END)
        return describe_end(status, buf, size);
    if (said == SOMETHING_ELSE)
        return "it does not say that it is ready, but something else, and was killed";
    return "it was not ready in time (--restart), and was killed";
}
