/* log_stderr.c - a log function for programs that have none of their own. Any thread. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <thrdsrv/server.h>

/* PIPE_BUF on Linux: up to here write(2) to a pipe is atomic (pipe(7)). */
#define LINE_MAX_BYTES 4096

static const char *level_name(enum thrdsrv_log_level level)
{
    static const char *const names[] = {
        [THRDSRV_LOG_ERROR] = "error",   [THRDSRV_LOG_WARN] = "warn",
        [THRDSRV_LOG_NOTICE] = "notice", [THRDSRV_LOG_INFO] = "info",
        [THRDSRV_LOG_DEBUG] = "debug",
    };
    return (unsigned)level < sizeof names / sizeof *names ? names[level] : "unknown";
}

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
                        level_name(level));
    return used + (size_t)more;
}

/* All of it, however short the writes are. Returns 0 or the errno of the failure. */
static int write_stderr(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t count = write(STDERR_FILENO, text, length);
        if (count < 0 && errno != EINTR)
            return errno;
        if (count > 0) {
            text += count;
            length -= (size_t)count;
        }
    }
    return 0;
}

/* Takes back the signal that a write(2) of this thread has raised, unless it was pending before. */
static void forget_signal(int number, const sigset_t *pending_before)
{
    const struct timespec at_once = {0};
    sigset_t set;
    if (sigismember(pending_before, number))
        return;
    sigemptyset(&set);
    sigaddset(&set, number);
    while (sigtimedwait(&set, NULL, &at_once) < 0 && errno == EINTR)
        continue;
}

/* Nobody may read our stderr any more (2>&1 | head), or it is a file that has come to its limit
 * (ulimit -f): that is no reason for the host to die. write(2) raises SIGPIPE, or SIGXFSZ, in the
 * calling thread. */
static void write_without_signals(const char *text, size_t length)
{
    sigset_t raised, kept, pending;
    sigemptyset(&raised);
    sigaddset(&raised, SIGPIPE);
    sigaddset(&raised, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &raised, &kept);
    sigpending(&pending);
    int error = write_stderr(text, length);
    if (error == EPIPE)
        forget_signal(SIGPIPE, &pending);
    else if (error == EFBIG)
        forget_signal(SIGXFSZ, &pending);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
}

void thrdsrv_log_stderr(void *user, enum thrdsrv_log_level level, const char *line)
{
    int kept = errno;
    char buf[LINE_MAX_BYTES];
    (void)user;
    size_t used = format_prefix(buf, sizeof buf, level);
    size_t length = strlen(line);
    if (length > sizeof buf - used - 1)
        length = sizeof buf - used - 1;
    memcpy(buf + used, line, length);
    buf[used + length] = '\n';
    write_without_signals(buf, used + length + 1);
    errno = kept;
}
