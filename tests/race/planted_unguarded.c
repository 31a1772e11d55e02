/* tests/race/planted_unguarded.c - reads a field without the lock, and one that is the accept
 * loop's: must not compile.
 *
 * ci/proofs hands this file to clang -Wthread-safety -Werror and fails if it is accepted: the
 * attributes in src/server/slot_table.h would then guard nothing. Not part of the build. */
#include "server/server.h"

int planted_unguarded(const struct SockInfo *slot);
int planted_out_of_the_loop(const struct thrdsrv_server *server);

int planted_unguarded(const struct SockInfo *slot)
{
    return slot->fd;
}

int planted_out_of_the_loop(const struct thrdsrv_server *server)
{
    return server->failed_errno;
}
