/* suite - the frame of the programs in tests/integration.
 *
 *     test_NAME thread|fork|inline [PATTERN]
 *
 * runs the program's cases (those that match PATTERN, with * and ?) against the server in that
 * mode: the same cases in all modes. Each case gets a process of its own to start the server in;
 * whatever the case does, it is ended afterwards and the invariants that hold for every run of
 * the server are checked (see process_check_invariants()).
 *
 *     static void echoes(struct process *server)
 *     {
 *         process_start(server, "--handler=echo", NULL);
 *         int fd = client_connect(process_address(server));
 *         ...
 *     }
 *     int main(int argc, char **argv)
 *     {
 *         const struct CMUnitTest cases[] = {CASE(echoes)};
 *         suite_init(argc, argv);
 *         return cmocka_run_group_tests_name("services", cases, NULL, NULL);
 *     }
 *
 * Environment:
 *   THRD                 the program under test, default: the one of the same build
 *   THRD_WRAPPER         a command in front of it, split at spaces ("valgrind -q --tool=helgrind")
 *   THRD_SCALE           percent of the heavy counts (clients, connections, bytes), default 100
 *   THRD_TIMEOUT_FACTOR  multiplies the time limits, default 1
 *   THRD_KEEP            set: the servers' logs in /tmp/thrd-test-* are not removed
 *   THRD_FAIL_FAST       set: cases behind the first one that fails are skipped
 *
 * Everything here and in the rest of tests/support runs on one thread, and a check that fails
 * ends the case (cmocka's longjmp), so what a case holds is known to the support files and given
 * back by them: clients, processes, scratch directories. */
#ifndef SUPPORT_SUITE_H
#define SUPPORT_SUITE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <thrdsrv/server.h>

#include "thrd_process.h"

typedef void suite_case_fn(struct process *server);

/* One case in the array that main() hands to cmocka. */
#define CASE(function) suite_case(#function, function)
struct CMUnitTest suite_case(const char *name, suite_case_fn *run);

/* A case begins, and has come to its end: for other kinds of cases (embedded.h). */
void suite_note_case(void);
void suite_note_end(void);

/* Reads the arguments and the environment; ends the program when they are wrong. */
void suite_init(int argc, char **argv);

/* The mode that the program was started for, and its name as in --mode=NAME. */
enum thrdsrv_mode suite_mode(void);
const char *suite_mode_name(void);

/* Whether the tests, and so the program under test, are built with ThreadSanitizer, or with any
 * sanitizer that makes memory and its use different. */
bool suite_has_thread_sanitizer(void);
bool suite_has_sanitizer(void);

/* THRD_SCALE percent of count, at least 1. */
size_t scaled(size_t count);

/* A second process in the same case, ended and checked as the first one is. */
struct process *suite_another_process(void);

/* Ends the case as skipped, or as failed, and says why. */
_Noreturn void suite_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void suite_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
