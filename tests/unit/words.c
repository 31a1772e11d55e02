/* words.c - see words.h. */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

int words_split(const char *name, const char *arguments, char *argv[WORDS_MAX + 1])
{
    static char words[8192];
    static char first[32];
    int argc = 0;
    assert_true(strlen(name) < sizeof first);
    argv[argc++] = strcpy(first, name);
    assert_true(strlen(arguments) < sizeof words);
    strcpy(words, arguments);
    for (char *word = words; word && *arguments != '\0';) {
        char *bar = strchr(word, '|');
        if (bar)
            *bar++ = '\0';
        assert_true(argc < WORDS_MAX);
        argv[argc++] = word;
        word = bar;
    }
    argv[argc] = NULL;
    return argc;
}

void words_check_refusal(const char *message, const char *command, const char *argument,
                         const char *what)
{
    char expected[1000];
    snprintf(expected, sizeof expected, "%s: %s: %s; allowed: ", command, argument, what);
    if (strncmp(message, expected, strlen(expected)) != 0)
        fail_msg("%s: got \"%s\", expected \"%s…\"", argument, message, expected);
}
