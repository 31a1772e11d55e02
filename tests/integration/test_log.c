/* test_log - the log at each level, the end line of a connection, the dump, the counters: what
 * operators and programs read has the same fields with the same meaning in every mode. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "process_log.h"
#include "suite.h"

/* A few connections of several kinds, then the stop; what is logged stays to be looked at. */
static void run_a_little(struct process *server)
{
    for (int i = 0; i < 3; i++)
        client_leave(client_served(process_address(server)));
    client_reset(client_served(process_address(server)));
    process_stop(server);
}

/* For cases that look at every line of stderr. */
static void need_stderr_alone(void)
{
    if (process_is_wrapped())
        suite_skip("the wrapper may write to stderr too");
}

static void default_shows_start_stop_and_trouble_only(struct process *server)
{
    need_stderr_alone();
    server->with_default_log = true;
    process_start(server, NULL);
    run_a_little(server);
    assert_int_equal(process_log_count(server, "msg=begin"), 0);
    assert_int_equal(process_log_count(server, "msg=end"), 0);
    assert_int_equal(process_log_count(server, "level=notice msg=start"), 1);
    assert_int_equal(process_log_count(server, "level=notice msg=quiesce"), 1);
    assert_int_equal(process_log_count(server, "level=notice msg=stop cut=0"), 1);
    assert_int_equal(process_log_count(server, "level=notice msg=counters"), 1);
    assert_int_equal(process_log_count(server, ""), 4);
}

static void warn_and_error_are_quiet_when_all_is_well(struct process *server)
{
    static const char *const levels[] = {"--log=warn", "--log=error"};
    need_stderr_alone();
    for (int i = 0; i < 2; i++) {
        server->expect_quiet = true;
        process_start(server, levels[i], NULL);
        run_a_little(server);
        assert_string_equal(process_log_text(server), "");
        process_renew(server);
    }
}

static void debug_shows_the_beginning_too(struct process *server)
{
    char peer[64];
    char pattern[256];
    process_start(server, "--log=debug", NULL);
    int fd = client_served(process_address(server));
    client_name(fd, peer, sizeof peer);
    snprintf(pattern, sizeof pattern, "level=debug msg=begin conn=1 slot=0 mode=%s peer=%s",
             suite_mode_name(), peer);
    process_log_wait(server, pattern);
}

/* "time=2026-11-21T02:46:28.123Z level=..." */
static void expect_time(const char *line)
{
    static const char form[] = "time=dddd-dd-ddTdd:dd:dd.dddZ level=";
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)line[i]) : line[i] != form[i])
            suite_fail("no time in RFC 3339 form: %s", line);
}

static void lines_begin_with_time_and_level(struct process *server)
{
    need_stderr_alone();
    process_start(server, "--log=debug", NULL);
    run_a_little(server);
    const char *text = process_log_text(server);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        expect_time(line);
}

/* Conversations that differ in size and in how they end: one line each, with these figures. */
static void one_end_line_for_each_connection(struct process *server)
{
    enum { COUNT = 30 };
    char text[COUNT + 1];
    process_start(server, NULL);
    memset(text, 'x', sizeof text);
    for (size_t i = 1; i <= COUNT; i++) {
        int fd = client_connect(process_address(server));
        client_send(fd, text, i);
        client_expect(fd, text, i);
        if (i % 3 == 0)
            client_reset(fd);
        else
            client_leave(fd);
        char pattern[128];
        snprintf(pattern, sizeof pattern, "level=info msg=end conn=%zu in=%zu out=%zu end=%s", i, i,
                 i, i % 3 == 0 ? "reset" : "eof");
        process_log_wait(server, pattern);
    }
    process_stop(server);
    assert_int_equal(process_log_count(server, "msg=end"), COUNT);
    for (size_t i = 1; i <= COUNT; i++) {
        char pattern[64];
        snprintf(pattern, sizeof pattern, "msg=end conn=%zu", i);
        assert_int_equal(process_log_count(server, pattern), 1);
    }
    const char *counters = process_log_find(server, "msg=counters");
    assert_int_equal(log_line_number(counters, "served"), COUNT);
    assert_int_equal(log_line_number(counters, "bytes_in"), COUNT * (COUNT + 1) / 2);
    assert_int_equal(log_line_number(counters, "bytes_out"), COUNT * (COUNT + 1) / 2);
}

/* What the connection cost: the same fields in every mode, measured for the worker alone. */
static void end_line_tells_the_cost(struct process *server)
{
    static const char *const fields[] = {"user", "sys", "minflt", "majflt", "vcsw", "ivcsw"};
    static char text[1000000];
    process_start(server, "--handler=discard", NULL);
    int fd = client_connect(process_address(server));
    /* Long enough for a clock tick: a thread that runs on is not charged before the next one. */
    for (size_t i = 0; i < 10 + scaled(90); i++)
        client_send(fd, text, sizeof text);
    client_leave(fd);
    const char *line = process_log_wait(server, "msg=end conn=1");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (log_line_number(line, fields[i]) < 0)
            suite_fail("no %s in %s", fields[i], line);
    double cpu = log_line_seconds(line, "user") + log_line_seconds(line, "sys");
    double seconds = log_line_seconds(line, "seconds");
    assert_true(cpu > 0 && seconds > 0);
    if (cpu > seconds + 0.05)
        suite_fail("%.6f s of processor time in %.3f s", cpu, seconds);
}

/* A line for each used slot, then the counters; free slots are left out. */
static void dump_shows_the_slots_in_use(struct process *server)
{
    char peer[64];
    char pattern[256];
    int count = suite_mode() == THRDSRV_MODE_INLINE ? 1 : 3;
    process_start(server, "--slots=10", NULL);
    process_dump(server);
    assert_int_equal(process_log_count(server, "msg=slot"), 0);
    int fd = -1;
    for (int i = 0; i < count; i++)
        fd = client_served(process_address(server));
    const char *counters = process_dump(server);
    assert_int_equal(log_line_number(counters, "active"), count);
    assert_int_equal(log_line_number(counters, "accepted"), count);
    assert_int_equal(process_log_count(server, "level=notice msg=slot state=ACTIVE"), count);
    client_name(fd, peer, sizeof peer);
    snprintf(pattern, sizeof pattern, "msg=slot slot=%d conn=%d peer=%s waits=read in=4 out=4",
             count - 1, count, peer);
    const char *line = process_dump_until(server, pattern);
    /* The two come from clocks that differ by a tick. */
    assert_true(log_line_seconds(line, "age") + 0.02 >= log_line_seconds(line, "for"));
    assert_true(log_line_number(line, "worker") > 0);
}

static void dump_tells_who_waits_for_a_slow_reader(struct process *server)
{
    process_start(server, "--handler=chargen", NULL);
    client_connect_with_buffer(process_address(server), 4096);
    process_dump_until(server, "msg=slot conn=1 waits=write");
}

static void peak_is_the_most_at_once(struct process *server)
{
    int fds[5];
    int count = suite_mode() == THRDSRV_MODE_INLINE ? 1 : 5;
    process_start(server, NULL);
    for (int i = 0; i < count; i++)
        fds[i] = client_served(process_address(server));
    for (int i = 0; i < count; i++)
        client_leave(fds[i]);
    process_wait_counter(server, "active", 0);
    client_leave(client_served(process_address(server)));
    process_wait_counter(server, "served", count + 1);
    assert_int_equal(process_counter(server, "peak"), count);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(default_shows_start_stop_and_trouble_only),
        CASE(warn_and_error_are_quiet_when_all_is_well),
        CASE(debug_shows_the_beginning_too),
        CASE(lines_begin_with_time_and_level),
        CASE(one_end_line_for_each_connection),
        CASE(end_line_tells_the_cost),
        CASE(dump_shows_the_slots_in_use),
        CASE(dump_tells_who_waits_for_a_slow_reader),
        CASE(peak_is_the_most_at_once),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("log", cases, NULL, NULL);
}
