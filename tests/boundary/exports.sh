#!/bin/sh
# exports.sh NM MAP SHARED ARCHIVE HEADER... - a library offers what its headers offer, and only that.
#
# The names with THRDSRV_API in the headers, those in the version script, those that the shared
# library exports under its version, and the global ones that the archive defines have to be the
# same, and each has to begin with thrdsrv_.
# Exit status: 0 kept, 1 broken, 2 the test could not be done, 77 skipped (instrumented code).
set -u
[ $# -ge 5 ] && [ -r "$2" ] && [ -r "$3" ] && [ -r "$4" ] && [ -r "$5" ] ||
    { echo "usage: $0 NM MAP SHARED ARCHIVE HEADER..." >&2; exit 2; }
here=$(dirname "$0")
nm=$1
map=$2
shared=$3
archive=$4
shift 4
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
status=0

"$nm" -P -D --defined-only "$shared" > "$work/shared.nm" || exit 2
"$nm" -P -g --defined-only "$archive" > "$work/archive.nm" || exit 2
"$nm" -P -g "$archive" > "$work/needed.nm" || exit 2
if grep -qE '^(__asan_|__tsan_|__ubsan_|__gcov_|__llvm_prof|__sanitizer_)' "$work/needed.nm"; then
    echo "skipped: the archive is instrumented"
    exit 77
fi

# A declaration with THRDSRV_API ends at its semicolon; of a function, the name stands before the
# first "(", of an object it is the last word.
for header in "$@"; do
    awk -f "$here/strip_c.awk" "$header" | grep -v '^[ 	]*#'
done | tr '\n' ' ' | tr ';' '\n' | sed -n '/THRDSRV_API/{
    s/.*THRDSRV_API//
    s/(.*//
    s/.*[^A-Za-z0-9_]\([A-Za-z0-9_][A-Za-z0-9_]*\) *$/\1/p
}' | sort > "$work/headers"

# The version script: its node, and the names under "global:".
node=$(sed -n 's/^\([A-Z0-9_.]*\) {.*/\1/p' "$map")
sed -n '/global:/,/local:/s/^ *\([A-Za-z0-9_*?]*\);.*/\1/p' "$map" | sort > "$work/map"

# The node itself is a symbol too.
awk -v node="$node" '$1 != node { print sub("@@" node "$", "", $1) ? $1 : $1 " without " node }' \
    "$work/shared.nm" | sort > "$work/shared"
awk 'NF >= 3 { print $1 }' "$work/archive.nm" | sort > "$work/archive"

if [ -z "$node" ] || [ ! -s "$work/headers" ]; then
    echo "found no version in $map, or no THRDSRV_API in $*"
    status=1
fi
if grep -v '^thrdsrv_' "$work/headers" "$work/archive"; then
    echo "these do not begin with thrdsrv_"
    status=1
fi
for other in map shared archive; do
    if ! diff "$work/headers" "$work/$other" > "$work/difference"; then
        echo "public headers (<) and $other (>) do not offer the same:"
        grep '^[<>]' "$work/difference"
        status=1
    fi
done
exit $status
