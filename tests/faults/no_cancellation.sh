#!/bin/sh
# no_cancellation.sh NM CC SOURCE_DIR FILE... - no thread is cancelled, and none says how it may be.
#
# Class 14: a thread is cancelled in the middle of a call, and what it holds is lost: memory, a
# descriptor, a lock. Seen in: curl #18532.
# Here: no FILE (library, program) needs a function of cancellation, and no source under SOURCE_DIR
# names one: threads are woken by shutdown(2) and return. That such a function is seen is shown first
# by an object, compiled with CC, that needs one. pthread_setcancelstate(3) would be in order to keep
# off a host that cancels; a server that has it trusts in it, so it is a fault too.
# Exit status: 0 kept, 1 broken, 2 the test could not be done.
set -u
if [ $# -lt 4 ] || [ ! -d "$3" ]; then
    echo "usage: $0 NM CC SOURCE_DIR FILE..." >&2
    exit 2
fi
nm=$1
cc=$2
sources=$3
shift 3
words='pthread_(cancel|setcancelstate|setcanceltype|testcancel|kill_other_threads_np|exit)|thrd_exit'
words="$words|_*pthread_(register_cancel|unregister_cancel|unwind_next)|_*pthread_cleanup_push.*"
status=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# needed FILE: which of these it needs. A shared library says so among its dynamic symbols.
needed() {
    { "$nm" -P "$1" 2> /dev/null; "$nm" -P -D "$1" 2> /dev/null; } |
        awk '$2 ~ /^[Uvw]$/ { sub(/@.*/, "", $1); print $1 }' | grep -xE "$words" | sort -u
}

printf '%s\n' '#include <pthread.h>' 'int planted(pthread_t t) { return pthread_cancel(t); }' \
    > "$work/planted.c"
"$cc" -c -o "$work/planted.o" "$work/planted.c" || exit 2
[ "$(needed "$work/planted.o")" = pthread_cancel ] || { echo "the planted call is not seen"; exit 2; }

for file in "$@"; do
    "$nm" -P "$file" > "$work/symbols" || exit 2
    [ -s "$work/symbols" ] || { echo "$file: no symbols"; exit 2; }
    if grep -qE '^(__asan_|__tsan_|__ubsan_)' "$work/symbols"; then
        echo "$file: has a sanitizer's runtime, which may need them: left out"
        continue
    fi
    found=$(needed "$file")
    if [ -n "$found" ]; then
        printf '%s needs:\n%s\n' "$file" "$found"
        status=1
    fi
done
if grep -rnE "\b($words)\b *\(" "$sources" --include='*.[ch]'; then
    status=1
fi
exit $status
