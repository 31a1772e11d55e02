/* demo_faults.c - see demo_faults.h. */
#include "cli/demo_faults.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What all workers share: in mode thread really, in mode fork each has a copy. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char greeting[16] = "hello";

static const struct {
    const char *name;
    const char *summary;
} faults[DEMO_FAULTS] = {
    [DEMO_CRASH] = {"crash", "writes where it must not (SIGSEGV)"},
    [DEMO_EXIT] = {"exit", "calls exit(3), as old code does that gives up"},
    [DEMO_LEAK] = {"leak", "forgets 64 MiB of memory"},
    [DEMO_SPIN] = {"spin", "loops and never comes back"},
    [DEMO_LOCK] = {"lock", "returns without giving a lock back that all take"},
    [DEMO_SCRIBBLE] = {"scribble", "writes over data that all use"},
};

const char *demo_fault_name(enum demo_fault fault)
{
    return faults[fault].name;
}

const char *demo_fault_summary(enum demo_fault fault)
{
    return faults[fault].summary;
}

/* A page that nobody may touch: a null pointer would be a sanitizer's business first. Its handler
 * of the signal, or a runtime's, would tell another story than the kernel's. */
static void crash(void)
{
    volatile char *page = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGSEGV, SIG_DFL);
    *page = 1;
}

/* Memory that is not touched would cost nothing. */
static void leak(void)
{
    size_t size = (size_t)DEMO_LEAK_MIB << 20;
    volatile char *memory = malloc(size);
    for (size_t at = 0; memory && at < size; at += 4096)
        memory[at] = 1;
}

static void spin(void)
{
    for (volatile unsigned turns = 0;; turns++)
        ;
}

static void scribble(void)
{
    pthread_mutex_lock(&lock);
    memset(greeting, 'x', strlen(greeting));
    pthread_mutex_unlock(&lock);
}

static void commit(enum demo_fault fault)
{
    switch (fault) {
    case DEMO_CRASH:
        crash();
        break;
    case DEMO_EXIT:
        exit(DEMO_EXIT_STATUS);
    case DEMO_LEAK:
        leak();
        break;
    case DEMO_SPIN:
        spin();
        break;
    case DEMO_LOCK:
        pthread_mutex_lock(&lock); /* and the line that gives it back is missing */
        break;
    case DEMO_SCRIBBLE:
        scribble();
        break;
    case DEMO_FAULTS:
        break;
    }
}

static int answer(struct thrdsrv_conn *conn, const char *line)
{
    char word[sizeof greeting];
    for (enum demo_fault fault = 0; fault < DEMO_FAULTS; fault++) {
        if (strcmp(line, faults[fault].name) != 0)
            continue;
        int error = thrdsrv_conn_printf(conn, "worker %ld\n", (long)getpid());
        commit(fault);
        return error < 0 ? error : thrdsrv_conn_printf(conn, "done\n");
    }
    pthread_mutex_lock(&lock);
    memcpy(word, greeting, sizeof word);
    pthread_mutex_unlock(&lock);
    return thrdsrv_conn_printf(conn, "%s %s\n", word, line);
}

int demo_faults_serve(struct thrdsrv_conn *conn, void *user)
{
    char line[64];
    (void)user;
    while (thrdsrv_conn_read_line(conn, line, sizeof line) >= 0)
        if (answer(conn, line) < 0)
            break;
    return 0;
}
