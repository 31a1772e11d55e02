/* clients - see clients.h. */
#include "clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "patience.h"
#include "suite.h"

enum { DESCRIPTORS = 65536 };

static bool is_client[DESCRIPTORS]; /* by descriptor: open, and ours to close */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static socklen_t parse_unix(const char *path, union address *to)
{
    to->local.sun_family = AF_UNIX;
    assert_true(strlen(path) < sizeof to->local.sun_path);
    snprintf(to->local.sun_path, sizeof to->local.sun_path, "%s", path);
    if (path[0] != '@')
        return sizeof to->local;
    to->local.sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static socklen_t parse_address(const char *text, union address *to)
{
    char host[64];
    memset(to, 0, sizeof *to);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, to);
    const char *colon = strrchr(text, ':');
    bool v6 = text[0] == '[';
    assert_non_null(colon);
    snprintf(host, sizeof host, "%.*s", (int)(colon - text) - 2 * v6, text + v6);
    in_port_t port = htons((uint16_t)atoi(colon + 1));
    if (v6) {
        to->v6.sin6_family = AF_INET6;
        to->v6.sin6_port = port;
        assert_int_equal(inet_pton(AF_INET6, host, &to->v6.sin6_addr), 1);
        return sizeof to->v6;
    }
    to->v4.sin_family = AF_INET;
    to->v4.sin_port = port;
    assert_int_equal(inet_pton(AF_INET, host, &to->v4.sin_addr), 1);
    return sizeof to->v4;
}

static void forget(int fd)
{
    assert_true(is_client[fd]);
    is_client[fd] = false;
    close(fd);
}

/* Takes any port of that address; NULL: leaves it to the system. */
static void bind_to(int fd, sa_family_t family, const char *source)
{
    char text[64];
    union address from;
    if (source == NULL)
        return;
    snprintf(text, sizeof text, family == AF_INET6 ? "[%s]:0" : "%s:0", source);
    socklen_t size = parse_address(text, &from);
    /* So that ports last, however many connections there are: they are taken at connect(2). */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
    if (bind(fd, &from.any, size) != 0)
        suite_fail("bind to %s: %s", text, strerror(errno));
}

static int begin(const char *source, const char *address, int receive_buffer)
{
    union address to;
    socklen_t size = parse_address(address, &to);
    int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        suite_fail("socket: %s", strerror(errno));
    assert_true(fd < DESCRIPTORS);
    is_client[fd] = true;
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (to.any.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    bind_to(fd, to.any.sa_family, source);
    if (connect(fd, &to.any, size) == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    forget(fd);
    return -error;
}

int client_pair(int *theirs)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_true(ends[0] < DESCRIPTORS);
    is_client[ends[0]] = true;
    *theirs = ends[1];
    return ends[0];
}

int client_begin(const char *address, int receive_buffer)
{
    return begin(NULL, address, receive_buffer);
}

/* Waits for one of the events. Fails the case when it does not come. */
static void wait_for(int fd, short events, const char *what)
{
    int64_t deadline = patience();
    struct pollfd ready = {.fd = fd, .events = events};
    int n;
    do {
        n = poll(&ready, 1, time_left(deadline));
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        suite_fail("client waits in vain: %s", what);
}

int client_begun(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    wait_for(fd, POLLOUT, "to be connected");
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size), 0);
    return error;
}

/* Waits for what begin() returned. */
static int connected(int fd, const char *address)
{
    int error = fd < 0 ? -fd : client_begun(fd);
    if (error != 0)
        suite_fail("connect to %s: %s", address, strerror(error));
    return fd;
}

int client_connect_with_buffer(const char *address, int receive_buffer)
{
    return connected(begin(NULL, address, receive_buffer), address);
}

int client_connect_from(const char *source, const char *address)
{
    return connected(begin(source, address, 0), address);
}

int client_connect(const char *address)
{
    return client_connect_with_buffer(address, 0);
}

int client_served(const char *address)
{
    return client_served_from(NULL, address);
}

int client_served_from(const char *source, const char *address)
{
    int fd = client_connect_from(source, address);
    client_echo(fd, "ping");
    return fd;
}

void client_name(int fd, char *buf, size_t size)
{
    union address own;
    socklen_t length = sizeof own;
    char host[INET6_ADDRSTRLEN];
    assert_int_equal(getsockname(fd, &own.any, &length), 0);
    if (own.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &own.v4.sin_addr, host, sizeof host);
        snprintf(buf, size, "%s:%d", host, ntohs(own.v4.sin_port));
    } else if (own.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &own.v6.sin6_addr, host, sizeof host);
        snprintf(buf, size, "[%s]:%d", host, ntohs(own.v6.sin6_port));
    } else {
        snprintf(buf, size, "unix:pid=%d,uid=%d", (int)getpid(), (int)getuid());
    }
}

/* Sends all of it. Returns 0 or an errno. */
static int send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return errno;
        if (n < 0) {
            wait_for(fd, POLLOUT, "to send");
        } else {
            bytes += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

void client_send(int fd, const void *data, size_t size)
{
    int error = send_all(fd, data, size);
    if (error != 0)
        suite_fail("send %zu bytes: %s", size, strerror(error));
}

bool client_try_send(int fd, const void *data, size_t size)
{
    int error = send_all(fd, data, size);
    if (error != 0 && error != EPIPE && error != ECONNRESET)
        suite_fail("send %zu bytes: %s", size, strerror(error));
    return error == 0;
}

void client_send_text(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

/* Receives once, with waiting. Returns the count, 0 at the end of input, or -errno. */
static ssize_t receive(int fd, void *buf, size_t size, const char *what)
{
    for (;;) {
        ssize_t n = recv(fd, buf, size, 0);
        if (n >= 0)
            return n;
        if (errno != EAGAIN)
            return -errno;
        wait_for(fd, POLLIN, what);
    }
}

size_t client_read(int fd, void *buf, size_t size)
{
    char *bytes = buf;
    size_t count = 0;
    while (count < size) {
        ssize_t n = receive(fd, bytes + count, size - count, "to receive");
        if (n < 0)
            suite_fail("receive after %zu bytes: %s", count, strerror((int)-n));
        if (n == 0)
            break;
        count += (size_t)n;
    }
    return count;
}

bool client_try_echo(int fd, const char *text)
{
    char got[256];
    size_t size = strlen(text);
    size_t count = 0;
    ssize_t n = 1;
    assert_true(size <= sizeof got);
    if (!client_try_send(fd, text, size))
        return false;
    while (count < size && n > 0) {
        n = receive(fd, got + count, size - count, "to hear its own words");
        count += n > 0 ? (size_t)n : 0;
    }
    if (memcmp(got, text, count) != 0)
        suite_fail("%s comes back as %.*s", text, (int)count, got);
    return count == size;
}

size_t client_read_all(int fd, void *buf, size_t size)
{
    char more;
    size_t count = client_read(fd, buf, size);
    if (count == size && client_read(fd, &more, 1) != 0)
        suite_fail("more than %zu bytes came", size);
    return count;
}

void client_expect(int fd, const void *data, size_t size)
{
    const char *expected = data;
    char buf[16384];
    size_t done = 0;
    while (done < size) {
        size_t part = size - done < sizeof buf ? size - done : sizeof buf;
        size_t n = client_read(fd, buf, part);
        size_t same = 0;
        while (same < n && buf[same] == expected[done + same])
            same++;
        if (same < n)
            suite_fail("byte %zu of %zu is 0x%02x, not 0x%02x", done + same, size,
                       (unsigned char)buf[same], (unsigned char)expected[done + same]);
        if (n < part)
            suite_fail("%zu instead of %zu bytes before the end", done + n, size);
        done += n;
    }
}

void client_expect_text(int fd, const char *text)
{
    client_expect(fd, text, strlen(text));
}

void client_echo(int fd, const char *text)
{
    client_send_text(fd, text);
    client_expect_text(fd, text);
}

void client_expect_answer(const char *address, const char *text)
{
    char got[256];
    int fd = client_connect(address);
    got[client_read_all(fd, got, sizeof got - 1)] = '\0';
    assert_string_equal(got, text);
    client_close(fd);
}

char *client_read_line(int fd, char *buf, size_t size)
{
    size_t n = 0;
    while (n < size - 1 && client_read(fd, &buf[n], 1) == 1 && buf[n] != '\n')
        n++;
    if (n == size - 1 || buf[n] != '\n')
        suite_fail("no line, but %zu bytes", n);
    if (n > 0 && buf[n - 1] == '\r')
        n--;
    buf[n] = '\0';
    return buf;
}

void client_expect_eof(int fd)
{
    char more;
    if (client_read(fd, &more, 1) != 0)
        suite_fail("0x%02x instead of the end of input", (unsigned char)more);
    forget(fd);
}

int client_wait_end(int fd)
{
    char rest[16384];
    ssize_t n;
    int64_t deadline = patience(); /* of the whole: a server may send for ever */
    do {
        n = receive(fd, rest, sizeof rest, "for the end of the connection");
    } while (n > 0 && now_ms() < deadline);
    if (n > 0)
        suite_fail("the server still sends");
    if (n != 0 && n != -ECONNRESET && n != -EPIPE)
        suite_fail("receive: %s", strerror((int)-n));
    return n == 0 ? 0 : ECONNRESET;
}

bool client_has_news(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, 0) != 0;
}

void client_half_close(int fd)
{
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
}

void client_leave(int fd)
{
    client_half_close(fd);
    client_expect_eof(fd);
}

void client_close(int fd)
{
    forget(fd);
}

void client_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    forget(fd);
}

void clients_close_all(void)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        if (is_client[fd])
            forget(fd);
}
