/* scenarios_host.c - the library in a host program (host.c). */
#include <signal.h>

#include "scenarios.h"

static void talk(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    client_must_talk(play, client);
}

static void talk_in_turn(struct play *play)
{
    for (int i = 0; i < 3; i++) {
        int client = client_open(play);
        client_must_talk(play, client);
        client_close(play, client);
    }
}

/* Connection number 2 is not admitted. */
static void ask_to_come_in(struct play *play)
{
    int first = client_open(play);
    client_must_talk(play, first);
    int second = client_open(play);
    if (!play_may_lose(play)) /* else the numbers are others */
        client_must_be_cut(play, second);
    client_close(play, second);
    client_must_talk(play, first);
}

static void talk_to_both(struct play *play)
{
    client_must_talk(play, client_open_at(play, 0));
    client_must_talk(play, client_open_at(play, 1));
}

/* Its handler stops the server at the second exchange of a client; one that is lost in between does
 * not come to that, so there is another. */
static void talk_and_stop(struct play *play)
{
    for (int i = 0; i < 3 && !play->ended; i++) {
        int client = client_open(play);
        client_must_talk(play, client);
        client_must_talk(play, client);
        client_close(play, client);
        if (launch_wait_end(play, FRESH_MS) || !play_may_lose(play))
            break;
        atomic_store(&play->control->armed, 0);
    }
    if (!play->ended)
        play_violation(play, "its handler has stopped the server, and it goes on");
}

/* Its worker is parked, and is told to go. */
static void talk_and_end(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    client_close(play, client);
    launch_signal(play, SIGTERM);
}

#define HOST(identifier, words, what, function, ...)                                               \
    const struct scenario scenario_##identifier = {.name = #identifier,                            \
                                                   .about = words,                                 \
                                                   .service = &service_##what,                     \
                                                   .host = #identifier,                            \
                                                   .play = function,                               \
                                                   __VA_ARGS__}

HOST(host_start, "library: start and wait", echo, talk, );
HOST(host_begin, "library: from create on", echo, NULL, .from_start = true);
HOST(host_lines, "library: a blocking handler, read_line, printf, a deadline", lines, talk, );
HOST(host_adopt, "library: connections that the host accepts", echo, talk_in_turn, );
HOST(host_hooks, "library: admit, on_start, on_end", echo, ask_to_come_in,
     .said = "connection refused");
HOST(host_two, "library: two servers in one process", echo, talk_to_both, .servers = 2);
HOST(host_cycles, "library: create, start, stop, destroy, and nothing is left", echo, NULL,
     .from_start = true, .stops_itself = true);
HOST(host_inherited, "library: listeners that are taken, or stay the host's", echo, NULL,
     .from_start = true, .stops_itself = true);
HOST(host_stop, "library: a handler stops its server", echo, talk_and_stop, .thread_only = true,
     .at_end = true);
HOST(host_slow_end, "library: threads that take a while to end", echo, talk_and_end,
     .thread_only = true, .at_end = true);
