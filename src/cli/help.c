/* help.c - the text of --help; see help.h. */
#include "cli/help.h"

#include <string.h>

/* Where the explanations begin: behind the longest "  --min-rate=SIZE/TIME". */
#define HELP_COLUMN 24

/* The explanation of what has taken used columns of its line, a longer one in lines of its own. */
static void write_text(FILE *stream, int used, const char *text)
{
    const char *newline;
    if (used < HELP_COLUMN)
        fprintf(stream, "%*s", HELP_COLUMN - used, "");
    else
        fprintf(stream, "\n%*s", HELP_COLUMN, "");
    while ((newline = strchr(text, '\n'))) {
        fprintf(stream, "%.*s\n%*s", (int)(newline - text), text, HELP_COLUMN, "");
        text = newline + 1;
    }
    fputs(text, stream);
}

static int longest_name(const struct argument_list *list)
{
    const char *name;
    const char *summary;
    size_t longest = 0;
    for (size_t i = 0; list->at(i, &name, &summary); i++)
        if (strlen(name) > longest)
            longest = strlen(name);
    return (int)longest;
}

static void write_list(FILE *stream, const struct argument_list *list)
{
    const char *name;
    const char *summary;
    int width = longest_name(list);
    fprintf(stream, "\n%s\n", list->title);
    for (size_t i = 0; list->at(i, &name, &summary); i++)
        fprintf(stream, "  %-*s  %s\n", width, name, summary);
}

/* "  -h, --help", "  --slots=N" or "  --json[=FILE]". Returns the columns. */
static int write_name(FILE *stream, const struct argument_spec *spec)
{
    int used = fprintf(stream, "  ");
    if (spec->letter != '\0')
        used += fprintf(stream, "-%c, ", spec->letter);
    used += fprintf(stream, "--%s", spec->name);
    if (spec->argument)
        used += fprintf(stream, spec->value_is_optional ? "[=%s]" : "=%s", spec->argument);
    return used;
}

static void write_option(FILE *stream, const struct argument_spec *spec)
{
    write_text(stream, write_name(stream, spec), spec->help);
    if (spec->initial)
        fprintf(stream, " [%s]", spec->initial);
    fputc('\n', stream);
}

void help_write(FILE *stream, const struct argument_table *table)
{
    const struct argument_spec *spec;
    int group = -1;
    fputs(table->usage, stream);
    if (table->shown)
        write_list(stream, table->shown);
    if (table->spec_count == 0)
        fputs("\nOptions\n", stream);
    for (size_t i = 0; (spec = arguments_spec_at(table, i)); i++) {
        if (spec->group != group && spec->group != ARGUMENTS_SAME_GROUP)
            fprintf(stream, "\n%s\n", table->groups[spec->group]);
        group = spec->group;
        write_option(stream, spec);
    }
    if (table->epilogue)
        fprintf(stream, "\n%s", table->epilogue);
}
