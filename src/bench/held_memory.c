/* held_memory.c - see held_memory.h. */
#include "bench/held_memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/accounting.h"
#include "bench/target.h"
#include "client/load.h"

#define PATIENCE_NS INT64_C(10000000000)

/* All that is looked at, at one moment. */
struct moment {
    struct accounting_memory memory;
    struct accounting_machine machine;
    int64_t maps;
};

/* Each line of the file is a map. */
static int64_t count_maps(pid_t pid)
{
    char path[64];
    int64_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    for (int c = getc(file); c != EOF; c = getc(file))
        count += c == '\n';
    fclose(file);
    return count;
}

static void look(pid_t pid, struct moment *moment)
{
    accounting_read_memory(pid, &moment->memory);
    accounting_read_machine(&moment->machine);
    moment->maps = count_maps(pid);
}

/* What else happens on the machine may make the difference negative: then it tells nothing. */
static int64_t each(int64_t before, int64_t after, unsigned connections)
{
    return before < 0 || after < before ? -1 : (after - before) / connections;
}

/* Page tables are the kernel's too, but those of each process are known. */
static int64_t kernel_bytes(const struct accounting_machine *machine)
{
    bool known = machine->kernel_stack_bytes >= 0 && machine->slab_bytes >= 0;
    return known ? machine->kernel_stack_bytes + machine->slab_bytes : -1;
}

static void compare(const struct moment *before, const struct moment *after, unsigned connections,
                    struct held_memory *result)
{
    int64_t kernel_before = kernel_bytes(&before->machine);
    int64_t kernel_after = kernel_bytes(&after->machine);
    result->pss_bytes = each(before->memory.pss_bytes, after->memory.pss_bytes, connections);
    result->page_tables_bytes =
        each(before->memory.page_tables_bytes, after->memory.page_tables_bytes, connections);
    result->kernel_bytes = each(kernel_before, kernel_after, connections);
    result->maps = before->maps < 0 || after->maps < before->maps
                       ? -1
                       : (double)(after->maps - before->maps) / connections;
}

/* Holds the connections for as long as it takes to look. */
static int hold(const struct target_process *server, unsigned connections, struct moment *after,
                char *error, size_t size)
{
    struct load_config config = {
        .address = server->address,
        .address_length = server->address_length,
        .service = LOAD_ECHO,
        .size = 64,
        .held = connections,
        .depth = 1,
        .threads = 1,
        .patience_ns = PATIENCE_NS,
    };
    struct load *load;
    struct load_result *result = malloc(sizeof *result);
    if (!result) {
        snprintf(error, size, "no memory for the result of %u connections", connections);
        return -1;
    }
    int status = load_start(&config, &load, error, size);
    if (status == 0) {
        look(server->pid, after);
        load_finish(load, result);
        if (result->first_failure[0] != '\0') {
            snprintf(error, size, "%s", result->first_failure);
            status = -1;
        }
    }
    free(result);
    return status;
}

int held_memory_measure(const char *mode, unsigned connections, struct held_memory *result,
                        char *error, size_t size)
{
    struct target target = {.kind = TARGET_OURS, .name = mode, .mode = mode};
    struct target_options options = {.handler = "echo", .slots = connections + 1};
    struct target_process server;
    struct moment before, after;
    if (target_start(&target, &options, &server, error, size) < 0)
        return -1;
    look(server.pid, &before);
    int status = hold(&server, connections, &after, error, size);
    char ending[200];
    if (target_stop(&server, NULL, ending, sizeof ending) < 0 && status == 0) {
        snprintf(error, size, "%s", ending);
        status = -1;
    }
    if (status == 0)
        compare(&before, &after, connections, result);
    return status;
}

int64_t held_memory_total(const struct held_memory *memory)
{
    int64_t total = 0;
    total += memory->pss_bytes > 0 ? memory->pss_bytes : 0;
    total += memory->page_tables_bytes > 0 ? memory->page_tables_bytes : 0;
    total += memory->kernel_bytes > 0 ? memory->kernel_bytes : 0;
    return total;
}
