#!/bin/sh
# complete.sh NM LIST OBJECT... - the torture leaves nothing out.
#
# Every symbol that the renamed objects need and do not define themselves must be a wrapper, or stand
# in LIST ("symbol  reason"), which may name no symbol that has a wrapper.
# Exit status: 0 complete, 1 not, 2 the test could not be done.
set -u
[ $# -ge 3 ] && [ -r "$2" ] || { echo "usage: $0 NM LIST OBJECT..." >&2; exit 2; }
nm=$1
list=$2
shift 2
symbols=$("$nm" -P "$@") || exit 2
wrong=$(printf '%s\n' "$symbols" | awk -v list="$list" '
    BEGIN {
        while ((getline line < list) > 0) {
            if (line ~ /^#/ || line == "")
                continue
            n = split(line, word, " ")
            listed[word[1]] = 1
            if (n < 2)
                print word[1] " (listed without a reason)"
        }
    }
    NF >= 2 && $2 ~ /^[Uvw]$/ { needed[$1] = 1 }
    NF >= 2 && $2 !~ /^[Uvw]$/ { defined[$1] = 1 }
    END {
        for (name in needed) {
            if (name ~ /^torture_/)
                wrapped[substr(name, length("torture_") + 1)] = 1
            else if (!(name in defined) && !(name in listed))
                print name
        }
        for (name in wrapped) {
            count++
            if (name in listed)
                print name " (listed, and wrapped)"
        }
        if (count < 40)
            print "(only " count + 0 " functions are wrapped)"
        else
            print count " functions are wrapped" > "/dev/stderr"
    }')
if [ -n "$wrong" ]; then
    echo "neither wrapped (wrap_*.c) nor among those that cannot fail (cannot_fail):"
    printf '%s\n' "$wrong" | sed 's/^/    /'
    exit 1
fi
