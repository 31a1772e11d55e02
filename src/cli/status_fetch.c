/* status_fetch.c - see status_fetch.h. */
#include "cli/status_fetch.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A server that lives answers within milliseconds, and cuts another one who asks and does not read
 * after a second. */
#define DEADLINE_MS 5000

/* What every complete answer ends with. */
static const char last_line[] = "\nmsg=counters ";

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Returns a connected descriptor or -1 with errno. A full backlog is waited for as all else is. */
static int dial(const char *path)
{
    const struct timeval patience = {.tv_sec = DEADLINE_MS / 1000};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
}

struct buffer {
    char *text;
    size_t length;
    size_t size;
};

/* Room for more, and for a NUL behind it. */
static bool grow(struct buffer *buffer)
{
    if (buffer->size - buffer->length > 4096)
        return true;
    size_t size = buffer->size > 0 ? 2 * buffer->size : 65536;
    char *text = realloc(buffer->text, size);
    if (!text)
        return false;
    buffer->text = text;
    buffer->size = size;
    return true;
}

static enum status_fetch wait_readable(int fd, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        int64_t left_ms = deadline_ms - now_ms();
        int ready = left_ms > 0 ? poll(&pollfd, 1, (int)left_ms) : 0;
        if (ready > 0)
            return STATUS_FETCHED;
        if (ready == 0)
            return STATUS_LATE;
        if (errno != EINTR)
            return STATUS_FAILED;
    }
}

static enum status_fetch read_to_end(int fd, struct buffer *buffer)
{
    int64_t deadline_ms = now_ms() + DEADLINE_MS;
    for (;;) {
        enum status_fetch end = wait_readable(fd, deadline_ms);
        if (end != STATUS_FETCHED)
            return end;
        if (!grow(buffer))
            return STATUS_FAILED;
        ssize_t count =
            recv(fd, buffer->text + buffer->length, buffer->size - buffer->length - 1, 0);
        if (count == 0 || (count < 0 && errno == ECONNRESET))
            return STATUS_FETCHED;
        if (count < 0 && errno != EINTR)
            return STATUS_FAILED;
        buffer->length += count > 0 ? (size_t)count : 0;
    }
}

/* Whether it is a whole answer: a string whose last line is whole, and the counters. */
static enum status_fetch judge(struct buffer *buffer)
{
    if (buffer->length == 0)
        return STATUS_REFUSED;
    buffer->text[buffer->length] = '\0';
    if (strlen(buffer->text) != buffer->length || buffer->text[buffer->length - 1] != '\n')
        return STATUS_CUT;
    const char *before = memrchr(buffer->text, '\n', buffer->length - 1);
    return before && strncmp(before, last_line, strlen(last_line)) == 0 ? STATUS_FETCHED
                                                                        : STATUS_CUT;
}

enum status_fetch status_fetch(const char *path, char **text)
{
    struct buffer buffer = {0};
    int fd = dial(path);
    if (fd < 0)
        return errno == EAGAIN || errno == EINPROGRESS ? STATUS_LATE : STATUS_NO_SERVER;
    enum status_fetch end = read_to_end(fd, &buffer);
    int kept = errno;
    close(fd);
    if (end == STATUS_FETCHED)
        end = judge(&buffer);
    if (end == STATUS_FETCHED)
        *text = buffer.text;
    else
        free(buffer.text);
    errno = kept;
    return end;
}

bool status_fetch_is_alive(const char *path)
{
    int fd = dial(path);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno != ECONNREFUSED;
}
