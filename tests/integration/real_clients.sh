#!/usr/bin/env bash
# real_clients.sh CLIENT MODE THRD - talks to thrd with a client that nobody here wrote.
#
# CLIENT is nc, socat, telnet, bash (/dev/tcp), python, or haproxy, which brings others. What the client hears is compared with
# what tr makes of what it said. Exit status 77: the client is not installed. The environment is
# that of the other integration tests: THRD, THRD_WRAPPER, THRD_TIMEOUT_FACTOR.
set -euo pipefail

client=$1
mode=$2
thrd=${THRD:-$3}
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/integration/real_server.sh
. "$here/real_server.sh"

rotate() {
    tr 'A-Za-z' 'N-ZA-Mn-za-m'
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
    start --handler=rot13
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
    start --handler=rot13
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
    start --handler=rot13
    expect -f "$here/telnet.exp" 127.0.0.1 "$port" "$limit" >"$dir/heard" ||
        fail "telnet: $(cat "$dir/heard")"
    echo "ok: telnet"
}

talk_bash() {
    start --handler=rot13
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
    start --handler=rot13
    make_text
    timeout "$limit" python3 "$here/client.py" "$port" "$socket" "$dir/said" "$dir/heard" ||
        fail "python: $?"
    same "python"
}

# Between a client and us.
talk_haproxy() {
    need haproxy python3
    start --handler=rot13 --proxy-from=127.0.0.1,unix
    make_text
    LIMIT=$limit "$here/balancer.py" "$port" "$socket" "$dir/said" "$dir/expected" "$dir/log" ||
        { sed 's/^/    haproxy: /' "$dir/haproxy.log" && fail "haproxy"; }
}

case $client in
haproxy | nc | socat | telnet | bash | python) "talk_$client" ;;
*) echo "unknown client $client" && exit 2 ;;
esac
stop
