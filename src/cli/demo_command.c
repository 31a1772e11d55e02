/* demo_command.c - thrd demo NAME: from the arguments to the demonstration; see demo_command.h. */
#include "cli/demo_command.h"

#include <stddef.h>
#include <string.h>

#include "cli/command.h"
#include "cli/demo_isolation.h"

static const struct demo {
    const char *name;
    const char *summary;
    int (*run)(void); /* returns the exit status */
} demos[] = {
    {"isolation", "whom the fault of one connection hurts, in each mode", demo_isolation_run},
};

#define DEMO_COUNT (sizeof demos / sizeof demos[0])

static bool demo_at(size_t index, const char **name, const char **summary)
{
    if (index >= DEMO_COUNT)
        return false;
    *name = demos[index].name;
    *summary = demos[index].summary;
    return true;
}

static const char *take_name(void *target, size_t index, const char *word)
{
    const struct demo **demo = target;
    (void)index;
    for (size_t i = 0; i < DEMO_COUNT; i++)
        if (strcmp(word, demos[i].name) == 0) {
            *demo = &demos[i];
            return NULL;
        }
    return "no such demonstration";
}

static const char *finish(void *target)
{
    const struct demo *const *demo = target;
    return *demo ? NULL : "needs the name of a demonstration";
}

static const struct argument_list demo_list = {"Demonstrations", demo_at};

const struct argument_table demo_table = {
    .command = "demo",
    .usage = "Usage: thrd demo NAME   show on this machine what thrd is about\n",
    .epilogue = "Exit status: 0 shown, 2 usage, 1 the system refused.\n",
    .shown = &demo_list,
    .words_max = 1,
    .take = take_name,
    .words = "the name of a demonstration",
    .choices = &demo_list,
    .finish = finish,
};

int demo_command(int argc, char *argv[])
{
    const struct demo *demo = NULL;
    int status;
    if (!command_begin(&demo_table, &demo, argc, argv, &status))
        return status;
    command_hold_streams();
    return demo->run();
}
