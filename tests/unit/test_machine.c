/* test_machine.c - bench/machine.c and bench/proc_file.c: what is read from the texts of /proc, of
 * this machine and of others, and that the description of this one agrees with what others say. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/machine.h"
#include "bench/proc_file.h"
#include "proc_fs.h"

/* ---- Texts ------------------------------------------------------------------------------- */

static void test_cpu_names(void **state)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel\t\t: 17\n"
         "model name\t: AMD EPYC 7R13  48-Core   Processor \ncpu MHz\t\t: 2596.142\n",
         "AMD EPYC 7R13 48-Core Processor"},
        /* ARM: only the board, behind all CPUs. */
        {"processor\t: 0\nBogoMIPS\t: 108.00\nCPU part\t: 0xd08\n\nHardware\t: BCM2835\n"
         "Model\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
         "Raspberry Pi 4 Model B Rev 1.4"},
        {"processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 2300MHz\n",
         "POWER9, altivec supported"},
        {"system type\t\t: MIPS Malta\ncpu model\t\t: MIPS 24Kc V0.0  FPU V0.0\n",
         "MIPS 24Kc V0.0 FPU V0.0"},
        {"processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nuarch\t\t: sifive,u74-mc\n",
         "sifive,u74-mc"},
        /* A server's ARM: numbers only. */
        {"processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", ""},
        {"model name\t:\n", ""},
        {"model name", ""},
        {"", ""},
    };
    char name[128];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(name, 'x', sizeof name);
        machine_cpu_name(rows[i].text, name, sizeof name);
        assert_string_equal(name, rows[i].name);
    }
}

static void test_long_names_are_cut(void **state)
{
    char name[9];
    (void)state;
    machine_cpu_name("model name : A processor\n", name, sizeof name);
    assert_string_equal(name, "A proces");
    machine_cpu_name("model name : Athlonx processor\n", name, sizeof name);
    assert_string_equal(name, "Athlonx");
}

static void test_libc_names(void **state)
{
    static const char musl[] = "7f00-7f01 r--p 00000000 fe:01 42   /lib/ld-musl-x86_64.so.1\n";
    char name[64];
    (void)state;
    machine_libc_name(musl, name, sizeof name);
    assert_string_equal(name, "musl");
    machine_libc_name("7f00-7f01 r--p 00000000 fe:01 42   /home/me/server\n", name, sizeof name);
    assert_string_equal(name, "");
}

static void test_bytes(void **state)
{
    static const char text[] = "Rss:      1772 kB\nPss:       364 kB\nPss_Dirty: 112 kB\n"
                               "VmPTE:\t   44 kB\nThreads:\t3\nSwapPss:\t 0 kB";
    (void)state;
    assert_int_equal(proc_file_bytes(text, "Pss"), 364 * 1024);
    assert_int_equal(proc_file_bytes(text, "Rss"), 1772 * 1024);
    assert_int_equal(proc_file_bytes(text, "VmPTE"), 44 * 1024);
    assert_int_equal(proc_file_bytes(text, "SwapPss"), 0);
    assert_int_equal(proc_file_bytes(text, "ss"), -1);
    assert_int_equal(proc_file_bytes(text, "Dirty"), -1);
    assert_int_equal(proc_file_bytes(text, "Threads"), -1); /* not bytes */
    assert_int_equal(proc_file_bytes("", "Pss"), -1);
    assert_int_equal(proc_file_bytes("Pss", "Pss"), -1);
    assert_int_equal(proc_file_bytes("Pss: many kB\n", "Pss"), -1);
}

static void test_idle_ticks(void **state)
{
    (void)state;
    assert_int_equal(proc_file_idle_ticks("cpu  10 20 30 4000 500 6 7 8 9 10\ncpu0 1 2 3 4 5\n"),
                     4500);
    assert_int_equal(proc_file_idle_ticks("cpu0 10 20 30 4000 500\n"), -1);
    assert_int_equal(proc_file_idle_ticks("cpu  10 20 30\n"), -1);
    assert_int_equal(proc_file_idle_ticks(""), -1);
}

static void test_stat_lines(void **state)
{
    struct proc_stat stat;
    (void)state;
    assert_true(proc_file_stat("25861 (cat) R 25846 25840 23733 0 -1 4194304 99 1000 2 30000 "
                               "11 12 13 14 20 0 5 0 2178810 3133440 362\n",
                               &stat));
    assert_int_equal(stat.pid, 25861);
    assert_int_equal(stat.parent, 25846);
    assert_int_equal(stat.group, 25840);
    assert_int_equal(stat.state, 'R');
    assert_int_equal(stat.threads, 5);
    assert_int_equal(stat.user_ticks, 11);
    assert_int_equal(stat.system_ticks, 12);
    assert_int_equal(stat.waited_user_ticks, 13);
    assert_int_equal(stat.waited_system_ticks, 14);
    assert_int_equal(stat.page_faults, 99 + 1000 + 2 + 30000);
    assert_true(proc_file_stat("7 (a) b (c) R 1\n) S 3 4 5 0 -1 64 1 2 3 4 "
                               "5 6 7 8 20 0 1 0 9 10 11\n",
                               &stat));
    assert_int_equal(stat.pid, 7);
    assert_int_equal(stat.state, 'S');
    assert_int_equal(stat.parent, 3);
    assert_false(proc_file_stat("", &stat));
    assert_false(proc_file_stat("7 (cat", &stat));
    assert_false(proc_file_stat("7 (cat) S 3 4 5 0 -1 64 1 2", &stat));
}

/* ---- Files ------------------------------------------------------------------------------- */

static void test_files_are_read_up_to_the_room(void **state)
{
    char text[16];
    (void)state;
    assert_int_equal(proc_file_read(AT_FDCWD, "/proc/self/stat", text, sizeof text), 15);
    assert_int_equal(strlen(text), 15);
    assert_int_equal(proc_file_read(AT_FDCWD, "/proc/self/nothing", text, sizeof text), -1);
    assert_string_equal(text, "");
    assert_int_equal(proc_file_read(AT_FDCWD, "/dev/null", text, sizeof text), 0);
    assert_string_equal(text, "");
}

/* ---- This machine ------------------------------------------------------------------------ */

static void test_this_machine(void **state)
{
    struct machine_info machine;
    struct rlimit files;
    (void)state;
    memset(&machine, 'x', sizeof machine);
    machine_describe(&machine);
    assert_true(strlen(machine.cpu) > 0);
    assert_int_equal(machine.cpus, sysconf(_SC_NPROCESSORS_ONLN));
    assert_int_equal(machine.memory_bytes, proc_meminfo_kib("MemTotal") * 1024);
    assert_int_equal(strncmp(machine.kernel, "Linux ", 6), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(machine.open_files_limit, files.rlim_max);
    assert_true(machine.load_average >= 0);
    assert_true(strlen(machine.cpu_governor) < sizeof machine.cpu_governor - 1);
    assert_true(strncmp(machine.libc, "glibc 2.", 8) == 0 || strcmp(machine.libc, "musl") == 0 ||
                machine.libc[0] == '\0');
}

/* As under setarch -R: a child, because it cannot be taken back. */
static void test_address_randomization(void **state)
{
    int64_t kernel = proc_number("/proc/sys/kernel/randomize_va_space", -1);
    int status = 0;
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct machine_info machine;
        personality(PER_LINUX);
        machine_describe(&machine);
        bool is_the_kernels = machine.address_randomization == kernel;
        personality(ADDR_NO_RANDOMIZE);
        machine_describe(&machine);
        _exit(!is_the_kernels + 2 * (machine.address_randomization != 0));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_names),
        cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_libc_names),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_idle_ticks),
        cmocka_unit_test(test_stat_lines),
        cmocka_unit_test(test_files_are_read_up_to_the_room),
        cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_address_randomization),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
