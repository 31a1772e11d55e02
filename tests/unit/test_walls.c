/* test_walls.c - cli/limits.c: which limit is run into first, at how many connections, and what it
 * would have to be; from readings that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cli/limits.h"

#define STACK_SIZE ((size_t)256 * 1024)
#define MEMORY     INT64_C(50000) /* bytes a connection */

/* A machine on which everything is left for a hundred thousand connections and more. */
static struct limits generous(void)
{
    struct limits limits = {.cgroup_tasks_file = ""};
    for (enum limit limit = 0; limit < LIMITS; limit++)
        limits.of[limit] = (struct limits_reading){INT64_C(1) << 50, 0};
    return limits;
}

static struct limits_cost cost_in(enum thrdsrv_mode mode)
{
    struct limits_cost cost = limits_cost(mode, STACK_SIZE, false);
    cost.of[LIMIT_MEMORY] = cost.of[LIMIT_CGROUP_MEMORY] = MEMORY;
    return cost;
}

static struct limits_wall first_wall(const struct limits *limits, enum thrdsrv_mode mode)
{
    struct limits_wall walls[LIMITS];
    struct limits_cost cost = cost_in(mode);
    assert_true(limits_walls(limits, &cost, walls) > 0);
    return walls[0];
}

struct row {
    enum limit limit;
    enum thrdsrv_mode mode;
    struct limits_reading reading;
    int64_t connections;
};

static void each_limit_is_the_first_once(void **state)
{
    static const struct row rows[] = {
        {LIMIT_SLOTS, THRDSRV_MODE_THREAD, {1000, 0}, 1000},
        {LIMIT_PROCESS_FILES, THRDSRV_MODE_THREAD, {1024, 7}, 1017},
        {LIMIT_PROCESS_FILES, THRDSRV_MODE_FORK, {1024, 7}, 1017},
        {LIMIT_NR_OPEN, THRDSRV_MODE_FORK, {64, 7}, 57},
        {LIMIT_SYSTEM_FILES, THRDSRV_MODE_THREAD, {10000, 4000}, 6000},
        {LIMIT_SYSTEM_FILES, THRDSRV_MODE_FORK, {10000, 4000}, 3000},
        {LIMIT_USER_TASKS, THRDSRV_MODE_THREAD, {12, 1}, 11},
        {LIMIT_CGROUP_TASKS, THRDSRV_MODE_FORK, {100, 40}, 60},
        {LIMIT_PIDS, THRDSRV_MODE_THREAD, {32768, 400}, 32368},
        {LIMIT_SYSTEM_TASKS, THRDSRV_MODE_FORK, {5000, 4999}, 1},
        {LIMIT_MAPS, THRDSRV_MODE_THREAD, {65530, 30}, 32750},
        {LIMIT_ADDRESS_SPACE, THRDSRV_MODE_THREAD, {266240 * 10 + 5, 0}, 10},
        {LIMIT_MEMORY, THRDSRV_MODE_FORK, {MEMORY * 77, 0}, 77},
        {LIMIT_CGROUP_MEMORY, THRDSRV_MODE_THREAD, {MEMORY * 90, MEMORY * 10}, 80},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct limits limits = generous();
        limits.of[rows[i].limit] = rows[i].reading;
        struct limits_wall wall = first_wall(&limits, rows[i].mode);
        if (wall.limit != rows[i].limit || wall.connections != rows[i].connections)
            fail_msg("row %zu: %s at %jd instead of %s at %jd", i, limits_name(wall.limit),
                     (intmax_t)wall.connections, limits_name(rows[i].limit),
                     (intmax_t)rows[i].connections);
    }
}

static void the_order_is_that_of_connections(void **state)
{
    struct limits limits = generous();
    struct limits_wall walls[LIMITS];
    struct limits_cost cost = cost_in(THRDSRV_MODE_THREAD);
    (void)state;
    limits.of[LIMIT_MAPS].max = 800; /* 400 */
    limits.of[LIMIT_USER_TASKS].max = 300;
    limits.of[LIMIT_PROCESS_FILES].max = 500;
    size_t count = limits_walls(&limits, &cost, walls);
    assert_int_equal(count, LIMITS);
    assert_int_equal(walls[0].limit, LIMIT_USER_TASKS);
    assert_int_equal(walls[1].limit, LIMIT_MAPS);
    assert_int_equal(walls[1].connections, 400);
    assert_int_equal(walls[2].limit, LIMIT_PROCESS_FILES);
    for (size_t i = 1; i < count; i++)
        assert_true(walls[i - 1].connections <= walls[i].connections);
}

static void what_is_unlimited_or_unknown_is_no_wall(void **state)
{
    struct limits_wall walls[LIMITS];
    struct limits_cost cost = cost_in(THRDSRV_MODE_THREAD);
    struct limits limits = generous();
    (void)state;
    for (enum limit limit = 0; limit < LIMITS; limit++)
        limits.of[limit].max = limit % 2 == 0 ? LIMITS_NONE : LIMITS_UNKNOWN;
    assert_int_equal(limits_walls(&limits, &cost, walls), 0);
    limits.of[LIMIT_SLOTS] = (struct limits_reading){1000000, LIMITS_UNKNOWN};
    assert_int_equal(limits_walls(&limits, &cost, walls), 1);
    assert_int_equal(walls[0].connections, 1000000);
}

/* More may be in use than a limit that was lowered allows. */
static void nothing_left_is_no_connection(void **state)
{
    struct limits limits = generous();
    (void)state;
    limits.of[LIMIT_CGROUP_TASKS] = (struct limits_reading){10, 25};
    assert_int_equal(first_wall(&limits, THRDSRV_MODE_FORK).connections, 0);
}

static void modes_take_different_things(void **state)
{
    struct limits_wall walls[LIMITS];
    struct limits limits = generous();
    (void)state;
    limits.of[LIMIT_MAPS].max = limits.of[LIMIT_ADDRESS_SPACE].max = 0;
    assert_int_not_equal(first_wall(&limits, THRDSRV_MODE_FORK).connections, 0);
    limits.of[LIMIT_USER_TASKS].max = limits.of[LIMIT_SYSTEM_TASKS].max = 0;
    struct limits_cost cost = limits_cost(THRDSRV_MODE_INLINE, STACK_SIZE, false);
    limits_walls(&limits, &cost, walls);
    assert_int_not_equal(walls[0].connections, 0);
}

static void needed_is_what_makes_it_reachable(void **state)
{
    (void)state;
    for (enum limit limit = 0; limit < LIMITS; limit++) {
        struct limits limits = generous();
        struct limits_cost cost = cost_in(THRDSRV_MODE_THREAD);
        limits.of[limit] = (struct limits_reading){1000, 900};
        limits.of[limit].max = limits_needed(&limits, &cost, limit, 5000);
        assert_int_equal(first_wall(&limits, THRDSRV_MODE_THREAD).limit, limit);
        assert_int_equal(first_wall(&limits, THRDSRV_MODE_THREAD).connections, 5000);
        limits.of[limit].max--;
        assert_int_equal(first_wall(&limits, THRDSRV_MODE_THREAD).connections, 4999);
        assert_true(limits_needed(&limits, &cost, limit, INT64_MAX - 1) > 0);
    }
}

static void expect_remedy(enum limit limit, int64_t needed, const char *part)
{
    struct limits limits = generous();
    char remedy[200];
    limits.of[LIMIT_NR_OPEN].max = 1048576;
    limits_remedy(&limits, limit, needed, remedy, sizeof remedy);
    if (!strstr(remedy, part))
        fail_msg("%s: \"%s\" has no \"%s\"", limits_name(limit), remedy, part);
}

static void remedies_name_what_to_type(void **state)
{
    (void)state;
    expect_remedy(LIMIT_PROCESS_FILES, 5007, "ulimit -Hn 5007, LimitNOFILE=5007");
    expect_remedy(LIMIT_PROCESS_FILES, 1048577, "fs.nr_open first, then ulimit -Hn 1048577");
    expect_remedy(LIMIT_NR_OPEN, 2000000, "sysctl -w fs.nr_open=2000000");
    expect_remedy(LIMIT_SYSTEM_FILES, 7, "sysctl -w fs.file-max=7");
    expect_remedy(LIMIT_USER_TASKS, 400, "ulimit -u 400, LimitNPROC=400");
    expect_remedy(LIMIT_CGROUP_TASKS, 400, "TasksMax=400");
    expect_remedy(LIMIT_PIDS, 4194304, "sysctl -w kernel.pid_max=4194304");
    expect_remedy(LIMIT_PIDS, 4194305, "4194304 at most");
    expect_remedy(LIMIT_SYSTEM_TASKS, 9, "sysctl -w kernel.threads-max=9");
    expect_remedy(LIMIT_MAPS, 9, "sysctl -w vm.max_map_count=9");
    expect_remedy(LIMIT_ADDRESS_SPACE, 9, "ulimit -v");
    expect_remedy(LIMIT_CGROUP_MEMORY, (INT64_C(5) << 20) + 1, "MemoryMax=6M");
    for (enum limit limit = 0; limit < LIMITS; limit++) {
        expect_remedy(limit, 1000000, "");
        assert_true(strlen(limits_name(limit)) > 3 && strlen(limits_unit(limit)) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_is_the_first_once),
        cmocka_unit_test(the_order_is_that_of_connections),
        cmocka_unit_test(what_is_unlimited_or_unknown_is_no_wall),
        cmocka_unit_test(nothing_left_is_no_connection),
        cmocka_unit_test(modes_take_different_things),
        cmocka_unit_test(needed_is_what_makes_it_reachable),
        cmocka_unit_test(remedies_name_what_to_type),
    };
    return cmocka_run_group_tests_name("walls", tests, NULL, NULL);
}
