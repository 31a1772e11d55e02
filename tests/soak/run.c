/* run - see run.h. */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "patience.h"

enum {
    WIND_DOWN_MS = 40000, /* a client that hears nothing any more has given up by then */
    LOOK_EVERY_MS = 20,
    STARTS_A_TURN = 32,
    STORM_SIGNALS = 20,
};

/* What comes in a wave. */
struct wave {
    int64_t ends_ms;
    size_t clients; /* at once */
    bool is_orderly;
    unsigned flooded; /* a bit for each server */
    bool storms;
};

static int64_t elapsed_ms(const struct run *run)
{
    return now_ms() - run->began_ms;
}

/* False: none has come. */
static bool wait_for_dump(struct target *target)
{
    unsigned seen = target->dumps;
    int64_t deadline = patience();
    target_ask_for_dump(target);
    do
        target_read_log(target);
    while (target->dumps == seen && !target_is_gone(target) && look_again(deadline));
    return target->dumps != seen;
}

static void start_servers(struct run *run)
{
    static const char *const policies[RUN_SERVERS] = {"wait", "close", "busy"};
    static const char *const handlers[RUN_SERVERS] = {"echo", "rot13", "echo"};
    const struct options *options = run->options;
    struct target_setup setup = {.program = options->program,
                                 .preload = options->preload,
                                 .mode = options->mode,
                                 .park = options->park,
                                 .slots = options->slots};
    for (int i = 0; i < RUN_SERVERS; i++) {
        struct server *server = &run->server[i];
        struct sample sample;
        server->target.policy = policies[i];
        server->target.handler = handlers[i];
        target_start(&server->target, &setup);
        wait_for_dump(&server->target); /* it has begun to serve, and holds what it will hold */
        sample_take(&sample, &server->target);
        server->baseline = (struct baseline){sample.fds, sample.tasks};
    }
}

static void read_logs(struct run *run)
{
    for (int i = 0; i < RUN_SERVERS; i++)
        target_read_log(&run->server[i].target);
}

static void turn(struct run *run)
{
    stage_turn(&run->stage);
    read_logs(run);
}

static bool all_live(struct run *run)
{
    bool live = true;
    for (int i = 0; i < RUN_SERVERS; i++) {
        if (!target_is_gone(&run->server[i].target))
            continue;
        fault("%s: the server has ended by itself", run->server[i].target.policy);
        live = false;
    }
    return live;
}

/* Load goes up and down: between a tenth and all of the clients, for a third to twice as long as a
 * wave is on average. Every fourth wave is of orderly clients alone, few enough that nobody can be
 * refused: half of a server's slots, if all went to one. Of the others every second begins with a
 * flood. The first wave warms up: all that can come comes, and a flood to each server, so that it
 * has needed as much memory as it ever will. */
static struct wave choose_wave(struct run *run)
{
    const struct options *options = run->options;
    struct random_source *random = &run->stage.random;
    struct wave wave = {.is_orderly = run->waves % 4 == 3};
    size_t most = options->clients;
    if (wave.is_orderly && most > options->slots / 2)
        most = options->slots / 2;
    wave.clients = most / 10 + random_below(random, most - most / 10) + 1;
    wave.ends_ms =
        now_ms() + (int64_t)(options->wave_seconds * (double)(300 + random_below(random, 1700)));
    if (run->waves == 0)
        wave.clients = most;
    if (run->waves == 0)
        wave.flooded = (1 << RUN_SERVERS) - 1;
    else if (!wave.is_orderly && run->waves % 2 == 0)
        wave.flooded = 1u << random_below(random, RUN_SERVERS);
    wave.storms = run->waves % 3 == 1;
    return wave;
}

/* Half as many again as there are slots, at once. */
static void flood(struct run *run, struct server *server)
{
    unsigned clients = run->options->slots + run->options->slots / 2;
    for (unsigned i = 0; i < clients; i++)
        stage_start(&run->stage, &kinds[KIND_FLOOD], &server->target, &server->account);
    run->floods++;
}

static void start_clients(struct run *run, const struct wave *wave, uint64_t *budget)
{
    struct random_source *random = &run->stage.random;
    for (int i = 0; i<STARTS_A_TURN && * budget> 0 && run->stage.active < wave->clients; i++) {
        struct server *server = &run->server[random_below(random, RUN_SERVERS)];
        const struct kind *kind = kind_choose(random_next(random), wave->is_orderly);
        stage_start(&run->stage, kind, &server->target, &server->account);
        (*budget)--;
    }
}

/* Dumps while much is going on; signals that change nothing interrupt whoever waits. */
static void storm(struct run *run)
{
    for (int i = 0; i < RUN_SERVERS; i++) {
        target_ask_for_dump(&run->server[i].target);
        kill(run->server[i].target.pid, SIGURG);
        kill(run->server[i].target.pid, SIGCONT);
    }
}

static void take_sample(struct run *run, unsigned index, bool is_quiet, struct sample *sample)
{
    sample->seconds = (double)elapsed_ms(run) / 1000;
    sample->target = index;
    sample->wave = run->waves;
    sample->is_quiet = is_quiet;
    sample_take(sample, &run->server[index].target);
}

static void sample_peak(struct run *run)
{
    struct sample sample;
    for (unsigned i = 0; i < RUN_SERVERS; i++) {
        take_sample(run, i, false, &sample);
        samples_add(&run->samples, &sample);
    }
}

/* The time in which clients come; in the middle of it samples are taken. */
static void peak(struct run *run, const struct wave *wave)
{
    int64_t began_ms = now_ms();
    int64_t middle_ms = began_ms + (wave->ends_ms - began_ms) / 2;
    uint64_t granted = 0;
    uint64_t budget = 0;
    unsigned storms = wave->storms ? STORM_SIGNALS : 0;
    bool is_sampled = false;
    for (int i = 0; i < RUN_SERVERS; i++)
        if (wave->flooded & 1u << i)
            flood(run, &run->server[i]);
    while (now_ms() < wave->ends_ms && faults_count() == 0) {
        uint64_t due = (uint64_t)(now_ms() - began_ms) * run->options->rate / 1000;
        budget += due - granted;
        granted = due;
        start_clients(run, wave, &budget);
        turn(run);
        if (now_ms() < middle_ms)
            continue;
        if (!is_sampled)
            sample_peak(run);
        is_sampled = true;
        if (storms > 0 && storms-- > 0)
            storm(run);
    }
    run->storms += wave->storms;
}

static void wind_down(struct run *run)
{
    int64_t deadline = now_ms() + allow_ms(WIND_DOWN_MS);
    while (run->stage.active > 0 && time_left(deadline) > 0 && faults_count() == 0) {
        stage_wind_down(&run->stage);
        turn(run);
    }
    if (run->stage.active > 0 && faults_count() == 0)
        fault("%zu clients do not come to an end", run->stage.active);
}

/* Whether the counters are those of now: all clients have been accepted. */
static bool is_settled(const struct server *server, const struct sample *sample)
{
    return verdict_is_at_baseline(sample, server->baseline) &&
           (uint64_t)sample->counters.value[COUNTER_ACCEPTED] ==
               account_sum(&server->account).begun;
}

/* Looks again and again until the server is at its baseline, or has had its time. False: it does
 * not answer. */
static bool settle(struct run *run, unsigned index, struct sample *sample)
{
    struct server *server = &run->server[index];
    int64_t deadline = now_ms() + allow_ms((int64_t)(run->options->settle_seconds * 1000));
    do {
        let_pass(LOOK_EVERY_MS);
        if (!wait_for_dump(&server->target)) {
            fault("%s: does not answer SIGUSR1 with its counters", server->target.policy);
            return false;
        }
        take_sample(run, index, true, sample);
    } while (!is_settled(server, sample) && time_left(deadline) > 0);
    return true;
}

static void quiet(struct run *run, const struct wave *wave)
{
    for (unsigned i = 0; i < RUN_SERVERS; i++) {
        struct server *server = &run->server[i];
        struct sample sample;
        if (!settle(run, i, &sample))
            return;
        read_logs(run);
        samples_add(&run->samples, &sample);
        struct ledger now = {sample.counters, server->account};
        verdict_baseline(server->target.policy, &sample, server->baseline);
        verdict_counters(server->target.policy, &now.counters, &now.account,
                         strcmp(server->target.policy, "wait") == 0, run->stage.lates > 0);
        if (wave->is_orderly)
            verdict_exact(server->target.policy, &server->quiet, &now);
        server->quiet = now;
    }
    run->exact += wave->is_orderly;
}

/* Nobody is connected, so the end is a clean one; but not that of a run that was given up. */
static void stop_servers(struct run *run)
{
    bool is_sound = faults_count() == 0;
    for (int i = 0; i < RUN_SERVERS; i++) {
        struct server *server = &run->server[i];
        server->exit_status = target_stop(&server->target);
        run->dumps += server->target.dumps;
        if (!is_sound)
            continue;
        if (server->exit_status != 0)
            fault("%s: exit status %d instead of 0", server->target.policy, server->exit_status);
        else if (!server->target.has_stopped)
            fault("%s: the last line of its log is not \"stop\"", server->target.policy);
        verdict_counters(server->target.policy, &server->target.counters, &server->account,
                         strcmp(server->target.policy, "wait") == 0, run->stage.lates > 0);
    }
}

static bool goes_on(const struct run *run)
{
    return faults_count() == 0 && run->waves < run->options->waves &&
           (double)elapsed_ms(run) < run->options->minutes * 60000;
}

void run_all(struct run *run, const struct options *options)
{
    *run = (struct run){.options = options, .began_ms = now_ms()};
    stage_init(&run->stage, options->seed);
    start_servers(run);
    do {
        struct wave wave = choose_wave(run);
        peak(run, &wave);
        wind_down(run);
        if (faults_count() == 0)
            quiet(run, &wave);
        run->waves++;
    } while (all_live(run) && goes_on(run));
    run->seconds = (double)elapsed_ms(run) / 1000;
    stage_drop(&run->stage);
    stop_servers(run);
}

void run_fini(struct run *run)
{
    stage_fini(&run->stage);
    samples_fini(&run->samples);
}
