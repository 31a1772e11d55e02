/* tests/race/planted_faults.c - one fault on request, for ci/race to show that its detectors work.
 *
 * Run as "planted_faults FAULT". Every fault but "none" is one that the detectors named beside it
 * have to report: a detector that was set up wrong reports nothing for ever, and nobody notices.
 * "none" does the same kinds of things rightly, and must not be reported. Not part of the build:
 * ci/race compiles this file by itself, without optimization, once for each detector. */
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static bool guarded;
static int counter;

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        if (guarded)
            pthread_mutex_lock(&first);
        counter++;
        if (guarded)
            pthread_mutex_unlock(&first);
    }
    return NULL;
}

static void count_in_two_threads(void)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, count, NULL) != 0)
            exit(2);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* Helgrind, DRD, TSan. */
static void race(void)
{
    count_in_two_threads();
}

/* Helgrind, TSan. One thread suffices: what they report is the order, not a deadlock. */
static void lock_order(void)
{
    pthread_mutex_lock(&first);
    pthread_mutex_lock(&second);
    pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);

    pthread_mutex_lock(&second);
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    pthread_mutex_unlock(&second);
}

/* Memcheck, LSan. A deeper frame, so that no register or stack slot of main() keeps the pointer;
 * many blocks, so that a leftover of one of them hides nothing. */
static void leak(void)
{
    for (int i = 0; i < 10; i++) {
        char *block = malloc(100);

        if (block == NULL)
            exit(2);
        memset(block, i, 100);
    }
}

/* Memcheck, ASan. */
static void overflow(void)
{
    volatile char *block = malloc(100);

    if (block == NULL)
        exit(2);
    block[100] = 1;
    free((void *)block);
}

/* Memcheck, ASan: in a child that leaves as ours do, and whose parent ends well. */
static void child_overflow(void)
{
    pid_t child = fork();

    if (child == 0) {
        overflow();
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* UBSan. */
static void undefined(void)
{
    volatile int number = INT_MAX;

    number = number + 1;
}

static void none(void)
{
    char *block = calloc(1, 100);

    guarded = true;
    count_in_two_threads();
    free(block);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } faults[] = {
        {"none", none},           {"race", race},         {"lock-order", lock_order},
        {"leak", leak},           {"overflow", overflow}, {"child-overflow", child_overflow},
        {"undefined", undefined},
    };

    for (size_t i = 0; argc == 2 && i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (strcmp(argv[1], faults[i].name) == 0) {
            faults[i].run();
            return 0;
        }
    }
    fputs("usage: planted_faults FAULT\n", stderr);
    return 2;
}
