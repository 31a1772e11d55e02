/* test_access - who may connect: --allow, --deny, and --rules, which SIGHUP reads again. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "netns.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

static const char here[] = "127.0.0.2";
static const char beside[] = "127.0.0.3";
static const char elsewhere[] = "127.0.1.2";

static void expect_denied(struct process *server, const char *source)
{
    client_expect_eof(client_connect_from(source, process_address(server)));
}

/* It is free for the next one then, also in mode inline. */
static void serve_one(struct process *server, const char *source)
{
    client_leave(client_served_from(source, process_address(server)));
    process_wait_counter(server, "active", 0);
}

/* ---- The file ---------------------------------------------------------------------------- */

static const char *rules_path(const struct process *server)
{
    static char path[96];
    snprintf(path, sizeof path, "%s/rules", server->dir);
    return path;
}

/* A whole new file takes the place of the old one, as rename(2) does it. */
static void write_rules(const struct process *server, const char *text)
{
    char path[96];
    snprintf(path, sizeof path, "%s/rules.new", server->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(path, rules_path(server)), 0);
}

static const char *rules_option(const struct process *server)
{
    static char option[128];
    snprintf(option, sizeof option, "--rules=%s", rules_path(server));
    return option;
}

/* Writes them, and waits until the server has said that so many hold. */
static void reload(struct process *server, const char *text, size_t count)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "level=notice msg=reload rules=%zu", count);
    size_t before = process_log_count(server, pattern);
    write_rules(server, text);
    process_signal(server, SIGHUP);
    process_log_wait_count(server, pattern, before + 1);
}

/* ---- Options ----------------------------------------------------------------------------- */

static void who_is_not_allowed_is_denied(struct process *server)
{
    process_start(server, "--allow=127.0.0.2,10.0.0.0/8", "--allow=127.0.1.0/24",
                  "--deny=127.0.1.7,127.0.1.8/29", "--when-full=busy:come again", NULL);
    serve_one(server, here);
    serve_one(server, elsewhere);
    expect_denied(server, beside);
    expect_denied(server, "127.0.1.7");
    expect_denied(server, "127.0.1.15");
    serve_one(server, "127.0.1.16");
    assert_int_equal(process_counter(server, "refused_rules"), 3);
    assert_int_equal(process_counter(server, "peak"), 1);
}

static void who_is_not_denied_is_allowed(struct process *server)
{
    process_start(server, "--deny=127.0.0.2", "--deny=::/0", NULL);
    expect_denied(server, here);
    serve_one(server, beside);
}

/* The line in the log that says who and why, once a second. */
static void denied_client_is_told_of(struct process *server)
{
    enum { REFUSALS = 100 };
    char name[64];
    char pattern[160];
    process_start(server, "--deny=127.0.0.2", NULL);
    int64_t begin = now_ms();
    int fd = client_connect_from(here, process_address(server));
    client_name(fd, name, sizeof name);
    client_expect_eof(fd);
    snprintf(pattern, sizeof pattern,
             "level=warn msg=\"connection refused\" reason=rules peer=%s repeated=1", name);
    process_log_wait(server, pattern);
    for (int i = 1; i < REFUSALS; i++)
        expect_denied(server, here);
    int64_t seconds = (now_ms() - begin) / 1000;
    process_wait_counter(server, "refused_rules", REFUSALS);
    assert_in_range(process_log_count(server, "msg=\"connection refused\" reason=rules"), 1,
                    (size_t)seconds + 2);
}

/* A listener that the server inherits may take both families. */
static void ipv4_by_an_ipv6_socket_is_ipv4(struct process *server)
{
    char listen_option[32];
    char address[64];
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    socklen_t size = sizeof any;
    int off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0 ||
        bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
        suite_skip("there is no IPv6 here");
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(any.sin6_port));
    snprintf(listen_option, sizeof listen_option, "--listen=fd:%d", fd);
    server->inherited_fd = fd;
    process_start(server, listen_option, "--allow=127.0.0.2", NULL);
    close(fd);
    client_leave(client_served_from(here, address));
    client_expect_eof(client_connect_from(beside, address));
    assert_int_equal(process_counter(server, "refused_rules"), 1);
}

static void ipv6_networks(struct process *server)
{
    netns_need();
    netns_add_ipv6("fd00:0:0:1::a");
    netns_add_ipv6("fd00:0:0:2::a");
    process_start(server, "--allow=fd00::/16", "--deny=fd00:0:0:2::/64", "--listen=[::1]:0", NULL);
    serve_one(server, "fd00:0:0:1::a");
    expect_denied(server, "fd00:0:0:2::a");
    expect_denied(server, "::1");
}

/* The permissions of its file say who may connect. */
static void unix_clients_are_let_in(struct process *server)
{
    char listen_option[96];
    snprintf(listen_option, sizeof listen_option, "--listen=unix:%s/socket", server->dir);
    process_start(server, listen_option, "--allow=10.0.0.0/8", NULL);
    client_leave(client_served(process_address(server)));
}

static void wrong_network_is_named_with_its_option(struct process *server)
{
    static const char *const options[] = {"--allow=10.0.0.0/99", "--deny=::1,10.0.0.0/99",
                                          "--reserve=2:10.0.0.0/99"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char expected[160];
        assert_int_equal(process_start_refused(server, options[i], NULL), 2);
        snprintf(
            expected, sizeof expected,
            "thrd: %s: behind the / stands a number of bits from 0 to 32; allowed: ", options[i]);
        assert_non_null(strstr(process_log_text(server), expected));
        process_renew(server);
    }
}

/* ---- --rules ----------------------------------------------------------------------------- */

static void wrong_file_is_refused(struct process *server)
{
    char expected[256];
    write_rules(server, "allow 10.0.0.0/8\n\ndeny 10.0.0.0/99 # what?\n");
    assert_int_equal(process_start_refused(server, rules_option(server), NULL), 2);
    snprintf(expected, sizeof expected,
             "thrd: %s:3: deny 10.0.0.0/99 # what?: behind the / stands a number of bits from 0 to "
             "32\n",
             rules_option(server));
    assert_non_null(strstr(process_log_text(server), expected));
    process_renew(server);
    assert_int_equal(process_start_refused(server, "--rules=/nonexistent/rules", NULL), 1);
    assert_non_null(strstr(process_log_text(server),
                           "thrd: --rules=/nonexistent/rules: No such file or directory\n"));
}

/* Those who are there stay; the options hold as before. */
static void hangup_reads_the_rules_again(struct process *server)
{
    write_rules(server, "deny 127.0.0.2\n");
    process_start(server, rules_option(server), "--deny=127.0.1.0/24", NULL);
    expect_denied(server, here);
    int held = client_served_from(beside, process_address(server));
    reload(server, "# others\ndeny 127.0.0.3\ndeny 10.0.0.0/8\n", 3);
    client_echo(held, "still here");
    client_leave(held);
    process_wait_counter(server, "active", 0);
    serve_one(server, here);
    expect_denied(server, beside);
    expect_denied(server, elsewhere);
    reload(server, "allow 127.0.1.2\n", 2);
    serve_one(server, elsewhere);
    expect_denied(server, here);
    assert_int_equal(process_counter(server, "refused_rules"), 4);
}

/* Until the one failure more is told, which says this. */
static void reload_fails(struct process *server, const char *says)
{
    static const char failed[] = "level=warn msg=\"reload failed\" action=\"nothing was changed\"";
    char pattern[400];
    size_t before = process_log_count(server, failed);
    process_signal(server, SIGHUP);
    process_log_wait_count(server, failed, before + 1);
    snprintf(pattern, sizeof pattern, "%s %s", failed, says);
    process_log_wait(server, pattern);
}

static void mistake_changes_nothing(struct process *server)
{
    char says[300];
    write_rules(server, "deny 127.0.0.2\n");
    process_start(server, rules_option(server), NULL);
    write_rules(server, "allow 127.0.0.2\nallow 127.0.0.0/8\npermit all\n");
    snprintf(says, sizeof says, "at=%s:3 given=\"permit all\"", rules_path(server));
    reload_fails(server, says);
    expect_denied(server, here);
    serve_one(server, beside);
    /* Emptied, as by a disk that is full. */
    write_rules(server, "");
    snprintf(says, sizeof says, "at=%s", rules_path(server));
    reload_fails(server, says);
    expect_denied(server, here);
    assert_int_equal(unlink(rules_path(server)), 0);
    snprintf(says, sizeof says, "at=%s error=\"No such file or directory\"", rules_path(server));
    reload_fails(server, says);
    expect_denied(server, here);
    serve_one(server, beside);
    reload(server, "deny 127.0.0.3\n", 1);
    serve_one(server, here);
}

/* Whole rules at any moment, whatever is being read. */
static void reloads_under_traffic(struct process *server)
{
    enum { RULES = 2000 };
    if (process_is_wrapped() && suite_mode() == THRDSRV_MODE_FORK)
        suite_skip(
            "a child has what the reading thread had at the fork, which memcheck calls lost");
    char *text = malloc(RULES * 32);
    assert_non_null(text);
    char *end = text;
    end += sprintf(end, "deny 127.0.0.3\n");
    for (int i = 0; i < RULES; i++)
        end += sprintf(end, "allow 127.%d.%d.0/24\n", i / 256, i % 256);
    write_rules(server, text);
    free(text);
    process_start(server, rules_option(server), "--log=notice", NULL);
    for (size_t i = 0; i < scaled(150); i++) {
        process_signal(server, SIGHUP);
        client_leave(client_served_from(here, process_address(server)));
        expect_denied(server, beside);
    }
    process_signal(server, SIGHUP);
    process_log_wait(server, "msg=reload rules=2001");
    assert_int_equal(process_log_count(server, "msg=\"reload failed\""), 0);
}

/* As sent to a whole group, when a terminal is closed. */
static void children_ignore_the_hangup(struct process *server)
{
    if (suite_mode() != THRDSRV_MODE_FORK)
        suite_skip("only mode fork has children");
    write_rules(server, "deny 127.0.0.3\n");
    process_start(server, rules_option(server), NULL);
    int fd = client_served_from(here, process_address(server));
    kill(process_wait_child(server, 0), SIGHUP);
    client_echo(fd, "still here");
    client_leave(fd);
}

/* Nothing is there to be read again. */
static void hangup_without_rules_ends_it(struct process *server)
{
    if (process_is_wrapped())
        suite_skip("memcheck takes a thread that is there at such an end for a leak");
    process_start(server, "--allow=127.0.0.0/8", NULL);
    serve_one(server, here);
    process_signal(server, SIGHUP);
    server->expect_exit = 128 + SIGHUP;
    assert_int_equal(process_wait_exit(server), 128 + SIGHUP);
}

/* One that arrives while it stops is not what it waits for. */
static void stop_comes_through_hangups(struct process *server)
{
    write_rules(server, "deny 127.0.0.3\n");
    process_start(server, rules_option(server), NULL);
    serve_one(server, here);
    for (int i = 0; i < 50; i++)
        process_signal(server, SIGHUP);
    process_stop(server);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(who_is_not_allowed_is_denied),
        CASE(who_is_not_denied_is_allowed),
        CASE(denied_client_is_told_of),
        CASE(ipv4_by_an_ipv6_socket_is_ipv4),
        CASE(ipv6_networks),
        CASE(unix_clients_are_let_in),
        CASE(wrong_network_is_named_with_its_option),
        CASE(wrong_file_is_refused),
        CASE(hangup_reads_the_rules_again),
        CASE(mistake_changes_nothing),
        CASE(reloads_under_traffic),
        CASE(children_ignore_the_hangup),
        CASE(hangup_without_rules_ends_it),
        CASE(stop_comes_through_hangups),
    };
    suite_init(argc, argv);
    netns_enter();
    return cmocka_run_group_tests_name("access", cases, NULL, NULL);
}
