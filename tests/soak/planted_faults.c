/* planted_faults.c - a library for LD_PRELOAD that puts a fault into a server that has none, so
 * that a soak run can be seen to find it.
 *
 *     PLANTED_FAULT=NAME LD_PRELOAD=this thrd …
 *
 * NAME is fd (a descriptor is lost in 50 connections), memory (16 KiB in each), thread (a thread in
 * 50), zombie (a child in 20 is not reaped), foreign (a client gets 16 bytes of another one), lost
 * (a byte that was to be sent is not) or death (the server ends at its 100th connection). */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A line begins with its client's number, see tag.h. */
enum { LINE = 16, CLIENT = 7, SENDS = 100 };

/* Children see it too. */
struct shared {
    atomic_uint sends;
    atomic_uint saved; /* whether line holds one */
    unsigned char line[LINE];
};

static struct shared *shared;
static const char *fault;
static unsigned connections;
static unsigned reaped;

/* Under names of their own, because the headers' declarations are not all plain C. */
#define STANDS_FOR(name) __asm__(name) __attribute__((visibility("default")))
int planted_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
    STANDS_FOR("accept4");
ssize_t planted_send(int fd, const void *data, size_t size, int flags) STANDS_FOR("send");
/* The server calls waitid(2) by its number, for the usage. */
long planted_syscall(long number, long a, long b, long c, long d, long e, long f)
    STANDS_FOR("syscall");

__attribute__((constructor)) static void set_up(void)
{
    fault = getenv("PLANTED_FAULT");
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fault == NULL || shared == MAP_FAILED)
        abort();
}

static bool is(const char *name)
{
    return strcmp(fault, name) == 0;
}

/* The function of the C library that ours stands before. */
static void *original(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

static void *stay(void *arg)
{
    pause();
    return arg;
}

static void go_wrong_at_accept(void)
{
    pthread_t thread;
    connections++;
    if (is("fd") && connections % 50 == 0 && dup(STDOUT_FILENO) < 0)
        abort();
    if (is("memory")) {
        void *volatile lost = malloc(16384);
        memset(lost, 1, 16384);
    }
    if (is("thread") && connections % 50 == 0 && pthread_create(&thread, NULL, stay, NULL) != 0)
        abort();
    if (is("death") && connections == 100)
        _exit(0);
}

int planted_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    int (*real)(int, struct sockaddr *, socklen_t *, int);
    *(void **)&real = original("accept4");
    int accepted = real(fd, address, size, flags);
    if (accepted >= 0)
        go_wrong_at_accept();
    return accepted;
}

/* Keeps a line of one client, and lays it into what another one gets. */
static void mix_up(unsigned char *data)
{
    unsigned number = atomic_fetch_add(&shared->sends, 1);
    if (data[LINE - 1] != '\n')
        return;
    if (number % SENDS == 1) {
        memcpy(shared->line, data, LINE);
        atomic_store(&shared->saved, 1);
    } else if (number % SENDS > SENDS / 2 && memcmp(shared->line, data, CLIENT) != 0 &&
               atomic_exchange(&shared->saved, 0) == 1) {
        memcpy(data, shared->line, LINE);
    }
}

ssize_t planted_send(int fd, const void *data, size_t size, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int);
    unsigned char *copy;
    *(void **)&real = original("send");
    if (is("lost") && size > 1 && atomic_fetch_add(&shared->sends, 1) % SENDS == 0)
        return real(fd, data, size - 1, flags) == (ssize_t)size - 1 ? (ssize_t)size : -1;
    if (!is("foreign") || size < LINE || (copy = malloc(size)) == NULL)
        return real(fd, data, size, flags);
    memcpy(copy, data, size);
    mix_up(copy);
    ssize_t sent = real(fd, copy, size, flags);
    free(copy);
    return sent;
}

long planted_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    long (*real)(long, long, long, long, long, long, long);
    *(void **)&real = original("syscall");
    if (number == SYS_waitid && is("zombie") && ++reaped % 20 == 0)
        d |= WNOWAIT;
    return real(number, a, b, c, d, e, f);
}
