/* complete.c - what may stand on a command line next; see complete.h. */
#include "cli/complete.h"

#include <string.h>

#define FILES ":\n"

/* The explanation as one line. */
static void write_candidate(FILE *stream, const char *before, size_t before_length,
                            const char *text, size_t length, const char *about)
{
    fprintf(stream, "%.*s%.*s\t", (int)before_length, before, (int)length, text);
    for (; *about != '\0'; about++)
        fputc(*about == '\n' ? ' ' : *about, stream);
    fputc('\n', stream);
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- Options ----------------------------------------------------------------------------- */

static void write_options(FILE *stream, const struct argument_table *table, const char *last)
{
    const struct argument_spec *spec;
    for (size_t i = 0; (spec = arguments_spec_at(table, i)); i++) {
        char option[64];
        snprintf(option, sizeof option, "--%s%s", spec->name, spec->argument ? "=" : "");
        if (begins_with(option, last))
            write_candidate(stream, "", 0, option, strlen(option), spec->help);
    }
}

/* "--name" or "--name=…"; NULL where there is no such option, or it takes no value. */
static const struct argument_spec *spec_with_value(const struct argument_table *table,
                                                   const char *word)
{
    const struct argument_spec *spec;
    size_t length = strcspn(word, "=");
    if (!begins_with(word, "--"))
        return NULL;
    for (size_t i = 0; (spec = arguments_spec_at(table, i)); i++)
        if (spec->argument && strlen(spec->name) == length - 2 &&
            strncmp(spec->name, word + 2, length - 2) == 0)
            return spec;
    return NULL;
}

/* ---- Values ------------------------------------------------------------------------------ */

/* Where the next of ", ", " or " and " and " stands, or the end; *length becomes its own length. */
static const char *find_separator(const char *text, size_t *length)
{
    static const char *const separators[] = {", or ", ", ", " or ", " and "};
    for (; *text != '\0'; text++)
        for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++)
            if (begins_with(text, separators[i])) {
                *length = strlen(separators[i]);
                return text;
            }
    *length = 0;
    return text;
}

/* A word of small letters, as all names are that can be typed; not "1 to 64" or "HOST:PORT". */
static bool is_name(const char *text, size_t length)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return length > 0 && *text >= 'a' && *text <= 'z' && strspn(text, allowed) >= length;
}

/* Whether a list of words with commas between them, up to its last comma, has that word. */
static bool is_listed(const char *list, const char *end, const char *name, size_t length)
{
    while (list < end) {
        size_t item = strcspn(list, ",");
        if (item == length && strncmp(list, name, length) == 0)
            return true;
        list += item + 1;
    }
    return false;
}

/* typed is what there is of the value; the candidates repeat what stands before it in last. */
static void write_values(FILE *stream, const struct argument_spec *spec, const char *last,
                         const char *typed)
{
    size_t separator;
    if (strcmp(spec->argument, "FILE") == 0) {
        fputs(FILES, stream);
        return;
    }
    const char *comma = strcmp(spec->argument, "LIST") == 0 ? strrchr(typed, ',') : NULL;
    const char *item = comma ? comma + 1 : typed;
    const char *name = spec->allowed;
    do {
        const char *end = find_separator(name, &separator);
        size_t length = (size_t)(end - name);
        if (is_name(name, length) && strncmp(name, item, strlen(item)) == 0 &&
            !is_listed(typed, item, name, length))
            write_candidate(stream, last, (size_t)(item - last), name, length, "");
        name = end + separator;
    } while (separator > 0);
}

/* ---- Words ------------------------------------------------------------------------------- */

void complete_write_list(FILE *stream, const struct argument_list *list, const char *last)
{
    const char *name;
    const char *summary;
    for (size_t i = 0; list->at(i, &name, &summary); i++)
        if (begins_with(name, last))
            write_candidate(stream, "", 0, name, strlen(name), summary);
}

static void write_words(FILE *stream, const struct argument_table *table, const char *last)
{
    if (table->choices)
        complete_write_list(stream, table->choices, last);
    else if (table->words_max > 0)
        fputs(FILES, stream);
}

void complete_write(FILE *stream, const struct argument_table *table,
                    const struct complete_words *words)
{
    const char *last = words->last;
    const char *equals = strchr(last, '=');
    const struct argument_spec *spec = spec_with_value(table, last);
    if (spec && equals) {
        write_values(stream, spec, last, equals + 1);
        return;
    }
    if (last[0] == '-') {
        write_options(stream, table, last);
        return;
    }
    spec = words->previous && !strchr(words->previous, '=')
               ? spec_with_value(table, words->previous)
               : NULL;
    if (spec && !spec->value_is_optional)
        write_values(stream, spec, last, last);
    else
        write_words(stream, table, last);
}
