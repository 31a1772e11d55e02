/* torture.c - the driver: torture THRD HOST [OPTION...]. ci/torture builds and starts it, and says
 * what the options are.
 *
 * First each scenario runs without a fault, which tells how often it makes each call; then come the
 * points, taken from one list by several workers at once, for they wait more than they compute. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "play.h"
#include "points.h"

#define RUNS_MAX 160

/* What the workers share. */
struct shared {
    _Atomic size_t next;
    _Atomic size_t done;
    _Atomic size_t struck;
    _Atomic size_t violations;
    _Atomic unsigned struck_calls[CALLS];
    struct run runs[RUNS_MAX];
    struct {
        _Atomic unsigned points, struck, violations;
    } tally[RUNS_MAX];
};

static const char *const plant_names[PLANTS] = {
    [PLANT_LEAK] = "leak",   [PLANT_ZOMBIE] = "zombie",     [PLANT_FOREIGN] = "foreign",
    [PLANT_ABORT] = "abort", [PLANT_HANG] = "hang",         [PLANT_STATUS] = "status",
    [PLANT_LOG] = "log",     [PLANT_COUNTERS] = "counters", [PLANT_LINGER] = "linger",
    [PLANT_DROP] = "drop",   [PLANT_SILENCE] = "silence",
};

static struct shared *shared;
static size_t run_count;
static struct point_list list;
static struct wanted wanted = {.seed = 6};
static const char *programs[2];
static int plant;
static unsigned jobs;
static bool lists_only;

static void *map_shared(size_t size, int fd)
{
    int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (memory == MAP_FAILED) {
        perror("torture: mmap");
        exit(1);
    }
    return memory;
}

/* ---- A worker ------------------------------------------------------------------------------ */

static void prepare(struct play *play)
{
    int fd = memfd_create("control", MFD_CLOEXEC);
    play->control_fd = dup2(fd, 100);
    memcpy(play->programs, programs, sizeof programs);
    if (fd < 0 || play->control_fd < 0 || ftruncate(100, sizeof(struct control)) < 0) {
        perror("torture: memfd_create");
        exit(1);
    }
    close(fd);
    play->control = map_shared(sizeof(struct control), 100);
    play->control->plant = plant;
    snprintf(play->directory, sizeof play->directory, "/tmp/thrd-torture-XXXXXX");
    if (!mkdtemp(play->directory)) {
        perror("torture: mkdtemp");
        exit(1);
    }
    /* What a server leaves behind comes to us, and is counted. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void print_violation(const struct play *play, const struct point *point)
{
    char text[6000], name[128] = "";
    if (point->call < CALLS)
        point_name(point, name, sizeof name);
    int length = snprintf(text, sizeof text,
                          "VIOLATION in %s, mode %s, %s\n%s    again: ci/torture --scenario=%s "
                          "--mode=%s%s%s%s%s\n    the end of its log:\n%s\n",
                          point->scenario->name, mode_names[point->mode],
                          point->call < CALLS ? name : "without any fault", play->trouble,
                          point->scenario->name, mode_names[point->mode],
                          point->call < CALLS ? " --point=" : "", name, plant ? " --plant=" : "",
                          plant ? plant_names[plant] : "", play->last_words);
    if (length >= (int)sizeof text)
        length = sizeof text - 1;
    if (write(STDOUT_FILENO, text, (size_t)length) < 0)
        exit(1);
}

static void run_one(struct play *play, const struct point *point, size_t run)
{
    run_point(play, point, &shared->runs[run].clean);
    bool struck = play_has_struck(play);
    if (play->violated) {
        atomic_fetch_add(&shared->violations, 1);
        atomic_fetch_add(&shared->tally[run].violations, 1);
        print_violation(play, point);
    }
    if (point->call == CALLS)
        return;
    atomic_fetch_add(&shared->tally[run].points, 1);
    atomic_fetch_add(&shared->tally[run].struck, struck);
    atomic_fetch_add(&shared->struck, struck);
    atomic_fetch_add(&shared->struck_calls[point->call], struck);
}

static _Noreturn void work(bool is_clean)
{
    static struct play play;
    size_t count = is_clean ? run_count : list.count;
    prepare(&play);
    for (size_t i; (i = atomic_fetch_add(&shared->next, 1)) < count;) {
        struct point clean = {.call = CALLS};
        if (is_clean) {
            clean.scenario = shared->runs[i].scenario;
            clean.mode = shared->runs[i].mode;
            run_one(&play, &clean, i);
        } else {
            run_one(&play, &list.points[i], list.runs[i]);
        }
        atomic_fetch_add(&shared->done, 1);
    }
    rmdir(play.directory);
    exit(0);
}

/* ---- All of them --------------------------------------------------------------------------- */

/* Returns false where a worker did not end by itself. */
static bool work_in_parallel(bool is_clean)
{
    size_t count = is_clean ? run_count : list.count, shown = 0;
    unsigned running = 0;
    bool ok = true;
    atomic_store(&shared->next, 0);
    atomic_store(&shared->done, 0);
    fflush(NULL);
    for (; running < jobs && running < count; running++) {
        pid_t pid = fork();
        if (pid == 0)
            work(is_clean);
        if (pid < 0) {
            perror("torture: fork");
            exit(1);
        }
    }
    while (running > 0) {
        const struct timespec pause = {.tv_nsec = 10000000};
        int status;
        size_t done = atomic_load(&shared->done);
        if (waitpid(-1, &status, WNOHANG) > 0) {
            running--;
            ok &= status == 0;
            continue;
        }
        if (!is_clean && done / 1000 > shown / 1000) {
            printf("%zu of %zu points, %zu violations\n", done, count,
                   atomic_load(&shared->violations));
            fflush(stdout);
            shown = done;
        }
        nanosleep(&pause, NULL);
    }
    return ok;
}

static bool is_made(int call)
{
    for (size_t i = 0; i < run_count; i++)
        if (shared->runs[i].clean.made[call] > 0)
            return true;
    return false;
}

static unsigned count_struck_calls(void)
{
    unsigned count = 0;
    for (int call = 0; call < CALLS; call++)
        count += atomic_load(&shared->struck_calls[call]) > 0;
    return count;
}

/* What no scenario comes to. */
static unsigned print_calls_not_made(void)
{
    unsigned made = 0;
    printf("\ncalls that none of them makes:");
    for (int call = 0; call < CALLS; call++) {
        if (is_made(call))
            made++;
        else
            printf(" %s", call_kinds[call].name);
    }
    printf("%s\n", made == CALLS ? " none" : "");
    return made;
}

static void print_table(double seconds)
{
    printf("\n%-24s %-7s %8s %8s %10s\n", "scenario", "mode", "points", "struck", "violations");
    for (size_t i = 0; i < run_count; i++)
        printf("%-24s %-7s %8u %8u %10u\n", shared->runs[i].scenario->name,
               mode_names[shared->runs[i].mode], atomic_load(&shared->tally[i].points),
               atomic_load(&shared->tally[i].struck), atomic_load(&shared->tally[i].violations));
    unsigned made = print_calls_not_made();
    printf("%zu scenarios and modes, %u kinds of calls made of %d, %u struck; %zu points, %zu "
           "struck, %zu violations; %.0f s, seed %llu\n",
           run_count, made, CALLS, count_struck_calls(), list.count, atomic_load(&shared->struck),
           atomic_load(&shared->violations), seconds, (unsigned long long)wanted.seed);
}

static void print_list(void)
{
    for (const struct scenario *const *s = scenarios; *s; s++)
        printf("%-24s %s\n", (*s)->name, (*s)->about);
    printf("mode fork: %s\n", WITH_FORK ? "yes" : "no");
}

/* ---- Arguments ----------------------------------------------------------------------------- */

static _Noreturn void refuse(const char *argument, const char *allowed)
{
    fprintf(stderr, "torture: %s: %s\n", argument, allowed);
    exit(2);
}

/* The value of --NAME=VALUE, or NULL. */
static const char *value_of(const char *argument, const char *name)
{
    size_t length = strlen(name);
    bool is_it = strncmp(argument, "--", 2) == 0 && strncmp(argument + 2, name, length) == 0 &&
                 argument[2 + length] == '=';
    return is_it ? argument + 3 + length : NULL;
}

static unsigned long long number(const char *argument, const char *value)
{
    char *end;
    errno = 0;
    unsigned long long result = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno)
        refuse(argument, "a number is wanted");
    return result;
}

static bool scenario_exists(const char *name)
{
    for (const struct scenario *const *s = scenarios; *s; s++)
        if (strcmp((*s)->name, name) == 0)
            return true;
    return false;
}

static int plant_of(const char *name)
{
    for (int i = 0; i < PLANTS; i++)
        if (plant_names[i] && strcmp(plant_names[i], name) == 0)
            return i;
    return 0;
}

static void take(const char *argument)
{
    const char *value;
    struct point point;
    if (strcmp(argument, "--list") == 0)
        lists_only = true;
    else if ((value = value_of(argument, "scenario")) && scenario_exists(value))
        wanted.scenario = value;
    else if (value)
        refuse(argument, "there is no such scenario; --list names them");
    else if ((value = value_of(argument, "mode")) &&
             (strcmp(value, "thread") == 0 || strcmp(value, "fork") == 0))
        wanted.mode = value;
    else if (value)
        refuse(argument, "thread or fork");
    else if ((value = value_of(argument, "point")) && point_parse(value, &point))
        wanted.point = value;
    else if (value)
        refuse(argument, "CALL:N:HOW:once or CALL:N:HOW:on, as a violation names it");
    else if ((value = value_of(argument, "points")))
        wanted.count = number(argument, value);
    else if ((value = value_of(argument, "seed")))
        wanted.seed = number(argument, value);
    else if ((value = value_of(argument, "jobs")) && number(argument, value) > 0)
        jobs = (unsigned)number(argument, value);
    else if ((value = value_of(argument, "plant")) && plant_of(value) > 0)
        plant = plant_of(value);
    else
        refuse(argument, "no such option or value; ci/torture --help names them");
}

int main(int argc, char **argv)
{
    struct timespec begun, ended;
    if (argc < 3)
        refuse("usage", "torture THRD HOST [OPTION...]");
    programs[0] = argv[1];
    programs[1] = argv[2];
    jobs = 8 * (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    wanted.modes[MODE_THREAD] = true;
    wanted.modes[MODE_FORK] = WITH_FORK;
    for (int i = 3; i < argc; i++)
        take(argv[i]);
    if (lists_only) {
        print_list();
        return 0;
    }
    clock_gettime(CLOCK_MONOTONIC, &begun);
    shared = map_shared(sizeof *shared, -1);
    run_count = points_runs(&wanted, shared->runs, RUNS_MAX);
    bool ok = work_in_parallel(true);
    points_list(&wanted, shared->runs, run_count, &list);
    if (ok && atomic_load(&shared->violations) == 0)
        ok = work_in_parallel(false);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    print_table((double)(ended.tv_sec - begun.tv_sec) +
                (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    return ok && atomic_load(&shared->violations) == 0 ? 0 : 1;
}
