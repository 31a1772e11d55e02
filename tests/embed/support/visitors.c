#include "support/visitors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/patience.h"

struct visitor {
    struct visit visit;
    size_t index;
    int fd; /* -1: no visitor here now */
    bool connected;
    size_t said;
    size_t heard;
};

struct crowd {
    const struct visitors *order;
    struct visitor *visitors;
    size_t started;
    size_t here;
    bool closed; /* nobody is let in any more */
    int epoll;
    struct tally tally;
};

static socklen_t unix_address(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    must(strlen(path) < sizeof address->sun_path);
    strcpy(address->sun_path, path);
    return sizeof *address;
}

static socklen_t ipv4_address(const char *text, struct sockaddr_in *address)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    must(colon && (size_t)(colon - text) < sizeof host);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_port = htons((in_port_t)atoi(colon + 1));
    must(inet_pton(AF_INET, host, &address->sin_addr) == 1);
    return sizeof *address;
}

/* flags as socket(2) takes them; a non-blocking connection may still be under way. */
static int begin_connect(const char *text, int flags)
{
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
    } address;
    socklen_t size = strncmp(text, "unix:", 5) == 0 ? unix_address(text + 5, &address.un)
                                                    : ipv4_address(text, &address.in);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    must(fd >= 0);
    if (connect(fd, &address.any, size) == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int visitor_connect(const char *address)
{
    return begin_connect(address, 0);
}

static _Noreturn void fail_stuck(const struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->order->at_once; i++) {
        const struct visitor *v = &crowd->visitors[i];
        if (v->fd >= 0)
            fprintf(stderr, "stuck: visitor %zu at %s: has said %zu of %zu, heard %zu of %zu\n",
                    v->index, v->visit.address, v->said, v->visit.say_size, v->heard,
                    v->visit.hear_size);
    }
    if (crowd->order->stuck)
        crowd->order->stuck();
    fail("no visitor got on for %d ms; %zu were served before", patience_ms(), crowd->tally.served);
}

/* A Unix socket's backlog is full for a moment (EAGAIN): that is no refusal. */
static bool is_refused(struct crowd *crowd)
{
    if (errno == EAGAIN)
        return false;
    if (!crowd->order->may_be_cut)
        fail("visitor %zu is refused: %s", crowd->started, strerror(errno));
    crowd->tally.refused++;
    crowd->closed = true;
    return true;
}

/* Returns false when the one who comes next has to wait, or nobody comes any more. */
static bool let_in(struct crowd *crowd, struct visitor *v)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = v};
    v->visit.fd = -1;
    if (!crowd->order->script(crowd->started, &v->visit, crowd->order->arg)) {
        crowd->closed = true;
        return false;
    }
    v->fd = v->visit.fd >= 0 ? v->visit.fd : begin_connect(v->visit.address, SOCK_NONBLOCK);
    if (v->fd < 0)
        return is_refused(crowd);
    must(fcntl(v->fd, F_SETFL, O_NONBLOCK) == 0);
    v->index = crowd->started++;
    v->said = v->heard = 0;
    v->connected = false;
    crowd->here++;
    must(epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, v->fd, &event) == 0);
    return true;
}

/* A child that a server has just forked holds the descriptor too for a moment, so that to close it
 * here does not end its events. */
static void leave(struct crowd *crowd, struct visitor *v)
{
    must(epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, v->fd, NULL) == 0);
    close(v->fd);
    v->fd = -1;
    crowd->here--;
}

/* The connection has ended, with this errno or 0. */
static void end(struct crowd *crowd, struct visitor *v, int error)
{
    if (v->heard == v->visit.hear_size && error == 0) {
        crowd->tally.served++;
    } else if (!crowd->order->may_be_cut) {
        fail("visitor %zu at %s: heard %zu of %zu bytes, then %s", v->index, v->visit.address,
             v->heard, v->visit.hear_size, error ? strerror(error) : "the end");
    } else if (error == ECONNREFUSED) {
        crowd->tally.refused++;
        crowd->closed = true;
    } else {
        crowd->tally.cut++;
    }
    leave(crowd, v);
}

static bool is_not_yet(int error)
{
    return error == EAGAIN || error == ENOTCONN;
}

/* Returns 0, or the errno that ends the visit. */
static int say(struct visitor *v)
{
    while (v->said < v->visit.say_size) {
        ssize_t count =
            send(v->fd, v->visit.say + v->said, v->visit.say_size - v->said, MSG_NOSIGNAL);
        if (count < 0)
            return is_not_yet(errno) ? 0 : errno;
        v->said += (size_t)count;
        if (v->said == v->visit.say_size && shutdown(v->fd, SHUT_WR) < 0)
            return errno;
    }
    return 0;
}

static void check(const struct visitor *v, const char *bytes, size_t count)
{
    if (count > v->visit.hear_size - v->heard)
        fail("visitor %zu at %s: heard more than the answer", v->index, v->visit.address);
    if (memcmp(bytes, v->visit.hear + v->heard, count) != 0)
        fail("visitor %zu at %s: heard a wrong byte in bytes %zu to %zu", v->index,
             v->visit.address, v->heard, v->heard + count - 1);
}

/* Hears what there is; returns true when the visit is over. */
static bool hear(struct crowd *crowd, struct visitor *v)
{
    char bytes[VISIT_SIZE];
    ssize_t count;
    while ((count = recv(v->fd, bytes, sizeof bytes, 0)) > 0) {
        check(v, bytes, (size_t)count);
        v->heard += (size_t)count;
    }
    if (count < 0 && is_not_yet(errno))
        return false;
    end(crowd, v, count < 0 ? errno : 0);
    return true;
}

/* How the attempt to connect has ended. */
static int connect_error(struct visitor *v)
{
    int error;
    socklen_t size = sizeof error;
    v->connected = true;
    return getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

/* Also a visitor that cannot say all may have been answered before it was cut, so it listens
 * first. */
static void go_on(struct crowd *crowd, struct visitor *v)
{
    int error = v->connected ? 0 : connect_error(v);
    if (error) {
        end(crowd, v, error);
        return;
    }
    error = say(v);
    if (!hear(crowd, v) && error)
        end(crowd, v, error);
}

static void let_all_in(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->order->at_once; i++) {
        struct visitor *v = &crowd->visitors[i];
        if (crowd->closed || crowd->started == crowd->order->count)
            return;
        if (v->fd < 0 && !let_in(crowd, v))
            return;
    }
}

/* With nobody here there is no event to wait for: a full backlog is asked again in a moment. */
static void serve_events(struct crowd *crowd)
{
    struct epoll_event events[64];
    int count = epoll_wait(crowd->epoll, events, 64, crowd->here > 0 ? patience_ms() : 1);
    if (count == 0 && crowd->here > 0)
        fail_stuck(crowd);
    for (int i = 0; i < count; i++)
        go_on(crowd, events[i].data.ptr);
}

struct tally visitors_send(const struct visitors *visitors)
{
    struct crowd crowd = {.order = visitors};
    crowd.visitors = calloc(visitors->at_once, sizeof *crowd.visitors);
    crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
    must(crowd.visitors && crowd.epoll >= 0);
    for (size_t i = 0; i < visitors->at_once; i++)
        crowd.visitors[i].fd = -1;
    for (;;) {
        let_all_in(&crowd);
        if (crowd.here == 0 && (crowd.closed || crowd.started == visitors->count))
            break;
        serve_events(&crowd);
    }
    close(crowd.epoll);
    free(crowd.visitors);
    return crowd.tally;
}

bool visit_echo(size_t index, struct visit *visit, void *address)
{
    int length = snprintf(visit->say, sizeof visit->say, "visitor %zu was here\n", index);
    visit->address = address;
    visit->say_size = visit->hear_size = (size_t)length;
    memcpy(visit->hear, visit->say, visit->hear_size);
    return true;
}
