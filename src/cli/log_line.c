/* log_line.c - the program's own log lines; see log_line.h. */
#include "cli/log_line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* PIPE_BUF on Linux: up to here write(2) to a pipe is atomic (pipe(7)). */
#define LINE_MAX_BYTES 4096

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
    (config->log ? config->log : thrdsrv_log_stderr)(config->user, level, line);
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
