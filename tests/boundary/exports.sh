#!/bin/sh
# exports.sh NM READELF MAP SHARED ARCHIVE HEADER... - a library offers what its headers offer.
#
# The names with THRDSRV_API in the headers, those in the version script, those that the shared
# library exports under its version, and the global ones that the archive defines have to be the
# same, and each has to begin with thrdsrv_.
# Exit status: 0 kept, 1 broken, 2 the test could not be done, 77 skipped (instrumented code).
set -u
[ $# -ge 6 ] && [ -r "$3" ] && [ -r "$4" ] && [ -r "$5" ] && [ -r "$6" ] ||
    { echo "usage: $0 NM READELF MAP SHARED ARCHIVE HEADER..." >&2; exit 2; }
here=$(dirname "$0")
nm=$1
readelf=$2
map=$3
shared=$4
archive=$5
shift 5
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
status=0

# Not nm -D: LLVM's shows no versions.
"$readelf" --dyn-syms -W "$shared" > "$work/shared.elf" || exit 2
"$nm" -P -g --defined-only "$archive" > "$work/archive.nm" || exit 2
"$nm" -P -g "$archive" > "$work/all.nm" || exit 2
instruments='^(__asan_|__tsan_|__ubsan_|__gcov_|__covrec_|__llvm_prof|__sanitizer_)'
if grep -qE "$instruments" "$work/all.nm"; then
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

# Columns: number, value, size, type, binding, visibility, section, name. The node is a symbol too.
awk -v node="$node" '
    $1 ~ /^[0-9]+:$/ && $5 != "LOCAL" && $7 != "UND" {
        has_version = sub("@@" node "$", "", $8)
        if ($8 != node)
            print has_version ? $8 : $8 " without " node
    }' "$work/shared.elf" | sort > "$work/shared"
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
