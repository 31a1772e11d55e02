/* crowd - see crowd.h. */
#include "crowd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "suite.h"

enum { EVENTS = 256, CHUNK = 65536 };

enum state {
    ABSENT,     /* not connected: before its time, or it has left */
    CONNECTING, /* connect(2) is under way */
    CONNECTED,  /* has nothing to do */
    TALKING,    /* sends its request and hears the reply */
    LEAVING,    /* has ended its side; hears the rest of the reply and the end of input */
};

struct crowd_member {
    int fd;
    enum state state;
    bool leaves; /* behind its last byte it ends its side */
    size_t number;
    struct talk talk;
    size_t sent;
    size_t received;
};

static void watch(struct crowd *crowd, struct crowd_member *member, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = member};
    assert_int_equal(epoll_ctl(crowd->epoll, operation, member->fd, &event), 0);
}

static void begin(struct crowd *crowd, struct crowd_member *member)
{
    member->fd = client_begin(crowd->address, 0);
    if (member->fd < 0)
        suite_fail("client %zu cannot connect: %s", member->number, strerror(-member->fd));
    member->state = CONNECTING;
    crowd->busy++;
    watch(crowd, member, EPOLLOUT, EPOLL_CTL_ADD);
}

static void free_talk(struct crowd_member *member)
{
    free(member->talk.request);
    free(member->talk.reply);
    member->talk = (struct talk){.request = NULL};
}

static void finish(struct crowd *crowd, struct crowd_member *member, enum state state)
{
    free_talk(member);
    member->state = state;
    crowd->busy--;
}

/* Busy members are watched for what they wait for; the others not at all. */
static void rewatch(struct crowd *crowd, struct crowd_member *member)
{
    uint32_t events = 0;
    if (member->state == CONNECTING)
        events = EPOLLOUT;
    else if (member->state != CONNECTED)
        events = EPOLLIN;
    if (member->state == TALKING && member->sent < member->talk.request_size)
        events |= EPOLLOUT;
    watch(crowd, member, events, EPOLL_CTL_MOD);
}

static void send_some(struct crowd_member *member)
{
    struct talk *talk = &member->talk;
    while (member->sent < talk->request_size) {
        ssize_t n = send(member->fd, talk->request + member->sent,
                         talk->request_size - member->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            suite_fail("client %zu cannot send: %s", member->number, strerror(errno));
        member->sent += (size_t)n;
    }
    if (member->leaves && member->state == TALKING) {
        client_half_close(member->fd);
        member->state = LEAVING;
    }
}

/* Compares what has come. Returns false at the end of input. */
static bool receive_some(struct crowd_member *member)
{
    static unsigned char buf[CHUNK];
    struct talk *talk = &member->talk;
    for (;;) {
        ssize_t n = recv(member->fd, buf, sizeof buf, 0);
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0)
            suite_fail("client %zu after %zu of %zu bytes: %s", member->number, member->received,
                       talk->reply_size, strerror(errno));
        if (n == 0)
            return false;
        if ((size_t)n > talk->reply_size - member->received)
            suite_fail("client %zu hears more than %zu bytes", member->number, talk->reply_size);
        if (memcmp(buf, talk->reply + member->received, (size_t)n) != 0)
            suite_fail("client %zu hears something else between byte %zu and %zu", member->number,
                       member->received, member->received + (size_t)n);
        member->received += (size_t)n;
    }
}

static void step_talking(struct crowd *crowd, struct crowd_member *member)
{
    send_some(member);
    bool more = receive_some(member);
    bool complete = member->received == member->talk.reply_size;
    bool all_said = member->sent == member->talk.request_size;
    if (!more && (!complete || !all_said || !member->leaves))
        suite_fail("client %zu: end of input after %zu of %zu bytes, %zu of %zu sent",
                   member->number, member->received, member->talk.reply_size, member->sent,
                   member->talk.request_size);
    if (!more) {
        client_close(member->fd);
        finish(crowd, member, ABSENT);
    } else if (complete && all_said && !member->leaves) {
        finish(crowd, member, CONNECTED);
    }
}

static void give_talk(struct crowd *crowd, struct crowd_member *member)
{
    member->sent = member->received = 0;
    if (crowd->script != NULL)
        crowd->script(member->number, &member->talk, crowd->arg);
    member->state = TALKING;
}

static void step(struct crowd *crowd, struct crowd_member *member)
{
    if (member->state == CONNECTED)
        suite_fail("client %zu has lost its connection while it was held", member->number);
    if (member->state == CONNECTING) {
        int error = client_begun(member->fd);
        if (error != 0)
            suite_fail("client %zu cannot connect: %s", member->number, strerror(error));
        if (crowd->script != NULL)
            give_talk(crowd, member);
        else
            finish(crowd, member, CONNECTED);
    }
    if (member->state == TALKING || member->state == LEAVING)
        step_talking(crowd, member);
    if (member->state != ABSENT)
        rewatch(crowd, member);
}

/* Runs until no member is busy; more() may make new ones so when one has done its part. */
static void run(struct crowd *crowd, void (*more)(struct crowd *crowd, struct crowd_member *member))
{
    struct epoll_event events[EVENTS];
    while (crowd->busy > 0) {
        int n = epoll_wait(crowd->epoll, events, EVENTS, time_left(patience()));
        if (n == 0)
            suite_fail("%zu of %zu clients wait in vain", crowd->busy, crowd->count);
        for (int i = 0; i < n; i++) {
            struct crowd_member *member = events[i].data.ptr;
            step(crowd, member);
            if ((member->state == ABSENT || member->state == CONNECTED) && more != NULL)
                more(crowd, member);
        }
    }
}

static void init(struct crowd *crowd, const char *address, size_t count)
{
    *crowd = (struct crowd){.address = address, .count = count};
    crowd->members = calloc(count, sizeof *crowd->members);
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    assert_non_null(crowd->members);
    assert_true(crowd->epoll >= 0);
}

void crowd_connect(struct crowd *crowd, const char *address, size_t count)
{
    init(crowd, address, count);
    for (size_t i = 0; i < count; i++) {
        crowd->members[i].number = i;
        begin(crowd, &crowd->members[i]);
    }
    run(crowd, NULL);
}

/* One has been answered: the next one connects. */
static void add_another(struct crowd *crowd, struct crowd_member *member)
{
    (void)member;
    if (crowd->started == crowd->count)
        return;
    struct crowd_member *next = &crowd->members[crowd->started];
    next->number = crowd->started++;
    begin(crowd, next);
}

void crowd_gather(struct crowd *crowd, const char *address, size_t count, size_t at_once,
                  crowd_script *script, void *arg)
{
    init(crowd, address, count);
    crowd->script = script;
    crowd->arg = arg;
    for (size_t i = 0; i < at_once; i++)
        add_another(crowd, NULL);
    run(crowd, add_another);
    assert_int_equal(crowd->started, count);
}

static void talk(struct crowd *crowd, crowd_script *script, void *arg, bool leaves)
{
    crowd->script = script;
    crowd->arg = arg;
    for (size_t i = 0; i < crowd->count; i++) {
        struct crowd_member *member = &crowd->members[i];
        assert_int_equal(member->state, CONNECTED);
        crowd->busy++;
        give_talk(crowd, member);
        member->leaves = leaves;
        step(crowd, member);
    }
    run(crowd, NULL);
}

void crowd_talk(struct crowd *crowd, crowd_script *script, void *arg)
{
    talk(crowd, script, arg, false);
}

void crowd_talk_and_leave(struct crowd *crowd, crowd_script *script, void *arg)
{
    talk(crowd, script, arg, true);
}

void crowd_leave(struct crowd *crowd)
{
    talk(crowd, NULL, NULL, true);
}

int crowd_client(const struct crowd *crowd, size_t index)
{
    assert_int_equal(crowd->members[index].state, CONNECTED);
    return crowd->members[index].fd;
}

void crowd_end(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++)
        if (crowd->members[i].state != ABSENT)
            client_close(crowd->members[i].fd);
    close(crowd->epoll);
    free(crowd->members);
}

/* A place has become free: the next client takes it. */
static void replace(struct crowd *crowd, struct crowd_member *member)
{
    if (crowd->started == crowd->count)
        return;
    *member = (struct crowd_member){.number = crowd->started++, .leaves = true};
    begin(crowd, member);
}

void crowd_churn(const char *address, size_t total, size_t at_once, crowd_script *script, void *arg)
{
    struct crowd crowd;
    init(&crowd, address, total);
    crowd.script = script;
    crowd.arg = arg;
    for (size_t i = 0; i < at_once && i < total; i++)
        replace(&crowd, &crowd.members[i]);
    run(&crowd, replace);
    assert_int_equal(crowd.started, total);
    crowd_end(&crowd);
}

void crowd_echo_script(size_t index, struct talk *talk, void *arg)
{
    size_t size = *(const size_t *)arg;
    char tag[32];
    size_t length = (size_t)snprintf(tag, sizeof tag, "client %zu of the crowd\n", index);
    talk->request = malloc(size);
    talk->reply = malloc(size);
    assert_true(talk->request != NULL && talk->reply != NULL);
    for (size_t i = 0; i < size; i++)
        talk->request[i] = (unsigned char)tag[i % length];
    memcpy(talk->reply, talk->request, size);
    talk->request_size = talk->reply_size = size;
}
