/* test_isolation - thrd demo isolation: what it shows is what is known of threads and processes, in
 * every row; and it leaves nothing behind. The faults are planted, and a tool that looks for faults
 * reports them: its reports are no failure here, and its timing is not the demo's. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { OUTPUT_SIZE = 16384, LINE_SIZE = 256 };

static char output[OUTPUT_SIZE];

/* The row of a fault in a mode, cells with one space between them. */
static const char *find_row(const char *fault, const char *mode, char row[LINE_SIZE])
{
    char name[32] = "", first[32], second[32];
    for (const char *line = output; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t used = 0;
        snprintf(row, LINE_SIZE, "%.*s", (int)strcspn(line, "\n"), line);
        if (sscanf(row, "%31s %31s", first, second) != 2)
            continue;
        bool is_continued = row[0] == ' ' && strcmp(first, mode) == 0;
        if (row[0] != ' ')
            snprintf(name, sizeof name, "%s", first);
        if (strcmp(name, fault) != 0 || (!is_continued && strcmp(second, mode) != 0))
            continue;
        for (const char *c = strstr(row, mode); *c != '\0'; c++)
            if (*c != ' ' || c[1] != ' ')
                row[used++] = *c;
        row[used] = '\0';
        return row;
    }
    suite_fail("no row %s, %s in:\n%s", fault, mode, output);
}

static void expect_row(const char *fault, const char *mode, const char *cells)
{
    char row[LINE_SIZE];
    if (!strstr(find_row(fault, mode, row), cells))
        suite_fail("%s: \"%s\" instead of \"%s\"", fault, row, cells);
}

static void skip_under_tools(void)
{
    if (process_is_wrapped())
        suite_skip("what does not answer in time may be the wrapper's doing");
    if (suite_has_thread_sanitizer())
        suite_skip("ThreadSanitizer waits a second in exit(3), and doubles memory");
}

static void run(struct process *thrd)
{
    thrd->expect_crash = true;
    assert_int_equal(process_run(thrd, output, sizeof output, "demo", "isolation", NULL), 0);
    assert_string_equal(process_log_text(thrd), "");
    for (const char *line = output; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
}

static void expect_threads(void)
{
    expect_row("crash", "thread", "ended 3 ended died of signal 11 nothing: all are gone");
    expect_row("exit", "thread", "ended 3 ended exited, status ");
    expect_row("leak", "thread", "answered 3 answered serves 6"); /* 64 MiB, give or take */
    expect_row("spin", "thread", "no answer 3 answered serves ");
    expect_row("spin", "thread", "CPU busy, to the end");
    expect_row("lock", "thread", "answered 3 no answer serves nobody ");
    expect_row("scribble", "thread", "answered 3 wrong answer serves wrong data wrong data");
}

static void expect_processes(void)
{
    expect_row("crash", "fork", "ended 3 answered serves nothing");
    expect_row("exit", "fork", "ended 3 answered serves nothing");
    expect_row("leak", "fork", "answered 3 answered serves nothing");
    expect_row("spin", "fork", "no answer 3 answered serves ");
    expect_row("spin", "fork", "CPU busy, until killed");
    expect_row("lock", "fork", "answered 3 answered serves nothing");
    expect_row("scribble", "fork", "answered 3 answered serves nothing");
}

static void expect_told(const char *part)
{
    char flat[OUTPUT_SIZE];
    snprintf(flat, sizeof flat, "%s", output);
    for (char *c = flat; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    if (!strstr(flat, part))
        suite_fail("no \"%s\" in:\n%s", part, output);
}

static void all_rows_and_what_they_mean(struct process *thrd)
{
    skip_under_tools();
    run(thrd);
    expect_threads();
    expect_told("Mode thread: the others went on undisturbed with 2 of 6 faults.");
    expect_told("crash and exit ended the server");
    if (!WITH_FORK) {
        expect_told("This build has no mode fork");
        return;
    }
    expect_processes();
    expect_told("Mode fork: the others went on undisturbed with 6 of 6 faults.");
    expect_told("until that one process was killed");
}

static size_t children_of(pid_t pid, pid_t *first)
{
    return proc_children(pid, 0, first, 1);
}

/* Interrupted while a server of it runs: neither that nor its workers stay. */
static void interrupted_it_leaves_nothing(struct process *thrd)
{
    pid_t server = 0;
    int64_t deadline = patience();
    skip_under_tools();
    thrd->expect_crash = true;
    process_command(thrd, "demo", "isolation", NULL);
    while (children_of(thrd->pid, &server) == 0)
        if (!look_again(deadline))
            suite_fail("no server was started");
    process_signal(thrd, SIGINT);
    thrd->expect_exit = 128 + SIGINT;
    assert_int_equal(process_wait_exit(thrd), 128 + SIGINT);
    while (proc_state(server) != 0 && proc_state(server) != 'Z')
        if (!look_again(deadline))
            suite_fail("the server of the demo is still there");
    /* The begin of the output is unread. */
    size_t length = 0;
    for (ssize_t n = 1; n > 0 && length<sizeof output; length += n> 0 ? (size_t)n : 0)
        n = read(thrd->out, output + length, sizeof output - length);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(all_rows_and_what_they_mean),
        CASE(interrupted_it_leaves_nothing),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("isolation", cases, NULL, NULL);
}
