/* arguments.c - the walk over the arguments; see arguments.h. */
#include "cli/arguments.h"

#include <string.h>

#include "cli/complaint.h"
#include "cli/nearest.h"

static const struct argument_spec common_specs[] = {
    {"help", 'h', NULL, NULL, NULL, ARGUMENTS_SAME_GROUP, "print this text", NULL, false},
    {"version", 'V', NULL, NULL, NULL, ARGUMENTS_SAME_GROUP, "print the version", NULL, false},
};

static const enum arguments_end common_ends[] = {ARGUMENTS_HELP, ARGUMENTS_VERSION};

#define COMMON_COUNT (sizeof common_specs / sizeof common_specs[0])

const struct argument_spec *arguments_spec_at(const struct argument_table *table, size_t index)
{
    if (index < table->spec_count)
        return &table->specs[index];
    index -= table->spec_count;
    return index < COMMON_COUNT ? &common_specs[index] : NULL;
}

struct walk {
    const struct argument_table *table;
    void *target;
    int argc;
    char *const *argv;
    int next; /* the argument to look at */
    size_t words;
    bool only_words; /* behind "--" */
    struct complaint complaint;
};

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
static const struct argument_spec *find_spec(const struct argument_table *table,
                                             const char *argument, const struct split *split)
{
    bool is_long = argument[1] == '-';
    const struct argument_spec *spec;
    for (size_t i = 0; (spec = arguments_spec_at(table, i)); i++) {
        if (is_long && strlen(spec->name) == split->name_length &&
            memcmp(spec->name, split->name, split->name_length) == 0)
            return spec;
        if (!is_long && spec->letter != '\0' && argument[1] == spec->letter && argument[2] == '\0')
            return spec;
    }
    return NULL;
}

static enum arguments_end fail_unknown_option(struct walk *walk, const char *argument,
                                              const struct split *split)
{
    struct nearest nearest;
    size_t dashes = strspn(split->name, "-"); /* "---slots" */
    nearest_init(&nearest, split->name + dashes, split->name_length - dashes);
    const struct argument_spec *spec;
    for (size_t i = 0; (spec = arguments_spec_at(walk->table, i)); i++)
        nearest_offer(&nearest, spec->name);
    size_t length = (size_t)(split->name - argument) + split->name_length;
    complaint_unknown(&walk->complaint, "unknown option", argument, length, "--", nearest.best);
    return ARGUMENTS_WRONG;
}

static enum arguments_end fail_value(struct walk *walk, const struct argument_spec *spec,
                                     const char *value, const char *what)
{
    complaint_value(&walk->complaint, spec, value, what);
    return ARGUMENTS_WRONG;
}

static enum arguments_end parse_option(struct walk *walk, const char *argument)
{
    struct split split = split_argument(argument);
    const struct argument_spec *spec = find_spec(walk->table, argument, &split);
    if (!spec)
        return fail_unknown_option(walk, argument, &split);
    const char *value = split.value;
    if (!spec->argument && value)
        return fail_value(walk, spec, value, "takes no value");
    bool needs_value = spec->argument && !spec->value_is_optional;
    /* No value of any option begins with a dash, so "--slots --idle=5m" has lost its number. */
    if (needs_value && !value && walk->next < walk->argc && walk->argv[walk->next][0] != '-')
        value = walk->argv[walk->next++];
    if (needs_value && !value)
        return fail_value(walk, spec, NULL, "needs a value");
    for (size_t i = 0; i < COMMON_COUNT; i++)
        if (spec == &common_specs[i])
            return common_ends[i];
    const char *what = spec->set(walk->target, value);
    return what ? fail_value(walk, spec, value, what) : ARGUMENTS_COMPLETE;
}

static enum arguments_end parse_word(struct walk *walk, const char *word)
{
    if (walk->words == walk->table->words_max) {
        complaint_unexpected(&walk->complaint, walk->table->words, word);
        return ARGUMENTS_WRONG;
    }
    const char *what = walk->table->take(walk->target, walk->words++, word);
    if (!what)
        return ARGUMENTS_COMPLETE;
    complaint_word(&walk->complaint, word, what, walk->table->choices);
    return ARGUMENTS_WRONG;
}

/* argv ends with a NULL, as every main() has it. */
static enum arguments_end parse_rest(struct walk *walk)
{
    const char *what = walk->next < walk->argc
                           ? walk->table->take_rest(walk->target, walk->argv + walk->next)
                           : "-- needs a program behind it, and its arguments";
    walk->next = walk->argc;
    if (!what)
        return ARGUMENTS_COMPLETE;
    complaint_word(&walk->complaint, NULL, what, NULL);
    return ARGUMENTS_WRONG;
}

static enum arguments_end parse_argument(struct walk *walk)
{
    const char *argument = walk->argv[walk->next++];
    if (walk->only_words || argument[0] != '-' || argument[1] == '\0')
        return parse_word(walk, argument);
    if (strcmp(argument, "--") != 0)
        return parse_option(walk, argument);
    if (walk->table->take_rest)
        return parse_rest(walk);
    /* Where no word may follow, the mistake is the "--". */
    if (walk->table->words_max == 0 && walk->next < walk->argc)
        return parse_word(walk, argument);
    walk->only_words = true;
    return ARGUMENTS_COMPLETE;
}

enum arguments_end arguments_parse(const struct argument_table *table, void *target, int argc,
                                   char *const argv[], char *message, size_t size)
{
    struct walk walk = {
        .table = table,
        .target = target,
        .argc = argc,
        .argv = argv,
        .next = 1,
        .complaint = {.text = message, .size = size, .command = table->command},
    };
    if (size > 0)
        message[0] = '\0';
    while (walk.next < argc) {
        enum arguments_end end = parse_argument(&walk);
        if (end != ARGUMENTS_COMPLETE)
            return end;
    }
    const char *what = table->finish ? table->finish(target) : NULL;
    if (!what)
        return ARGUMENTS_COMPLETE;
    complaint_word(&walk.complaint, NULL, what, table->choices);
    return ARGUMENTS_WRONG;
}
