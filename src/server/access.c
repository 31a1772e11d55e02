/* access.c - see access.h. */
#include "server/access.h"

#include "server/log.h"
#include "server/rules.h"
#include "server/server.h"

static int too_many(const struct thrdsrv_config *config, size_t count)
{
    struct log_line line;
    log_begin(&line, "too many rules");
    log_number(&line, "rules", count);
    log_number(&line, "allowed", THRDSRV_RULES_MAX);
    log_send(config, THRDSRV_LOG_ERROR, &line);
    return THRDSRV_E_INVALID;
}

static void report_invalid(const struct thrdsrv_config *config, size_t rule, const char *network,
                           const char *why)
{
    struct log_line line;
    log_begin(&line, "invalid rule");
    log_number(&line, "rule", rule);
    log_text(&line, "network", network ? network : "");
    log_text(&line, "error", why);
    log_send(config, THRDSRV_LOG_ERROR, &line);
}

static int replace(struct thrdsrv_server *server, const struct thrdsrv_rule *given, size_t count)
{
    struct rules *rules;
    size_t wrong = 0;
    const char *why = NULL;
    if (count > THRDSRV_RULES_MAX)
        return too_many(&server->config, count);
    int error = rules_create(&rules, given, count, &wrong, &why);
    if (error == THRDSRV_E_INVALID)
        report_invalid(&server->config, wrong, given[wrong].network, why);
    if (error < 0)
        return error;
    slot_table_lock(&server->table);
    struct rules *old = server->rules;
    server->rules = rules;
    slot_table_unlock(&server->table);
    rules_destroy(old);
    return 0;
}

int access_init(struct thrdsrv_server *server)
{
    struct thrdsrv_config *config = &server->config;
    int error = replace(server, config->rules, config->rule_count);
    config->rules = NULL; /* the caller's */
    config->rule_count = 0;
    return error;
}

void access_fini(struct thrdsrv_server *server)
{
    replace(server, NULL, 0);
}

bool access_allows(struct thrdsrv_server *server, const struct address *peer)
{
    slot_table_lock(&server->table);
    bool allowed = rules_allow(server->rules, peer);
    slot_table_unlock(&server->table);
    return allowed;
}

int thrdsrv_server_set_rules(struct thrdsrv_server *server, const struct thrdsrv_rule *rules,
                             size_t count)
{
    return server_is_child_copy(server) ? THRDSRV_E_INVALID : replace(server, rules, count);
}
