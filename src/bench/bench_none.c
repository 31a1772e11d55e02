/* bench_none.c - the build without jansson: nothing else of src/bench is compiled, and `thrd bench`
 * says what is missing. */
#include <stdio.h>

#include "bench/bench.h"

static enum bench_status refuse(void)
{
    fputs("thrd: bench: this program was built without it, because the library jansson was not "
          "there; install it (Debian, Ubuntu: apt-get install libjansson-dev; Fedora: "
          "jansson-devel; Arch, Alpine: jansson, jansson-dev) and pkg-config, then build again: "
          "cmake -B build -DTHRDSRV_BENCH=ON && cmake --build build\n",
          stderr);
    return BENCH_USAGE;
}

enum bench_status bench_run(const struct bench_config *config)
{
    (void)config;
    return refuse();
}

enum bench_status bench_compare(const char *old_file, const char *new_file, double fail_over)
{
    (void)old_file;
    (void)new_file;
    (void)fail_over;
    return refuse();
}
