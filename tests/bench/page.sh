#!/bin/sh
# page.sh WRITE_PAGE SAMPLE - what a browser makes of the page of `thrd bench --html`.
#
# Headless Chromium loads the page of a sample: every plot is there, values are shown where one
# points and with the arrow keys, the theme changes, nothing is written to the console, and a page
# whose document is broken says so. Needs chromium; exit status 77 without it.
set -u
[ $# -eq 2 ] && [ -r "$2" ] || { echo "usage: $0 WRITE_PAGE SAMPLE" >&2; exit 2; }
write_page=$1 sample=$2

for browser in chromium chromium-browser google-chrome; do
    command -v "$browser" >/dev/null && break
    browser=
done
[ -n "$browser" ] || { echo "skipped: there is no chromium"; exit 77; }
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
failed=0

# load NAME: what the browser has made of NAME.html, as HTML without the scripts in NAME.dom; its
# console in NAME.log.
load() {
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --no-first-run --user-data-dir="$scratch/profile" --window-size=1200,900 \
        --enable-logging=stderr --dump-dom "file://$scratch/$1.html" \
        >"$scratch/all" 2>"$scratch/$1.log"
    sed -e '/^<script>$/,/^<\/script>/d' -e '/^<script type=/d' "$scratch/all" >"$scratch/$1.dom"
    grep -q '</html>' "$scratch/$1.dom" && return
    echo "skipped: $browser loads nothing here: $(tail -n 1 "$scratch/$1.log")"
    exit 77
}

# expect WHAT COUNT NAME PATTERN: how often NAME.dom has what grep finds with PATTERN.
expect() {
    count=$(grep -oE -e "$4" "$scratch/$3.dom" | wc -l)
    [ "$count" -eq "$2" ] && return
    echo "$3: $1: $count times, not $2: $4"
    failed=1
}

quiet() {
    grep CONSOLE "$scratch/$1.log" || return 0
    echo "$1: the page wrote to the console"
    failed=1
}

# with SCRIPT NAME: the sample's page, and SCRIPT at its end, as NAME.html.
with() {
    { sed '/^<\/body>/,$d' "$scratch/page.html"
      printf '<script>\n%s\n</script>\n</body>\n</html>\n' "$1"; } >"$scratch/$2.html"
}

"$write_page" "$sample" >"$scratch/page.html" || exit 2

load page
quiet page
expect 'plots' 10 page '<svg[^>]* role="img"'
expect 'plots with words for them' 10 page '<svg[^>]* aria-label="[^"]{30,}'
expect 'lines' 20 page 'class="line '
expect 'uncorrected lines' 2 page 'class="line [^"]*dashed'
expect 'whiskers' 68 page 'class="whisker '
expect 'captions' 10 page '<figcaption>[^<]{30,}'
expect 'numbers that are none' 0 page 'NaN|undefined|Infinity'
expect 'a reason for two figures' 1 page '<li><b>start p50 of epoll, start p99 of epoll</b>'
expect 'complaints' 0 page 'class="failed"'
expect 'shown values' 0 page 'class="tip" role="status"'

plots='document.querySelectorAll("svg[role=img]")'
with "for (const plot of $plots) {
    const box = plot.getBoundingClientRect();
    plot.dispatchEvent(new PointerEvent(\"pointermove\", {
        clientX: box.left + box.width * 0.5, clientY: box.top + box.height * 0.5}));
}" pointed
load pointed
quiet pointed
expect 'shown values' 10 pointed 'class="tip" role="status"'
expect 'what one points at' 10 pointed 'class="pointed"'
expect 'the 99th percentile of fork' 1 pointed '<td>fork</td><td>2\.76&nbsp;ms \([0-9.]+ to [0-9.]+\)'

with "${plots}[3].dispatchEvent(new KeyboardEvent(\"keydown\", {key: \"ArrowDown\"}));" key
load key
quiet key
expect 'shown values' 1 key 'class="tip" role="status"'

with 'document.getElementById("theme").click();' dark
load dark
quiet dark
expect 'dark theme' 1 dark '<style id="dark" media="screen">'

# These checks can fail.
sed 's|id="document">{|id="document">|' "$scratch/page.html" >"$scratch/broken.html"
load broken
expect 'complaints' 1 broken 'The plots could not be drawn'
grep -q CONSOLE "$scratch/broken.log" || { echo "an error is not seen in the console"; failed=1; }

exit "$failed"
