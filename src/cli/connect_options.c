/* connect_options.c - one function an option that stores its value, then the table of all; see
 * connect_options.h. */
#include "cli/connect_options.h"

#include <stddef.h>
#include <string.h>

#include "cli/units.h"
#include "client/endpoint.h"

#define ADDRESSES "HOST:PORT, [V6]:PORT or unix:PATH"

static const char *const mode_names[SPLIT_MODES] = {
    [SPLIT_THREAD] = "thread",
    [SPLIT_FORK] = "fork",
};

static const char *set_mode(void *target, const char *value)
{
    struct connect_options *options = target;
    for (int i = 0; i < SPLIT_MODES; i++)
        if (strcmp(value, mode_names[i]) == 0) {
            options->mode = (enum split_mode)i;
            return NULL;
        }
    return "no such mode";
}

static const char *set_timeout(int64_t *field, const char *value)
{
    enum units_status status = units_parse_timeout(value, field);
    return status == UNITS_OK ? NULL : units_complaint(status);
}

static const char *set_connect_timeout(void *target, const char *value)
{
    struct connect_options *options = target;
    return set_timeout(&options->timeout_ms, value);
}

static const char *set_idle(void *target, const char *value)
{
    struct connect_options *options = target;
    options->idle_text = value;
    return set_timeout(&options->idle_ms, value);
}

static const char *set_raw(void *target, const char *value)
{
    struct connect_options *options = target;
    (void)value;
    options->raw = true;
    return NULL;
}

static const char *take_address(void *target, size_t index, const char *word)
{
    static const char unix_is[] = "unix:";
    struct connect_options *options = target;
    struct endpoint endpoint;
    (void)index;
    options->address = word;
    if (strncmp(word, unix_is, strlen(unix_is)) == 0) {
        options->path = word + strlen(unix_is);
        return endpoint_at_path(&endpoint, options->path)
                   ? NULL
                   : "the path of a Unix socket must have 1 to 107 bytes";
    }
    return endpoint_is_address(word) ? NULL
                                     : "not an address; allowed: " ADDRESSES
                                       ", where PORT is 1 to 65535 or the name of a service";
}

static const char *finish(void *target)
{
    const struct connect_options *options = target;
    if (!options->address)
        return "needs the address of a server: " ADDRESSES;
    if (!split_is_built(options->mode))
        return "--mode=fork: this build has no fork mode; build with cmake -DTHRDSRV_FORK=ON";
    return NULL;
}

static const char *const groups[] = {"Options"};

static const struct argument_spec specs[] = {
    {"mode", '\0', "MODE", "thread", "thread or fork", 0,
     "what sends while the main thread receives: a thread,\nor a process (fork)", set_mode, false},
    {"timeout", '\0', "TIME", "off", "1ms to 10000d, or off", 0,
     "how long to try to connect; off: as long as the\nsystem does", set_connect_timeout, false},
    {"idle", '\0', "TIME", "off", "1ms to 10000d, or off", 0,
     "give up when nothing has moved for so long, in\neither direction", set_idle, false},
    {"raw", '\0', NULL, NULL, NULL, 0,
     "the terminal in raw mode: each key is sent as it is\npressed; Ctrl-] ends", set_raw, false},
};

const struct argument_table connect_table = {
    .command = "connect",
    .usage = "Usage: thrd connect [OPTIONS] ADDRESS   send standard input to a server, and at\n"
             "                                        the same time write what comes to\n"
             "                                        standard output; ADDRESS is HOST:PORT,\n"
             "                                        [V6]:PORT or unix:PATH\n",
    .epilogue = "The end of the input ends our side; the server's end is the end.\n"
                "Exit status: 0 complete, 3 the server ended before it had all of the input,\n"
                "             4 the connection broke, 5 --idle has passed, 2 usage, 1 cannot\n"
                "             connect, read or write.\n",
    .specs = specs,
    .spec_count = sizeof specs / sizeof specs[0],
    .groups = groups,
    .words_max = 1,
    .take = take_address,
    .words = "the address of one server",
    .finish = finish,
};
