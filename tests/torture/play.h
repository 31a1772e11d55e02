/* play.h - one server under test, and what its clients do with it. Everything waits in ticks of its
 * own, which get longer when the machine is busy, so a limit is no shorter for the server than it
 * is for the driver. */
#ifndef TORTURE_PLAY_H
#define TORTURE_PLAY_H

#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>

#include "control.h"
#include "scenario.h"

#define CLIENTS_MAX 16
#define OPTIONS_MAX 24
#define PASSED_MAX  2

struct play {
    const struct point *point;
    const char *programs[2]; /* thrd, and the host */
    struct control *control;
    int control_fd;
    char directory[64]; /* of this play's own */
    char path[96];      /* of a socket file in it */

    /* How the server is started; set_up() may change it. */
    const char *program; /* another name of it; NULL: that of programs */
    const char *options[OPTIONS_MAX];
    unsigned option_count;
    int passed[PASSED_MAX]; /* descriptors that it gets as 3 and 4; -1: none */
    int stderr_fd;          /* instead of the log; -1: none */
    const char *notify;     /* NOTIFY_SOCKET, or NULL */
    const char *listen_fds; /* LISTEN_FDS, and then LISTEN_PID is its number; or NULL */
    bool closed_streams;    /* without 0 and 1 */
    unsigned port;          /* of a listener that set_up() opened */

    /* The server. */
    pid_t pid;
    int pidfd;
    int output_fd; /* its standard output, a file */
    int log_fd;    /* its standard error, a file */
    bool ended;
    int status;     /* as wait(2) says */
    int fds, tasks; /* when it was ready */

    int clients[CLIENTS_MAX];
    unsigned client_count;
    unsigned exchanges[CLIENTS_MAX];
    int observed[2]; /* what else set_up() opened; -1: nothing */

    bool violated;
    char trouble[1500];    /* what was violated, lines */
    char last_words[2000]; /* the end of its log, where something was violated */
};

/* A violation of what must hold after every point. */
void play_violation(struct play *play, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether a call has failed, and one may notice it. */
bool play_has_struck(const struct play *play);
bool play_may_lose(const struct play *play);

/* Waits until fd is readable (POLLIN …); a negative fd is none. Returns what poll(2) reported, 0:
 * nothing in time. A fault that stays is lifted when it has kept somebody waiting for a while. */
short play_poll(struct play *play, int fd, short events, unsigned limit_ms);

/* Waits until that is so. */
bool play_wait(struct play *play, bool (*is_so)(struct play *), unsigned limit_ms);

/* 1,000 ms are that many, times THRD_TIMEOUT_FACTOR. */
#define PATIENCE_MS 10000
#define FRESH_MS    1000

/* ---- The server (launch.c) ----------------------------------------------------------------- */

void launch_add_option(struct play *play, const char *option);
void launch(struct play *play);

/* Until it waits for events, or has ended. */
void launch_wait_ready(struct play *play);

/* Until it has ended; false: it has not. */
bool launch_wait_end(struct play *play, unsigned limit_ms);

/* Whether it has said that. */
bool launch_has_said(struct play *play, const char *text);

/* Signals it; nothing where it has ended. */
void launch_signal(struct play *play, int number);

/* It, and all that it has left, is gone. Returns how many processes were left. */
int launch_clear(struct play *play);

/* ---- Clients (client.c) -------------------------------------------------------------------- */

enum heard {
    HEARD_ALL,
    HEARD_PART,  /* then the end, or a reset */
    HEARD_WRONG, /* what it should not have */
    HEARD_LATE,  /* nothing more, for PATIENCE_MS */
};

/* Each returns the number of a new client, or -1 where nobody listens (a violation, unless the
 * server was to end). number: of the listener, as they were opened. */
int client_open(struct play *play);
int client_open_at(struct play *play, unsigned number);

/* Says something out of turn. */
void client_say(struct play *play, int client, const char *text);

/* One exchange of the scenario's service. */
enum heard client_talk(struct play *play, int client);
enum heard client_talk_within(struct play *play, int client, unsigned limit_ms);

/* An exchange, which must be whole unless something may be lost. */
void client_must_talk(struct play *play, int client);

/* Until the server has ended the connection: what comes before that is heard and dropped. */
void client_must_be_cut(struct play *play, int client);

void client_half_close(struct play *play, int client);
void client_reset(struct play *play, int client);
void client_close(struct play *play, int client);
void client_close_all(struct play *play);

/* ---- What must hold (check.c) -------------------------------------------------------------- */

void check_refused_start(struct play *play);
bool check_is_at_baseline(struct play *play);
bool check_is_busy(struct play *play); /* it has more than then */
void check_baseline(struct play *play);
void check_end(struct play *play);

/* ---- All of it (run_point.c) ---------------------------------------------------------------- */

/* What a run without any fault was like: what a scenario needs in a mode. */
struct clean_run {
    unsigned made[CALLS];
    int fds;
};

void run_point(struct play *play, const struct point *point, struct clean_run *clean);

#endif
