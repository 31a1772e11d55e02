#!/usr/bin/env bash
# linking.sh PREFIX SOURCES - the ways to get at the library: each builds the greeting server, which
# then greets.
#
# PREFIX has the installed copy; SOURCES are a tree of thrd of which only copies are used. Works in
# the current directory. Exit status: 0 all ways work.
set -u

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd) || exit 1
prefix=$1
sources=$2
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
passed=0 failed=0

# check WHAT COMMAND [ARGUMENT...]
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "$what: ok"
        passed=$((passed + 1))
    else
        printf '%s: FAILED\n%s\n' "$what" "$output"
        failed=$((failed + 1))
    fi
}

not() {
    ! "$@"
}

# Programs that need the shared library find it there; the others must not need to.
greets() {
    LD_LIBRARY_PATH="$prefix/lib" "$here/greet.sh" "$1"
}

greets_alone() {
    "$here/greet.sh" "$1"
}

needs_library() {
    readelf -d "$1" | grep -q 'NEEDED.*\[libthrdsrv\.so\.'
}

is_static() {
    ! readelf -lW "$1" | grep -q INTERP
}

# compile OUTPUT PKG-CONFIG-OPTIONS COMPILER-ARGUMENT...: greeting.c, and what else is named.
compile() {
    local output=$1 flags
    flags=$(pkg-config $2 --cflags --libs thrdsrv) || return 1
    shift 2
    eval "cc \"\$@\" -o \"$output\" \"$here/greeting.c\" $flags"
}

configure() {
    local project=$1 tree=$2
    shift 2
    cmake -S "$here/linking/$project" -B "$tree" -DCMAKE_BUILD_TYPE=Debug "$@"
}

by_pkg_config() {
    check 'pkg-config' compile ./dynamic ''
    check 'pkg-config: the shared library' needs_library ./dynamic
    check 'pkg-config: greets' greets ./dynamic
    check 'pkg-config --static' compile ./static --static -static
    check 'pkg-config --static: no library' is_static ./static
    check 'pkg-config --static: greets' greets_alone ./static
}

# The linker finds shared libraries in the consumer's build tree by itself (RPATH).
by_package() {
    check 'find_package' configure package shared "-DCMAKE_PREFIX_PATH=$prefix"
    check 'find_package: builds' cmake --build shared
    check 'find_package: the shared library' needs_library shared/greeting
    check 'find_package: greets' greets_alone shared/greeting
    check 'find_package, static' configure package archive "-DCMAKE_PREFIX_PATH=$prefix" \
        -Dthrdsrv_USE_STATIC_LIBS=ON
    check 'find_package, static: builds' cmake --build archive
    check 'find_package, static: no library' not needs_library archive/greeting
    check 'find_package, static: greets' greets_alone archive/greeting
}

# Before 1.0.0 each minor version may be another interface, so ours is asked of version.h.
by_version() {
    local minor
    minor=$(sed -n 's/^#define THRDSRV_VERSION_MINOR //p' "$prefix/include/thrdsrv/version.h")
    local version
    for version in "0.$minor" "0.$minor.0"; do
        check "find_package, version $version" configure package "v$version" \
            "-DCMAKE_PREFIX_PATH=$prefix" "-DVERSION=$version"
    done
    for version in "0.$((minor + 1))" "0.$minor.999" 1.0; do
        check "find_package, version $version: refused" not configure package "v$version" \
            "-DCMAKE_PREFIX_PATH=$prefix" "-DVERSION=$version"
    done
}

# Only what the consumer itself has is tested and installed, and no program of ours is built.
is_alone_in() {
    local tree=$1
    ctest --test-dir "$tree" | grep -E '100% tests passed.* out of 1$' &&
        cmake --install "$tree" --prefix "$tree/installed" &&
        [ "$(find "$tree/installed" -type f)" = "$tree/installed/bin/greeting" ] &&
        [ -z "$(find "$tree" -type f -name thrd)" ]
}

# by_sources NAME CMAKE-OPTION...
by_sources() {
    local name=$1 tree=sources-$1
    shift
    check "$name" configure subproject "$tree" "-DTHRD=$sources" "$@"
    check "$name: builds" cmake --build "$tree" --parallel
    check "$name: greets" greets_alone "$tree/greeting"
    check "$name: nothing else is there" is_alone_in "$tree"
}

# A host with a function for every name that the library has inside: none is called by the library,
# and none collides.
write_same_names() {
    nm "$prefix/lib/libthrdsrv.a" "$prefix/lib/libthrdhandler.a" |
        awk '$2 ~ /^[tT]$/ && $3 !~ /^thrdsrv_|\.|^main$/ { print $3 }' | sort -u >names
    # shellcheck disable=SC2016 # awk's
    { echo 'void abort(void);' && awk '{ printf "void %s(void) { abort(); }\n", $1 }' names; } \
        >same_names.c
}

by_same_names() {
    write_same_names
    local name
    for name in slot_table_reserve log_send conn_init; do
        check "the library has a function $name inside" grep -qx "$name" names
    done
    check 'the same names, static' compile ./same_static --static \
        -w -fno-builtin same_names.c -static
    check 'the same names, static: greets' greets_alone ./same_static
    check 'the same names, shared' compile ./same_shared '' -w -fno-builtin same_names.c -rdynamic
    check 'the same names, shared: greets' greets ./same_shared
}

by_pkg_config
by_package
by_version
by_sources add_subdirectory
by_sources add_subdirectory-shared -DBUILD_SHARED_LIBS=ON
by_sources FetchContent -DHOW=FetchContent
by_same_names
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
