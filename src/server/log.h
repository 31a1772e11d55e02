/* log.h - one line of logfmt at a time, built on the caller's stack and handed to config.log.
 *
 * Any thread of the server's, under no lock; never in a forked child. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/server.h>

/* A line that does not fit is cut; only a start line with very many listeners can be so long. */
struct log_line {
    size_t length;
    char text[2048];
};

/* At most one line a second of one kind of trouble. Accept loop only. */
struct log_limit {
    int64_t next_ms;
    uint64_t repeated; /* how many times it happened since the last line */
};

/* Starts a line with msg=MESSAGE. */
void log_begin(struct log_line *line, const char *message);

/* Each appends " key=value"; text is quoted where logfmt needs it. */
void log_text(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, uint64_t value);
/* Seconds with decimals fraction digits (3 or 6) from nanoseconds. */
void log_seconds(struct log_line *line, const char *key, int64_t ns, int decimals);
/* A number of milliseconds the way the options are written: "30s", "500ms". */
void log_milliseconds(struct log_line *line, const char *key, int64_t ms);

/* Whether lines of this level are wanted at all: ask before building one on a busy path. */
bool log_wanted(const struct thrdsrv_config *config, enum thrdsrv_log_level level);

void log_send(const struct thrdsrv_config *config, enum thrdsrv_log_level level,
              const struct log_line *line);

/* Counts one occurrence; true when a line is due now. The caller then appends repeated=N. */
bool log_limit_due(struct log_limit *limit, int64_t now_ms, uint64_t *repeated);

#endif
