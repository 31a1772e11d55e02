/* split_fork_none.c - the build without mode fork: split_fork.c is not compiled. */
#include "client/split_worker.h"

const struct split_model split_fork = {NULL, NULL};
