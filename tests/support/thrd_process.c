/* thrd_process - see thrd_process.h. Ready line, signals, end; the start is process_launch.c's, the
 * log process_log.c's. */
#include "thrd_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "proc_fs.h"
#include "process_launch.h"
#include "process_log.h"
#include "suite.h"

void process_init(struct process *p)
{
    *p = (struct process){
        .inherited_fd = -1, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .out = -1};
    snprintf(p->dir, sizeof p->dir, "/tmp/thrd-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
}

uid_t process_lonely_user(void)
{
    return (uid_t)(100000 + getpid());
}

/* Reads stdout up to its first newline into p->ready. Returns false at the end of the output. */
static bool read_ready_line(struct process *p)
{
    int64_t deadline = patience();
    size_t n = 0;
    for (;;) {
        struct pollfd ready = {.fd = p->out, .events = POLLIN};
        if (poll(&ready, 1, time_left(deadline)) <= 0)
            suite_fail("no ready line: %s", process_log_text(p));
        if (n == sizeof p->ready - 1 || read(p->out, &p->ready[n], 1) != 1)
            break;
        if (p->ready[n] == '\n') {
            p->ready[n] = '\0';
            return true;
        }
        n++;
    }
    p->ready[n] = '\0';
    return false;
}

/* The words listen=ADDRESS of the ready line. */
static void read_addresses(struct process *p)
{
    const char *word = strstr(p->ready, " listen=");
    while (word != NULL && p->addresses < PROCESS_ADDRESSES) {
        word += strlen(" listen=");
        size_t length = strcspn(word, " ");
        assert_true(length < PROCESS_ADDRESS_SIZE);
        memcpy(p->address[p->addresses], word, length);
        p->addresses++;
        word = strstr(word, " listen=");
    }
}

void process_start(struct process *p, ...)
{
    va_list args;
    va_start(args, p);
    process_launch(p, true, args);
    va_end(args);
    if (!read_ready_line(p)) {
        p->expect_exit = process_wait_exit(p);
        suite_fail("the server ended with status %d: %s", p->expect_exit, process_log_text(p));
    }
    read_addresses(p);
}

int process_start_refused(struct process *p, ...)
{
    va_list args;
    va_start(args, p);
    process_launch(p, true, args);
    va_end(args);
    if (read_ready_line(p))
        suite_fail("unexpected output: %s", p->ready);
    p->expect_exit = process_wait_exit(p);
    return p->expect_exit;
}

void process_command(struct process *p, ...)
{
    va_list args;
    va_start(args, p);
    process_launch(p, false, args);
    va_end(args);
    p->expect_quiet = true;
}

int process_run(struct process *p, char *output, size_t size, ...)
{
    va_list args;
    size_t n = 0;
    ssize_t count = 1;
    va_start(args, size);
    process_launch(p, false, args);
    va_end(args);
    p->expect_quiet = true;
    p->expect_exit = process_wait_exit(p);
    while (n < size - 1 && count > 0) { /* a pipe holds 64 KiB, and the writer has gone */
        count = read(p->out, output + n, size - 1 - n);
        n += count > 0 ? (size_t)count : 0;
    }
    output[n] = '\0';
    return p->expect_exit;
}

const char *process_address(const struct process *p)
{
    assert_true(p->addresses > 0);
    return p->address[0];
}

void process_signal(struct process *p, int signal_number)
{
    assert_false(p->exited);
    assert_int_equal(kill(p->pid, signal_number), 0);
}

/* Looks whether the program has ended, and takes its status. */
static bool has_exited(struct process *p)
{
    int status = 0;
    if (!p->exited && waitpid(p->pid, &status, WNOHANG) == p->pid) {
        p->exited = true;
        p->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return p->exited;
}

static bool wait_exited(struct process *p)
{
    int64_t deadline = patience();
    while (!has_exited(p))
        if (!look_again(deadline))
            return false;
    return true;
}

int process_wait_exit(struct process *p)
{
    if (!wait_exited(p))
        suite_fail("the server does not end");
    return p->exit_status;
}

void process_stop(struct process *p)
{
    process_signal(p, SIGTERM);
    assert_int_equal(process_wait_exit(p), p->expect_exit);
}

static struct process_baseline count_now(const struct process *p)
{
    return (struct process_baseline){proc_count_fds(p->pid), proc_count_tasks(p->pid)};
}

struct process_baseline process_baseline(struct process *p)
{
    /* Until this line is written, a descriptor is open that will not stay (/etc/localtime). */
    process_log_wait(p, "msg=start");
    return count_now(p);
}

void process_wait_baseline(const struct process *p, struct process_baseline baseline)
{
    int64_t deadline = patience();
    struct process_baseline now = count_now(p);
    /* ThreadSanitizer's runtime adds a thread of its own with the first one that is started. */
    int most_tasks = baseline.tasks + suite_has_thread_sanitizer();
    while ((now.fds != baseline.fds || now.tasks > most_tasks) && look_again(deadline))
        now = count_now(p);
    assert_int_equal(now.fds, baseline.fds);
    assert_in_range(now.tasks, baseline.tasks, most_tasks);
}

pid_t process_wait_child(const struct process *p, size_t n)
{
    enum { MOST = 64 };
    pid_t pids[MOST];
    int64_t deadline = patience();
    assert_true(n < MOST);
    while (proc_children(p->pid, 0, pids, MOST) <= n)
        if (!look_again(deadline))
            suite_fail("the server has no child number %zu", n);
    return pids[n];
}

void process_wait_gone(pid_t pid)
{
    int64_t deadline = patience();
    char state = proc_state(pid);
    while (state != 0 && state != 'Z' && look_again(deadline))
        state = proc_state(pid);
    if (state != 0 && state != 'Z')
        suite_fail("process %d is still there, in state %c", (int)pid, state);
}

/* The program says one line on stdout, the ready line, and nothing else. */
static bool stdout_is_finished(struct process *p)
{
    char rest[64];
    fcntl(p->out, F_SETFL, O_NONBLOCK);
    ssize_t n = read(p->out, rest, sizeof rest - 1);
    if (n <= 0)
        return true;
    rest[n] = '\0';
    print_error("more on stdout than the ready line: %s\n", rest);
    return false;
}

bool process_end(struct process *p)
{
    if (!p->launched)
        return true;
    if (!has_exited(p)) {
        /* A case that failed may have left it stopped. In this order: a SIGCONT later on would
         * undo the stops by which LeakSanitizer looks at a program at its end. */
        kill(p->pid, SIGCONT);
        kill(p->pid, SIGTERM);
    }
    if (!wait_exited(p)) {
        print_error("the server does not end after SIGTERM: killed\n");
        kill(p->pid, SIGKILL);
        wait_exited(p);
        return false;
    }
    bool sound = true;
    if (p->exit_status != p->expect_exit) {
        print_error("exit status %d instead of %d\n", p->exit_status, p->expect_exit);
        sound = false;
    }
    if (!stdout_is_finished(p))
        sound = false;
    return process_check_invariants(p) && sound;
}

void process_renew(struct process *p)
{
    assert_true(process_end(p));
    process_fini(p);
    process_init(p);
}

/* Removes the scratch directory, which holds files only. */
static void remove_scratch(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(path);
}

void process_fini(struct process *p)
{
    if (p->out >= 0)
        close(p->out);
    if (getenv("THRD_KEEP") == NULL)
        remove_scratch(p->dir);
    free(p->log);
    p->log = NULL;
}
