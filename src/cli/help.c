/* help.c - the text of --help; see help.h. */
#include "cli/help.h"

#include <string.h>

#include "cli/option_table.h"

/* Where the explanations begin: behind the longest "  --min-rate=SIZE/TIME". */
#define HELP_COLUMN 24

static const char usage[] =
    "Usage: thrd [OPTIONS]   serve, until SIGTERM or Ctrl-C (defaults in brackets)\n"
    "       thrd handlers    list the names for --handler\n"
    "       thrd run NAME    run a handler as a filter from standard input to output\n";

static const char *const group_titles[] = {
    [OPTIONS_LISTENING] = "Listening",
    [OPTIONS_SERVICE] = "Service",
    [OPTIONS_WORKERS] = "Workers",
    [OPTIONS_TIMEOUTS] = "Timeouts, which cut a connection: 500ms, 30s, 5m, 2h, 1d or off",
    [OPTIONS_OTHER] = "Log and help",
};

static const char epilogue[] =
    "Signals: SIGTERM or SIGINT stops accepting and drains; a second one cuts now.\n"
    "         SIGUSR1 logs the slots and the counters.\n"
    "Exit status: 0 all drained, 3 connections cut, 2 usage, 1 the system refused;\n"
    "         of run: 0 complete, 3 the handler refused the input.\n";

/* "  -h, --help" or "  --slots=N", then spaces up to the column of the explanations. */
static void write_name(FILE *stream, const struct option_spec *spec)
{
    int used = fprintf(stream, "  ");
    if (spec->letter != '\0')
        used += fprintf(stream, "-%c, ", spec->letter);
    used += fprintf(stream, "--%s", spec->name);
    if (spec->argument)
        used += fprintf(stream, "=%s", spec->argument);
    fprintf(stream, "%*s", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "");
}

static void write_option(FILE *stream, const struct option_spec *spec)
{
    write_name(stream, spec);
    const char *text = spec->help;
    const char *newline;
    while ((newline = strchr(text, '\n'))) {
        fprintf(stream, "%.*s\n%*s", (int)(newline - text), text, HELP_COLUMN, "");
        text = newline + 1;
    }
    fputs(text, stream);
    if (spec->initial)
        fprintf(stream, " [%s]", spec->initial);
    fputc('\n', stream);
}

void help_write(FILE *stream)
{
    const struct option_spec *spec;
    int group = -1;
    fputs(usage, stream);
    for (size_t i = 0; (spec = option_table_at(i)); i++) {
        if ((int)spec->group != group)
            fprintf(stream, "\n%s\n", group_titles[spec->group]);
        group = (int)spec->group;
        write_option(stream, spec);
    }
    fprintf(stream, "\n%s", epilogue);
}
