/* log_stderr.c - a log function for programs that have none of their own. Any thread. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <thrdsrv/server.h>

/* PIPE_BUF on Linux: up to here write(2) to a pipe is atomic (pipe(7)). */
#define LINE_MAX_BYTES 4096

/* Lines that could not be written, which the next one that can be tells of: twice as many, and one
 * more where the last is there in part. The bits above are the process in which a thread is just
 * about to tell of some: whoever wrote meanwhile might come first, and go on in a line that is not
 * its own. Nobody waits for that thread (which a child made by fork(2) would do for ever). */
static _Atomic uint64_t lost_lines;

#define LOST_LINE     UINT64_C(2)
#define TORN          UINT64_C(1)
#define PROCESS_SHIFT 40 /* the kernel's largest process number has 22 bits */
#define COUNT_MASK    ((UINT64_C(1) << PROCESS_SHIFT) - 1)

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

/* What is to be said before the next line. Returns its length. */
static size_t format_lost(char *buf, size_t size, uint64_t lost)
{
    size_t used = 0;
    if (lost & TORN)
        buf[used++] = '\n';
    if (lost < LOST_LINE)
        return used;
    used += format_prefix(buf + used, size - used, THRDSRV_LOG_WARN);
    used += (size_t)snprintf(buf + used, size - used, "msg=\"log lines lost\" lines=%" PRIu64 "\n",
                             lost / LOST_LINE);
    return used;
}

/* All of it, however short the writes are. Returns how much was written: less, with errno, where it
 * failed. */
static size_t write_stderr(const char *text, size_t length)
{
    size_t written = 0;
    while (written < length) {
        ssize_t count = write(STDERR_FILENO, text + written, length - written);
        if (count < 0 && errno != EINTR)
            break;
        if (count > 0)
            written += (size_t)count;
    }
    return written;
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
static size_t write_without_signals(const char *text, size_t length)
{
    sigset_t raised, kept, pending;
    sigemptyset(&raised);
    sigaddset(&raised, SIGPIPE);
    sigaddset(&raised, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &raised, &kept);
    sigpending(&pending);
    size_t written = write_stderr(text, length);
    if (written < length && errno == EPIPE)
        forget_signal(SIGPIPE, &pending);
    else if (written < length && errno == EFBIG)
        forget_signal(SIGXFSZ, &pending);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return written;
}

/* Sets *lost to what the caller is to tell of, by remember_or_forget() in the end. Returns false
 * where another thread is about to tell: then the caller's line is one of the lost, too. A child
 * has a copy of what a thread of its parent was about to tell, which that thread tells. */
static bool may_write(uint64_t *lost)
{
    uint64_t seen = atomic_load(&lost_lines);
    while (seen != 0) {
        uint64_t self = (uint64_t)getpid() << PROCESS_SHIFT;
        bool busy = (seen & ~COUNT_MASK) == self;
        *lost = seen & COUNT_MASK;
        if (!busy && *lost == 0)
            return true;
        if (atomic_compare_exchange_weak(&lost_lines, &seen, busy ? seen + LOST_LINE : self))
            return !busy;
    }
    *lost = 0;
    return true;
}

/* lost: what the text told of, or should have, had all its bytes been written. */
static void remember_or_forget(const char *text, size_t length, size_t written, uint64_t lost)
{
    bool torn = written > 0 ? text[written - 1] != '\n' : (lost & TORN) != 0;
    if (written < length && torn) /* first: whoever takes the count in between begins a new line */
        atomic_fetch_or(&lost_lines, TORN);
    if (written < length)
        atomic_fetch_add(&lost_lines, (lost & ~TORN) + LOST_LINE);
    if (lost != 0)
        atomic_fetch_and(&lost_lines, COUNT_MASK);
}

void thrdsrv_log_stderr(void *user, enum thrdsrv_log_level level, const char *line)
{
    int kept = errno;
    char buf[LINE_MAX_BYTES];
    (void)user;
    uint64_t lost;
    if (!may_write(&lost))
        return;
    size_t used = format_lost(buf, sizeof buf, lost);
    used += format_prefix(buf + used, sizeof buf - used, level);
    size_t length = strlen(line);
    if (length > sizeof buf - used - 1)
        length = sizeof buf - used - 1;
    memcpy(buf + used, line, length);
    buf[used + length++] = '\n';
    remember_or_forget(buf, used + length, write_without_signals(buf, used + length), lost);
    errno = kept;
}
