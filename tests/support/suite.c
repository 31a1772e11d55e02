/* suite - see suite.h. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"

enum { PROCESSES = 4, CASES = 64 };

static const char *const mode_names[] = {
    [THRDSRV_MODE_THREAD] = "thread",
    [THRDSRV_MODE_FORK] = "fork",
    [THRDSRV_MODE_INLINE] = "inline",
};

static enum thrdsrv_mode mode;
static struct process processes[PROCESSES];
static size_t processes_used;
static suite_case_fn *cases[CASES];
static size_t cases_used;
static size_t cases_run;
static size_t cases_over;   /* that ran to their end, or were skipped */
static bool case_went_well; /* this one was */

/* A pattern that nobody keeps up to date would otherwise be a test that cannot fail. */
static void notice_no_case(void)
{
    if (cases_run > 0)
        return;
    fprintf(stderr, "no case matches the pattern\n");
    fflush(NULL);
    _exit(2);
}

void suite_init(int argc, char **argv)
{
    size_t count = sizeof mode_names / sizeof mode_names[0];
    size_t i = 0;
    while (argc >= 2 && i < count && strcmp(argv[1], mode_names[i]) != 0)
        i++;
    if (argc < 2 || argc > 3 || i == count) {
        fprintf(stderr, "usage: %s thread|fork|inline [PATTERN]\n", argv[0]);
        exit(2);
    }
    if (getenv("THRD") == NULL)
        setenv("THRD", THRD_DEFAULT, 1); /* the one of the same build, see CMakeLists.txt */
    mode = (enum thrdsrv_mode)i;
    if (argc == 3)
        cmocka_set_test_filter(argv[2]);
    atexit(notice_no_case);
}

enum thrdsrv_mode suite_mode(void)
{
    return mode;
}

const char *suite_mode_name(void)
{
    return mode_names[mode];
}

bool suite_has_thread_sanitizer(void)
{
#if defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return true;
#endif
#endif
    return false;
}

bool suite_has_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#endif
#endif
    return suite_has_thread_sanitizer();
}

size_t scaled(size_t count)
{
    const char *text = getenv("THRD_SCALE");
    size_t percent = text != NULL ? strtoul(text, NULL, 10) : 100;
    size_t result = count * percent / 100;
    return result > 0 ? result : 1;
}

struct process *suite_another_process(void)
{
    assert_true(processes_used < PROCESSES);
    process_init(&processes[processes_used]);
    return &processes[processes_used++];
}

void suite_skip(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_message("skipped: %s\n", text);
    suite_note_end();
    skip();
    abort(); /* not reached: skip() jumps out of the case, which the compiler cannot know */
}

void suite_fail(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_error("%s\n", text);
    fail();
    abort(); /* not reached, see suite_skip() */
}

void suite_note_case(void)
{
    if (getenv("THRD_FAIL_FAST") != NULL && cases_over < cases_run)
        skip();
    cases_run++;
}

void suite_note_end(void)
{
    cases_over++;
    case_went_well = true;
}

static int set_up(void **state)
{
    (void)state;
    processes_used = 0;
    case_went_well = false;
    suite_another_process();
    return 0;
}

static void run(void **state)
{
    suite_case_fn *const *this_case = *state;
    suite_note_case();
    (*this_case)(&processes[0]);
    suite_note_end();
}

/* The clients go first, so that a server under test has nothing left to drain. */
static int tear_down(void **state)
{
    (void)state;
    bool sound = true;
    clients_close_all();
    for (size_t i = 0; i < processes_used; i++)
        if (!process_end(&processes[i]))
            sound = false;
    for (size_t i = 0; i < processes_used; i++) {
        if (!case_went_well || !sound)
            process_print_log(&processes[i]);
        process_fini(&processes[i]);
    }
    return sound ? 0 : -1;
}

struct CMUnitTest suite_case(const char *name, suite_case_fn *function)
{
    assert_true(cases_used < CASES);
    cases[cases_used] = function;
    return (struct CMUnitTest){
        .name = name,
        .test_func = run,
        .setup_func = set_up,
        .teardown_func = tear_down,
        .initial_state = &cases[cases_used++],
    };
}
