/* log_line.h - log lines of the program's own, beside those of the library.
 *
 * They look as thrdsrv_log_stderr() makes them and go the same way. A line that stderr does not
 * take is lost: the server goes on. Called by serve.c and ready.c. */
#ifndef THRD_CLI_LOG_LINE_H
#define THRD_CLI_LOG_LINE_H

#include <stddef.h>

#include <thrdsrv/server.h>

/* Formats a line of our own and writes it, if config's log level lets it through. */
void log_line_printf(const struct thrdsrv_config *config, enum thrdsrv_log_level level,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The value as logfmt wants it: as it is, or in buf between quotes with '"' and '\' escaped and
 * control characters as \xNN. What does not fit is cut off, the quotes always close; size is at
 * least 8. */
const char *log_line_quote(char *buf, size_t size, const char *value);

#endif
