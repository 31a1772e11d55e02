/* rules_file.c - the file of --rules; see rules_file.h. */
#include "cli/rules_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char blanks[] = " \t\r\v\f";

static bool fail(struct rules_error *error, const char *what)
{
    error->what = what;
    return false;
}

static bool fail_system(struct rules_error *error)
{
    error->system = true;
    return fail(error, strerror(errno));
}

/* ---- What stands in it ------------------------------------------------------------------- */

/* What somebody wrote, fit to be shown. */
static bool fail_line(struct rules_error *error, const char *line, const char *what)
{
    size_t used = 0;
    for (; *line != '\0' && used < sizeof error->given - 1; line++)
        error->given[used++] = (unsigned char)*line < ' ' || *line == 0x7f ? '?' : *line;
    if (*line != '\0')
        memcpy(error->given + used - strlen("..."), "...", strlen("..."));
    error->given[used] = '\0';
    return fail(error, what);
}

/* Cuts the next word off the text, which goes on behind it; "" where there is none. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, blanks);
    char *end = word + strcspn(word, blanks);
    *text = end;
    if (*end != '\0')
        *(*text)++ = '\0';
    return word;
}

/* Where the line has a rule, *rule is that, and has a network. Returns NULL, or what is wrong. */
static const char *parse_line(char *line, struct thrdsrv_rule *rule)
{
    rule->network = NULL;
    line[strcspn(line, "#")] = '\0';
    const char *verb = next_word(&line);
    const char *network = next_word(&line);
    if (*verb == '\0')
        return NULL;
    rule->allow = strcmp(verb, "allow") == 0;
    if (!rule->allow && strcmp(verb, "deny") != 0)
        return "a line is 'allow NETWORK', 'deny NETWORK' or a '# comment'";
    if (*network == '\0')
        return "the network is missing; a line is 'allow NETWORK' or 'deny NETWORK'";
    if (*next_word(&line) != '\0')
        return "a line has one network; behind it stands a '# comment' or nothing";
    rule->network = network;
    return thrdsrv_network_check(network);
}

/* One of the lines; length bytes and a NUL. */
static bool add_line(struct rules_file *file, char *line, size_t length, struct rules_error *error)
{
    char shown[RULES_FILE_GIVEN + 1]; /* before it is cut into words; may be cut off */
    size_t blank = strspn(line, blanks);
    struct thrdsrv_rule rule;
    if (strlen(line) != length)
        return fail_line(error, line, "it goes on behind a NUL byte, so this is no text file");
    snprintf(shown, sizeof shown, "%s", line + blank);
    const char *what = parse_line(line, &rule);
    if (what)
        return fail_line(error, shown, what);
    if (rule.network && file->count == THRDSRV_RULES_MAX)
        return fail_line(error, shown, "there are more than 1000000 rules");
    if (rule.network)
        file->rules[file->count++] = rule;
    return true;
}

static bool add_lines(struct rules_file *file, size_t size, struct rules_error *error)
{
    char *line = file->text;
    char *end = file->text + size;
    size_t before = file->count;
    *end = '\0';
    for (error->line = 1; line < end; error->line++) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((newline ? newline : end) - line);
        line[length] = '\0';
        if (!add_line(file, line, length, error))
            return false;
        line += length + 1;
    }
    error->line = 0;
    if (file->count == before)
        return fail(error, "there is no rule in it; to let everybody in, write 'allow 0.0.0.0/0' "
                           "and 'allow ::/0'");
    return true;
}

static size_t count_lines(const char *text, size_t size)
{
    size_t lines = 1;
    for (const char *end = text + size; (text = memchr(text, '\n', (size_t)(end - text))); text++)
        lines++;
    return lines;
}

bool rules_file_parse(struct rules_file *file, char *text, size_t size,
                      const struct thrdsrv_rule *others, size_t count, struct rules_error *error)
{
    *error = (struct rules_error){0};
    size_t room = count + count_lines(text, size);
    *file = (struct rules_file){.text = text, .rules = calloc(room, sizeof *file->rules)};
    if (file->rules) {
        for (; file->count < count; file->count++)
            file->rules[file->count] = others[file->count];
        if (add_lines(file, size, error))
            return true;
    } else {
        fail_system(error);
    }
    rules_file_free(file);
    return false;
}

/* ---- The file ---------------------------------------------------------------------------- */

/* Without waiting for a writer of a pipe. Returns -1 where it is no file or cannot be read. */
static int open_file(const char *path, size_t *size, struct rules_error *error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        fail_system(error);
        return -1;
    }
    bool known = fstat(fd, &status) == 0;
    if (!known)
        fail_system(error);
    else if (!S_ISREG(status.st_mode))
        fail(error, "it is no regular file, which could be read again");
    else if (status.st_size > (off_t)RULES_FILE_MAX)
        fail(error, "it is larger than 64 MiB");
    else {
        *size = (size_t)status.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

/* Up to size bytes, and what came to it since it was looked at is left: one who writes the file
 * while it is read signals again. Returns the count, or -1. */
static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t used = 0;
    ssize_t count = 1;
    while (used < size && count != 0) {
        count = read(fd, text + used, size - used);
        if (count < 0 && errno != EINTR)
            return -1;
        used += count > 0 ? (size_t)count : 0;
    }
    return (ssize_t)used;
}

bool rules_file_read(struct rules_file *file, const char *path, const struct thrdsrv_rule *others,
                     size_t count, struct rules_error *error)
{
    size_t size;
    *error = (struct rules_error){0};
    int fd = open_file(path, &size, error);
    if (fd < 0)
        return false;
    char *text = malloc(size + 1);
    ssize_t used = text ? read_all(fd, text, size) : -1;
    int kept = errno;
    close(fd);
    if (used >= 0)
        return rules_file_parse(file, text, (size_t)used, others, count, error);
    errno = kept;
    free(text);
    return fail_system(error);
}

void rules_file_free(struct rules_file *file)
{
    free(file->text);
    free(file->rules);
    *file = (struct rules_file){0};
}
