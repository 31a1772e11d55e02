/* check.c - what must hold after every point, whatever has failed: see play.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_log.h"
#include "play.h"
#include "proc.h"

/* ---- While it runs ------------------------------------------------------------------------- */

/* A server that has ended is looked at later. */
bool check_is_at_baseline(struct play *play)
{
    if (launch_wait_end(play, 0))
        return true;
    return proc_count(play->pid, "fd") == play->fds &&
           proc_count(play->pid, "task") == play->tasks && proc_children(play->pid) == 0;
}

bool check_is_busy(struct play *play)
{
    return !check_is_at_baseline(play);
}

void check_baseline(struct play *play)
{
    if (!play_wait(play, check_is_at_baseline, PATIENCE_MS))
        play_violation(play,
                       "its clients are gone, and it holds %d descriptors, %d tasks, %d children "
                       "(of %d, %d, 0)",
                       proc_count(play->pid, "fd"), proc_count(play->pid, "task"),
                       proc_children(play->pid), play->fds, play->tasks);
}

/* ---- When it has ended --------------------------------------------------------------------- */

static char *read_all(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    if (!text || pread(fd, text, (size_t)size, 0) != size) {
        perror("torture: reading what the server has said");
        exit(1);
    }
    return text;
}

static bool is_write_text(const struct play *play)
{
    return play->point->call == CALL_WRITE_TEXT && play_may_lose(play);
}

/* Its own decision: no signal, no 0. */
void check_refused_start(struct play *play)
{
    char *log = read_all(play->log_fd);
    if (!play_may_lose(play))
        play_violation(play, "it does not start, though nothing of weight has failed");
    if (!WIFEXITED(play->status))
        play_violation(play, "it dies at the start, of signal %d", WTERMSIG(play->status));
    else if (WEXITSTATUS(play->status) == 0)
        play_violation(play, "it does not start, and exits with status 0");
    if (!log[0] && !is_write_text(play))
        play_violation(play, "it does not start, and does not say why");
    if (check_log_strange(log, play->point->scenario->said, true))
        play_violation(play, "it says: %s", check_log_strange(log, NULL, true));
    free(log);
}

static void check_status(struct play *play, const struct log_end *end)
{
    const struct scenario *scenario = play->point->scenario;
    bool gave_up = end->gave_up && play_may_lose(play);
    if (!WIFEXITED(play->status)) {
        play_violation(play, "it dies of signal %d", WTERMSIG(play->status));
        return;
    }
    int status = WEXITSTATUS(play->status);
    int expected = gave_up ? 1 : !end->has_stopped ? status : end->cut > 0 ? 3 : 0;
    if (scenario->stops_itself)
        expected = 0; /* whatever could not be had in between */
    else if (scenario->host)
        expected = gave_up ? 1 : 0; /* the host tells nothing else */
    else if (!play_may_lose(play))
        expected = scenario->status;
    if (status != expected)
        play_violation(play, "it exits with status %d, not %d", status, expected);
}

static void check_counters(struct play *play, const char *log, const struct log_end *end)
{
    const char *counted = play->point->scenario->counted;
    if (!end->has_stopped) {
        if (!is_write_text(play))
            play_violation(play, "it ends without the lines of an end");
        return;
    }
    if (end->accepted != end->served + end->refused + end->failed || end->active != 0)
        play_violation(play,
                       "its counters do not add up: accepted %llu, active %llu, served %llu, "
                       "refused %llu, failed %llu",
                       end->accepted, end->active, end->served, end->refused, end->failed);
    if (counted && !play_may_lose(play) && !strstr(log, counted))
        play_violation(play, "its counters do not say %s", counted);
}

void check_end(struct play *play)
{
    const struct scenario *scenario = play->point->scenario;
    struct log_end end;
    char *log = read_all(play->log_fd);
    const char *strange = check_log_strange(log, scenario->said, play_may_lose(play));
    check_log_end(log, &end);
    check_status(play, &end);
    if (play->stderr_fd < 0 && atomic_load(&play->control->turns) > 0)
        check_counters(play, log, &end);
    if (strange)
        play_violation(play, "it says: %s", strange);
    free(log);
}
