#!/usr/bin/env bash
# greet.sh PROGRAM - starts the greeting server on a free port and has the session of the README
# with it. Fails if it says anything else, or is silent for half a minute.
set -u

exec {log}< <(exec "$1" 127.0.0.1:0 2>&1 >/dev/null)
pid=$!
trap 'kill "$pid" 2>/dev/null' EXIT

give_up() {
    echo "$1"
    exit 1
}

# expect TEXT: the next line that is heard.
expect() {
    local line
    read -r -t 30 line <&3 || give_up "heard nothing instead of '$1'"
    [ "$line" = "$1" ] || give_up "heard '$line' instead of '$1'"
}

read -r -t 30 start <&"$log" || give_up "no line in the log of $1"
[[ $start =~ ' msg=start '.*' listen=127.0.0.1:'([0-9]+) ]] || give_up "its log begins: $start"
exec 3<>"/dev/tcp/127.0.0.1/${BASH_REMATCH[1]}" || give_up "cannot connect"
expect 'Who are you?'
echo 'Ada' >&3
expect 'Hello, Ada!'
read -r -t 30 -N 1 <&3 # the end
[ $? -eq 1 ] || give_up "it goes on behind the greeting"
kill "$pid" 2>/dev/null || give_up "it ended by itself"
wait "$pid" 2>/dev/null
[ $? -eq $((128 + 15)) ] || give_up "it did not end by SIGTERM"
