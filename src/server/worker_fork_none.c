/* worker_fork_none.c - the build without mode fork: worker_fork.c is not compiled, and nothing in
 * the library refers to fork(2). */
#include "server/worker.h"

const struct worker_model worker_fork = {
    .name = "fork",
};
