/* netns - a network of the test program's own, with nothing but a loopback interface: where it can
 * have any address, and what it leaves in the kernel's tables hinders nobody. */
#ifndef SUPPORT_NETNS_H
#define SUPPORT_NETNS_H

#include <stdbool.h>

/* Enters one, for the rest of the program and whatever it starts. False where that is not
 * permitted: all stays as it was then. */
bool netns_enter(void);

/* Whether it has been entered; ends the case as skipped otherwise, and says why. */
void netns_need(void);

/* Gives the loopback interface one more address, "fd00::1", for this machine alone. */
void netns_add_ipv6(const char *text);

#endif
