/* options.c - the walk over the arguments, and what it says of those that are wrong; see
 * options.h. */
#include "cli/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/option_table.h"
#include "cli/services.h"

/* ---- Error texts ------------------------------------------------------------------------- */

/* The walk over the arguments, and where its complaint goes. */
struct parser {
    struct options *options;
    int argc;
    char *const *argv;
    int next; /* the argument to look at */
    char *message;
    size_t message_size;
};

#define SHOWN_SIZE 84

/* What somebody typed, fit to be shown: without control characters, which would act on the
 * terminal, and not longer than a line. */
static const char *shown(char buf[SHOWN_SIZE], const char *text, size_t length)
{
    static const char more[] = "...";
    size_t room = SHOWN_SIZE - sizeof more;
    size_t used = length < room ? length : room;
    for (size_t i = 0; i < used; i++)
        buf[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    snprintf(buf + used, sizeof more, "%s", used < length ? more : "");
    return buf;
}

/* "thrd: --slots=abc: not a number; allowed: 1 to 1000000, default 128" */
static int fail_value(const struct parser *parser, const struct option_spec *spec,
                      const char *value, const char *what)
{
    char buf[SHOWN_SIZE];
    int used = snprintf(parser->message, parser->message_size, "thrd: --%s%s%s: %s", spec->name,
                        value ? "=" : "", value ? shown(buf, value, strlen(value)) : "", what);
    if (spec->allowed && used >= 0 && (size_t)used < parser->message_size)
        snprintf(parser->message + used, parser->message_size - (size_t)used, "; allowed: %s%s%s",
                 spec->allowed, spec->initial ? ", default " : "",
                 spec->initial ? spec->initial : "");
    return -1;
}

/* "thrd: unknown option --slot; did you mean --slots?" and where to read more */
static int fail_unknown(const struct parser *parser, const char *kind, const char *typed,
                        size_t length, const char *dashes, const char *suggestion)
{
    char buf[SHOWN_SIZE];
    snprintf(parser->message, parser->message_size, "thrd: %s %s%s%s%s%s\nTry 'thrd --help'.", kind,
             shown(buf, typed, length), suggestion ? "; did you mean " : "",
             suggestion ? dashes : "", suggestion ? suggestion : "", suggestion ? "?" : "");
    return -1;
}

/* What belongs to no option and no command, or to no command of this kind. */
static int fail_unexpected(const struct parser *parser, const char *argument)
{
    const char *kind = parser->options->action == OPTIONS_RUN
                           ? "run takes the name of a handler, and no more; unexpected argument"
                           : "unexpected argument";
    return fail_unknown(parser, kind, argument, strlen(argument), "", NULL);
}

/* "thrd: run rot31: no such handler; did you mean rot13?" and, in a second line, what can be run.
 * name may be NULL. */
static int fail_filter(const struct parser *parser, const char *name, const char *what)
{
    char buf[SHOWN_SIZE];
    struct service service;
    struct nearest nearest;
    char allowed[OPTIONS_MESSAGE_SIZE / 2] = "";
    size_t used = 0;
    nearest_init(&nearest, name ? name : "", name ? strlen(name) : 0);
    for (size_t i = 0; services_at(i, &service); i++) {
        if (!service.handler || used + strlen(service.name) + sizeof ", " > sizeof allowed)
            continue;
        used += (size_t)sprintf(allowed + used, "%s%s", used > 0 ? ", " : "", service.name);
        nearest_offer(&nearest, service.name);
    }
    snprintf(parser->message, parser->message_size, "thrd: run%s%s: %s%s%s%s\nAllowed: %s",
             name ? " " : "", name ? shown(buf, name, strlen(name)) : "", what,
             nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "",
             nearest.best ? "?" : "", allowed);
    return -1;
}

/* ---- The walk ---------------------------------------------------------------------------- */

/* What an argument such as "--slots=5" says: the name and, behind '=', the value. */
struct split {
    const char *name; /* behind one or two dashes; not terminated: name_length bytes */
    size_t name_length;
    const char *value; /* NULL: no '=' */
};

static struct split split_argument(const char *argument)
{
    struct split split = {.name = argument + (argument[1] == '-' ? 2 : 1)};
    split.name_length = strcspn(split.name, "=");
    if (split.name[split.name_length] == '=')
        split.value = split.name + split.name_length + 1;
    return split;
}

/* "--name" by its name, "-x" by its letter; NULL where the table has no such option. */
static const struct option_spec *find_spec(const char *argument, const struct split *split)
{
    bool is_long = argument[1] == '-';
    const struct option_spec *spec;
    for (size_t i = 0; (spec = option_table_at(i)); i++) {
        if (is_long && strlen(spec->name) == split->name_length &&
            memcmp(spec->name, split->name, split->name_length) == 0)
            return spec;
        if (!is_long && spec->letter != '\0' && argument[1] == spec->letter && argument[2] == '\0')
            return spec;
    }
    return NULL;
}

static int fail_unknown_option(const struct parser *parser, const char *argument,
                               const struct split *split)
{
    struct nearest nearest;
    size_t dashes = strspn(split->name, "-"); /* "---slots" */
    nearest_init(&nearest, split->name + dashes, split->name_length - dashes);
    const struct option_spec *spec;
    for (size_t i = 0; (spec = option_table_at(i)); i++)
        nearest_offer(&nearest, spec->name);
    size_t length = (size_t)(split->name - argument) + split->name_length;
    return fail_unknown(parser, "unknown option", argument, length, "--", nearest.best);
}

static int parse_option(struct parser *parser, const char *argument)
{
    struct split split = split_argument(argument);
    const struct option_spec *spec = find_spec(argument, &split);
    if (!spec)
        return fail_unknown_option(parser, argument, &split);
    const char *value = split.value;
    if (!spec->argument && value)
        return fail_value(parser, spec, value, "takes no value");
    /* No value of any option begins with a dash, so "--slots --idle=5m" has lost its number. */
    if (spec->argument && !value && parser->next < parser->argc &&
        parser->argv[parser->next][0] != '-')
        value = parser->argv[parser->next++];
    if (spec->argument && !value)
        return fail_value(parser, spec, NULL, "needs a value");
    const char *what = spec->set(parser->options, value);
    return what ? fail_value(parser, spec, value, what) : 0;
}

static int parse_command(struct parser *parser, const char *argument)
{
    static const struct {
        const char *name;
        enum options_action action;
    } commands[] = {{"handlers", OPTIONS_LIST_HANDLERS}, {"run", OPTIONS_RUN}};
    struct nearest nearest;
    nearest_init(&nearest, argument, strlen(argument));
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argument, commands[i].name) == 0) {
            parser->options->action = commands[i].action;
            return 0;
        }
        nearest_offer(&nearest, commands[i].name);
    }
    return fail_unknown(parser, "unknown command", argument, strlen(argument), "", nearest.best);
}

/* The NAME of "thrd run NAME". */
static int parse_filter(struct parser *parser, const char *name)
{
    struct service service;
    if (!services_find(name, &service))
        return fail_filter(parser, name, "no such handler");
    if (!service.handler)
        return fail_filter(parser, name, "needs a connection to talk to, and is no filter");
    parser->options->filter = service.handler;
    return 0;
}

static int parse_argument(struct parser *parser)
{
    const char *argument = parser->argv[parser->next++];
    bool is_end = strcmp(argument, "--") == 0;
    if (argument[0] == '-' && argument[1] != '\0' && !is_end)
        return parse_option(parser, argument);
    if (is_end && parser->next == parser->argc)
        return 0;
    if (!is_end && parser->next == 2)
        return parse_command(parser, argument);
    if (!is_end && parser->options->action == OPTIONS_RUN && !parser->options->filter)
        return parse_filter(parser, argument);
    return fail_unexpected(parser, argument);
}

/* The modes are checked at the end, because the last --mode is the one that counts. */
static int check_mode(const struct parser *parser)
{
    enum thrdsrv_mode mode = parser->options->config.mode;
    if (thrdsrv_mode_supported(mode))
        return 0;
    const char *name = option_table_mode_name(mode);
    snprintf(parser->message, parser->message_size,
             "thrd: --mode=%s: this build has no %s mode; build with cmake -DTHRDSRV_FORK=ON", name,
             name);
    return -1;
}

int options_parse(struct options *options, int argc, char *const argv[], char *message, size_t size)
{
    struct parser parser = {
        .options = options,
        .argc = argc,
        .argv = argv,
        .next = 1,
        .message = message,
        .message_size = size,
    };
    option_table_defaults(options);
    if (size > 0)
        message[0] = '\0';
    while (parser.next < argc) {
        const char *argument = argv[parser.next];
        bool is_after_command = options->action != OPTIONS_SERVE;
        const struct thrdsrv_handler *filter = options->filter;
        if (parse_argument(&parser) < 0)
            return -1;
        /* As everywhere, the first of these decides, and what follows is not looked at. */
        if (options->action == OPTIONS_SHOW_HELP || options->action == OPTIONS_SHOW_VERSION)
            return 0;
        /* An option would have no effect on a command, and whoever gives one expects some. */
        if (is_after_command && options->filter == filter)
            return fail_unexpected(&parser, argument);
    }
    if (options->action == OPTIONS_RUN && !options->filter)
        return fail_filter(&parser, NULL, "needs the name of a handler");
    return check_mode(&parser);
}
