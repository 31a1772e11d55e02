#!/bin/sh
# rename.sh NM OBJCOPY WRAPPERS FROM TO - copies an object and has it call the wrappers.
#
# Each function torture_F that the archive WRAPPERS defines takes the place of F in the object.
# Exit status: 0 done, 1 not.
set -eu
[ $# -eq 5 ] || { echo "usage: $0 NM OBJCOPY WRAPPERS FROM TO" >&2; exit 1; }
names=$5.names
"$1" -P "$3" | awk '
    $1 ~ /^torture_/ && $2 == "T" {
        print substr($1, length("torture_") + 1), $1
    }' >"$names"
[ -s "$names" ] || { echo "$0: $3 defines no wrapper" >&2; exit 1; }
"$2" --redefine-syms="$names" "$4" "$5"
