/* test_options.c - cli/option_table.c, cli/options.c and cli/help.c: every option of the server
 * with good, bad and boundary values, the texts of the errors, the layout of --help, and that
 * table, defaults, handlers and man page tell the same story. Built for a library with and without
 * mode fork. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/control_path.h"
#include "cli/help.h"
#include "cli/nearest.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/services.h"

#include "manual.h"
#include "words.h"

/* One parse at a time; static because the configuration points into it. */
static struct options options;
static char message[ARGUMENTS_MESSAGE_SIZE];

/* Parses "thrd" and the words of arguments, which are separated by '|'. */
static enum arguments_end parse(const char *arguments)
{
    static char *argv[WORDS_MAX + 1]; /* a program's arguments stay where they are */
    int argc = words_split("thrd", arguments, argv);
    memset(message, '#', sizeof message);
    enum arguments_end end = options_parse(&options, argc, argv, message, sizeof message);
    assert_non_null(memchr(message, '\0', sizeof message));
    return end;
}

static const struct thrdsrv_config *good(const char *arguments)
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

/* A value that is refused with "thrd: --NAME=VALUE: WHAT; allowed: …". */
static void bad_value(const char *argument, const char *what)
{
    if (parse(argument) != ARGUMENTS_WRONG)
        fail_msg("%s was accepted", argument);
    words_check_refusal(message, "thrd", argument, what);
}

/* ---- Defaults and the table -------------------------------------------------------------- */

static void check_defaults(void)
{
    const struct thrdsrv_config expected = THRDSRV_CONFIG_INIT;
    const struct thrdsrv_config *config = &options.config;
    assert_int_equal(options.ready_fd, -1);
    assert_int_equal(config->size, expected.size);
    assert_ptr_equal(config->handler, &thrdsrv_echo);
    assert_null(config->serve);
    assert_string_equal(config->name, "echo");
    assert_int_equal(config->backlog, expected.backlog);
    assert_true(config->nodelay);
    assert_int_equal(config->keepalive_idle, expected.keepalive_idle);
    assert_int_equal(config->keepalive_interval, expected.keepalive_interval);
    assert_int_equal(config->keepalive_count, expected.keepalive_count);
    assert_int_equal(config->mode, expected.mode);
    assert_int_equal(config->slots, expected.slots);
    assert_int_equal(config->when_full, expected.when_full);
    assert_int_equal(config->stack_size, expected.stack_size);
    assert_int_equal(config->idle_ms, expected.idle_ms);
    assert_int_equal(config->first_byte_ms, expected.first_byte_ms);
    assert_int_equal(config->write_stall_ms, expected.write_stall_ms);
    assert_int_equal(config->lifetime_ms, expected.lifetime_ms);
    assert_int_equal(config->min_rate_bytes, expected.min_rate_bytes);
    assert_int_equal(config->min_rate_ms, expected.min_rate_ms);
    assert_int_equal(config->drain_ms, expected.drain_ms);
    assert_int_equal(config->log_level, expected.log_level);
    assert_int_equal(config->park_ms, expected.park_ms);
    assert_int_equal(config->per_source, expected.per_source);
    assert_int_equal(config->source_prefix_ipv4, expected.source_prefix_ipv4);
    assert_int_equal(config->source_prefix_ipv6, expected.source_prefix_ipv6);
    assert_int_equal(config->rate, expected.rate);
    assert_int_equal(config->rate_ms, expected.rate_ms);
    assert_int_equal(config->rate_burst, expected.rate_burst);
    assert_int_equal(config->source_rate, expected.source_rate);
    assert_int_equal(config->source_rate_ms, expected.source_rate_ms);
    assert_int_equal(config->source_rate_burst, expected.source_rate_burst);
    assert_int_equal(config->reserve, expected.reserve);
    assert_int_equal(config->reserve_network_count, expected.reserve_network_count);
}

static void test_no_arguments(void **state)
{
    (void)state;
    good("");
    check_defaults();
    assert_int_equal(options.config.listen_count, 0); /* the library listens on localhost:43211 */
    char *none[] = {NULL};
    assert_int_equal(options_parse(&options, 0, none, message, sizeof message), 0);
    check_defaults();
}

/* What help and the man page call the default is the default, for each option by itself. */
static void test_stated_defaults_are_the_defaults(void **state)
{
    const struct argument_spec *spec;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&option_table, i)); i++) {
        char argument[128];
        if (!spec->initial)
            continue;
        snprintf(argument, sizeof argument, "--%s=%s", spec->name, spec->initial);
        good(argument);
        check_defaults();
    }
}

static void test_table_is_well_formed(void **state)
{
    const struct argument_spec *spec;
    int group = 0;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&option_table, i)); i++) {
        assert_non_null(spec->name);
        assert_non_null(spec->help);
        assert_int_equal(!spec->argument, !spec->allowed);
        if (spec->group == ARGUMENTS_SAME_GROUP)
            continue; /* --help and --version, which are the walk's */
        assert_non_null(spec->set);
        assert_true(spec->group >= group); /* groups stay together */
        group = spec->group;
    }
}

static void test_allowed_names_every_handler(void **state)
{
    const struct argument_spec *spec = NULL;
    struct service service;
    const char *previous = "";
    size_t count = 0;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&option_table, i)); i++)
        if (strcmp(spec->name, "handler") == 0)
            break;
    assert_non_null(spec);
    for (; services_at(count, &service); count++) {
        assert_non_null(strstr(spec->allowed, service.name));
        assert_true(strcmp(previous, service.name) < 0);
        assert_int_equal(!service.handler, !!service.serve);
        previous = service.name;
    }
    assert_int_equal(count, 9);
    assert_false(services_at(count, &service));
    assert_false(services_at(SIZE_MAX, &service));
}

/* ---- Each option ------------------------------------------------------------------------- */

static void test_listen(void **state)
{
    (void)state;
    const struct thrdsrv_config *config =
        good("--listen=:80|--listen|[::1]:0|--listen=unix:/run/x");
    assert_int_equal(config->listen_count, 3);
    assert_ptr_equal(config->listen, options.listen);
    assert_string_equal(config->listen[0], ":80");
    assert_string_equal(config->listen[1], "[::1]:0");
    assert_string_equal(config->listen[2], "unix:/run/x");
    bad_value("--listen=", "no address");
    bad("--listen", "thrd: --listen: needs a value; allowed: HOST:PORT, [V6]:PORT, :PORT, "
                    "unix:PATH or fd:N, at most 64 times, default localhost:43211");
    assert_string_equal(good("--listen=fd:3")->listen[0], "fd:3"); /* the library's to judge */
}

static void test_listen_has_a_limit(void **state)
{
    char arguments[WORDS_MAX * sizeof "--listen=:1|"] = "";
    (void)state;
    for (int i = 0; i < OPTIONS_LISTEN_MAX; i++)
        strcat(arguments, i == 0 ? "--listen=:1" : "|--listen=:1");
    assert_int_equal(good(arguments)->listen_count, OPTIONS_LISTEN_MAX);
    strcat(arguments, "|--listen=:2");
    assert_int_equal(parse(arguments), -1);
    assert_non_null(strstr(message, "thrd: --listen=:2: given more than 64 times; allowed: "));
}

static void test_backlog(void **state)
{
    (void)state;
    assert_int_equal(good("--backlog=1")->backlog, 1);
    assert_int_equal(good("--backlog=65535")->backlog, 65535);
    bad_value("--backlog=0", "too small");
    bad_value("--backlog=65536", "too large");
    bad_value("--backlog=", "not a number");
}

static void test_no_nodelay(void **state)
{
    (void)state;
    assert_false(good("--no-nodelay")->nodelay);
    bad("--no-nodelay=1", "thrd: --no-nodelay=1: takes no value");
    bad("--no-nodelay=", "thrd: --no-nodelay=: takes no value");
}

static void test_keepalive(void **state)
{
    (void)state;
    const struct thrdsrv_config *config = good("--keepalive=1,2,3");
    assert_int_equal(config->keepalive_idle, 1);
    assert_int_equal(config->keepalive_interval, 2);
    assert_int_equal(config->keepalive_count, 3);
    config = good("--keepalive=32767,32767,127");
    assert_int_equal(config->keepalive_idle, 32767);
    assert_int_equal(config->keepalive_interval, 32767);
    assert_int_equal(config->keepalive_count, 127);
    assert_int_equal(good("--keepalive=off")->keepalive_idle, 0);
    bad_value("--keepalive=0,1,1", "too small");
    bad_value("--keepalive=1,0,1", "too small");
    bad_value("--keepalive=1,1,0", "too small");
    bad_value("--keepalive=32768,1,1", "too large");
    bad_value("--keepalive=1,32768,1", "too large");
    bad_value("--keepalive=1,1,128", "too large");
    bad_value("--keepalive=1,2", "not three numbers");
    bad_value("--keepalive=1,2,3,4", "not three numbers");
    bad_value("--keepalive=1,2,3,", "not three numbers");
    bad_value("--keepalive=1,,3", "not a number");
    bad_value("--keepalive=,1,3", "not a number");
    bad_value("--keepalive=", "not a number");
    bad_value("--keepalive=60s,10,6", "not a number");
    bad_value("--keepalive=on", "not a number");
    bad_value("--keepalive=0", "too small");
    bad_value("--keepalive=11111111111111111111111111,1,1", "not three numbers");
}

static void test_ready_fd(void **state)
{
    (void)state;
    good("--ready-fd=3");
    assert_int_equal(options.ready_fd, 3);
    good("--ready-fd=2147483647");
    assert_int_equal(options.ready_fd, 2147483647);
    bad_value("--ready-fd=2", "too small");
    bad_value("--ready-fd=2147483648", "too large");
    bad_value("--ready-fd=x", "not a number");
    bad("--ready-fd",
        "thrd: --ready-fd: needs a value; allowed: a number from 3 up, an open descriptor");
}

static void test_handler(void **state)
{
    struct service service;
    (void)state;
    for (size_t i = 0; services_at(i, &service); i++) {
        char argument[64];
        snprintf(argument, sizeof argument, "--handler=%s", service.name);
        const struct thrdsrv_config *config = good(argument);
        assert_string_equal(config->name, service.name);
        assert_ptr_equal(config->handler, service.handler);
        assert_true(config->serve == service.serve);
    }
    bad("--handler=eco",
        "thrd: --handler=eco: no such handler; allowed: age, bytes, chargen, daytime, "
        "discard, echo, rot13, time or whoami, default echo");
    bad_value("--handler=", "no such handler");
    bad_value("--handler=Echo", "no such handler");
}

static void test_mode(void **state)
{
    (void)state;
    assert_int_equal(good("--mode=inline")->mode, THRDSRV_MODE_INLINE);
    assert_int_equal(good("--mode=thread")->mode, THRDSRV_MODE_THREAD);
    if (thrdsrv_mode_supported(THRDSRV_MODE_FORK))
        assert_int_equal(good("--mode=fork")->mode, THRDSRV_MODE_FORK);
    else
        bad("--mode=fork", "thrd: --mode=fork: this build has no fork mode; build with cmake "
                           "-DTHRDSRV_FORK=ON");
    assert_int_equal(good("--mode=fork|--mode=thread")->mode, THRDSRV_MODE_THREAD);
    bad("--mode=threads", "thrd: --mode=threads: no such mode; allowed: thread, fork or inline, "
                          "default thread");
    bad_value("--mode=", "no such mode");
    bad_value("--mode=Thread", "no such mode");
    assert_string_equal(option_table_mode_name(THRDSRV_MODE_THREAD), "thread");
    assert_string_equal(option_table_mode_name(THRDSRV_MODE_FORK), "fork");
    assert_string_equal(option_table_mode_name(THRDSRV_MODE_INLINE), "inline");
}

static void test_slots(void **state)
{
    (void)state;
    assert_int_equal(good("--slots=1")->slots, 1);
    assert_int_equal(good("--slots=1000000")->slots, 1000000);
    assert_int_equal(THRDSRV_SLOTS_MAX, 1000000); /* as the texts say */
    bad("--slots=abc", "thrd: --slots=abc: not a number; allowed: 1 to 1000000, default 128");
    bad("--slots=0", "thrd: --slots=0: too small; allowed: 1 to 1000000, default 128");
    bad("--slots=1000001", "thrd: --slots=1000001: too large; allowed: 1 to 1000000, default 128");
    bad("--slots=4294967297",
        "thrd: --slots=4294967297: too large; allowed: 1 to 1000000, default 128");
    bad("--slots=1.5", "thrd: --slots=1.5: not a whole number; allowed: 1 to 1000000, default 128");
    bad("--slots", "thrd: --slots: needs a value; allowed: 1 to 1000000, default 128");
    bad("--slots|--mode=thread",
        "thrd: --slots: needs a value; allowed: 1 to 1000000, default 128");
}

static void test_when_full(void **state)
{
    char longest[OPTIONS_BUSY_MAX + 64] = "--when-full=busy:";
    (void)state;
    assert_int_equal(good("--when-full=wait")->when_full, THRDSRV_FULL_WAIT);
    assert_int_equal(good("--when-full=close")->when_full, THRDSRV_FULL_CLOSE);
    const struct thrdsrv_config *config = good("--when-full=busy:come back later: 5m");
    assert_int_equal(config->when_full, THRDSRV_FULL_BUSY);
    assert_string_equal(config->busy_text, "come back later: 5m\r\n");
    memset(longest + strlen(longest), 'x', OPTIONS_BUSY_MAX);
    assert_int_equal(strlen(good(longest)->busy_text), OPTIONS_BUSY_MAX + 2);
    strcat(longest, "x");
    assert_int_equal(parse(longest), -1);
    assert_non_null(strstr(message, "...: the text is longer than 500 bytes; allowed: "));
    bad_value("--when-full=busy:", "the text is missing");
    bad_value("--when-full=busy", "the text is missing");
    bad_value("--when-full=drop", "no such action");
    bad_value("--when-full=", "no such action");
}

static void test_per_source(void **state)
{
    (void)state;
    assert_int_equal(good("--per-source=1")->per_source, 1);
    assert_int_equal(good("--per-source=1000000")->per_source, 1000000);
    assert_int_equal(good("--per-source=3|--per-source=off")->per_source, 0);
    assert_int_equal(good("--per-source=3|--per-source=0")->per_source, 0);
    bad("--per-source=1000001",
        "thrd: --per-source=1000001: too large; allowed: 1 to 1000000, or off, default off");
    bad_value("--per-source=-1", "not a number");
    bad_value("--per-source=", "not a number");
    bad_value("--per-source=on", "not a number");
}

static void test_source_prefix(void **state)
{
    static const char form[] = "not two numbers of bits with a colon between them";
    (void)state;
    const struct thrdsrv_config *config = good("--source-prefix=24:48");
    assert_int_equal(config->source_prefix_ipv4, 24);
    assert_int_equal(config->source_prefix_ipv6, 48);
    config = good("--source-prefix=0:128");
    assert_int_equal(config->source_prefix_ipv4, 0);
    assert_int_equal(config->source_prefix_ipv6, 128);
    bad_value("--source-prefix=33:64", "too large");
    bad_value("--source-prefix=32:129", "too large");
    bad_value("--source-prefix=32", form);
    bad_value("--source-prefix=", form);
    bad_value("--source-prefix=00000000000000032:64", form);
    bad_value("--source-prefix=:64", "not a number");
    bad_value("--source-prefix=32:", "not a number");
    bad_value("--source-prefix=32:64:1", "not a number");
    bad_value("--source-prefix=/32:/64", "not a number");
}

/* Both options that take a rate. */
static void check_rate_option(const char *name, const unsigned *rate, const int64_t *ms,
                              const unsigned *burst)
{
    static const struct {
        const char *value;
        unsigned rate;
        int64_t ms;
        unsigned burst;
    } rows[] = {
        {"200/s,burst=400", 200, 1000, 400},
        {"1/m", 1, 60000, 0},
        {"1000000/h,burst=1", 1000000, 3600000, 1},
        {"5/s,burst=1000000", 5, 1000, 1000000},
        {"off", 0, 1000, 0},
        {"0", 0, 1000, 0},
    };
    static const char *const wrong[][2] = {
        {"200", "not of the form N/s, N/m or N/h"},
        {"200/d", "not of the form N/s, N/m or N/h"},
        {"", "not of the form N/s, N/m or N/h"},
        {"00000000000000000000000000000001/s", "not of the form N/s, N/m or N/h"},
        {"0/s", "too small"},
        {"1000001/s", "too large"},
        {"5/s,burst=0", "too small"},
        {"5/s,burst=1000001", "too large"},
        {"5/s,burst=", "not a number"},
        {"5/s,burst=5,", "not a whole number"},
        {"5/s,", "behind the comma only burst=N is known"},
        {"5/s,400", "behind the comma only burst=N is known"},
    };
    char argument[80];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(argument, sizeof argument, "--%s=%s", name, rows[i].value);
        good(argument);
        assert_int_equal(*rate, rows[i].rate);
        assert_int_equal(*ms, rows[i].ms);
        assert_int_equal(*burst, rows[i].burst);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(argument, sizeof argument, "--%s=%s", name, wrong[i][0]);
        bad_value(argument, wrong[i][1]);
    }
}

static void test_rates(void **state)
{
    (void)state;
    struct thrdsrv_config *config = &options.config;
    check_rate_option("rate", &config->rate, &config->rate_ms, &config->rate_burst);
    check_rate_option("source-rate", &config->source_rate, &config->source_rate_ms,
                      &config->source_rate_burst);
    good("--rate=5/s,burst=9|--rate=7/m"); /* nothing of the first is left */
    assert_int_equal(config->rate, 7);
    assert_int_equal(config->rate_burst, 0);
    assert_int_equal(config->source_rate, 0);
}

static void test_reserve(void **state)
{
    (void)state;
    const struct thrdsrv_config *config = good("--reserve=2:127.0.0.0/8,::1/128");
    assert_int_equal(config->reserve, 2);
    assert_int_equal(config->reserve_network_count, 2);
    assert_string_equal(config->reserve_networks[0], "127.0.0.0/8");
    assert_string_equal(config->reserve_networks[1], "::1/128");
    config = good("--reserve=2:10.0.0.0/8|--reserve=1:::1");
    assert_int_equal(config->reserve, 1);
    assert_int_equal(config->reserve_network_count, 1);
    assert_string_equal(config->reserve_networks[0], "::1");
    assert_int_equal(good("--reserve=2:10.0.0.0/8|--reserve=off")->reserve, 0);
    assert_int_equal(good("--slots=3|--reserve=2:::1")->reserve, 2);
    assert_int_equal(good("--reserve=128:::1|--slots=129")->reserve, 128);
    bad_value("--reserve=2", "the networks are missing");
    bad_value("--reserve=2:", "the networks are missing");
    bad_value("--reserve=", "the networks are missing");
    bad_value("--reserve=0:::1", "too small");
    bad_value("--reserve=1000000:::1", "too large");
    bad_value("--reserve=::1/128", "not a number");
    bad_value("--reserve=10.0.0.0/8:2", "not a whole number");
    bad_value("--reserve=00000000000000001:::1", "not a number");
    bad_value("--reserve=1:0000000000000000000000000000000000000000000000000000000000000000",
              "a network is too long");
}

#define NO_NETWORK                                                                                 \
    "a network is ADDRESS/BITS with a numeric IPv4 or IPv6 address, such as 10.0.0.0/8 or "        \
    "fd00::/8"

/* They add up; --reserve has texts of its own. */
static void test_allow_and_deny(void **state)
{
    (void)state;
    const struct thrdsrv_config *config =
        good("--allow=10.0.0.0/8,::1|--reserve=2:127.0.0.0/8|--deny=10.1.0.0/16|--allow=fd00::/8");
    static const struct thrdsrv_rule wanted[] = {
        {"10.0.0.0/8", true}, {"::1", true}, {"10.1.0.0/16", false}, {"fd00::/8", true}};
    assert_int_equal(config->rule_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(config->rules[i].network, wanted[i].network);
        assert_int_equal(config->rules[i].allow, wanted[i].allow);
    }
    assert_string_equal(config->reserve_networks[0], "127.0.0.0/8");
    assert_int_equal(good("")->rule_count, 0);
    bad_value("--allow=", NO_NETWORK);
    bad_value("--allow=10.0.0.0/8,", NO_NETWORK);
    bad_value("--deny=10.0.0.0/33", "behind the / stands a number of bits from 0 to 32");
    bad_value("--deny=::1,10.0.0.1/8", "the address has bits set behind the first BITS, so it is "
                                       "no network: 10.0.0.0/8 is one, 10.0.0.1/8 is not");
    bad_value("--deny=example.org", NO_NETWORK);
    bad_value("--reserve=1:10.0.0.0/33", "behind the / stands a number of bits from 0 to 32");
    bad_value("--allow=0000000000000000000000000000000000000000000000000000000000000000",
              "a network is too long");
}

static void test_rules_have_a_limit(void **state)
{
    char arguments[64 + 4 * (OPTIONS_NETWORKS_MAX + 1)] = "--deny=::2|--allow=";
    (void)state;
    for (size_t i = 1; i < OPTIONS_NETWORKS_MAX; i++)
        strcat(arguments, i > 1 ? ",::1" : "::1");
    assert_int_equal(good(arguments)->rule_count, OPTIONS_NETWORKS_MAX);
    strcat(arguments, "|--allow=::3");
    bad(arguments, "thrd: --allow=::3: more than 64 networks; allowed: networks such as "
                   "10.0.0.0/8,::1, up to 64 in all; more with --rules");
}

static void test_privileges(void **state)
{
    (void)state;
    good("--user=nobody|--group=50|--chroot=/srv|--rules=rules");
    assert_string_equal(options.user, "nobody");
    assert_string_equal(options.group, "50");
    assert_string_equal(options.chroot, "/srv");
    assert_string_equal(options.rules_file, "rules");
    good("");
    assert_null(options.user);
    assert_null(options.group);
    assert_null(options.chroot);
    assert_null(options.rules_file);
    bad_value("--user=", "it is empty");
    bad_value("--rules=", "it is empty");
    bad("--group=50", "thrd: --group: is for --user, which is missing");
    bad("--chroot=/srv", "thrd: --chroot: is for --user, which is missing: root leaves such a "
                         "directory as it likes");
    bad("--user=nobody|--chroot=/srv|--|cat",
        "thrd: --chroot: the program behind -- needs its whole path, which is the same below DIR");
    good("--user=nobody|--chroot=/srv|--|/bin/cat");
}

static void test_reserve_leaves_a_slot(void **state)
{
    static const char wanted[] = "thrd: --reserve: leaves no slot for others; allowed: fewer than "
                                 "--slots (mode inline has one slot)";
    (void)state;
    bad("--reserve=128:::1", wanted);
    bad("--reserve=2:::1|--slots=2", wanted);
    bad("--reserve=1:::1|--mode=inline", wanted);
}

static void test_reserve_has_a_limit(void **state)
{
    char arguments[32 + 4 * (OPTIONS_NETWORKS_MAX + 1)] = "--reserve=1:";
    (void)state;
    for (int i = 0; i < OPTIONS_NETWORKS_MAX; i++)
        strcat(arguments, i == 0 ? "::1" : ",::1");
    assert_int_equal(good(arguments)->reserve_network_count, OPTIONS_NETWORKS_MAX);
    strcat(arguments, ",::1");
    assert_int_equal(parse(arguments), -1);
    assert_non_null(strstr(message, ": more than 64 networks; allowed: "));
}

static void test_stack(void **state)
{
    (void)state;
    assert_int_equal(good("--stack=128k")->stack_size, THRDSRV_STACK_MIN);
    assert_int_equal(good("--stack=131072")->stack_size, THRDSRV_STACK_MIN);
    assert_int_equal(good("--stack=1m")->stack_size, 1048576);
    assert_int_equal(good("--stack=1G")->stack_size, 1073741824);
    bad_value("--stack=131071", "too small");
    bad_value("--stack=1073741825", "too large");
    bad_value("--stack=99999999999999999999g", "too large");
    bad_value("--stack=1.5m", "not a whole number");
    bad_value("--stack=256kb", "not a size: the units are k, m and g");
    bad_value("--stack=off", "not a number");
}

static void test_control(void **state)
{
    (void)state;
    good("");
    assert_null(options.control);
    good("--control");
    assert_string_equal(options.control, ""); /* its usual place */
    good("--control=/run/thrd.sock");
    assert_string_equal(options.control, "/run/thrd.sock");
    good("--control=/run/thrd.sock|--control=off");
    assert_null(options.control);
    good("--control=off|--control");
    assert_string_equal(options.control, "");
    bad_value("--control=", "no path");
    bad_value("--control=a,b", "a comma in the path");
    bad_value("--control=@abstract", "an abstract name has no owner; take a path");
    bad("--control|/run/thrd.sock", "thrd: unexpected argument /run/thrd.sock\n"
                                    "Try 'thrd --help'.");
    char path[sizeof "--control=" + 108] = "--control=";
    memset(path + strlen("--control="), 'x', 107);
    good(path);
    memset(path + strlen("--control="), 'x', 108);
    assert_int_equal(parse(path), ARGUMENTS_WRONG);
    assert_non_null(
        strstr(message, "xxx...: the path is too long; allowed: a path of 1 to 107 bytes"));
}

/* Which names in the usual directory are control sockets of ours, and of which process. */
static void test_control_names(void **state)
{
    (void)state;
    assert_int_equal(control_path_process("thrd-4711.sock"), 4711);
    assert_int_equal(control_path_process("thrd-2147483647.sock"), 2147483647);
    static const char *const others[] = {"",
                                         "thrd-",
                                         "thrd-.sock",
                                         "thrd-0.sock",
                                         "thrd-1",
                                         "thrd-1.sock~",
                                         "xthrd-1.sock",
                                         "thrd--1.sock",
                                         "thrd-2147483648.sock"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(control_path_process(others[i]), 0);
}

static void test_ballast(void **state)
{
    (void)state;
    good("");
    assert_int_equal(options.ballast_bytes, 0);
    good("--ballast=64m");
    assert_int_equal(options.ballast_bytes, 64 << 20);
    bad_value("--ballast=-1", "not a number");
    bad_value("--ballast=1048577g", "too large");
}

/* The times that "off" switches off; field is where the result goes. */
static void check_timeout(const char *name, const int64_t *field)
{
    static const struct {
        const char *value;
        int64_t ms;
    } rows[] = {
        {"1ms", 1},
        {"500ms", 500},
        {"30s", 30000},
        {"5m", 300000},
        {"2h", 7200000},
        {"1d", 86400000},
        {"10000d", INT64_C(864000000000)},
        {"off", 0},
        {"0", 0},
        {"0s", 0},
    };
    char argument[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(argument, sizeof argument, "--%s=%s", name, rows[i].value);
        good(argument);
        assert_int_equal(*field, rows[i].ms);
    }
    snprintf(argument, sizeof argument, "--%s=30", name);
    bad_value(argument, "the unit is missing (ms, s, m, h or d)");
    snprintf(argument, sizeof argument, "--%s=10001d", name);
    bad_value(argument, "too large");
    snprintf(argument, sizeof argument, "--%s=5 s", name);
    bad_value(argument, "not a time: the units are ms, s, m, h and d");
    snprintf(argument, sizeof argument, "--%s=", name);
    bad_value(argument, "not a number");
    snprintf(argument, sizeof argument, "--%s=Off", name);
    bad_value(argument, "not a number");
}

static void test_timeouts(void **state)
{
    (void)state;
    check_timeout("idle", &options.config.idle_ms);
    check_timeout("first-byte", &options.config.first_byte_ms);
    check_timeout("write-stall", &options.config.write_stall_ms);
    check_timeout("lifetime", &options.config.lifetime_ms);
    check_timeout("park", &options.config.park_ms);
}

static void test_min_rate(void **state)
{
    (void)state;
    const struct thrdsrv_config *config = good("--min-rate=500/20s");
    assert_int_equal(config->min_rate_bytes, 500);
    assert_int_equal(config->min_rate_ms, 20000);
    config = good("--min-rate=10k/1m|--min-rate=off");
    assert_int_equal(config->min_rate_bytes, 0);
    assert_int_equal(config->min_rate_ms, 0);
    bad_value("--min-rate=500", "not of the form SIZE/TIME");
    bad_value("--min-rate=500/20", "the unit is missing (ms, s, m, h or d)");
    bad_value("--min-rate=0/20s", "too small");
    bad_value("--min-rate=500/0s", "too small");
}

static void test_drain(void **state)
{
    (void)state;
    assert_int_equal(good("--drain=0")->drain_ms, 0);
    assert_int_equal(good("--drain=1ms")->drain_ms, 1);
    assert_int_equal(good("--drain=10000d")->drain_ms, INT64_C(864000000000));
    bad("--drain=off", "thrd: --drain=off: not a number; allowed: 0 to 10000d, default 30s");
    bad_value("--drain=30", "the unit is missing (ms, s, m, h or d)");
    bad_value("--drain=10001d", "too large");
}

static void test_restart(void **state)
{
    (void)state;
    good("--restart=2m");
    assert_int_equal(options.restart_ms, 120000);
    bad("--restart=0", "thrd: --restart=0: too small; allowed: 1ms to 10000d, default 30s");
    bad_value("--restart=30", "the unit is missing (ms, s, m, h or d)");
    bad_value("--restart=off", "not a number");
}

static void test_log(void **state)
{
    (void)state;
    assert_int_equal(good("--log=error")->log_level, THRDSRV_LOG_ERROR);
    assert_int_equal(good("--log=warn")->log_level, THRDSRV_LOG_WARN);
    assert_int_equal(good("--log=notice")->log_level, THRDSRV_LOG_NOTICE);
    assert_int_equal(good("--log=info")->log_level, THRDSRV_LOG_INFO);
    assert_int_equal(good("--log=debug")->log_level, THRDSRV_LOG_DEBUG);
    bad_value("--log=warning", "no such level");
    bad_value("--log=", "no such level");
}

static void test_help_and_version(void **state)
{
    static const struct {
        const char *arguments;
        enum arguments_end end;
    } rows[] = {
        {"--help", ARGUMENTS_HELP},
        {"-h", ARGUMENTS_HELP},
        {"--version", ARGUMENTS_VERSION},
        {"-V", ARGUMENTS_VERSION},
        {"--slots=5|--help", ARGUMENTS_HELP},
        {"--help|--version", ARGUMENTS_HELP},
        {"--version|--nonsense", ARGUMENTS_VERSION},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse(rows[i].arguments), rows[i].end);
        assert_string_equal(message, "");
    }
    bad("--help=all", "thrd: --help=all: takes no value");
}

/* ---- The walk over the arguments --------------------------------------------------------- */

static void test_value_may_be_the_next_argument(void **state)
{
    (void)state;
    const struct thrdsrv_config *config =
        good("--slots|7|--mode|inline|--no-nodelay|--idle|off|--when-full|busy:a=b");
    assert_int_equal(config->slots, 7);
    assert_int_equal(config->mode, THRDSRV_MODE_INLINE);
    assert_false(config->nodelay);
    assert_int_equal(config->idle_ms, 0);
    assert_string_equal(config->busy_text, "a=b\r\n");
}

static void test_the_last_one_wins(void **state)
{
    (void)state;
    assert_int_equal(good("--slots=5|--slots=6|--slots=7")->slots, 7);
    assert_string_equal(good("--handler=whoami|--handler=rot13")->name, "rot13");
    assert_null(good("--handler=whoami|--handler=rot13")->serve);
    assert_null(good("--handler=rot13|--handler=whoami")->handler);
    assert_int_equal(good("--when-full=busy:x|--when-full=close")->when_full, THRDSRV_FULL_CLOSE);
    assert_int_equal(good("--keepalive=off|--keepalive=1,2,3")->keepalive_idle, 1);
    bad("--slots=x|--slots=7", "thrd: --slots=x: not a number; allowed: 1 to 1000000, default 128");
}

static void test_each_parse_starts_anew(void **state)
{
    (void)state;
    good(
        "--listen=:1|--slots=7|--no-nodelay|--when-full=busy:x|--ready-fd=3|--idle=1s|--log=debug");
    good("");
    check_defaults();
    assert_int_equal(options.config.listen_count, 0);
    assert_null(options.config.listen);
    assert_null(options.config.busy_text);
}

static void test_unknown_options(void **state)
{
    static const struct {
        const char *typed;
        const char *meant; /* NULL: no suggestion */
    } rows[] = {
        {"--slot", "slots"},
        {"--lsots", "slots"},
        {"--slotss", "slots"},
        {"--listne", "listen"},
        {"--first", "first-byte"},
        {"--firstbyte", "first-byte"},
        {"--nodelay", "no-nodelay"},
        {"--keep-alive", "keepalive"},
        {"--hlp", "help"},
        {"--write_stall", "write-stall"},
        {"--minrate", "min-rate"},
        {"--mod", "mode"},
        {"-slots", "slots"},
        {"---slots", "slots"},
        {"--readyfd", "ready-fd"},
        {"--Slots", "slots"},
        {"--drian", "drain"},
        {"--wehn-full", "when-full"},
        {"--xyzzy", NULL},
        {"--port", NULL},
        {"-x", NULL},
        {"-s", NULL},
        {"-hV", NULL},
        {"--timeout", NULL},
        {"--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char argument[128];
        char expected[ARGUMENTS_MESSAGE_SIZE];
        snprintf(expected, sizeof expected, "thrd: unknown option %s%s%s%s\nTry 'thrd --help'.",
                 rows[i].typed, rows[i].meant ? "; did you mean --" : "",
                 rows[i].meant ? rows[i].meant : "", rows[i].meant ? "?" : "");
        bad(rows[i].typed, expected);
        snprintf(argument, sizeof argument, "%s=5", rows[i].typed);
        bad(argument, expected); /* the value is not part of the name */
    }
}

static void test_every_option_is_suggested_for_itself(void **state)
{
    const struct argument_spec *spec;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&option_table, i)); i++) {
        char typed[64];
        char expected[128];
        snprintf(typed, sizeof typed, "--%sx", spec->name);
        snprintf(expected, sizeof expected, "; did you mean --%s?\n", spec->name);
        assert_int_equal(parse(typed), -1);
        if (!strstr(message, expected))
            fail_msg("%s: %s", typed, message);
    }
}

static void test_stray_arguments(void **state)
{
    (void)state;
    bad("--slots=5|x", "thrd: unexpected argument x\nTry 'thrd --help'.");
    bad("--slots=5|handlers", "thrd: unexpected argument handlers\nTry 'thrd --help'.");
    bad("--slots|5|6", "thrd: unexpected argument 6\nTry 'thrd --help'.");
    bad("--slots=5|run|rot13", "thrd: unexpected argument run\nTry 'thrd --help'.");
    bad("--slots=5|-", "thrd: unexpected argument -\nTry 'thrd --help'.");
    bad("x|--|y", "thrd: unexpected argument x\nTry 'thrd --help'.");
}

static void test_program(void **state)
{
    (void)state;
    const struct thrdsrv_config *config = good("--slots=5|--|prog|--slots=6|--|x");
    assert_int_equal(config->slots, 5);
    assert_null(config->handler);
    assert_null(config->serve);
    assert_string_equal(config->name, "prog");
    static const char *const expected[] = {"prog", "--slots=6", "--", "x", NULL};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(config->program[i], expected[i]);
    assert_null(config->program[4]);
    good("--|--handler=echo");
    assert_null(good("--handler=echo")->program);
    assert_string_equal(good("--|/usr/bin/prog|x")->name, "prog");

    bad("--", "thrd: -- needs a program behind it, and its arguments");
    bad("--slots=5|--", "thrd: -- needs a program behind it, and its arguments");
    bad("--|", "thrd: the program behind -- has no name");
    bad("--handler=echo|--|prog", "thrd: --handler and a program behind -- exclude each other");
}

static void test_messages_are_bounded_and_harmless(void **state)
{
    char long_argument[4096];
    (void)state;
    memset(long_argument, 'x', sizeof long_argument - 1);
    long_argument[sizeof long_argument - 1] = '\0';
    assert_int_equal(parse(long_argument), -1);
    assert_true(strlen(message) < 200);
    memcpy(long_argument, "--slots=", strlen("--slots="));
    assert_int_equal(parse(long_argument), -1);
    assert_true(strlen(message) < 200);
    assert_non_null(strstr(message, "xxx...: not a number; allowed: 1 to"));
    memcpy(long_argument, "--sxxxx=", strlen("--sxxxx="));
    assert_int_equal(parse(long_argument), -1);
    assert_true(strlen(message) < 200);
    bad_value("--slots=", "not a number");
    bad("--slots=1\033[31m\n2", "thrd: --slots=1?[31m?2: not a number; allowed: 1 to 1000000, "
                                "default 128");
    /* A buffer of any size is enough to be safe. */
    char *wrong_value[] = {"thrd", "--slots=abc"};
    char *wrong_name[] = {"thrd", "--slotss"};
    for (size_t size = 0; size < 120; size++) {
        char *small = malloc(size ? size : 1);
        assert_non_null(small);
        assert_int_equal(options_parse(&options, 2, wrong_value, small, size), -1);
        assert_true(size == 0 || strlen(small) < size);
        assert_int_equal(options_parse(&options, 2, wrong_name, small, size), -1);
        assert_true(size == 0 || strlen(small) < size);
        free(small);
    }
}

static void test_nearest(void **state)
{
    struct nearest nearest;
    (void)state;
    nearest_init(&nearest, "", 0);
    nearest_offer(&nearest, "a");
    assert_null(nearest.best);
    nearest_init(&nearest, "slats=9", 5);
    nearest_offer(&nearest, "stalls");
    nearest_offer(&nearest, "slots");
    nearest_offer(&nearest, "slates");
    assert_string_equal(nearest.best, "slots"); /* the first of those that are equally close */
    nearest_init(&nearest, "ab", 2);
    nearest_offer(&nearest, "ba");
    assert_string_equal(nearest.best, "ba"); /* a swap is one slip */
}

/* ---- Help and manual --------------------------------------------------------------------- */

/* Whether text has --NAME as a whole word. */
static bool names_option(const char *text, const char *name)
{
    char dashed[64];
    snprintf(dashed, sizeof dashed, "--%s", name);
    size_t length = strlen(dashed);
    for (const char *at = text; (at = strstr(at, dashed)); at += length)
        if (strchr(" =[\n", at[length]))
            return true;
    return false;
}

static char *help_text(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    help_write(stream, &option_table);
    assert_int_equal(ferror(stream), 0);
    assert_int_equal(fclose(stream), 0);
    return text;
}

/* Not the screen of a terminal of old any more, but a page; and no option is a paragraph. */
static void test_help_fits_a_page(void **state)
{
    char *text = help_text();
    size_t lines = 0;
    (void)state;
    for (const char *line = text; *line != '\0'; lines++) {
        size_t length = strcspn(line, "\n");
        if (length > 80)
            fail_msg("%zu columns: %.*s", length, (int)length, line);
        assert_int_equal(line[length], '\n');
        assert_true(length == 0 || line[length - 1] != ' ');
        line += length + 1;
    }
    assert_true(lines <= 80);
    free(text);
}

static void test_help_names_everything(void **state)
{
    char *text = help_text();
    const struct argument_spec *spec;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&option_table, i)); i++) {
        char initial[64];
        if (!names_option(text, spec->name))
            fail_msg("--help does not name --%s", spec->name);
        snprintf(initial, sizeof initial, "[%s]", spec->initial ? spec->initial : "");
        if (spec->initial && !strstr(text, initial))
            fail_msg("--help does not show the default %s of --%s", initial, spec->name);
    }
    assert_non_null(strstr(text, "thrd COMMAND"));
    assert_non_null(strstr(text, "fd:N"));
    assert_non_null(strstr(text, "SIGUSR1"));
    free(text);
}

static void test_manual_describes_everything(void **state)
{
    char *text = manual_read(THRD_SOURCE_DIR "/src/man/thrd.1");
    const struct argument_spec *spec;
    struct service service;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&option_table, i)); i++)
        manual_check_item(text, spec);
    for (size_t i = 0; services_at(i, &service); i++) {
        char item[64];
        snprintf(item, sizeof item, "\n.It Cm %s\n", service.name);
        if (!strstr(text, item))
            fail_msg("thrd.1 does not describe the handler %s", service.name);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_arguments),
        cmocka_unit_test(test_stated_defaults_are_the_defaults),
        cmocka_unit_test(test_table_is_well_formed),
        cmocka_unit_test(test_allowed_names_every_handler),
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_listen_has_a_limit),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_no_nodelay),
        cmocka_unit_test(test_keepalive),
        cmocka_unit_test(test_ready_fd),
        cmocka_unit_test(test_handler),
        cmocka_unit_test(test_mode),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_when_full),
        cmocka_unit_test(test_per_source),
        cmocka_unit_test(test_source_prefix),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_allow_and_deny),
        cmocka_unit_test(test_rules_have_a_limit),
        cmocka_unit_test(test_privileges),
        cmocka_unit_test(test_reserve_leaves_a_slot),
        cmocka_unit_test(test_reserve_has_a_limit),
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_control_names),
        cmocka_unit_test(test_ballast),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_min_rate),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_value_may_be_the_next_argument),
        cmocka_unit_test(test_the_last_one_wins),
        cmocka_unit_test(test_each_parse_starts_anew),
        cmocka_unit_test(test_unknown_options),
        cmocka_unit_test(test_every_option_is_suggested_for_itself),
        cmocka_unit_test(test_stray_arguments),
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_messages_are_bounded_and_harmless),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_help_fits_a_page),
        cmocka_unit_test(test_help_names_everything),
        cmocka_unit_test(test_manual_describes_everything),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
