#!/bin/sh
# man_pages.sh SOURCE_DIR - what the public headers offer, and what thrd bench tells, has its place
# in the manual.
#
# - Every function stands in the NAME section of thrdsrv(3), where the link pages point, and in the
#   heading of a subsection; and no function stands in NAME that the headers do not have.
# - Every built-in handler has a subsection in thrd-handlers(7).
# - Every field of a public struct is an item (.It … Fa NAME) in either page.
# - Every enumerator and macro is at least named in either page.
# - The defaults in thrdsrv(3) are those of THRDSRV_CONFIG_INIT, in its order.
# - Every figure and every workload of thrd bench is an item of thrd-bench(1), and every member of the
#   JSON document stands below OUTPUT there.
# Exit status: 0 kept, 1 broken, 2 the test could not be done.
set -u
[ $# -eq 1 ] && [ -d "$1/include/thrdsrv" ] || { echo "usage: $0 SOURCE_DIR" >&2; exit 2; }
here=$(dirname "$0")
headers=$1/include/thrdsrv
page3=$1/src/man/thrdsrv.3
page7=$1/src/man/thrd-handlers.7
bench_page=$1/src/man/thrd-bench.1
bench=$1/src/bench
[ -r "$page3" ] && [ -r "$page7" ] && [ -r "$bench_page" ] || exit 2
status=0

# want WHAT NAMES LIST: each of NAMES is a line of LIST.
want() {
    missing=$(printf '%s\n' "$2" | grep -vxF -e "$3")
    if [ -z "$2" ] || [ -n "$missing" ]; then
        echo "$1:" $missing
        status=1
    fi
}

# words: each word of the input on a line.
words() {
    tr -cs 'A-Za-z0-9_' '\n' | sort -u
}

# The text of the headers without comments; the declarations in it, a statement a line, without
# preprocessor lines and their continuations.
text=$(cat "$headers"/*.h | awk -f "$here/strip_c.awk")
code=$(printf '%s\n' "$text" | awk '
    /^[ \t]*#/ || continued { continued = /\\[ \t]*$/; next }
    { print }' | tr '\n' ' ' | tr ';{}' '\n\n\n')

functions=$(printf '%s\n' "$code" | grep THRDSRV_API |
    sed -n 's/^[^(]*[ *]\(thrdsrv_[a-z0-9_]*\)(.*/\1/p' | sort -u)
handlers=$(printf '%s\n' "$code" |
    sed -n 's/.*extern const struct thrdsrv_handler *thrdsrv_\([a-z0-9_]*\) *$/\1/p' | sort -u)
constants=$(printf '%s\n' "$text" | words | grep '^THRDSRV_' | grep -vE '_H$|^THRDSRV_API$')
# A field is the last name of a statement that declares no function: "int a", "char b[128]",
# "void (*c)(...)".
fields=$(printf '%s\n' "$code" | grep -vE 'THRDSRV_API|typedef|extern|^ *THRDSRV_' |
    sed -n 's/^[^(]*(\*\([a-z0-9_]*\))(.*/\1/p; t
            s/^ *[a-z].*[ *]\([a-z_][a-z0-9_]*\)\(\[[0-9]*\]\)\{0,1\} *$/\1/p' |
    grep -v '^thrdsrv_' | sort -u)

in_name=$(sed -n '/^\.Sh NAME/,/^\.Sh LIBRARY/s/^\.Nm \([a-z0-9_]*\).*/\1/p' "$page3")
headings3=$(sed -n 's/^\.Ss //p' "$page3" | tr -s ', ' '\n\n')
headings7=$(sed -n 's/^\.Ss //p' "$page7")
items=$(cat "$page3" "$page7" | grep '^\.It .*Fa ' | words)
all=$(cat "$page3" "$page7" | words)

# One value a line, without spaces; in the page behind ".It … Fa FIELD , No default".
defaults=$(printf '%s\n' "$text" | awk '
    /^#define THRDSRV_CONFIG_INIT/ { inside = 1; next }
    inside { print }
    inside && !/\\[ \t]*$/ { exit }' | tr -d ' \t\n\\{}' | tr ',' '\n')
told=$(sed -n 's/^\.It .*, No default \(Dv \|Li \)\{0,1\}//p' "$page3" | tr -d ' ')

want "functions that NAME of thrdsrv(3) lacks" "$functions" "$in_name"
want "functions without a subsection in thrdsrv(3)" "$functions" "$headings3"
want "in NAME of thrdsrv(3), but in no header" "$in_name" "$functions
thrdsrv"
want "handlers without a subsection in thrd-handlers(7)" "$handlers" "$headings7"
want "fields that are items of neither page" "$fields" "$items"
want "constants that neither page names" "$constants" "$all"

# thrd bench: names as they stand in the sources, in the tables of figures and of workloads, and as
# keys where the document is put together.
figures=$(grep -oE '"[a-z0-9_]+_(us|per_second|per_operation|per_connection|cores|share)"' \
    "$bench/figures.c" | words)
workloads=$(sed -n 's/^ *{\.name = "\([a-z]*\)",.*/\1/p' "$bench/workload.c")
members=$(cat "$bench"/report/document*.c | tr '\n' ' ' |
    grep -oE '(json_object_set_new|document_put_[a-z]+|put_known_[a-z]+)\([a-z_]+, +"[a-z_]+"' |
    sed 's/.*"\(.*\)"/\1/' | sort -u)
bench_items=$(grep '^\.It Cm ' "$bench_page" | words)
bench_output=$(sed -n '/^\.Sh OUTPUT/,/^\.Ss CSV/p' "$bench_page" | words)
want "figures that are no items of thrd-bench(1)" "$figures" "$bench_items"
want "workloads that are no items of thrd-bench(1)" "$workloads" "$bench_items"
want "JSON members that thrd-bench(1) does not name" "$members" "$bench_output"

if [ -z "$defaults" ] || [ "$defaults" != "$told" ]; then
    echo "defaults:" $defaults
    echo "thrdsrv(3) has:" $told
    status=1
fi
exit $status
