/* pipes - see pipes.h. */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "patience.h"
#include "process_log.h"
#include "suite.h"

struct pipes pipes_make(struct process *p, int flags)
{
    int in[2];
    int out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(fcntl(in[0], F_SETFL, flags), 0);
    assert_int_equal(fcntl(out[1], F_SETFL, flags), 0);
    assert_int_equal(fcntl(in[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(out[0], F_SETFL, O_NONBLOCK), 0);
    p->stdin_fd = in[0];
    p->stdout_fd = out[1];
    return (struct pipes){.request = in[1], .reply = out[0]};
}

void pipes_hand_over(struct process *p)
{
    close(p->stdin_fd);
    close(p->stdout_fd);
}

/* Writes what the pipe takes of the request. Returns how much of it has gone now. */
static uint64_t send_some(int fd, const struct pattern *request, uint64_t sent)
{
    size_t offset = (size_t)(sent % request->size);
    size_t size = request->size - offset;
    if (size > request->total - sent)
        size = (size_t)(request->total - sent);
    ssize_t count = write(fd, request->data + offset, size);
    if (count < 0 && errno != EAGAIN)
        suite_fail("cannot write to the program: %s", strerror(errno));
    return sent + (count > 0 ? (uint64_t)count : 0);
}

/* Fails unless the next size bytes of the reply are these. */
static void compare(const struct pattern *reply, uint64_t received, const unsigned char *data,
                    size_t size)
{
    if (size > reply->total - received)
        suite_fail("more than the %ju bytes of the answer", (uintmax_t)reply->total);
    for (size_t i = 0; i < size; i++)
        if (data[i] != reply->data[(received + i) % reply->size])
            suite_fail("byte %ju of the answer is wrong: %d", (uintmax_t)(received + i), data[i]);
}

void pipes_converse(struct pipes pipes, const struct pattern *request, const struct pattern *reply)
{
    static unsigned char buf[65536];
    int64_t deadline = patience();
    uint64_t sent = 0;
    uint64_t received = 0;
    for (ssize_t count = 1; count != 0;) {
        if (sent == request->total && pipes.request >= 0) {
            close(pipes.request);
            pipes.request = -1;
        }
        struct pollfd fds[2] = {{.fd = pipes.reply, .events = POLLIN},
                                {.fd = pipes.request, .events = POLLOUT}};
        if (poll(fds, 2, time_left(deadline)) <= 0)
            suite_fail("the program stands still: %ju of %ju bytes sent, %ju of %ju received",
                       (uintmax_t)sent, (uintmax_t)request->total, (uintmax_t)received,
                       (uintmax_t)reply->total);
        if (fds[1].revents != 0)
            sent = send_some(pipes.request, request, sent);
        count = read(pipes.reply, buf, sizeof buf);
        if (count > 0) {
            compare(reply, received, buf, (size_t)count);
            received += (uint64_t)count;
            deadline = patience();
        }
    }
    close(pipes.reply);
    if (received != reply->total || sent != request->total)
        suite_fail("%ju of %ju bytes sent, %ju of %ju received", (uintmax_t)sent,
                   (uintmax_t)request->total, (uintmax_t)received, (uintmax_t)reply->total);
}

void pipes_expect_end(struct process *p, int status, const char *message)
{
    p->expect_exit = status;
    assert_int_equal(process_wait_exit(p), status);
    const char *text = process_log_text(p);
    if (message[0] == '\0' ? strstr(text, "thrd: ") != NULL : strstr(text, message) == NULL)
        suite_fail("stderr should say \"%s\", and says: %s", message, text);
}

void pipes_expect_text(int fd, const char *text)
{
    int64_t deadline = patience();
    for (size_t length = strlen(text), got = 0; got < length;) {
        char buf[256];
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, time_left(deadline)) <= 0)
            suite_fail("no answer; expected %s", text + got);
        ssize_t count = read(fd, buf, length - got < sizeof buf ? length - got : sizeof buf);
        assert_true(count > 0);
        assert_memory_equal(buf, text + got, (size_t)count);
        got += (size_t)count;
    }
}

void pipes_send_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}
