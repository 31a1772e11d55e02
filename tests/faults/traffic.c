/* traffic - see traffic.h. */
#include "traffic.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

enum { MOST = 64, BLOCK = 1024 };

static int connect_to(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void connect_and_reset(const char *address)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    int fd = connect_to(address);
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* One block there or one block back. Returns false when the server has ended the connection. */
static bool go_on(int fd, short events)
{
    static char block[BLOCK];
    if (events & POLLIN && recv(fd, block, sizeof block, MSG_DONTWAIT) <= 0)
        return false;
    if (events & (POLLERR | POLLHUP))
        return false;
    return send(fd, block, sizeof block, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

static _Noreturn void be_the_traffic(const char *address, size_t count)
{
    struct pollfd clients[MOST];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < count; i++) {
        clients[i] = (struct pollfd){.fd = connect_to(address), .events = POLLIN};
        if (clients[i].fd >= 0)
            go_on(clients[i].fd, 0);
    }
    for (;;) {
        poll(clients, count, 10);
        for (size_t i = 0; i < count; i++)
            if (clients[i].revents != 0 && !go_on(clients[i].fd, clients[i].revents))
                clients[i].fd = -clients[i].fd - 1; /* poll(2) leaves it alone */
        connect_and_reset(address);
    }
}

pid_t traffic_start(const char *address, size_t connections)
{
    assert_true(connections <= MOST);
    pid_t helper = fork();
    assert_true(helper >= 0);
    if (helper == 0)
        be_the_traffic(address, connections);
    return helper;
}

void traffic_stop(pid_t helper)
{
    assert_int_equal(kill(helper, SIGKILL), 0);
    assert_int_equal(waitpid(helper, NULL, 0), helper);
}
