/* spare_sockets.c - see spare_sockets.h. */
#include "client/spare_sockets.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/dial.h"

bool spare_sockets_retire(struct load_thread *thread, struct load_connection *connection)
{
    int fd = connection->fd;
    /* Where the server's end has come already, nothing more would be told of this socket. */
    if (thread->retired + thread->spares >= thread->spares_max || connection->has_ended ||
        !connection->is_watched || connection->is_out_watched)
        return false;
    if (shutdown(fd, SHUT_WR) < 0)
        return false;
    thread->descriptors[fd] = (struct load_descriptor){
        .use = DESCRIPTOR_RETIRED,
        .number = connection->number,
        .exchange = connection->answered - 1,
    };
    thread->retired++;
    return true;
}

static void let_go(struct load_thread *thread, int fd)
{
    if (thread->descriptors[fd].use == DESCRIPTOR_RETIRED)
        thread->retired--;
    thread->descriptors[fd] = (struct load_descriptor){.use = DESCRIPTOR_OTHER};
    close(fd);
}

static void tell_extra_byte(struct load_thread *thread, int fd)
{
    const struct load_descriptor *descriptor = &thread->descriptors[fd];
    char text[200];
    snprintf(text, sizeof text,
             "connection %u, exchange %ju, byte %zu: 0x%02x where the reply should have ended",
             descriptor->number, (uintmax_t)descriptor->exchange, thread->plan->payload.reply_size,
             thread->buffer[0]);
    load_control_tell_failures(thread->control, LOAD_WRONG_BYTE, 1, true, text);
}

void spare_sockets_event(struct load_thread *thread, int fd)
{
    if (thread->descriptors[fd].use != DESCRIPTOR_RETIRED)
        return;
    ssize_t received = recv(fd, thread->buffer, 1, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (received == 0) {
        thread->descriptors[fd].use = DESCRIPTOR_SPARE;
        thread->retired--;
        thread->spare[thread->spares++] = fd;
        return;
    }
    /* A reset that comes now is nobody's business: the exchange was complete. */
    if (received > 0)
        tell_extra_byte(thread, fd);
    let_go(thread, fd);
}

int spare_sockets_take(struct load_thread *thread)
{
    while (thread->spares > 0) {
        int fd = thread->spare[--thread->spares];
        if (dial_again(&thread->plan->dial, fd, thread->turn) == 0) {
            thread->turn++;
            return fd;
        }
        let_go(thread, fd);
    }
    return -1;
}

void spare_sockets_close_all(struct load_thread *thread)
{
    for (size_t fd = 0; fd < thread->descriptor_count; fd++) {
        if (thread->descriptors[fd].use != DESCRIPTOR_OTHER)
            let_go(thread, (int)fd);
    }
    thread->spares = 0;
}
