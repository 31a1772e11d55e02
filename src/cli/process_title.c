/* process_title.c - what ps(1) shows as the command line of a process; see process_title.h. */
#include "cli/process_title.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From argv[0] to behind the last string of the environment, and how much of it is arguments; size
 * 0: none. */
static char *area;
static size_t area_size;
static size_t arguments_size;

/* The strings that environ began with. setenv(3) replaces the list, not the strings: this is then
 * what still holds them, and volatile keeps the compiler from seeing that nobody reads it. */
static char **volatile first_environment;

/* Where the strings of list end if they follow each other without a gap, beginning at end. A
 * caller of execve(2) cannot make a gap, but code that ran before us (a preloaded library) may
 * have replaced a string by its own. */
static char *extend(char *end, char *const *list)
{
    for (; *list && *list == end; list++)
        end += strlen(*list) + 1;
    return end;
}

/* Copies the environment, strings and list in one block that lives as long as the process.
 * Returns the list, or NULL. */
static char **copy_environment(void)
{
    size_t count = 0;
    size_t bytes = 0;
    for (; environ[count]; count++)
        bytes += strlen(environ[count]) + 1;
    char **list = malloc((count + 1) * sizeof *list + bytes);
    if (!list)
        return NULL;
    char *text = (char *)(list + count + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = text;
        text = stpcpy(text, environ[i]) + 1;
    }
    list[count] = NULL;
    return list;
}

void process_title_init(int argc, char *argv[])
{
    if (argc < 1 || !environ)
        return;
    char *arguments_end = extend(argv[0], argv);
    char *end = extend(arguments_end, environ);
    char **copy = copy_environment();
    if (!copy)
        return;
    first_environment = copy;
    environ = copy;
    area = argv[0];
    area_size = (size_t)(end - area);
    arguments_size = (size_t)(arguments_end - area);
}

/* The kernel (fs/proc/base.c, get_mm_cmdline()) looks at the last byte of the arguments' memory.
 * NUL: the command line is that memory, so a short title must be followed by NULs only, or
 * scraps of the old arguments show. Not NUL: a title has grown into the environment's memory,
 * and ends at its first NUL. What lies behind is not written to: it may be pages, which a child
 * would have to copy. */
void process_title_set(const char *title)
{
    if (area_size == 0)
        return;
    size_t length = strnlen(title, area_size - 1);
    size_t end = length < arguments_size ? arguments_size : length + 1;
    memcpy(area, title, length);
    memset(area + length, 0, end - length);
}
