/* scenarios_start.c - a server that starts: each kind of listener, and whom it tells. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "scenarios.h"

#define USUAL "--slots=4", "--park=1ms", "--drain=300ms"

static const char *const v4[] = {USUAL, "--listen=127.0.0.1:0", NULL};
static const char *const v6[] = {USUAL, "--listen=[::1]:0", NULL};
static const char *const both[] = {USUAL, "--listen=localhost:0", NULL};
static const char *const any[] = {USUAL, "--listen=:0", NULL};
static const char *const keepalive[] = {USUAL,           "--listen=127.0.0.1:0", "--keepalive=off",
                                        "--ballast=64k", "--no-nodelay",         NULL};
static const char *const many_slots[] = {"--slots=1200", "--park=1ms", "--listen=127.0.0.1:0",
                                         NULL};
static const char *const limits[] = {USUAL,
                                     "--listen=127.0.0.1:0",
                                     "--per-source=3",
                                     "--source-rate=1000/s",
                                     "--rate=1000/s",
                                     "--reserve=1:127.0.0.0/8,::1",
                                     NULL};
static const char *const other[] = {USUAL, NULL};

static void listen_unix(struct play *play)
{
    static char option[160];
    snprintf(option, sizeof option, "--listen=unix:%s", play->path);
    launch_add_option(play, option);
}

static void listen_unix_owned(struct play *play)
{
    static char option[300];
    const struct passwd *user = getpwuid(getuid());
    const struct group *group = getgrgid(getgid());
    snprintf(option, sizeof option, "--listen=unix:%s,mode=0600,owner=%s:%s", play->path,
             user ? user->pw_name : "0", group ? group->gr_name : "0");
    launch_add_option(play, option);
}

static int bind_unix(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    int low = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int fd = fcntl(low, F_DUPFD_CLOEXEC, 20);
    close(low);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("torture: bind");
        exit(1);
    }
    return fd;
}

/* A file that a server left behind which was killed. */
static void listen_unix_stale(struct play *play)
{
    close(bind_unix(play->path, SOCK_STREAM));
    listen_unix(play);
}

static void listen_several(struct play *play)
{
    launch_add_option(play, "--listen=127.0.0.1:0");
    launch_add_option(play, "--listen=[::1]:0");
    listen_unix(play);
}

/* A listener of the supervisor's, as descriptor 3. */
static void pass_listener(struct play *play)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int low = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd = fcntl(low, F_DUPFD_CLOEXEC, 20);
    close(low);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
        perror("torture: listen");
        exit(1);
    }
    play->port = ntohs(address.sin_port);
    play->passed[0] = fd;
}

static void listen_inherited(struct play *play)
{
    pass_listener(play);
    launch_add_option(play, "--listen=fd:3");
}

/* The environment says so, as systemd has it. */
static void listen_handed_over(struct play *play)
{
    pass_listener(play);
    play->listen_fds = "1";
}

static void tell_supervisor(struct play *play)
{
    static char path[160];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        exit(1);
    play->passed[0] = fcntl(ends[1], F_DUPFD_CLOEXEC, 20);
    close(ends[1]);
    snprintf(path, sizeof path, "%s/notify", play->directory);
    play->notify = path;
    play->observed[0] = fcntl(ends[0], F_DUPFD_CLOEXEC, 20);
    close(ends[0]);
    play->observed[1] = bind_unix(path, SOCK_DGRAM);
    launch_add_option(play, "--listen=127.0.0.1:0");
    launch_add_option(play, "--ready-fd=3");
}

static void see_supervisor_told(struct play *play)
{
    char line[500] = "", state[500] = "";
    ssize_t length = read(play->observed[0], line, sizeof line - 1);
    ssize_t size = recv(play->observed[1], state, sizeof state - 1, 0);
    if (play_may_lose(play))
        return;
    if (length <= 0 || strncmp(line, "ready listen=127.0.0.1:", 23) != 0 || !strchr(line, '\n'))
        play_violation(play, "the ready line is '%s'", line);
    if (size <= 0 || strncmp(state, "READY=1\n", 8) != 0)
        play_violation(play, "the supervisor was told '%s'", state);
}

/* The signal handler tells it, whatever else fails. */
static void see_supervisor_told_of_stop(struct play *play)
{
    char state[500] = "";
    see_supervisor_told(play);
    launch_signal(play, SIGTERM);
    launch_wait_end(play, PATIENCE_MS);
    ssize_t size = recv(play->observed[1], state, sizeof state - 1, 0);
    if (!play_may_lose(play) && (size <= 0 || strncmp(state, "STOPPING=1\n", 11) != 0))
        play_violation(play, "the supervisor was told '%s' at the stop", state);
}

static void close_streams(struct play *play)
{
    play->closed_streams = true;
    launch_add_option(play, "--listen=127.0.0.1:0");
}

/* A file in the play's directory, which everybody may enter. */
static void write_rules(struct play *play)
{
    static char option[200];
    char path[160];
    snprintf(path, sizeof path, "%s/rules", play->directory);
    FILE *file = fopen(path, "we");
    if (!file || fputs("deny 10.0.0.0/8\nallow 0.0.0.0/0 # others\n", file) < 0 ||
        fclose(file) != 0 || chmod(play->directory, 0755) < 0) {
        perror("torture: rules");
        exit(1);
    }
    snprintf(option, sizeof option, "--rules=%s", path);
    launch_add_option(play, option);
}

/* Root alone can become somebody else. */
static void become_nobody(struct play *play)
{
    static char root[160], user[80], group[80];
    const struct passwd *nobody = getpwuid(65534);
    const struct group *nogroup = getgrgid(65534);
    write_rules(play);
    if (geteuid() != 0)
        return;
    snprintf(root, sizeof root, "--chroot=%s", play->directory);
    snprintf(user, sizeof user, "--user=%s", nobody ? nobody->pw_name : "65534");
    snprintf(group, sizeof group, "--group=%s", nogroup ? nogroup->gr_name : "65534");
    launch_add_option(play, root);
    launch_add_option(play, user);
    launch_add_option(play, group);
}

static void become_number(struct play *play)
{
    if (geteuid() != 0)
        return;
    launch_add_option(play, "--user=65534");
    if (!getpwuid(65534))
        launch_add_option(play, "--group=65534");
}

static bool has_reloaded(struct play *play)
{
    return launch_has_said(play, " msg=reload ") || launch_has_said(play, "\"reload failed\"");
}

/* Who is there stays, and the next one may come, whatever becomes of the file. */
static void reload(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    launch_signal(play, SIGHUP);
    if (!play_wait(play, has_reloaded, play_may_lose(play) ? 100 : PATIENCE_MS) &&
        !play_may_lose(play))
        play_violation(play, "it does not read the rules again when it is asked to");
    client_must_talk(play, client);
    client_must_talk(play, client_open(play));
}

/* The program by another name, which will not be there when it is to be started anew. */
static void name_program(struct play *play)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/program", play->directory);
    if (symlink(play->programs[0], path) < 0 || chmod(play->directory, 0755) < 0) {
        perror("torture: symlink");
        exit(1);
    }
    play->program = path;
}

static bool has_not_restarted(struct play *play)
{
    return launch_has_said(play, "\"restart failed\"");
}

/* Twice: the second one finds what the first has left. */
static void restart_in_vain(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    unlink(play->program);
    launch_signal(play, SIGUSR2);
    if (!play_wait(play, has_not_restarted, play_may_lose(play) ? 100 : PATIENCE_MS) &&
        !play_may_lose(play))
        play_violation(play, "it does not say that there is nothing to start");
    launch_signal(play, SIGUSR2);
    client_must_talk(play, client);
    client_must_talk(play, client_open(play));
}

#define START(identifier, words, list, preparation)                                                \
    const struct scenario scenario_##identifier = {.name = #identifier,                            \
                                                   .about = words,                                 \
                                                   .service = &service_echo,                       \
                                                   .options = list,                                \
                                                   .from_start = true,                             \
                                                   .set_up = preparation}

START(start_v4, "start, IPv4", v4, NULL);
START(start_v6, "start, IPv6", v6, NULL);
START(start_localhost, "start, localhost: a listener of each family", both, NULL);
START(start_any, "start, all addresses", any, NULL);
START(start_keepalive, "start, other socket options, ballast", keepalive, NULL);
START(start_limits, "start, limits by source, rates, a slot that is reserved", limits, NULL);
START(start_many_slots, "start, more slots than descriptors: the limit is raised", many_slots,
      NULL);
START(start_unix, "start, a socket file", other, listen_unix);
START(start_unix_owned, "start, a socket file with a mode and an owner", other, listen_unix_owned);
START(start_unix_stale, "start, a socket file is there already", other, listen_unix_stale);
START(start_several, "start, several listeners", other, listen_several);
START(start_inherited, "start, an inherited listener", other, listen_inherited);
START(start_handed_over, "start, a listener that LISTEN_FDS tells of", other, listen_handed_over);
START(start_closed_streams, "start, without standard input and output", other, close_streams);

START(start_rules, "start, rules of who may connect", v4, write_rules);
START(start_user, "start as root, below a directory: becomes nobody", v4, become_nobody);
START(start_user_number, "start as root: becomes a user by number", v4, become_number);

const struct scenario scenario_reload = {
    .name = "reload",
    .about = "SIGHUP with a client: the rules are read again",
    .service = &service_echo,
    .options = v4,
    .set_up = become_nobody,
    .play = reload,
    .said = "reload",
};

const struct scenario scenario_restart_fails = {
    .name = "restart_fails",
    .about = "SIGUSR2 with a client: there is nothing to start",
    .service = &service_echo,
    .options = v4,
    .set_up = name_program,
    .play = restart_in_vain,
    .said = "restart failed",
};

const struct scenario scenario_start_few_tasks = {
    .name = "start_few_tasks",
    .about = "start, near the limit of the user's tasks: they are counted",
    .service = &service_echo,
    .options = many_slots,
    .tasks = 1250,
    .from_start = true,
};

const struct scenario scenario_start_supervised = {
    .name = "start_supervised",
    .about = "start, with a ready line and a supervisor to tell",
    .service = &service_echo,
    .options = other,
    .from_start = true,
    .set_up = tell_supervisor,
    .play = see_supervisor_told,
};

const struct scenario scenario_stop_supervised = {
    .name = "stop_supervised",
    .about = "stop, with a supervisor to tell",
    .service = &service_echo,
    .options = other,
    .at_end = true,
    .set_up = tell_supervisor,
    .play = see_supervisor_told_of_stop,
};
