/* libevent.c PORT - echo with libevent's bufferevents: a peer for ci/bench-peers.
 *
 * Stands for servers on that library, and does it as the echo server in its own book does. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>

#include "listening.h"

static void on_input(struct bufferevent *connection, void *user)
{
    (void)user;
    evbuffer_add_buffer(bufferevent_get_output(connection), bufferevent_get_input(connection));
}

static void on_event(struct bufferevent *connection, short what, void *user)
{
    (void)user;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(connection);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int length, void *user)
{
    (void)address;
    (void)length;
    (void)user;
    struct bufferevent *connection =
        bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(connection, on_input, NULL, on_event, NULL);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int main(int argc, char *argv[])
{
    struct sockaddr_in address = address_of(argc, argv);
    struct event_base *base = event_base_new();
    signal(SIGPIPE, SIG_IGN);
    if (!evconnlistener_new_bind(base, on_connection, NULL,
                                 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, BACKLOG,
                                 (struct sockaddr *)&address, sizeof address)) {
        perror("cannot listen");
        return 1;
    }
    return event_base_dispatch(base);
}
