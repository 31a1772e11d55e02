/* test_room.c - bench/room.h: what is too large for this machine is not begun. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "bench/room.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

static struct measure_cell cell_of(const char *mode, unsigned connections, int64_t ballast_bytes)
{
    return (struct measure_cell){
        .target = {.kind = TARGET_OURS, .name = mode, .mode = mode},
        .workload = {.connections = connections},
        .ballast_bytes = ballast_bytes,
    };
}

static void test_ballast_and_its_page_tables(void **state)
{
    struct measure_cell thread = cell_of("thread", 8, 8 * GIB);
    struct measure_cell fork = cell_of("fork", 8, 8 * GIB);
    struct measure_cell many = cell_of("fork", 500, 8 * GIB);
    (void)state;
    assert_in_range(room_needed(&thread), 8 * GIB, 8 * GIB + 100 * MIB);
    assert_in_range(room_needed(&fork), 8 * GIB + 8 * 16 * MIB, 8 * GIB + 9 * 20 * MIB);
    assert_true(room_needed(&many) > 15 * GIB); /* 16 MiB of tables in each process */
    many.workload.held = 500;
    assert_true(room_needed(&many) > 23 * GIB);
}

static void test_not_ours_takes_what_it_takes(void **state)
{
    struct measure_cell other = {.target = {.kind = TARGET_COMMAND},
                                 .workload.connections = 100000};
    char text[300];
    (void)state;
    assert_int_equal(room_needed(&other), 0);
    assert_true(room_is_there(&other, 1, text, sizeof text));
}

static void test_what_is_there_decides(void **state)
{
    struct measure_cell cell = cell_of("thread", 8, 2 * GIB);
    char text[300];
    (void)state;
    assert_true(room_is_there(&cell, 4 * GIB, text, sizeof text));
    assert_true(room_is_there(&cell, -1, text, sizeof text));
    assert_false(room_is_there(&cell, 2 * GIB, text, sizeof text));
    assert_non_null(strstr(text, "2.00 GiB are free (MemAvailable): take less --ballast"));
    cell.memory_limit_bytes = 8 * GIB;
    assert_false(room_is_there(&cell, 2 * GIB, text, sizeof text));
    assert_non_null(strstr(text, "MemAvailable"));
    cell.memory_limit_bytes = GIB;
    assert_false(room_is_there(&cell, 4 * GIB, text, sizeof text));
    assert_non_null(strstr(text, "1.00 GiB are free (the memory limit of our control group)"));
    assert_false(room_is_there(&cell, -1, text, sizeof text));
    struct measure_cell crowd = cell_of("fork", 100000, 0);
    assert_false(room_is_there(&crowd, 4 * GIB, text, sizeof text));
    assert_non_null(strstr(text, "take less --connections"));
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_ballast_and_its_page_tables),
        cmocka_unit_test(test_not_ours_takes_what_it_takes),
        cmocka_unit_test(test_what_is_there_decides),
    };
    return cmocka_run_group_tests_name("room", cases, NULL, NULL);
}
