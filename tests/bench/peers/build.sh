#!/bin/sh
# build.sh DIRECTORY [FLAG...] - compiles the peers of ci/bench-peers into DIRECTORY, with ${CC:-cc}.
#
# FLAGs are for the compiler. Prints the name of each that was built; of each that was not, which is
# said on stderr, the library or compiler is not here, or it does not compile: then the exit status
# is 1.
set -u
[ $# -ge 1 ] && [ -d "$1" ] || { echo "usage: $0 DIRECTORY [FLAG...]" >&2; exit 2; }
sources=$(dirname -- "$0")
directory=$1
shift
failed=0

# compile NAME SOURCE [FLAG...]
compile() {
    name=$1 source=$2
    shift 2
    if "${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 "$sources/$source.c" -o "$directory/$name" "$@"; then
        echo "$name"
    else
        failed=1
    fi
}

# with_library LIBRARY NAME [FLAG...]: where pkg-config knows it.
with_library() {
    library=$1 name=$2
    shift 2
    if pkg-config --exists "$library" 2>/dev/null; then
        # shellcheck disable=SC2046 # a list
        compile "$name" "$name" "$@" $(pkg-config --cflags --libs "$library")
    else
        echo "$name: there is no $library" >&2
    fi
}

can_link_statically() {
    echo 'int main(void) { return 0; }' | "${CC:-cc}" -x c - -o /dev/null -static 2>/dev/null
}

with_go() {
    if ! command -v go >/dev/null; then
        echo "go: there is no go" >&2
    elif GO111MODULE=off GOCACHE=${GOCACHE:-$directory/go-cache} \
        go build -o "$directory/go" "$sources/go.go"; then
        echo go
    else
        failed=1
    fi
}

compile texts_thread texts_thread "$@" -pthread
compile texts_fork texts_fork "$@"
if can_link_statically; then
    compile texts_fork_static texts_fork "$@" -static
else
    echo "texts_fork_static: there is no static C library" >&2
fi
compile lecture_rot13 lecture_rot13 "$@"
compile epoll epoll "$@"
with_library libevent_core libevent "$@"
with_library libuv libuv "$@"
[ "${WITHOUT_GO-}" = 1 ] || with_go
exit "$failed"
