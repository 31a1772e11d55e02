/* netns - see netns.h. */
#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"
#include "suite.h"

/* What netdevice(7) calls struct in6_ifreq; the header that has it does not go with <netinet/in.h>.
 */
struct ipv6_request {
    struct in6_addr address;
    uint32_t prefix_length;
    int interface;
};

static bool entered;

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool raised = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    raised = raised && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return raised;
}

bool netns_enter(void)
{
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    entered = true;
    if (!raise_loopback()) {
        perror("netns: cannot bring up lo");
        _exit(2);
    }
    return true;
}

void netns_need(void)
{
    if (!entered)
        suite_skip("needs a network namespace of its own, and with it root (CAP_SYS_ADMIN)");
}

/* The kernel lets an address be used a moment after it was set. */
static void wait_until_usable(const struct in6_addr *address, const char *text)
{
    struct sockaddr_in6 any_port = {.sin6_family = AF_INET6, .sin6_addr = *address};
    int64_t deadline = patience();
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (bind(fd, (struct sockaddr *)&any_port, sizeof any_port) != 0)
        if (!look_again(deadline))
            suite_fail("%s cannot be used: %s", text, strerror(errno));
    close(fd);
}

/* An address that is there already is fine: cases share the namespace. */
void netns_add_ipv6(const char *text)
{
    struct ipv6_request request = {.prefix_length = 128, .interface = (int)if_nametoindex("lo")};
    assert_true(entered);
    assert_int_equal(inet_pton(AF_INET6, text, &request.address), 1);
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        suite_skip("this kernel has no IPv6: %s", strerror(errno));
    int set = ioctl(fd, SIOCSIFADDR, &request);
    int error = errno;
    close(fd);
    if (set != 0 && error != EEXIST)
        suite_skip("lo cannot have an IPv6 address: %s", strerror(error));
    wait_until_usable(&request.address, text);
}
