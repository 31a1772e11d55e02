/* check_log.c - see check_log.h. The lines are documented in thrd(1). */
#include "check_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const usual[] = {"start",  "quiesce", "cut", "counters", "stop",
                                    "server", "slot",    "end", "begin"};

static const char *const of_failures[] = {
    "cannot start worker",
    "accept failed",
    "connection refused",
    "cannot listen",
    "cannot start the thread of the control socket",
    "cannot create the server",
    "cannot wait for events",
    "cannot write the ready line",
    "cannot notify the supervisor",
    "cannot reach all slots",
    "connections closed unserved",
    "log lines lost",
    "cannot run program",
    "reload failed",
    "restart failed",
    "restart refused",
    "rules cannot be read again",
};

static unsigned long long number_of(const char *line, const char *key)
{
    const char *found = strstr(line, key);
    return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

/* The last line with that message, or NULL. */
static const char *last(const char *log, const char *message)
{
    const char *found = NULL;
    for (const char *at = strstr(log, message); at; at = strstr(at + 1, message))
        found = at;
    return found;
}

void check_log_end(const char *log, struct log_end *end)
{
    const char *counters = last(log, " msg=counters "), *stop = last(log, " msg=stop ");
    memset(end, 0, sizeof *end);
    end->gave_up = strstr(log, " level=error ") != NULL;
    end->has_stopped = counters && stop;
    if (!end->has_stopped)
        return;
    end->accepted = number_of(counters, " accepted=");
    end->active = number_of(counters, " active=");
    end->served = number_of(counters, " served=");
    end->refused = number_of(counters, " refused_full=") +
                   number_of(counters, " refused_admission=") +
                   number_of(counters, " refused_source=") + number_of(counters, " refused_rate=") +
                   number_of(counters, " refused_rules=") + number_of(counters, " refused_proxy=");
    end->failed = number_of(counters, " spawn_failures=");
    end->cut = number_of(stop, " cut=");
}

static bool is_one_of(const char *message, size_t length, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == length && strncmp(list[i], message, length) == 0)
            return true;
    return false;
}

/* "time=… level=notice msg=…": the message between quotes where it has spaces. */
static bool is_usual(const char *line, const char *said, bool has_failed)
{
    const char *message = strstr(line, " msg=");
    char name[100];
    if (strncmp(line, "thrd: ", 6) == 0) /* of the program's, before there is a log */
        return has_failed;
    if (strncmp(line, "time=", 5) != 0 || !message)
        return false;
    message += 5;
    bool quoted = *message == '"';
    message += quoted;
    size_t length = strcspn(message, quoted ? "\"" : " ");
    if (is_one_of(message, length, usual, sizeof usual / sizeof *usual))
        return true;
    snprintf(name, sizeof name, "%.*s", (int)length, message);
    if (said && strstr(said, name))
        return true;
    return has_failed &&
           is_one_of(message, length, of_failures, sizeof of_failures / sizeof *of_failures);
}

const char *check_log_strange(const char *log, const char *said, bool has_failed)
{
    static char line[400];
    while (*log) {
        size_t length = strcspn(log, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, log);
        if (!is_usual(line, said, has_failed))
            return line;
        log += length + (log[length] == '\n');
    }
    return NULL;
}
