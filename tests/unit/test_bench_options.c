/* test_bench_options.c - cli/bench_options.c, cli/bench_servers.c and cli/bench_conflicts.c: every
 * option of thrd bench with good, bad and boundary values, what contradicts what, the texts of the
 * errors, the layout of its help, and that the man page describes them. Built for a library with
 * and without mode fork. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/bench_options.h"
#include "cli/help.h"

#include "manual.h"
#include "words.h"

#define MS INT64_C(1000000)

/* One parse at a time; static because the configuration points into it. */
static struct bench_options options;
static char message[ARGUMENTS_MESSAGE_SIZE];

/* Parses "bench" and the words of arguments, which are separated by '|'. */
static enum arguments_end parse(const char *arguments)
{
    char *argv[WORDS_MAX + 1];
    int argc = words_split("bench", arguments, argv);
    memset(message, '#', sizeof message);
    bench_options_defaults(&options);
    enum arguments_end end =
        arguments_parse(&bench_table, &options, argc, argv, message, sizeof message);
    assert_non_null(memchr(message, '\0', sizeof message));
    return end;
}

static const struct bench_config *good(const char *arguments)
{
    if (parse(arguments) != ARGUMENTS_COMPLETE)
        fail_msg("%s: %s", arguments, message);
    assert_string_equal(message, "");
    return &options.config;
}

static void bad(const char *arguments, const char *expected)
{
    if (parse(arguments) != ARGUMENTS_WRONG)
        fail_msg("%s was accepted", arguments);
    assert_string_equal(message, expected);
}

/* An argument that is refused with "thrd: bench: --NAME=VALUE: WHAT; allowed: …". */
static void bad_value(const char *argument, const char *what)
{
    if (parse(argument) != ARGUMENTS_WRONG)
        fail_msg("%s was accepted", argument);
    words_check_refusal(message, "thrd: bench", argument, what);
}

static bool has_fork(void)
{
    return thrdsrv_mode_supported(THRDSRV_MODE_FORK);
}

static void expect_names(const char *arguments, const char *const *names)
{
    const struct bench_config *config = good(arguments);
    size_t count = 0;
    while (names[count])
        count++;
    assert_int_equal(config->target_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(config->targets[i].name, names[i]);
}

/* ---- Defaults and the table -------------------------------------------------------------- */

static void test_defaults(void **state)
{
    (void)state;
    const struct bench_config *config = good("");
    assert_int_equal(config->workload_count, 0);
    assert_int_equal(config->connections_count, 0);
    assert_int_equal(config->ballast_count, 0);
    assert_int_equal(config->size_bytes, 0);
    assert_int_equal(config->held_count, 0);
    assert_true(config->rate <= 0);
    assert_int_equal(config->rounds, 0);
    assert_int_equal(config->threads, 0);
    assert_int_equal(config->warmup_ns, -1);
    assert_int_equal(config->window_ns, 0);
    assert_false(config->stevens);
    assert_null(config->json);
    assert_null(config->csv);
    assert_null(config->html);
    assert_null(config->svg);
    assert_true(options.fail_over < 0);
    assert_false(options.given[BENCH_OPTION_COMPARE]);
}

static void test_each_parse_starts_anew(void **state)
{
    good(
        "--modes=inline|--against=nc=nc {port}|--workload=rr|--connections=3|--ballast=1g|--rate=5|"
        "--rounds=7|--warmup=0|--json|--html=x|--size=9|--threads=2|--duration=1s|--held=4");
    good("--workload=rr|--sweep=held=1,2|--svg=x");
    good("--stevens");
    test_defaults(state);
}

static void test_table_is_well_formed(void **state)
{
    int group = 0;
    (void)state;
    for (size_t i = 0; i < bench_table.spec_count; i++) {
        const struct argument_spec *spec = &bench_table.specs[i];
        assert_non_null(spec->help);
        assert_non_null(spec->set);
        assert_int_equal(!spec->argument, !spec->allowed);
        assert_true(spec->group >= group); /* groups stay together */
        group = spec->group;
        assert_string_equal(bench_option_name((enum bench_option)i), spec->name);
    }
    assert_string_equal(bench_option_name(BENCH_OPTION_MODES), "modes");
    assert_string_equal(bench_option_name(BENCH_OPTION_BALLAST), "ballast");
    assert_string_equal(bench_option_name(BENCH_OPTION_WARMUP), "warmup");
    assert_string_equal(bench_option_name(BENCH_OPTION_JSON), "json");
    assert_string_equal(bench_option_name(BENCH_OPTION_FAIL_OVER), "fail-over");
}

/* Every setter records that its option was given, or contradictions would pass. */
static void test_what_is_given_is_known(void **state)
{
    static const char *const values[BENCH_OPTIONS] = {
        [BENCH_OPTION_MODES] = "--modes=thread",
        [BENCH_OPTION_AGAINST] = "--against=nc=nc {port}",
        [BENCH_OPTION_TARGET] = "--target=localhost:80",
        [BENCH_OPTION_WORKLOAD] = "--workload=rr",
        [BENCH_OPTION_CONNECTIONS] = "--connections=1",
        [BENCH_OPTION_SWEEP] = "--sweep=connections=1",
        [BENCH_OPTION_HELD] = "--held=1",
        [BENCH_OPTION_SIZE] = "--size=1",
        [BENCH_OPTION_RATE] = "--rate=1",
        [BENCH_OPTION_BALLAST] = "--ballast=0",
        [BENCH_OPTION_STEVENS] = "--stevens",
        [BENCH_OPTION_ROUNDS] = "--rounds=1",
        [BENCH_OPTION_DURATION] = "--duration=1s",
        [BENCH_OPTION_WARMUP] = "--warmup=0",
        [BENCH_OPTION_THREADS] = "--threads=1",
        [BENCH_OPTION_JSON] = "--json",
        [BENCH_OPTION_CSV] = "--csv",
        [BENCH_OPTION_HTML] = "--html=x",
        [BENCH_OPTION_SVG] = "--svg=x|--workload=crr|--ballast=0,1m",
        [BENCH_OPTION_COMPARE] = "--compare|a|b",
        [BENCH_OPTION_FAIL_OVER] = "--compare|a|b|--fail-over=1",
    };
    (void)state;
    for (int i = 0; i < BENCH_OPTIONS; i++) {
        good(values[i]);
        for (int j = 0; j < BENCH_OPTIONS; j++) {
            bool expected = i == j || (i == BENCH_OPTION_FAIL_OVER && j == BENCH_OPTION_COMPARE) ||
                            (i == BENCH_OPTION_SVG &&
                             (j == BENCH_OPTION_WORKLOAD || j == BENCH_OPTION_BALLAST));
            if (options.given[j] != expected)
                fail_msg("%s: %s %s", values[i], bench_option_name((enum bench_option)j),
                         options.given[j] ? "is said to be given" : "is not known");
        }
    }
}

/* ---- Servers ----------------------------------------------------------------------------- */

static void test_modes(void **state)
{
    static const char *const all[] = {"thread", "fork", "inline", NULL};
    static const char *const without_fork[] = {"thread", "inline", NULL};
    static const char *const reversed[] = {"inline", "thread", NULL};
    (void)state;
    expect_names("", has_fork() ? all : without_fork);
    expect_names("--modes=inline,thread", reversed);
    expect_names("--modes=thread|--modes=inline,thread", reversed);
    const struct bench_config *config = good("--modes=inline");
    assert_int_equal(config->targets[0].kind, TARGET_OURS);
    assert_string_equal(config->targets[0].mode, "inline");
    if (has_fork())
        expect_names("--modes=thread,fork,inline", all);
    else
        bad("--modes=thread,fork", "thrd: bench: --modes=fork: this build has no fork mode; build "
                                   "with cmake -DTHRDSRV_FORK=ON");
    bad("--modes=threads", "thrd: bench: --modes=threads: no such mode; allowed: thread, fork and "
                           "inline, with commas, or none");
    bad_value("--modes=", "no such mode");
    bad_value("--modes=thread,", "no such mode");
    bad_value("--modes=thread,none", "no such mode");
    bad_value("--modes=thread,inline,thread", "a mode stands there twice");
    bad("--modes=none",
        "thrd: bench: --modes=none: nothing is left to measure without --against or "
        "--target");
}

static void test_against(void **state)
{
    (void)state;
    const struct bench_config *config =
        good("--modes=inline|--against=nc=nc -lk {port}|--against|so-cat_2=socat a=b:{port}");
    assert_int_equal(config->target_count, 3);
    assert_int_equal(config->targets[1].kind, TARGET_COMMAND);
    assert_string_equal(config->targets[1].name, "nc");
    assert_string_equal(config->targets[1].command, "nc -lk {port}");
    assert_string_equal(config->targets[2].name, "so-cat_2");
    assert_string_equal(config->targets[2].command, "socat a=b:{port}");
    assert_int_equal(good("--against=nc=nc {port}")->target_count, has_fork() ? 4 : 3);
    assert_int_equal(good("--modes=none|--against=nc=nc {port}")->target_count, 1);
    bad_value("--against=nc", "not of the form NAME=COMMAND");
    bad_value("--against=", "not of the form NAME=COMMAND");
    bad_value("--against=nc=", "the command is missing");
    bad_value("--against=nc=nc -l 80", "the command does not say {port}");
    bad_value("--against==nc {port}", "the name is empty");
    bad_value("--against=thread=nc {port}", "the name is that of a mode of ours");
    bad_value("--against=fork=nc {port}", "the name is that of a mode of ours");
    bad_value("--against=inline=nc {port}", "the name is that of a mode of ours");
    bad_value("--against=none=nc {port}", "the name is that of a mode of ours");
    bad_value("--against=n c=nc {port}",
              "the name may have printable ASCII characters only, without spaces");
    bad_value("--against=\xc3\xa4=nc {port}",
              "the name may have printable ASCII characters only, without spaces");
    good("--against=12345678901234567890=nc {port}");
    bad_value("--against=123456789012345678901=nc {port}", "the name is longer than 20 bytes");
    bad("--against=nc=nc {port}|--against=nc=socat {port}",
        "thrd: bench: --against=nc=socat {port}: the name is taken by another server; allowed: "
        "NAME=COMMAND with {port} where COMMAND is to listen on 127.0.0.1");
}

static void test_target(void **state)
{
    (void)state;
    const struct bench_config *config =
        good("--modes=inline|--target=localhost:80|--target=x=[::1]:65535");
    assert_int_equal(config->target_count, 3);
    assert_int_equal(config->targets[1].kind, TARGET_RUNNING);
    assert_string_equal(config->targets[1].name, "localhost:80");
    assert_string_equal(config->targets[1].address, "localhost:80");
    assert_string_equal(config->targets[2].name, "x");
    assert_string_equal(config->targets[2].address, "[::1]:65535");
    bad_value("--target=localhost", "not of the form HOST:PORT or [V6]:PORT");
    bad_value("--target=:80", "not of the form HOST:PORT or [V6]:PORT");
    bad_value("--target=", "not of the form HOST:PORT or [V6]:PORT");
    bad_value("--target=::1:80", "not of the form HOST:PORT or [V6]:PORT");
    bad_value("--target=[]:80", "not of the form HOST:PORT or [V6]:PORT");
    bad_value("--target=[::1:80", "not of the form HOST:PORT or [V6]:PORT");
    bad_value("--target=a b:80", "not of the form HOST:PORT or [V6]:PORT");
    bad_value("--target=localhost:", "the port is not a number from 1 to 65535");
    bad_value("--target=localhost:0", "the port is not a number from 1 to 65535");
    bad_value("--target=localhost:65536", "the port is not a number from 1 to 65535");
    bad_value("--target=localhost:http", "the port is not a number from 1 to 65535");
    bad_value("--target=fork=localhost:80", "the name is that of a mode of ours");
    bad_value("--target==localhost:80", "the name is empty");
    bad("--against=x=nc {port}|--target=x=localhost:80",
        "thrd: bench: --target=x=localhost:80: the name is taken by another server; allowed: "
        "HOST:PORT or [V6]:PORT, NAME= before it");
}

/* A server without a name is called by its address where that is short. */
static void test_long_addresses_get_a_name(void **state)
{
    static const char *const names[] = {"inline", "target", "target-2", NULL};
    (void)state;
    expect_names("--modes=inline|--target=a-host-with-a-long-name.example:80|"
                 "--target=b-host-with-a-long-name.example:80",
                 names);
    assert_string_equal(options.config.targets[2].address, "b-host-with-a-long-name.example:80");
}

static void test_servers_have_a_limit(void **state)
{
    char arguments[1024] = "--modes=thread";
    (void)state;
    for (int i = 1; i <= BENCH_TARGETS_MAX - BENCH_MODES_MAX; i++)
        sprintf(arguments + strlen(arguments), "|--target=t%d=localhost:%d", i, i);
    assert_int_equal(good(arguments)->target_count, BENCH_TARGETS_MAX - BENCH_MODES_MAX + 1);
    strcat(arguments, "|--target=u=localhost:80");
    assert_int_equal(parse(arguments), ARGUMENTS_WRONG);
    assert_non_null(strstr(message, "more than 13 servers besides our own; allowed: "));
}

/* ---- Load -------------------------------------------------------------------------------- */

static void test_workload(void **state)
{
    const struct workload *workload;
    char all[256] = "--workload=";
    const char *allowed = bench_table.specs[BENCH_OPTION_WORKLOAD].allowed;
    size_t count = 0;
    (void)state;
    for (; (workload = workload_at(count)); count++) {
        if (!strstr(allowed, workload->name))
            fail_msg("%s is not said to be allowed", workload->name);
        sprintf(all + strlen(all), "%s%s", count > 0 ? "," : "", workload->name);
    }
    assert_true(count >= 9 && count <= BENCH_WORKLOADS_MAX);
    const struct bench_config *config = good(all);
    assert_int_equal(config->workload_count, count);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(config->workloads[i], workload_at(i));
    assert_int_equal(good("--workload=rr,crr|--workload=hold")->workload_count, 1);
    snprintf(all, sizeof all, "--workload=%s", bench_table.specs[BENCH_OPTION_WORKLOAD].initial);
    good(all);
    bad("--workload=rrr",
        "thrd: bench: --workload=rrr: no such workload; allowed: rr, crr, stream, "
        "start, hold, churn, bytes, rot13 and rot13-stream, with commas, default "
        "rr,crr,stream,start,hold");
}

static void test_workload_mistakes(void **state)
{
    char argument[128] = "--workload=";
    (void)state;
    bad_value("--workload=", "no such workload");
    bad_value("--workload=rr,", "no such workload");
    bad_value("--workload=rr crr", "no such workload");
    bad_value("--workload=rr,crr,rr", "a workload stands there twice");
    memset(argument + strlen(argument), 'r', 64);
    bad_value(argument, "an item of the list is too long");
}

static void test_connections(void **state)
{
    (void)state;
    const struct bench_config *config = good("--connections=100000");
    assert_int_equal(LOAD_CONNECTIONS_MAX, 100000); /* as the texts say */
    assert_int_equal(config->connections_count, 1);
    assert_int_equal(config->connections[0], 100000);
    config = good("--connections=5|--connections=6");
    assert_int_equal(config->connections_count, 1);
    assert_int_equal(config->connections[0], 6);
    bad("--connections=0", "thrd: bench: --connections=0: too small; allowed: 1 to 100000");
    bad_value("--connections=100001", "too large");
    bad_value("--connections=x", "not a number");
    bad_value("--connections=1,2", "not one number; --sweep takes several");
}

static void test_sweep(void **state)
{
    char longest[512] = "--sweep=connections=1";
    (void)state;
    const struct bench_config *config = good("--sweep=connections=1,8,64,512,4096");
    static const unsigned expected[] = {1, 8, 64, 512, 4096};
    assert_int_equal(config->connections_count, 5);
    assert_memory_equal(config->connections, expected, sizeof expected);
    assert_int_equal(good("--sweep=connections=1,2|--sweep=connections=7")->connections_count, 1);
    bad_value("--sweep=1,2", "only connections and held can be swept");
    bad_value("--sweep=connections", "only connections and held can be swept");
    bad("--sweep=ballast=0,1g",
        "thrd: bench: --sweep=ballast=0,1g: only connections and held can be swept; allowed: "
        "connections=N,N,... of 1 to 100000 or held=N,N,... of 0 to 100000, at most 32");
    bad_value("--sweep=connections=", "not a number");
    bad_value("--sweep=connections=1,,2", "not a number");
    bad_value("--sweep=connections=1,2,", "not a number");
    bad_value("--sweep=connections=1, 2", "not a number");
    bad_value("--sweep=connections=0,1", "too small");
    bad_value("--sweep=connections=100001", "too large");
    bad_value("--sweep=connections=1,2,01", "a number stands there twice");
    for (unsigned i = 2; i <= BENCH_LIST_MAX; i++)
        sprintf(longest + strlen(longest), ",%u", i);
    assert_int_equal(good(longest)->connections_count, BENCH_LIST_MAX);
    strcat(longest, ",33");
    assert_int_equal(parse(longest), ARGUMENTS_WRONG);
    assert_non_null(strstr(message, ": more than 32 numbers; allowed: "));
}

static void test_sweep_of_held(void **state)
{
    (void)state;
    const struct bench_config *config = good("--sweep=held=0,100,100000");
    static const unsigned expected[] = {0, 100, 100000};
    assert_int_equal(config->held_count, 3);
    assert_memory_equal(config->held, expected, sizeof expected);
    assert_int_equal(config->connections_count, 0);
    good("--connections=9|--sweep=held=0,5");
    assert_int_equal(config->connections[0], 9);
    assert_int_equal(config->held_count, 2);
    good("--sweep=connections=9,10|--held=3");
    assert_int_equal(config->connections_count, 2);
    assert_int_equal(config->held[0], 3);
    bad_value("--sweep=held=", "not a number");
    bad_value("--sweep=held=0,00", "a number stands there twice");
    bad_value("--sweep=held=100001", "too large");
    bad_value("--sweep=held=-1", "not a number");
}

/* Of two sweeps the last one counts, as of any option, and the first leaves nothing behind. */
static void test_the_last_sweep_counts(void **state)
{
    (void)state;
    const struct bench_config *config = good("--sweep=connections=1,2|--sweep=held=0,5");
    assert_int_equal(config->connections_count, 0);
    assert_int_equal(config->held_count, 2);
    good("--sweep=held=0,5|--sweep=connections=1,2,3");
    assert_int_equal(config->held_count, 0);
    assert_int_equal(config->connections_count, 3);
    good("--sweep=connections=1,2|--connections=5|--sweep=held=0,1");
    assert_int_equal(config->connections_count, 1);
    assert_int_equal(config->connections[0], 5);
}

static void test_held_size_and_rate(void **state)
{
    (void)state;
    assert_int_equal(good("--held=1")->held[0], 1);
    assert_int_equal(good("--held=100000")->held[0], 100000);
    assert_int_equal(good("--held=5|--held=100")->held_count, 1);
    assert_int_equal(good("--held=0|--workload=rr,churn")->held[0], 0);
    bad("--held=100001", "thrd: bench: --held=100001: too large; allowed: 0 to 100000");
    bad_value("--held=0,100", "not one number; --sweep takes several");
    assert_int_equal(good("--size=1")->size_bytes, 1);
    assert_int_equal(good("--size=16m")->size_bytes, 16 << 20);
    assert_int_equal(LOAD_SIZE_MAX, 16 << 20); /* as the texts say */
    bad("--size=0", "thrd: bench: --size=0: too small; allowed: 1 to 16m");
    bad_value("--size=16777217", "too large");
    bad_value("--size=4kb", "not a size: the units are k, m and g");
    assert_true(good("--rate=1")->rate == 1);
    assert_true(good("--rate=1000000000")->rate == 1e9);
    bad("--rate=0", "thrd: bench: --rate=0: too small; allowed: 1 to 1000000000");
    bad_value("--rate=1000000001", "too large");
    bad_value("--rate=0.5", "not a whole number");
    bad_value("--rate=1000/s", "not a number");
}

static void test_ballast(void **state)
{
    char longest[512] = "--ballast=0";
    (void)state;
    const struct bench_config *config = good("--ballast=0,64M,1G");
    assert_int_equal(config->ballast_count, 3);
    assert_int_equal(config->ballast_bytes[0], 0);
    assert_int_equal(config->ballast_bytes[1], 64 << 20);
    assert_int_equal(config->ballast_bytes[2], 1 << 30);
    assert_int_equal(good("--ballast=0,64m|--ballast=1g")->ballast_count, 1);
    assert_int_equal(good("--ballast=1048576g")->ballast_bytes[0], INT64_C(1) << 50);
    bad("--ballast=1048577g", "thrd: bench: --ballast=1048577g: too large; allowed: sizes of 0 to "
                              "1048576g, with commas, at most 32");
    bad_value("--ballast=", "not a number");
    bad_value("--ballast=64M,", "not a number");
    bad_value("--ballast=64MB", "not a size: the units are k, m and g");
    bad_value("--ballast=1g,1024m", "a size stands there twice");
    for (unsigned i = 1; i < BENCH_LIST_MAX; i++)
        sprintf(longest + strlen(longest), ",%uk", i);
    assert_int_equal(good(longest)->ballast_count, BENCH_LIST_MAX);
    strcat(longest, ",1g");
    assert_int_equal(parse(longest), ARGUMENTS_WRONG);
    assert_non_null(strstr(message, ": more than 32 sizes; allowed: "));
}

/* ---- Rounds ------------------------------------------------------------------------------ */

static void test_rounds_and_threads(void **state)
{
    (void)state;
    assert_int_equal(good("--rounds=1")->rounds, 1);
    assert_int_equal(good("--rounds=101")->rounds, 101);
    bad("--rounds=0", "thrd: bench: --rounds=0: too small; allowed: 1 to 101, default 5");
    bad_value("--rounds=102", "too large");
    bad_value("--rounds=x", "not a number");
    assert_int_equal(good("--threads=1")->threads, 1);
    assert_int_equal(good("--threads=64")->threads, 64);
    assert_int_equal(LOAD_THREADS_MAX, 64); /* as the texts say */
    bad("--threads=0", "thrd: bench: --threads=0: too small; allowed: 1 to 64");
    bad_value("--threads=65", "too large");
}

static void test_duration_and_warmup(void **state)
{
    (void)state;
    assert_int_equal(good("--duration=50ms")->window_ns, 50 * MS);
    assert_int_equal(good("--duration=1h")->window_ns, 3600000 * MS);
    bad("--duration=49ms",
        "thrd: bench: --duration=49ms: too small; allowed: 50ms to 1h, default 500ms");
    bad_value("--duration=3600001ms", "too large");
    bad_value("--duration=0", "too small");
    bad_value("--duration=2", "the unit is missing (ms, s, m, h or d)");
    bad_value("--duration=2us", "not a time: the units are ms, s, m, h and d");
    assert_int_equal(good("--warmup=0")->warmup_ns, 0);
    assert_int_equal(good("--warmup=1h")->warmup_ns, 3600000 * MS);
    bad("--warmup=61m", "thrd: bench: --warmup=61m: too large; allowed: 0 to 1h, default 100ms");
    bad_value("--warmup=off", "not a number");
}

/* ---- Results ----------------------------------------------------------------------------- */

static void test_outputs(void **state)
{
    (void)state;
    assert_string_equal(good("--json")->json, "-");
    assert_string_equal(good("--json=-")->json, "-");
    assert_string_equal(good("--json=x.json")->json, "x.json");
    assert_string_equal(good("--csv")->csv, "-");
    assert_string_equal(good("--csv=x.csv")->csv, "x.csv");
    assert_string_equal(good("--html=x.html")->html, "x.html");
    assert_string_equal(good("--html|x.html")->html, "x.html");
    assert_string_equal(good("--workload=crr|--ballast=0,1m|--svg=x.svg")->svg, "x.svg");
    assert_string_equal(good("--workload=crr|--ballast=0,1m|--svg=-")->svg, "-");
    bad_value("--svg=", "no file name");
    const struct bench_config *config = good("--json|--csv=x.csv|--html=x.html");
    assert_string_equal(config->json, "-");
    assert_string_equal(config->csv, "x.csv");
    assert_string_equal(config->html, "x.html");
    bad("--json=", "thrd: bench: --json=: no file name; allowed: a file, or - for standard output");
    bad_value("--csv=", "no file name");
    bad_value("--html=", "no file name");
    bad("--html", "thrd: bench: --html: needs a value; allowed: a file, or - for standard output");
}

/* The name of a file behind --json is not its value: it would be taken for a word, and is refused
 * rather than overwritten. */
static void test_files_do_not_follow_json(void **state)
{
    (void)state;
    bad("--json|x.json", "thrd: bench x.json: unexpected; the names of two files stand behind "
                         "--compare, and nothing else");
    bad("rr", "thrd: bench rr: unexpected; a workload is chosen with --workload");
    bad("a|b|--compare", "thrd: bench a: unexpected; the names of two files stand behind "
                         "--compare, and nothing else");
}

static void test_compare(void **state)
{
    (void)state;
    good("--compare|old.json|new.json");
    assert_true(options.given[BENCH_OPTION_COMPARE]);
    assert_string_equal(options.files[0], "old.json");
    assert_string_equal(options.files[1], "new.json");
    assert_true(options.fail_over < 0);
    good("--compare|old.json|new.json|--fail-over=10%");
    assert_true(options.fail_over > 0.0999 && options.fail_over < 0.1001);
    good("--fail-over|25|--compare|old.json|new.json");
    assert_true(options.fail_over > 0.2499 && options.fail_over < 0.2501);
    good("--compare|--fail-over=0|--|-old|-new");
    assert_string_equal(options.files[1], "-new");
    assert_true(options.fail_over >= 0 && options.fail_over <= 0);
    bad("--compare", "thrd: bench: --compare: needs two files, the old one and the new one");
    bad("--compare|a", "thrd: bench: --compare: needs two files, the old one and the new one");
    bad("--compare|a|", "thrd: bench : no file name");
    bad("--compare|a|b|c", "thrd: bench takes the two files of --compare, and no more; unexpected "
                           "argument c\nTry 'thrd bench --help'.");
    bad("--compare=a|b", "thrd: bench: --compare=a: takes no value");
    bad("--fail-over=10%", "thrd: bench: --fail-over: has a meaning with --compare only");
    bad("--compare|a|b|--fail-over=1001%", "thrd: bench: --fail-over=1001%: too large; allowed: 0 "
                                           "to 1000, and % if you like");
    bad_value("--fail-over=10x", "not a number of percent");
    bad_value("--fail-over=2.5%", "not a whole number");
    bad_value("--fail-over=-1", "not a number");
}

/* ---- What does not go together ----------------------------------------------------------- */

static void test_contradictions(void **state)
{
    static const char *const rows[][2] = {
        {"--connections=1|--sweep=connections=1,2",
         "--connections and --sweep: both say how many connections there are"},
        {"--held=1|--sweep=held=1,2", "--held and --sweep: both say how many connections are held"},
        {"--stevens|--sweep=held=5", "--stevens and --sweep: his clients are ten"},
        {"--stevens|--svg=x", "--stevens and --svg: his figure is a table, and nothing is swept"},
        {"--workload=crr,stream|--sweep=held=5",
         "--workload and --sweep: no workload that was chosen holds idle connections"},
        {"--workload=hold|--held=0",
         "--workload and --held: hold measures held connections, and there would be none"},
        {"--held=0",
         "--workload and --held: hold measures held connections, and there would be none"},
        {"--html=x|--svg=x|--workload=rr|--sweep=held=0,1",
         "--html and --svg: both go to the same file"},
        {"--json|--svg=-|--workload=rr|--sweep=held=0,1",
         "--json and --svg: both go to standard output; give one of them a file"},
        {"--workload=rr|--stevens",
         "--stevens and --workload: Stevens' clients are a workload of their own"},
        {"--stevens|--connections=5", "--stevens and --connections: his clients are ten"},
        {"--stevens|--sweep=connections=5", "--stevens and --sweep: his clients are ten"},
        {"--stevens|--held=5", "--stevens and --held: his clients leave no connection idle"},
        {"--stevens|--size=5", "--stevens and --size: his clients ask for 4000 bytes"},
        {"--stevens|--rate=5", "--stevens and --rate: his clients wait for each reply"},
        {"--stevens|--ballast=5", "--stevens and --ballast: his servers hold no memory besides"},
        {"--stevens|--duration=5s",
         "--stevens and --duration: his clients end after 5000 connections"},
        {"--stevens|--warmup=0", "--stevens and --warmup: his clients have no warm-up"},
        {"--json|--csv", "--json and --csv: both go to standard output; give one of them a file"},
        {"--csv|--html=-", "--csv and --html: both go to standard output; give one of them a file"},
        {"--json=x|--html=x", "--json and --html: both go to the same file"},
        {"--workload=hold|--connections=5",
         "--workload and --connections: no workload that was chosen has busy connections"},
        {"--workload=hold|--sweep=connections=5",
         "--workload and --sweep: no workload that was chosen has busy connections"},
        {"--workload=hold|--rate=5",
         "--workload and --rate: no workload that was chosen has busy connections"},
        {"--workload=crr,stream|--held=5",
         "--workload and --held: no workload that was chosen holds idle connections"},
        {"--workload=start|--size=5",
         "--workload and --size: no workload that was chosen sends requests"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[ARGUMENTS_MESSAGE_SIZE];
        snprintf(expected, sizeof expected, "thrd: bench: %s", rows[i][1]);
        bad(rows[i][0], expected);
    }
    good("--stevens|--modes=thread|--rounds=3|--threads=2|--json|--against=x=y {port}");
    good("--workload=hold,rr|--connections=5|--held=7|--size=9|--rate=1000");
    good("--held=7|--connections=5|--size=9");
}

/* Whatever would leave nothing to draw is said before anything is measured. */
static void test_what_a_picture_needs(void **state)
{
    static const char one[] = "--svg: draws one workload; choose it with --workload=crr or another";
    static const char nothing[] =
        "--svg: nothing is swept; give two values or more to --sweep=connections=LIST, "
        "--sweep=held=LIST or --ballast=LIST";
    static const char no_server[] =
        "--svg: no server that was chosen can be drawn: of one that runs already no CPU time is "
        "known, --ballast is for thread and fork, inline serves one client at a time";
    static const char *const rows[][2] = {
        {"--svg=x|--sweep=connections=1,8", one},
        {"--svg=x|--sweep=connections=1,8|--workload=rr,crr", one},
        {"--svg=x|--workload=hold|--sweep=held=1,8",
         "--svg: workload hold has no operations whose CPU time could be drawn"},
        {"--svg=x|--workload=crr", nothing},
        {"--svg=x|--workload=crr|--sweep=connections=8", nothing},
        {"--svg=x|--workload=crr|--ballast=1g", nothing},
        {"--svg=x|--workload=rr|--sweep=held=0,8|--ballast=0,1m",
         "--svg: --sweep and --ballast have several values each, and the picture has one axis for "
         "them; give one value to one of them"},
        {"--svg=x|--workload=crr|--sweep=connections=1,8|--modes=none|--target=a:80", no_server},
        {"--svg=x|--workload=crr|--ballast=0,1m|--modes=inline|--against=x=y {port}", no_server},
        {"--svg=x|--workload=rr|--sweep=connections=1,8|--modes=inline", no_server},
        {"--svg=x|--workload=churn|--sweep=held=0,8|--modes=inline", no_server},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[ARGUMENTS_MESSAGE_SIZE];
        snprintf(expected, sizeof expected, "thrd: bench: %s", rows[i][1]);
        bad(rows[i][0], expected);
    }
    good("--svg=x|--workload=crr|--sweep=connections=1,8|--modes=inline|--target=a:80");
    good("--svg=x|--workload=rr|--sweep=held=0,8|--modes=none|--against=x=y {port}");
    good("--svg=x|--workload=rr|--sweep=held=0,8|--ballast=1m|--modes=thread");
}

static void test_a_comparison_measures_nothing(void **state)
{
    static const char *const rows[][2] = {
        {"--modes=thread", "modes"}, {"--stevens", "stevens"},
        {"--rounds=3", "rounds"},    {"--json", "json"},
        {"--html=x.html", "html"},   {"--against=x=y {port}", "against"},
        {"--svg=x.svg", "svg"},      {"--sweep=held=0,1", "sweep"},
        {"--warmup=0", "warmup"},    {"--target=a:80", "target"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char arguments[128];
        char expected[ARGUMENTS_MESSAGE_SIZE];
        snprintf(arguments, sizeof arguments, "--compare|a|b|%s", rows[i][0]);
        snprintf(expected, sizeof expected,
                 "thrd: bench: --compare and --%s: a comparison of two files measures nothing; "
                 "only --fail-over goes with it",
                 rows[i][1]);
        bad(arguments, expected);
    }
}

/* ---- Help -------------------------------------------------------------------------------- */

static void test_help(void **state)
{
    const struct workload *workload;
    char *text = NULL;
    size_t size = 0;
    size_t lines = 0;
    (void)state;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    help_write(stream, &bench_table);
    assert_int_equal(fclose(stream), 0);
    for (const char *line = text; *line != '\0'; lines++) {
        size_t length = strcspn(line, "\n");
        if (length > 80)
            fail_msg("%zu columns: %.*s", length, (int)length, line);
        assert_int_equal(line[length], '\n');
        assert_true(length == 0 || line[length - 1] != ' ');
        line += length + 1;
    }
    assert_true(lines <= 60);
    for (size_t i = 0; (workload = workload_at(i)); i++)
        assert_non_null(strstr(text, workload->summary));
    assert_non_null(strstr(text, "--json[=FILE]  "));
    assert_non_null(strstr(text, "[500ms]"));
    assert_int_equal(parse("--help|--nonsense"), ARGUMENTS_HELP);
    assert_int_equal(parse("--rounds=3|-V"), ARGUMENTS_VERSION);
    bad("--round=3", "thrd: bench: unknown option --round; did you mean --rounds?\n"
                     "Try 'thrd bench --help'.");
    bad("--mode=thread", "thrd: bench: unknown option --mode; did you mean --modes?\n"
                         "Try 'thrd bench --help'.");
    free(text);
}

static void test_manual_describes_everything(void **state)
{
    char *text = manual_read(THRD_SOURCE_DIR "/src/man/thrd-bench.1");
    const struct argument_spec *spec;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&bench_table, i)); i++)
        manual_check_item(text, spec);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_each_parse_starts_anew),
        cmocka_unit_test(test_table_is_well_formed),
        cmocka_unit_test(test_what_is_given_is_known),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_against),
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_long_addresses_get_a_name),
        cmocka_unit_test(test_servers_have_a_limit),
        cmocka_unit_test(test_workload),
        cmocka_unit_test(test_workload_mistakes),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_sweep_of_held),
        cmocka_unit_test(test_the_last_sweep_counts),
        cmocka_unit_test(test_held_size_and_rate),
        cmocka_unit_test(test_ballast),
        cmocka_unit_test(test_rounds_and_threads),
        cmocka_unit_test(test_duration_and_warmup),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_files_do_not_follow_json),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_what_a_picture_needs),
        cmocka_unit_test(test_a_comparison_measures_nothing),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_manual_describes_everything),
    };
    return cmocka_run_group_tests_name("bench options", tests, NULL, NULL);
}
