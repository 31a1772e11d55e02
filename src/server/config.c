/* config.c - checks a configuration and keeps a copy of it. The thread that creates the server. */
#include <stdlib.h>
#include <string.h>

#include "server/server.h"

static const char *const default_listen[] = {"localhost:43211"};

/* The limits by source. Returns NULL, or the field that is wrong and, in *allowed, what is allowed.
 */
static const char *find_wrong_limit(const struct thrdsrv_config *c, const char **allowed)
{
    unsigned slots = c->mode == THRDSRV_MODE_INLINE ? 1 : c->slots;
    if (c->source_prefix_ipv4 > 32)
        return *allowed = "0 to 32", "source_prefix_ipv4";
    if (c->source_prefix_ipv6 > 128)
        return *allowed = "0 to 128", "source_prefix_ipv6";
    if (c->reserve >= slots)
        return *allowed = "0 to slots - 1 (mode inline has one slot)", "reserve";
    if (c->reserve > 0 && c->reserve_network_count == 0)
        return *allowed = "1 or more with reserve", "reserve_network_count";
    for (size_t i = 0; i < c->reserve_network_count; i++)
        if (!c->reserve_networks || !c->reserve_networks[i])
            return *allowed = "reserve_network_count texts", "reserve_networks";
    for (size_t i = 0; i < c->proxy_network_count; i++)
        if (!c->proxy_networks || !c->proxy_networks[i])
            return *allowed = "proxy_network_count texts", "proxy_networks";
    if (c->proxy_network_count > 0 && c->proxy_ms < 1)
        return *allowed = "1 or more with proxy_networks", "proxy_ms";
    if (c->rule_count > THRDSRV_RULES_MAX)
        return *allowed = "0 to 1000000", "rule_count";
    if (c->rule_count > 0 && !c->rules)
        return *allowed = "rule_count rules", "rules";
    *allowed = "0 to 1000000";
    if (c->rate > BUCKET_TOKENS_MAX || c->rate_burst > BUCKET_TOKENS_MAX)
        return c->rate > BUCKET_TOKENS_MAX ? "rate" : "rate_burst";
    if (c->source_rate > BUCKET_TOKENS_MAX || c->source_rate_burst > BUCKET_TOKENS_MAX)
        return c->source_rate > BUCKET_TOKENS_MAX ? "source_rate" : "source_rate_burst";
    *allowed = "1000 to 3600000";
    if (c->rate_ms < BUCKET_PERIOD_MIN_MS || c->rate_ms > BUCKET_PERIOD_MAX_MS)
        return "rate_ms";
    if (c->source_rate_ms < BUCKET_PERIOD_MIN_MS || c->source_rate_ms > BUCKET_PERIOD_MAX_MS)
        return "source_rate_ms";
    return NULL;
}

/* The same of all fields. */
static const char *find_wrong(const struct thrdsrv_config *c, const char **allowed)
{
    *allowed = "";
    if (c->size > sizeof *c)
        return *allowed = "at most the size that this version of the library knows", "size";
    if (!!c->handler + !!c->serve + !!c->program != 1)
        return *allowed = "exactly one of handler, serve and program", "handler";
    if (c->program && !c->program[0])
        return *allowed = "a program and its arguments", "program";
    if (c->handler && (!c->handler->name || !c->handler->start || !c->handler->step))
        return *allowed = "a handler with name, start and step", "handler";
    if (c->handler && c->handler->session_size > THRDSRV_SESSION_MAX)
        return *allowed = "a session of at most THRDSRV_SESSION_MAX bytes", "handler";
    for (size_t i = 0; i < c->listen_count; i++)
        if (!c->listen || !c->listen[i])
            return *allowed = "listen_count texts", "listen";
    if (!worker_model_of(c->mode))
        return *allowed = "a value of enum thrdsrv_mode", "mode";
    if (c->slots < 1 || c->slots > THRDSRV_SLOTS_MAX)
        return *allowed = "1 to 1000000", "slots";
    if (c->when_full < THRDSRV_FULL_WAIT || c->when_full > THRDSRV_FULL_BUSY)
        return *allowed = "a value of enum thrdsrv_when_full", "when_full";
    if (c->when_full == THRDSRV_FULL_BUSY && !c->busy_text)
        return *allowed = "a text", "busy_text";
    if (c->stack_size < THRDSRV_STACK_MIN || c->stack_size > (size_t)1 << 30)
        return *allowed = "128k to 1g", "stack_size";
    if (c->backlog < 1)
        return *allowed = "1 or more", "backlog";
    if (c->keepalive_idle < 0 || c->keepalive_idle > 32767 ||
        (c->keepalive_idle > 0 && (c->keepalive_interval < 1 || c->keepalive_interval > 32767 ||
                                   c->keepalive_count < 1 || c->keepalive_count > 127)))
        return *allowed = "1 to 32767 seconds, 1 to 32767 seconds, 1 to 127 probes, or idle 0",
               "keepalive";
    if (c->log_level < THRDSRV_LOG_ERROR || c->log_level > THRDSRV_LOG_DEBUG)
        return *allowed = "a value of enum thrdsrv_log_level", "log_level";
    if (c->min_rate_bytes > 0 && c->min_rate_ms <= 0)
        return *allowed = "more than 0 with min_rate_bytes", "min_rate_ms";
    return find_wrong_limit(c, allowed);
}

static void report_wrong(const struct thrdsrv_config *config, const char *field,
                         const char *allowed)
{
    struct log_line line;
    log_begin(&line, "invalid configuration");
    log_text(&line, "field", field);
    log_text(&line, "allowed", allowed);
    log_send(config, THRDSRV_LOG_ERROR, &line);
}

/* Returns whether each text is a network, or the word that may stand for one, and logs one that is
 * not. */
static bool check_networks(const struct thrdsrv_config *config, const char *field,
                           const char *const *texts, size_t count, const char *word)
{
    struct netblock block;
    struct log_line line;
    const char *wrong = NULL;
    size_t i = 0;
    for (; i < count && !wrong; i++)
        if (!word || strcmp(texts[i], word) != 0)
            wrong = netblock_parse(&block, texts[i]);
    if (wrong) {
        log_begin(&line, "invalid configuration");
        log_text(&line, "field", field);
        log_text(&line, "network", texts[i - 1]);
        log_text(&line, "error", wrong);
        log_send(config, THRDSRV_LOG_ERROR, &line);
    }
    return !wrong;
}

static char *copy_text(const char *text, bool *complete)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        *complete = false;
    return copy;
}

/* The copy has *count texts, 0 where there is no memory. */
static const char *const *copy_texts(const char *const *texts, size_t *count, bool *complete)
{
    const char **copy = calloc(*count + 1, sizeof *copy); /* calloc(0) may return NULL */
    if (!copy) {
        *complete = false;
        *count = 0;
    }
    for (size_t i = 0; i < *count; i++)
        copy[i] = copy_text(texts[i], complete);
    return copy;
}

static void free_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)texts[i]);
    free((void *)(uintptr_t)texts);
}

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    return count;
}

/* How the service is called where the host says nothing. */
static const char *name_of_service(const struct thrdsrv_config *config)
{
    if (config->handler)
        return config->handler->name;
    if (!config->program)
        return "serve";
    const char *slash = strrchr(config->program[0], '/');
    return slash ? slash + 1 : config->program[0];
}

static int copy_strings(struct thrdsrv_config *copy, const struct thrdsrv_config *config)
{
    bool complete = true;
    size_t words = count_texts(config->program);
    copy->listen_count = config->listen_count ? config->listen_count : config->adopt ? 0 : 1;
    copy->listen = copy_texts(config->listen_count ? config->listen : default_listen,
                              &copy->listen_count, &complete);
    copy->reserve_network_count = config->reserve_network_count;
    copy->reserve_networks =
        copy_texts(config->reserve_networks, &copy->reserve_network_count, &complete);
    copy->proxy_network_count = config->proxy_network_count;
    copy->proxy_networks =
        copy_texts(config->proxy_networks, &copy->proxy_network_count, &complete);
    copy->busy_text = copy_text(config->busy_text, &complete);
    copy->name = copy_text(config->name ? config->name : name_of_service(config), &complete);
    if (config->program)
        copy->program = copy_texts(config->program, &words, &complete);
    return complete ? 0 : THRDSRV_E_MEMORY;
}

/* An older program's struct is shorter: the rest keeps its defaults. A newer one's may ask for what
 * this library does not know. */
bool config_read(struct thrdsrv_config *copy, const struct thrdsrv_config *config)
{
    const struct thrdsrv_config defaults = THRDSRV_CONFIG_INIT;
    *copy = defaults;
    if (config->size < sizeof config->size)
        return false;
    memcpy(copy, config, config->size < sizeof *copy ? config->size : sizeof *copy);
    return true;
}

int config_copy(struct thrdsrv_config *copy, const struct thrdsrv_config *config)
{
    const char *allowed;
    if (!config_read(copy, config))
        return THRDSRV_E_INVALID;
    struct thrdsrv_config whole = *copy;
    copy->listen = NULL; /* nothing of the caller's is kept, whatever happens below */
    copy->listen_count = 0;
    copy->reserve_networks = NULL;
    copy->reserve_network_count = 0;
    copy->proxy_networks = NULL;
    copy->proxy_network_count = 0;
    copy->busy_text = copy->name = NULL;
    copy->program = NULL;
    const char *wrong = find_wrong(&whole, &allowed);
    if (wrong) {
        report_wrong(&whole, wrong, allowed);
        return THRDSRV_E_INVALID;
    }
    if (!thrdsrv_mode_supported(whole.mode)) {
        report_wrong(&whole, "mode", "this build has no mode fork: build with THRDSRV_FORK=ON");
        return THRDSRV_E_UNSUPPORTED;
    }
    if (!check_networks(&whole, "reserve_networks", whole.reserve_networks,
                        whole.reserve_network_count, NULL) ||
        !check_networks(&whole, "proxy_networks", whole.proxy_networks, whole.proxy_network_count,
                        "unix"))
        return THRDSRV_E_INVALID;
    return copy_strings(copy, &whole);
}

void config_free(struct thrdsrv_config *copy)
{
    free_texts(copy->listen, copy->listen_count);
    free_texts(copy->reserve_networks, copy->reserve_network_count);
    free_texts(copy->proxy_networks, copy->proxy_network_count);
    free_texts(copy->program, count_texts(copy->program));
    free((void *)(uintptr_t)copy->busy_text);
    free((void *)(uintptr_t)copy->name);
}
