/* tests/race/planted_unguarded.c - reads a guarded field without the lock: must not compile.
 *
 * ci/proofs hands this file to clang -Wthread-safety -Werror and fails if it is accepted: the
 * attributes in src/server/slot_table.h would then guard nothing. Not part of the build. */
#include "server/slot_table.h"

int planted_unguarded(const struct SockInfo *slot);

int planted_unguarded(const struct SockInfo *slot)
{
    return slot->fd;
}
