#!/usr/bin/env bash
# real_clients.sh CLIENT MODE THRD - talks to thrd with a client that nobody here wrote.
#
# CLIENT is nc, socat, telnet, bash (/dev/tcp) or python. What the client hears is compared with
# what tr makes of what it said. Exit status 77: the client is not installed. The environment is
# that of the other integration tests: THRD, THRD_WRAPPER, THRD_TIMEOUT_FACTOR.
set -euo pipefail

client=$1
mode=$2
thrd=${THRD:-$3}
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
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

need() {
    command -v "$1" >/dev/null && return
    echo "skipped: $1 is not installed"
    exit 77
}

rotate() {
    tr 'A-Za-z' 'N-ZA-Mn-za-m'
}

# start HANDLER: leaves the addresses in $v4, $v6 (empty without IPv6), $port and $socket.
start() {
    mkfifo "$dir/ready"
    socket=$dir/socket
    # shellcheck disable=SC2086 # the wrapper is a command line
    ${THRD_WRAPPER:-} "$thrd" --mode="$mode" --handler="$1" --listen=localhost:0 \
        --listen="unix:$socket" --ready-fd=9 --log=info 9>"$dir/ready" >/dev/null 2>"$dir/log" &
    server=$!
    local ready='' word
    read -r -t "$limit" ready <"$dir/ready" || fail "no ready line"
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
    cmp "$dir/expected" "$dir/heard" || fail "$1 hears other bytes"
    echo "ok: $1"
}

# Some lines of text, with CRLF and without, and a last one without a line end.
make_text() {
    for i in $(seq 1 2000); do
        printf 'Line number %d, with some Words\r\n' "$i"
    done >"$dir/said"
    printf 'A line with LF\nand a last one without' >>"$dir/said"
    rotate <"$dir/said" >"$dir/expected"
}

talk_nc() {
    need nc
    # netcat has two families of options; each ends its side at the end of the input in its own way.
    local end=(-q "$limit")
    if nc -h 2>&1 | grep -q -e '-N'; then
        end=(-N)
    fi
    start rot13
    make_text
    timeout "$limit" nc "${end[@]}" 127.0.0.1 "$port" <"$dir/said" >"$dir/heard" || fail "nc: $?"
    same "nc over IPv4"
    if [ -n "$v6" ] && [ "${end[0]}" = -N ]; then
        timeout "$limit" nc -N ::1 "$port" <"$dir/said" >"$dir/heard" || fail "nc: $?"
        same "nc over IPv6"
    fi
    if [ "${end[0]}" = -N ]; then
        timeout "$limit" nc -N -U "$socket" <"$dir/said" >"$dir/heard" || fail "nc: $?"
        same "nc over a Unix socket"
    fi
}

talk_socat() {
    need socat
    start rot13
    make_text
    local to
    for to in "TCP4:127.0.0.1:$port" ${v6:+"TCP6:[::1]:$port"} "UNIX-CONNECT:$socket"; do
        timeout "$limit" socat -t "$limit" - "$to" <"$dir/said" >"$dir/heard" || fail "socat: $?"
        same "socat to ${to%%:*}"
    done
}

talk_telnet() {
    need telnet
    need expect
    start rot13
    expect -f "$here/telnet.exp" 127.0.0.1 "$port" "$limit" >"$dir/heard" ||
        fail "telnet: $(cat "$dir/heard")"
    echo "ok: telnet"
}

talk_bash() {
    start rot13
    local line
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'Hello from bash\r\n' >&3
    read -r -t "$limit" line <&3 || fail "bash hears nothing"
    [ "$line" = $'Uryyb sebz onfu\r' ] || fail "bash hears $line"
    printf 'and again\n' >&3
    read -r -t "$limit" line <&3 || fail "bash hears nothing"
    [ "$line" = 'naq ntnva' ] || fail "bash hears $line"
    exec 3>&-
    echo "ok: bash"
}

talk_python() {
    need python3
    start rot13
    make_text
    timeout "$limit" python3 "$here/client.py" "$port" "$socket" "$dir/said" "$dir/heard" ||
        fail "python: $?"
    same "python"
}

case $client in
nc | socat | telnet | bash | python) "talk_$client" ;;
*) echo "unknown client $client" && exit 2 ;;
esac
stop
