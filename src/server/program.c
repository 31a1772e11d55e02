/* program.c - see program.h. */
#include "server/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/conn.h"
#include "server/subprocess.h"
#include "server/server.h"
#include "server/text.h"

#ifdef __GLIBC__
#define HAS_CLOSEFROM __GLIBC_PREREQ(2, 34)
#else
#define HAS_CLOSEFROM 0
#endif

#define POLL_MS 20 /* between two looks at a program that has no pidfd */

/* ---- What is kept from the start ----------------------------------------------------------- */

/* What we tell, or another server before us has told of a connection of its own. */
static const char *const variables_of_a_connection[] = {
    "PROTO=",         "TCPREMOTEIP=",   "TCPREMOTEPORT=", "TCPREMOTEHOST=", "TCPREMOTEINFO=",
    "TCPLOCALIP=",    "TCPLOCALPORT=",  "TCPLOCALHOST=",  "TCPCONNNUM=",    "UNIXREMOTEPID=",
    "UNIXREMOTEUID=", "UNIXLOCALPATH=", "THRD_SLOT=",     "THRD_CONN=",     "THRD_MODE=",
};

static bool is_of_a_connection(const char *variable)
{
    for (size_t i = 0; i < sizeof variables_of_a_connection / sizeof *variables_of_a_connection;
         i++)
        if (strncmp(variable, variables_of_a_connection[i], strlen(variables_of_a_connection[i])) ==
            0)
            return true;
    return false;
}

static int copy_environment(struct program *program)
{
    size_t count = 0;
    while (environ && environ[count])
        count++;
    program->environment = calloc(PROGRAM_VARIABLES_MAX + count + 1, sizeof(char *));
    if (!program->environment)
        return THRDSRV_E_MEMORY;
    program->count = PROGRAM_VARIABLES_MAX;
    for (size_t i = 0; i < count; i++) {
        if (is_of_a_connection(environ[i]))
            continue;
        program->environment[program->count] = strdup(environ[i]);
        if (!program->environment[program->count])
            return THRDSRV_E_MEMORY;
        program->count++;
    }
    program->count++; /* the NULL */
    return 0;
}

static bool is_program(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return false;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return false;
    }
    return access(path, X_OK) == 0;
}

/* "FOLDER/NAME"; an empty folder is the present one. NULL: no memory. */
static char *path_of(const char *folder, size_t length, const char *name)
{
    char *path = malloc(length + strlen(name) + sizeof "./");
    if (path) {
        char *end = length > 0 ? mempcpy(path, folder, length) : stpcpy(path, ".");
        stpcpy(stpcpy(end, "/"), name);
    }
    return path;
}

/* What execvp(3) would run, looked for once and not for each connection. NULL with errno where
 * there is none, or no memory. */
static char *find_file(const char *name)
{
    const char *folder = getenv("PATH");
    int error = ENOENT;
    if (strchr(name, '/'))
        return is_program(name) ? strdup(name) : NULL;
    if (!folder)
        folder = "/bin:/usr/bin";
    for (bool more = true; more; folder += more) {
        size_t length = strcspn(folder, ":");
        char *path = path_of(folder, length, name);
        if (!path || is_program(path))
            return path;
        if (errno == EACCES) /* something else of that name may still be one */
            error = EACCES;
        free(path);
        folder += length;
        more = *folder == ':';
    }
    errno = error;
    return NULL;
}

int program_init(struct program *program, const char *const *arguments)
{
    program->arguments = arguments;
    program->path = find_file(arguments[0]);
    if (!program->path)
        return errno == ENOMEM ? THRDSRV_E_MEMORY : THRDSRV_E_SYSTEM;
    return copy_environment(program);
}

void program_fini(struct program *program)
{
    for (size_t i = PROGRAM_VARIABLES_MAX; i < program->count; i++)
        free(program->environment[i]);
    free(program->environment);
    free(program->path);
}

/* ---- What is told of the connection -------------------------------------------------------- */

/* One after the other; the longest has a path of a socket. */
struct variables {
    char texts[1024];
    char *end;
    char *first[PROGRAM_VARIABLES_MAX];
    size_t count;
};

static void begin_variable(struct variables *variables, const char *name)
{
    variables->first[variables->count++] = variables->end;
    variables->end = text_put(variables->end, name);
}

static void tell_text(struct variables *variables, const char *name, const char *value)
{
    begin_variable(variables, name);
    variables->end = text_put(variables->end, value);
    *variables->end++ = '\0';
}

static void tell_number(struct variables *variables, const char *name, uint64_t number)
{
    begin_variable(variables, name);
    variables->end = text_put_number(variables->end, number);
    *variables->end++ = '\0';
}

static void tell_end(struct variables *variables, const struct address *address, const char *ip,
                     const char *port)
{
    char text[ADDRESS_TEXT_SIZE];
    if (address->family != AF_INET && address->family != AF_INET6)
        return;
    address_format_ip(address, text);
    tell_text(variables, ip, text);
    tell_number(variables, port, ntohs(address->port));
}

/* tcp-environ(5), and the same for Unix sockets. */
static void tell_of(struct variables *variables, struct thrdsrv_conn *conn)
{
    const struct SockInfo *slot = conn->slot;
    struct address local = conn_local(conn);
    variables->end = variables->texts;
    variables->count = 0;
    if (slot->peer.family == AF_UNIX) {
        tell_text(variables, "PROTO=", "UNIX");
        tell_number(variables, "UNIXREMOTEPID=", (uint64_t)slot->peer.of.process.pid);
        tell_number(variables, "UNIXREMOTEUID=", slot->peer.of.process.uid);
    } else {
        tell_text(variables, "PROTO=", "TCP");
        tell_end(variables, &slot->peer, "TCPREMOTEIP=", "TCPREMOTEPORT=");
        tell_end(variables, &local, "TCPLOCALIP=", "TCPLOCALPORT=");
        tell_number(variables, "TCPCONNNUM=", slot->conns_of_source);
    }
    tell_number(variables, "THRD_SLOT=", slot->index);
    tell_number(variables, "THRD_CONN=", slot->conn_id);
    tell_text(variables, "THRD_MODE=", slot->server->model->name);
}

/* The variables stand before those of the host: environment has the places for them. */
static char **environment_with(char **environment, struct variables *variables)
{
    char **first = environment + PROGRAM_VARIABLES_MAX - variables->count;
    memcpy(first, variables->first, variables->count * sizeof *first);
    return first;
}

/* ---- Mode fork ----------------------------------------------------------------------------- */

/* The child has one thread, and memory of its own: what is ours may be changed here. */
int program_become(struct thrdsrv_conn *conn, const struct program *program)
{
    struct variables variables;
    tell_of(&variables, conn);
    char **environment = environment_with(program->environment, &variables);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(conn->fd, STDIN_FILENO) >= 0 && dup2(conn->fd, STDOUT_FILENO) >= 0)
        execve(program->path, (char **)(uintptr_t)program->arguments, environment);
    return errno;
}

/* ---- The other modes ----------------------------------------------------------------------- */

/* Descriptors of ours are close-on-exec; a host may have others. */
static int add_descriptors(posix_spawn_file_actions_t *actions, int fd)
{
    int error = posix_spawn_file_actions_adddup2(actions, fd, STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, fd, STDOUT_FILENO);
#if HAS_CLOSEFROM
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes, const sigset_t *mask)
{
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    int error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, mask);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &defaults);
    return error; /* the group is 0 by default: one of its own */
}

/* Returns 0 and the process, or an error number. */
static int spawn(const struct program *program, int fd, char **environment, const sigset_t *mask,
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = add_descriptors(&actions, fd);
        if (error == 0)
            error = set_attributes(&attributes, mask);
        if (error == 0)
            error = posix_spawn(pid, program->path, &actions, &attributes,
                                (char **)(uintptr_t)program->arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int start(struct thrdsrv_conn *conn, const struct program *program, pid_t *pid)
{
    struct variables variables;
    char **copy = malloc(program->count * sizeof *copy);
    if (!copy)
        return ENOMEM;
    memcpy(copy, program->environment, program->count * sizeof *copy);
    tell_of(&variables, conn);
    int error = spawn(program, conn->fd, environment_with(copy, &variables),
                      &conn->slot->server->host_mask, pid);
    free(copy);
    return error;
}

/* From now on nothing moves that the program had to do with. */
static void count_at_the_end(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    traffic_look(slot, clock_coarse_ms());
    slot->traffic.is_over = true;
    slot_table_unlock(table);
}

/* Not reaped yet: until the slot has forgotten it, it may be signalled. */
static void wait_for_end(struct thrdsrv_conn *conn, const struct subprocess *process)
{
    siginfo_t status;
    struct rusage usage;
    enum subprocess_wait how = conn->waiter ? SUBPROCESS_POLL : SUBPROCESS_WAIT;
    while (!subprocess_has_ended(process, how, false, &status, &usage))
        conn->waiter->wait(conn->waiter->context, process->pidfd, POLLIN,
                           process->pidfd >= 0 ? -1 : POLL_MS);
}

struct end program_run(struct thrdsrv_conn *conn, const struct program *program,
                       struct program_run *run)
{
    struct slot_table *table = &conn->slot->server->table;
    struct SockInfo *slot = &table->slots[conn->slot->index];
    siginfo_t status;
    int error = start(conn, program, &run->pid);
    if (error != 0)
        return (struct end){THRDSRV_END_NO_PROGRAM, error};
    struct subprocess process = subprocess_of(run->pid);
    if (slot_table_set_process(table, slot, &process))
        subprocess_signal_group(&process, SIGTERM);
    wait_for_end(conn, &process);
    count_at_the_end(table, slot);
    slot_table_forget_process(table, slot);
    subprocess_has_ended(&process, SUBPROCESS_WAIT, true, &status, &run->usage);
    subprocess_forget(&process);
    return worker_end_of(&status);
}
