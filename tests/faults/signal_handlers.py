#!/usr/bin/env -S python3 -B
"""signal_handlers.py PROGRAM SOURCE_DIR CC - signal handlers call what may be called there.

Class 6: a function that is not async-signal-safe is called in a signal handler, and finds the lock held,
or the list half linked, of the call that the signal has interrupted. Seen in: CVE-2024-6387.
Here: the handlers are those that the sources under SOURCE_DIR install. Whatever they call, directly or
through others, must be a function of the program or on the list of POSIX (signal-safety(7)). A call
through a pointer is a fault too: nobody can say where it leads. That this is seen is shown first by a
program, compiled with CC, with one fault of each kind. A storm of signals on the running program is
test_06_signal_handlers.c's.

Exit status: 0 kept, 1 broken, 77 objdump is missing, or the program is instrumented."""

import pathlib
import re
import subprocess
import sys
import tempfile

import call_graph

# Of the list those that a server may want. Where errno is, is a function, which takes no lock; atomics
# may be functions of the compiler's.
SAFE = {
    "_exit", "_Exit", "abort", "accept", "clock_gettime", "close", "dup", "dup2", "fcntl", "fork",
    "getpid", "getppid", "gettid", "kill", "memcpy", "memset", "poll", "read", "recv", "raise", "send", "sendto",
    "shutdown", "sigaction", "sigaddset", "sigdelset", "sigemptyset", "sigfillset", "signal",
    "sem_post", "sigprocmask", "pthread_sigmask", "tcsetattr", "time", "waitpid", "write",
    "__errno_location", "__stack_chk_fail",
}  # fmt: skip
INSTALLS = re.compile(
    r"(?:\bsa_handler\s*=|\bsa_sigaction\s*=|\bset_handler\([^,;]+,|\bsignal\([^,;]+,)\s*(\w+)\s*[;,)}]"
)
NO_HANDLERS = {"SIG_IGN", "SIG_DFL", "SIG_ERR", "handler"}

PLANTED = """
#include <signal.h>
#include <stdio.h>
void (*volatile anyone)(void);
static void __attribute__((noinline)) deeper(void) { printf("%d", 1); }
static void on_print(int n) { (void)n; deeper(); }
static void on_pointer(int n) { (void)n; anyone(); anyone(); }
static void on_fine(int n) { (void)n; raise(n); raise(n); }
int main(void) { signal(1, on_print); signal(2, on_pointer); signal(3, on_fine); return 0; }
"""


def installed(sources):
    """The functions that become handlers: (name, file)."""
    found = {(name, path.name) for path in sources for name in INSTALLS.findall(path.read_text())}
    return sorted(each for each in found if each[0] not in NO_HANDLERS)


def faults_of(functions, name):
    """What is wrong in the handler of that name and in what it calls."""
    begin = [address for address, function in functions.items() if function.name == name]
    if not begin:
        return [f"{name}: not found in the program"]
    faults = []
    to_do, seen = list(begin), set(begin)
    while to_do:
        function = functions[to_do.pop()]
        where = name if function.name == name else f"{name}, in {function.name}"
        if function.through_pointer:
            faults.append(f"{where}: a call through a pointer")
        for called in sorted(function.outside):
            if called not in SAFE and not called.startswith("__aarch64_"):
                faults.append(f"{where}: {called}() is not async-signal-safe")
        to_do += function.calls - seen
        seen |= function.calls
    return faults


def check_that_faults_are_seen(compiler):
    with tempfile.TemporaryDirectory() as work:
        source, program = pathlib.Path(work, "planted.c"), pathlib.Path(work, "planted")
        source.write_text(PLANTED)
        subprocess.run([compiler, "-O1", "-o", program, source], check=True)
        functions = call_graph.read(str(program))
        seen = {name: len(faults_of(functions, name)) for name, _ in installed([source])}
    if seen != {"on_print": 1, "on_pointer": 1, "on_fine": 0}:
        sys.exit(f"the faults planted here are not seen as they should be: {seen}")


def main(program, sources, compiler):
    check_that_faults_are_seen(compiler)
    handlers = installed(pathlib.Path(sources).rglob("*.c"))
    functions = call_graph.read(program)
    if call_graph.is_instrumented(functions):
        print("skipped: the program is instrumented")
        return 77
    present = {function.name for function in functions.values()}
    faults = [] if handlers else ["no handler found at all"]
    for name, file in handlers:
        if name not in present and file == "worker_fork.c":
            continue  # the build without fork
        faults += faults_of(functions, name)
        print(f"{name} ({file})")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
