/* manual.c - whether a man page describes the options of a table; see manual.h. */
#include "manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

char *manual_read(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    char buf[4096];
    size_t count;
    FILE *file = fopen(path, "r");
    FILE *copy = open_memstream(&text, &size);
    if (!file)
        fail_msg("cannot open %s", path);
    assert_non_null(copy);
    while ((count = fread(buf, 1, sizeof buf, file)) > 0)
        fwrite(buf, 1, count, copy);
    fclose(file);
    fclose(copy);
    return text;
}

/* How an item goes on behind the name of the option. */
static const char *value_markup(const struct argument_spec *spec)
{
    if (!spec->argument)
        return "";
    return spec->value_is_optional ? " Ns Op = Ns " : " Ns = Ns ";
}

/* In the source of a manual "--slots=N" is ".It Fl -slots Ns = Ns Ar N" and "--json[=FILE]" is
 * ".It Fl -json Ns Op = Ns Ar FILE"; the default stands in the paragraph below it. */
void manual_check_item(const char *text, const struct argument_spec *spec)
{
    char item[80];
    char letter[8] = "";
    const char *initial = spec->initial ? spec->initial : "";
    if (spec->letter != '\0')
        snprintf(letter, sizeof letter, "%c , ", spec->letter);
    snprintf(item, sizeof item, "\n.It Fl %s-%s%s", letter, spec->name, value_markup(spec));
    const char *at = strstr(text, item);
    if (!at || !strchr(spec->argument ? "AOC" : " \n", at[strlen(item)])) {
        fail_msg("the manual has no item for --%s", spec->name);
        return;
    }
    const char *found = strstr(at, initial);
    const char *end = strstr(at + 1, "\n.It Fl ");
    if (!found || (end && found > end))
        fail_msg("the manual does not give the default %s of --%s", initial, spec->name);
}
