/* config.c - checks a configuration and keeps a copy of it. The thread that creates the server. */
#include <stdlib.h>
#include <string.h>

#include "server/server.h"

static const char *const default_listen[] = {"localhost:43211"};

/* Returns NULL, or the field that is wrong and, in *allowed, what is allowed. */
static const char *find_wrong(const struct thrdsrv_config *c, const char **allowed)
{
    *allowed = "";
    if (c->size > sizeof *c)
        return *allowed = "at most the size that this version of the library knows", "size";
    if (!c->handler == !c->serve)
        return *allowed = "exactly one of handler and serve", "handler";
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
    return NULL;
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

static char *copy_text(const char *text, bool *complete)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        *complete = false;
    return copy;
}

static int copy_strings(struct thrdsrv_config *copy, const struct thrdsrv_config *config)
{
    bool complete = true;
    const char *const *texts = config->listen_count ? config->listen : default_listen;
    size_t count = config->listen_count ? config->listen_count : config->adopt ? 0 : 1;
    const char *name = config->name      ? config->name
                       : config->handler ? config->handler->name
                                         : "serve";
    const char **listen = calloc(count + 1, sizeof *listen); /* calloc(0) may return NULL */
    copy->listen = listen;
    copy->listen_count = listen ? count : 0;
    for (size_t i = 0; i < copy->listen_count; i++)
        listen[i] = copy_text(texts[i], &complete);
    copy->busy_text = copy_text(config->busy_text, &complete);
    copy->name = copy_text(name, &complete);
    return listen && complete ? 0 : THRDSRV_E_MEMORY;
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
    copy->busy_text = copy->name = NULL;
    const char *wrong = find_wrong(&whole, &allowed);
    if (wrong) {
        report_wrong(&whole, wrong, allowed);
        return THRDSRV_E_INVALID;
    }
    if (!thrdsrv_mode_supported(whole.mode)) {
        report_wrong(&whole, "mode", "this build has no mode fork: build with THRDSRV_FORK=ON");
        return THRDSRV_E_UNSUPPORTED;
    }
    return copy_strings(copy, &whole);
}

void config_free(struct thrdsrv_config *copy)
{
    for (size_t i = 0; i < copy->listen_count; i++)
        free((void *)(uintptr_t)copy->listen[i]);
    free((void *)(uintptr_t)copy->listen);
    free((void *)(uintptr_t)copy->busy_text);
    free((void *)(uintptr_t)copy->name);
}
