/* complete_command.c - thrd complete -- WORD...; see complete_command.h. */
#include "cli/complete_command.h"

#include <stdint.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/option_table.h"

/* Of a command line without the program's name. */
struct line {
    const char *first;
    size_t count;
    struct complete_words words; /* the last two */
};

static const char *take_word(void *target, size_t index, const char *word)
{
    struct line *line = target;
    if (index == 0)
        line->first = word;
    line->words.previous = index > 0 ? line->words.last : NULL;
    line->words.last = word;
    line->count = index + 1;
    return NULL;
}

const struct argument_table complete_table = {
    .command = "complete",
    .usage = "Usage: thrd complete -- WORD...   what the last WORD may be; shells ask this at\n"
             "                                  the Tab key\n",
    .epilogue = "A line for each candidate, its explanation behind a tab; ':' is a file's name.\n"
                "Exit status: 0 printed, 2 usage, 1 the system refused.\n",
    .words_max = SIZE_MAX,
    .take = take_word,
};

/* The words of a command are behind its name. */
static void write_of_command(struct line *line)
{
    const struct argument_table *table = commands_table(line->first);
    if (line->count == 2)
        line->words.previous = NULL;
    if (table)
        complete_write(stdout, table, &line->words);
}

int complete_command(int argc, char *argv[])
{
    struct line line = {.first = "", .words = {.last = ""}};
    int status;
    if (!command_begin(&complete_table, &line, argc, argv, &status))
        return status;
    if (line.count > 1 && line.first[0] != '-')
        write_of_command(&line);
    else if (line.count < 2 && line.first[0] != '-')
        complete_write_list(stdout, &commands_list, line.words.last);
    else
        complete_write(stdout, &option_table, &line.words);
    return command_finish_stdout();
}
