/* process_launch - the program under test: its arguments and environment, fork and exec. */
#include "process_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "suite.h"

enum { ARGUMENTS = 64 };

struct arguments {
    char *argv[ARGUMENTS];
    size_t count;
};

static void add_argument(struct arguments *a, const char *text)
{
    assert_true(a->count < ARGUMENTS - 1);
    a->argv[a->count] = strdup(text);
    assert_non_null(a->argv[a->count]);
    a->argv[++a->count] = NULL;
}

static void free_arguments(struct arguments *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->argv[i]);
}

bool process_is_wrapped(void)
{
    const char *wrapper = getenv("THRD_WRAPPER");
    return wrapper != NULL && wrapper[0] != '\0';
}

static void add_wrapper(struct arguments *a)
{
    if (!process_is_wrapped())
        return;
    char text[1024];
    snprintf(text, sizeof text, "%s", getenv("THRD_WRAPPER"));
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        add_argument(a, word);
}

/* Another user may not be able to reach the build folder: the program is copied for it. */
static void add_program(struct arguments *a, struct process *p)
{
    const char *program = getenv("THRD");
    if (p->uid == 0) {
        add_argument(a, program);
        return;
    }
    char copy[128];
    char command[1024];
    snprintf(copy, sizeof copy, "%s/thrd", p->dir);
    snprintf(command, sizeof command, "cp '%s' '%s' && chmod 755 '%s' '%s'", program, copy, copy,
             p->dir);
    assert_int_equal(system(command), 0);
    add_argument(a, copy);
}

/* Among arguments that end with a NULL. */
static bool has_option(va_list args, const char *name)
{
    va_list rest;
    bool has = false;
    va_copy(rest, args);
    for (const char *text = va_arg(rest, const char *); text != NULL && !has;
         text = va_arg(rest, const char *))
        has = strncmp(text, name, strlen(name)) == 0;
    va_end(rest);
    return has;
}

/* The defaults first: behind "--" all belongs to another program. */
static void build_arguments(struct arguments *a, struct process *p, bool with_defaults,
                            va_list args)
{
    char mode[32];
    add_wrapper(a);
    add_program(a, p);
    snprintf(mode, sizeof mode, "--mode=%s", suite_mode_name());
    if (with_defaults)
        add_argument(a, mode);
    if (with_defaults && !has_option(args, "--listen="))
        add_argument(a, "--listen=127.0.0.1:0");
    if (with_defaults && !p->with_default_log && !has_option(args, "--log="))
        add_argument(a, "--log=info");
    for (const char *text = va_arg(args, const char *); text != NULL;
         text = va_arg(args, const char *))
        add_argument(a, text);
}

static void set_up_limits(const struct process *p)
{
    struct rlimit files = {.rlim_cur = p->nofile, .rlim_max = p->nofile};
    struct rlimit processes = {.rlim_cur = p->nproc, .rlim_max = p->nproc};
    if (p->nofile != 0 && setrlimit(RLIMIT_NOFILE, &files) != 0)
        _exit(126);
    if (p->nproc != 0 && setrlimit(RLIMIT_NPROC, &processes) != 0)
        _exit(126);
}

/* Descriptors of the test program, its clients among them, are close-on-exec. */
static void set_up_descriptors(const struct process *p, int out, int err)
{
    if (p->stdin_fd >= 0 && dup2(p->stdin_fd, 0) < 0)
        _exit(126);
    if (dup2(p->stdout_fd >= 0 ? p->stdout_fd : out, 1) < 0 ||
        dup2(p->stderr_fd >= 0 ? p->stderr_fd : err, 2) < 0)
        _exit(126);
    if (p->with_stdin_closed)
        close(0);
    if (p->with_stdout_closed)
        close(1);
    if (p->inherited_fd >= 0)
        fcntl(p->inherited_fd, F_SETFD, 0);
}

/* As sd_listen_fds(3) wants it. What is to be handed over is first moved out of the way. */
static void hand_over(const struct process *p)
{
    int above[PROCESS_HANDED];
    char pid[32];
    if (p->handed_count == 0)
        return;
    for (size_t i = 0; i < p->handed_count; i++)
        above[i] = fcntl(p->handed[i], F_DUPFD_CLOEXEC, 3 + PROCESS_HANDED);
    for (size_t i = 0; i < p->handed_count; i++)
        if (dup2(above[i], 3 + (int)i) < 0)
            _exit(126);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
}

static void set_up_environment(const struct process *p)
{
    unsetenv("NOTIFY_SOCKET");
    if (p->notify_socket != NULL)
        setenv("NOTIFY_SOCKET", p->notify_socket, 1);
    for (size_t i = 0; i < PROCESS_VARIABLES; i++)
        if (p->environment[i] != NULL)
            putenv(strdup(p->environment[i]));
}

static _Noreturn void be_the_program(const struct process *p, struct arguments *a, int out, int err)
{
    set_up_descriptors(p, out, err);
    signal(SIGPIPE, p->with_sigpipe_ignored ? SIG_IGN : SIG_DFL);
    hand_over(p);
    set_up_environment(p);
    set_up_limits(p);
    if (p->uid != 0 && (setgid(p->uid) != 0 || setuid(p->uid) != 0))
        _exit(126);
    /* After setuid(), which clears it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(a->argv[0], a->argv);
    dprintf(2, "cannot run %s: %s\n", a->argv[0], strerror(errno));
    _exit(127);
}

void process_launch(struct process *p, bool with_defaults, va_list args)
{
    struct arguments a = {.count = 0};
    char path[128];
    int out[2];
    assert_false(p->launched);
    build_arguments(&a, p, with_defaults, args);
    snprintf(path, sizeof path, "%s/stderr", p->dir);
    int err = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    assert_true(err >= 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        be_the_program(p, &a, out[1], err);
    close(out[1]);
    close(err);
    free_arguments(&a);
    assert_true(pid > 0);
    p->pid = pid;
    p->out = out[0];
    p->launched = true;
}
