/* age.c - what a worker costs before it does anything: the time from accept(2) to the first
 * instruction of the handler, as a decimal number of nanoseconds and a line end; then the end.
 *
 *     $ nc localhost 43211
 *     41870
 *
 * A client cannot measure this from outside; `thrd bench` asks this handler. */
#include "cli/age.h"

#include <stdint.h>

int age_serve(struct thrdsrv_conn *conn, void *user)
{
    int64_t age_ns = thrdsrv_conn_age_ns(conn);
    (void)user;
    return thrdsrv_conn_printf(conn, "%jd\n", (intmax_t)age_ns);
}
