/* regulars.c - see regulars.h. */
#include "regulars.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "suite.h"

struct regulars_counts {
    atomic_bool stop;
    bool until_refused;
    atomic_ulong made;
    atomic_ulong refused;
    atomic_ulong reset;
    atomic_ulong wrong;
};

enum { EXCHANGE = 64 };

/* Returns whether all of it went and came back, followed by the end; errno 0: it did not. */
static bool converse(int fd, const char *text)
{
    char reply[EXCHANGE + 1];
    ssize_t n, got = 0;
    errno = 0;
    if (send(fd, text, EXCHANGE, MSG_NOSIGNAL) != EXCHANGE || shutdown(fd, SHUT_WR) < 0)
        return false;
    while ((n = recv(fd, reply + got, sizeof reply - (size_t)got, 0)) > 0)
        got += n;
    return n == 0 && got == EXCHANGE && memcmp(reply, text, EXCHANGE) == 0;
}

static bool is_refusal(int error)
{
    return error == ECONNREFUSED || error == ENOENT;
}

static void count_failure(struct regulars_counts *counts, int error)
{
    atomic_fetch_add(is_refusal(error)                       ? &counts->refused
                     : error == ECONNRESET || error == EPIPE ? &counts->reset
                                                             : &counts->wrong,
                     1);
}

/* Returns 0 or the errno of connect(2). */
static int visit(struct regulars_counts *counts, const char *address, unsigned long number)
{
    char text[EXCHANGE + 1];
    snprintf(text, sizeof text, "%062lu\r\n", number * 1000003 + (unsigned long)getpid());
    int fd = client_begin(address, 0);
    int error = fd < 0 ? -fd : client_begun(fd);
    if (error != 0)
        count_failure(counts, error);
    else if (fcntl(fd, F_SETFL, 0) == 0 && !converse(fd, text))
        count_failure(counts, errno);
    if (fd >= 0)
        client_close(fd);
    atomic_fetch_add(&counts->made, 1);
    return error;
}

static _Noreturn void be_regular(struct regulars_counts *counts, const char *address)
{
    int error = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned long i = 0; !atomic_load(&counts->stop); i++) {
        error = visit(counts, address, i);
        if (counts->until_refused && is_refusal(error))
            break;
    }
    _exit(0);
}

struct regulars regulars_start(const char *address, bool until_refused)
{
    struct regulars regulars;
    struct regulars_counts *counts =
        mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(counts, MAP_FAILED);
    counts->until_refused = until_refused;
    regulars.counts = counts;
    for (int i = 0; i < REGULARS; i++) {
        regulars.pids[i] = fork();
        if (regulars.pids[i] == 0)
            be_regular(counts, address);
        assert_true(regulars.pids[i] > 0);
    }
    return regulars;
}

static void wait_for(const atomic_ulong *count, unsigned long until)
{
    int64_t deadline = patience();
    while (atomic_load(count) < until)
        if (!look_again(deadline))
            suite_fail("the clients do not go on: %lu of %lu", atomic_load(count), until);
}

void regulars_wait_made(const struct regulars *regulars, unsigned long more)
{
    wait_for(&regulars->counts->made, atomic_load(&regulars->counts->made) + more);
}

void regulars_wait_refused(const struct regulars *regulars)
{
    wait_for(&regulars->counts->refused, REGULARS);
}

struct regulars_result regulars_stop(struct regulars *regulars)
{
    int status;
    struct regulars_counts *counts = regulars->counts;
    atomic_store(&counts->stop, true);
    for (int i = 0; i < REGULARS; i++) {
        assert_int_equal(waitpid(regulars->pids[i], &status, 0), regulars->pids[i]);
        assert_int_equal(status, 0);
    }
    struct regulars_result result = {
        .made = atomic_load(&counts->made),
        .refused = atomic_load(&counts->refused),
        .reset = atomic_load(&counts->reset),
        .wrong = atomic_load(&counts->wrong),
    };
    munmap(counts, sizeof *counts);
    print_message("%lu connections, %lu refused, %lu reset, %lu incomplete\n", result.made,
                  result.refused, result.reset, result.wrong);
    return result;
}
