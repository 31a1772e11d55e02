/* dlopen_host.c - a host that loads the library when it needs a server, and unloads it when it does
 * not: nothing of it may run or be held then, not even a thread's last instructions.
 *
 *     dlopen_host LIBTHRDSRV thread|fork CYCLES CONNECTIONS
 *
 * A cycle: load, serve so many connections, stop, unload. After each, the library is no longer
 * mapped, and the process has as many threads and descriptors as before, and no child. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <thrdsrv/server.h>

#include "support/footprint.h"
#include "support/patience.h"
#include "support/visitors.h"

enum { AT_ONCE = 16, TCP_EVERY = 10 };

static struct {
    void *handle;
    const struct thrdsrv_handler *echo;
    int (*create)(const struct thrdsrv_config *, struct thrdsrv_server **);
    int (*address)(const struct thrdsrv_server *, size_t, char *, size_t);
    int (*start)(struct thrdsrv_server *);
    void (*stop)(struct thrdsrv_server *);
    void (*quiesce)(struct thrdsrv_server *);
    int (*wait)(struct thrdsrv_server *);
    void (*destroy)(struct thrdsrv_server *);
    void (*stats)(struct thrdsrv_server *, struct thrdsrv_stats *, size_t);
    thrdsrv_log_fn *log_stderr;
} library;

static void *find(const char *name)
{
    void *symbol = dlsym(library.handle, name);
    if (!symbol)
        fail("%s", dlerror());
    return symbol;
}

/* ISO C has no conversion from dlsym()'s pointer to a function; POSIX has it this way. */
#define FIND(member, name) (*(void **)&library.member = find(name))

static void load(const char *path)
{
    library.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library.handle)
        fail("%s", dlerror());
    library.echo = find("thrdsrv_echo");
    FIND(create, "thrdsrv_server_create");
    FIND(address, "thrdsrv_server_address");
    FIND(start, "thrdsrv_server_start");
    FIND(stop, "thrdsrv_server_stop");
    FIND(quiesce, "thrdsrv_server_quiesce");
    FIND(wait, "thrdsrv_server_wait");
    FIND(destroy, "thrdsrv_server_destroy");
    FIND(stats, "thrdsrv_server_stats");
    FIND(log_stderr, "thrdsrv_log_stderr");
}

static void unload(void)
{
    must(dlclose(library.handle) == 0);
    must(!is_mapped("libthrdsrv") && !is_mapped("libthrdhandler"));
}

static struct thrdsrv_server *serve(enum thrdsrv_mode mode, const char *listen)
{
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    config.handler = library.echo;
    config.mode = mode;
    config.listen = &listen;
    config.listen_count = 1;
    config.log = library.log_stderr;
    config.log_level = THRDSRV_LOG_WARN;
    must(library.create(&config, &server) == 0);
    must(library.start(server) == 0);
    return server;
}

/* The last connections are barely answered when the server is told to stop: their workers may be
 * anywhere on their way out. Now and then a connection that never ends has to be cut. */
static void visit_and_stop(struct thrdsrv_server *server, size_t cycle, size_t connections)
{
    char address[128];
    struct thrdsrv_stats stats;
    struct visitors visitors = {
        .count = connections, .at_once = AT_ONCE, .script = visit_echo, .arg = address};
    int lasting = -1;
    must(library.address(server, 0, address, sizeof address) > 0);
    if (cycle % 3 == 0)
        must((lasting = visitor_connect(address)) >= 0);
    visitors_send(&visitors);
    if (lasting >= 0 || cycle % 2 == 0)
        library.stop(server);
    else
        library.quiesce(server);
    must(library.wait(server) == 0);
    library.stats(server, &stats, sizeof stats);
    must(stats.served == connections + (lasting >= 0) && stats.spawn_failures == 0);
    if (lasting >= 0)
        close(lasting);
}

static void run_cycle(const char *path, enum thrdsrv_mode mode, size_t cycle, size_t connections)
{
    char listen[64] = "127.0.0.1:0"; /* not always: ports run out */
    struct footprint before = footprint_now();
    if (cycle % TCP_EVERY != 0)
        snprintf(listen, sizeof listen, "unix:dlopen_host.%d", (int)getpid());
    load(path);
    struct thrdsrv_server *server = serve(mode, listen);
    visit_and_stop(server, cycle, connections);
    library.destroy(server);
    unload();
    footprint_expect(before);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s LIBTHRDSRV thread|fork CYCLES CONNECTIONS\n", argv[0]);
        return 2;
    }
    enum thrdsrv_mode mode = strcmp(argv[2], "fork") == 0 ? THRDSRV_MODE_FORK : THRDSRV_MODE_THREAD;
    size_t cycles = (size_t)atol(argv[3]);
    for (size_t cycle = 0; cycle < cycles; cycle++) {
        doing("one cycle of dlopen, serve, dlclose");
        run_cycle(argv[1], mode, cycle, (size_t)atol(argv[4]));
    }
    return 0;
}
