/* process_log - see process_log.h. */
#include "process_log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patience.h"
#include "suite.h"

enum { TAIL_LINES = 40, DUMP_PAUSE_MS = 10 };

/* Appends to p->log what the file has got since the last call. */
static void read_more(struct process *p)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/stderr", p->dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    size_t size = (size_t)status.st_size;
    if (size > p->log_size || p->log == NULL) {
        char *log = realloc(p->log, size + 1);
        assert_non_null(log);
        ssize_t n = pread(fd, log + p->log_size, size - p->log_size, (off_t)p->log_size);
        assert_true(n >= 0);
        p->log_size += (size_t)n;
        log[p->log_size] = '\0';
        p->log = log;
    }
    close(fd);
}

const char *process_log_text(struct process *p)
{
    read_more(p);
    return p->log;
}

/* The first complete line at or after offset that matches; *offset is moved behind the last
 * complete line looked at. Copied to p->line; NULL when there is none. */
static const char *find_from(struct process *p, const char *pattern, size_t *offset)
{
    const char *line = p->log + *offset;
    for (const char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        size_t length = (size_t)(end - line);
        *offset += length + 1;
        if (log_line_matches(line, pattern)) {
            snprintf(p->line, sizeof p->line, "%.*s", (int)length, line);
            return p->line;
        }
        line = end + 1;
    }
    return NULL;
}

/* Waits for a line that matches at or after offset. */
static const char *wait_from(struct process *p, const char *pattern, size_t offset)
{
    int64_t deadline = patience();
    const char *found = NULL;
    do {
        read_more(p);
        found = find_from(p, pattern, &offset);
    } while (found == NULL && look_again(deadline));
    if (found == NULL)
        suite_fail("no line in the log with %s", pattern);
    return found;
}

const char *process_log_wait(struct process *p, const char *pattern)
{
    return wait_from(p, pattern, 0);
}

const char *process_log_find(struct process *p, const char *pattern)
{
    size_t offset = 0;
    read_more(p);
    return find_from(p, pattern, &offset);
}

/* Counts what is complete from *offset on. */
static size_t count_from(struct process *p, const char *pattern, size_t *offset)
{
    size_t count = 0;
    read_more(p);
    while (find_from(p, pattern, offset) != NULL)
        count++;
    return count;
}

size_t process_log_count(struct process *p, const char *pattern)
{
    size_t offset = 0;
    return count_from(p, pattern, &offset);
}

void process_log_wait_count(struct process *p, const char *pattern, size_t count)
{
    int64_t deadline = patience();
    size_t offset = 0;
    size_t found = count_from(p, pattern, &offset);
    while (found < count && look_again(deadline))
        found += count_from(p, pattern, &offset);
    if (found != count)
        suite_fail("%zu instead of %zu lines in the log with %s", found, count, pattern);
}

const char *process_dump(struct process *p)
{
    read_more(p);
    size_t offset = p->log_size;
    process_signal(p, SIGUSR1);
    return wait_from(p, "msg=counters", offset);
}

const char *process_dump_until(struct process *p, const char *pattern)
{
    int64_t deadline = patience();
    const char *found = NULL;
    do {
        process_dump(p);
        found = process_log_find(p, pattern);
    } while (found == NULL && look_again(deadline));
    if (found == NULL)
        suite_fail("no dump has a line with %s", pattern);
    return found;
}

long long process_counter(struct process *p, const char *name)
{
    long long value = log_line_number(process_dump(p), name);
    if (value < 0)
        suite_fail("no counter %s", name);
    return value;
}

void process_wait_counter(struct process *p, const char *name, long long value)
{
    int64_t deadline = patience();
    long long now = process_counter(p, name);
    while (now != value && look_again(deadline)) {
        let_pass(DUMP_PAUSE_MS); /* a dump is a line for each slot in use */
        now = process_counter(p, name);
    }
    if (now != value)
        suite_fail("counter %s is %lld, not %lld", name, now, value);
}

static bool is_log_line(const char *line)
{
    return strncmp(line, "time=", 5) == 0 && strstr(line, " level=") != NULL &&
           strstr(line, " msg=") != NULL;
}

/* What a command says, which has no log. */
static bool is_message(const struct process *p)
{
    return p->expect_quiet && strncmp(p->line, "thrd: ", 6) == 0;
}

/* Valgrind names the system calls that it does not know behind "--PID--". Without -q it prints its
 * name and a summary behind "==PID=="; only a summary with errors is a report. */
static bool is_harmless_chatter(const char *line)
{
    const char *summary = strstr(line, "ERROR SUMMARY: ");
    if (process_is_wrapped() && strncmp(line, "--", 2) == 0)
        return true;
    if (!process_is_wrapped() || strncmp(line, "==", 2) != 0 ||
        strstr(getenv("THRD_WRAPPER"), " -q") != NULL)
        return false;
    return summary == NULL || strncmp(summary, "ERROR SUMMARY: 0 ", 17) == 0;
}

static bool check_lines(struct process *p)
{
    bool sound = true;
    size_t offset = 0;
    while (find_from(p, "", &offset) != NULL) {
        bool foreign = !is_log_line(p->line) && !is_message(p) && !is_harmless_chatter(p->line) &&
                       !p->expect_crash;
        bool error = log_line_matches(p->line, "level=error");
        if (foreign || error) {
            print_error("%s on stderr: %s\n", error ? "an error" : "not a log line", p->line);
            sound = false;
        }
    }
    if (p->log[offset] != '\0') {
        print_error("an unfinished line on stderr: %s\n", p->log + offset);
        sound = false;
    }
    return sound;
}

static bool check_counters(struct process *p)
{
    char last[PROCESS_LINE_SIZE] = "";
    size_t offset = 0;
    while (find_from(p, "msg=counters", &offset) != NULL)
        memcpy(last, p->line, sizeof last);
    long long accepted = log_line_number(last, "accepted");
    long long active = log_line_number(last, "active");
    static const char *const parts[] = {"served",         "spawn_failures", "refused_full",
                                        "refused_source", "refused_rate",   "refused_admission",
                                        "refused_rules",  "refused_proxy"};
    long long accounted = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        accounted += log_line_number(last, parts[i]);
    if (active == 0 && accepted >= 0 && accepted == accounted)
        return true;
    print_error("the counters do not add up: %s\n", last[0] != '\0' ? last : "(none)");
    return false;
}

/* Whoever was killed, or refused to start (1, 2), need not have counted. */
bool process_check_invariants(struct process *p)
{
    read_more(p);
    if (p->exit_status == 1 || p->exit_status == 2)
        return true;
    bool sound = check_lines(p);
    if (p->exit_status >= 128 || p->expect_quiet)
        return sound;
    return check_counters(p) && sound;
}

void process_print_log(struct process *p)
{
    if (!p->launched)
        return;
    read_more(p);
    const char *tail = p->log + p->log_size;
    for (int lines = 0; tail > p->log && lines <= TAIL_LINES; tail--)
        if (tail[-1] == '\n')
            lines++;
    /* Not by cmocka's print_message(), which cuts off behind 1024 bytes. */
    fprintf(stderr, "--- log of the server, process %d, the end of it\n%s---\n", (int)p->pid, tail);
}
