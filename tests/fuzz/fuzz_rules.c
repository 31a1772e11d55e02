/* fuzz_rules.c - files of rules: against a reader that goes by lines and words in another way, and,
 * where the file is right, what its rules say of some addresses against a look at every rule. Which
 * mistake is named may differ; whether there is one, and in which line, may not.
 *
 * The input: how many addresses, up to 3; each 16 bytes, and whether it came by an IPv4 socket;
 * then the file. */
#include <stdlib.h>
#include <string.h>

#include "cli/rules_file.h"
#include "fuzz.h"
#include "server/netblock.h"
#include "server/rules.h"

enum { ADDRESSES = 3, LINES = 512 };

struct model {
    struct netblock blocks[LINES];
    bool allow[LINES];
    size_t count;
    size_t wrong_line; /* 0: none */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The words of a line up to its comment: at most 3 are counted, and put into words. */
static size_t split(const char *line, size_t length, char words[3][128])
{
    size_t count = 0;
    for (size_t i = 0; i < length && line[i] != '#';) {
        size_t begin = i;
        while (i < length && !is_blank(line[i]) && line[i] != '#')
            i++;
        if (i > begin && count < 3) {
            size_t used = i - begin < 127 ? i - begin : 127;
            memcpy(words[count], line + begin, used);
            words[count++][used] = '\0';
        }
        while (i < length && is_blank(line[i]))
            i++;
    }
    return count;
}

/* Returns whether the line is right. */
static bool read_line(struct model *model, const char *line, size_t length)
{
    char words[3][128];
    if (memchr(line, '\0', length))
        return false;
    size_t count = split(line, length, words);
    if (count == 0)
        return true;
    bool allow = strcmp(words[0], "allow") == 0;
    if (count != 2 || (!allow && strcmp(words[0], "deny") != 0) ||
        netblock_parse(&model->blocks[model->count], words[1]))
        return false;
    model->allow[model->count++] = allow;
    return true;
}

/* Returns false where there are more lines than it has room for. */
static bool read_file(struct model *model, const char *text, size_t size)
{
    size_t line = 0;
    model->count = model->wrong_line = 0;
    for (size_t begin = 0; begin < size && model->wrong_line == 0; line++) {
        const char *newline = memchr(text + begin, '\n', size - begin);
        size_t length = newline ? (size_t)(newline - text) - begin : size - begin;
        if (line == LINES)
            return false;
        if (!read_line(model, text + begin, length))
            model->wrong_line = line + 1;
        begin += length + 1;
    }
    return true;
}

static bool lets_in(const struct model *model, const struct address *address)
{
    bool any = false;
    size_t best = model->count;
    for (size_t i = 0; i < model->count; i++) {
        any |= model->allow[i];
        if (netblock_contains(&model->blocks[i], address) &&
            (best == model->count || model->blocks[i].bits > model->blocks[best].bits ||
             (model->blocks[i].bits == model->blocks[best].bits && !model->allow[i])))
            best = i;
    }
    return best < model->count ? model->allow[best] : !any;
}

static void check_rules(const struct rules_file *file, const struct model *model,
                        const struct address *addresses, size_t count)
{
    struct rules *rules;
    size_t wrong;
    const char *why;
    FUZZ_CHECK(file->count == model->count);
    FUZZ_CHECK(rules_create(&rules, file->rules, file->count, &wrong, &why) == 0);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(rules_allow(rules, &addresses[i]) == lets_in(model, &addresses[i]));
    rules_destroy(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    struct fuzz_input input = {data, size};
    struct address addresses[ADDRESSES];
    struct rules_file file;
    struct rules_error error;
    size_t count = fuzz_byte(&input) % (ADDRESSES + 1);
    for (size_t i = 0; i < count; i++) {
        unsigned char bytes[16];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = fuzz_byte(&input);
        addresses[i] = (struct address){.family = fuzz_byte(&input) % 2 ? AF_INET : AF_INET6};
        memcpy(&addresses[i].of, bytes, addresses[i].family == AF_INET ? 4 : sizeof bytes);
    }
    if (!read_file(&model, (const char *)input.next, input.left))
        return 0;
    char *text = malloc(input.left + 1);
    FUZZ_CHECK(text != NULL);
    memcpy(text, input.next, input.left);
    if (rules_file_parse(&file, text, input.left, NULL, 0, &error)) {
        FUZZ_CHECK(model.wrong_line == 0);
        check_rules(&file, &model, addresses, count);
        rules_file_free(&file);
    } else {
        FUZZ_CHECK(model.wrong_line > 0 || model.count == 0);
        FUZZ_CHECK(error.line == model.wrong_line && !error.system);
        FUZZ_CHECK(strlen(error.what) > 10 && strlen(error.given) < RULES_FILE_GIVEN);
    }
    return 0;
}
