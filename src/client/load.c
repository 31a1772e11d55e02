/* load.c - the caller's side of load.h: starts the load threads, gives them orders, waits for their
 * news, adds up what they have counted.
 *
 * Everything here runs on the caller's thread, one at a time for each load. */
#include "client/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/load_control.h"
#include "client/load_thread.h"
#include "client/monotonic.h"
#include "client/open_files.h"

struct load {
    struct load_plan plan;
    struct load_control control;
    unsigned started; /* threads */
    struct load_thread *threads[LOAD_THREADS_MAX];
};

const char *load_failure_name(enum load_failure failure)
{
    static const char *const names[LOAD_FAILURES] = {
        [LOAD_REFUSED] = "refused",           [LOAD_RESET] = "reset",
        [LOAD_CLOSED_EARLY] = "closed early", [LOAD_WRONG_BYTE] = "wrong byte",
        [LOAD_UNANSWERED] = "unanswered",     [LOAD_LOCAL] = "local",
    };
    return names[failure];
}

/* What is wrong with the configuration; NULL: nothing. */
static const char *complaint(const struct load_config *config)
{
    bool answers = config->service != LOAD_AGE;
    if (config->address.ss_family != AF_INET && config->address.ss_family != AF_INET6)
        return "the server's address is neither IPv4 nor IPv6";
    if (answers && (config->size < 1 || config->size > LOAD_SIZE_MAX))
        return "the size of an exchange is from 1 byte to 16 MiB";
    if (config->connections > LOAD_CONNECTIONS_MAX || config->held > LOAD_CONNECTIONS_MAX ||
        config->connections + config->held < 1)
        return "the number of connections is from 1 to 100000";
    if (config->held > 0 && !answers)
        return "the service age ends its connections: none can be held";
    if (config->depth < 1 || config->depth > LOAD_DEPTH_MAX)
        return "the depth is from 1 to 64";
    if (config->threads < 1 || config->threads > LOAD_THREADS_MAX)
        return "the number of load threads is from 1 to 64";
    if (!(config->rate >= 0 && config->rate <= 1e9))
        return "the rate is from 0 to 1e9 exchanges a second";
    if (config->patience_ns < 1)
        return "the patience is longer than nothing";
    return NULL;
}

static int init_plan(struct load_plan *plan, const struct load_config *config)
{
    unsigned all = config->connections + config->held;
    plan->config = *config;
    if (plan->config.threads > all)
        plan->config.threads = all;
    plan->reconnects = config->reconnect || config->service == LOAD_AGE;
    plan->depth = plan->reconnects ? 1 : config->depth;
    dial_init(&plan->dial, &config->address, config->address_length);
    return payload_init(&plan->payload, config->service, config->size);
}

static void give_orders(struct load *load, const struct load_orders *orders)
{
    pthread_mutex_lock(&load->control.lock);
    load->control.orders = *orders;
    pthread_mutex_unlock(&load->control.lock);
    for (unsigned i = 0; i < load->started; i++)
        load_thread_notify(load->threads[i]);
}

static void order_go(struct load *load, int64_t go_ns)
{
    struct load_orders orders = load_control_orders(&load->control);
    orders.go = true;
    orders.go_ns = go_ns;
    give_orders(load, &orders);
}

static void stop_threads(struct load *load)
{
    struct load_orders orders = load_control_orders(&load->control);
    orders.quit = true;
    give_orders(load, &orders);
    for (unsigned i = 0; i < load->started; i++)
        load_thread_join(load->threads[i]);
}

/* Of a load whose threads have been joined. */
static void free_load(struct load *load)
{
    for (unsigned i = 0; i < load->started; i++)
        load_thread_free(load->threads[i]);
    load_control_fini(&load->control);
    payload_fini(&load->plan.payload);
    free(load);
}

__attribute__((format(printf, 3, 4))) static int refuse(char *error, size_t size,
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return -1;
}

static struct load *create_load(const struct load_config *config)
{
    struct load *load = calloc(1, sizeof *load);
    if (!load)
        return NULL;
    if (init_plan(&load->plan, config) == 0) {
        if (load_control_init(&load->control, config->limit) == 0)
            return load;
        int kept = errno;
        payload_fini(&load->plan.payload);
        errno = kept;
    }
    free(load);
    return NULL;
}

/* Waits until so many connections are up, and so many at work. The connections know how long that
 * may take. */
static int wait_for(struct load *load, unsigned up, unsigned at_work, char *error, size_t size)
{
    struct load_control *control = &load->control;
    for (;;) {
        char reason[sizeof control->down_reason];
        pthread_mutex_lock(&control->lock);
        bool is_down = control->is_down;
        bool is_ready = control->up >= up && control->at_work >= at_work;
        memcpy(reason, control->down_reason, sizeof reason);
        pthread_mutex_unlock(&control->lock);
        if (is_down)
            return refuse(error, size, "%s", reason);
        if (is_ready)
            return 0;
        if (!load_control_wait(control, MONOTONIC_NEVER))
            return refuse(error, size, "interrupted by a signal");
    }
}

/* Connections are up as soon as the kernel has made them: a server's workers for thousands of them
 * may need a second more, and what starting them costs is not what exchanges cost. So all that
 * stand have had an exchange before anything is measured; but an open loop's may not be due for
 * long, and then workers have that long to start. */
static unsigned count_awaited(const struct load_config *config)
{
    bool are_due_soon = config->rate <= 0 || config->connections <= config->rate;
    return are_due_soon ? config->connections : 0;
}

static int start_all(struct load *load, char *error, size_t size)
{
    const struct load_config *config = &load->plan.config;
    for (; load->started < config->threads; load->started++) {
        if (load_thread_start(&load->threads[load->started], &load->plan, &load->control,
                              load->started) < 0)
            return refuse(error, size, "cannot start load thread %u of %u: %s", load->started + 1,
                          config->threads, strerror(errno));
    }
    unsigned standing = config->held + (load->plan.reconnects ? 0 : config->connections);
    if (wait_for(load, standing, 0, error, size) < 0)
        return -1;
    if (config->limit > 0)
        return 0; /* they begin with the window: none of them is warm-up */
    order_go(load, monotonic_ns());
    /* Connections that come and go have been up once: that shows that there is a server. */
    return wait_for(load, config->held + config->connections,
                    load->plan.reconnects ? 0 : count_awaited(config), error, size);
}

/* For each thread: epoll, wake-up, timer, and the sockets that it keeps; and the news. */
static rlim_t count_descriptors(const struct load_config *config)
{
    rlim_t count = (rlim_t)config->connections + config->held + 3 * config->threads + 1;
    if (config->reconnect)
        count += 2 * (rlim_t)config->connections + config->threads * LOAD_THREAD_SPARES(0);
    return count;
}

int load_allow_files(const struct load_config *config, char *error, size_t size)
{
    return open_files_allow(count_descriptors(config), error, size);
}

int load_start(const struct load_config *config, struct load **result, char *error, size_t size)
{
    const char *what = complaint(config);
    if (what)
        return refuse(error, size, "%s", what);
    if (load_allow_files(config, error, size) < 0)
        return -1;
    struct load *load = create_load(config);
    if (!load)
        return refuse(error, size, "cannot make a load of %u connections: %s",
                      config->connections + config->held, strerror(errno));
    if (start_all(load, error, size) < 0) {
        stop_threads(load);
        free_load(load);
        return -1;
    }
    *result = load;
    return 0;
}

/* What has been counted up to now, or has not, stays so: a window cannot end before that. */
static int64_t not_before_now(int64_t moment_ns)
{
    int64_t now_ns = monotonic_ns();
    return moment_ns > now_ns ? moment_ns : now_ns;
}

void load_open_window(struct load *load, int64_t begin_ns)
{
    struct load_orders orders = load_control_orders(&load->control);
    begin_ns = not_before_now(begin_ns);
    orders.begin_ns = begin_ns;
    if (!orders.go) {
        orders.go = true;
        orders.go_ns = begin_ns;
    }
    give_orders(load, &orders);
}

static bool is_limit_reached(struct load *load)
{
    struct load_control *control = &load->control;
    return control->limit > 0 && atomic_fetch_add(&control->settled, 0) >= control->limit;
}

bool load_wait(struct load *load, int64_t end_ns)
{
    while (!is_limit_reached(load) && monotonic_ns() < end_ns) {
        if (!load_control_wait(&load->control, end_ns))
            return false;
    }
    return true;
}

bool load_close_window(struct load *load, int64_t end_ns)
{
    struct load_control *control = &load->control;
    struct load_orders orders = load_control_orders(control);
    orders.end_ns = not_before_now(end_ns);
    give_orders(load, &orders);
    for (;;) {
        pthread_mutex_lock(&control->lock);
        bool is_drained = control->drained == load->started;
        pthread_mutex_unlock(&control->lock);
        if (is_drained)
            return true;
        if (!load_control_wait(control, MONOTONIC_NEVER))
            return false;
    }
}

static void init_result(struct load_result *result)
{
    memset(result, 0, sizeof *result);
    histogram_init(&result->total);
    histogram_init(&result->late);
    histogram_init(&result->first);
    histogram_init(&result->connect);
    histogram_init(&result->ages);
}

static void add_tally(struct load_result *result, const struct tally *tally)
{
    result->exchanges += tally->exchanges;
    result->connects += tally->connects;
    result->bytes_in += tally->bytes_in;
    result->bytes_out += tally->bytes_out;
    result->all_exchanges += tally->all_exchanges;
    result->all_connects += tally->all_connects;
    histogram_merge(&result->total, &tally->total);
    histogram_merge(&result->late, tally->open_loop ? &tally->late : &tally->total);
    histogram_merge(&result->first, &tally->first);
    histogram_merge(&result->connect, &tally->connect);
    histogram_merge(&result->ages, &tally->ages);
}

static void add_cpu(struct load_result *result, const struct load_thread *thread)
{
    if (thread->cpu_begin_ns < 0 || thread->cpu_end_ns < 0 || result->window_ns <= 0)
        return;
    int64_t used_ns = thread->cpu_end_ns - thread->cpu_begin_ns;
    if (used_ns > result->window_ns) /* in the turn in which the window ended */
        used_ns = result->window_ns;
    double share = (double)used_ns / (double)result->window_ns;
    result->load_cpu_s += (double)used_ns / 1e9;
    if (share > result->load_busiest)
        result->load_busiest = share;
}

void load_finish(struct load *load, struct load_result *result)
{
    struct load_control *control = &load->control;
    stop_threads(load);
    init_result(result);
    /* The threads are gone: what was guarded is ours alone. */
    if (control->orders.begin_ns != MONOTONIC_NEVER && control->orders.end_ns != MONOTONIC_NEVER)
        result->window_ns = control->orders.end_ns - control->orders.begin_ns;
    for (unsigned i = 0; i < load->started; i++) {
        add_tally(result, &load->threads[i]->tally);
        add_cpu(result, load->threads[i]);
    }
    memcpy(result->failures, control->failures, sizeof result->failures);
    memcpy(result->first_failure, control->first_failure, sizeof result->first_failure);
    free_load(load);
}
