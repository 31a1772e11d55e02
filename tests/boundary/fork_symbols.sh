#!/bin/sh
# fork_symbols.sh NM ARCHIVE on|off - a server built without fork has no copies of itself.
#
# off: the archive needs no function that makes one or waits for it. posix_spawn(3) starts other
#      programs, also where there is no fork(2).
# on:  it does need one, which shows that the test for "off" can find it.
# Exit status: 0 kept, 1 broken, 2 the test could not be done.
set -u
[ $# -eq 3 ] && [ -r "$2" ] || { echo "usage: $0 NM ARCHIVE on|off" >&2; exit 2; }
symbols=$("$1" -P "$2") || exit 2
found=$(printf '%s\n' "$symbols" | awk '
    NF >= 2 && $2 ~ /^[Uvw]$/ &&
    $1 ~ /^(_?_?fork|_Fork|v?fork|_?_?clone[23]?|wait|wait[34]|waitpid|waitid|popen|system)$/ {
        print $1
    }' | sort -u)
case $3 in
off)
    if [ -n "$found" ]; then
        echo "built without fork, but needs:" $found
        exit 1
    fi
    ;;
on)
    if [ -z "$found" ]; then
        echo "built with fork, but needs no function that makes a process"
        exit 1
    fi
    ;;
*) exit 2 ;;
esac
