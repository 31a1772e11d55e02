/* bench_servers.c - the servers that thrd bench is to measure; see bench_options.h. */
#include "cli/bench_options.h"

#include <stdio.h>
#include <string.h>

#include "cli/list.h"
#include "cli/option_table.h"
#include "cli/units.h"

/* In the order in which they are measured. */
static const enum thrdsrv_mode all_modes[BENCH_MODES_MAX] = {
    THRDSRV_MODE_THREAD,
    THRDSRV_MODE_FORK,
    THRDSRV_MODE_INLINE,
};

/* ---- Our modes --------------------------------------------------------------------------- */

static const char *add_mode(void *target, const char *item)
{
    struct bench_options *options = target;
    enum thrdsrv_mode mode;
    size_t i = 0;
    while (i < BENCH_MODES_MAX && strcmp(item, option_table_mode_name(all_modes[i])) != 0)
        i++;
    if (i == BENCH_MODES_MAX)
        return "no such mode";
    mode = all_modes[i];
    for (i = 0; i < options->mode_count; i++)
        if (options->modes[i] == mode)
            return "a mode stands there twice";
    options->modes[options->mode_count++] = mode;
    return NULL;
}

const char *bench_servers_set_modes(void *target, const char *value)
{
    struct bench_options *options = target;
    options->given[BENCH_OPTION_MODES] = true;
    options->mode_count = 0;
    return strcmp(value, "none") == 0 ? NULL : list_each(value, add_mode, options);
}

/* ---- Others ------------------------------------------------------------------------------ */

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < BENCH_MODES_MAX; i++)
        if (strcmp(name, option_table_mode_name(all_modes[i])) == 0)
            return true;
    return strcmp(name, "none") == 0;
}

/* Adds a server that the first length bytes of name call so. */
static const char *add_other(struct bench_options *options, const char *name, size_t length,
                             const struct target *other)
{
    if (options->other_count == BENCH_TARGETS_MAX - BENCH_MODES_MAX)
        return "more than 13 servers besides our own";
    if (length == 0)
        return "the name is empty";
    if (length > BENCH_NAME_MAX)
        return "the name is longer than 20 bytes";
    for (size_t i = 0; i < length; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return "the name may have printable ASCII characters only, without spaces";
    char *copy = options->names[options->other_count];
    memcpy(copy, name, length);
    copy[length] = '\0';
    if (is_reserved(copy))
        return "the name is that of a mode of ours";
    for (size_t i = 0; i < options->other_count; i++)
        if (strcmp(options->names[i], copy) == 0)
            return "the name is taken by another server";
    struct target *added = &options->others[options->other_count++];
    *added = *other;
    added->name = copy;
    return NULL;
}

const char *bench_servers_set_against(void *target, const char *value)
{
    struct bench_options *options = target;
    size_t length = strcspn(value, "=");
    if (value[length] != '=')
        return "not of the form NAME=COMMAND";
    const char *command = value + length + 1;
    if (*command == '\0')
        return "the command is missing";
    if (!strstr(command, "{port}"))
        return "the command does not say {port}";
    options->given[BENCH_OPTION_AGAINST] = true;
    struct target other = {.kind = TARGET_COMMAND, .command = command};
    return add_other(options, value, length, &other);
}

/* "HOST:PORT" or "[V6]:PORT". Whether there is such a host is for those to find out who connect. */
static const char *check_address(const char *address)
{
    static const char form[] = "not of the form HOST:PORT or [V6]:PORT";
    const char *colon = strrchr(address, ':');
    int64_t port;
    if (!colon || colon == address)
        return form;
    bool is_bracketed = address[0] == '[' && colon[-1] == ']' && colon - address > 2;
    if (!is_bracketed && (strchr(address, ':') != colon || strpbrk(address, "[] ")))
        return form;
    return units_parse_number(colon + 1, 1, 65535, &port) == UNITS_OK
               ? NULL
               : "the port is not a number from 1 to 65535";
}

/* A server without a name of its own is called "target", "target-2" and so on: an address may be
 * longer than the column that it would head. */
static const char *add_unnamed(struct bench_options *options, const struct target *other)
{
    char name[BENCH_NAME_MAX + 1] = "target";
    size_t length = strlen(other->address);
    if (length <= BENCH_NAME_MAX)
        return add_other(options, other->address, length, other);
    for (unsigned number = 1; number <= BENCH_TARGETS_MAX; number++) {
        bool is_taken = false;
        if (number > 1)
            snprintf(name, sizeof name, "target-%u", number);
        for (size_t i = 0; i < options->other_count; i++)
            is_taken = is_taken || strcmp(options->names[i], name) == 0;
        if (!is_taken)
            break;
    }
    return add_other(options, name, strlen(name), other);
}

const char *bench_servers_set_target(void *target, const char *value)
{
    struct bench_options *options = target;
    size_t length = strcspn(value, "=");
    bool is_named = value[length] == '=';
    struct target other = {
        .kind = TARGET_RUNNING,
        .address = is_named ? value + length + 1 : value,
    };
    const char *what = check_address(other.address);
    if (what)
        return what;
    options->given[BENCH_OPTION_TARGET] = true;
    return is_named ? add_other(options, value, length, &other) : add_unnamed(options, &other);
}

/* ---- All --------------------------------------------------------------------------------- */

static void add_ours(struct bench_config *config, enum thrdsrv_mode mode)
{
    config->targets[config->target_count++] = (struct target){
        .kind = TARGET_OURS,
        .name = option_table_mode_name(mode),
        .mode = option_table_mode_name(mode),
    };
}

const char *bench_servers_finish(struct bench_options *options)
{
    struct bench_config *config = &options->config;
    config->target_count = 0;
    for (size_t i = 0; i < options->mode_count; i++) {
        if (!thrdsrv_mode_supported(options->modes[i]))
            return "--modes=fork: this build has no fork mode; build with cmake -DTHRDSRV_FORK=ON";
        add_ours(config, options->modes[i]);
    }
    for (size_t i = 0; !options->given[BENCH_OPTION_MODES] && i < BENCH_MODES_MAX; i++)
        if (thrdsrv_mode_supported(all_modes[i]))
            add_ours(config, all_modes[i]);
    for (size_t i = 0; i < options->other_count; i++)
        config->targets[config->target_count++] = options->others[i];
    if (config->target_count == 0)
        return "--modes=none: nothing is left to measure without --against or --target";
    return NULL;
}
