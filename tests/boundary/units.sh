#!/bin/sh
# units.sh THRD SOURCE_DIR - the units for systemd are right, and let nobody do more than is needed.
#
# - "systemd-analyze verify" has nothing to say about them.
# - "systemd-analyze security" gives each service an exposure of 1.5 or less (of 10), and refuses one
#   without the settings.
# - The program that they start takes the options that they give it.
# - Started by systemd-socket-activate(1), the program serves on the socket that it gets.
# Exit status: 0 kept, 1 broken, 2 the test could not be done, 77 systemd's tools are missing.
set -u
[ $# -eq 2 ] && [ -x "$1" ] && [ -d "$2/src/systemd" ] || {
    echo "usage: $0 THRD SOURCE_DIR" >&2
    exit 2
}
program=$1
units=$2/src/systemd
for tool in systemd-analyze systemd-socket-activate python3; do
    command -v "$tool" >/dev/null || { echo "there is no $tool (Debian: systemd, python3)"; exit 77; }
done
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0

fail() {
    printf '%s\n' "$*"
    status=1
}

# systemd-analyze wants commands that are there, by their path.
for unit in "$units"/*; do
    sed "s|^ExecStart=thrd |ExecStart=$program |" "$unit" >"$work/${unit##*/}"
done
said=$(cd "$work" && systemd-analyze verify --man=no ./thrd.service ./thrd.socket ./thrd@.service 2>&1) ||
    fail "systemd-analyze verify fails"
# What it says of other units of this machine is not ours.
said=$(printf '%s\n' "$said" | grep thrd)
[ -z "$said" ] || fail "systemd-analyze verify: $said"

exposure() {
    systemd-analyze security --offline=yes --threshold=15 --no-pager "$1" >"$work/said" 2>&1
}
for unit in thrd.service thrd@.service; do
    exposure "$work/$unit" || fail "$unit: $(tail -n 1 "$work/said")"
done
grep -v '^CapabilityBoundingSet=' "$work/thrd.service" >"$work/weak.service"
! exposure "$work/weak.service" || fail "a service with all capabilities is let pass"

for unit in "$work"/thrd.service "$work"/thrd@.service; do
    command=$(sed -n 's/^ExecStart=\(.*\) \$THRD_OPTIONS$/\1/p' "$unit")
    [ -n "$command" ] || fail "${unit##*/}: no command with THRD_OPTIONS"
    $command --help >/dev/null </dev/null || fail "$command: refused"
done

# A Unix-domain socket: no port to be guessed, and it is there when the file is.
systemd-socket-activate --listen="$work/socket" "$program" --handler=daytime >"$work/ready" \
    2>"$work/log" &
activated=$!
tries=0
while [ ! -S "$work/socket" ] && [ "$tries" -lt 500 ]; do
    tries=$((tries + 1))
    sleep 0.02
done
answer=$(python3 -c '
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(20)
client.connect(sys.argv[1])
print(client.recv(100).decode().strip())' "$work/socket")
kill "$activated"
wait "$activated" || fail "status $? of the program that was started with a socket"
case $answer in
*-UTC) ;;
*) fail "systemd-socket-activate: '$answer' instead of the time; $(cat "$work/log")" ;;
esac
exit $status
