/* The server as a library: configurations that are refused, the classes of accept(2)'s errors, log
 * lines, and stopping from a handler, from another thread and before the start. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/listener.h"
#include "server/log.h"
#include <thrdsrv/server.h>

static char last_error[2048];

static void keep_error(void *user, enum thrdsrv_log_level level, const char *line)
{
    (void)user;
    if (level == THRDSRV_LOG_ERROR)
        snprintf(last_error, sizeof last_error, "%s", line);
}

static int refuse(const struct thrdsrv_config *config)
{
    struct thrdsrv_server *server = (void *)config; /* must become NULL */
    last_error[0] = '\0';
    int error = thrdsrv_server_create(config, &server);
    assert_null(server);
    return error;
}

static struct thrdsrv_config good_config(void)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    config.handler = &thrdsrv_echo;
    config.log = keep_error;
    config.listen = listen;
    config.listen_count = 1;
    return config;
}

static int serve_nothing(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    return 0;
}

#define REFUSES(field, value, word)                                                                \
    do {                                                                                           \
        struct thrdsrv_config config = good_config();                                              \
        config.field = (value);                                                                    \
        assert_int_equal(refuse(&config), THRDSRV_E_INVALID);                                      \
        assert_non_null(strstr(last_error, word));                                                 \
    } while (0)

static void test_wrong_configurations_are_named(void **state)
{
    (void)state;
    REFUSES(handler, NULL, "field=handler");
    REFUSES(serve, serve_nothing, "field=handler"); /* and a handler too */
    REFUSES(listen, NULL, "field=listen");          /* and a count of 1 */
    REFUSES(slots, 0, "field=slots");
    REFUSES(slots, THRDSRV_SLOTS_MAX + 1, "field=slots");
    REFUSES(stack_size, THRDSRV_STACK_MIN - 1, "field=stack_size");
    REFUSES(stack_size, ((size_t)1 << 30) + 1, "field=stack_size");
    REFUSES(backlog, 0, "field=backlog");
    REFUSES(mode, (enum thrdsrv_mode)7, "field=mode");
    REFUSES(when_full, (enum thrdsrv_when_full)7, "field=when_full");
    REFUSES(when_full, THRDSRV_FULL_BUSY, "field=busy_text");
    REFUSES(keepalive_idle, -1, "field=keepalive");
    REFUSES(keepalive_idle, 32768, "field=keepalive");
    REFUSES(keepalive_interval, 0, "field=keepalive");
    REFUSES(keepalive_interval, 32768, "field=keepalive");
    REFUSES(keepalive_count, 0, "field=keepalive");
    REFUSES(log_level, (enum thrdsrv_log_level)7, "field=log_level");
    REFUSES(keepalive_count, 128, "field=keepalive");
    REFUSES(min_rate_bytes, 1, "field=min_rate_ms");
    REFUSES(size, sizeof(struct thrdsrv_config) + 8, "field=size");
    REFUSES(source_prefix_ipv4, 33, "field=source_prefix_ipv4");
    REFUSES(source_prefix_ipv6, 129, "field=source_prefix_ipv6");
    REFUSES(rate, 1000001, "field=rate ");
    REFUSES(rate_ms, 999, "field=rate_ms");
    REFUSES(rate_ms, 3600001, "field=rate_ms");
    REFUSES(rate_burst, 1000001, "field=rate_burst");
    REFUSES(source_rate, 1000001, "field=source_rate ");
    REFUSES(source_rate_ms, 999, "field=source_rate_ms");
    REFUSES(source_rate_ms, 3600001, "field=source_rate_ms");
    REFUSES(source_rate_burst, 1000001, "field=source_rate_burst");
    REFUSES(reserve, 1, "field=reserve_network_count");
    REFUSES(reserve, 128, "field=reserve ");
    REFUSES(reserve_network_count, 1, "field=reserve_networks"); /* and no texts */
    static const char *const networks[] = {"127.0.0.0/8", "127.0.0.1/8"};
    struct thrdsrv_config config = good_config();
    config.reserve_networks = networks;
    config.reserve_network_count = 2;
    assert_int_equal(refuse(&config), THRDSRV_E_INVALID);
    assert_non_null(strstr(last_error, "field=reserve_networks network=127.0.0.1/8"));
    static const char *const wrong[] = {"127.0.0.1:0", "nonsense"};
    config = good_config();
    config.listen = wrong;
    config.listen_count = 2;
    assert_int_equal(refuse(&config), THRDSRV_E_INVALID);
    assert_non_null(strstr(last_error, "listen=nonsense"));
    static const char *const nobody[] = {"unix:/nowhere/s,owner=no such user"};
    config.listen = nobody;
    config.listen_count = 1;
    assert_int_equal(refuse(&config), THRDSRV_E_INVALID);
    assert_non_null(strstr(last_error, "owner= names a user or group"));
}

static void test_an_older_and_smaller_configuration_is_completed(void **state)
{
    (void)state;
    struct thrdsrv_config config = good_config();
    struct thrdsrv_server *server;
    config.size = offsetof(struct thrdsrv_config, on_start);
    config.on_start = (void (*)(struct thrdsrv_conn *, void *))(uintptr_t)1; /* not looked at */
    assert_int_equal(thrdsrv_server_create(&config, &server), 0);
    thrdsrv_server_quiesce(server);
    assert_int_equal(thrdsrv_server_run(server), 0);
    thrdsrv_server_destroy(server);
}

static void test_every_errno_of_accept_has_a_class(void **state)
{
    (void)state;
    static const int go_on[] = {EINTR,      ECONNABORTED, EPROTO,      EPERM,
                                ENETDOWN,   ENONET,       ENOPROTOOPT, EHOSTDOWN,
                                EOPNOTSUPP, EHOSTUNREACH, ETIMEDOUT,   ENETUNREACH};
    static const int pause[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, 9999};
    static const int broken[] = {EBADF, EINVAL, ENOTSOCK, EFAULT};
    for (size_t i = 0; i < sizeof go_on / sizeof *go_on; i++)
        assert_int_equal(listener_classify(go_on[i]), ACCEPT_GO_ON);
    for (size_t i = 0; i < sizeof pause / sizeof *pause; i++)
        assert_int_equal(listener_classify(pause[i]), ACCEPT_PAUSE);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(listener_classify(broken[i]), ACCEPT_BROKEN);
    assert_int_equal(listener_classify(EAGAIN), ACCEPT_NOTHING);
}

static void test_log_lines_are_logfmt(void **state)
{
    (void)state;
    struct log_line line;
    log_begin(&line, "two words");
    log_text(&line, "plain", "127.0.0.1:80");
    log_text(&line, "quoted", "a \"b\" \\ c=d\n");
    log_text(&line, "empty", "");
    log_number(&line, "n", UINT64_MAX);
    log_seconds(&line, "s", 12345678901, 3);
    log_seconds(&line, "u", 1234567, 6);
    log_milliseconds(&line, "t1", 30000);
    log_milliseconds(&line, "t2", 1500);
    log_milliseconds(&line, "t3", 0);
    assert_string_equal(line.text,
                        "msg=\"two words\" plain=127.0.0.1:80 quoted=\"a \\\"b\\\" \\\\ c=d\\x0a\""
                        " empty=\"\" n=18446744073709551615 s=12.345 u=0.001234 t1=30s t2=1500ms"
                        " t3=0s");
}

static void test_a_log_line_that_is_too_long_is_cut(void **state)
{
    (void)state;
    struct log_line line;
    log_begin(&line, "x");
    for (int i = 0; i < 1000; i++)
        log_text(&line, "key", "value");
    assert_int_equal(line.length, sizeof line.text - 1);
    assert_int_equal(strlen(line.text), line.length);
}

static void test_trouble_is_logged_once_a_second(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    uint64_t repeated = 0;
    assert_true(log_limit_due(&limit, 5000, &repeated));
    assert_int_equal(repeated, 1);
    for (int i = 0; i < 10; i++)
        assert_false(log_limit_due(&limit, 5000 + i * 99, &repeated));
    assert_true(log_limit_due(&limit, 6000, &repeated));
    assert_int_equal(repeated, 11);
}

/* ---- whole servers ---- */

static void *run(void *server)
{
    return (void *)(intptr_t)thrdsrv_server_run(server);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

struct fixture {
    char listen[64];
    const char *listens[1];
    struct thrdsrv_server *server;
    pthread_t thread;
};

static void start(struct fixture *f, struct thrdsrv_config *config)
{
    static _Atomic int number;
    snprintf(f->listen, sizeof f->listen, "unix:/tmp/thrd-unit-%ld-%d", (long)getpid(), number++);
    f->listens[0] = f->listen;
    config->listen = f->listens;
    config->listen_count = 1;
    assert_int_equal(thrdsrv_server_create(config, &f->server), 0);
    assert_int_equal(pthread_create(&f->thread, NULL, run, f->server), 0);
}

static int finish(struct fixture *f)
{
    void *result;
    pthread_join(f->thread, &result);
    thrdsrv_server_destroy(f->server);
    return (int)(intptr_t)result;
}

static const char *path_of(const struct fixture *f)
{
    return f->listen + strlen("unix:");
}

static void echo_once(int fd)
{
    char byte = 'x';
    assert_int_equal(send(fd, &byte, 1, 0), 1);
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
}

static int stop_by_handler(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    char buf[8];
    thrdsrv_server_stop(thrdsrv_conn_server(conn));
    int error = (int)thrdsrv_conn_read(conn, buf, sizeof buf);
    return error == THRDSRV_E_STOPPED ? 0 : error;
}

static void test_stop_from_a_handler(void **state)
{
    (void)state;
    struct thrdsrv_config config = good_config();
    struct thrdsrv_stats stats;
    struct fixture f;
    config.handler = NULL;
    config.serve = stop_by_handler;
    start(&f, &config);
    int fd = connect_to(path_of(&f));
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
    void *result;
    pthread_join(f.thread, &result);
    thrdsrv_server_stats(f.server, &stats, sizeof stats);
    assert_int_equal(stats.cut, 1);
    assert_int_equal(stats.active, 0);
    thrdsrv_server_destroy(f.server);
}

static void test_quiesce_lets_the_running_end(void **state)
{
    (void)state;
    struct thrdsrv_config config = good_config();
    struct fixture f;
    struct thrdsrv_stats stats;
    start(&f, &config);
    int fd = connect_to(path_of(&f));
    echo_once(fd);
    thrdsrv_server_quiesce(f.server);
    while (access(path_of(&f), F_OK) == 0)
        usleep(1000); /* the listener goes first */
    echo_once(fd);
    close(fd);
    void *result;
    pthread_join(f.thread, &result);
    thrdsrv_server_stats(f.server, &stats, sizeof stats);
    assert_int_equal((intptr_t)result, 0);
    assert_int_equal(stats.drained, 1);
    assert_int_equal(stats.cut, 0);
    assert_int_equal(thrdsrv_server_run(f.server), THRDSRV_E_INVALID); /* once only */
    thrdsrv_server_destroy(f.server);
}

static void test_create_and_destroy_without_run(void **state)
{
    (void)state;
    struct thrdsrv_config config = good_config();
    struct thrdsrv_server *server;
    char text[128];
    assert_int_equal(thrdsrv_server_create(&config, &server), 0);
    assert_true(thrdsrv_server_address(server, 0, text, sizeof text) > 0);
    assert_int_equal(strncmp(text, "127.0.0.1:", 10), 0);
    assert_int_not_equal(strcmp(text, "127.0.0.1:0"), 0);
    assert_int_equal(thrdsrv_server_address(server, 0, text, 5), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_address(server, 1, text, sizeof text), THRDSRV_E_INVALID);
    thrdsrv_server_destroy(server);
    thrdsrv_server_destroy(NULL);
}

enum { CYCLES = 200, CLIENTS = 4 };

static void *keep_connecting(void *argument)
{
    const struct fixture *f = argument;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of(f));
    for (int i = 0; i < 20; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char byte = 'x';
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
            send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) < 0)
            byte = 0;
        close(fd);
    }
    return NULL;
}

/* After run() no worker is left: memcheck and the sanitizers look at the memory that is freed. */
static void test_start_and_stop_under_traffic(void **state)
{
    (void)state;
    struct thrdsrv_config config = good_config();
    config.slots = 3;
    const char *scale = getenv("THRD_SCALE");
    int cycles = scale ? CYCLES * atoi(scale) / 100 + 1 : CYCLES;
    for (int i = 0; i < cycles; i++) {
        struct fixture f;
        pthread_t clients[CLIENTS];
        start(&f, &config);
        for (int c = 0; c < CLIENTS; c++)
            assert_int_equal(pthread_create(&clients[c], NULL, keep_connecting, &f), 0);
        int fd = connect_to(path_of(&f));
        thrdsrv_server_stop(f.server);
        assert_int_equal(finish(&f), 0);
        close(fd);
        for (int c = 0; c < CLIENTS; c++)
            pthread_join(clients[c], NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_configurations_are_named),
        cmocka_unit_test(test_an_older_and_smaller_configuration_is_completed),
        cmocka_unit_test(test_every_errno_of_accept_has_a_class),
        cmocka_unit_test(test_log_lines_are_logfmt),
        cmocka_unit_test(test_a_log_line_that_is_too_long_is_cut),
        cmocka_unit_test(test_trouble_is_logged_once_a_second),
        cmocka_unit_test(test_stop_from_a_handler),
        cmocka_unit_test(test_quiesce_lets_the_running_end),
        cmocka_unit_test(test_create_and_destroy_without_run),
        cmocka_unit_test(test_start_and_stop_under_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
