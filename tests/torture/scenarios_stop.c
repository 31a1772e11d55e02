/* scenarios_stop.c - a server that stops, while its calls go on failing. */
#include <signal.h>

#include "scenarios.h"

#define USUAL "--listen=127.0.0.1:0", "--slots=4", "--park=300ms"

static const char *const long_drain[] = {USUAL, "--drain=9s", NULL};
static const char *const short_drain[] = {USUAL, "--drain=50ms", NULL};
static const char *const one_slot[] = {"--listen=127.0.0.1:0", "--slots=1", "--drain=9s", NULL};
static const char *const no_drain[] = {USUAL, "--drain=0", NULL};

static void stop_idle(struct play *play)
{
    launch_signal(play, SIGTERM);
}

static bool has_quiesced(struct play *play)
{
    return launch_has_said(play, " msg=quiesce ") || launch_has_said(play, " msg=cut ") ||
           launch_wait_end(play, 0);
}

/* The line may be what fails. */
static void quiesce(struct play *play)
{
    launch_signal(play, SIGTERM);
    play_wait(play, has_quiesced, FRESH_MS);
}

static void drain(struct play *play)
{
    int stays = client_open(play), leaves = client_open(play);
    client_must_talk(play, stays);
    client_must_talk(play, leaves);
    quiesce(play);
    client_close(play, leaves);
    client_must_talk(play, stays);
    client_close(play, stays);
}

static void drain_backlog(struct play *play)
{
    int served = client_open(play);
    client_must_talk(play, served);
    int waits = client_open(play);
    quiesce(play);
    client_close(play, served);
    client_must_talk(play, waits);
    client_close(play, waits);
}

static void cut(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    quiesce(play);
    client_must_be_cut(play, client);
}

static void second_signal(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    quiesce(play);
    launch_signal(play, SIGINT);
    client_must_be_cut(play, client);
}

/* Its parked worker has to go, too. */
static void stop_after_service(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    client_close(play, client);
    launch_signal(play, SIGTERM);
}

#define STOP(identifier, words, list, function, expected)                                          \
    const struct scenario scenario_##identifier = {.name = #identifier,                            \
                                                   .about = words,                                 \
                                                   .service = &service_echo,                       \
                                                   .options = list,                                \
                                                   .at_end = true,                                 \
                                                   .status = expected,                             \
                                                   .play = function}

STOP(stop_idle, "SIGTERM, nobody is there", long_drain, stop_idle, 0);
STOP(stop_after_service, "SIGTERM after a client", long_drain, stop_after_service, 0);
STOP(drain, "SIGTERM, clients go on and leave", long_drain, drain, 0);

/* It hurries: who is in the backlog is asked for once, before the socket is closed. */
const struct scenario scenario_drain_backlog = {
    .name = "drain_backlog",
    .about = "SIGTERM, a client waits for the slot",
    .service = &service_echo,
    .options = one_slot,
    .at_end = true,
    .hurries = true,
    .play = drain_backlog,
};

STOP(cut, "SIGTERM, a client does not leave", short_drain, cut, 3);
STOP(cut_at_once, "SIGTERM without a drain", no_drain, cut, 3);
STOP(second_signal, "a second signal", long_drain, second_signal, 3);

/* An old kernel, or a sandbox that knows no new call. */
#define WITHOUT(identifier, words, call, list, expected, function)                                 \
    const struct scenario scenario_##identifier = {.name = #identifier,                            \
                                                   .about = words,                                 \
                                                   .service = &service_echo,                       \
                                                   .options = list,                                \
                                                   .at_end = true,                                 \
                                                   .status = expected,                             \
                                                   .lacks = call + 1,                              \
                                                   .files = 40,                                    \
                                                   .play = function}

WITHOUT(no_pidfd, "without pidfd_open(2), a client does not leave", CALL_SYSCALL_PIDFD_OPEN,
        short_drain, 3, cut);
WITHOUT(no_close_range, "without close_range(2)", CALL_SYSCALL_CLOSE_RANGE, long_drain, 0, drain);
