/* log_line.h - log lines on stderr.
 *
 * What it does: puts time and level before a line of logfmt and writes it with one write(2), so
 * that lines of several threads (and of several processes on one pipe) do not mix.
 * What it does not do: it keeps nothing, so there is nothing to flush, lock or rotate. A line
 * that stderr does not take is lost: the server goes on.
 * Called by the library on several threads at once (config.log), and by serve.c and ready.c. */
#ifndef THRD_CLI_LOG_LINE_H
#define THRD_CLI_LOG_LINE_H

#include <stddef.h>

#include <thrdsrv/server.h>

/* "time=2026-11-21T02:46:28.123Z level=notice " + line. A thrdsrv_log_fn; user is not used.
 * Keeps errno. */
void log_line_write(void *user, enum thrdsrv_log_level level, const char *line);

/* Formats a line of our own and writes it, if config's log level lets it through. */
void log_line_printf(const struct thrdsrv_config *config, enum thrdsrv_log_level level,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The value as logfmt wants it: as it is, or in buf between quotes with '"' and '\' escaped and
 * control characters as \xNN. What does not fit is cut off, the quotes always close; size is at
 * least 8. */
const char *log_line_quote(char *buf, size_t size, const char *value);

#endif
