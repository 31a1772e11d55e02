/* test_accounting.c - bench/accounting.c: CPU time, page faults and memory of processes whose
 * doings are known, against their own clocks and getrusage(2). */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/accounting.h"
#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

#define TICK_NS  10000000
#define MS       INT64_C(1000000)
#define MEBIBYTE (1 << 20)

/* ---- Processes that do something known ----------------------------------------------------- */

/* One that has done its work, says what came of it, and lives until the test ends it. */
struct worker {
    pid_t pid;
    int said; /* what it says can be read here */
};

typedef int64_t work_fn(void);

static _Noreturn void do_work(work_fn *work, int say)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int64_t result = work();
    if (write(say, &result, sizeof result) != sizeof result)
        _exit(1);
    for (;;)
        pause();
}

static struct worker begin_worker(work_fn *work)
{
    int said[2];
    assert_int_equal(pipe(said), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        do_work(work, said[1]);
    close(said[1]);
    return (struct worker){pid, said[0]};
}

static int64_t worker_result(const struct worker *worker)
{
    int64_t result = 0;
    assert_int_equal(read(worker->said, &result, sizeof result), sizeof result);
    return result;
}

static void end_worker(const struct worker *worker)
{
    kill(worker->pid, SIGKILL);
    assert_int_equal(waitpid(worker->pid, NULL, 0), worker->pid);
    close(worker->said);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* In user mode, but for asking the clock. */
static void burn(int64_t ns)
{
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < ns)
        for (volatile int i = 0; i < 20000; i++)
            continue;
}

static void *burn_in_thread(void *argument)
{
    burn(*(const int64_t *)argument);
    return NULL;
}

/* Two threads that have ended and the main thread's own. */
static int64_t burn_with_threads(void)
{
    const int64_t each = 60 * MS;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, burn_in_thread, (void *)&each) != 0)
            return -1;
    burn(each);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static int64_t usage_ns(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
           ((int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

/* A child burns, is waited for, and so is the child that it had waited for itself. */
static int64_t burn_in_dead_children(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            burn(80 * MS);
            _exit(0);
        }
        burn(80 * MS);
        waitpid(grandchild, NULL, 0);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN);
}

static _Noreturn void burn_and_stay(int done)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    burn(50 * MS);
    if (write(done, "x", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

/* A child and a grandchild that live until the worker ends. */
static int64_t burn_in_living_children(void)
{
    int done[2];
    char bytes[2];
    if (pipe(done) < 0)
        return -1;
    if (fork() == 0) {
        if (fork() == 0)
            burn_and_stay(done[1]);
        burn_and_stay(done[1]);
    }
    return read(done[0], bytes, 1) == 1 && read(done[0], bytes, 1) == 1 ? 100 * MS : -1;
}

static int64_t do_nothing(void)
{
    return 0;
}

/* ---- CPU --------------------------------------------------------------------------------- */

static void check_between(int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high)
        fail_msg("%jd is not between %jd and %jd", (intmax_t)value, (intmax_t)low, (intmax_t)high);
}

/* What is told in ticks is the same, but for one tick less each. */
static void check_ticks(const struct accounting_cpu *cpu)
{
    assert_true(cpu->user_ns >= 0 && cpu->system_ns >= 0);
    check_between(cpu->user_ns + cpu->system_ns,
                  cpu->total_ns - (int64_t)(2 * cpu->processes + 2) * TICK_NS,
                  cpu->total_ns + TICK_NS);
}

static void test_threads_that_have_ended_count(void **state)
{
    struct worker worker = begin_worker(burn_with_threads);
    struct accounting_cpu cpu;
    const unsigned most_threads = suite_has_thread_sanitizer() ? 3 : 1;
    int64_t deadline = patience();
    (void)state;
    int64_t own = worker_result(&worker);
    /* A joined thread is there a moment longer; ThreadSanitizer has some of its own. */
    do
        accounting_read_cpu(worker.pid, &cpu);
    while (cpu.threads > most_threads && look_again(deadline));
    assert_true(own >= 180 * MS);
    check_between(cpu.total_ns, own, own + 20 * MS);
    check_ticks(&cpu);
    assert_true(cpu.user_ns > cpu.system_ns);
    assert_int_equal(cpu.processes, 1);
    assert_in_range(cpu.threads, 1, most_threads);
    end_worker(&worker);
}

static void test_children_that_have_been_waited_for_count(void **state)
{
    struct worker worker = begin_worker(burn_in_dead_children);
    struct accounting_cpu cpu;
    (void)state;
    int64_t own = worker_result(&worker);
    accounting_read_cpu(worker.pid, &cpu);
    assert_true(own >= 160 * MS);
    check_between(cpu.total_ns, own - 3 * TICK_NS, own + TICK_NS + 10 * MS);
    check_ticks(&cpu);
    assert_int_equal(cpu.processes, 1);
    end_worker(&worker);
}

static void test_living_descendants_count(void **state)
{
    struct worker worker = begin_worker(burn_in_living_children);
    struct accounting_cpu cpu, of_nothing;
    (void)state;
    int64_t burned = worker_result(&worker);
    struct worker nothing = begin_worker(do_nothing);
    worker_result(&nothing);
    accounting_read_cpu(worker.pid, &cpu);
    accounting_read_cpu(nothing.pid, &of_nothing);
    check_between(cpu.total_ns, burned, burned + 4 * of_nothing.total_ns + 30 * MS);
    assert_true(of_nothing.total_ns < burned / 2);
    check_ticks(&cpu);
    assert_int_equal(cpu.processes, 3);
    assert_true(cpu.threads >= 3);
    assert_int_equal(of_nothing.processes, 1);
    end_worker(&nothing);
    end_worker(&worker);
}

static void test_the_reading_has_its_time(void **state)
{
    struct accounting_cpu cpu;
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    (void)state;
    accounting_read_cpu(getpid(), &cpu);
    check_between(cpu.at_ns, before, clock_ns(CLOCK_MONOTONIC));
    assert_true(cpu.total_ns > 0);
}

/* ---- Processes that come and go ------------------------------------------------------------ */

enum { SHORT_LIVES = 250, SHORT_LIFE_MS = 2 };

/* Two at a time, so that one lives while the other is waited for. */
static int64_t burn_in_short_lives(void)
{
    for (int i = 0; i < SHORT_LIVES; i++) {
        if (i >= 2)
            wait(NULL);
        if (fork() == 0) {
            burn(SHORT_LIFE_MS * MS);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        continue;
    return usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN);
}

/* A child may be missed at the moment of its end, or counted twice: by that much a reading may be
 * below the one before, and by no more. */
static void test_children_that_end_while_they_are_read(void **state)
{
    struct worker worker = begin_worker(burn_in_short_lives);
    struct accounting_cpu now;
    int64_t highest = 0;
    bool is_over = false;
    (void)state;
    while (!is_over) {
        struct pollfd has_said = {.fd = worker.said, .events = POLLIN};
        is_over = poll(&has_said, 1, 0) > 0;
        accounting_read_cpu(worker.pid, &now);
        assert_true(now.processes >= 1 && now.processes <= 3);
        assert_true(now.total_ns >= highest - 3 * SHORT_LIFE_MS * MS - TICK_NS);
        highest = now.total_ns > highest ? now.total_ns : highest;
    }
    int64_t own = worker_result(&worker);
    accounting_read_cpu(worker.pid, &now);
    check_between(now.total_ns, own - 3 * TICK_NS, own + TICK_NS + 10 * MS);
    check_between(highest, own / 20, own + 2 * TICK_NS + 3 * SHORT_LIFE_MS * MS);
    end_worker(&worker);
}

static void check_gone(pid_t pid)
{
    struct accounting_cpu cpu;
    struct accounting_memory memory;
    accounting_read_cpu(pid, &cpu);
    assert_int_equal(cpu.total_ns, -1);
    assert_int_equal(cpu.user_ns, -1);
    assert_int_equal(cpu.system_ns, -1);
    assert_int_equal(cpu.page_faults, -1);
    assert_int_equal(cpu.processes, 0);
    assert_int_equal(cpu.threads, 0);
    accounting_read_memory(pid, &memory);
    assert_int_equal(memory.pss_bytes, -1);
    assert_int_equal(memory.page_tables_bytes, -1);
    assert_int_equal(memory.processes, 0);
}

/* What it used is still there until it is waited for, its memory is not. */
static void test_a_process_that_ends(void **state)
{
    struct worker worker = begin_worker(burn_with_threads);
    struct accounting_cpu cpu;
    struct accounting_memory memory;
    int64_t deadline = patience();
    (void)state;
    int64_t own = worker_result(&worker);
    kill(worker.pid, SIGKILL);
    while (proc_state(worker.pid) != 'Z')
        assert_true(look_again(deadline));
    accounting_read_cpu(worker.pid, &cpu);
    check_between(cpu.total_ns, own, own + 20 * MS);
    assert_int_equal(cpu.processes, 0);
    accounting_read_memory(worker.pid, &memory);
    assert_int_equal(memory.pss_bytes, -1);
    end_worker(&worker);
    check_gone(worker.pid);
}

/* ---- Page faults, memory --------------------------------------------------------------------- */

enum { TOUCHED_MIB = 24, PAGE = 4096 };

/* Each page with a fault of its own. Returns false where there is no such memory. */
static bool touch_memory(void)
{
    size_t size = (size_t)TOUCHED_MIB * MEBIBYTE;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    madvise(memory, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i += PAGE)
        memory[i] = 1;
    return true;
}

/* The worker and a child of its own. */
static int64_t hold_memory_twice(void)
{
    int done[2];
    char byte;
    if (pipe(done) < 0)
        return -1;
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (touch_memory() && write(done[1], "x", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    return touch_memory() && read(done[0], &byte, 1) == 1 ? 0 : -1;
}

static void test_memory_of_a_process_and_its_child(void **state)
{
    const int64_t held = INT64_C(2) * TOUCHED_MIB * MEBIBYTE;
    const int64_t tables = held / PAGE * 8;
    struct worker nothing = begin_worker(do_nothing), worker = begin_worker(hold_memory_twice);
    struct accounting_memory without, with;
    struct accounting_cpu cpu_without, cpu_with;
    (void)state;
    assert_int_equal(worker_result(&nothing), 0);
    assert_int_equal(worker_result(&worker), 0);
    accounting_read_memory(nothing.pid, &without);
    accounting_read_memory(worker.pid, &with);
    assert_int_equal(without.processes, 1);
    assert_int_equal(with.processes, 2);
    assert_true(with.threads >= 2);
    /* Tools keep notes of the memory, in other memory. */
    int64_t beside = suite_has_sanitizer() || process_is_wrapped() ? 8 * held : held / 4;
    check_between(with.pss_bytes - without.pss_bytes, held, held + beside);
    check_between(with.page_tables_bytes - 2 * without.page_tables_bytes, tables - tables / 4,
                  tables + tables / 2 + beside / PAGE * 8);
    accounting_read_cpu(nothing.pid, &cpu_without);
    accounting_read_cpu(worker.pid, &cpu_with);
    check_between(cpu_with.page_faults - cpu_without.page_faults, held / PAGE,
                  (2 * held + beside) / PAGE);
    end_worker(&nothing);
    end_worker(&worker);
}

/* ---- Many ---------------------------------------------------------------------------------- */

enum { MANY = 1000 };

static int64_t have_many_children(void)
{
    for (int i = 0; i < MANY; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return -1;
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
    }
    return 0;
}

/* The quicker of two readings: somebody else may be running here. */
static void read_many(pid_t pid, int64_t *cpu_ns, int64_t *memory_ns)
{
    struct accounting_cpu cpu;
    struct accounting_memory memory;
    *cpu_ns = *memory_ns = INT64_MAX;
    for (int i = 0; i < 2; i++) {
        int64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        accounting_read_cpu(pid, &cpu);
        int64_t between = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        accounting_read_memory(pid, &memory);
        int64_t after = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        assert_int_equal(cpu.processes, MANY + 1);
        assert_int_equal(memory.processes, MANY + 1);
        assert_true(cpu.total_ns > 0 && memory.pss_bytes > 0 && memory.page_tables_bytes > 0);
        *cpu_ns = between - before < *cpu_ns ? between - before : *cpu_ns;
        *memory_ns = after - between < *memory_ns ? after - between : *memory_ns;
    }
}

static void test_a_thousand_children_are_read_quickly(void **state)
{
    struct worker worker = begin_worker(have_many_children);
    int64_t cpu_ns, memory_ns;
    (void)state;
    assert_int_equal(worker_result(&worker), 0);
    read_many(worker.pid, &cpu_ns, &memory_ns);
    print_message("%d children: CPU time read in %.1f ms, memory in %.1f ms\n", MANY,
                  (double)cpu_ns / 1e6, (double)memory_ns / 1e6);
    if (!suite_has_sanitizer()) {
        assert_true(cpu_ns < allow_ms(50) * MS);
        assert_true(memory_ns < allow_ms(200) * MS);
    }
    end_worker(&worker);
}

/* ---- The machine ------------------------------------------------------------------------- */

/* Others run here: the figures are those of the right fields, and not more can be said. */
static void check_field(int64_t bytes, const char *field)
{
    int64_t now = proc_meminfo_kib(field) * 1024;
    assert_true(now > 0);
    check_between(bytes, now - now / 2, now + now / 2);
}

static void test_the_machine(void **state)
{
    struct accounting_machine before, after;
    (void)state;
    accounting_read_machine(&before);
    check_field(before.kernel_stack_bytes, "KernelStack");
    check_field(before.page_tables_bytes, "PageTables");
    check_field(before.slab_bytes, "Slab");
    check_field(before.available_bytes, "MemAvailable");
    assert_int_equal(before.cpus, sysconf(_SC_NPROCESSORS_ONLN));
    let_pass(100);
    accounting_read_machine(&after);
    assert_true(after.at_ns >= before.at_ns + 100 * MS);
    check_between(after.idle_ns - before.idle_ns, 0,
                  (after.at_ns - before.at_ns + 2 * TICK_NS) * after.cpus);
    assert_true(after.idle_ns > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_that_have_ended_count),
        cmocka_unit_test(test_children_that_have_been_waited_for_count),
        cmocka_unit_test(test_living_descendants_count),
        cmocka_unit_test(test_the_reading_has_its_time),
        cmocka_unit_test(test_children_that_end_while_they_are_read),
        cmocka_unit_test(test_a_process_that_ends),
        cmocka_unit_test(test_memory_of_a_process_and_its_child),
        cmocka_unit_test(test_a_thousand_children_are_read_quickly),
        cmocka_unit_test(test_the_machine),
    };
    return cmocka_run_group_tests_name("accounting", tests, NULL, NULL);
}
