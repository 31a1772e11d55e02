#include <thrdsrv/server.h>

static int greet(struct thrdsrv_conn *conn, void *user)
{
    char name[100];
    (void)user;
    thrdsrv_conn_printf(conn, "Who are you?\n");
    if (thrdsrv_conn_read_line(conn, name, sizeof name) < 0)
        return 0;
    return thrdsrv_conn_printf(conn, "Hello, %s!\n", name);
}

int main(int argc, char *argv[])
{
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    config.serve = greet;
    config.listen = (const char *const *)argv + 1; /* none: localhost:43211 */
    config.listen_count = argc > 1 ? (size_t)argc - 1 : 0;
    config.log = thrdsrv_log_stderr;
    if (thrdsrv_server_create(&config, &server) < 0)
        return 1;
    return thrdsrv_server_run(server) < 0;
}
