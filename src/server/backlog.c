/* backlog.c - see backlog.h. */
#include "server/backlog.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections in the order in which they came. */
struct withdrawn {
    size_t next;
    size_t count;
    size_t room;
    int *fds;
};

/* A filter as socket(7) has it for SO_ATTACH_FILTER. These two are as in <linux/filter.h>, which
 * not every libc comes with; so are the operations of classic BPF. */
struct filter_step {
    uint16_t operation;
    uint8_t if_so, if_not; /* steps to skip */
    uint32_t operand;
};

struct filter {
    unsigned short length;
    const struct filter_step *steps;
};

/* It sees what comes for the listener, from the TCP header on: drops the first segment of a
 * handshake, and lets the last one pass. Connections inherit it, to which no first segment comes.
 */
static void drop_first_segments(int fd)
{
    enum { LOAD_BYTE = 0x30, AND = 0x54, IF_EQUAL = 0x15, RETURN = 0x06, FLAGS_AT = 13 };
    static const struct filter_step steps[] = {
        {LOAD_BYTE, 0, 0, FLAGS_AT}, {AND, 0, 0, TH_SYN | TH_ACK}, {IF_EQUAL, 0, 1, TH_SYN},
        {RETURN, 0, 0, 0},           {RETURN, 0, 0, UINT32_MAX},
    };
    const struct filter filter = {sizeof steps / sizeof *steps, steps};
    /* Where it is refused newcomers get in up to the end, and the last of them may be reset. */
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void backlog_seal(struct listener *listener)
{
    if (!listener->alone || listener->sealed || listener->fd < 0)
        return;
    if (listener->family == AF_UNIX)
        shutdown(listener->fd, SHUT_RD); /* connect(2) is refused; accept(2) goes on */
    else if (listener->family != AF_UNSPEC)
        drop_first_segments(listener->fd);
    listener->sealed = true;
}

static enum accept_verdict accept_at_socket(const struct listener *listener, int *fd,
                                            struct address *peer)
{
    enum accept_verdict verdict = listener_accept(listener, fd, peer);
    bool is_shut_down = verdict == ACCEPT_BROKEN && errno == EINVAL && listener->sealed;
    return is_shut_down ? ACCEPT_NOTHING : verdict;
}

/* The next one whose connection has not failed. Bounded: of a socket of which accept(2) says for
 * ever that one has, there is nothing to be had. */
static enum accept_verdict next_at_socket(const struct listener *listener, int *fd)
{
    struct address unused;
    enum accept_verdict verdict = ACCEPT_GO_ON;
    for (int failures = 0; failures < 1000 && verdict == ACCEPT_GO_ON; failures++)
        verdict = accept_at_socket(listener, fd, &unused);
    return verdict == ACCEPT_GO_ON ? ACCEPT_NOTHING : verdict;
}

static bool make_room(struct listener *listener)
{
    struct withdrawn *list = listener->withdrawn;
    if (!list)
        list = listener->withdrawn = calloc(1, sizeof *list);
    if (!list || list->count < list->room)
        return list != NULL;
    size_t room = list->room > 0 ? 2 * list->room : 64;
    int *fds = reallocarray(list->fds, room, sizeof *fds);
    if (!fds)
        return false;
    list->fds = fds;
    list->room = room;
    return true;
}

static bool is_empty(int pipe_end)
{
    int bytes;
    return ioctl(pipe_end, FIONREAD, &bytes) == 0 && bytes == 0;
}

bool backlog_withdraw(struct listener *listener)
{
    if (listener->family == AF_UNSPEC)
        return is_empty(listener->fd);
    while (make_room(listener)) {
        struct withdrawn *list = listener->withdrawn;
        int fd;
        enum accept_verdict verdict = next_at_socket(listener, &fd);
        if (verdict != ACCEPT_CONNECTION)
            return verdict != ACCEPT_PAUSE;
        list->fds[list->count++] = fd;
    }
    return false;
}

enum accept_verdict backlog_accept(const struct listener *listener, int *fd, struct address *peer)
{
    struct withdrawn *list = listener->withdrawn;
    if (list && list->next < list->count) {
        *fd = list->fds[list->next++];
        listener_name_peer(*fd, peer);
        return ACCEPT_CONNECTION;
    }
    return listener->fd >= 0 ? accept_at_socket(listener, fd, peer) : ACCEPT_NOTHING;
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

unsigned backlog_reset(struct listener *listener)
{
    struct withdrawn *list = listener->withdrawn;
    unsigned count = 0;
    for (; list && list->next < list->count; count++)
        reset(list->fds[list->next++]);
    if (list)
        free(list->fds);
    free(list);
    listener->withdrawn = NULL;
    backlog_seal(listener);
    if (listener->fd < 0 || !listener->sealed)
        return count;
    for (int fd; next_at_socket(listener, &fd) == ACCEPT_CONNECTION; count++)
        reset(fd);
    return count;
}

bool backlog_is_open(const struct listener *listener)
{
    const struct withdrawn *list = listener->withdrawn;
    return listener->fd >= 0 || (list && list->next < list->count);
}
