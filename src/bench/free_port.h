/* free_port.h - a port for a server that is about to be started. Any thread; does not block. */
#ifndef BENCH_FREE_PORT_H
#define BENCH_FREE_PORT_H

#include <netinet/in.h>

/* A TCP port on which nobody listens now and no connection is left, on any local address. Nothing
 * keeps it free. 0, with errno, where there is none. */
in_port_t free_port(void);

#endif
