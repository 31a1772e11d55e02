/* The table of sources: counts that are exact whoever comes and goes, buckets that are forgotten in
 * the order in which they are worth least, and a hash that is the one it is said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "server/source.h"

#define SECOND INT64_C(1000000000)

static const struct bucket_rate no_rate;
static const struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};

/* Source number i. */
static struct netblock block_of(uint32_t i)
{
    struct netblock block = {.bits = 128};
    memcpy(block.first.bytes + 4, &i, sizeof i);
    return block;
}

static enum source_verdict admit(struct source_table *table, uint32_t number, int64_t now_ns,
                                 struct source **source)
{
    struct netblock block = block_of(number);
    *source = NULL;
    return source_table_admit(table, &block, now_ns, source);
}

static void init(struct source_table *table, unsigned connections, unsigned limit,
                 const struct bucket_rate *rate)
{
    assert_int_equal(source_table_init(table, connections, limit, rate, &key), 0);
}

/* The reference output of the paper's authors for the key 00 01 … 0f and the input 00 01 … 0f. */
static void test_hash_is_siphash(void **state)
{
    (void)state;
    unsigned char input[16];
    for (unsigned char i = 0; i < 16; i++)
        input[i] = i;
    assert_int_equal(siphash_16(&key, input), 0x3f2acc7f57c29bdb);
}

static void test_count_is_per_source(void **state)
{
    (void)state;
    struct source_table table;
    struct source *held[4];
    struct source *refused;
    init(&table, 8, 2, &no_rate);
    assert_int_equal(admit(&table, 1, 0, &held[0]), SOURCE_ADMITTED);
    assert_int_equal(admit(&table, 1, 0, &held[1]), SOURCE_ADMITTED);
    assert_int_equal(admit(&table, 1, 0, &refused), SOURCE_FULL);
    assert_null(refused);
    assert_int_equal(admit(&table, 2, 0, &held[2]), SOURCE_ADMITTED);
    source_table_release(&table, held[0]);
    assert_int_equal(admit(&table, 1, 0, &held[0]), SOURCE_ADMITTED);
    assert_int_equal(admit(&table, 1, 0, &refused), SOURCE_FULL);
    assert_int_equal(admit(&table, 2, 0, &held[3]), SOURCE_ADMITTED);
    for (int i = 0; i < 4; i++)
        source_table_release(&table, held[i]);
    source_table_fini(&table);
}

/* Many sources come and go at random in a table that has just enough entries, in chains of any
 * length: at every step each has exactly the connections that it has. */
static void storm(uint32_t chain_mask, const struct bucket_rate *rate, uint32_t sources)
{
    enum { CONNECTIONS = 16, LIMIT = 3, STEPS = 20000 };
    struct source_table table;
    struct source *held[CONNECTIONS] = {0};
    uint32_t whose[CONNECTIONS] = {0};
    struct random_source random = random_source_init("sources");
    init(&table, CONNECTIONS, LIMIT, rate);
    table.chain_mask = chain_mask < table.chain_mask ? chain_mask : table.chain_mask;
    for (int64_t step = 0; step < STEPS; step++) {
        size_t i = random_below(&random, CONNECTIONS);
        uint32_t number = (uint32_t)random_below(&random, sources);
        if (held[i]) {
            source_table_release(&table, held[i]);
            held[i] = NULL;
            continue;
        }
        unsigned has = 0;
        for (size_t j = 0; j < CONNECTIONS; j++)
            has += held[j] && whose[j] == number;
        enum source_verdict verdict = admit(&table, number, step * SECOND, &held[i]);
        assert_int_equal(verdict, has < LIMIT ? SOURCE_ADMITTED : SOURCE_FULL);
        whose[i] = number;
        if (held[i])
            assert_int_equal(held[i]->active, has + 1);
    }
    source_table_fini(&table);
}

static void test_counts_are_exact(void **state)
{
    (void)state;
    storm(UINT32_MAX, &no_rate, 6);
    storm(UINT32_MAX, &no_rate, 1000);
}

static void test_counts_are_exact_where_all_collide(void **state)
{
    (void)state;
    storm(0, &no_rate, 6);
    storm(0, &no_rate, 1000);
    storm(1, &no_rate, 40);
}

/* A flood of sources that were never seen before does not take the entry of one that is active. */
static void test_active_source_is_never_forgotten(void **state)
{
    (void)state;
    struct bucket_rate rate = bucket_rate(1, 3600000, 10);
    struct source_table table;
    struct source *held[2];
    struct source *other;
    init(&table, 4, 2, &rate);
    assert_int_equal(admit(&table, 0, 0, &held[0]), SOURCE_ADMITTED);
    assert_int_equal(admit(&table, 0, 0, &held[1]), SOURCE_ADMITTED);
    for (uint32_t i = 1; i < 3 * SOURCE_RECENT; i++) {
        assert_int_equal(admit(&table, i, i, &other), SOURCE_ADMITTED);
        source_table_release(&table, other);
    }
    assert_int_equal(admit(&table, 0, SECOND, &other), SOURCE_FULL);
    source_table_release(&table, held[0]);
    source_table_release(&table, held[1]);
    source_table_fini(&table);
}

static void test_rate_of_a_source(void **state)
{
    (void)state;
    struct bucket_rate rate = bucket_rate(2, 1000, 3);
    struct source_table table;
    struct source *source;
    init(&table, 8, 0, &rate);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(admit(&table, 1, SECOND, &source), SOURCE_ADMITTED);
        source_table_release(&table, source);
    }
    assert_int_equal(admit(&table, 1, SECOND, &source), SOURCE_TOO_FAST);
    assert_null(source);
    assert_int_equal(admit(&table, 2, SECOND, &source), SOURCE_ADMITTED);
    source_table_release(&table, source);
    /* Whoever is refused has used nothing up. */
    for (int i = 0; i < 1000; i++)
        assert_int_equal(admit(&table, 1, SECOND + SECOND / 2 - 1, &source), SOURCE_TOO_FAST);
    assert_int_equal(admit(&table, 1, SECOND + SECOND / 2, &source), SOURCE_ADMITTED);
    source_table_release(&table, source);
    assert_int_equal(admit(&table, 1, SECOND + SECOND / 2, &source), SOURCE_TOO_FAST);
    source_table_fini(&table);
}

/* A connection that is refused for the count does not use up the rate. */
static void test_count_comes_before_rate(void **state)
{
    (void)state;
    struct bucket_rate rate = bucket_rate(1, 3600000, 2);
    struct source_table table;
    struct source *held;
    struct source *other;
    init(&table, 8, 1, &rate);
    assert_int_equal(admit(&table, 1, 0, &held), SOURCE_ADMITTED);
    for (int i = 0; i < 10; i++)
        assert_int_equal(admit(&table, 1, 0, &other), SOURCE_FULL);
    source_table_release(&table, held);
    assert_int_equal(admit(&table, 1, 0, &held), SOURCE_ADMITTED);
    source_table_release(&table, held);
    assert_int_equal(admit(&table, 1, 0, &other), SOURCE_TOO_FAST);
    source_table_fini(&table);
}

/* The oldest is forgotten first, and whoever asks, though in vain, is not the oldest. */
static void test_oldest_is_forgotten_first(void **state)
{
    (void)state;
    struct bucket_rate rate = bucket_rate(1, 3600000, 1);
    struct source_table table;
    struct source *source;
    init(&table, 1, 0, &rate);
    uint32_t room = SOURCE_RECENT + 1;
    for (uint32_t i = 0; i < room; i++) {
        assert_int_equal(admit(&table, i, 0, &source), SOURCE_ADMITTED);
        source_table_release(&table, source);
    }
    assert_int_equal(admit(&table, 0, 0, &source), SOURCE_TOO_FAST); /* 0 is the newest now */
    for (uint32_t i = room; i < room + 2; i++) {                     /* in the place of 1 and 2 */
        assert_int_equal(admit(&table, i, 0, &source), SOURCE_ADMITTED);
        source_table_release(&table, source);
    }
    assert_int_equal(admit(&table, 0, 0, &source), SOURCE_TOO_FAST);
    assert_int_equal(admit(&table, 3, 0, &source), SOURCE_TOO_FAST);
    assert_int_equal(admit(&table, 1, 0, &source), SOURCE_ADMITTED);
    source_table_release(&table, source);
    source_table_fini(&table);
}

/* The smallest table: one connection, each from another source. */
static void test_one_connection_at_a_time(void **state)
{
    (void)state;
    struct source_table table;
    struct source *source;
    init(&table, 1, 1, &no_rate);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(admit(&table, i / 2, 0, &source), SOURCE_ADMITTED);
        source_table_release(&table, source);
    }
    source_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_siphash),
        cmocka_unit_test(test_count_is_per_source),
        cmocka_unit_test(test_counts_are_exact),
        cmocka_unit_test(test_counts_are_exact_where_all_collide),
        cmocka_unit_test(test_active_source_is_never_forgotten),
        cmocka_unit_test(test_rate_of_a_source),
        cmocka_unit_test(test_count_comes_before_rate),
        cmocka_unit_test(test_oldest_is_forgotten_first),
        cmocka_unit_test(test_one_connection_at_a_time),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
