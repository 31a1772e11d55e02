/* filter.h - a handler without sockets, run between two descriptors: bytes in, bytes out.
 *
 * What it does: the loop over <thrdsrv/handler.h>'s contract that the server's adapter
 * (src/server/conn_handler.c) is for connections. Input is answered as soon as it is there, however
 * little it is, so that somebody at a terminal can talk to a handler.
 * What it does not do: it prints nothing, opens and closes nothing, has no timeouts, and changes
 * neither signals nor the modes of the descriptors, which other processes may share.
 * Called by run_command.c; any thread, blocks. */
#ifndef THRD_CLI_FILTER_H
#define THRD_CLI_FILTER_H

#include <stdint.h>

#include <thrdsrv/handler.h>

enum filter_end {
    FILTER_COMPLETE = 0, /* the service is complete, and all its output written */
    FILTER_REFUSED,      /* the handler refused the input; what it said to that is written */
    FILTER_CANNOT_READ,  /* read(2) failed, see errno */
    FILTER_CANNOT_WRITE, /* write(2) failed, see errno; some output is lost */
    FILTER_BROKEN,       /* the handler breaks its contract, and would go on for ever */
};

/* Runs the handler, whose session_size is at most THRDSRV_SESSION_MAX, from its start to its end or
 * to the end of the input. *consumed becomes the number of bytes of the input that it has taken.
 * Descriptors may be files, pipes, terminals, sockets; non-blocking ones are waited for. */
enum filter_end filter_run(const struct thrdsrv_handler *handler, int in, int out,
                           uintmax_t *consumed);

#endif
