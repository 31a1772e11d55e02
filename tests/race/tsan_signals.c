/* tests/race/tsan_signals.c - linked into every program that ci/race builds with TSan.
 *
 * TSan's runtime (GCC 12, LLVM 14) makes what it keeps of a thread's signals at the thread's first
 * blocking call, and loses a signal that arrives at that very moment: one of some hundred servers
 * then never hears of the SIGUSR1 or SIGTERM that a test sends it as soon as it is ready. A
 * blocking call before main() leaves no such moment. */
#include <poll.h>
#include <stddef.h>

static void __attribute__((constructor)) make_signal_state(void)
{
    poll(NULL, 0, 0);
}
