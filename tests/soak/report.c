/* report - see report.h. */
#include "report.h"

#include <errno.h>
#include <stdlib.h>

#include "faults.h"

/* Of the waves the first two, or the first fifth, are for warming up: arenas, stacks and caches of
 * the kernel grow to what a wave needs. */
enum { WARM_UP_WAVES = 2, WARM_UP_PART = 5 };

static unsigned warm_up(const struct run *run)
{
    unsigned part = run->waves / WARM_UP_PART;
    return part > WARM_UP_WAVES ? part : WARM_UP_WAVES;
}

void report_begin(FILE *out, const struct run *run)
{
    const struct options *options = run->options;
    uint64_t served = 0;
    uint64_t accepted = 0;
    for (int i = 0; i < RUN_SERVERS; i++) {
        accepted += (uint64_t)run->server[i].target.counters.value[COUNTER_ACCEPTED];
        served += (uint64_t)run->server[i].target.counters.value[COUNTER_SERVED];
    }
    fprintf(out, "mode %s, %.1f minutes, seed %llu, %d servers with %u slots each\n", options->mode,
            run->seconds / 60, (unsigned long long)options->seed, RUN_SERVERS, options->slots);
    fprintf(out, "connections: %llu accepted, %llu served; at most %zu clients at once\n",
            (unsigned long long)accepted, (unsigned long long)served, run->stage.peak);
    fprintf(out,
            "waves: %u; with a flood %u, with a storm of signals %u, of orderly clients alone "
            "%u; dumps: %u\n",
            run->waves, run->floods, run->storms, run->exact, run->dumps);
    fprintf(out,
            "the soak itself: late by more than %d ms %llu times, short of ports or room %llu "
            "times\n",
            STAGE_LATE_MS, (unsigned long long)run->stage.lates,
            (unsigned long long)run->stage.shortages);
}

void report_clients(FILE *out, const struct run *run)
{
    fprintf(out, "\n%-12s %10s %10s %8s %8s %8s %8s %8s\n", "clients", "connected", "completed",
            "refused", "left", "unclear", "excused", "faulty");
    for (int k = 0; k < KINDS; k++) {
        struct kind_account sum = {0};
        for (int i = 0; i < RUN_SERVERS; i++)
            account_add(&sum, &run->server[i].account.kind[k]);
        fprintf(out, "%-12s %10llu %10llu %8llu %8llu %8llu %8llu %8llu\n", kinds[k].name,
                (unsigned long long)sum.begun, (unsigned long long)sum.completed,
                (unsigned long long)sum.refused, (unsigned long long)sum.left,
                (unsigned long long)sum.unclear, (unsigned long long)sum.excused,
                (unsigned long long)sum.faulty);
    }
}

static void server_counters(FILE *out, const struct server *server)
{
    const struct target *target = &server->target;
    fprintf(out, "\nserver %s, %s: exit status %d, log %llu lines, %llu KiB, %llu warnings\n ",
            target->policy, target->handler, server->exit_status,
            (unsigned long long)target->log_lines, (unsigned long long)target->log_bytes / 1024,
            (unsigned long long)target->warnings);
    for (int i = 0; i < COUNTERS; i++)
        fprintf(out, " %s=%lld%s", counter_names[i], target->counters.value[i],
                i == COUNTER_SPAWN_FAILURES || i == COUNTER_ACCEPT_ERRORS_SYSTEM ? "\n " : "");
    fprintf(out, "\n  clients: said %llu bytes, heard %llu, all of them right\n",
            (unsigned long long)server->account.said, (unsigned long long)server->account.heard);
}

void report_servers(FILE *out, const struct run *run)
{
    for (int i = 0; i < RUN_SERVERS; i++)
        server_counters(out, &run->server[i]);
}

static int64_t rss(const struct sample *sample)
{
    return sample->rss_kib;
}

static int64_t private_memory(const struct sample *sample)
{
    return sample->private_kib;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* The quiet samples of a server, after the warm-up: one figure of them, and its trend. */
static void memory_of(FILE *out, const struct run *run, unsigned server, const char *what,
                      int64_t (*figure)(const struct sample *))
{
    const char *who = run->server[server].target.policy;
    double *connections = calloc(run->samples.count + 1, sizeof *connections);
    double *kib = calloc(run->samples.count + 1, sizeof *kib);
    size_t count = 0;
    for (size_t i = 0; connections != NULL && kib != NULL && i < run->samples.count; i++) {
        const struct sample *sample = &run->samples.all[i];
        if (sample->target != server || !sample->is_quiet || sample->wave < warm_up(run))
            continue;
        connections[count] = (double)sample->counters.value[COUNTER_ACCEPTED];
        kib[count++] = (double)figure(sample);
    }
    struct trend trend = verdict_trend(connections, kib, count);
    verdict_memory(who, what, &trend);
    if (trend.samples == 0) {
        fprintf(out, "%-6s %-8s %zu samples after the warm-up: too few for a trend\n", who, what,
                count);
    } else {
        double first = kib[0];
        double last = kib[count - 1];
        qsort(kib, count, sizeof *kib, compare);
        fprintf(out, "%-6s %-8s %7zu %8.0f %8.0f %8.0f %12.1f %9.1f %9.1f\n", who, what, count,
                first, kib[count / 2], last, trend.per_million, trend.growth, trend.allowed);
    }
    free(connections);
    free(kib);
}

static void held(FILE *out, const struct run *run, unsigned server)
{
    size_t quiet = 0;
    size_t at_baseline = 0;
    int most_tasks = 0;
    int most_fds = 0;
    int most_children = 0;
    for (size_t i = 0; i < run->samples.count; i++) {
        const struct sample *sample = &run->samples.all[i];
        if (sample->target != server)
            continue;
        quiet += sample->is_quiet;
        at_baseline +=
            sample->is_quiet && verdict_is_at_baseline(sample, run->server[server].baseline);
        most_tasks = sample->tasks > most_tasks ? sample->tasks : most_tasks;
        most_fds = sample->fds > most_fds ? sample->fds : most_fds;
        most_children = sample->children > most_children ? sample->children : most_children;
    }
    fprintf(
        out,
        "%-6s %zu of %zu quiet samples at the baseline (%d fds, %d threads, no child, no slot); "
        "sampled at peaks: %d fds, %d threads, %d children\n",
        run->server[server].target.policy, at_baseline, quiet, run->server[server].baseline.fds,
        run->server[server].baseline.tasks, most_fds, most_tasks, most_children);
}

void report_memory(FILE *out, const struct run *run)
{
    fprintf(out, "\nwhile nobody is connected:\n");
    for (unsigned i = 0; i < RUN_SERVERS; i++)
        held(out, run, i);
    fprintf(out, "\n%-15s %7s %8s %8s %8s %12s %9s %9s\n", "memory, KiB", "samples", "first",
            "median", "last", "per million", "growth", "allowed");
    for (unsigned i = 0; i < RUN_SERVERS; i++) {
        memory_of(out, run, i, "RSS", rss);
        memory_of(out, run, i, "private", private_memory);
    }
}

void report_verdict(FILE *out, const struct run *run)
{
    if (faults_count() == 0) {
        fprintf(out, "\nverdict: sound\n");
        return;
    }
    fprintf(out, "\n");
    faults_print(out);
    fprintf(out, "verdict: %u faults, mode %s, seed %llu\n", faults_count(), run->options->mode,
            (unsigned long long)run->options->seed);
}

static void csv_line(FILE *file, const struct run *run, const struct sample *s)
{
    fprintf(file, "%.3f,%s,%u,%s,%lld,%lld,%lld,%d,%d,%d,%d,%llu", s->seconds,
            run->server[s->target].target.policy, s->wave, s->is_quiet ? "quiet" : "peak",
            (long long)s->rss_kib, (long long)s->pss_kib, (long long)s->private_kib, s->fds,
            s->tasks, s->children, s->zombies, (unsigned long long)s->log_bytes);
    for (int i = 0; i < COUNTERS; i++)
        fprintf(file, ",%lld", s->counters.value[i]);
    fputc('\n', file);
}

int report_csv(const char *path, const struct run *run)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -1;
    fprintf(file,
            "seconds,server,wave,phase,rss_kib,pss_kib,private_kib,fds,tasks,children,zombies,"
            "log_bytes");
    for (int i = 0; i < COUNTERS; i++)
        fprintf(file, ",%s", counter_names[i]);
    fputc('\n', file);
    for (size_t i = 0; i < run->samples.count; i++)
        csv_line(file, run, &run->samples.all[i]);
    return fclose(file) == 0 ? 0 : -1;
}
