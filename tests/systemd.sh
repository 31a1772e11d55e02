#!/usr/bin/env bash
# systemd.sh - thrd's units under a systemd that runs; ci/packages starts it in a Debian of its own.
#
# Nothing of another machine is here to be disturbed: it writes /etc, and uses the units' own port.
set -u
status=0

fail() {
    printf '%s\n' "$*"
    systemctl status --no-pager 'thrd*' | head -n 40
    status=1
}

# talk TEXT: one line to the service, and one back.
talk() {
    local line=
    exec 3<>/dev/tcp/127.0.0.1/43211 || return 1
    echo "$1" >&3
    IFS= read -r -t 10 line <&3
    exec 3>&-
    echo "$line"
}

options() {
    echo "THRD_OPTIONS=$1" >/etc/default/thrd
}

is() {
    [ "$(systemctl is-active "$1")" = "$2" ] || fail "$1 is not $2"
}

# The packages start and enable nothing by themselves.
is thrd.service inactive
[ "$(systemctl is-enabled thrd.service)" = disabled ] || fail 'thrd.service is enabled'

# By itself. "start" returns when it is ready: the next line needs no patience.
systemctl start thrd.service || fail 'thrd.service does not start'
[ "$(talk hello)" = hello ] || fail 'thrd.service does not answer'
systemctl show -p StatusText thrd.service | grep -q 'Serving echo, mode thread, at 127.0.0.1:43211' ||
    fail 'no status'

# Started anew without losing anybody: another process is the service, and the old one's end is not its.
main=$(systemctl show -p MainPID --value thrd.service)
systemctl kill --kill-who=main --signal=SIGUSR2 thrd.service
for ((i = 0; i < 100; i++)); do
    [ "$(systemctl show -p MainPID --value thrd.service)" = "$main" ] && [ -d "/proc/$main" ] || break
    sleep 0.1
done
for ((i = 0; i < 100; i++)); do
    [ -d "/proc/$main" ] || break
    sleep 0.1
done
[ "$(systemctl show -p MainPID --value thrd.service)" != "$main" ] || fail 'systemd does not know of the new process'
is thrd.service active
[ "$(talk again)" = again ] || fail 'thrd.service does not answer after SIGUSR2'

# As inetd starts it, 0, 1 and 2 are the client, here the echo service: what it hears it would say again.
exec 5<>/dev/tcp/127.0.0.1/43211
thrd --inetd --slotz=1 <&5 >&5 2>&5 && fail 'a wrong option is not refused'
echo 'nothing before this' >&5
IFS= read -r -t 10 line <&5
[ "$line" = 'nothing before this' ] || fail "the client was told: $line"
thrd --inetd --handler=daytime --log=info <&5 >&5 2>&5 || fail '--inetd fails'
exec 5>&-
journalctl --sync
journalctl -t thrd -o cat | grep -q 'unknown option --slotz' || fail 'a complaint is not in the journal'
journalctl -t thrd -o cat | grep -q 'msg=end conn=1 .*mode=inline' || fail 'nor is the log'

systemctl stop thrd.service
[ "$(systemctl show -p Result --value thrd.service)" = success ] || fail 'not stopped as a success'

# By its socket, in mode fork; a stop lets a connection go on for longer than systemd itself allows.
options '--mode=fork --drain=3s --log=info'
mkdir -p /etc/systemd/system/thrd.service.d
printf '[Service]\nTimeoutStopSec=1\n' >/etc/systemd/system/thrd.service.d/short.conf
systemctl daemon-reload
systemctl start thrd.socket
is thrd.service inactive
[ "$(talk hello)" = hello ] || fail 'thrd.socket does not answer'
is thrd.service active
exec 4<>/dev/tcp/127.0.0.1/43211
echo waits >&4
IFS= read -r -t 10 line <&4
[ "$line" = waits ] || fail 'a second client is not answered'
systemctl stop thrd.socket thrd.service
exec 4>&-
[ "$(systemctl show -p Result --value thrd.service)" = success ] ||
    fail 'a drain of 3 s did not come to its end with TimeoutStopSec=1'
journalctl --sync
journalctl -u thrd.service -o cat | grep -q 'msg=stop drained=0 cut=1' || fail 'not drained to the end'
rm -r /etc/systemd/system/thrd.service.d

# A process for each connection.
options '--handler=whoami --log=info'
mkdir -p /etc/systemd/system/thrd.socket.d
printf '[Socket]\nAccept=yes\n' >/etc/systemd/system/thrd.socket.d/accept.conf
systemctl daemon-reload
systemctl start thrd.socket
for client in 1 2; do
    talk hello | grep -q '^you are 127.0.0.1:' || fail "client $client is not served by thrd@.service"
done
is thrd.service inactive
journalctl --sync
[ "$(journalctl -u 'thrd@*' -o cat | grep -c 'msg=end conn=1 .*mode=inline')" = 2 ] ||
    fail 'not a log line for each of two clients'
systemctl stop thrd.socket
[ -z "$(systemctl list-units --failed --no-legend)" ] || fail 'a unit has failed'
exit $status
