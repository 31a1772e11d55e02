/* options.h - the command line of the server.
 *
 * What it does: turns the arguments into a configuration, or into one error text that names the
 * option, what was given and what is allowed. Which options there are is said in option_table.h;
 * the commands have theirs elsewhere (commands.h).
 * What it does not do: it never prints, exits, allocates or asks the system. Addresses are
 * parsed by the library; whether --ready-fd is open, --rules can be read and there is a --user
 * are ready.c's, rules_file.c's and privileges.c's questions.
 * Called by main.c before anything else; any thread. */
#ifndef THRD_CLI_OPTIONS_H
#define THRD_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/server.h>

#include "cli/arguments.h"

#define OPTIONS_LISTEN_MAX 64  /* times --listen may be given */
#define OPTIONS_BUSY_MAX   500 /* bytes of TEXT in --when-full=busy:TEXT */

/* --reserve, --proxy-from, and --allow with --deny: networks, and bytes of each; the longest that
 * is one has 49.
 */
#define OPTIONS_NETWORKS_MAX 64
#define OPTIONS_NETWORK_SIZE 64

/* Do not copy: config points into listen, busy_text, networks and rules, and at the argument
 * strings. */
struct options {
    struct thrdsrv_config config; /* log, on_start and user are left to the caller */
    int ready_fd;                 /* -1: none */
    bool inetd;                   /* the one connection that is descriptor 0 */
    bool mode_is_given;
    const char *control;   /* path of the control socket; "": its usual place; NULL: none */
    int64_t ballast_bytes; /* memory to take before serving; 0: none */
    bool has_handler;      /* --handler was given */
    const char *listen[OPTIONS_LISTEN_MAX];
    char busy_text[OPTIONS_BUSY_MAX + sizeof "\r\n"];
    const char *networks[OPTIONS_NETWORKS_MAX]; /* point to network_texts */
    char network_texts[OPTIONS_NETWORKS_MAX][OPTIONS_NETWORK_SIZE];
    struct thrdsrv_rule rules[OPTIONS_NETWORKS_MAX]; /* of --allow and --deny; to rule_texts */
    char rule_texts[OPTIONS_NETWORKS_MAX][OPTIONS_NETWORK_SIZE];
    const char *balancers[OPTIONS_NETWORKS_MAX]; /* point to balancer_texts */
    char balancer_texts[OPTIONS_NETWORKS_MAX][OPTIONS_NETWORK_SIZE];
    const char *rules_file; /* these four: NULL, or what was given */
    const char *user;
    const char *group;
    const char *chroot;
    int64_t restart_ms; /* how long a successor may take to be ready */

    /* takeover.c's; without a predecessor -1 and false. */
    int control_fd; /* the predecessor's control socket */
    bool is_successor;
};

/* Parses argv[1] … argv[argc - 1] into *options, see arguments_parse(). */
enum arguments_end options_parse(struct options *options, int argc, char *const argv[],
                                 char *message, size_t size);

#endif
