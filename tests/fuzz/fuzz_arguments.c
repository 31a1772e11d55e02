/* fuzz_arguments.c - whole command lines: of the server, of `thrd run`, `thrd connect` and
 * `thrd bench`. What is wrong is said in one or two clean lines, what is right makes a
 * configuration that the library takes, and
 * "--name=value" means what "--name" "value" means.
 *
 * The input: which of them; then the arguments, NUL between them. */
#include <stdlib.h>
#include <string.h>

#include "cli/bench_options.h"
#include "cli/connect_options.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/run_command.h"
#include "fuzz.h"
#include "guard_buffer.h"
#include "server/server.h"

#define ARGUMENTS_MAX 40

/* Twice as many where each value stands by itself. */
struct line {
    char *argv[2 * ARGUMENTS_MAX + 2];
    int argc;
};

static void split(struct line *line, char *text, size_t size)
{
    static char name[] = "thrd";
    *line = (struct line){.argv = {name}, .argc = 1};
    for (size_t at = 0; at < size && line->argc <= ARGUMENTS_MAX; at += strlen(text + at) + 1)
        line->argv[line->argc++] = text + at;
}

/* The same with the values of options that need one as arguments of their own. Such a value may not
 * look like an option, and behind "--" there are none. */
static void separate_values(struct line *separate, const struct line *line,
                            const struct argument_table *table)
{
    bool has_ended = false;
    *separate = (struct line){.argv = {line->argv[0]}, .argc = 1};
    for (int i = 1; i < line->argc; i++) {
        char *argument = line->argv[i];
        char *equals = strchr(argument, '=');
        const struct argument_spec *spec = NULL;
        bool may = !has_ended && equals && strncmp(argument, "--", 2) == 0 && equals[1] != '-';
        has_ended = has_ended || strcmp(argument, "--") == 0;
        for (size_t n = 0; may && (spec = arguments_spec_at(table, n)); n++)
            if (strlen(spec->name) == (size_t)(equals - argument - 2) &&
                memcmp(spec->name, argument + 2, strlen(spec->name)) == 0)
                break;
        separate->argv[separate->argc++] = argument;
        if (!may || !spec || !spec->argument || spec->value_is_optional)
            continue;
        *equals = '\0';
        separate->argv[separate->argc++] = equals + 1;
    }
}

static void check_message(const char *message, enum arguments_end end)
{
    size_t lines = 1;
    FUZZ_CHECK(strlen(message) < ARGUMENTS_MESSAGE_SIZE);
    FUZZ_CHECK((end == ARGUMENTS_WRONG) == (message[0] != '\0'));
    for (const char *c = message; *c; c++) {
        lines += *c == '\n';
        FUZZ_CHECK(((unsigned char)*c >= ' ' && *c != 0x7f) || (*c == '\n' && c[1] != '\0'));
    }
    FUZZ_CHECK(lines <= 2);
}

/* The message's room ends at a forbidden page. */
static enum arguments_end parse(const struct argument_table *table, void *target,
                                const struct line *line, char *message)
{
    static struct guard_buffer buffer;
    if (!buffer.start)
        guard_buffer_init(&buffer, ARGUMENTS_MESSAGE_SIZE);
    char *room = (char *)guard_buffer_tail(&buffer, ARGUMENTS_MESSAGE_SIZE);
    enum arguments_end end =
        arguments_parse(table, target, line->argc, line->argv, room, ARGUMENTS_MESSAGE_SIZE);
    check_message(room, end);
    strcpy(message, room);
    return end;
}

static void check_config(const struct thrdsrv_config *config)
{
    struct thrdsrv_config copy;
    FUZZ_CHECK(config_copy(&copy, config) == 0);
    config_free(&copy);
}

static void check_same_program(const char *const *one, const char *const *other)
{
    FUZZ_CHECK(!one == !other);
    for (; one && *one; one++, other++)
        FUZZ_CHECK(*other && strcmp(*one, *other) == 0);
    FUZZ_CHECK(!other || !*other);
}

/* What two readings have in common: all but where their texts lie. */
static void check_same_config(const struct options *a, const struct options *b)
{
    struct thrdsrv_config one = a->config, other = b->config;
    FUZZ_CHECK(one.listen_count == other.listen_count);
    for (size_t i = 0; i < one.listen_count; i++)
        FUZZ_CHECK(strcmp(one.listen[i], other.listen[i]) == 0);
    FUZZ_CHECK(one.reserve_network_count == other.reserve_network_count);
    for (size_t i = 0; i < one.reserve_network_count; i++)
        FUZZ_CHECK(strcmp(one.reserve_networks[i], other.reserve_networks[i]) == 0);
    FUZZ_CHECK(one.rule_count == other.rule_count);
    for (size_t i = 0; i < one.rule_count; i++)
        FUZZ_CHECK(strcmp(one.rules[i].network, other.rules[i].network) == 0 &&
                   one.rules[i].allow == other.rules[i].allow);
    FUZZ_CHECK(strcmp(a->busy_text, b->busy_text) == 0);
    one.listen = other.listen = NULL;
    one.busy_text = other.busy_text = NULL;
    check_same_program(one.program, other.program);
    one.program = other.program = NULL;
    one.reserve_networks = other.reserve_networks = NULL;
    one.rules = other.rules = NULL;
    FUZZ_CHECK(memcmp(&one, &other, sizeof one) == 0);
    FUZZ_CHECK(a->ready_fd == b->ready_fd && a->ballast_bytes == b->ballast_bytes);
}

static void check_server(const struct line *line)
{
    static struct options options, again;
    char message[ARGUMENTS_MESSAGE_SIZE], other[ARGUMENTS_MESSAGE_SIZE];
    struct line separate;
    memset(&options, 0, sizeof options);
    memset(&again, 0, sizeof again);
    option_table_defaults(&options);
    option_table_defaults(&again);
    enum arguments_end end = parse(&option_table, &options, line, message);
    if (end == ARGUMENTS_COMPLETE)
        check_config(&options.config);
    char *kept[ARGUMENTS_MAX];
    for (size_t i = 0; i < options.config.listen_count && i < ARGUMENTS_MAX; i++) {
        kept[i] = strdup(options.listen[i]);
        FUZZ_CHECK(kept[i] != NULL);
        options.listen[i] = kept[i]; /* separate_values() cuts the arguments in two */
    }
    separate_values(&separate, line, &option_table);
    FUZZ_CHECK(parse(&option_table, &again, &separate, other) == end);
    FUZZ_CHECK(strcmp(message, other) == 0);
    if (end == ARGUMENTS_COMPLETE)
        check_same_config(&options, &again);
    for (size_t i = 0; i < options.config.listen_count; i++)
        free(kept[i]);
}

static void check_bench(const struct line *line)
{
    static struct bench_options options, again;
    char message[ARGUMENTS_MESSAGE_SIZE], other[ARGUMENTS_MESSAGE_SIZE];
    struct line separate;
    bench_options_defaults(&options);
    enum arguments_end end = parse(&bench_table, &options, line, message);
    if (end == ARGUMENTS_COMPLETE) {
        FUZZ_CHECK(options.file_count == 2 || options.config.target_count > 0);
        FUZZ_CHECK(options.config.target_count <= BENCH_TARGETS_MAX);
    }
    separate_values(&separate, line, &bench_table);
    bench_options_defaults(&again);
    FUZZ_CHECK(parse(&bench_table, &again, &separate, other) == end);
    FUZZ_CHECK(strcmp(message, other) == 0);
}

static void check_run(const struct line *line)
{
    const struct thrdsrv_handler *handler = NULL;
    char message[ARGUMENTS_MESSAGE_SIZE];
    if (parse(&run_table, &handler, line, message) == ARGUMENTS_COMPLETE)
        FUZZ_CHECK(handler != NULL);
}

static void check_connect(const struct line *line)
{
    struct connect_options options = {0}, again = {0};
    char message[ARGUMENTS_MESSAGE_SIZE], other[ARGUMENTS_MESSAGE_SIZE];
    struct line separate;
    enum arguments_end end = parse(&connect_table, &options, line, message);
    if (end == ARGUMENTS_COMPLETE)
        FUZZ_CHECK(options.address != NULL && options.idle_ms >= 0 && options.timeout_ms >= 0);
    separate_values(&separate, line, &connect_table);
    FUZZ_CHECK(parse(&connect_table, &again, &separate, other) == end);
    FUZZ_CHECK(strcmp(message, other) == 0);
    FUZZ_CHECK(options.mode == again.mode && options.idle_ms == again.idle_ms &&
               options.timeout_ms == again.timeout_ms && options.raw == again.raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    uint8_t which = fuzz_byte(&input);
    struct line line;
    char *text = malloc(input.left + 1);
    FUZZ_CHECK(text != NULL);
    if (input.left > 0)
        memcpy(text, input.next, input.left);
    text[input.left] = '\0';
    split(&line, text, input.left);
    if (which == 'b')
        check_bench(&line);
    else if (which == 'r')
        check_run(&line);
    else if (which == 'c')
        check_connect(&line);
    else
        check_server(&line);
    free(text);
    return 0;
}
