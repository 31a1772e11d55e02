/* demo_isolation.c - see demo_isolation.h. */
#include "cli/demo_isolation.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/demo_experiment.h"
#include "cli/wrap.h"

#define COLUMNS     100
#define MEMORY_LEFT (INT64_C(8) << 20) /* less is what any work may leave in a heap */

static const struct {
    enum thrdsrv_mode mode;
    const char *name;
} modes[] = {{THRDSRV_MODE_THREAD, "thread"}, {THRDSRV_MODE_FORK, "fork"}};

enum { MODES = sizeof modes / sizeof modes[0] };

/* What was seen of each fault in each mode. */
struct findings {
    struct demo_observation of[MODES][DEMO_FAULTS];
};

/* ---- The table ----------------------------------------------------------------------------- */

static const char *const own_words[DEMO_FATES] = {
    [DEMO_ANSWERED] = "answered",
    [DEMO_WRONG] = "wrong answer",
    [DEMO_ENDED] = "ended",
    [DEMO_SILENT] = "no answer",
};

static const char *const newcomer_words[DEMO_FATES] = {
    [DEMO_ANSWERED] = "serves",
    [DEMO_WRONG] = "serves wrong data",
    [DEMO_ENDED] = "refuses new clients",
    [DEMO_SILENT] = "serves nobody",
};

/* "3 answered", "1 answered, 2 ended" */
static const char *others_cell(const struct demo_observation *seen, char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = '\0';
    for (int fate = 0; fate < DEMO_FATES; fate++)
        if (seen->others[fate] > 0 && used < size)
            used += (size_t)snprintf(buf + used, size - used, "%s%u %s", used > 0 ? ", " : "",
                                     seen->others[fate], own_words[fate]);
    return buf;
}

static const char *server_cell(const struct demo_observation *seen, char *buf, size_t size)
{
    if (!seen->server_ended)
        snprintf(buf, size, "%s", newcomer_words[seen->newcomer]);
    else if (WIFSIGNALED(seen->status))
        snprintf(buf, size, "died of signal %d", WTERMSIG(seen->status));
    else
        snprintf(buf, size, "exited, status %d", WEXITSTATUS(seen->status));
    return buf;
}

static bool is_left_alone(const struct demo_observation *seen)
{
    return !seen->server_ended && seen->others[DEMO_ANSWERED] == DEMO_OTHERS &&
           seen->newcomer == DEMO_ANSWERED;
}

static const char *remains_cell(const struct demo_observation *seen, char *buf, size_t size)
{
    if (seen->server_ended)
        snprintf(buf, size, "nothing: all are gone");
    else if (seen->cores > 0)
        snprintf(buf, size, "%.1g CPU busy, %s", seen->cores,
                 seen->kill_ended_spin ? "until killed" : "to the end");
    else if (seen->memory_bytes >= MEMORY_LEFT)
        snprintf(buf, size, "%jd MiB of memory", (intmax_t)(seen->memory_bytes >> 20));
    else if (!is_left_alone(seen))
        snprintf(buf, size, "%s",
                 seen->newcomer == DEMO_WRONG ? "wrong data" : "a server in trouble");
    else
        snprintf(buf, size, "%s", seen->memory_is_told ? "nothing" : "nothing that is told");
    return buf;
}

static void print_introduction(void)
{
    printf("Four clients are served, and one of them brings about a fault in its worker:\n\n");
    for (enum demo_fault fault = 0; fault < DEMO_FAULTS; fault++)
        printf("  %-9s %s\n", demo_fault_name(fault), demo_fault_summary(fault));
    printf("\n%-9s %-7s %-13s %-18s %-20s %s\n", "fault", "mode", "this client", "the three others",
           "the server then", "what remains");
    fflush(stdout);
}

static void print_row(const struct demo_observation *seen, const char *mode, bool is_first)
{
    char others[64], server[40], remains[40];
    printf("%-9s %-7s %-13s %-18s %-20s %s\n", is_first ? demo_fault_name(seen->fault) : "", mode,
           own_words[seen->own], others_cell(seen, others, sizeof others),
           server_cell(seen, server, sizeof server), remains_cell(seen, remains, sizeof remains));
    fflush(stdout);
}

/* ---- What it means ------------------------------------------------------------------------- */

/* Faults are told by the worst that they did. */
enum harm {
    HARM_NONE = 0, /* but for the connection itself */
    HARM_UNTOLD,
    HARM_CPU,
    HARM_MEMORY,
    HARM_WRONG,
    HARM_SILENCE,
    HARM_ENDED, /* connections of others, */
    HARM_ALL,   /* or the server */
    HARMS,
};

static const char *const harm_words[HARMS] = {
    [HARM_NONE] = "reached no further than the connection itself",
    [HARM_UNTOLD] = "may have left memory in the server, which this system does not tell",
    [HARM_CPU] = "kept a processor busy after its client had left",
    [HARM_MEMORY] = "left its memory in the server",
    [HARM_WRONG] = "gave others wrong answers",
    [HARM_SILENCE] = "left others without an answer",
    [HARM_ENDED] = "ended connections of others",
    [HARM_ALL] = "ended the server, and with it every connection",
};

static enum harm harm_of(const struct demo_observation *seen)
{
    if (seen->server_ended)
        return HARM_ALL;
    if (seen->others[DEMO_ENDED] > 0 || seen->newcomer == DEMO_ENDED)
        return HARM_ENDED;
    if (seen->others[DEMO_SILENT] > 0 || seen->newcomer == DEMO_SILENT)
        return HARM_SILENCE;
    if (seen->others[DEMO_WRONG] > 0 || seen->newcomer == DEMO_WRONG)
        return HARM_WRONG;
    if (seen->memory_bytes >= MEMORY_LEFT)
        return HARM_MEMORY;
    if (seen->cores > 0)
        return HARM_CPU;
    return seen->memory_is_told ? HARM_NONE : HARM_UNTOLD;
}

/* A paragraph that grows; what does not fit is left out. */
struct text {
    char bytes[2000];
    size_t used;
};

static void add(struct text *text, const char *piece)
{
    size_t left = sizeof text->bytes - text->used;
    size_t length = (size_t)snprintf(text->bytes + text->used, left, "%s", piece);
    text->used += length < left ? length : left - 1;
}

/* "crash and exit ended the server"; nothing where no fault did that harm. */
static void add_harm(struct text *text, const struct demo_observation *seen, enum harm harm,
                     bool *is_first)
{
    unsigned count = 0, done = 0;
    for (enum demo_fault fault = 0; fault < DEMO_FAULTS; fault++)
        count += harm_of(&seen[fault]) == harm;
    if (count == 0)
        return;
    add(text, *is_first ? "" : "; ");
    for (enum demo_fault fault = 0; fault < DEMO_FAULTS; fault++) {
        if (harm_of(&seen[fault]) != harm)
            continue;
        add(text, done == 0 ? "" : done + 1 < count ? ", " : " and ");
        add(text, demo_fault_name(fault));
        done++;
    }
    add(text, " ");
    add(text, harm_words[harm]);
    for (enum demo_fault fault = 0; fault < DEMO_FAULTS; fault++)
        if (harm == HARM_CPU && seen[fault].kill_ended_spin)
            add(text, ", until that one process was killed");
    *is_first = false;
}

static void add_mode(struct text *text, const struct demo_observation *seen, const char *name)
{
    char piece[200];
    unsigned alone = 0;
    bool is_first = true;
    for (enum demo_fault fault = 0; fault < DEMO_FAULTS; fault++)
        alone += is_left_alone(&seen[fault]);
    snprintf(piece, sizeof piece,
             "Mode %s: the others went on undisturbed with %u of %d faults. Of these, ", name,
             alone, (int)DEMO_FAULTS);
    add(text, piece);
    for (int harm = HARM_ALL; harm >= HARM_NONE; harm--)
        add_harm(text, seen, (enum harm)harm, &is_first);
    add(text, ".");
}

static void print_conclusion(const struct findings *findings)
{
    for (int mode = 0; mode < MODES; mode++) {
        struct text text = {.used = 0};
        if (!thrdsrv_mode_supported(modes[mode].mode))
            snprintf(text.bytes, sizeof text.bytes,
                     "This build has no mode %s, so there is nothing to compare with.",
                     modes[mode].name);
        else
            add_mode(&text, findings->of[mode], modes[mode].name);
        putchar('\n');
        wrap_print(text.bytes);
    }
}

/* ---- The demo ------------------------------------------------------------------------------ */

static int run_fault(enum demo_fault fault, struct findings *findings)
{
    bool is_first = true;
    for (int mode = 0; mode < MODES; mode++) {
        struct demo_observation *seen = &findings->of[mode][fault];
        if (!thrdsrv_mode_supported(modes[mode].mode))
            continue;
        if (demo_experiment_run(fault, modes[mode].mode, seen) < 0)
            return -1;
        print_row(seen, modes[mode].name, is_first);
        is_first = false;
    }
    return 0;
}

int demo_isolation_run(void)
{
    struct findings findings;
    print_introduction();
    for (enum demo_fault fault = 0; fault < DEMO_FAULTS; fault++)
        if (run_fault(fault, &findings) < 0)
            return 1;
    print_conclusion(&findings);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    fprintf(stderr, "thrd: cannot write to standard output: %s\n", strerror(errno));
    return 1;
}
