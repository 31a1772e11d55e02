/* test_exhaustion - something runs out while the server runs: descriptors, processes (RLIMIT_NPROC,
 * pids.max), memory (RLIMIT_AS, a cgroup's), disk for the log.
 *
 * Whatever it is: while it lasts, clients that are being served go on being served, new ones are
 * served, refused or left to wait, the server uses no more than 2 % of a processor and writes no
 * more than a line a second; and within 1 s of its end there is full service, for twice as many as
 * before. Each lasts 1 s here, in which ten clients try to come in.
 *
 * What is not promised: in mode thread the kernel that finds no memory in a cgroup kills the whole
 * server, for a thread cannot be killed alone. The case is here too, and expects that. In mode fork
 * it kills who has most, which is the child that wants too much and not the server, who has little.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_box.h"
#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "shortage.h"
#include "suite.h"

enum { HELD = 8, TRIES = 10, BETWEEN_TRIES_MS = 100, LASTS_MS = TRIES * BETWEEN_TRIES_MS };

/* ---- What all have in common ------------------------------------------------------------- */

struct scene {
    struct process *server;
    int held[HELD];
    int tried[TRIES]; /* left as they are: whoever waits is served afterwards */
};

static void begin_scene(struct scene *scene, struct process *server)
{
    scene->server = server;
    for (int i = 0; i < HELD; i++)
        scene->held[i] = client_served(process_address(server));
    process_log_wait(server, "msg=start"); /* for its line it has read /etc/localtime, once */
}

static void expect_held_served(const struct scene *scene)
{
    for (int i = 0; i < HELD; i++)
        client_echo(scene->held[i], "still here");
}

/* It lasts: ten clients try, and the server stays calm. Most lines in the log: those allowed in a
 * second, and one that was due at the beginning. */
static void watch_scene(struct scene *scene, size_t lines_a_second)
{
    struct process *server = scene->server;
    size_t lines = process_log_count(server, "");
    int64_t used_ns = proc_cpu_ns(server->pid);
    int64_t begin = now_ms();
    for (int i = 0; i < TRIES; i++) {
        scene->tried[i] = client_connect(process_address(server));
        let_pass(BETWEEN_TRIES_MS);
    }
    int64_t lasted_ms = now_ms() - begin;
    int64_t used_ms = (proc_cpu_ns(server->pid) - used_ns) / 1000000;
    lines = process_log_count(server, "") - lines;
    expect_held_served(scene);
    print_message("%lld ms of processor time and %zu lines in %lld ms\n", (long long)used_ms, lines,
                  (long long)lasted_ms);
    if (used_ms * 100 > allow_ms(lasted_ms) * 2)
        suite_fail("more than 2 %% of a processor");
    if (lines > lines_a_second * (size_t)(lasted_ms / 1000 + 1))
        suite_fail("too many lines in the log");
}

/* It is over: as many again are served as have been all the time. */
static void end_scene(struct scene *scene)
{
    int64_t begin = now_ms();
    int64_t limit = begin + allow_ms(1000);
    for (int i = 0; i < TRIES; i++)
        client_close(scene->tried[i]);
    for (int i = 0; i < HELD; i++)
        while (!client_try_echo(client_connect(process_address(scene->server)), "me too"))
            if (!look_again(limit))
                suite_fail("no full service within a second");
    if (now_ms() > limit)
        suite_fail("%lld ms until there is full service", (long long)(now_ms() - begin));
    expect_held_served(scene);
}

/* ---- Descriptors ------------------------------------------------------------------------- */

static void descriptors(struct process *server)
{
    struct scene scene;
    if (process_is_wrapped())
        suite_skip("the wrapper keeps the limit of descriptors to itself");
    process_start(server, "--park=off", "--log=notice", NULL);
    begin_scene(&scene, server);
    shortage_set_limit(server, SHORTAGE_OF_FILES, (rlim_t)proc_lowest_free_fd(server->pid));
    int first = client_connect(process_address(server));
    process_log_wait(server, "level=warn msg=\"accept failed\" action=pause");
    watch_scene(&scene, 1);
    shortage_set_limit(server, SHORTAGE_OF_FILES, 0);
    client_echo(first, "waited");
    end_scene(&scene);
}

/* Who waits in the backlog cannot be taken out of it, and is served one after the other there. */
static void descriptors_in_the_drain(struct process *server)
{
    int waiting[3];
    if (process_is_wrapped())
        suite_skip("the wrapper keeps the limit of descriptors to itself");
    process_start(server, "--park=off", "--slots=1", NULL);
    int held = client_served(process_address(server));
    process_log_wait(server, "msg=start");
    for (int i = 0; i < 3; i++) {
        waiting[i] = client_connect(process_address(server));
        client_send_text(waiting[i], "before the stop");
    }
    shortage_set_limit(server, SHORTAGE_OF_FILES, (rlim_t)proc_lowest_free_fd(server->pid));
    process_signal(server, SIGTERM);
    process_dump_until(server, "msg=server state=draining");
    client_echo(held, "still here");
    client_leave(held);
    for (int i = 0; i < 3; i++) {
        client_expect_text(waiting[i], "before the stop");
        client_leave(waiting[i]);
    }
    assert_int_equal(process_wait_exit(server), 0);
    process_log_wait(server, "msg=stop drained=4 cut=0");
}

/* ---- Processes --------------------------------------------------------------------------- */

/* All tasks there are allowed exist already. */
static long long tasks_of(struct process *server)
{
    return proc_count_tasks(server->pid) + (long long)proc_children(server->pid, 0, NULL, 0);
}

static void expect_refusal(struct process *server)
{
    assert_false(shortage_client_is_served(server));
    process_log_wait(server, "level=warn msg=\"cannot start worker\"");
}

/* Others of the same user, who take up what the limit allows. */
static _Noreturn void be_one_of_the_others(uid_t user, int told)
{
    if (setgid(user) != 0 || setuid(user) != 0)
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (write(told, "x", 1) != 1)
        _exit(126);
    for (;;)
        pause();
}

static void start_others(uid_t user, pid_t *others)
{
    char byte;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (int i = 0; i < HELD; i++) {
        others[i] = fork();
        assert_true(others[i] >= 0);
        if (others[i] == 0)
            be_one_of_the_others(user, ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1);
    }
    close(ends[0]);
    close(ends[1]);
}

static void end_others(const pid_t *others)
{
    for (int i = 0; i < HELD; i++) {
        kill(others[i], SIGKILL);
        assert_int_equal(waitpid(others[i], NULL, 0), others[i]);
    }
}

static void processes_of_a_user(struct process *server)
{
    struct scene scene;
    pid_t others[HELD];
    shortage_need_silent_tool();
    if (getuid() != 0)
        suite_skip("only root can run the server as a user that has nothing else running");
    if (suite_has_thread_sanitizer())
        suite_skip("its own threads count too");
    server->uid = process_lonely_user();
    server->nproc = 1 + 2 * HELD;
    process_start(server, "--park=off", "--log=notice", NULL);
    begin_scene(&scene, server);
    start_others(server->uid, others);
    expect_refusal(server);
    watch_scene(&scene, 1);
    end_others(others);
    end_scene(&scene);
}

static void processes_of_a_group(struct process *server)
{
    struct scene scene;
    struct cgroup_box box;
    char limit[32];
    shortage_need_silent_tool();
    cgroup_box_make(&box, "pids");
    process_start(server, "--park=off", "--log=notice", NULL);
    assert_true(cgroup_box_enter(&box, server->pid));
    begin_scene(&scene, server);
    snprintf(limit, sizeof limit, "%lld", tasks_of(server));
    assert_true(cgroup_box_set(&box, "pids.max", "pids.max", limit));
    expect_refusal(server);
    watch_scene(&scene, 1);
    assert_true(cgroup_box_set(&box, "pids.max", "pids.max", "max"));
    end_scene(&scene);
}

/* ---- Memory ------------------------------------------------------------------------------ */

/* Not a page more than it has. Mode thread has no stack for another thread then. Mode fork has what
 * it needs: a child's memory counts by itself. */
static void address_space(struct process *server)
{
    struct scene scene;
    shortage_need_silent_tool();
    if (process_is_wrapped() || suite_has_sanitizer())
        suite_skip("the memory is the tool's");
    process_start(server, "--park=off", "--log=notice", NULL);
    begin_scene(&scene, server);
    shortage_set_limit(server, SHORTAGE_OF_ADDRESSES, (rlim_t)proc_space_kib(server->pid) * 1024);
    if (suite_mode() == THRDSRV_MODE_THREAD)
        expect_refusal(server);
    watch_scene(&scene, 1);
    shortage_set_limit(server, SHORTAGE_OF_ADDRESSES, 0);
    end_scene(&scene);
}

enum { GROUP_MIB = 64 };

/* Repeats each byte; for an "!" it wants more memory than its group may have. */
static int serve_or_eat(struct thrdsrv_conn *conn, void *user)
{
    char byte;
    (void)user;
    while (thrdsrv_conn_read(conn, &byte, 1) > 0) {
        size_t size = (size_t)4 * GROUP_MIB << 20;
        char *memory = byte == '!' ? malloc(size) : NULL;
        if (memory != NULL)
            memset(memory, 1, size);
        thrdsrv_conn_write(conn, &byte, 1);
        free(memory);
    }
    return 0;
}

/* In a process of its own, which the kernel may kill. It is told apart by its status. */
static _Noreturn void be_a_host_in_the_box(struct embedded *e, const struct cgroup_box *box,
                                           int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    IN_HOST(cgroup_box_enter(box, getpid()));
    IN_HOST(thrdsrv_server_create(&e->config, &e->server) == 0);
    IN_HOST(thrdsrv_server_address(e->server, 0, e->address, sizeof e->address) > 0);
    IN_HOST(write(out, e->address, sizeof e->address) == sizeof e->address);
    IN_HOST(thrdsrv_server_run(e->server) == 0);
    _exit(0);
}

static pid_t start_host_in_a_box(struct embedded *e)
{
    struct cgroup_box box;
    char limit[32];
    int ends[2];
    cgroup_box_make(&box, "memory");
    snprintf(limit, sizeof limit, "%lld", (long long)GROUP_MIB << 20);
    assert_true(cgroup_box_set(&box, "memory.limit_in_bytes", "memory.max", limit));
    cgroup_box_set(&box, "memory.memsw.limit_in_bytes", "memory.swap.max",
                   box.unified ? "0" : limit); /* refused where there is no swap to limit */
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0)
        be_a_host_in_the_box(e, &box, ends[1]);
    close(ends[1]);
    assert_int_equal(read(ends[0], e->address, sizeof e->address), sizeof e->address);
    close(ends[0]);
    return host;
}

static void end_host(pid_t host, bool killed)
{
    int status = 0;
    if (!killed)
        kill(host, SIGKILL);
    assert_int_equal(waitpid(host, &status, 0), host);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void memory_of_a_group(struct embedded *e)
{
    if (suite_has_sanitizer() || process_is_wrapped())
        suite_skip("the memory is the tool's");
    embedded_serve(e, serve_or_eat);
    e->config.log = NULL;
    e->config.on_end = NULL;
    pid_t host = start_host_in_a_box(e);
    int other = client_served(e->address);
    int greedy = client_served(e->address);
    client_send_text(greedy, "!");
    client_wait_end(greedy);
    if (e->config.mode == THRDSRV_MODE_THREAD) {
        client_wait_end(other);
        end_host(host, true);
        return;
    }
    int64_t begin = now_ms();
    client_echo(other, "still here");
    client_leave(client_served(e->address));
    assert_true(now_ms() - begin < allow_ms(1000));
    end_host(host, false);
}

/* ---- Disk for the log -------------------------------------------------------------------- */

enum { FILE_SIZE = 2000, DISK_SIZE = 4096 };

/* Clients that come and go, whose ends are lines, until there is room for no byte more. */
static void fill_the_log(struct process *server, size_t room)
{
    int64_t deadline = patience();
    do {
        if (time_left(deadline) == 0)
            suite_fail("the log has %zu bytes and is not full", server->log_size);
        client_leave(client_served(process_address(server)));
        process_log_text(server);
    } while (server->log_size < room);
    assert_int_equal(server->log_size, room);
}

/* And says what is missing; the line that was cut by the end of the room ends there. */
static void expect_whole_lines(struct process *server)
{
    static const char begin[] = "time=";
    const char *log = process_log_text(server);
    const char *gap = strstr(log, "level=warn msg=\"log lines lost\" lines=");
    assert_non_null(gap);
    assert_true(atoi(strstr(gap, "lines=") + strlen("lines=")) >= 1);
    const char *line = gap;
    while (line[-1] != '\n')
        line--;
    assert_true(strstr(line + 1, begin) == NULL || strstr(line + 1, begin) > gap);
    for (; *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, begin, strlen(begin)) != 0 || !strchr(line, '\n'))
            suite_fail("no line of its own: %s", line);
}

/* Those who are held come when the log is full already: nothing of that is lost on them. */
static void full_log(struct process *server, size_t room, void (*give_room)(struct process *server))
{
    struct scene scene;
    fill_the_log(server, room);
    begin_scene(&scene, server);
    process_signal(server, SIGUSR1); /* the accept loop, too, has something to write */
    watch_scene(&scene, 0);
    give_room(server);
    end_scene(&scene);
    process_dump(server); /* the log goes on */
    expect_whole_lines(server);
}

static void give_more_to_the_file(struct process *server)
{
    shortage_set_limit(server, SHORTAGE_OF_FILE_SIZE, 0);
}

/* Whoever writes beyond it gets SIGXFSZ, which ends a process that does nothing about it. */
static void size_of_the_log(struct process *server)
{
    if (process_is_wrapped())
        suite_skip("the wrapper writes to the same file");
    process_start(server, "--park=10ms", "--log=info", NULL);
    process_log_wait(server, "msg=start");
    shortage_set_limit(server, SHORTAGE_OF_FILE_SIZE, FILE_SIZE);
    full_log(server, FILE_SIZE, give_more_to_the_file);
}

static char disk[64];

static void remove_disk(void)
{
    if (disk[0] == '\0')
        return;
    umount2(disk, MNT_DETACH);
    rmdir(disk);
}

/* A disk that nobody outside sees. tmpfs counts in pages. */
static void make_small_disk(void)
{
    if (sysconf(_SC_PAGESIZE) != DISK_SIZE)
        suite_skip("a page of this machine is larger than the disk is to be");
    if (getuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        suite_skip("no file system can be mounted here");
    snprintf(disk, sizeof disk, "/tmp/thrd-disk-XXXXXX");
    assert_non_null(mkdtemp(disk));
    atexit(remove_disk);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=4k") < 0)
        suite_skip("no tmpfs can be mounted here: %s", strerror(errno));
}

static void enlarge_the_disk(struct process *server)
{
    (void)server;
    assert_int_equal(mount("tmpfs", disk, "tmpfs", MS_REMOUNT, "size=1m"), 0);
}

static void disk_of_the_log(struct process *server)
{
    char log[128], name[128];
    if (process_is_wrapped())
        suite_skip("the wrapper writes to the same file");
    make_small_disk();
    snprintf(log, sizeof log, "%s/stderr", disk);
    snprintf(name, sizeof name, "%s/stderr", server->dir);
    assert_int_equal(symlink(log, name), 0);
    process_start(server, "--park=10ms", "--log=info", NULL);
    full_log(server, DISK_SIZE, enlarge_the_disk);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        CASE(descriptors),         CASE(descriptors_in_the_drain),
        CASE(processes_of_a_user), CASE(processes_of_a_group),
        CASE(address_space),       EMBEDDED_CASE(memory_of_a_group),
        CASE(size_of_the_log),     CASE(disk_of_the_log),
    };
    return cmocka_run_group_tests_name("exhaustion", cases, NULL, NULL);
}
