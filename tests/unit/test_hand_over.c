/* test_hand_over.c - one server takes over the listeners of another: what a host needs for a
 * restart that no client notices. The two servers are in one process here; in two it is the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "suite.h"

static char directory[] = "/tmp/thrd-test-XXXXXX";
static char path[64], at_path[80];

/* What the hook below has seen. */
static atomic_uint calls;
static _Atomic pid_t caller;
static atomic_int copy; /* of the first listener */

static void on_call(struct thrdsrv_server *server, void *user)
{
    const struct embedded *e = user;
    int fd = thrdsrv_server_listener(server, 0);
    atomic_store(&caller, server == e->server ? gettid() : 0);
    atomic_store(&copy, fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3));
    atomic_fetch_add(&calls, 1);
}

/* Has the hook called, and waits for that. Returns what it copied. */
static int call(struct embedded *e)
{
    int64_t deadline = patience();
    unsigned before = atomic_load(&calls);
    thrdsrv_server_call(e->server);
    while (atomic_load(&calls) == before && look_again(deadline))
        continue;
    assert_int_equal(atomic_load(&calls), before + 1);
    return atomic_load(&copy);
}

static void start_at_path(struct embedded *e)
{
    snprintf(path, sizeof path, "%s/socket", directory);
    snprintf(at_path, sizeof at_path, "unix:%s", path);
    e->listen[0] = at_path;
    e->config.on_call = on_call;
    embedded_start(e);
    client_leave(client_served(at_path));
}

/* The second server, at the descriptor with what is behind it. */
static struct thrdsrv_server *create_second(const struct embedded *e, int fd, const char *behind)
{
    static char text[32];
    static const char *const listen[] = {text};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *second = NULL;
    snprintf(text, sizeof text, "fd:%d%s", fd, behind);
    config.handler = e->config.handler;
    config.mode = e->config.mode;
    config.listen = listen;
    config.listen_count = 1;
    assert_int_equal(thrdsrv_server_create(&config, &second), 0);
    return second;
}

static void call_comes_on_the_run_thread(struct embedded *e)
{
    e->config.on_call = on_call;
    embedded_start(e);
    for (int i = 0; i < 3; i++) {
        int fd = call(e);
        assert_true(fd >= 0);
        close(fd);
        assert_int_not_equal(atomic_load(&caller), gettid());
        assert_int_not_equal(atomic_load(&caller), 0);
    }
    /* Whoever is being served does not delay it. */
    int client = client_served(e->address);
    close(call(e));
    client_leave(client);
    embedded_finish(e);
}

static void call_without_a_hook_is_nothing(struct embedded *e)
{
    embedded_start(e);
    thrdsrv_server_call(e->server);
    client_leave(client_served(e->address));
    embedded_finish(e);
}

static void listeners_by_their_number(struct embedded *e)
{
    e->listen[1] = "127.0.0.1:0";
    e->config.listen_count = 2;
    e->config.adopt = true; /* which has none of its own to show */
    e->config.on_call = on_call;
    embedded_create(e);
    int first = thrdsrv_server_listener(e->server, 0);
    int second = thrdsrv_server_listener(e->server, 1);
    assert_true(first >= 0 && second >= 0 && first != second);
    assert_int_equal(thrdsrv_server_listener(e->server, 2), THRDSRV_E_INVALID);
    embedded_start(e);
    int client = client_served(e->address);
    thrdsrv_server_quiesce(e->server);
    embedded_wait_log(e, "msg=quiesce");
    assert_int_equal(call(e), THRDSRV_E_STOPPED);
    client_leave(client);
    embedded_finish(e);
}

/* The file stays when the first goes, and goes with the second. */
static void second_server_takes_over(struct embedded *e)
{
    start_at_path(e);
    struct thrdsrv_server *second = create_second(e, call(e), ",alone");
    assert_int_equal(thrdsrv_server_start(second), 0);
    int client = client_connect(at_path);
    thrdsrv_server_hand_over(e->server);
    client_echo(client, "whoever took it");
    client_leave(client);
    embedded_wait(e);
    assert_int_equal(access(path, F_OK), 0);
    client_leave(client_served(at_path));
    thrdsrv_server_stop(second);
    assert_int_equal(thrdsrv_server_wait(second), 0);
    assert_int_equal(access(path, F_OK), -1);
    thrdsrv_server_destroy(second);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
}

/* It was to have the file, and did not get so far. */
static void second_server_gives_up(struct embedded *e)
{
    start_at_path(e);
    thrdsrv_server_destroy(create_second(e, call(e), ",alone"));
    assert_int_equal(access(path, F_OK), 0);
    client_leave(client_served(at_path));
    embedded_finish(e);
    assert_int_equal(access(path, F_OK), -1);
}

static void not_alone_the_file_stays(struct embedded *e)
{
    start_at_path(e);
    struct thrdsrv_server *second = create_second(e, call(e), "");
    assert_int_equal(thrdsrv_server_start(second), 0);
    thrdsrv_server_hand_over(e->server);
    embedded_finish(e);
    client_leave(client_served(at_path));
    thrdsrv_server_destroy(second);
    assert_int_equal(unlink(path), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_ALL_MODES(call_comes_on_the_run_thread),
        EMBEDDED_ONCE(call_without_a_hook_is_nothing),
        EMBEDDED_ONCE(listeners_by_their_number),
        EMBEDDED_IN_ALL_MODES(second_server_takes_over),
        EMBEDDED_IN_ALL_MODES(second_server_gives_up),
        EMBEDDED_ONCE(not_alone_the_file_stays),
    };
    if (!mkdtemp(directory))
        return 1;
    int failures = embedded_run(argc, argv, "hand_over", cases, sizeof cases / sizeof cases[0]);
    rmdir(directory);
    return failures;
}
