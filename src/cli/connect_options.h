/* connect_options.h - the command line of thrd connect.
 *
 * What it does: turns the arguments into what the conversation is to be, or into one error text. It
 * asks neither the system nor the network: whether there is such a server is connect_command.c's.
 * Called by connect_command.c; any thread. */
#ifndef THRD_CLI_CONNECT_OPTIONS_H
#define THRD_CLI_CONNECT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/arguments.h"
#include "client/split_io.h"

/* Begins zeroed. The texts are those of the arguments. */
struct connect_options {
    const char *address;
    const char *path; /* of a Unix-domain socket; NULL: the address is HOST:PORT or [V6]:PORT */
    enum split_mode mode;
    bool raw;
    int64_t timeout_ms;    /* 0: none */
    int64_t idle_ms;       /* 0: none */
    const char *idle_text; /* as it was given */
};

/* Its target is a struct connect_options. */
extern const struct argument_table connect_table;

#endif
