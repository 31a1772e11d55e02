/* verdict - see verdict.h. */
#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "faults.h"

bool verdict_is_at_baseline(const struct sample *sample, struct baseline baseline)
{
    return sample->fds == baseline.fds && sample->tasks == baseline.tasks &&
           sample->children == 0 && sample->counters.value[COUNTER_ACTIVE] == 0;
}

void verdict_baseline(const char *who, const struct sample *sample, struct baseline baseline)
{
    long long active = sample->counters.value[COUNTER_ACTIVE];
    if (sample->fds != baseline.fds)
        fault("%s, wave %u: %d descriptors while nobody is connected, %d at the start", who,
              sample->wave, sample->fds, baseline.fds);
    if (sample->tasks != baseline.tasks)
        fault("%s, wave %u: %d threads while nobody is connected, %d at the start", who,
              sample->wave, sample->tasks, baseline.tasks);
    if (sample->children != 0)
        fault("%s, wave %u: %d children while nobody is connected, %d of them zombies", who,
              sample->wave, sample->children, sample->zombies);
    if (active != 0)
        fault("%s, wave %u: %lld slots in use while nobody is connected", who, sample->wave,
              active);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* Sorts what it is given. */
static double median(double *values, size_t count)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

struct trend verdict_trend(const double *connections, const double *kib, size_t count)
{
    struct trend trend = {.allowed = TREND_FLOOR_KIB};
    double *slopes = count >= TREND_SAMPLES_MIN ? malloc(count * count * sizeof *slopes) : NULL;
    size_t pairs = 0;
    if (slopes == NULL)
        return trend;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (connections[j] > connections[i])
                slopes[pairs++] = (kib[j] - kib[i]) / (connections[j] - connections[i]);
    double slope = median(slopes, pairs);
    double span = connections[count - 1] - connections[0];
    free(slopes);
    trend.samples = count;
    trend.per_million = slope * 1e6;
    trend.growth = slope * span;
    if (span * TREND_BYTES_A_CONNECTION / 1024 > trend.allowed)
        trend.allowed = span * TREND_BYTES_A_CONNECTION / 1024;
    return trend;
}

void verdict_memory(const char *who, const char *what, const struct trend *trend)
{
    if (trend->samples > 0 && trend->growth > trend->allowed)
        fault("%s: %s grows by %.0f KiB over the run, %.0f are allowed (%.0f KiB for a million "
              "connections)",
              who, what, trend->growth, trend->allowed, trend->per_million);
}

/* A value must lie between two others. */
static void between(const char *who, const char *what, long long value, uint64_t low, uint64_t high)
{
    if (value < 0 || (uint64_t)value < low || (uint64_t)value > high)
        fault("%s: %s is %lld and should be %llu to %llu", who, what, value,
              (unsigned long long)low, (unsigned long long)high);
}

static void exactly(const char *who, const char *what, long long value, uint64_t wanted)
{
    if (value < 0 || (uint64_t)value != wanted)
        fault("%s: %s is %lld and should be %llu", who, what, value, (unsigned long long)wanted);
}

static enum counter counter_of(const struct kind *kind)
{
    for (int i = 0; i < COUNTERS; i++)
        if (strcmp(counter_names[i], kind->cut) == 0)
            return (enum counter)i;
    abort();
}

/* Each limit has cut those whom it should, and nobody else. But while the soak is late, everybody
 * is silent, and who was cut for that as it was about to end does not even notice. */
static void verdict_cuts(const char *who, const struct counters *counters,
                         const struct account *account, bool was_late)
{
    struct kind_account sum = account_sum(account);
    uint64_t doubtful = sum.unclear + sum.excused + sum.faulty;
    uint64_t low_of_all = 0;
    uint64_t high_of_all = doubtful;
    long long of_all = 0;
    for (int i = 0; i < KINDS; i++) {
        const struct kind_account *kind = &account->kind[i];
        if (kinds[i].cut == NULL)
            continue;
        long long cut = counters->value[counter_of(&kinds[i])];
        of_all += cut;
        low_of_all += kind->completed;
        high_of_all += kind->completed + kind->left;
        if (!was_late)
            between(who, kinds[i].cut, cut, kind->completed,
                    kind->completed + kind->left + doubtful);
    }
    between(who, "the sum of all cuts", of_all, low_of_all, was_late ? sum.begun : high_of_all);
}

void verdict_counters(const char *who, const struct counters *counters,
                      const struct account *account, bool is_policy_wait, bool was_late)
{
    const long long *value = counters->value;
    struct kind_account sum = account_sum(account);
    uint64_t unknown = sum.left + sum.unclear + sum.excused + sum.faulty;
    exactly(who, "accepted", value[COUNTER_ACCEPTED], sum.begun);
    exactly(who, "served + refused_full", value[COUNTER_SERVED] + value[COUNTER_REFUSED_FULL],
            sum.begun);
    between(who, "refused_full", value[COUNTER_REFUSED_FULL], sum.refused,
            is_policy_wait ? 0 : sum.refused + unknown);
    exactly(who, "refused_admission", value[COUNTER_REFUSED_ADMISSION], 0);
    exactly(who, "spawn_failures", value[COUNTER_SPAWN_FAILURES], 0);
    exactly(who, "accept_errors_conn", value[COUNTER_ACCEPT_ERRORS_CONN], 0);
    exactly(who, "accept_errors_system", value[COUNTER_ACCEPT_ERRORS_SYSTEM], 0);
    between(who, "bytes_in", value[COUNTER_BYTES_IN], account->orderly_in, account->said);
    between(who, "bytes_out", value[COUNTER_BYTES_OUT], account->heard,
            (uint64_t)value[COUNTER_BYTES_IN]);
    verdict_cuts(who, counters, account, was_late);
}

static long long since(const struct ledger *before, const struct ledger *after,
                       enum counter counter)
{
    return after->counters.value[counter] - before->counters.value[counter];
}

void verdict_exact(const char *who, const struct ledger *before, const struct ledger *after)
{
    struct kind_account was = account_sum(&before->account);
    struct kind_account is = account_sum(&after->account);
    uint64_t begun = is.begun - was.begun;
    bool is_doubtful =
        is.excused + is.unclear + is.faulty != was.excused + was.unclear + was.faulty;
    exactly(who, "accepted of orderly clients", since(before, after, COUNTER_ACCEPTED), begun);
    exactly(who, "served of orderly clients", since(before, after, COUNTER_SERVED), begun);
    if (is_doubtful)
        return;
    exactly(who, "bytes_in of orderly clients", since(before, after, COUNTER_BYTES_IN),
            after->account.said - before->account.said);
    exactly(who, "bytes_out of orderly clients", since(before, after, COUNTER_BYTES_OUT),
            after->account.heard - before->account.heard);
}
