#!/bin/sh
# headers.sh COMPILER LANGUAGE STANDARD INCLUDE_DIR - every public header compiles by itself.
#
# LANGUAGE is c or c++. Each header alone, in strict ISO mode, without any macro of ours, with
# warnings as errors; then one program text that uses what only macros show.
# Exit status: 0 kept, 1 broken, 2 the test could not be done.
set -u
[ $# -eq 4 ] && [ -d "$4/thrdsrv" ] || { echo "usage: $0 CC c|c++ STD INCLUDE_DIR" >&2; exit 2; }
compiler=$1
language=$2
standard=$3
include=$4
status=0

compile() {
    # $compiler is not quoted: it may be a command with arguments, like "ccache c++".
    $compiler -x "$language" -std="$standard" -fsyntax-only -Wall -Wextra -Wpedantic -Werror \
        -I"$include" -
}

for header in "$include"/thrdsrv/*.h; do
    name=thrdsrv/$(basename "$header")
    # Twice, for the include guard; the last line because ISO C wants a declaration.
    printf '#include <%s>\n#include <%s>\nextern int some_declaration;\n' "$name" "$name" |
        compile || status=1
done

compile <<'END' || status=1
#include <thrdsrv/server.h>
#include <thrdsrv/version.h>

int main(void)
{
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    const char *version = THRDSRV_VERSION;

    config.handler = &thrdsrv_echo;
    return version[0] == 0 || config.slots > THRDSRV_SLOTS_MAX;
}
END
exit $status
