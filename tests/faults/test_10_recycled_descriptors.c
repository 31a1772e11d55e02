/* test_10_recycled_descriptors - class 10: a descriptor is closed twice, or used after it was
 * closed, and its number is somebody else's by then: one client reads what another was sent.
 *
 * Seen in: mysql2 #498.
 * Here: books are kept over accept4, recv, send, shutdown and close. Each accepted descriptor is
 * closed once, by the thread that has served it, and when it is in the table no longer; nobody uses
 * it afterwards, and no close finds a number that is not open. That under churn of 4,000 clients
 * with a name each, who must hear it, beside a thread of the host's that opens, uses and closes
 * descriptors of its own; and where clients leave at the moment at which the server cuts them. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "crowd.h"
#include "embedded.h"
#include "patience.h"
#include "server/server.h"
#include "suite.h"

enum { NUMBERS = 4096, SLOTS = 16, CLIENTS = 4000, CLIENTS_OF_CHILDREN = 800 };

/* ---- The books --------------------------------------------------------------------------- */

enum standing { NEVER_ACCEPTED, OPEN, CLOSED };

static struct {
    atomic_int standing;
    atomic_int owner; /* the thread that has used it first; 0: none yet */
} books[NUMBERS];

/* Shared with children, who keep books of their own. */
static struct totals {
    atomic_uint accepted;
    atomic_uint closed;
    atomic_uint faults;
} * totals;

static struct thrdsrv_server *watched;
static pid_t host;           /* this process */
static pid_t clients_thread; /* whose descriptors are the clients' */

int __real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
ssize_t __real_recv(int fd, void *buf, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);
ssize_t __real_send(int fd, const void *buf, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t size, int flags);
int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);
int __real_close(int fd);
int __wrap_close(int fd);

static void note_fault(const char *what, int fd)
{
    int kept = errno;
    if (totals != NULL && totals->faults++ < 10) /* the first ones tell enough */
        dprintf(STDERR_FILENO, "descriptor %d: %s\n", fd, what);
    errno = kept;
}

static bool is_in_books(int fd)
{
    return totals != NULL && fd >= 0 && fd < NUMBERS && gettid() != clients_thread;
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    int accepted = __real_accept4(fd, address, length, flags);
    if (!is_in_books(accepted))
        return accepted;
    totals->accepted++;
    atomic_store(&books[accepted].owner, 0);
    if (atomic_exchange(&books[accepted].standing, OPEN) == OPEN)
        note_fault("accepted anew, and nobody has closed it", accepted);
    return accepted;
}

/* The first user is the owner. */
static void note_use(int fd)
{
    int nobody = 0;
    if (!is_in_books(fd))
        return;
    if (atomic_load(&books[fd].standing) != OPEN)
        note_fault("used, and not open", fd);
    else if (!atomic_compare_exchange_strong(&books[fd].owner, &nobody, gettid()) &&
             nobody != gettid())
        note_fault("used by two threads", fd);
}

ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
    note_use(fd);
    return __real_recv(fd, buf, size, flags);
}

ssize_t __wrap_send(int fd, const void *buf, size_t size, int flags)
{
    note_use(fd);
    return __real_send(fd, buf, size, flags);
}

/* The loop's way to wake a worker, too: on any thread, but not on a number that is not open. */
int __wrap_shutdown(int fd, int how)
{
    if (is_in_books(fd) && atomic_load(&books[fd].standing) != OPEN)
        note_fault("shut down, and not open", fd);
    return __real_shutdown(fd, how);
}

/* As long as it is in the table others may call shutdown(2) on it. */
static bool is_in_table(int fd)
{
    bool found = false;
    struct slot_table *table = &watched->table;
    slot_table_lock(table);
    for (unsigned i = 0; i < table->count; i++)
        found |= table->slots[i].state != THRDSRV_SLOT_FREE && table->slots[i].fd == fd;
    slot_table_unlock(table);
    return found;
}

static void note_close(int fd)
{
    int owner = atomic_load(&books[fd].owner);
    if (atomic_exchange(&books[fd].standing, CLOSED) != OPEN)
        return; /* not an accepted one: its number may have been one's before */
    totals->closed++;
    if (owner != 0 && owner != gettid())
        note_fault("closed by another thread than its user", fd);
    if (getpid() == host && is_in_table(fd))
        note_fault("closed, and still in the table", fd);
}

int __wrap_close(int fd)
{
    if (is_in_books(fd))
        note_close(fd);
    int result = __real_close(fd);
    if (result < 0 && errno == EBADF && fd >= 0)
        note_fault("closed, and not open", fd);
    return result;
}

/* ---- Cases ------------------------------------------------------------------------------- */

static void open_books(struct embedded *e)
{
    embedded_create(e);
    watched = e->server;
    host = getpid();
    clients_thread = gettid();
    totals->accepted = totals->closed = totals->faults = 0;
    for (int i = 0; i < NUMBERS; i++)
        books[i].standing = NEVER_ACCEPTED;
    embedded_start(e);
}

/* Each one that was accepted has been closed, once. */
static void close_books(struct embedded *e)
{
    embedded_finish(e);
    for (int i = 0; i < NUMBERS; i++)
        if (atomic_load(&books[i].standing) == OPEN)
            note_fault("accepted, and never closed", i);
    assert_int_equal(totals->closed, totals->accepted);
    assert_int_equal(totals->faults, 0);
    assert_true(totals->accepted > 0);
}

static size_t clients(void)
{
    return scaled(suite_mode() == THRDSRV_MODE_FORK ? CLIENTS_OF_CHILDREN : CLIENTS);
}

static void clients_with_names_come_and_go(struct embedded *e)
{
    size_t size = 200;
    e->config.slots = SLOTS;
    open_books(e);
    crowd_churn(e->address, clients(), SLOTS, crowd_echo_script, &size);
    close_books(e);
}

/* Half of them are served and silent, and leave when their time is up. */
static void clients_leave_as_they_are_cut(struct embedded *e)
{
    enum { IDLE_MS = 20, ROUNDS = 15 };
    e->config.slots = SLOTS;
    e->config.idle_ms = IDLE_MS;
    open_books(e);
    for (size_t round = 0; round < scaled(ROUNDS); round++) {
        int fds[SLOTS];
        for (int i = 0; i < SLOTS; i++) {
            fds[i] = client_connect(e->address);
            client_try_echo(fds[i], "hello");
        }
        let_pass(IDLE_MS - 2);
        for (int i = 0; i < SLOTS; i += 2)
            client_close(fds[i]);
        for (int i = 1; i < SLOTS; i += 2)
            client_wait_end(fds[i]);
    }
    embedded_wait_idle(e);
    assert_true(embedded_stats(e).timeouts_idle > 0);
    close_books(e);
}

/* Ended by the server's stop, all at once. */
static void clients_are_cut_by_the_stop(struct embedded *e)
{
    e->config.slots = SLOTS;
    open_books(e);
    for (int i = 0; i < SLOTS; i++)
        client_served(e->address);
    close_books(e);
}

static atomic_bool enough;

/* Another part of the host: what it writes must come out at the other end, and nothing else. */
static void *use_own_descriptors(void *argument)
{
    uint64_t *rounds = argument;
    for (; !enough; ++*rounds) {
        uint64_t got = 0;
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
            note_fault("the host gets none", -1);
            continue;
        }
        if (write(ends[0], rounds, sizeof *rounds) != sizeof *rounds ||
            read(ends[1], &got, sizeof got) != sizeof got || got != *rounds)
            note_fault("the host's own does not work", ends[0]);
        for (int i = 0; i < 2; i++)
            if (__real_close(ends[i]) < 0)
                note_fault("the host's own has been closed", ends[i]);
    }
    return NULL;
}

static void a_host_uses_descriptors_too(struct embedded *e)
{
    pthread_t thread;
    size_t size = 200;
    uint64_t rounds = 0;
    e->config.slots = SLOTS;
    enough = false;
    open_books(e);
    assert_int_equal(pthread_create(&thread, NULL, use_own_descriptors, &rounds), 0);
    crowd_churn(e->address, clients() / 2 + 1, SLOTS, crowd_echo_script, &size);
    enough = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(rounds > 0);
    close_books(e);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    totals = shared_memory(sizeof *totals);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(clients_with_names_come_and_go),
        EMBEDDED_CASE(clients_leave_as_they_are_cut),
        EMBEDDED_CASE(clients_are_cut_by_the_stop),
        EMBEDDED_CASE(a_host_uses_descriptors_too),
    };
    return cmocka_run_group_tests_name("10_recycled_descriptors", cases, NULL, NULL);
}
