/* test_usage - the program as a command: what it prints where, and with which status it ends, when
 * it does not serve. The options one by one are tests/unit/test_options.c's. */
#include <stdio.h>
#include <string.h>

#include "process_log.h"
#include "suite.h"

enum { OUTPUT_SIZE = 16384 };

static char output[OUTPUT_SIZE];

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void expect_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        suite_fail("no %s in: %s", part, text);
}

static void help_fits_on_a_page(struct process *thrd)
{
    assert_int_equal(process_run(thrd, output, sizeof output, "--help", NULL), 0);
    assert_in_range(count_lines(output), 20, 80);
    for (const char *line = output; line[0] != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    expect_contains(output, "--handler=");
    assert_string_equal(process_log_text(thrd), "");
}

static void version_is_one_line(struct process *thrd)
{
    assert_int_equal(process_run(thrd, output, sizeof output, "--version", NULL), 0);
    assert_memory_equal(output, "thrd ", 5);
    assert_int_equal(count_lines(output), 1);
}

/* Each has a screen of its own, and "thrd --help" names it. */
static void every_command_has_help(struct process *thrd)
{
    static const char *const commands[] = {"handlers", "run", "connect", "bench", "check", "demo"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char part[64];
        assert_int_equal(process_run(thrd, output, sizeof output, commands[i], "--help", NULL), 0);
        snprintf(part, sizeof part, "Usage: thrd %s ", commands[i]);
        assert_memory_equal(output, part, strlen(part));
        for (const char *line = output; line[0] != '\0'; line += strcspn(line, "\n") + 1)
            assert_true(strcspn(line, "\n") <= 80);
        assert_string_equal(process_log_text(thrd), "");
        process_renew(thrd);
        assert_int_equal(process_run(thrd, output, sizeof output, commands[i], "-V", NULL), 0);
        assert_memory_equal(output, "thrd ", 5);
        process_renew(thrd);
        assert_int_equal(process_run(thrd, output, sizeof output, "--help", NULL), 0);
        snprintf(part, sizeof part, "\n  %s ", commands[i]);
        expect_contains(output, part);
        process_renew(thrd);
    }
}

/* A line for each: its name, then what it does; and the server knows all of them. */
static void handlers_are_listed_by_name(struct process *thrd)
{
    static const char *const names[] = {"age",  "bytes", "chargen", "daytime", "discard",
                                        "echo", "rot13", "time",    "whoami"};
    const char *line = output;
    assert_int_equal(process_run(thrd, output, sizeof output, "handlers", NULL), 0);
    assert_int_equal(count_lines(output), sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        assert_memory_equal(line, names[i], length);
        assert_int_equal(line[length], ' ');
        assert_true(strcspn(line, "\n") > length + 10);
        line += strcspn(line, "\n") + 1;
    }
}

/* Status 2, nothing on stdout, and a message that names what was wrong. */
static void expect_usage_error(struct process *thrd, const char *argument, const char *message)
{
    assert_int_equal(process_run(thrd, output, sizeof output, argument, NULL), 2);
    assert_string_equal(output, "");
    expect_contains(process_log_text(thrd), message);
    assert_memory_equal(process_log_text(thrd), "thrd: ", 6);
    process_renew(thrd);
}

static void mistakes_are_named(struct process *thrd)
{
    expect_usage_error(thrd, "--slot", "unknown option --slot; did you mean --slots?");
    expect_usage_error(thrd, "--slots=abc", "--slots=abc: not a number; allowed: 1 to 1000000");
    expect_usage_error(thrd, "--slots=0", "--slots=0");
    expect_usage_error(thrd, "--handler=ecko", "ecko");
    expect_usage_error(thrd, "--mode=threads", "--mode=threads");
    expect_usage_error(thrd, "--idle=10", "--idle=10");
    expect_usage_error(thrd, "--ready-fd=99", "--ready-fd=99");
    expect_usage_error(thrd, "serve", "thrd: unknown command serve\nTry 'thrd --help'.\n");
    expect_usage_error(thrd, "echo", "thrd: unknown command echo\nTry 'thrd --help'.\n");
    expect_usage_error(thrd, "", "thrd: unknown command \nTry 'thrd --help'.\n");
    expect_usage_error(thrd, "-", "thrd: unknown command -\nTry 'thrd --help'.\n");
    expect_usage_error(thrd, "hander", "unknown command hander; did you mean handlers?");
    expect_usage_error(thrd, "rnu", "unknown command rnu; did you mean run?");
    expect_usage_error(thrd, "benhc", "unknown command benhc; did you mean bench?");
}

/* Nothing is started for arguments that are wrong. */
static void expect_command_error(struct process *thrd, const char *command, const char *first,
                                 const char *second, const char *message)
{
    assert_int_equal(process_run(thrd, output, sizeof output, command, first, second, NULL), 2);
    assert_string_equal(output, "");
    const char *text = strstr(process_log_text(thrd), "thrd: ");
    assert_non_null(text);
    assert_string_equal(text, message);
    process_renew(thrd);
}

static void mistakes_of_commands_are_named(struct process *thrd)
{
    expect_command_error(thrd, "bench", "--rounds=0", NULL,
                         "thrd: bench: --rounds=0: too small; allowed: 1 to 101, default 5\n");
    expect_command_error(thrd, "bench", "--slots=5", NULL,
                         "thrd: bench: unknown option --slots\nTry 'thrd bench --help'.\n");
    expect_command_error(thrd, "bench", "--json", "--csv",
                         "thrd: bench: --json and --csv: both go to standard output; give one of "
                         "them a file\n");
    expect_command_error(thrd, "bench", "--compare", "only-one.json",
                         "thrd: bench: --compare: needs two files, the old one and the new one\n");
    expect_command_error(thrd, "check", "--slots=0", NULL,
                         "thrd: check: --slots=0: too small; allowed: 1 to 1000000\n");
    expect_command_error(thrd, "check", "--slots=1000001", NULL,
                         "thrd: check: --slots=1000001: too large; allowed: 1 to 1000000\n");
    expect_command_error(thrd, "check", "--mode=threads", NULL,
                         "thrd: check: --mode=threads: no such mode; allowed: thread or fork\n");
    expect_command_error(thrd, "check", "--mode=inline", NULL,
                         "thrd: check: --mode=inline: inline has one connection, on any machine; "
                         "allowed: thread or fork\n");
    expect_command_error(thrd, "check", "5", NULL,
                         "thrd: check: unexpected argument 5\nTry 'thrd check --help'.\n");
    expect_command_error(thrd, "demo", NULL, NULL,
                         "thrd: demo: needs the name of a demonstration\nAllowed: isolation\n");
    expect_command_error(thrd, "demo", "isolaton", NULL,
                         "thrd: demo isolaton: no such demonstration; did you mean isolation?\n"
                         "Allowed: isolation\n");
    expect_command_error(thrd, "demo", "isolation", "x",
                         "thrd: demo takes the name of a demonstration, and no more; unexpected "
                         "argument x\nTry 'thrd demo --help'.\n");
}

/* What is asked is the program under test, which may be of another build than this file. */
static bool has_bench(struct process *thrd)
{
    int status = process_run(thrd, output, sizeof output, "bench", "--compare", "/nowhere/old",
                             "/nowhere/new", NULL);
    bool is_refused = strstr(process_log_text(thrd), "built without") != NULL;
    assert_int_equal(status, is_refused ? 2 : 1);
    process_renew(thrd);
    return !is_refused;
}

static void bench_is_refused_where_it_was_not_built(struct process *thrd)
{
    if (has_bench(thrd))
        suite_skip("this build has thrd bench");
    assert_int_equal(process_run(thrd, output, sizeof output, "bench", NULL), 2);
    assert_string_equal(output, "");
    expect_contains(process_log_text(thrd), "libjansson-dev");
    expect_contains(process_log_text(thrd), "-DTHRDSRV_BENCH=ON");
}

/* Its number must not become that of a socket, to which the output would then go. */
static void a_closed_output_is_an_error(struct process *thrd)
{
    static const char *const commands[][2] = {
        {"check", "--mode=thread"},
        {"demo", "isolation"},
        {"bench", "--modes=inline"},
    };
    size_t count = has_bench(thrd) ? 3 : 2;
    if (process_is_wrapped())
        suite_skip("the number may be that of a descriptor of Valgrind's");
    for (size_t i = 0; i < count; i++) {
        thrd->with_stdout_closed = true;
        process_command(thrd, commands[i][0], commands[i][1], i == 2 ? "--rounds=1" : NULL,
                        "--workload=start", "--duration=50ms", NULL);
        assert_int_equal(process_wait_exit(thrd), 1);
        expect_contains(process_log_text(thrd), "standard output: Bad file descriptor");
        thrd->expect_exit = 1;
        process_renew(thrd);
    }
}

static void fork_mode_is_refused_where_it_was_not_built(struct process *thrd)
{
#if WITH_FORK
    (void)thrd;
    suite_skip("this build has the mode fork");
#else
    expect_usage_error(thrd, "--mode=fork", "this build has no fork mode");
    expect_command_error(thrd, "bench", "--modes=fork", NULL,
                         "thrd: bench: --modes=fork: this build has no fork mode; build with cmake "
                         "-DTHRDSRV_FORK=ON\n");
    expect_command_error(thrd, "check", "--mode=fork", NULL,
                         "thrd: check: --mode=fork: this build has no fork mode; build with cmake "
                         "-DTHRDSRV_FORK=ON\n");
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(help_fits_on_a_page),
        CASE(version_is_one_line),
        CASE(every_command_has_help),
        CASE(handlers_are_listed_by_name),
        CASE(mistakes_are_named),
        CASE(mistakes_of_commands_are_named),
        CASE(a_closed_output_is_an_error),
        CASE(fork_mode_is_refused_where_it_was_not_built),
        CASE(bench_is_refused_where_it_was_not_built),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("usage", cases, NULL, NULL);
}
