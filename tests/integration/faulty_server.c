/* faulty_server.c - an echo server with a fault that a measurement has to find.
 *
 *     faulty_server PORT FAULT
 *
 * FAULT is none, delay (each reply comes 2 ms late), stall (nobody is served for 200 ms in each
 * second), flip (one bit of one byte in every 100,000 is wrong), close (the connection is closed
 * after 50 replies), early (the connection is closed in the middle of a reply), die (the process
 * ends after 200 replies) or slow (each reply costs 50 us of CPU). One thread, poll(2); what it
 * does to one client it does to all. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 256, BUFFER = 65536 };

static const char *fault;
static struct pollfd polled[CLIENTS + 1]; /* the first is the listener */
static unsigned replies[CLIENTS + 1];
static nfds_t count = 1;
static uint64_t bytes;
static uint64_t replies_in_all;

static bool is(const char *name)
{
    return strcmp(fault, name) == 0;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
    return now_us() / 1000;
}

static void work_us(int64_t us)
{
    int64_t end_us = now_us() + us;
    while (now_us() < end_us)
        ;
}

static void rest_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static int die(const char *what)
{
    perror(what);
    return 1;
}

static int listen_on(const char *port)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0)
        return -1;
    return fd;
}

static void take(void)
{
    int on = 1;
    int fd = accept4(polled[0].fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    replies[count] = 0;
    polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void drop(nfds_t i)
{
    close(polled[i].fd);
    polled[i] = polled[--count];
    replies[i] = replies[count];
}

/* The 100,000th byte, the 200,000th … */
static void flip(unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (++bytes % 100000 == 0)
            data[i] ^= 1;
}

static bool answer(nfds_t i)
{
    static unsigned char data[BUFFER];
    ssize_t size = recv(polled[i].fd, data, sizeof data, 0);
    if (size <= 0)
        return false;
    if (is("flip"))
        flip(data, (size_t)size);
    if (is("delay"))
        rest_ms(2);
    if (is("slow"))
        work_us(50);
    if (is("early") && size > 1 && ++replies[i] == 20)
        size /= 2;
    if (send(polled[i].fd, data, (size_t)size, MSG_NOSIGNAL) != size)
        return false;
    if (is("die") && ++replies_in_all == 200)
        exit(7);
    if (is("early"))
        return replies[i] < 20;
    return !(is("close") && ++replies[i] == 50);
}

static void serve_once(void)
{
    if (poll(polled, count, -1) < 0)
        return;
    for (nfds_t i = count; i-- > 1;)
        if (polled[i].revents != 0 && !answer(i))
            drop(i);
    if (polled[0].revents != 0 && count <= CLIENTS)
        take();
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s PORT FAULT\n", argv[0]);
        return 2;
    }
    fault = argv[2];
    polled[0] = (struct pollfd){.fd = listen_on(argv[1]), .events = POLLIN};
    if (polled[0].fd < 0)
        return die("listen");
    for (int64_t next_stall_ms = now_ms() + 300;;) {
        serve_once();
        if (is("stall") && now_ms() >= next_stall_ms) {
            rest_ms(200);
            next_stall_ms += 1000;
        }
    }
}
