/* source.c - see source.h. */
#include "server/source.h"

#include <string.h>
#include <sys/mman.h>

#include <thrdsrv/error.h>

#include "server/invariant.h"

/* As many chains as entries or more, so that a chain has one entry in the mean. */
static uint32_t chain_count(uint32_t entries)
{
    uint32_t chains = 1;
    while (chains < entries)
        chains *= 2;
    return chains;
}

int source_table_init(struct source_table *table, unsigned connections, unsigned limit,
                      const struct bucket_rate *rate, const struct siphash_key *key)
{
    uint32_t count = 1 + connections + (bucket_is_limited(rate) ? SOURCE_RECENT : 0);
    uint32_t chains = chain_count(count);
    size_t bytes = count * sizeof *table->sources + chains * sizeof *table->chains;
    /* Pages of its own, see source_table_keep_from_children(); had only when touched. */
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return THRDSRV_E_MEMORY;
    *table = (struct source_table){
        .sources = memory,
        .bytes = bytes,
        .count = count,
        .used = 1,
        .chain_mask = chains - 1,
        .key = *key,
        .limit = limit,
        .rate = *rate,
    };
    table->chains = (uint32_t *)(void *)(table->sources + count);
    return 0;
}

void source_table_fini(struct source_table *table)
{
    if (table->sources)
        munmap(table->sources, table->bytes);
}

void source_table_keep_from_children(struct source_table *table)
{
    if (table->sources)
        madvise(table->sources, table->bytes, MADV_DONTFORK);
}

static uint32_t *chain_of(struct source_table *table, const struct netblock_address *block)
{
    return &table->chains[siphash_16(&table->key, block->bytes) & table->chain_mask];
}

/* ---- Those idle: the one that was asked for last is the newest ----------------------------- */

static void idle_append(struct source_table *table, uint32_t number)
{
    struct source *source = &table->sources[number];
    source->newer = 0;
    source->older = table->newest;
    if (table->newest)
        table->sources[table->newest].newer = number;
    else
        table->oldest = number;
    table->newest = number;
}

static void idle_remove(struct source_table *table, uint32_t number)
{
    const struct source *source = &table->sources[number];
    if (source->older)
        table->sources[source->older].newer = source->newer;
    else
        table->oldest = source->newer;
    if (source->newer)
        table->sources[source->newer].older = source->older;
    else
        table->newest = source->older;
}

/* ---- Entries ------------------------------------------------------------------------------- */

static uint32_t find(const struct source_table *table, uint32_t first,
                     const struct netblock_address *block)
{
    uint32_t number = first;
    while (number && memcmp(&table->sources[number].block, block, sizeof *block) != 0)
        number = table->sources[number].next_in_chain;
    return number;
}

static void leave_chain(struct source_table *table, uint32_t number)
{
    uint32_t *link = chain_of(table, &table->sources[number].block);
    while (*link != number)
        link = &table->sources[*link].next_in_chain;
    *link = table->sources[number].next_in_chain;
}

/* An entry for a source that has none; it stands among those idle. */
static uint32_t add(struct source_table *table, uint32_t *chain,
                    const struct netblock_address *block)
{
    uint32_t number = table->used < table->count ? table->used++ : table->oldest;
    INVARIANT(number != 0);
    struct source *source = &table->sources[number];
    if (number == table->oldest) {
        idle_remove(table, number);
        leave_chain(table, number);
    }
    *source = (struct source){.block = *block, .next_in_chain = *chain};
    *chain = number;
    idle_append(table, number);
    return number;
}

/* Whoever asks is remembered longest, also if it is refused. */
static void make_newest(struct source_table *table, uint32_t number)
{
    idle_remove(table, number);
    idle_append(table, number);
}

enum source_verdict source_table_admit(struct source_table *table, const struct netblock *block,
                                       int64_t now_ns, struct source **result)
{
    uint32_t *chain = chain_of(table, &block->first);
    uint32_t number = find(table, *chain, &block->first);
    if (!number)
        number = add(table, chain, &block->first);
    struct source *source = &table->sources[number];
    if (source->active == 0)
        make_newest(table, number);
    if (table->limit > 0 && source->active >= table->limit)
        return SOURCE_FULL;
    if (!bucket_take(&table->rate, &source->full_at_ns, now_ns))
        return SOURCE_TOO_FAST;
    if (source->active++ == 0)
        idle_remove(table, number);
    *result = source;
    return SOURCE_ADMITTED;
}

void source_table_release(struct source_table *table, struct source *source)
{
    INVARIANT(source->active > 0);
    if (--source->active == 0)
        idle_append(table, (uint32_t)(source - table->sources));
}
