/* texts_thread.c PORT - echo, a thread for each connection: a peer for ci/bench-peers.
 *
 * Stands for the teaching texts' thread server with a table of slots, mended just enough to run:
 * its slots are given back. Left as they teach it: stacks of the default size, a buffer of 1 KiB, a
 * search through the whole table, no TCP_NODELAY. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "listening.h"

enum { SLOTS = 20000, FREE = -1, BUFFER_SIZE = 1024 };

struct SockInfo {
    atomic_int fd;
    pthread_t thread;
    struct sockaddr_in address;
};

static struct SockInfo infos[SLOTS];

static void *serve(void *argument)
{
    struct SockInfo *info = argument;
    int fd = atomic_load_explicit(&info->fd, memory_order_relaxed);
    char buffer[BUFFER_SIZE];
    ssize_t size;
    while ((size = read(fd, buffer, sizeof buffer)) > 0)
        if (write(fd, buffer, (size_t)size) != size)
            break;
    close(fd);
    atomic_store_explicit(&info->fd, FREE, memory_order_release);
    return NULL;
}

static struct SockInfo *find_free(void)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (atomic_load_explicit(&infos[i].fd, memory_order_acquire) == FREE)
            return &infos[i];
    return NULL;
}

static void accept_one(int listener, struct SockInfo *info)
{
    socklen_t length = sizeof info->address;
    int fd = accept(listener, (struct sockaddr *)&info->address, &length);
    if (fd < 0)
        return;
    atomic_store_explicit(&info->fd, fd, memory_order_relaxed);
    if (pthread_create(&info->thread, NULL, serve, info) != 0) {
        close(fd);
        atomic_store_explicit(&info->fd, FREE, memory_order_relaxed);
        return;
    }
    pthread_detach(info->thread);
}

int main(int argc, char *argv[])
{
    int listener = listen_at(address_of(argc, argv), 0);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SLOTS; i++)
        atomic_init(&infos[i].fd, FREE);
    for (;;) {
        struct SockInfo *info = find_free();
        if (info)
            accept_one(listener, info);
        else
            sleep(1);
    }
}
