/* Who may connect, as a host program says it: in the configuration, and while the server runs. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"

static const char here[] = "127.0.0.2";
static const char elsewhere[] = "127.0.0.3";

static const struct thrdsrv_rule only_here[] = {{"127.0.0.2/32", true}};
static const struct thrdsrv_rule not_here[] = {{"127.0.0.2", false}};

static void give(struct embedded *e, const struct thrdsrv_rule *rules, size_t count)
{
    e->config.rules = rules;
    e->config.rule_count = count;
}

static void set(struct embedded *e, const struct thrdsrv_rule *rules, size_t count)
{
    assert_int_equal(thrdsrv_server_set_rules(e->server, rules, count), 0);
}

/* It is closed, and told nothing, whatever others are told. */
static void expect_denied(struct embedded *e, const char *source)
{
    client_expect_eof(client_connect_from(source, e->address));
}

static void serve_one(struct embedded *e, const char *source)
{
    client_leave(client_served_from(source, e->address));
    embedded_wait_idle(e);
}

/* The hook of the case below. */
static atomic_uint asked;

static bool at_the_door(const struct thrdsrv_arrival *arrival, void *user)
{
    (void)arrival;
    (void)user;
    atomic_fetch_add(&asked, 1);
    return true;
}

/* Before the hook is asked, and before a rate or a limit counts it. */
static void rules_come_first(struct embedded *e)
{
    atomic_store(&asked, 0);
    give(e, only_here, 1);
    e->config.admit = at_the_door;
    e->config.when_full = THRDSRV_FULL_BUSY;
    e->config.busy_text = "come again";
    e->config.source_rate = e->config.rate = 1;
    e->config.source_rate_ms = e->config.rate_ms = 3600000;
    embedded_start(e);
    for (int i = 0; i < 3; i++)
        expect_denied(e, elsewhere);
    serve_one(e, here);
    assert_int_equal(atomic_load(&asked), 1);
    struct thrdsrv_stats stats = embedded_stats(e);
    assert_int_equal(stats.refused_rules, 3);
    assert_int_equal(stats.refused_rate, 0);
    assert_int_equal(stats.accepted, 4);
    embedded_wait_log(e, "level=warn msg=\"connection refused\" reason=rules repeated=1");
    embedded_finish(e);
}

/* Who is denied is denied when the table is full too, and not told to come again. */
static void denied_when_full(struct embedded *e)
{
    give(e, not_here, 1);
    e->config.slots = 1;
    e->config.when_full = THRDSRV_FULL_BUSY;
    e->config.busy_text = "come again";
    embedded_start(e);
    int held = client_served_from(elsewhere, e->address);
    expect_denied(e, here);
    int fd = client_connect_from(elsewhere, e->address);
    client_expect_text(fd, "come again");
    client_expect_eof(fd);
    client_leave(held);
    struct thrdsrv_stats stats = embedded_stats(e);
    assert_int_equal(stats.refused_rules, 1);
    assert_int_equal(stats.refused_full, 1);
    embedded_finish(e);
}

/* The texts are the host's again when the call has returned. */
static void rules_are_copied(struct embedded *e)
{
    char text[] = "127.0.0.2/32";
    struct thrdsrv_rule rules[] = {{text, true}};
    give(e, rules, 1);
    embedded_create(e);
    memset(text, 'x', sizeof text);
    rules[0] = (struct thrdsrv_rule){NULL, false};
    embedded_start(e);
    expect_denied(e, elsewhere);
    serve_one(e, here);
    strcpy(text, "127.0.0.3");
    rules[0] = (struct thrdsrv_rule){text, true};
    set(e, rules, 1);
    memset(text, 'x', sizeof text);
    expect_denied(e, here);
    serve_one(e, elsewhere);
    embedded_finish(e);
}

/* Who is served stays; the next one is judged by what holds when set_rules() has returned. */
static void rules_are_replaced(struct embedded *e)
{
    embedded_start(e);
    int held = client_served_from(here, e->address);
    set(e, not_here, 1);
    client_echo(held, "still here");
    client_leave(held);
    for (int i = 0; i < 10; i++) {
        set(e, not_here, 1);
        expect_denied(e, here);
        set(e, only_here, 1);
        expect_denied(e, elsewhere);
        serve_one(e, here);
    }
    set(e, NULL, 0);
    serve_one(e, elsewhere);
    assert_int_equal(embedded_stats(e).refused_rules, 20);
    embedded_finish(e);
}

/* All or nothing. */
static void wrong_rules_change_nothing(struct embedded *e)
{
    static const struct thrdsrv_rule wrong[] = {{"127.0.0.0/8", true}, {"127.0.0.1/8", true}};
    static const struct thrdsrv_rule missing[] = {{NULL, true}};
    give(e, not_here, 1);
    embedded_start(e);
    assert_int_equal(thrdsrv_server_set_rules(e->server, wrong, 2), THRDSRV_E_INVALID);
    embedded_wait_log(e, "level=error msg=\"invalid rule\" rule=1 network=127.0.0.1/8");
    assert_int_equal(thrdsrv_server_set_rules(e->server, missing, 1), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_set_rules(e->server, wrong, THRDSRV_RULES_MAX + 1),
                     THRDSRV_E_INVALID);
    embedded_wait_log(e, "level=error msg=\"too many rules\" rules=1000001 allowed=1000000");
    expect_denied(e, here);
    serve_one(e, elsewhere);
    embedded_finish(e);
}

static void wrong_configuration_is_refused(struct embedded *e)
{
    static const struct thrdsrv_rule wrong[] = {{"10.0.0.0/8", true}, {"::1/129", false}};
    give(e, wrong, 2);
    embedded_refused(e, THRDSRV_E_INVALID, "msg=\"invalid rule\" rule=1 network=::1/129");
    give(e, NULL, 2);
    embedded_refused(e, THRDSRV_E_INVALID, "msg=\"invalid configuration\" field=rules");
    give(e, wrong, THRDSRV_RULES_MAX + 1);
    embedded_refused(e, THRDSRV_E_INVALID, "msg=\"invalid configuration\" field=rule_count");
}

/* Unix sockets have permissions of their own. */
static void unix_peers_are_let_in(struct embedded *e)
{
    int ends[2];
    give(e, only_here, 1);
    e->config.adopt = true;
    embedded_start(e);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(thrdsrv_server_adopt(e->server, ends[0]), 0);
    client_echo(ends[1], "hello");
    close(ends[1]);
    embedded_wait_idle(e);
    assert_int_equal(embedded_stats(e).refused_rules, 0);
    embedded_finish(e);
}

/* In a child nothing of the server can be used. */
static int set_in_child(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    int error = thrdsrv_server_set_rules(thrdsrv_conn_server(conn), not_here, 1);
    return thrdsrv_conn_printf(conn, "%d\n", error);
}

static void child_sets_nothing(struct embedded *e)
{
    char expected[16];
    embedded_serve(e, set_in_child);
    embedded_start(e);
    snprintf(expected, sizeof expected, "%d\n",
             e->config.mode == THRDSRV_MODE_FORK ? THRDSRV_E_INVALID : 0);
    client_expect_answer(e->address, expected);
    embedded_finish(e);
}

static void text_is_checked(struct embedded *e)
{
    (void)e;
    assert_null(thrdsrv_network_check("10.0.0.0/8"));
    assert_null(thrdsrv_network_check("::1"));
    assert_non_null(strstr(thrdsrv_network_check("10.0.0.0/99"), "0 to 32"));
    assert_non_null(strstr(thrdsrv_network_check("example.org"), "ADDRESS/BITS"));
}

/* ---- Under traffic ----------------------------------------------------------------------- */

enum { THREADS = 2, CHANGES = 300, RULES = 60 };

struct changer {
    struct thrdsrv_server *server;
    atomic_bool *goes_on;
    int changes;
};

/* One set of rules after the other; all of them let 127.0.0.2 in, and 127.0.0.3 not. */
static void *change(void *argument)
{
    struct changer *changer = argument;
    char texts[RULES][32];
    struct thrdsrv_rule rules[RULES + 1] = {{"127.0.0.3", false}};
    for (; atomic_load(changer->goes_on) && changer->changes < CHANGES; changer->changes++) {
        for (int i = 0; i < RULES; i++) {
            snprintf(texts[i], sizeof texts[i], "127.%d.0.0/16", i + changer->changes % 3);
            rules[i + 1] = (struct thrdsrv_rule){texts[i], true};
        }
        snprintf(texts[0], sizeof texts[0], "127.0.0.0/%d", 8 + changer->changes % 22);
        if (thrdsrv_server_set_rules(changer->server, rules, RULES + 1) < 0)
            break;
    }
    return NULL;
}

static void traffic_sees_whole_rules(struct embedded *e)
{
    static const struct thrdsrv_rule first[] = {{"127.0.0.3", false}};
    atomic_bool goes_on = true;
    struct changer changers[THREADS];
    pthread_t threads[THREADS];
    give(e, first, 1);
    embedded_start(e);
    for (int i = 0; i < THREADS; i++) {
        changers[i] = (struct changer){e->server, &goes_on, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, change, &changers[i]), 0);
    }
    for (int i = 0; i < 40; i++) {
        client_leave(client_served_from(here, e->address));
        expect_denied(e, elsewhere);
    }
    atomic_store(&goes_on, false);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(changers[i].changes > 0);
    }
    assert_int_equal(embedded_stats(e).refused_rules, 40);
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_ALL_MODES(rules_come_first),
        EMBEDDED_IN_MODE(denied_when_full, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(denied_when_full, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_ONCE(rules_are_copied),
        EMBEDDED_IN_ALL_MODES(rules_are_replaced),
        EMBEDDED_ONCE(wrong_rules_change_nothing),
        EMBEDDED_ONCE(wrong_configuration_is_refused),
        EMBEDDED_IN_ALL_MODES(unix_peers_are_let_in),
        EMBEDDED_IN_ALL_MODES(child_sets_nothing),
        EMBEDDED_ONCE(text_is_checked),
        EMBEDDED_IN_ALL_MODES(traffic_sees_whole_rules),
    };
    return embedded_run(argc, argv, "access", cases, sizeof cases / sizeof cases[0]);
}
