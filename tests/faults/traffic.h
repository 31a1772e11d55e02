/* traffic - clients of an echo server that never rest, in a process of their own, while the test
 * does something else. */
#ifndef FAULTS_TRAFFIC_H
#define FAULTS_TRAFFIC_H

#include <stddef.h>
#include <sys/types.h>

/* Starts it: so many connections, each sends 1 KiB, hears it, sends again; and one after another
 * that says nothing and is reset. What it hears is not looked at, and whoever is cut stays away.
 * The helper dies with the test program. */
pid_t traffic_start(const char *address, size_t connections);

/* Ends it. */
void traffic_stop(pid_t helper);

#endif
