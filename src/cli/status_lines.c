/* status_lines.c - see status_lines.h. */
#include "cli/status_lines.h"

#include <stdlib.h>
#include <string.h>

#include "cli/logfmt.h"

static void add_line(struct status_lines *lines, char *line)
{
    struct logfmt_pair kind;
    if (!logfmt_next(&line, &kind) || strcmp(kind.key, "msg") != 0)
        return;
    if (strcmp(kind.value, "server") == 0)
        lines->server = line;
    else if (strcmp(kind.value, "counters") == 0)
        lines->counters = line;
    else if (strcmp(kind.value, "slot") == 0)
        lines->slots[lines->slot_count++] = line;
}

static size_t count_lines(const char *text)
{
    size_t count = 1;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

int status_lines_init(struct status_lines *lines, char *text)
{
    static char nothing[] = "";
    *lines = (struct status_lines){.server = nothing, .counters = nothing};
    lines->slots = calloc(count_lines(text), sizeof *lines->slots);
    if (!lines->slots)
        return -1;
    char *line;
    while ((line = strsep(&text, "\n")))
        add_line(lines, line);
    return 0;
}

void status_lines_fini(struct status_lines *lines)
{
    free(lines->slots);
}
