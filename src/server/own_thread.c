/* own_thread.c - thrdsrv_server_start() and _wait(): run() in a thread that the library makes.
 *
 * Threads: see <thrdsrv/server.h>. The flags are read-modify-writes (progress.h says why). */
#include "server/own_thread.h"

#include <errno.h>
#include <unistd.h>

#include "server/server.h"
#include "server/thread.h"

static void *thread_main(void *argument)
{
    struct thrdsrv_server *server = argument;
    server->result = server_serve(server);
    server->result_errno = errno;
    return NULL;
}

int thrdsrv_server_start(struct thrdsrv_server *server)
{
    if (!server_begin(server))
        return THRDSRV_E_INVALID;
    int error = thread_create(&server->thread, &server->mask, server->config.stack_size,
                              thread_main, server);
    if (error == 0) {
        atomic_fetch_or(&server->life, LIFE_JOINABLE);
        return 0;
    }
    atomic_exchange(&server->owner, 0);
    errno = error; /* pthread functions return the code and leave errno alone */
    return THRDSRV_E_SYSTEM;
}

int thrdsrv_server_wait(struct thrdsrv_server *server)
{
    if (server_is_child_copy(server) || own_thread_is_caller(server))
        return THRDSRV_E_INVALID;
    if (!(atomic_fetch_and(&server->life, ~(unsigned)LIFE_JOINABLE) & LIFE_JOINABLE))
        return THRDSRV_E_INVALID;
    pthread_join(server->thread, NULL);
    int error = server->result;
    int kept = server->result_errno;
    atomic_fetch_or(&server->life, LIFE_FINISHED); /* from here on it may be destroyed */
    errno = kept;
    return error;
}

bool own_thread_is_caller(struct thrdsrv_server *server)
{
    pid_t self = gettid();
    if (atomic_fetch_add(&server->loop_thread, 0) == self)
        return true;
    /* In mode fork the table has processes, which are in memory of their own. */
    return server->config.mode == THRDSRV_MODE_THREAD &&
           slot_table_has_worker(&server->table, self);
}
