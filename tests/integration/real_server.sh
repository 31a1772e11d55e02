#!/usr/bin/env bash
# real_server.sh - sourced by the tests that talk with programs that nobody here wrote: starts thrd,
# stops it, and says what was wrong.
#
# The caller has set $mode and $thrd. The environment is that of the other integration tests: THRD,
# THRD_WRAPPER, THRD_TIMEOUT_FACTOR.
# shellcheck disable=SC2034,SC2154 # what is set here the caller uses, and the other way round
limit=$((20 * ${THRD_TIMEOUT_FACTOR:-1}))
server=

dir=$(mktemp -d /tmp/thrd-test-XXXXXX)

clean_up() {
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    rm -rf "$dir"
}
trap clean_up EXIT

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' "$dir/log"
    exit 1
}

# need PROGRAM...
need() {
    local program
    for program; do
        command -v "$program" >/dev/null && continue
        echo "skipped: $program is not installed"
        exit 77
    done
}

# start ARGUMENTS: leaves the addresses in $v4, $v6 (empty without IPv6), $port and $socket.
start() {
    mkfifo "$dir/ready"
    socket=$dir/socket
    # shellcheck disable=SC2086 # the wrapper is a command line
    ${THRD_WRAPPER:-} "$thrd" --mode="$mode" --listen=localhost:0 --listen="unix:$socket" \
        --ready-fd=9 --log=info "$@" 9>"$dir/ready" >/dev/null 2>"$dir/log" &
    server=$!
    local ready='' word
    read -r -t "$limit" ready <"$dir/ready" || fail "no ready line"
    rm "$dir/ready"
    v4='' v6=''
    for word in $ready; do
        case $word in
        listen=127.0.0.1:*) v4=127.0.0.1 port=${word##*:} ;;
        listen=*::1*) v6=::1 ;;
        esac
    done
    [ -n "$v4" ] || fail "no IPv4 address in: $ready"
}

# stop: the server must end by itself, with everybody served and nothing to complain about.
stop() {
    local status=0
    kill -TERM "$server"
    wait "$server" || status=$?
    server=
    [ "$status" -eq 0 ] || fail "exit status $status"
    ! grep -E 'level=(warn|error)|Sanitizer|runtime error' "$dir/log" || fail "trouble in the log"
}

# same WHAT: what was heard is what should be.
same() {
    cmp "$dir/expected" "$dir/heard" || fail "$1: other bytes"
    echo "ok: $1"
}
