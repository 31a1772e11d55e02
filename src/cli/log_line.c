/* log_line.c - log lines on stderr; see log_line.h. */
#include "cli/log_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/write_all.h"

/* PIPE_BUF on Linux: up to here write(2) to a pipe is atomic (pipe(7)). */
#define LINE_MAX_BYTES 4096

static const char *const level_names[] = {
    [THRDSRV_LOG_ERROR] = "error", [THRDSRV_LOG_WARN] = "warn",   [THRDSRV_LOG_NOTICE] = "notice",
    [THRDSRV_LOG_INFO] = "info",   [THRDSRV_LOG_DEBUG] = "debug",
};

/* Writes "time=… level=… " into buf and returns its length. UTC (RFC 3339), because logs of
 * several machines are read side by side. */
static size_t format_prefix(char *buf, size_t size, enum thrdsrv_log_level level)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(buf, size, "time=%Y-%m-%dT%H:%M:%S", &utc);
    int more = snprintf(buf + used, size - used, ".%03dZ level=%s ", (int)(now.tv_nsec / 1000000),
                        level_names[level]);
    return used + (size_t)more;
}

void log_line_write(void *user, enum thrdsrv_log_level level, const char *line)
{
    int saved_errno = errno;
    char buf[LINE_MAX_BYTES];
    (void)user;
    size_t used = format_prefix(buf, sizeof buf, level);
    size_t length = strlen(line);
    if (length > sizeof buf - used - 1)
        length = sizeof buf - used - 1;
    memcpy(buf + used, line, length);
    buf[used + length] = '\n';
    (void)write_all(STDERR_FILENO, buf, used + length + 1);
    errno = saved_errno;
}

void log_line_printf(const struct thrdsrv_config *config, enum thrdsrv_log_level level,
                     const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    if (level > config->log_level)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    log_line_write(NULL, level, line);
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static bool needs_quotes(const char *value)
{
    if (*value == '\0')
        return true;
    for (; *value != '\0'; value++)
        if (is_control(*value) || strchr(" =\"\\", *value))
            return true;
    return false;
}

/* As the library quotes, so that one parser reads all lines. */
const char *log_line_quote(char *buf, size_t size, const char *value)
{
    if (!needs_quotes(value))
        return value;
    size_t used = 0;
    buf[used++] = '"';
    /* Each round needs room for an escaped byte, and behind it for the quote and the NUL. */
    for (; *value != '\0' && used + sizeof "\\x00\"" <= size; value++) {
        const char *format = is_control(*value)                  ? "\\x%02x"
                             : (*value == '"' || *value == '\\') ? "\\%c"
                                                                 : "%c";
        used += (size_t)sprintf(buf + used, format, (unsigned char)*value);
    }
    buf[used++] = '"';
    buf[used] = '\0';
    return buf;
}
