#!/bin/sh
# includes.sh SOURCE_DIR - who may include whom: cli -> server -> handler, cli -> bench -> client,
# cli -> client.
#
# - src/handler: <stdbool.h> <stddef.h> <stdint.h> <string.h> <thrdsrv/handler.h>, its own headers.
# - src/server: nothing of src/cli; of src/handler only what <thrdsrv/handler.h> offers.
# - src/cli: no private header of the libraries: our program uses the public interface, like all. Of
#   src/bench only what it hands over and asks for, of src/client what `thrd connect` is made of.
# - src/bench: src/client and libc; nothing of the server, which it measures from outside like any
#   other, not even its public headers.
# - src/bench/report, and bench.c which calls it: <jansson.h> besides.
# - src/client: libc alone; nothing of src/bench.
# - include/thrdsrv: nothing of src.
# Besides, server.c and accept_loop.c do not name pthread_create or fork: that is the workers'.
# Exit status: 0 kept, 1 broken, 2 the test could not be done.
set -u
[ $# -eq 1 ] && [ -d "$1/src/handler" ] || { echo "usage: $0 SOURCE_DIR" >&2; exit 2; }
here=$(dirname "$0")
root=$1
status=0

complain() {
    echo "$1"
    status=1
}

# Lines "NAME FILE" of the includes of the C files given; NAME with its quotes or brackets. FILE comes
# last, because the path of a checkout may hold spaces.
includes() {
    [ -f "$1" ] || return 0 # a pattern that matches nothing
    awk -v names=1 -f "$here/strip_c.awk" "$@" |
        sed -n 's/^\([^	]*\)	[ 	]*#[ 	]*include[ 	]*\(["<][^">]*[">]\).*/\2 \1/p'
}

# An own header: a file name without a folder, beside the file that includes it.
is_own() {
    case $2 in
    '"'*/*'"') return 1 ;;
    '"'*'"') name=${2#?}; [ -f "$(dirname "$1")/${name%?}" ] ;;
    *) return 1 ;;
    esac
}

check_handler() {
    while read -r name file; do
        case $name in
        '<stdbool.h>' | '<stddef.h>' | '<stdint.h>' | '<string.h>' | '<thrdsrv/handler.h>') ;;
        *) is_own "$file" "$name" || echo "$file includes $name" ;;
        esac
    done
}

check_server() {
    while read -r name file; do
        case $name in
        *cli/* | *handler/*) echo "$file includes $name" ;;
        '<'*'>' | '"server/'*) ;;
        *) is_own "$file" "$name" || echo "$file includes $name" ;;
        esac
    done
}

check_cli() {
    while read -r name file; do
        case $name in
        '"bench/bench.h"' | '"bench/workload.h"' | '"bench/target.h"' | '"bench/held_memory.h"') ;;
        '"client/endpoint.h"' | '"client/split_io.h"') ;;
        *server/* | *handler/*) echo "$file includes $name" ;;
        '<'*'>' | '"cli/'*) ;;
        *) is_own "$file" "$name" || echo "$file includes $name" ;;
        esac
    done
}

# The system's headers have no folder in their name, or one of the system's; <jansson.h> is the one
# library that bench needs besides.
is_libc() {
    case $1 in
    '<jansson.h>') return 1 ;;
    '<sys/'*'>' | '<netinet/'*'>' | '<arpa/'*'>' | '<linux/'*'>' | '<net/'*'>') return 0 ;;
    '<'*/*'>') return 1 ;;
    '<'*'>') return 0 ;;
    *) return 1 ;;
    esac
}

check_bench() {
    while read -r name file; do
        case $name in
        '"bench/report/'* | '<jansson.h>')
            case $file in
            */bench/bench.c | */bench/report/*) ;;
            *) echo "$file includes $name" ;;
            esac ;;
        '"bench/'*'"' | '"client/'*'"') ;;
        *) is_libc "$name" || is_own "$file" "$name" || echo "$file includes $name" ;;
        esac
    done
}

check_client() {
    while read -r name file; do
        case $name in
        '"client/'*'"') ;;
        *) is_libc "$name" || is_own "$file" "$name" || echo "$file includes $name" ;;
        esac
    done
}

check_public() {
    while read -r name file; do
        case $name in
        '<'*'>') ;;
        *) echo "$file includes $name" ;;
        esac
    done
}

# So that a pattern that matches no file does not pass for a kept rule.
count=$(includes "$root"/src/handler/*.[ch] | wc -l)
[ "$count" -ge 8 ] || complain "found only $count includes in src/handler"
for folder in bench bench/report client; do
    count=$(includes "$root/src/$folder"/*.[ch] | wc -l)
    [ "$count" -ge 4 ] || complain "found only $count includes in src/$folder"
done

bad=$(
    includes "$root"/src/handler/*.[ch] | check_handler
    includes "$root"/src/server/*.[ch] | check_server
    includes "$root"/src/cli/*.[ch] | check_cli
    includes "$root"/src/bench/*.[ch] "$root"/src/bench/report/*.[ch] | check_bench
    includes "$root"/src/client/*.[ch] | check_client
    includes "$root"/include/thrdsrv/*.h | check_public
)
[ -z "$bad" ] || complain "$bad"

for file in "$root/src/server/server.c" "$root/src/server/accept_loop.c"; do
    [ -f "$file" ] || continue
    names=$(awk -f "$here/strip_c.awk" "$file" |
        grep -nE '(^|[^A-Za-z0-9_])(pthread_create|v?fork)([^A-Za-z0-9_]|$)' |
        grep -vE '^[0-9]+:[ \t]*#[ \t]*include')
    [ -z "$names" ] || complain "$file names what only workers may: $names"
done
exit $status
