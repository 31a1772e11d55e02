/* rules_file.h - the file of --rules: who may connect, a rule a line.
 *
 * What it does: reads all of the file, or says which line is wrong and why. "allow NETWORK" or
 * "deny NETWORK" with blanks around the words; behind a "#" stands a comment; lines with nothing in
 * them are skipped. A file without a rule is an error: an editor or a full disk may have emptied
 * it, and nothing would be denied any more.
 * What it does not do: it knows nothing of servers, and prints nothing.
 * Called by reload.c, on any thread. */
#ifndef THRD_CLI_RULES_FILE_H
#define THRD_CLI_RULES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <thrdsrv/server.h>

#define RULES_FILE_MAX   ((size_t)64 << 20) /* bytes; more is no list of rules */
#define RULES_FILE_GIVEN 64                 /* of a line that is wrong so much is shown */

struct rules_file {
    char *text;                 /* the networks lie in it */
    struct thrdsrv_rule *rules; /* at first those that the caller has already, then the file's */
    size_t count;
};

struct rules_error {
    bool system;                  /* the file could not be read, else what stands in it is wrong */
    size_t line;                  /* from 1; 0: it is not a line's */
    char given[RULES_FILE_GIVEN]; /* of the line, without control characters; "" */
    const char *what;             /* what is wrong, and what is allowed; static storage */
};

/* Reads the file and puts its rules behind count others, whose texts live longer. False: *error
 * says why, and nothing is to be freed. */
bool rules_file_read(struct rules_file *file, const char *path, const struct thrdsrv_rule *others,
                     size_t count, struct rules_error *error);

/* The same of a text that is in memory, size bytes and one more for a NUL, from malloc(3): file has
 * it then, or it is freed. */
bool rules_file_parse(struct rules_file *file, char *text, size_t size,
                      const struct thrdsrv_rule *others, size_t count, struct rules_error *error);

/* One that is all zero is fine, too. */
void rules_file_free(struct rules_file *file);

#endif
