#!/usr/bin/env bash
# greeting.sh README MANPAGE - the program that README and manual show first is greeting.c, has at
# most 25 lines, is built by the command they show, and works as they show.
#
# The installed copy is found by PKG_CONFIG_PATH and LD_LIBRARY_PATH. Works in the current directory.
set -u

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd) || exit 1
readme=$1
page=$2
passed=0 failed=0

# check WHAT COMMAND [ARGUMENT...]
check() {
    local what=$1
    shift
    if "$@"; then
        echo "$what: ok"
        passed=$((passed + 1))
    else
        echo "$what: FAILED"
        failed=$((failed + 1))
    fi
}

# The first block of C in the chapter.
from_readme() {
    awk '
        /^## In your own program$/ { chapter = 1 }
        chapter && /^```c$/ { code = 1; next }
        code && /^```$/ { exit }
        code' "$1"
}

# The first literal block, its escapes resolved: groff_char(7), mandoc_char(7).
from_page() {
    awk '/^\.Bd .*-literal/ { code = 1; next } code && /^\.Ed/ { exit } code' "$1" |
        sed -e 's/\\&//g' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\(dq/"/g' -e 's/\\e/\\/g'
}

# The command of the README. Where the paths hold spaces, pkg-config quotes them for a second look.
build() {
    eval "cc -o greeting greeting.c $(pkg-config --cflags --libs thrdsrv)"
}

from_readme "$readme" >greeting.c
check 'the program in the README is greeting.c' cmp greeting.c "$here/greeting.c"
check 'its build by the command in the README' build
check 'its session' "$here/greet.sh" ./greeting
from_page "$page" >page.c
check 'the program in the manual is greeting.c' cmp page.c "$here/greeting.c"
check 'it has at most 25 lines' [ "$(wc -l <greeting.c)" -le 25 ]
check 'the README shows that command' \
    grep -qF "cc -o greeting greeting.c \$(pkg-config --cflags --libs thrdsrv)" "$readme"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
