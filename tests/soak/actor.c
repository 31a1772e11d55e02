/* actor - see actor.h. */
#include "actor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults.h"
#include "patience.h"

enum {
    BLOCK = 65536,
    TURNS = 8,               /* then others get theirs */
    SMALL_BUFFER = 8192,     /* of those who hear slowly or nothing */
    REFUSED_WITHIN_MS = 500, /* half of the shortest limit: who ends sooner was not cut */
    CUT_FROM_MS = 950,       /* all of it, less what clocks may differ */
    NEVER_HEARD_MS = 30000,  /* without a byte: forgotten by the server */
};

static unsigned char block[BLOCK];
static const char busy_text[] = TARGET_BUSY_TEXT;

#define BUSY_TEXT_SIZE (sizeof busy_text - 1)

/* From one to the other, each power of two as often as the next. */
static uint64_t choose_bytes(struct random_source *random, const struct kind *kind)
{
    unsigned doublings = 0;
    if (kind->bytes_max == 0)
        return 0;
    while (kind->bytes_min << (doublings + 1) <= kind->bytes_max)
        doublings++;
    uint64_t low = kind->bytes_min << random_below(random, doublings + 1);
    uint64_t room = kind->bytes_max - low;
    return low + random_below(random, (low < room ? low : room) + 1);
}

/* A service that answers line by line owes nothing for less than a line. */
static uint64_t whole_lines(const struct actor *actor, uint64_t size)
{
    return actor->check.rotated ? (size + TAG_LINE - 1) / TAG_LINE * TAG_LINE : size;
}

bool actor_begin(struct actor *actor, const struct kind *kind, const struct target *target,
                 struct account *account, struct random_source *random, uint32_t number)
{
    int small = SMALL_BUFFER;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (kind->bite != 0 || kind->deaf)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(fd, (const struct sockaddr *)&target->address, sizeof target->address) != 0 &&
        errno != EINPROGRESS) {
        if (errno != EADDRNOTAVAIL)
            fault("%s: connect: %s", target->policy, strerror(errno));
        close(fd);
        return false;
    }
    *actor = (struct actor){.kind = kind,
                            .target = target,
                            .account = account,
                            .random = random,
                            .fd = fd,
                            .leave_ms = -1};
    actor->check.client = number;
    actor->check.rotated = strcmp(target->handler, "rot13") == 0;
    actor->total = choose_bytes(random, kind);
    if (kind->answered)
        actor->total = whole_lines(actor, actor->total);
    actor->began_ms = actor->moved_ms = now_ms();
    actor->wake_ms = actor->began_ms + allow_ms(NEVER_HEARD_MS);
    return true;
}

static struct kind_account *books(const struct actor *actor)
{
    return &actor->account->kind[actor->kind - kinds];
}

/* Who has said nothing cannot know whether it was served or refused. */
static void end(struct actor *actor, uint64_t *how)
{
    if (how == &books(actor)->completed && kind_is_orderly(actor->kind) && actor->said == 0)
        how = &books(actor)->left;
    (*how)++;
    actor->account->said += actor->said;
    actor->account->heard += actor->check.offset;
    if (how == &books(actor)->completed && kind_is_orderly(actor->kind)) {
        actor->account->orderly_in += actor->said;
        actor->account->orderly_out += actor->check.offset;
    }
    close(actor->fd);
    actor->fd = -1;
}

static void leave(struct actor *actor, bool with_reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (with_reset)
        setsockopt(actor->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    end(actor, &books(actor)->left);
}

static void fail(struct actor *actor, const char *what)
{
    fault("%s, %s, client %u after %lld ms: %s (said %llu of %llu bytes, heard %llu)",
          actor->target->policy, actor->kind->name, (unsigned)actor->check.client,
          (long long)(now_ms() - actor->began_ms), what, (unsigned long long)actor->said,
          (unsigned long long)actor->total, (unsigned long long)actor->check.offset);
    end(actor, &books(actor)->faulty);
}

/* Whether a full table is a reason for how it has ended. */
static bool may_be_refusal(const struct actor *actor, int error)
{
    if (actor->check.offset > 0 || strcmp(actor->target->policy, "wait") == 0)
        return false;
    if (strcmp(actor->target->policy, "close") == 0)
        return true;
    return actor->busy_text == BUSY_TEXT_SIZE || error != 0 || actor->is_broken;
}

/* A refusal, for certain: the server has said so, or it came sooner than any limit. */
static bool is_refusal(const struct actor *actor, int error, int64_t lasted_ms)
{
    return actor->busy_text > 0 || (may_be_refusal(actor, error) && lasted_ms < REFUSED_WITHIN_MS);
}

/* The server has ended the connection; error: as recv(2) said, 0: in order. */
static void on_end(struct actor *actor, int error, int64_t late_ms)
{
    struct kind_account *kind = books(actor);
    bool is_cut_kind = actor->kind->ending == ENDING_CUT;
    bool was_late = late_ms >= actor->began_ms;
    int64_t lasted_ms = now_ms() - actor->began_ms;
    if (actor->kind->ending == ENDING_HALF_CLOSE && error == 0 && actor->has_ended_side &&
        actor->check.offset == actor->total && actor->busy_text == 0)
        end(actor, &kind->completed);
    else if (is_refusal(actor, error, lasted_ms))
        end(actor, &kind->refused);
    else if (may_be_refusal(actor, error) &&
             (!is_cut_kind || was_late || lasted_ms < allow_ms(CUT_FROM_MS)))
        end(actor, &kind->unclear);
    else if (is_cut_kind && lasted_ms >= allow_ms(CUT_FROM_MS))
        end(actor, &kind->completed);
    else if (was_late && !is_cut_kind)
        end(actor, &kind->excused);
    else
        fail(actor, error != 0 ? strerror(error) : "ended by the server");
}

static void choose_message(struct actor *actor)
{
    const struct kind *kind = actor->kind;
    uint64_t size = kind->message != 0 ? kind->message : actor->total;
    if (kind->answered)
        size = whole_lines(actor, 1 + random_below(actor->random, kind->message));
    if (size > actor->total - actor->said)
        size = actor->total - actor->said;
    actor->message_end = actor->said + size;
}

/* Returns whether anything was said. */
static bool say(struct actor *actor)
{
    const struct kind *kind = actor->kind;
    if (!actor->may_say || actor->is_broken || actor->said == actor->total)
        return false;
    if (actor->said == actor->message_end) {
        bool waits = kind->answered && actor->check.offset < actor->said;
        if (waits || now_ms() < actor->say_ms)
            return false;
        choose_message(actor);
    }
    uint64_t left = actor->message_end - actor->said;
    size_t size = left < BLOCK ? (size_t)left : BLOCK;
    tag_fill(actor->check.client, actor->said, block, size);
    ssize_t count = send(actor->fd, block, size, MSG_NOSIGNAL);
    if (count < 0) {
        actor->may_say = false;
        actor->is_broken = errno != EAGAIN && errno != EINTR;
        actor->may_hear = actor->may_hear || actor->is_broken;
        return actor->is_broken;
    }
    actor->said += (uint64_t)count;
    if (actor->said == actor->message_end && kind->pause_ms != 0)
        actor->say_ms = now_ms() + kind->pause_ms;
    return true;
}

static bool is_busy_text(struct actor *actor, size_t size)
{
    if (strcmp(actor->target->policy, "busy") != 0 || actor->check.offset > 0 ||
        actor->busy_text + size > BUSY_TEXT_SIZE ||
        memcmp(block, busy_text + actor->busy_text, size) != 0)
        return false;
    actor->busy_text += size;
    return true;
}

static void take(struct actor *actor, size_t size)
{
    char error[200];
    if (is_busy_text(actor, size))
        return;
    if (!tag_check(&actor->check, block, size, error, sizeof error))
        fail(actor, error);
    else if (actor->check.offset > actor->said)
        fail(actor, "hears more than it has said");
}

/* Returns whether anything was heard. */
static bool hear(struct actor *actor, int64_t late_ms)
{
    const struct kind *kind = actor->kind;
    bool listens = !kind->deaf || actor->is_broken;
    if (!actor->may_hear || !listens || now_ms() < actor->hear_ms)
        return false;
    ssize_t count = recv(actor->fd, block, kind->bite != 0 ? kind->bite : BLOCK, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        actor->may_hear = false;
        return false;
    }
    if (count <= 0) {
        on_end(actor, count < 0 ? errno : 0, late_ms);
        return false;
    }
    if (kind->bite_ms != 0)
        actor->hear_ms = now_ms() + kind->bite_ms;
    if (!kind->deaf)
        take(actor, (size_t)count);
    return true;
}

/* What follows when all is said, or all is heard. */
static void finish(struct actor *actor)
{
    enum kind_ending ending = actor->kind->ending;
    bool all_said = actor->said == actor->total;
    if (ending == ENDING_HALF_CLOSE && all_said && !actor->has_ended_side) {
        shutdown(actor->fd, SHUT_WR);
        actor->has_ended_side = true;
    }
    if (ending == ENDING_CLOSE && all_said && actor->check.offset == actor->total)
        end(actor, &books(actor)->completed);
    else if (actor->leave_ms >= 0 && now_ms() >= actor->leave_ms)
        leave(actor, ending == ENDING_RESET);
}

static bool has_connected(struct actor *actor)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(actor->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    /* A server that refuses may have reset the connection already: then it was one. */
    bool was_reset = error == ECONNRESET || error == EPIPE;
    if (error != 0 && !was_reset) {
        fail(actor, strerror(error));
        return false;
    }
    actor->is_connected = true;
    actor->is_broken = was_reset;
    actor->may_hear = actor->may_hear || was_reset;
    books(actor)->begun++;
    if (actor->kind->ending == ENDING_GONE || actor->kind->ending == ENDING_RESET)
        actor->leave_ms =
            now_ms() + (int64_t)random_below(actor->random, actor->kind->leaves_ms + 1);
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When to look again though nothing happens; at once where only its turns were used up. Moments
 * that have passed meanwhile count, too: nothing else would remind of them. */
static void choose_wake(struct actor *actor, bool has_more)
{
    bool has_to_say = actor->may_say && actor->said < actor->total;
    bool waits_for_answer = actor->kind->answered && actor->check.offset < actor->said;
    actor->wake_ms = actor->moved_ms + allow_ms(NEVER_HEARD_MS);
    if (actor->leave_ms >= 0)
        actor->wake_ms = earlier(actor->wake_ms, actor->leave_ms);
    if (actor->say_ms > 0 && has_to_say && !waits_for_answer)
        actor->wake_ms = earlier(actor->wake_ms, actor->say_ms);
    if (actor->hear_ms > 0 && actor->may_hear)
        actor->wake_ms = earlier(actor->wake_ms, actor->hear_ms);
    if (has_more)
        actor->wake_ms = now_ms();
}

void actor_step(struct actor *actor, uint32_t events, int64_t late_ms)
{
    bool moves = true;
    actor->may_say = actor->may_say || (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    actor->may_hear = actor->may_hear || (events & ~(uint32_t)EPOLLOUT) != 0;
    if (actor->kind->deaf && (events & (EPOLLERR | EPOLLHUP)) != 0)
        actor->is_broken = true;
    if (!actor->is_connected && (!actor->may_say || !has_connected(actor)))
        return;
    for (int i = 0; i < TURNS && moves && actor->fd >= 0; i++) {
        moves = say(actor);
        finish(actor);
        if (actor->fd >= 0 && hear(actor, late_ms))
            moves = true;
        if (actor->fd >= 0)
            finish(actor);
        if (moves)
            actor->moved_ms = now_ms();
    }
    if (actor->fd >= 0 && now_ms() - actor->moved_ms >= allow_ms(NEVER_HEARD_MS))
        fail(actor, "nothing is heard any more");
    if (actor->fd >= 0)
        choose_wake(actor, moves);
}

void actor_wind_down(struct actor *actor)
{
    if (!actor->is_connected)
        return;
    if (!kind_is_orderly(actor->kind))
        leave(actor, true);
    else if (actor->kind->message != 0)
        actor->total = actor->message_end;
    actor->wake_ms = 0;
}
