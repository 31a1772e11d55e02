#!/bin/sh
# elf.sh READELF SONAME 'NEEDED...' SHARED - a shared library as distributions want them.
#
# It has that soname, needs those libraries and no other, its stack is not executable, its text is
# never written to, and its relocations are read-only after the start. In NEEDED, libc stands for
# the C library under whatever name (libc.so.6, libc.so, libc.musl-x86_64.so.1), libpthread included.
# Exit status: 0 kept, 1 broken, 2 the test could not be done, 77 skipped (instrumented code).
set -u
[ $# -eq 4 ] && [ -r "$4" ] || { echo "usage: $0 READELF SONAME 'NEEDED...' SHARED" >&2; exit 2; }
soname=$2
needed=$3
dynamic=$("$1" -dW "$4") || exit 2
segments=$("$1" -lW "$4") || exit 2
symbols=$("$1" --dyn-syms -W "$4") || exit 2
status=0

complain() {
    echo "$1"
    status=1
}

# entry TAG: the names in brackets of the dynamic section's entries of that kind.
entry() {
    printf '%s\n' "$dynamic" | sed -n "s/.*($1).*\[\(.*\)\].*/\1/p"
}

if printf '%s\n' "$symbols" |
    grep -qE ' (__asan_|__tsan_|__ubsan_|__gcov_|__llvm_prof|__sanitizer_)'; then
    echo "skipped: the library is instrumented"
    exit 77
fi

[ "$(entry SONAME)" = "$soname" ] || complain "its soname is '$(entry SONAME)', not $soname"
found=$(entry NEEDED | grep -v '^libpthread\.so' | sed 's/^libc\.[sm].*/libc/' | sort | tr '\n' ' ')
[ "$found" = "$needed " ] || complain "it needs '$found', not '$needed '"
printf '%s\n' "$segments" | grep -q 'GNU_STACK.* RW ' || complain "its stack is executable"
printf '%s\n' "$segments" | grep -q GNU_RELRO || complain "its relocations stay writable"
if printf '%s\n' "$dynamic" | grep -q TEXTREL; then
    complain "its text has to be written to"
fi
exit $status
