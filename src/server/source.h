/* source.h - who has how many connections, and who came how often lately.
 *
 * A source is a network (netblock.h) whose addresses count as one. It has an entry here from its
 * first connection on, and keeps it at least as long as it has connections: the entry is then
 * needed, and its count is exact. Entries that are not needed stay in the order in which they were
 * last asked for, and a new source takes the oldest of them when there is no unused one; what a
 * source that stayed away longest had used up of its rate is thereby forgotten. As each connection
 * has a slot, and the table has more entries than there are slots, there always is one.
 *
 * All memory is taken at the start, and each function takes the same time whoever comes: the place
 * of a source depends on a secret key (siphash.h), so that nobody can choose addresses that fall
 * on each other.
 *
 * No lock and no clock: the slot table calls it under its own lock. */
#ifndef SERVER_SOURCE_H
#define SERVER_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "server/bucket.h"
#include "server/netblock.h"
#include "server/siphash.h"

/* Sources without a connection that are remembered for their rate, at least so many: a source that
 * has used up its burst is forgotten before its time only when so many others came after it. */
#define SOURCE_RECENT 16384u

struct source {
    struct netblock_address block;
    int64_t full_at_ns;     /* its bucket, see bucket.h */
    uint32_t active;        /* its connections; 0: the entry stands in the list of those idle */
    uint32_t next_in_chain; /* numbers of entries; 0: none */
    uint32_t older;
    uint32_t newer;
};

struct source_table {
    struct source *sources; /* number 0 is none */
    uint32_t *chains;       /* the first of each; at the end of the same mapping */
    size_t bytes;           /* of the mapping */
    uint32_t count;         /* of entries, number 0 included */
    uint32_t used;          /* entries from here on have never been used */
    uint32_t chain_mask;    /* a power of two less 1 */
    uint32_t oldest;        /* those idle */
    uint32_t newest;
    struct siphash_key key;
    unsigned limit;          /* connections at once; 0: no limit */
    struct bucket_rate rate; /* new connections */
};

/* Room for the sources of so many connections at once, and for recent ones where there is a rate.
 * Returns 0 or THRDSRV_E_MEMORY. */
int source_table_init(struct source_table *table, unsigned connections, unsigned limit,
                      const struct bucket_rate *rate, const struct siphash_key *key);

/* One that is all zero is fine, too. */
void source_table_fini(struct source_table *table);

/* Children that are forked from here on do not get it. */
void source_table_keep_from_children(struct source_table *table);

enum source_verdict {
    SOURCE_ADMITTED,
    SOURCE_FULL,     /* it has as many connections as it may */
    SOURCE_TOO_FAST, /* its bucket is empty */
};

/* One more connection of a source. Where it is admitted *source is its entry, to be given back with
 * source_table_release(). */
enum source_verdict source_table_admit(struct source_table *table, const struct netblock *block,
                                       int64_t now_ns, struct source **source);

/* A connection of it has ended. */
void source_table_release(struct source_table *table, struct source *source);

#endif
