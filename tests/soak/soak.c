/* soak - lets thrd serve all sorts of clients for as long as is asked for, and looks whether it is
 * after that what it was before: nothing leaked, nothing grown, no byte wrong, every connection
 * accounted for.
 *
 *     soak --program=FILE [--mode=thread|fork] [--minutes=N] [--seed=N] [--csv=FILE] …
 *
 * Three servers run side by side, one for each policy for a full table. Clients come in waves
 * (run.c), are of many kinds (kinds.c) and check every byte (actor.c, tag.c). In the quiet between
 * two waves samples are taken (sample.c) and judged (verdict.c). The same seed gives the same
 * choices; what happens between processes is never quite the same.
 *
 * Exit status: 0 sound, 1 a fault was found or the run was not possible, 2 wrong usage. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "faults.h"
#include "report.h"
#include "run.h"

/* Room for all clients, as far as the hard limit goes. The servers inherit it and raise theirs. */
static void allow_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    struct options options;
    static struct run run;
    options_read(&options, argc, argv);
    allow_many_files();
    signal(SIGPIPE, SIG_IGN);
    run_all(&run, &options);
    report_begin(stdout, &run);
    report_clients(stdout, &run);
    report_servers(stdout, &run);
    report_memory(stdout, &run);
    report_verdict(stdout, &run);
    if (options.csv != NULL && report_csv(options.csv, &run) != 0) {
        fprintf(stderr, "soak: cannot write %s: %s\n", options.csv, strerror(errno));
        return 1;
    }
    run_fini(&run);
    return faults_count() == 0 ? 0 : 1;
}
