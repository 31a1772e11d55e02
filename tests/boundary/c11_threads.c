/* c11_threads.c - a program that uses C11 <threads.h> and both of our libraries.
 *
 * If a library of ours defined a name of <threads.h>, such as thrd_create, the program's thread
 * would never run, without any warning. So: run one, see that it did its work, and let that work
 * be a server and a handler of ours. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>

#include <thrdsrv/handler.h>
#include <thrdsrv/server.h>

struct shared {
    mtx_t lock;
    cnd_t changed;
    bool ran;
    int result;
    struct thrdsrv_server *server;
};

static bool echo_works(void)
{
    unsigned char out[3] = {0};
    struct thrdsrv_stream stream = {.next_in = (const unsigned char *)"abc",
                                    .avail_in = 3,
                                    .next_out = out,
                                    .avail_out = 3,
                                    .input = THRDSRV_INPUT_END};

    return thrdsrv_echo.step(NULL, &stream) == THRDSRV_STEP_DONE && memcmp(out, "abc", 3) == 0;
}

static int run_server(void *user)
{
    struct shared *shared = user;

    mtx_lock(&shared->lock);
    shared->ran = echo_works();
    cnd_signal(&shared->changed);
    mtx_unlock(&shared->lock);
    shared->result = thrdsrv_server_run(shared->server);
    return 4711;
}

int main(void)
{
    static const char *const address = "127.0.0.1:0";
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct shared shared = {.result = 1};
    thrd_t thread;
    int value = 0;

    config.handler = &thrdsrv_echo;
    config.listen = &address;
    config.listen_count = 1;
    config.slots = 2;
    if (mtx_init(&shared.lock, mtx_plain) != thrd_success ||
        cnd_init(&shared.changed) != thrd_success ||
        thrdsrv_server_create(&config, &shared.server) != 0) {
        puts("cannot start");
        return 1;
    }
    if (thrd_create(&thread, run_server, &shared) != thrd_success) {
        puts("thrd_create failed");
        return 1;
    }
    mtx_lock(&shared.lock);
    while (!shared.ran)
        cnd_wait(&shared.changed, &shared.lock);
    mtx_unlock(&shared.lock);
    thrdsrv_server_quiesce(shared.server);
    if (thrd_join(thread, &value) != thrd_success || value != 4711 || shared.result != 0) {
        printf("joined with %d, the server returned %d\n", value, shared.result);
        return 1;
    }
    thrdsrv_server_destroy(shared.server);
    cnd_destroy(&shared.changed);
    mtx_destroy(&shared.lock);
    return 0;
}
