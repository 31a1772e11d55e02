/* test_cgroup.c - cli/cgroup.c: the group of a process from the texts of /proc, in version 1, 2 and
 * both, in containers too; and which group on the way up leaves the least room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "cli/cgroup.h"

static FILE *text_file(const char *text)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fputs(text, file);
    rewind(file);
    return file;
}

static enum cgroup_found find(struct cgroup *cgroup, const char *cgroups, const char *mounts,
                              const char *controller)
{
    FILE *cgroups_file = text_file(cgroups);
    FILE *mounts_file = text_file(mounts);
    memset(cgroup, 0, sizeof *cgroup);
    enum cgroup_found found = cgroup_find(cgroup, cgroups_file, mounts_file, controller);
    fclose(cgroups_file);
    fclose(mounts_file);
    return found;
}

#define V2_MOUNT "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define OTHER_MOUNTS                                                                               \
    "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"                                      \
    "23 28 0:21 / /proc rw,relatime - proc proc rw\n"                                              \
    "broken line\n\n"
#define V1_MOUNTS                                                                                  \
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"         \
    "40 31 0:36 / /sys/fs/cgroup/pids rw,relatime shared:3 master:4 - cgroup cgroup rw,pids\n"     \
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

static void version_2(void **state)
{
    struct cgroup cgroup;
    (void)state;
    assert_int_equal(
        find(&cgroup, "0::/system.slice/thrd.service\n", OTHER_MOUNTS V2_MOUNT, "pids"),
        CGROUP_FOUND);
    assert_true(cgroup.is_unified);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup/system.slice/thrd.service");
    assert_int_equal(cgroup.mount_length, strlen("/sys/fs/cgroup"));
    assert_int_equal(find(&cgroup, "0::/\n", V2_MOUNT, "memory"), CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup/");
}

static void version_1_and_both(void **state)
{
    static const char both[] = "9:name=systemd:/\n8:pids:/user/1000\n2:cpu,cpuacct:/x\n0::/init\n";
    struct cgroup cgroup;
    (void)state;
    assert_int_equal(find(&cgroup, both, OTHER_MOUNTS V1_MOUNTS, "pids"), CGROUP_FOUND);
    assert_false(cgroup.is_unified);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup/pids/user/1000");
    assert_int_equal(find(&cgroup, both, V1_MOUNTS, "cpuacct"), CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup/cpu,cpuacct/x");
    /* No hierarchy of version 1 has it, so version 2 may. */
    assert_int_equal(find(&cgroup, both, V1_MOUNTS, "memory"), CGROUP_FOUND);
    assert_true(cgroup.is_unified);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup/unified/init");
    /* The line of version 2 does not hide the one behind it. */
    assert_int_equal(find(&cgroup, "0::/init\n8:pids:/p\n", V1_MOUNTS, "pids"), CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup/pids/p");
}

/* Only the container's own group is mounted, or a path leads out of what can be seen. */
static void containers(void **state)
{
    static const char mount[] =
        "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup cgroup ro,pids\n";
    struct cgroup cgroup;
    (void)state;
    assert_int_equal(find(&cgroup, "8:pids:/docker/abc/worker\n", mount, "pids"), CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup/worker");
    assert_int_equal(find(&cgroup, "8:pids:/docker/abc\n", mount, "pids"), CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup");
    assert_int_equal(find(&cgroup, "8:pids:/docker/abcdef\n", mount, "pids"), CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup");
    assert_int_equal(find(&cgroup, "0::/../other\n", V2_MOUNT, "pids"), CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/sys/fs/cgroup");
}

static void what_is_not_there(void **state)
{
    struct cgroup cgroup;
    (void)state;
    assert_int_equal(find(&cgroup, "", V2_MOUNT, "pids"), CGROUP_NONE);
    assert_int_equal(find(&cgroup, "nonsense\n:\n", V2_MOUNT, "pids"), CGROUP_NONE);
    assert_int_equal(find(&cgroup, "7:blkio:/\n", V1_MOUNTS, "pids"), CGROUP_NONE);
    assert_int_equal(find(&cgroup, "0::/x\n", OTHER_MOUNTS, "pids"), CGROUP_HIDDEN);
    assert_int_equal(find(&cgroup, "8:pids:/x\n", V2_MOUNT, "pids"), CGROUP_HIDDEN);
}

static void mount_points_with_spaces(void **state)
{
    struct cgroup cgroup;
    (void)state;
    assert_int_equal(find(&cgroup, "0::/a\n",
                          "30 24 0:26 / /mnt/c\\040groups\\134 rw - cgroup2 none rw\n", "pids"),
                     CGROUP_FOUND);
    assert_string_equal(cgroup.folder, "/mnt/c groups\\/a");
}

/* ---- A tree of folders, as a hierarchy would be ---------------------------------------------- */

static char root[64];

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", root, folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/thrd-test-cgroup-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static struct cgroup_limit tightest(const char *folder, const struct cgroup_files *files)
{
    struct cgroup cgroup = {.mount_length = strlen(root)};
    struct cgroup_limit limit;
    snprintf(cgroup.folder, sizeof cgroup.folder, "%s%s", root, folder);
    cgroup_tightest(&cgroup, files, &limit);
    return limit;
}

static void expect_file(const struct cgroup_limit *limit, const char *file)
{
    assert_memory_equal(limit->file, root, strlen(root));
    assert_string_equal(limit->file + strlen(root), file);
}

static void the_tightest_on_the_way_up(void **state)
{
    static const struct cgroup_files pids = {"pids.max", "pids.current", NULL};
    (void)state;
    put("/a", "pids.max", "1000\n");
    put("/a", "pids.current", "950\n");
    put("/a/b", "pids.max", "100\n");
    put("/a/b", "pids.current", "10\n");
    put("/a/b/c", "pids.max", "max\n");
    put("/a/b/c", "pids.current", "5\n");
    struct cgroup_limit limit = tightest("/a/b/c", &pids);
    assert_int_equal(limit.max, 1000); /* 50 are left there, 90 below */
    assert_int_equal(limit.used, 950);
    expect_file(&limit, "/a/pids.max");
    put("/a", "pids.current", "20\n");
    limit = tightest("/a/b/c", &pids);
    assert_int_equal(limit.max, 100);
    expect_file(&limit, "/a/b/pids.max");
    put("/a/b/c", "pids.max", "7\n");
    limit = tightest("/a/b/c", &pids);
    assert_int_equal(limit.max - limit.used, 2);
}

static void none_is_no_limit(void **state)
{
    static const struct cgroup_files pids = {"pids.max", "pids.current", NULL};
    static const struct cgroup_files old = {"memory.limit_in_bytes", "memory.usage_in_bytes", NULL};
    (void)state;
    put("/n", "pids.max", "max\n");
    put("/n", "memory.limit_in_bytes", "9223372036854771712\n");
    put("/n", "memory.usage_in_bytes", "4096\n");
    assert_int_equal(tightest("/n", &pids).max, INT64_MAX);
    assert_int_equal(tightest("/n", &old).max, INT64_MAX);
    assert_int_equal(tightest("/not/there", &pids).max, INT64_MAX);
    assert_string_equal(tightest("/n", &pids).file, "");
}

/* The page cache that can be given back is not in the way. */
static void reclaimable_memory_is_not_used(void **state)
{
    static const struct cgroup_files memory = {"memory.max", "memory.current", "inactive_file"};
    (void)state;
    put("/m", "memory.max", "1000000\n");
    put("/m", "memory.current", "900000\n");
    put("/m", "memory.stat", "anon 100\nfile 700000\ninactive_file 600000\nactive_file 5\n");
    struct cgroup_limit limit = tightest("/m", &memory);
    assert_int_equal(limit.max, 1000000);
    assert_int_equal(limit.used, 300000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2),
        cmocka_unit_test(version_1_and_both),
        cmocka_unit_test(containers),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(mount_points_with_spaces),
        cmocka_unit_test(the_tightest_on_the_way_up),
        cmocka_unit_test(none_is_no_limit),
        cmocka_unit_test(reclaimable_memory_is_not_used),
    };
    return cmocka_run_group_tests_name("cgroup", tests, make_root, remove_root);
}
