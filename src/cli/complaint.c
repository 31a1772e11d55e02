/* complaint.c - what is said of arguments that are wrong; see complaint.h. */
#include "cli/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/nearest.h"

#define SHOWN_SIZE 84

/* What somebody typed, fit to be shown. */
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

/* A text that grows until the room is used up. */
struct text {
    char *end;
    size_t room;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text->end, text->room, format, args);
    va_end(args);
    if (length < 0 || text->room == 0)
        return;
    size_t used = (size_t)length < text->room ? (size_t)length : text->room - 1;
    text->end += used;
    text->room -= used;
}

/* "thrd: " or "thrd: bench: " */
static struct text begin(const struct complaint *complaint)
{
    struct text text = {complaint->text, complaint->size};
    append(&text, "thrd: ");
    if (complaint->command)
        append(&text, "%s: ", complaint->command);
    return text;
}

static void append_where_to_read(struct text *text, const struct complaint *complaint)
{
    append(text, "\nTry 'thrd %s%s--help'.", complaint->command ? complaint->command : "",
           complaint->command ? " " : "");
}

void complaint_value(const struct complaint *complaint, const struct argument_spec *spec,
                     const char *value, const char *what)
{
    char buf[SHOWN_SIZE];
    struct text text = begin(complaint);
    append(&text, "--%s", spec->name);
    if (value)
        append(&text, "=%s", shown(buf, value, strlen(value)));
    append(&text, ": %s", what);
    if (spec->allowed)
        append(&text, "; allowed: %s", spec->allowed);
    if (spec->allowed && spec->initial)
        append(&text, ", default %s", spec->initial);
}

void complaint_unknown(const struct complaint *complaint, const char *kind, const char *typed,
                       size_t length, const char *dashes, const char *suggestion)
{
    char buf[SHOWN_SIZE];
    struct text text = begin(complaint);
    append(&text, "%s %s", kind, shown(buf, typed, length));
    if (suggestion)
        append(&text, "; did you mean %s%s?", dashes, suggestion);
    append_where_to_read(&text, complaint);
}

void complaint_unexpected(const struct complaint *complaint, const char *words, const char *typed)
{
    char buf[SHOWN_SIZE];
    struct text text = words ? (struct text){complaint->text, complaint->size} : begin(complaint);
    if (words)
        append(&text, "thrd: %s takes %s, and no more; ", complaint->command, words);
    append(&text, "unexpected argument %s", shown(buf, typed, strlen(typed)));
    append_where_to_read(&text, complaint);
}

static void append_nearest(struct text *text, const char *word, const struct argument_list *choices)
{
    const char *name;
    const char *summary;
    struct nearest nearest;
    nearest_init(&nearest, word, strlen(word));
    for (size_t i = 0; choices->at(i, &name, &summary); i++)
        nearest_offer(&nearest, name);
    if (nearest.best)
        append(text, "; did you mean %s?", nearest.best);
}

void complaint_word(const struct complaint *complaint, const char *word, const char *what,
                    const struct argument_list *choices)
{
    char buf[SHOWN_SIZE];
    struct text text = {complaint->text, complaint->size};
    append(&text, "thrd: %s", complaint->command ? complaint->command : "");
    if (word)
        append(&text, "%s%s", complaint->command ? " " : "", shown(buf, word, strlen(word)));
    append(&text, "%s%s", complaint->command || word ? ": " : "", what);
    if (!choices)
        return;
    if (word)
        append_nearest(&text, word, choices);
    const char *name;
    const char *summary;
    for (size_t i = 0; choices->at(i, &name, &summary); i++)
        append(&text, "%s%s", i == 0 ? "\nAllowed: " : ", ", name);
}
