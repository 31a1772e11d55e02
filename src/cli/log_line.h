/* log_line.h - log lines of the program's own, beside those of the library.
 *
 * They go where config's log sends all lines. One that cannot be written there is lost: the server
 * goes on. Called by listen_fds.c, notify.c, reach.c and ready.c on the main thread. */
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
