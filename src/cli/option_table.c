/* option_table.c - one function an option that stores its value, then the table of all; see
 * option_table.h. */
#include "cli/option_table.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/control_path.h"
#include "cli/list.h"
#include "cli/options.h"
#include "cli/services.h"
#include "cli/units.h"

/* Bounds of --keepalive: those of Linux, net/tcp.h MAX_TCP_KEEPIDLE and so on. */
#define KEEPALIVE_SECONDS_MAX 32767
#define KEEPALIVE_COUNT_MAX   127

/* That of the library, see <thrdsrv/config.h>. */
#define RATE_MAX 1000000

/* ---- Values ------------------------------------------------------------------------------ */

static const char *const mode_names[] = {
    [THRDSRV_MODE_THREAD] = "thread",
    [THRDSRV_MODE_FORK] = "fork",
    [THRDSRV_MODE_INLINE] = "inline",
    NULL,
};

static const char *const level_names[] = {
    [THRDSRV_LOG_ERROR] = "error", [THRDSRV_LOG_WARN] = "warn",   [THRDSRV_LOG_NOTICE] = "notice",
    [THRDSRV_LOG_INFO] = "info",   [THRDSRV_LOG_DEBUG] = "debug", NULL,
};

/* The number of name in a list that ends with NULL, or -1. */
static int find_name(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static const char *complaint(enum units_status status)
{
    return status == UNITS_OK ? NULL : units_complaint(status);
}

static const char *set_listen(void *target, const char *value)
{
    struct options *options = target;
    struct thrdsrv_config *config = &options->config;
    if (*value == '\0')
        return "no address";
    if (config->listen_count == OPTIONS_LISTEN_MAX)
        return "given more than 64 times";
    options->listen[config->listen_count++] = value;
    config->listen = options->listen;
    return NULL;
}

static const char *set_backlog(void *target, const char *value)
{
    struct options *options = target;
    int64_t number = options->config.backlog;
    enum units_status status = units_parse_number(value, 1, 65535, &number);
    options->config.backlog = (int)number;
    return complaint(status);
}

static const char *set_no_nodelay(void *target, const char *value)
{
    struct options *options = target;
    (void)value;
    options->config.nodelay = false;
    return NULL;
}

static const char *set_keepalive(void *target, const char *value)
{
    struct options *options = target;
    static const int64_t max[3] = {KEEPALIVE_SECONDS_MAX, KEEPALIVE_SECONDS_MAX,
                                   KEEPALIVE_COUNT_MAX};
    struct thrdsrv_config *config = &options->config;
    int64_t number[3] = {0, config->keepalive_interval, config->keepalive_count};
    if (strcmp(value, "off") != 0) {
        char part[16]; /* longer than any number of ours */
        for (int i = 0; i < 3; i++) {
            if (!list_next(&value, part, sizeof part))
                return "not three numbers";
            enum units_status status = units_parse_number(part, 1, max[i], &number[i]);
            if (status != UNITS_OK)
                return complaint(status);
        }
        if (value)
            return "not three numbers";
    }
    config->keepalive_idle = (int)number[0];
    config->keepalive_interval = (int)number[1];
    config->keepalive_count = (int)number[2];
    return NULL;
}

static const char *set_ready_fd(void *target, const char *value)
{
    struct options *options = target;
    int64_t number = options->ready_fd;
    enum units_status status = units_parse_number(value, 3, INT_MAX, &number);
    options->ready_fd = (int)number;
    return complaint(status);
}

static const char *set_inetd(void *target, const char *value)
{
    struct options *options = target;
    (void)value;
    options->inetd = true;
    return NULL;
}

static const char *set_handler(void *target, const char *value)
{
    struct options *options = target;
    struct service service;
    if (!services_find(value, &service))
        return "no such handler";
    options->config.handler = service.handler;
    options->config.serve = service.serve;
    options->config.name = service.name;
    options->has_handler = true;
    return NULL;
}

/* Whether there is such a program the library asks, when it creates the server. */
static const char *set_program(void *target, char *const rest[])
{
    struct options *options = target;
    if (options->has_handler)
        return "--handler and a program behind -- exclude each other";
    if (rest[0][0] == '\0')
        return "the program behind -- has no name";
    const char *slash = strrchr(rest[0], '/');
    options->config.handler = NULL;
    options->config.serve = NULL;
    options->config.name = slash ? slash + 1 : rest[0];
    options->config.program = (const char *const *)rest;
    return NULL;
}

static const char *set_mode(void *target, const char *value)
{
    struct options *options = target;
    int mode = find_name(mode_names, value);
    if (mode < 0)
        return "no such mode";
    options->config.mode = (enum thrdsrv_mode)mode;
    options->mode_is_given = true;
    return NULL;
}

static const char *set_slots(void *target, const char *value)
{
    struct options *options = target;
    int64_t number = options->config.slots;
    enum units_status status = units_parse_number(value, 1, THRDSRV_SLOTS_MAX, &number);
    options->config.slots = (unsigned)number;
    return complaint(status);
}

static const char *set_when_full(void *target, const char *value)
{
    struct options *options = target;
    static const char busy[] = "busy:";
    struct thrdsrv_config *config = &options->config;
    if (strcmp(value, "wait") == 0) {
        config->when_full = THRDSRV_FULL_WAIT;
    } else if (strcmp(value, "close") == 0) {
        config->when_full = THRDSRV_FULL_CLOSE;
    } else if (strncmp(value, busy, strlen(busy)) == 0) {
        const char *text = value + strlen(busy);
        if (*text == '\0')
            return "the text is missing";
        if (strlen(text) > OPTIONS_BUSY_MAX)
            return "the text is longer than 500 bytes";
        snprintf(options->busy_text, sizeof options->busy_text, "%s\r\n", text);
        config->when_full = THRDSRV_FULL_BUSY;
        config->busy_text = options->busy_text;
    } else {
        return strcmp(value, "busy") == 0 ? "the text is missing" : "no such action";
    }
    return NULL;
}

static const char *set_per_source(void *target, const char *value)
{
    struct options *options = target;
    int64_t number = 0;
    enum units_status status = strcmp(value, "off") == 0
                                   ? UNITS_OK
                                   : units_parse_number(value, 0, THRDSRV_SLOTS_MAX, &number);
    options->config.per_source = (unsigned)number;
    return complaint(status);
}

/* "32:64" */
static const char *set_source_prefix(void *target, const char *value)
{
    struct options *options = target;
    char ipv4[16]; /* longer than any number of ours */
    int64_t bits[2];
    const char *colon = strchr(value, ':');
    if (!colon || (size_t)(colon - value) >= sizeof ipv4)
        return "not two numbers of bits with a colon between them";
    memcpy(ipv4, value, (size_t)(colon - value));
    ipv4[colon - value] = '\0';
    enum units_status status = units_parse_number(ipv4, 0, 32, &bits[0]);
    if (status == UNITS_OK)
        status = units_parse_number(colon + 1, 0, 128, &bits[1]);
    if (status != UNITS_OK)
        return complaint(status);
    options->config.source_prefix_ipv4 = (unsigned)bits[0];
    options->config.source_prefix_ipv6 = (unsigned)bits[1];
    return NULL;
}

/* "200/s" or "200/s,burst=400"; "off" and 0 as for timeouts. */
static const char *set_rate_of(const char *value, unsigned *rate, int64_t *ms, unsigned *burst)
{
    static const char burst_is[] = "burst=";
    char part[32]; /* longer than any that is right */
    int64_t number = 0;
    int64_t most = 0;
    enum units_status status = UNITS_OK;
    if (strcmp(value, "off") != 0 && strcmp(value, "0") != 0) {
        status = list_next(&value, part, sizeof part)
                     ? units_parse_per_time(part, RATE_MAX, &number, ms)
                     : UNITS_NOT_PER_TIME;
        if (status == UNITS_OK && value) {
            if (strncmp(value, burst_is, strlen(burst_is)) != 0)
                return "behind the comma only burst=N is known";
            status = units_parse_number(value + strlen(burst_is), 1, RATE_MAX, &most);
        }
    }
    *rate = (unsigned)number;
    *burst = (unsigned)most;
    return complaint(status);
}

static const char *set_rate(void *target, const char *value)
{
    struct options *options = target;
    struct thrdsrv_config *config = &options->config;
    return set_rate_of(value, &config->rate, &config->rate_ms, &config->rate_burst);
}

static const char *set_source_rate(void *target, const char *value)
{
    struct options *options = target;
    struct thrdsrv_config *config = &options->config;
    return set_rate_of(value, &config->source_rate, &config->source_rate_ms,
                       &config->source_rate_burst);
}

/* The next network of a list, one of OPTIONS_NETWORKS_MAX. */
static const char *next_network(const char **list, char texts[][OPTIONS_NETWORK_SIZE], size_t count)
{
    if (count == OPTIONS_NETWORKS_MAX)
        return "more than 64 networks";
    if (!list_next(list, texts[count], OPTIONS_NETWORK_SIZE))
        return "a network is too long";
    return thrdsrv_network_check(texts[count]);
}

static const char *set_networks(struct options *options, const char *list)
{
    size_t count = 0;
    while (list) {
        const char *wrong = next_network(&list, options->network_texts, count);
        if (wrong)
            return wrong;
        options->networks[count] = options->network_texts[count];
        count++;
    }
    options->config.reserve_networks = options->networks;
    options->config.reserve_network_count = count;
    return NULL;
}

/* Adds up: what was allowed before stays so. */
static const char *add_rules(struct options *options, const char *list, bool allow)
{
    struct thrdsrv_config *config = &options->config;
    while (list) {
        size_t count = config->rule_count;
        const char *wrong = next_network(&list, options->rule_texts, count);
        if (wrong)
            return wrong;
        options->rules[count] = (struct thrdsrv_rule){options->rule_texts[count], allow};
        config->rule_count++;
    }
    config->rules = options->rules;
    return NULL;
}

/* The first network of a list, or the word "unix". */
static const char *next_balancer(const char **list, char texts[][OPTIONS_NETWORK_SIZE],
                                 size_t count)
{
    const char *wrong = next_network(list, texts, count);
    return wrong && count < OPTIONS_NETWORKS_MAX && strcmp(texts[count], "unix") == 0 ? NULL
                                                                                      : wrong;
}

/* Adds up. */
static const char *set_proxy_from(void *target, const char *value)
{
    struct options *options = target;
    struct thrdsrv_config *config = &options->config;
    while (value) {
        size_t count = config->proxy_network_count;
        const char *wrong = next_balancer(&value, options->balancer_texts, count);
        if (wrong)
            return wrong;
        options->balancers[count] = options->balancer_texts[count];
        config->proxy_network_count++;
    }
    config->proxy_networks = options->balancers;
    return NULL;
}

static const char *set_proxy_timeout(void *target, const char *value)
{
    struct options *options = target;
    return complaint(units_parse_time(value, 1, UNITS_TIME_MAX_MS, &options->config.proxy_ms));
}

static const char *set_allow(void *target, const char *value)
{
    return add_rules(target, value, true);
}

static const char *set_deny(void *target, const char *value)
{
    return add_rules(target, value, false);
}

/* Stores a name of which no more is asked here than that there is one. */
static const char *set_text(const char **field, const char *value)
{
    *field = value;
    return *value == '\0' ? "it is empty" : NULL;
}

static const char *set_rules(void *target, const char *value)
{
    struct options *options = target;
    return set_text(&options->rules_file, value);
}

static const char *set_user(void *target, const char *value)
{
    struct options *options = target;
    return set_text(&options->user, value);
}

static const char *set_group(void *target, const char *value)
{
    struct options *options = target;
    return set_text(&options->group, value);
}

static const char *set_chroot(void *target, const char *value)
{
    struct options *options = target;
    return set_text(&options->chroot, value);
}

/* "2:127.0.0.0/8,::1/128" */
static const char *set_reserve(void *target, const char *value)
{
    struct options *options = target;
    char slots[16]; /* longer than any number of ours */
    int64_t number = 0;
    size_t length = strcspn(value, ":");
    options->config.reserve = 0;
    options->config.reserve_network_count = 0;
    if (strcmp(value, "off") == 0)
        return NULL;
    if (value[length] != ':' || value[length + 1] == '\0')
        return "the networks are missing";
    if (length >= sizeof slots)
        return "not a number";
    memcpy(slots, value, length);
    slots[length] = '\0';
    enum units_status status = units_parse_number(slots, 1, THRDSRV_SLOTS_MAX - 1, &number);
    options->config.reserve = (unsigned)number;
    return status == UNITS_OK ? set_networks(options, value + length + 1) : complaint(status);
}

static const char *set_stack(void *target, const char *value)
{
    struct options *options = target;
    int64_t bytes = (int64_t)options->config.stack_size;
    enum units_status status = units_parse_size(value, THRDSRV_STACK_MIN, INT64_C(1) << 30, &bytes);
    options->config.stack_size = (size_t)bytes;
    return complaint(status);
}

static const char *set_timeout(int64_t *field, const char *value)
{
    return complaint(units_parse_timeout(value, field));
}

static const char *set_park(void *target, const char *value)
{
    struct options *options = target;
    return set_timeout(&options->config.park_ms, value);
}

static const char *set_ballast(void *target, const char *value)
{
    struct options *options = target;
    return complaint(units_parse_size(value, 0, UNITS_SIZE_MAX, &options->ballast_bytes));
}

static const char *set_idle(void *target, const char *value)
{
    struct options *options = target;
    return set_timeout(&options->config.idle_ms, value);
}

static const char *set_first_byte(void *target, const char *value)
{
    struct options *options = target;
    return set_timeout(&options->config.first_byte_ms, value);
}

static const char *set_write_stall(void *target, const char *value)
{
    struct options *options = target;
    return set_timeout(&options->config.write_stall_ms, value);
}

static const char *set_lifetime(void *target, const char *value)
{
    struct options *options = target;
    return set_timeout(&options->config.lifetime_ms, value);
}

static const char *set_min_rate(void *target, const char *value)
{
    struct options *options = target;
    struct thrdsrv_config *config = &options->config;
    if (strcmp(value, "off") == 0) {
        config->min_rate_bytes = 0;
        config->min_rate_ms = 0;
        return NULL;
    }
    return complaint(units_parse_rate(value, &config->min_rate_bytes, &config->min_rate_ms));
}

/* Not a set_timeout(): a drain without end could not be told from a server that hangs, and 0
 * means that nobody is waited for. */
static const char *set_drain(void *target, const char *value)
{
    struct options *options = target;
    return complaint(units_parse_time(value, 0, UNITS_TIME_MAX_MS, &options->config.drain_ms));
}

static const char *set_restart(void *target, const char *value)
{
    struct options *options = target;
    return complaint(units_parse_time(value, 1, UNITS_TIME_MAX_MS, &options->restart_ms));
}

static const char *set_control(void *target, const char *value)
{
    struct options *options = target;
    if (value && strcmp(value, "off") == 0) {
        options->control = NULL;
        return NULL;
    }
    options->control = value ? value : "";
    return value ? control_path_complaint(value) : NULL;
}

static const char *set_log(void *target, const char *value)
{
    struct options *options = target;
    int level = find_name(level_names, value);
    if (level < 0)
        return "no such level";
    options->config.log_level = (enum thrdsrv_log_level)level;
    return NULL;
}

/* ---- The table --------------------------------------------------------------------------- */

static const char *const groups[] = {
    [OPTIONS_LISTENING] = "Listening",
    [OPTIONS_SERVICE] = "Service",
    [OPTIONS_WORKERS] = "Workers",
    [OPTIONS_ACCESS] =
        "Who may connect: of all networks that an address is of, the smallest counts",
    [OPTIONS_SOURCES] = "Limits by source; who is over its own is told busy:TEXT, or closed",
    [OPTIONS_TIMEOUTS] = "Timeouts, which cut a connection: 500ms, 30s, 5m, 2h, 1d or off",
    [OPTIONS_PRIVILEGES] = "Given up when the listeners are open; to be started as root",
    [OPTIONS_OTHER] = "Status, log and help",
};

/* In the order of --help. The defaults are those of THRDSRV_CONFIG_INIT, and the list of
 * handlers that of services.c: tests/unit/test_options.c checks both. */
static const struct argument_spec specs[] = {
    {"listen", '\0', "ADDR", "localhost:43211",
     "HOST:PORT, [V6]:PORT, :PORT, unix:PATH or fd:N, at most 64 times", OPTIONS_LISTENING,
     "HOST:PORT, [V6]:PORT, :PORT (all addresses), unix:PATH,\nfd:N (inherited); may be repeated",
     set_listen, false},
    {"backlog", '\0', "N", "65535", "1 to 65535", OPTIONS_LISTENING,
     "clients that may wait to be accepted", set_backlog, false},
    {"no-nodelay", '\0', NULL, NULL, NULL, OPTIONS_LISTENING,
     "let the kernel gather small writes (no TCP_NODELAY)", set_no_nodelay, false},
    {"keepalive", '\0', "SPEC", "60,10,6",
     "IDLE,INTERVAL,COUNT (1 to 32767 seconds, 1 to 32767 seconds, 1 to 127) or off",
     OPTIONS_LISTENING, "TCP probes: IDLE,INTERVAL,COUNT, or off", set_keepalive, false},
    {"proxy-from", '\0', "NET,...", NULL,
     "networks such as 10.0.0.0/8,::1, or unix, up to 64 in all", OPTIONS_LISTENING,
     "only these balancers, each time with a PROXY header", set_proxy_from, false},
    {"proxy-timeout", '\0', "TIME", "5s", "1ms to 10000d", OPTIONS_LISTENING,
     "how long such a header may take; not off", set_proxy_timeout, false},
    {"ready-fd", '\0', "N", NULL, "a number from 3 up, an open descriptor", OPTIONS_LISTENING,
     "write the ready line to descriptor N too, and close it", set_ready_fd, false},
    {"inetd", '\0', NULL, NULL, NULL, OPTIONS_LISTENING,
     "serve the connection that is descriptor 0, then exit", set_inetd, false},

    {"handler", '\0', "NAME", "echo",
     "age, bytes, chargen, daytime, discard, echo, rot13, time or whoami", OPTIONS_SERVICE,
     "what clients get; 'thrd handlers' lists the names", set_handler, false},

    {"mode", '\0', "MODE", "thread", "thread, fork or inline", OPTIONS_WORKERS,
     "a thread or a process (fork) for each connection, or\ninline: one client at a time, no "
     "worker",
     set_mode, false},
    {"slots", '\0', "N", "128", "1 to 1000000", OPTIONS_WORKERS, "connections at once", set_slots,
     false},
    {"when-full", '\0', "ACTION", "wait", "wait, close or busy:TEXT (at most 500 bytes)",
     OPTIONS_WORKERS, "all slots taken: wait, close or busy:TEXT", set_when_full, false},
    {"stack", '\0', "SIZE", "256k", "128k to 1g", OPTIONS_WORKERS,
     "stack of each thread; bytes, or with k, m, g", set_stack, false},
    {"park", '\0', "TIME", "1s", "1ms to 10000d, or off", OPTIONS_WORKERS,
     "how long a thread stays for its slot's next connection;\noff: a new thread for each",
     set_park, false},
    {"ballast", '\0', "SIZE", "0", "0 to 1048576g", OPTIONS_WORKERS,
     "hold so much memory, to see what it does to fork", set_ballast, false},

    {"allow", '\0', "NET,...", NULL,
     "networks such as 10.0.0.0/8,::1, up to 64 in all; more with --rules", OPTIONS_ACCESS,
     "these, and nobody else; may be repeated", set_allow, false},
    {"deny", '\0', "NET,...", NULL,
     "networks such as 10.0.0.0/8,::1, up to 64 in all; more with --rules", OPTIONS_ACCESS,
     "not these; may be repeated", set_deny, false},
    {"rules", '\0', "FILE", NULL, "a file with lines 'allow NETWORK', 'deny NETWORK', '# comment'",
     OPTIONS_ACCESS, "lines 'allow NET' and 'deny NET'; SIGHUP reads it again", set_rules, false},

    {"per-source", '\0', "N", "off", "1 to 1000000, or off", OPTIONS_SOURCES,
     "connections at once from one source", set_per_source, false},
    {"source-prefix", '\0', "V4:V6", "32:64", "0 to 32 bits, a colon, 0 to 128 bits",
     OPTIONS_SOURCES, "bits of an address that make a source", set_source_prefix, false},
    {"source-rate", '\0', "RATE", "off", "N/s, N/m or N/h (N: 1 to 1000000) and ,burst=N, or off",
     OPTIONS_SOURCES, "new ones of one source: 20/s, or 20/s,burst=50", set_source_rate, false},
    {"rate", '\0', "RATE", "off", "N/s, N/m or N/h (N: 1 to 1000000) and ,burst=N, or off",
     OPTIONS_SOURCES, "new ones of all; the backlog holds the rest", set_rate, false},
    {"reserve", '\0', "N:NET,...", "off",
     "N:NETWORK,... (1 to 999999, up to 64 of ADDRESS/BITS), or off", OPTIONS_SOURCES,
     "the last N slots are for peers of 10.0.0.0/8,...", set_reserve, false},

    {"idle", '\0', "TIME", "10m", "1ms to 10000d, or off", OPTIONS_TIMEOUTS,
     "waited so long for more input", set_idle, false},
    {"first-byte", '\0', "TIME", "1m", "1ms to 10000d, or off", OPTIONS_TIMEOUTS,
     "waited so long for the first input", set_first_byte, false},
    {"write-stall", '\0', "TIME", "1m", "1ms to 10000d, or off", OPTIONS_TIMEOUTS,
     "the client takes no output for so long", set_write_stall, false},
    {"lifetime", '\0', "TIME", "off", "1ms to 10000d, or off", OPTIONS_TIMEOUTS, "its whole life",
     set_lifetime, false},
    {"min-rate", '\0', "SIZE/TIME", "off", "SIZE/TIME such as 500/20s, or off", OPTIONS_TIMEOUTS,
     "less than SIZE moved, in and out, within TIME", set_min_rate, false},
    {"drain", '\0', "TIME", "30s", "0 to 10000d", OPTIONS_TIMEOUTS,
     "still there so long after the stop; not off", set_drain, false},

    {"user", '\0', "USER", NULL, "the name or number of a user", OPTIONS_PRIVILEGES,
     "be this user, with the groups that it has", set_user, false},
    {"group", '\0', "GROUP", NULL, "the name or number of a group", OPTIONS_PRIVILEGES,
     "and this group instead of the user's own", set_group, false},
    {"chroot", '\0', "DIR", NULL, "a directory", OPTIONS_PRIVILEGES,
     "see no files but those below this directory", set_chroot, false},

    {"control", '\0', "PATH", "off", CONTROL_PATH_ALLOWED ", or off", OPTIONS_OTHER,
     "a socket for 'thrd status', its owner's and root's", set_control, true},
    {"restart", '\0', "TIME", "30s", "1ms to 10000d", OPTIONS_OTHER,
     "SIGUSR2: how long the new process may take", set_restart, false},
    {"log", '\0', "LEVEL", "notice", "error, warn, notice, info or debug", OPTIONS_OTHER,
     "error, warn, notice, info (connections), debug", set_log, false},
};

/* One connection has a process of its own, and whoever accepted it listens. */
static const char *check_inetd(const struct options *options)
{
    if (!options->inetd)
        return NULL;
    if (options->config.listen_count > 0)
        return "--inetd: serves a connection that is there; leave --listen out";
    if (options->mode_is_given && options->config.mode != THRDSRV_MODE_INLINE)
        return "--inetd: the process itself serves; leave --mode out, or say inline";
    if (options->ready_fd >= 0)
        return "--inetd: nobody can connect, so nobody is told; leave --ready-fd out";
    if (options->config.proxy_network_count > 0)
        return "--inetd: knows no load balancer; leave --proxy-from out";
    if (options->ballast_bytes > 0)
        return "--inetd: makes no process that could be measured; leave --ballast out";
    if (options->config.reserve > 0)
        return "--inetd: there is one connection; leave --reserve out";
    return NULL;
}

/* What depends on two options, or on the last of several, is checked at the end. */
static const char *check_all(void *target)
{
    const struct options *options = target;
    const struct thrdsrv_config *config = &options->config;
    const char *what = check_inetd(options);
    if (what)
        return what;
    if (!thrdsrv_mode_supported(config->mode))
        return "--mode=fork: this build has no fork mode; build with cmake -DTHRDSRV_FORK=ON";
    if (config->reserve >= (config->mode == THRDSRV_MODE_INLINE ? 1 : config->slots))
        return "--reserve: leaves no slot for others; allowed: fewer than --slots (mode inline has "
               "one slot)";
    if (options->group && !options->user)
        return "--group: is for --user, which is missing";
    if (options->chroot && !options->user)
        return "--chroot: is for --user, which is missing: root leaves such a directory as it "
               "likes";
    if (options->chroot && config->program && config->program[0][0] != '/')
        return "--chroot: the program behind -- needs its whole path, which is the same below DIR";
    return NULL;
}

const struct argument_table option_table = {
    .usage = "Usage: thrd [OPTIONS]      serve, until SIGTERM or Ctrl-C (defaults in brackets)\n"
             "       thrd [...] -- PROGRAM [ARGUMENTS]    run that program for each connection\n"
             "       thrd COMMAND [...]  do something else; 'thrd COMMAND --help' says how\n",
    .epilogue = "Signals: SIGTERM or SIGINT stops accepting and drains; a second one cuts now.\n"
                "         SIGUSR1 logs the slots and the counters; SIGHUP reads --rules again.\n"
                "         SIGUSR2 starts the program anew on the same sockets, then drains.\n"
                "Exit status: 0 all drained, 3 connections cut, 2 usage, 1 the system refused.\n",
    .specs = specs,
    .spec_count = sizeof specs / sizeof specs[0],
    .groups = groups,
    .take_rest = set_program,
    .finish = check_all,
};

const char *option_table_mode_name(enum thrdsrv_mode mode)
{
    return mode_names[mode];
}

void option_table_defaults(struct options *options)
{
    *options = (struct options){
        .config = THRDSRV_CONFIG_INIT, .ready_fd = -1, .restart_ms = 30000, .control_fd = -1};
    set_handler(options, "echo");
    options->has_handler = false;
}
