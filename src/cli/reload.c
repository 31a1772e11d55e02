/* reload.c - the rules at the start and at SIGHUP; see reload.h. */
#include "cli/reload.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/log_line.h"
#include "cli/notify.h"
#include "cli/rules_file.h"

/* The one server of this process. */
static struct {
    struct options *options;
    struct thrdsrv_server *server;
    size_t given;            /* rules of --allow and --deny, which come first */
    struct rules_file first; /* until the server has them */
    char *file;              /* as it was given; a copy, for a child writes its title over argv */
    char *below;             /* what it is called below --chroot; NULL: it is not there */
    pthread_t thread;
    bool is_running;
    sem_t requests;
    _Atomic bool is_over; /* the next request is to end */
} reload;

/* ---- The start --------------------------------------------------------------------------- */

/* The folder that a file is in, without links; NULL with errno. */
static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *folder = slash ? strndup(file, (size_t)(slash - file) + 1) : strdup(".");
    char *whole = folder ? realpath(folder, NULL) : NULL;
    free(folder);
    return whole;
}

/* What a file is called below another root directory; NULL: it is not there, or no memory is. */
static char *path_below(const char *root, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    char *top = realpath(root, NULL);
    char *folder = folder_of(file);
    char *path = NULL;
    if (top && folder) {
        size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
        bool is_below =
            strncmp(folder, top, length) == 0 && (folder[length] == '/' || folder[length] == '\0');
        if (is_below && asprintf(&path, "%s/%s", folder + length, name) < 0)
            path = NULL;
    }
    free(top);
    free(folder);
    return path;
}

bool reload_first(struct options *options, enum serve_status *status)
{
    struct thrdsrv_config *config = &options->config;
    struct rules_error error;
    char quoted[PATH_MAX];
    const char *file = options->rules_file;
    if (!file)
        return true;
    reload.options = options;
    reload.given = config->rule_count;
    if (rules_file_read(&reload.first, file, options->rules, reload.given, &error)) {
        config->rules = reload.first.rules;
        config->rule_count = reload.first.count;
        reload.below = options->chroot ? path_below(options->chroot, file) : NULL;
        reload.file = strdup(file);
        if (reload.file)
            return true;
        error = (struct rules_error){.system = true, .what = strerror(errno)};
    }
    *status = error.system ? SERVE_SYSTEM : SERVE_USAGE;
    fprintf(stderr, "thrd: --rules=%s:", log_line_quote(quoted, sizeof quoted, file));
    if (error.line > 0)
        fprintf(stderr, "%zu:", error.line);
    fprintf(stderr, " %s%s%s\n", error.given, *error.given ? ": " : "", error.what);
    return false;
}

/* ---- At SIGHUP --------------------------------------------------------------------------- */

/* Of the file, as it can be reached now; NULL: it cannot. */
static const char *path_now(void)
{
    return reload.options->chroot ? reload.below : reload.file;
}

/* "FILE:LINE", or "FILE". */
static void report_failed(const char *file, size_t line, const char *given, const char *what)
{
    char at[PATH_MAX + 32], quoted_at[1024], quoted_given[4 * RULES_FILE_GIVEN], quoted_what[512];
    snprintf(at, sizeof at, line > 0 ? "%s:%zu" : "%s", file, line);
    log_line_printf(&reload.options->config, THRDSRV_LOG_WARN,
                    "msg=\"reload failed\" at=%s%s%s error=%s action=\"nothing was changed\"",
                    log_line_quote(quoted_at, sizeof quoted_at, at), *given ? " given=" : "",
                    *given ? log_line_quote(quoted_given, sizeof quoted_given, given) : "",
                    log_line_quote(quoted_what, sizeof quoted_what, what));
}

static void read_again(void)
{
    const struct options *options = reload.options;
    struct rules_file file;
    struct rules_error error;
    const char *path = path_now();
    if (!path) {
        report_failed(reload.file, 0, "", "it is not below --chroot");
        return;
    }
    if (!rules_file_read(&file, path, options->rules, reload.given, &error)) {
        report_failed(path, error.line, error.given, error.what);
        return;
    }
    size_t count = file.count;
    int result = thrdsrv_server_set_rules(reload.server, file.rules, count);
    rules_file_free(&file);
    if (result < 0)
        report_failed(path, 0, "", thrdsrv_strerror(result));
    else
        log_line_printf(&options->config, THRDSRV_LOG_NOTICE, "msg=reload rules=%zu", count);
}

/* Requests that come while the file is being read are met by one more reading. */
static void *meet_requests(void *unused)
{
    (void)unused;
    for (;;) {
        while (sem_wait(&reload.requests) < 0)
            continue; /* EINTR, of a debugger */
        while (sem_trywait(&reload.requests) == 0)
            continue;
        if (atomic_load(&reload.is_over))
            return NULL;
        notify_reloading();
        read_again();
        notify_ready(reload.server);
    }
}

/* Without signals, which are for the main thread. */
static int start_thread(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&reload.thread, NULL, meet_requests, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        pthread_setname_np(reload.thread, "thrd/reload");
    return error;
}

/* Now, not at the first signal: whoever starts the server is there to see it. */
static void warn_if_unreachable(void)
{
    char quoted_file[1024], quoted_error[256];
    struct rules_file file;
    struct rules_error error = {.what = "it is not below --chroot"};
    if (path_now() && rules_file_read(&file, path_now(), NULL, 0, &error)) {
        rules_file_free(&file);
        return;
    }
    log_line_printf(&reload.options->config, THRDSRV_LOG_WARN,
                    "msg=\"rules cannot be read again\" file=%s error=%s remedy=\"let --user read "
                    "it, below --chroot, or start anew instead of SIGHUP\"",
                    log_line_quote(quoted_file, sizeof quoted_file, reload.file),
                    log_line_quote(quoted_error, sizeof quoted_error, error.what));
}

bool reload_start(struct options *options, struct thrdsrv_server *server, enum serve_status *status)
{
    if (!options->rules_file)
        return true;
    rules_file_free(&reload.first);
    options->config.rules = options->rules;
    options->config.rule_count = reload.given;
    reload.server = server;
    sem_init(&reload.requests, 0, 0);
    int error = start_thread();
    if (error != 0) {
        *status = SERVE_SYSTEM;
        fprintf(stderr, "thrd: --rules: cannot start the thread that reads them again: %s\n",
                strerror(error));
        return false;
    }
    reload.is_running = true;
    if (options->user)
        warn_if_unreachable();
    return true;
}

void reload_request(void)
{
    sem_post(&reload.requests);
}

void reload_stop(void)
{
    if (reload.is_running) {
        atomic_store(&reload.is_over, true);
        sem_post(&reload.requests);
        pthread_join(reload.thread, NULL);
    }
    rules_file_free(&reload.first);
    free(reload.below);
    free(reload.file);
}
