#!/bin/sh
# checks_can_fail.sh CC AR NM READELF SOURCE_DIR - each boundary test finds the breach it is for.
#
# Breaks every rule once, in a copy or in a small archive of its own, and wants exit status 1
# from the test. Exit status: 0 all found, 1 one was not, 2 the test could not be done.
set -u
[ $# -eq 5 ] && [ -d "$5/src" ] || { echo "usage: $0 CC AR NM READELF SOURCE_DIR" >&2; exit 2; }
cc=$1
ar=$2
nm=$3
readelf=$4
root=$5
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

# shared NAME TEXT [LINK_OPTION...]: a shared library of one C file.
shared() {
    name=$1
    printf '%s\n' "$2" > "$work/$name.c"
    shift 2
    "$cc" -O1 -fPIC -shared -Wl,-z,relro "$@" -o "$work/$name.so" "$work/$name.c" || exit 2
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
for name in '"server/server.h"' '"../handler/stream.h"' '"bench/report/views.h"' '"../bench/bench.h"' \
    '"client/load.h"' '"bench/bench.hh"'; do
    copy
    echo "#include $name" > "$work/tree/src/cli/breach.c"
    want 1 "cli includes $name" sh "$here/includes.sh" "$work/tree"
done
for name in '<thrdsrv/server.h>' '"cli/units.h"' '"server/clock.h"' '"../handler/stream.h"' \
    '"absent.h"' '<curl/curl.h>' '<jansson.h>' '"bench/report/views.h"'; do
    copy
    echo "#include $name" > "$work/tree/src/bench/breach.c"
    want 1 "bench includes $name" sh "$here/includes.sh" "$work/tree"
done
copy
echo '#include "cli/units.h"' > "$work/tree/src/bench/report/breach.c"
want 1 "the report includes cli" sh "$here/includes.sh" "$work/tree"
for name in '<thrdsrv/error.h>' '"bench/statistics.h"' '<jansson.h>' '"cli/units.h"' \
    '"server/clock.h"' '"../bench/figures.h"'; do
    copy
    echo "#include $name" > "$work/tree/src/client/breach.c"
    want 1 "client includes $name" sh "$here/includes.sh" "$work/tree"
done
copy
printf '#include %s\n' '"bench/bench.h"' '"client/split_io.h"' > "$work/tree/src/cli/fine.c"
printf '#include %s\n' '<sys/socket.h>' '"client/load.h"' > "$work/tree/src/bench/fine.c"
printf '#include %s\n' '<jansson.h>' '"bench/figures.h"' > "$work/tree/src/bench/report/fine.c"
printf '#include %s\n' '<netinet/tcp.h>' '<linux/errqueue.h>' > "$work/tree/src/client/fine.c"
want 0 "bench and client as they may be" sh "$here/includes.sh" "$work/tree"
for folder in bench bench/report client; do
    copy
    rm "$work/tree/src/$folder"/*.[ch]
    want 1 "nothing in $folder" sh "$here/includes.sh" "$work/tree"
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

# A library of two names: header, version script, sources.
one='int thrdsrv_one(void) { return 1; }'
two='const int thrdsrv_two = 2;'
inner='int log_send(void) { return 3; }'
cat > "$work/two.h" <<'END'
/* THRDSRV_API int thrdsrv_comment(void); */
#define THRDSRV_API __attribute__((visibility("default")))
THRDSRV_API extern const int
    thrdsrv_two;
typedef int thrdsrv_fn(void *user);
THRDSRV_API int thrdsrv_one(void)
    __attribute__((format(printf, 2, 3)));
END
sed 's/^typedef .*/THRDSRV_API void thrdsrv_three(int (*)(void));/' "$work/two.h" > "$work/three.h"
sed 's/thrdsrv_one/other_one/' "$work/two.h" > "$work/other.h"
printf '%s\n' 'V_1 {' '    global:' '        thrdsrv_one;' '        thrdsrv_two; /* object */' \
    '    local:' '        *;' '};' > "$work/two.map"
sed 's/thrdsrv_one/thrdsrv_o*/' "$work/two.map" > "$work/star.map"
sed 's/thrdsrv_one/other_one/' "$work/two.map" > "$work/other.map"
sed 's/V_1/V_2/' "$work/two.map" > "$work/newer.map"
two_map="-Wl,--version-script=$work/two.map"
shared two "$one $two $inner" "$two_map"
shared few "$two" "$two_map"
shared bare "$one $two"
shared other "int other_one(void) { return 1; } $two" "-Wl,--version-script=$work/other.map"
archive two "$one $two static $inner"
archive many "$one $two $inner"
archive few "$two"
archive other "int other_one(void) { return 1; } $two"
exports() {
    sh "$here/exports.sh" "$nm" "$readelf" "$work/$2.map" "$work/$3.so" "$work/$4.a" "$work/$1.h"
}
want 0 "exports" exports two two two two
want 1 "a header that declares more" exports three two two two
want 1 "a version script with a pattern" exports two star two two
want 1 "a version script with another version" exports two newer two two
want 1 "a shared library that exports less" exports two two few two
want 1 "a shared library without versions" exports two two bare two
want 1 "an archive with an inner name" exports two two two many
want 1 "an archive that defines less" exports two two two few
want 1 "a public name without thrdsrv_" exports other other other other

needs_libc='int puts(const char *); int thrdsrv_puts(void) { return puts("x"); }'
shared good "$needs_libc" -Wl,-soname,good.so.1
shared nameless "$needs_libc"
shared execstack "$needs_libc" -Wl,-soname,good.so.1 -Wl,-z,execstack
shared norelro "$needs_libc" -Wl,-soname,good.so.1 -Wl,-z,norelro
shared greedy "$needs_libc" -Wl,-soname,good.so.1 -Wl,--no-as-needed "$work/good.so"
elf() {
    sh "$here/elf.sh" "$readelf" good.so.1 "$1" "$work/$2.so"
}
want 0 "shared library" elf libc good
want 1 "a shared library that needs too little" elf 'libc libother.so.1' good
want 1 "a shared library that needs too much" elf libc greedy
want 1 "a shared library without soname" elf libc nameless
want 1 "an executable stack" elf libc execstack
want 1 "writable relocations" elf libc norelro

# edited FILE SED_SCRIPT: a copy in which a file was edited.
edited() {
    copy
    sed "$2" "$root/$1" > "$work/tree/$1"
}
man_pages() {
    sh "$here/man_pages.sh" "$work/tree"
}
copy
want 0 "man pages" man_pages
broken include/thrdsrv/error.h 'THRDSRV_API int thrdsrv_breach(void);'
want 1 "a function without a manual" man_pages
broken include/thrdsrv/handler.h 'THRDSRV_API extern const struct thrdsrv_handler thrdsrv_breach;'
want 1 "a handler without a manual" man_pages
broken include/thrdsrv/config.h 'struct thrdsrv_breach { int breach; };'
want 1 "a field without a manual" man_pages
broken include/thrdsrv/error.h '#define THRDSRV_E_BREACH (-99)'
want 1 "a constant without a manual" man_pages
edited include/thrdsrv/config.h 's/600000, 60000/600000, 50000/'
want 1 "a default that the manual does not know" man_pages
edited src/man/thrdsrv.3 '/^\.Nm thrdsrv_version$/d'
want 1 "a function that NAME lacks" man_pages
edited src/man/thrdsrv.3 's/^\.Nm thrdsrv_version$/&_2/'
want 1 "a function in NAME that is none" man_pages
edited src/man/thrdsrv.3 's/^\.Ss thrdsrv_version$/&_2/'
want 1 "a function without a section" man_pages
broken src/bench/figures.c 'static const char *const breach[] = {"breach_us"};'
want 1 "a figure without a manual" man_pages
broken src/bench/workload.c '    {.name = "breach",'
want 1 "a workload without a manual" man_pages
broken src/bench/report/document.c 'json_object_set_new(document, "breach", json_null());'
want 1 "a JSON member without a manual" man_pages

# A manual of one program and one session, for a thrd that says what it is told.
printf '%s\n' '#!/bin/sh' 'shift; echo "$@"' > "$work/thrd"
chmod +x "$work/thrd"
mkdir -p "$work/manual/src/man" || exit 2
cat > "$work/good.3" <<'END'
.Bd -literal
int main(void)
{
    return 0;
}
.Ed
.Bd -literal
$ cc -o nothing nothing.c
$ thrd run echo | cat
echo
.Ed
END
# manual SED_SCRIPT: with such a manual, edited.
manual() {
    sed "$1" "$work/good.3" > "$work/manual/src/man/thrdsrv.3"
    cp "$work/good.3" "$work/manual/src/man/thrd-handlers.7"
    sh "$here/man_examples.sh" "$cc" "$work/thrd" "$work/manual"
}
want 0 "examples" manual ''
want 1 "an example that does not compile" manual 's/return 0/return 0;;; x/'
want 1 "an example with a warning" manual 's/return 0/int unused; return 0/'
want 1 "a session that is not so" manual 's/^echo$/ohce/'
want 1 "a program without a session" manual 's/cc -o/cc/'
want 1 "a manual without examples" manual '/./d'
exit $status
