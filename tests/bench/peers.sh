#!/bin/sh
# peers.sh THRD CC FLAG... - the peers of ci/bench-peers compile without a warning, and do what they
# are measured with: thrd bench looks at every byte. Not Go's, whose compiler is slow.
set -u
[ $# -ge 2 ] && [ -x "$1" ] || { echo "usage: $0 THRD CC FLAG..." >&2; exit 2; }
thrd=$1 CC=$2 WITHOUT_GO=1
export CC WITHOUT_GO
shift 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

# bench WORKLOAD AGAINST...
bench() {
    workload=$1
    shift
    "$thrd" bench --modes=none --workload="$workload" --connections=2 --size=1000 --rounds=1 \
        --duration=50ms --warmup=0 --json "$@" >"$scratch/json" && return
    echo "thrd bench --workload=$workload $*: status $?:"
    grep -E '"(target|first_failure)"' "$scratch/json"
    exit 1
}

built=$(sh "$(dirname -- "$0")/peers/build.sh" "$scratch" "$@") || exit 1
echo "built:" $built
set --
for peer in $built; do
    [ "$peer" = lecture_rot13 ] || set -- "$@" "--against=$peer=exec '$scratch/$peer' {port}"
done
[ $# -ge 4 ] || { echo "those that need nothing but libc are missing"; exit 1; }
bench rr "$@"
bench rot13 "--against=lecture_rot13=exec '$scratch/lecture_rot13' {port}"

# Many systems have no static C library, and lack that one peer only. (This compiler makes nothing.)
printf '#!/bin/sh\nfor flag; do [ "$flag" != -static ] || exit 1; done\n' >"$scratch/cc"
chmod +x "$scratch/cc"
others=$(CC=$scratch/cc sh "$(dirname -- "$0")/peers/build.sh" "$scratch" 2>/dev/null) || {
    echo "without a static C library the peers are not built"
    exit 1
}
[ "$(echo "$built" | grep -vx texts_fork_static)" = "$others" ] || {
    echo "without a static C library there are:" $others
    exit 1
}

# This check can fail.
if (bench rot13 "--against=epoll=exec '$scratch/epoll' {port}") >/dev/null 2>&1; then
    echo "an echo server passes for one of rot13"
    exit 1
fi
