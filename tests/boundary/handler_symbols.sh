#!/bin/sh
# handler_symbols.sh NM ARCHIVE - the handlers need nothing but the string functions of libc.
#
# Every symbol that the archive needs and does not define itself must be on the list below: no
# memory, no clock, no errno, no stdio, no socket. That is what lets a handler run anywhere.
# Exit status: 0 kept, 1 broken, 2 the test could not be done, 77 skipped (instrumented code).
set -u
[ $# -eq 2 ] && [ -r "$2" ] || { echo "usage: $0 NM ARCHIVE" >&2; exit 2; }
symbols=$("$1" -P "$2") || exit 2

if printf '%s\n' "$symbols" | grep -qE '^(__asan_|__tsan_|__ubsan_|__gcov_|__llvm_prof|__sanitizer_)'
then
    echo "skipped: the archive is instrumented"
    exit 77
fi

# Functions of <string.h> that only look at the memory they are given; strdup(), strerror(),
# strtok() and the like do more. Then what compilers and -D_FORTIFY_SOURCE put in.
bad=$(printf '%s\n' "$symbols" | awk '
    BEGIN {
        n = split("memccpy memchr memcmp memcpy memmem memmove mempcpy memrchr memset " \
                  "strchr strchrnul strcmp strcspn strlen strncmp strnlen strpbrk strrchr " \
                  "strspn strstr " \
                  "__memcpy_chk __memmove_chk __mempcpy_chk __memset_chk " \
                  "__stack_chk_fail __stack_chk_fail_local __stack_chk_guard " \
                  "_GLOBAL_OFFSET_TABLE_", names, " ")
        for (i = 1; i <= n; i++)
            allowed[names[i]] = 1
    }
    NF >= 2 && $2 ~ /^[Uvw]$/ { needed[$1] = 1 }
    NF >= 2 && $2 !~ /^[Uvw]$/ { defined[$1] = 1; some = 1 }
    END {
        if (!some)
            print "(no symbols found at all)"
        for (name in needed)
            if (!(name in defined) && !(name in allowed))
                print name
    }')
if [ -n "$bad" ]; then
    echo "the handlers need:" $bad
    exit 1
fi
