/* sample - see sample.h. */
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc_fs.h"

static void read_memory(struct sample *sample, pid_t pid)
{
    char path[64];
    char line[256];
    long kib;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Rss: %ld", &kib) == 1)
            sample->rss_kib = kib;
        else if (sscanf(line, "Pss: %ld", &kib) == 1)
            sample->pss_kib = kib;
        else if (sscanf(line, "Private_Clean: %ld", &kib) == 1 ||
                 sscanf(line, "Private_Dirty: %ld", &kib) == 1)
            sample->private_kib += kib;
    }
    if (file != NULL)
        fclose(file);
}

/* Walking over all of /proc takes long where there are many processes, so only where the kernel
 * does not tell the children of a process. */
static void count_children(struct sample *sample, pid_t pid)
{
    char path[64];
    int child;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    sample->children = sample->zombies = 0;
    if (file == NULL) {
        sample->children = (int)proc_children(pid, 0, NULL, 0);
        sample->zombies = (int)proc_children(pid, 'Z', NULL, 0);
        return;
    }
    while (fscanf(file, "%d", &child) == 1) {
        sample->children++;
        sample->zombies += proc_state(child) == 'Z';
    }
    fclose(file);
}

void sample_take(struct sample *sample, const struct target *target)
{
    sample->rss_kib = sample->pss_kib = sample->private_kib = 0;
    read_memory(sample, target->pid);
    sample->fds = proc_count_fds(target->pid);
    sample->tasks = proc_count_tasks(target->pid);
    count_children(sample, target->pid);
    sample->log_bytes = target->log_bytes;
    sample->counters = target->counters;
}

void samples_add(struct samples *samples, const struct sample *sample)
{
    if (samples->count == samples->room) {
        samples->room = samples->room != 0 ? 2 * samples->room : 64;
        samples->all = realloc(samples->all, samples->room * sizeof *samples->all);
        if (samples->all == NULL) {
            perror("soak: samples");
            exit(1);
        }
    }
    samples->all[samples->count++] = *sample;
}

void samples_fini(struct samples *samples)
{
    free(samples->all);
}
