/* traffic.c - see traffic.h. */
#include "server/traffic.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "server/clock.h"
#include "server/slot_table.h"

/* The beginning of struct tcp_info as the kernel has it (tcp(7), Linux 4.2); glibc's is shorter. */
struct tcp_counters {
    uint8_t state;
    uint8_t unused_flags[7];
    uint32_t unused_before[9];
    uint32_t last_data_sent; /* milliseconds ago */
    uint32_t unused_last_ack_sent;
    uint32_t last_data_received; /* the same */
    uint32_t unused_between[12];
    uint64_t unused_rates[2];
    uint64_t acknowledged; /* bytes; and 1 for our end (FIN) */
    uint64_t received;     /* bytes; and 1 for the peer's end */
};

static bool read_counters(int fd, struct tcp_counters *counters)
{
    socklen_t size = sizeof *counters;
    memset(counters, 0, sizeof *counters);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, counters, &size) == 0 && size == sizeof *counters;
}

/* RFC 9293, 3.3.2. A connection that was ended by both sides and one that was reset are both
 * closed, and cannot be told apart: of the first a count is then one too high. */
static bool we_have_ended(uint8_t state)
{
    return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING ||
           state == TCP_LAST_ACK || state == TCP_TIME_WAIT;
}

static bool peer_has_ended(uint8_t state)
{
    return state == TCP_CLOSE_WAIT || state == TCP_CLOSING || state == TCP_LAST_ACK ||
           state == TCP_TIME_WAIT;
}

static uint64_t less(uint64_t count, uint64_t what)
{
    return count > what ? count - what : 0;
}

/* Without what the program has not read yet. */
static uint64_t count_in(int fd, const struct tcp_counters *counters)
{
    int unread = 0;
    if (ioctl(fd, FIONREAD, &unread) < 0)
        unread = 0;
    return less(counters->received, (uint64_t)unread + peer_has_ended(counters->state));
}

/* Bytes that the peer has not acknowledged yet: tcp(7) SIOCOUTQ, by the name that musl has. */
static uint64_t count_queued(int fd)
{
    int queued = 0;
    return ioctl(fd, TIOCOUTQ, &queued) == 0 && queued > 0 ? (uint64_t)queued : 0;
}

void traffic_look(struct SockInfo *slot, int64_t now_ms)
{
    struct traffic *traffic = &slot->traffic;
    struct progress *progress = slot->progress;
    struct tcp_counters counters;
    if (slot->fd < 0 || traffic->is_over || !read_counters(slot->fd, &counters))
        return;
    uint64_t in = count_in(slot->fd, &counters);
    uint64_t queued = count_queued(slot->fd);
    if (counters.acknowledged != traffic->acknowledged || queued == 0)
        traffic->since_ms = now_ms;
    traffic->acknowledged = counters.acknowledged;
    progress_set(&progress->bytes_in, in);
    progress_set(&progress->bytes_out,
                 less(counters.acknowledged + queued, we_have_ended(counters.state)));
    uint32_t idle_ms = counters.last_data_received < counters.last_data_sent
                           ? counters.last_data_received
                           : counters.last_data_sent;
    progress_set(&progress->moved_ms, (uint64_t)(now_ms - idle_ms));
    if (queued > 0)
        progress_wait(progress, THRDSRV_WAIT_WRITE, traffic->since_ms);
    else
        progress_wait(progress, THRDSRV_WAIT_READ, now_ms - idle_ms);
}
