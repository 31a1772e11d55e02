/* log.c - see log.h. */
#include "server/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(struct log_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(struct log_line *line, const char *format, ...)
{
    size_t room = sizeof line->text - line->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        line->length += (size_t)length < room ? (size_t)length : room - 1;
}

static bool needs_quotes(const char *value)
{
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return true;
    return *value == '\0';
}

static void append_quoted(struct log_line *line, const char *value)
{
    append(line, "\"");
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\')
            append(line, "\\%c", *c);
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            append(line, "\\x%02x", (unsigned char)*c);
        else
            append(line, "%c", *c);
    }
    append(line, "\"");
}

static void append_value(struct log_line *line, const char *value)
{
    if (needs_quotes(value))
        append_quoted(line, value);
    else
        append(line, "%s", value);
}

void log_begin(struct log_line *line, const char *message)
{
    line->length = 0;
    append(line, "msg=");
    append_value(line, message);
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    append(line, " %s=", key);
    append_value(line, value);
}

void log_number(struct log_line *line, const char *key, uint64_t value)
{
    append(line, " %s=%" PRIu64, key, value);
}

void log_seconds(struct log_line *line, const char *key, int64_t ns, int decimals)
{
    int64_t unit = decimals == 6 ? 1000 : 1000000;
    int64_t parts = decimals == 6 ? 1000000 : 1000;
    append(line, " %s=%" PRId64 ".%0*" PRId64, key, ns / unit / parts, decimals, ns / unit % parts);
}

void log_milliseconds(struct log_line *line, const char *key, int64_t ms)
{
    if (ms % 1000 == 0)
        append(line, " %s=%" PRId64 "s", key, ms / 1000);
    else
        append(line, " %s=%" PRId64 "ms", key, ms);
}

bool log_wanted(const struct thrdsrv_config *config, enum thrdsrv_log_level level)
{
    return config->log && level <= config->log_level;
}

void log_send(const struct thrdsrv_config *config, enum thrdsrv_log_level level,
              const struct log_line *line)
{
    if (log_wanted(config, level))
        config->log(config->user, level, line->text);
}

bool log_limit_due(struct log_limit *limit, int64_t now_ms, uint64_t *repeated)
{
    limit->repeated++;
    if (now_ms < limit->next_ms)
        return false;
    *repeated = limit->repeated;
    limit->repeated = 0;
    limit->next_ms = now_ms + 1000;
    return true;
}
