/* scenarios_serve.c - a server that serves: each handler, clients that leave, full tables, limits
 * by source, timeouts. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenarios.h"

#define USUAL "--listen=127.0.0.1:0", "--drain=300ms"

static const char *const usual[] = {USUAL, "--slots=4", "--park=1ms", NULL};
static const char *const parked[] = {USUAL, "--slots=4", "--park=40ms", NULL};
static const char *const crowded[] = {USUAL, "--slots=8", "--park=1ms", NULL};
static const char *const debug[] = {USUAL, "--slots=4", "--park=1ms", "--log=debug", NULL};
static const char *const two_wait[] = {USUAL, "--slots=2", "--park=1ms", NULL};
static const char *const two_close[] = {USUAL, "--slots=2", "--park=1ms", "--when-full=close",
                                        NULL};
static const char *const two_busy[] = {USUAL, "--slots=2", "--park=1ms", "--when-full=busy:later",
                                       NULL};
static const char *const per_source[] = {USUAL, "--slots=4", "--park=1ms", "--per-source=2", NULL};
static const char *const rated[] = {USUAL, "--slots=4", "--park=1ms", "--rate=50/s,burst=1", NULL};
static const char *const reserved[] = {
    USUAL, "--slots=3", "--park=1ms", "--when-full=busy:later", "--reserve=1:127.9.0.0/16", NULL};
#define BALANCER "--proxy-from=127.0.0.1"
static const char *const balanced[] = {USUAL, "--slots=8", "--park=1ms", BALANCER, NULL};
static const char *const balanced_wait[] = {USUAL, "--slots=2", "--park=1ms", BALANCER, NULL};
/* Short, but not so short that a busy machine would cut a client in the middle of an exchange. */
static const char *const idle[] = {USUAL, "--slots=4", "--park=1ms", "--idle=250ms", NULL};
static const char *const first_byte[] = {USUAL, "--slots=4", "--park=1ms", "--first-byte=250ms",
                                         NULL};
static const char *const lifetime[] = {USUAL, "--slots=4", "--park=1ms", "--lifetime=400ms", NULL};
static const char *const stall[] = {USUAL, "--slots=4", "--park=1ms", "--write-stall=250ms", NULL};
static const char *const no_header[] = {
    USUAL, "--slots=4", "--park=1ms", BALANCER, "--proxy-timeout=250ms", NULL};
static const char *const slow[] = {USUAL, "--slots=4", "--park=1ms", "--min-rate=1000/400ms", NULL};
static const char *const several[] = {USUAL,       "--listen=[::1]:0", "--listen=:0",
                                      "--slots=8", "--park=1ms",       NULL};

/* Behind all options. */
static void run_cat(struct play *play)
{
    launch_add_option(play, "--");
    launch_add_option(play, "cat");
}

/* ---- Exchanges ----------------------------------------------------------------------------- */

static void talk_once(struct play *play)
{
    client_must_talk(play, client_open(play));
}

static void talk_in_turn(struct play *play)
{
    for (int i = 0; i < 3; i++) {
        int client = client_open(play);
        client_must_talk(play, client);
        client_close(play, client);
    }
}

static void talk_twice(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    client_must_talk(play, client);
}

static void talk_at_once(struct play *play)
{
    int clients[6];
    for (int i = 0; i < 6; i++)
        clients[i] = client_open(play);
    for (int i = 0; i < 6; i++)
        client_must_talk(play, clients[i]);
    for (int i = 5; i >= 0; i--)
        client_must_talk(play, clients[i]);
}

static void talk_everywhere(struct play *play)
{
    for (unsigned i = 0; i < 5; i++)
        client_must_talk(play, client_open_at(play, i));
}

static void half_close(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    client_half_close(play, client);
    client_must_be_cut(play, client);
}

static void reset(struct play *play)
{
    int first = client_open(play), second = client_open(play), third = client_open(play);
    client_must_talk(play, first);
    client_say(play, first, "never answered");
    client_reset(play, first);
    client_reset(play, second);
    client_must_talk(play, third);
}

static void listen_unix_too(struct play *play)
{
    static char option[160];
    snprintf(option, sizeof option, "--listen=unix:%s", play->path);
    launch_add_option(play, option);
}

static void open_control(struct play *play)
{
    static char option[160];
    snprintf(option, sizeof option, "--control=%s", play->path);
    launch_add_option(play, option);
}

/* The control socket is the second listener; its client is told all, and then the end. */
static void ask_for_status(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    client_must_be_cut(play, client_open_at(play, 1));
    client_must_talk(play, client);
}

static void close_log(struct play *play)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        exit(1);
    play->stderr_fd = fcntl(ends[1], F_DUPFD_CLOEXEC, 20);
    close(ends[0]);
    close(ends[1]);
}

static bool has_dumped(struct play *play)
{
    return launch_has_said(play, " msg=counters ");
}

static void dump(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    launch_signal(play, SIGUSR1);
    if (!play_wait(play, has_dumped, play_may_lose(play) ? 100 : PATIENCE_MS) &&
        !play_may_lose(play))
        play_violation(play, "it does not log its counters when it is asked to");
    client_must_talk(play, client);
}

/* ---- A full table -------------------------------------------------------------------------- */

static void wait_for_slot(struct play *play)
{
    int first = client_open(play), second = client_open(play);
    client_must_talk(play, first);
    client_must_talk(play, second);
    int third = client_open(play);
    client_close(play, first);
    client_must_talk(play, third);
}

static void find_it_full(struct play *play)
{
    int first = client_open(play), second = client_open(play);
    client_must_talk(play, first);
    client_must_talk(play, second);
    int third = client_open(play);
    if (!play_may_lose(play)) /* else there may be room */
        client_must_be_cut(play, third);
    client_close(play, third);
    client_must_talk(play, second);
}

/* ---- Timeouts ------------------------------------------------------------------------------ */

static void be_silent(struct play *play)
{
    client_must_be_cut(play, client_open(play));
}

static void talk_and_be_silent(struct play *play)
{
    int client = client_open(play);
    client_must_talk(play, client);
    client_must_be_cut(play, client);
}

/* More than all buffers hold. The client must not look whether it is cut, because it would read. */
static void take_nothing(struct play *play)
{
    client_say(play, client_open(play), "60000000\n");
    play_wait(play, check_is_busy, FRESH_MS);
    check_baseline(play);
}

#define SERVE(identifier, words, what, list, function, ...)                                        \
    const struct scenario scenario_##identifier = {.name = #identifier,                            \
                                                   .about = words,                                 \
                                                   .service = &service_##what,                     \
                                                   .options = list,                                \
                                                   .play = function,                               \
                                                   __VA_ARGS__}

SERVE(program, "a program for each client", cat, usual, talk_in_turn, .set_up = run_cat,
      .counted = " accepted=4 ");
SERVE(program_from_start, "a program is looked for", cat, usual, NULL, .set_up = run_cat,
      .from_start = true);
SERVE(program_idle, "a program's client that says no more", cat, idle, talk_and_be_silent,
      .set_up = run_cat, .counted = " idle=", .hurries = true);
SERVE(echo, "a client of echo", echo, usual, talk_twice, .counted = " accepted=2 ");
SERVE(echo_long, "echo, more than the small buffer holds", echo_long, usual, talk_twice, );
SERVE(rot13, "a client of rot13", rot13, usual, talk_twice, );
SERVE(bytes, "bytes, 70,000 of them", bytes, usual, talk_once, );
SERVE(daytime, "daytime: the handler ends first", daytime, usual, talk_once, );
SERVE(chargen, "chargen: a client that leaves in the middle", chargen, usual, talk_once, );
SERVE(discard, "discard", discard, usual, half_close, );
SERVE(whoami, "whoami: a blocking handler of the program's", whoami, usual, talk_once, );
SERVE(half_close, "a client that ends its side first", echo, usual, half_close, );
SERVE(reset, "clients that reset the connection", echo, usual, reset, );
SERVE(parked, "one after the other: a parked worker serves the next", echo, parked, talk_in_turn,
      .counted = " accepted=4 ");
SERVE(crowd, "six clients at once", echo, crowded, talk_at_once, .counted = " accepted=7 ");
SERVE(control, "a client of the control socket", echo, usual, ask_for_status,
      .set_up = open_control, .servers = 2);
SERVE(control_from_start, "a control socket is made", echo, usual, NULL, .set_up = open_control,
      .servers = 2, .from_start = true);
SERVE(several, "several listeners", echo, several, talk_everywhere, .set_up = listen_unix_too);
SERVE(debug, "everything is logged", echo, debug, talk_in_turn, );
SERVE(closed_log, "everything is logged, and nobody reads it", echo, debug, talk_in_turn,
      .set_up = close_log);
SERVE(dump, "SIGUSR1 with a client", echo, usual, dump, );
SERVE(full_wait, "a full table, the next waits", echo, two_wait, wait_for_slot,
      .counted = " accepted=4 ");
SERVE(full_close, "a full table, the next is closed", echo, two_close, find_it_full,
      .counted = " refused_full=1 ", .said = "connection refused");
SERVE(full_busy, "a full table, the next is told", echo, two_busy, find_it_full,
      .counted = " refused_full=1 ", .said = "connection refused");
SERVE(per_source, "a source that has as many as it may", echo, per_source, find_it_full,
      .counted = " refused_source=1 ", .said = "connection refused");
SERVE(rate, "more than the rate lets in: they wait", echo, rated, talk_in_turn,
      .counted = " accepted=4 ");
SERVE(reserved, "a slot that is for others", echo, reserved, find_it_full,
      .counted = " refused_full=1 ", .said = "connection refused");
SERVE(proxied, "six clients behind a load balancer", proxied, balanced, talk_at_once,
      .counted = " accepted=7 ");
SERVE(proxied_from_start, "a load balancer is named", proxied, balanced, NULL, .from_start = true);
SERVE(proxied_wait, "behind a load balancer, and a full table", proxied, balanced_wait,
      wait_for_slot, .counted = " accepted=4 ");
SERVE(proxied_late, "a load balancer that says nothing", proxied, no_header, be_silent,
      .counted = " refused_proxy=", .said = "connection refused", .hurries = true);
SERVE(idle, "a client that says no more", echo, idle, talk_and_be_silent,
      .counted = " idle=", .hurries = true);
SERVE(first_byte, "a client that says nothing", echo, first_byte, be_silent,
      .counted = " first_byte=", .hurries = true);
SERVE(lifetime, "a client that stays too long", echo, lifetime, talk_and_be_silent,
      .counted = " lifetime=", .hurries = true);
SERVE(write_stall, "a client that takes nothing", bytes, stall, take_nothing,
      .counted = " write_stall=", .hurries = true);
SERVE(min_rate, "a client that is too slow", echo, slow, be_silent,
      .counted = " rate=", .hurries = true);
