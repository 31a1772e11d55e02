/* status_table.c - see status_table.h. */
#include "cli/status_table.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/human.h"
#include "cli/logfmt.h"

/* ---- The head ---------------------------------------------------------------------------- */

/* Pairs of a line; a line of ours has fewer, but for the addresses, of which some are enough. */
#define PAIRS_MAX 48

struct pairs {
    struct logfmt_pair pair[PAIRS_MAX];
    size_t count;
};

/* What others have named may hold bytes that act on a terminal. */
static bool next_printable(char **line, struct logfmt_pair *pair)
{
    if (!logfmt_next(line, pair))
        return false;
    for (unsigned char *c = (unsigned char *)pair->value; *c != '\0'; c++)
        if (*c < ' ' || *c == 0x7f)
            *c = '?';
    return true;
}

static void read_pairs(struct pairs *pairs, char *line)
{
    pairs->count = 0;
    while (pairs->count < PAIRS_MAX && next_printable(&line, &pairs->pair[pairs->count]))
        pairs->count++;
}

static const char *find(const struct pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->pair[i].key, key) == 0)
            return pairs->pair[i].value;
    return "?";
}

/* 0 for what is no time. */
static int64_t microseconds(const char *text)
{
    double seconds = strtod(text, NULL);
    return seconds > 0 && seconds < 1e12 ? (int64_t)(seconds * 1e6 + 0.5) : 0;
}

static void write_server(FILE *stream, const struct pairs *server)
{
    char up[HUMAN_SIZE];
    fprintf(stream, "thrd %s, process %s: mode %s, %s, %s, up %s\nlistens at",
            find(server, "version"), find(server, "pid"), find(server, "mode"),
            find(server, "handler"), find(server, "state"),
            human_time(up, microseconds(find(server, "up"))));
    for (size_t i = 0; i < server->count; i++)
        if (strcmp(server->pair[i].key, "listen") == 0)
            fprintf(stream, " %s", server->pair[i].value);
    fputc('\n', stream);
}

/* The counters that should be 0, by what they mean; named as in the log. */
static const struct group {
    const char *title;
    const struct {
        const char *key;
        const char *name;
    } counter[7];
} groups[] = {
    {"refused",
     {{"refused_full", "full"},
      {"refused_admission", "admission"},
      {"refused_source", "source"},
      {"refused_rate", "source-rate"},
      {"refused_rules", "rules"},
      {"refused_proxy", "proxy"}}},
    {"cut",
     {{"idle", "idle"},
      {"first_byte", "first-byte"},
      {"write_stall", "write-stall"},
      {"lifetime", "lifetime"},
      {"rate", "min-rate"}}},
    {"failed",
     {{"spawn_failures", "worker"},
      {"accept_errors_conn", "accept"},
      {"accept_errors_system", "accept (system)"}}},
};

#define GROUP_COUNT (sizeof groups / sizeof groups[0])

static void write_counters(FILE *stream, const struct pairs *counters, const char *slots)
{
    char in[HUMAN_SIZE], out[HUMAN_SIZE];
    fprintf(stream, "slots    %s of %s in use, most at once %s\n", find(counters, "active"), slots,
            find(counters, "peak"));
    fprintf(stream, "ended    %s of %s accepted; these: %s in, %s out\n", find(counters, "served"),
            find(counters, "accepted"),
            human_bytes(in, strtoull(find(counters, "bytes_in"), NULL, 10)),
            human_bytes(out, strtoull(find(counters, "bytes_out"), NULL, 10)));
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        fprintf(stream, "%-8s", groups[i].title);
        for (size_t j = 0; groups[i].counter[j].key; j++)
            fprintf(stream, "%s %s %s", j > 0 ? "," : "", groups[i].counter[j].name,
                    find(counters, groups[i].counter[j].key));
        fputc('\n', stream);
    }
}

#define HEAD_LINES (4 + GROUP_COUNT)

/* ---- The table --------------------------------------------------------------------------- */

enum kind { KIND_TEXT, KIND_TIME, KIND_BYTES };

/* In the order of the table. Where the line is too short for all, the one with the greatest dropped
 * goes first; with 0 it stays. The last one may be as long as it likes. */
static const struct column {
    const char *key; /* in the line */
    const char *title;
    enum kind kind;
    int dropped;
} columns[] = {
    {"slot", "SLOT", KIND_TEXT, 0},   {"conn", "CONN", KIND_TEXT, 6},
    {"state", "STATE", KIND_TEXT, 1}, {"waits", "WAITS", KIND_TEXT, 8},
    {"mode", "MODE", KIND_TEXT, 9},   {"worker", "WORKER", KIND_TEXT, 7},
    {"age", "AGE", KIND_TIME, 3},     {"idle", "IDLE", KIND_TIME, 2},
    {"in", "IN", KIND_BYTES, 5},      {"out", "OUT", KIND_BYTES, 5},
    {"cpu", "CPU", KIND_TIME, 4},     {"peer", "PEER", KIND_TEXT, 0},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0], LAST_COLUMN = COLUMN_COUNT - 1 };

struct row {
    const char *cell[COLUMN_COUNT]; /* into the line, or into: */
    char number[COLUMN_COUNT][HUMAN_SIZE];
    double order; /* the most comes first, */
    size_t index; /* then the one before */
};

/* Sets the cell, and returns what it counts: microseconds or bytes. */
static double fill_cell(struct row *row, size_t column, const char *value)
{
    int64_t us;
    uint64_t bytes;
    switch (columns[column].kind) {
    case KIND_TIME:
        us = microseconds(value);
        row->cell[column] = human_time(row->number[column], us);
        return (double)us;
    case KIND_BYTES:
        bytes = strtoull(value, NULL, 10);
        row->cell[column] = human_bytes(row->number[column], bytes);
        return (double)bytes;
    case KIND_TEXT:
        break;
    }
    row->cell[column] = value;
    return 0;
}

static bool counts(enum status_order order, const char *key)
{
    switch (order) {
    case STATUS_BY_SLOT:
        break;
    case STATUS_BY_AGE:
        return strcmp(key, "age") == 0;
    case STATUS_BY_IDLE:
        return strcmp(key, "idle") == 0;
    case STATUS_BY_BYTES:
        return strcmp(key, "in") == 0 || strcmp(key, "out") == 0;
    case STATUS_BY_CPU:
        return strcmp(key, "cpu") == 0;
    }
    return false;
}

static void fill_row(struct row *row, size_t index, char *line, enum status_order order)
{
    struct logfmt_pair pair;
    row->index = index;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        row->cell[i] = "-";
    while (next_printable(&line, &pair))
        for (size_t i = 0; i < COLUMN_COUNT; i++)
            if (strcmp(pair.key, columns[i].key) == 0) {
                double count = fill_cell(row, i, pair.value);
                row->order += counts(order, pair.key) ? count : 0;
            }
}

static int compare_rows(const void *one, const void *other)
{
    const struct row *a = *(const struct row *const *)one, *b = *(const struct row *const *)other;
    if (a->order != b->order)
        return a->order < b->order ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

static void measure(struct row *const *rows, size_t count, size_t widths[COLUMN_COUNT])
{
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        widths[column] = strlen(columns[column].title);
        for (size_t i = 0; i < count; i++) {
            size_t length = strlen(rows[i]->cell[column]);
            if (length > widths[column])
                widths[column] = length;
        }
    }
}

/* A column that is left out has no width. */
static void fit(size_t widths[COLUMN_COUNT], size_t limit)
{
    for (;;) {
        size_t total = 0;
        size_t first = LAST_COLUMN; /* to go */
        for (size_t i = 0; i < COLUMN_COUNT; i++) {
            total += widths[i] > 0 ? widths[i] + 1 : 0;
            if (widths[i] > 0 && columns[i].dropped > columns[first].dropped)
                first = i;
        }
        if (limit == 0 || total <= limit + 1 || columns[first].dropped == 0)
            break;
        widths[first] = 0;
    }
}

/* Text at the left, numbers at the right; the last column without blanks behind it, cut at limit.
 */
static void write_row(FILE *stream, const char *const cell[COLUMN_COUNT],
                      const size_t widths[COLUMN_COUNT], size_t limit)
{
    size_t used = 0;
    for (size_t i = 0; i < LAST_COLUMN; i++) {
        if (widths[i] == 0)
            continue;
        bool at_left = strcmp(columns[i].key, "state") == 0 ||
                       strcmp(columns[i].key, "waits") == 0 || strcmp(columns[i].key, "mode") == 0;
        fprintf(stream, at_left ? "%-*s " : "%*s ", (int)widths[i], cell[i]);
        used += widths[i] + 1;
    }
    size_t length = strlen(cell[LAST_COLUMN]);
    if (limit > 0 && used + length > limit)
        length = limit > used ? limit - used : 0;
    fprintf(stream, "%.*s\n", (int)length, cell[LAST_COLUMN]);
}

static void write_rows(FILE *stream, struct row *const *rows, size_t count,
                       const struct status_layout *layout)
{
    size_t widths[COLUMN_COUNT];
    const char *titles[COLUMN_COUNT];
    size_t shown = count;
    /* A blank line, the titles, and, where rows are left out, a line that says so. */
    size_t besides = HEAD_LINES + 2;
    if (layout->height > 0 && besides + count > layout->height)
        shown = layout->height > besides + 1 ? layout->height - besides - 1 : 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        titles[i] = columns[i].title;
    measure(rows, shown, widths);
    fit(widths, layout->width);
    fputc('\n', stream);
    write_row(stream, titles, widths, layout->width);
    for (size_t i = 0; i < shown; i++)
        write_row(stream, rows[i]->cell, widths, layout->width);
    if (shown < count)
        fprintf(stream, "and %zu more\n", count - shown);
}

static void write_head(FILE *stream, const struct status_lines *lines)
{
    struct pairs server, counters;
    read_pairs(&server, lines->server);
    read_pairs(&counters, lines->counters);
    write_server(stream, &server);
    write_counters(stream, &counters, find(&server, "slots"));
}

/* Sorted by their addresses, because a row points into itself. */
int status_table_write(FILE *stream, const struct status_lines *lines,
                       const struct status_layout *layout)
{
    size_t count = lines->slot_count;
    struct row *rows = calloc(count + 1, sizeof *rows);
    struct row **sorted = calloc(count + 1, sizeof *sorted);
    if (rows && sorted) {
        write_head(stream, lines);
        for (size_t i = 0; i < count; i++) {
            fill_row(&rows[i], i, lines->slots[i], layout->order);
            sorted[i] = &rows[i];
        }
        qsort(sorted, count, sizeof *sorted, compare_rows);
        if (count > 0)
            write_rows(stream, sorted, count, layout);
    }
    int error = rows && sorted ? 0 : -1;
    free(sorted);
    free(rows);
    return error;
}
