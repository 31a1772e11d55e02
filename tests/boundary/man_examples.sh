#!/bin/sh
# man_examples.sh CC THRD SOURCE_DIR [LIBRARY...] - the examples in the manual are true.
#
# Takes from thrdsrv(3) and thrd-handlers(7) every literal display (.Bd -literal … .Ed), and
# - compiles each that has a main(), as strict C11 with warnings as errors, links it with the
#   libraries, and calls the program what the session below it calls it ("cc -o NAME NAME.c");
# - types the lines of its sessions that begin with "$ " and have "thrd run" or such a program in a
#   pipe, and wants the lines below them as the output. Not daytime and time: they say something
#   else each time.
# Exit status: 0 kept, 1 broken, 2 the test could not be done.
set -u
[ $# -ge 3 ] && [ -x "$2" ] || { echo "usage: $0 CC THRD SOURCE_DIR [LIBRARY...]" >&2; exit 2; }
cc=$1
program=$2
root=$3
shift 3
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0
count=0

thrd() {
    "$program" "$@"
}

# displays PAGE: each literal display as a file $work/display.NUMBER, without the escapes of roff.
displays() {
    sed 's/\\&//g; s/\\e/\\/g' "$1" | awk -v to="$work/display" '
        /^\.Bd -literal/ { inside = 1; number++; next }
        /^\.Ed/ { inside = 0 }
        inside { print > (to "." sprintf("%03d", number)) }'
}

# compile FILE NAME [LIBRARY...]
compile() {
    cp "$1" "$work/$2.c"
    name=$2
    shift 2
    $cc -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$root/include" -o "$work/$name" \
        "$work/$name.c" "$@" -pthread || { echo "this program is in the manual: $name"; status=1; }
}

# session FILE: types its commands, each of which is one line.
session() {
    grep -nE '^\$ .*(\| (thrd run|\./[a-z]+) |thrd run [a-z0-9]+ .*\|)' "$1" |
        grep -vE 'run (daytime|time)( |$)' > "$work/commands"
    while IFS=: read -r line command; do
        count=$((count + 1))
        sed "1,${line}d" "$1" | sed '/^\$ /,$d' > "$work/expected"
        (cd "$work" && eval "${command#??}") < /dev/null 2>&1 | tr -d '\r' > "$work/output"
        if ! cmp -s "$work/expected" "$work/output"; then
            printf '%s\n' "$command"
            diff "$work/expected" "$work/output"
            status=1
        fi
    done < "$work/commands"
}

for page in "$root/src/man/thrdsrv.3" "$root/src/man/thrd-handlers.7"; do
    [ -r "$page" ] || exit 2
    rm -f "$work"/display.*
    displays "$page"
    main=
    for file in "$work"/display.*; do
        if grep -q '^int main(' "$file"; then
            main=$file
        elif [ -n "$main" ]; then
            name=$(sed -n 's/^\$ cc -o \([a-z]*\) .*/\1/p' "$file")
            [ -n "$name" ] || { echo "$page: no session for a program"; status=1; }
            compile "$main" "${name:-nameless}" "$@"
            count=$((count + 1))
            main=
        fi
        session "$file"
    done
    [ -z "$main" ] || { echo "$page: no session for the last program"; status=1; }
    [ $count -gt 0 ] || { echo "$page: no example found"; status=1; }
    count=0
done
exit $status
