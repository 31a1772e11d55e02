/* options - see options.h. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Noreturn void wrong(const char *argument, const char *allowed)
{
    fprintf(stderr, "soak: %s: allowed: %s\n", argument, allowed);
    exit(2);
}

static double number(const char *argument, const char *text, double low, double high,
                     const char *allowed)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= low && value <= high))
        wrong(argument, allowed);
    return value;
}

static uint64_t seed(const char *argument, const char *text)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || *text == '-' || errno != 0)
        wrong(argument, "a number from 0 to 18446744073709551615");
    return value;
}

static const char *mode(const char *argument, const char *text)
{
    if (strcmp(text, "thread") != 0 && strcmp(text, "fork") != 0)
        wrong(argument, "--mode=thread, --mode=fork");
    return text;
}

/* The text behind "--name=", NULL: it is another option. */
static const char *value_of(const char *argument, const char *name)
{
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

static void read_one(struct options *options, const char *a)
{
    const char *text;
    if ((text = value_of(a, "--program=")) != NULL)
        options->program = text;
    else if ((text = value_of(a, "--preload=")) != NULL)
        options->preload = text;
    else if ((text = value_of(a, "--csv=")) != NULL)
        options->csv = text;
    else if ((text = value_of(a, "--park=")) != NULL)
        options->park = text;
    else if ((text = value_of(a, "--mode=")) != NULL)
        options->mode = mode(a, text);
    else if ((text = value_of(a, "--seed=")) != NULL)
        options->seed = seed(a, text);
    else if ((text = value_of(a, "--minutes=")) != NULL)
        options->minutes = number(a, text, 0.01, 100000, "0.01 to 100000 minutes");
    else if ((text = value_of(a, "--wave=")) != NULL)
        options->wave_seconds = number(a, text, 0.1, 3600, "0.1 to 3600 seconds");
    else if ((text = value_of(a, "--waves=")) != NULL)
        options->waves = (unsigned)number(a, text, 1, 1e9, "1 to 1000000000 waves");
    else if ((text = value_of(a, "--settle=")) != NULL)
        options->settle_seconds = number(a, text, 0.1, 3600, "0.1 to 3600 seconds");
    else if ((text = value_of(a, "--rate=")) != NULL)
        options->rate = (unsigned)number(a, text, 1, 100000, "1 to 100000 clients a second");
    else if ((text = value_of(a, "--clients=")) != NULL)
        options->clients = (unsigned)number(a, text, 3, 1000, "3 to 1000 clients");
    else if ((text = value_of(a, "--slots=")) != NULL)
        options->slots = (unsigned)number(a, text, 1, 600, "1 to 600 slots");
    else
        wrong(a, "--program=FILE, --mode=thread|fork, --minutes=N, --seed=N, --wave=SECONDS, "
                 "--waves=N, --settle=SECONDS, "
                 "--rate=N, --clients=N, --slots=N, --park=TIME, --csv=FILE, --preload=FILE");
}

void options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){.mode = "thread",
                                .minutes = 1,
                                .waves = UINT32_MAX,
                                .wave_seconds = 7,
                                .settle_seconds = 15,
                                .rate = 2000,
                                .clients = 300,
                                .slots = 150,
                                .seed = (uint64_t)time(NULL)};
    for (int i = 1; i < argc; i++)
        read_one(options, argv[i]);
    if (options->program == NULL)
        wrong("no --program", "--program=FILE, the program thrd");
}
