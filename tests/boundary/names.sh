#!/bin/sh
# names.sh NM SOURCE_DIR ARCHIVE... - no identifier of ours begins with thrd_.
#
# C11 reserves that prefix for <threads.h>, and the C library has functions of such names: a
# library that defines one takes its place in every program that is linked with it. Looks at the
# symbols that the archives define and at the words in src and include, comments and strings
# left out. Names from <threads.h> are no exception: our own code uses pthreads.
# Exit status: 0 kept, 1 broken, 2 the test could not be done.
set -u
[ $# -ge 3 ] && [ -d "$2/src" ] || { echo "usage: $0 NM SOURCE_DIR ARCHIVE..." >&2; exit 2; }
here=$(dirname "$0")
nm=$1
root=$2
shift 2
status=0

for archive in "$@"; do
    symbols=$("$nm" -P "$archive") || exit 2
    bad=$(printf '%s\n' "$symbols" | awk '
        NF >= 2 && $2 !~ /^[Uvw]$/ { some = 1 }
        NF >= 2 && $2 !~ /^[Uvw]$/ && $1 ~ /^thrd_/ { print $1 }
        END { if (!some) print "(no symbols found at all)" }')
    if [ -n "$bad" ]; then
        echo "$archive defines:" $bad
        status=1
    fi
done

bad=$(find "$root/src" "$root/include" -name '*.[ch]' | while IFS= read -r file; do
    awk -f "$here/strip_c.awk" "$file" | grep -nE '(^|[^A-Za-z0-9_])thrd_[a-z]' |
        while IFS= read -r line; do
            echo "$file:$line"
        done
done)
if [ -n "$bad" ]; then
    printf '%s\n' "$bad"
    status=1
fi
exit $status
