/* run_point.c - one point from beginning to end: a server of its own, the scenario while calls
 * fail, then what must hold. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "play.h"
#include "proc.h"

static void reset_control(struct play *play)
{
    const struct point *point = play->point;
    struct control *control = play->control;
    int plant = control->plant;
    memset(control, 0, sizeof *control);
    control->plant = plant;
    control->call = point->call;
    control->nth = point->nth;
    control->variant = point->variant;
    control->stays = point->stays;
    control->lacks = point->scenario->lacks;
    atomic_store(&control->armed, point->scenario->from_start);
}

static void set_up(struct play *play, const struct point *point)
{
    play->point = point;
    play->option_count = play->client_count = 0;
    play->passed[0] = play->passed[1] = play->stderr_fd = -1;
    play->observed[0] = play->observed[1] = -1;
    play->program = play->notify = play->listen_fds = NULL;
    play->closed_streams = play->ended = play->violated = false;
    play->port = 0;
    play->trouble[0] = '\0';
    snprintf(play->path, sizeof play->path, "%s/socket", play->directory);
    reset_control(play);
}

static void add_options(struct play *play)
{
    static char mode[32], handler[32];
    const struct scenario *scenario = play->point->scenario;
    launch_add_option(play, scenario->host ? "host" : "thrd");
    if (scenario->host)
        launch_add_option(play, scenario->host);
    snprintf(mode, sizeof mode, scenario->host ? "%s" : "--mode=%s", mode_names[play->point->mode]);
    launch_add_option(play, mode);
    if (!scenario->host && scenario->service->name) {
        snprintf(handler, sizeof handler, "--handler=%s", scenario->service->name);
        launch_add_option(play, handler);
    }
    for (const char *const *option = scenario->options; option && *option; option++)
        launch_add_option(play, *option);
    if (scenario->set_up)
        scenario->set_up(play);
}

/* What failed may have cost the server one of its listeners, but it must not hold more than without
 * a fault. */
static void take_baseline(struct play *play, const struct clean_run *clean)
{
    play->fds = proc_count(play->pid, "fd");
    play->tasks = proc_count(play->pid, "task");
    if (play->point->call < CALLS && play->fds > clean->fds)
        play_violation(play, "it starts with %d descriptors, %d without the fault", play->fds,
                       clean->fds);
}

/* The server may have given up, if a descriptor of its own was gone. */
static bool may_end(const struct play *play)
{
    const struct point *point = play->point;
    return point->call < CALLS && play_has_struck(play) &&
           call_kinds[point->call].variants[point->variant].harm == HARM_LAST;
}

/* Where limits are short, a stall of the machine may be longer than they are: then it is another
 * client's turn. */
static void see_fresh_client(struct play *play)
{
    enum heard heard = HEARD_PART;
    for (int tries = play->point->scenario->hurries ? 3 : 1; tries > 0 && heard == HEARD_PART;
         tries--) {
        int client = client_open(play);
        heard = client_talk_within(play, client, FRESH_MS);
        client_close(play, client);
    }
    if (heard == HEARD_WRONG)
        play_violation(play, "a fresh client gets other bytes than its own");
    else if (heard == HEARD_LATE)
        play_violation(play, "a fresh client is not served within a second");
    else if (heard == HEARD_PART)
        play_violation(play, "a fresh client is not served");
}

static bool has_given_up(struct play *play)
{
    return launch_wait_end(play, 0) || launch_has_said(play, " level=error ") ||
           launch_has_said(play, " control="); /* that alone: the service goes on */
}

/* It may have given up, if a descriptor of its own was gone; and need not. */
static bool gives_up(struct play *play)
{
    return may_end(play) && play_wait(play, has_given_up, 100);
}

static void stop(struct play *play)
{
    if (gives_up(play)) {
        launch_signal(play, SIGTERM); /* a host may wait for that */
    } else if (!play->point->scenario->stops_itself) {
        play_wait(play, check_is_at_baseline, FRESH_MS); /* or a full table refuses it */
        see_fresh_client(play);
        check_baseline(play);
        launch_signal(play, SIGTERM);
    }
    if (!launch_wait_end(play, PATIENCE_MS))
        play_violation(play, "it does not end");
}

static void play_and_stop(struct play *play, struct clean_run *clean)
{
    const struct scenario *scenario = play->point->scenario;
    launch_wait_ready(play);
    if (play->ended) {
        if (!scenario->stops_itself)
            check_refused_start(play);
        return;
    }
    if (!scenario->from_start)
        take_baseline(play, clean);
    atomic_store(&play->control->armed, 1);
    if (scenario->play)
        scenario->play(play);
    if (!scenario->at_end)
        atomic_store(&play->control->armed, 0);
    if (scenario->from_start && !scenario->stops_itself)
        take_baseline(play, clean);
    client_close_all(play);
    if (!scenario->at_end)
        stop(play);
    else if (!launch_wait_end(play, PATIENCE_MS))
        play_violation(play, "it does not end");
    atomic_store(&play->control->armed, 0);
}

/* How much a run without a fault needs. */
static void remember(struct play *play, struct clean_run *clean)
{
    for (int call = 0; call < CALLS; call++)
        clean->made[call] = atomic_load(&play->control->made[call]);
    clean->fds = play->fds;
}

static void clean_up(struct play *play)
{
    char path[160];
    static const char *const names[] = {"socket", "notify", "program"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", play->directory, names[i]);
        unlink(path);
    }
    for (int i = 0; i < 2; i++)
        if (play->observed[i] >= 0)
            close(play->observed[i]);
    if (play->stderr_fd >= 0)
        close(play->stderr_fd);
}

static void keep_last_words(struct play *play)
{
    off_t size = lseek(play->log_fd, 0, SEEK_END);
    size_t room = sizeof play->last_words - 1;
    off_t from = size > (off_t)room ? size - (off_t)room : 0;
    ssize_t count = pread(play->log_fd, play->last_words, room, from);
    play->last_words[count > 0 ? count : 0] = '\0';
}

void run_point(struct play *play, const struct point *point, struct clean_run *clean)
{
    set_up(play, point);
    add_options(play);
    launch(play);
    play_and_stop(play, clean);
    bool served = atomic_load(&play->control->turns) > 0;
    bool had_ended = play->ended;
    if (had_ended && (served || point->scenario->stops_itself))
        check_end(play);
    if (point->call == CALLS)
        remember(play, clean);
    keep_last_words(play);
    int left = launch_clear(play);
    if (had_ended && left > 0)
        play_violation(play, "it has ended, and %d of its children have not", left);
    clean_up(play);
}
