#!/bin/sh
# checks_can_fail.sh CC AR NM SOURCE_DIR - each boundary test finds the breach it is there for.
#
# Breaks every rule once, in a copy or in a small archive of its own, and wants exit status 1
# from the test. Exit status: 0 all found, 1 one was not, 2 the test could not be done.
set -u
[ $# -eq 4 ] && [ -d "$4/src" ] || { echo "usage: $0 CC AR NM SOURCE_DIR" >&2; exit 2; }
cc=$1
ar=$2
nm=$3
root=$4
here=$(dirname "$0")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0

# want STATUS WHAT COMMAND...: the command must exit so.
want() {
    wanted=$1
    what=$2
    shift 2
    "$@" > "$work/output" 2>&1
    got=$?
    if [ $got -ne "$wanted" ]; then
        echo "$what: exit status $got, not $wanted"
        cat "$work/output"
        status=1
    fi
}

# archive NAME TEXT: an archive of one C file.
archive() {
    printf '%s\n' "$2" > "$work/$1.c"
    rm -f "$work/$1.a"
    "$cc" -O1 -c -o "$work/$1.o" "$work/$1.c" && "$ar" rc "$work/$1.a" "$work/$1.o" || exit 2
}

# copy: a fresh copy of src and include under $work/tree.
copy() {
    rm -rf "$work/tree"
    mkdir "$work/tree" && cp -R "$root/src" "$root/include" "$work/tree/" || exit 2
}

# broken FILE LINE: a copy in which the line stands at the end of the file.
broken() {
    copy
    printf '\n%s\n' "$2" >> "$work/tree/$1"
}

archive plain 'void *memcpy(void *, const void *, __SIZE_TYPE__);
               void *thrdsrv_good(void *a, void *b, __SIZE_TYPE__ n) { return memcpy(a, b, n); }'
archive clock 'long time(long *); long thrdsrv_bad(void) { return time(0); }'
archive errno 'int *__errno_location(void); int thrdsrv_bad(void) { return *__errno_location(); }'
archive forks 'int fork(void); int thrdsrv_bad(void) { return fork(); }'
archive taken 'int thrd_create(void) { return 0; }'
printf '!<arch>\n' > "$work/empty.a"

want 0 "handlers with memcpy" sh "$here/handler_symbols.sh" "$nm" "$work/plain.a"
want 1 "handlers with time" sh "$here/handler_symbols.sh" "$nm" "$work/clock.a"
want 1 "handlers with errno" sh "$here/handler_symbols.sh" "$nm" "$work/errno.a"
want 1 "handlers without symbols" sh "$here/handler_symbols.sh" "$nm" "$work/empty.a"

want 0 "server without fork" sh "$here/fork_symbols.sh" "$nm" "$work/plain.a" off
want 1 "server without fork that forks" sh "$here/fork_symbols.sh" "$nm" "$work/forks.a" off
want 1 "server with fork that does not" sh "$here/fork_symbols.sh" "$nm" "$work/plain.a" on

copy
want 0 "names" sh "$here/names.sh" "$nm" "$work/tree" "$work/plain.a"
want 1 "a symbol thrd_create" sh "$here/names.sh" "$nm" "$work/tree" "$work/taken.a"
broken src/handler/echo.c '/* thrd_create */ static const char *word = "thrd_create";'
want 0 "thrd_ in comments and strings" sh "$here/names.sh" "$nm" "$work/tree" "$work/plain.a"
broken src/handler/echo.c 'static int thrd_static;'
want 1 "a static thrd_ name" sh "$here/names.sh" "$nm" "$work/tree" "$work/plain.a"

copy
want 0 "includes" sh "$here/includes.sh" "$work/tree"
for name in '<errno.h>' '<stdlib.h>' '<thrdsrv/server.h>' '"../server/server.h"' '"absent.h"'; do
    broken src/handler/echo.c "#include $name"
    want 1 "handler includes $name" sh "$here/includes.sh" "$work/tree"
done
broken src/handler/echo.c '/* #include <errno.h> */ // #include <time.h>'
want 0 "includes in comments" sh "$here/includes.sh" "$work/tree"
for name in '"../cli/options.h"' '"handler/stream.h"'; do
    copy
    echo "#include $name" > "$work/tree/src/server/breach.c"
    want 1 "server includes $name" sh "$here/includes.sh" "$work/tree"
done
for name in '"server/server.h"' '"../handler/stream.h"'; do
    copy
    echo "#include $name" > "$work/tree/src/cli/breach.c"
    want 1 "cli includes $name" sh "$here/includes.sh" "$work/tree"
done
broken include/thrdsrv/error.h '#include "../src/server/server.h"'
want 1 "public header includes a private one" sh "$here/includes.sh" "$work/tree"
for name in pthread_create fork; do
    broken src/server/server.c "int breach(void) { return $name(); }"
    want 1 "server.c names $name" sh "$here/includes.sh" "$work/tree"
done
broken src/server/server.c '/* fork */ static const char *word = "fork"; int worker_fork;'
want 0 "server.c with fork in a comment" sh "$here/includes.sh" "$work/tree"

copy
want 0 "headers" sh "$here/headers.sh" "$cc" c c17 "$work/tree/include"
broken include/thrdsrv/error.h 'static int breach(void) { int unused; }'
want 1 "a header with a warning" sh "$here/headers.sh" "$cc" c c17 "$work/tree/include"
copy
echo 'extern size_t thrdsrv_breach;' > "$work/tree/include/thrdsrv/breach.h"
want 1 "a header that needs another" sh "$here/headers.sh" "$cc" c c17 "$work/tree/include"
exit $status
