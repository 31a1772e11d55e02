#!/usr/bin/env bash
# real_programs.sh PROGRAM MODE THRD - thrd runs a program that nobody here wrote, for each connection.
#
# PROGRAM is cat, bc, script, git, finger or ucspi. Exit status 77: what is needed is not
# installed. The rest of the environment: real_server.sh.
set -euo pipefail

program=$1
mode=$2
thrd=${THRD:-$3}
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/integration/real_server.sh
. "$here/real_server.sh"
PATH=$PATH:/usr/sbin:/sbin

# ask: standard input is said, and then our side ended; what is heard goes to standard output.
ask() {
    need socat
    timeout "$limit" socat -t "$limit" - "TCP4:127.0.0.1:$port" || fail "socat: $?"
}

# ended HOW COUNT: so many connections have ended in this way.
ended() {
    local tries=$((limit * 100))
    until [ "$(grep -c "msg=end .*end=$1 " "$dir/log")" -ge "$2" ]; do
        [ $((tries--)) -gt 0 ] || fail "not $2 connections with end=$1"
        sleep 0.01
    done
}

run_cat() {
    start -- cat
    head -c 3000000 /dev/urandom >"$dir/expected"
    ask <"$dir/expected" >"$dir/heard"
    same "3 MB through cat"
    timeout "$limit" socat -t "$limit" - "UNIX-CONNECT:$socket" <"$dir/expected" >"$dir/heard" ||
        fail "socat: $?"
    same "the same over a Unix socket"
    ended exit:0 2
}

run_bc() {
    need bc
    start -- bc
    echo 1267650600228229401496703205376 >"$dir/expected"
    echo '2^100' | ask >"$dir/heard"
    same "2^100 of bc"
    ended exit:0 1
}

run_script() {
    cat >"$dir/greet" <<'END'
#!/bin/sh
echo "Who are you, $TCPREMOTEIP?"
read -r name || exit 3
echo "Hello $name, connection $THRD_CONN, one of $TCPCONNNUM"
END
    chmod +x "$dir/greet"
    start -- "$dir/greet"
    printf 'Who are you, 127.0.0.1?\nHello Ada, connection 1, one of 1\n' >"$dir/expected"
    echo Ada | ask >"$dir/heard"
    same "a dialogue with a shell script"
    ask </dev/null >/dev/null
    ended exit:0 1
    ended exit:3 1
}

make_repository() {
    git init -q "$dir/work"
    head -c 500000 /dev/urandom >"$dir/work/file"
    git -C "$dir/work" add file
    git -C "$dir/work" -c user.name=thrd -c user.email=thrd@localhost commit -q -m 'A file'
    mkdir "$dir/served"
    git clone -q --bare "$dir/work" "$dir/served/it.git"
}

run_git() {
    need git
    export HOME=$dir GIT_CONFIG_NOSYSTEM=1
    make_repository
    start -- git daemon --inetd --export-all --base-path="$dir/served"
    for i in 1 2 3; do
        timeout "$limit" git clone -q "git://127.0.0.1:$port/it.git" "$dir/clone$i" ||
            fail "git clone: $?"
    done
    cp "$dir/work/file" "$dir/expected"
    cp "$dir/clone3/file" "$dir/heard"
    same "a clone from git daemon"
    git -C "$dir/clone3" fsck --strict 2>&1 || fail "git fsck"
    ended exit:0 3
}

run_finger() {
    need in.fingerd finger
    start -- in.fingerd
    finger root >"$dir/expected"
    # Times go on, and a terminal's idle time with them.
    printf 'root\r\n' | ask | tr -d '\r' >"$dir/heard"
    sed -i '/since\|idle/d' "$dir/expected" "$dir/heard"
    grep -q '^Login: root' "$dir/heard" || fail "no login in: $(cat "$dir/heard")"
    same "finger, of root"
    ended exit:0 1
}

# environment: the lines of env(1) that tell of the connection; ports differ from one to the next.
environment() {
    grep -E '^(PROTO|TCP)' | sed 's/PORT=.*/PORT=/' | sort
}

# What tcpserver tells its programs (tcp-environ(5)) we tell them in the same words. It has a name
# for its own side, of its user's choice; TCPCONNNUM has s6-tcpserver. Its tools work with us.
run_ucspi() {
    need tcpserver tcpclient recordio fixcrio
    local their_port tcpserver
    start -- env
    ask </dev/null | environment | grep -v '^TCPCONNNUM=1$' >"$dir/heard"
    stop
    mkfifo "$dir/theirs"
    tcpserver -1 -RHl0 127.0.0.1 0 env >"$dir/theirs" &
    tcpserver=$!
    read -r -t "$limit" their_port <"$dir/theirs" || fail "no port of tcpserver's"
    timeout "$limit" socat - "TCP4:127.0.0.1:$their_port" </dev/null | environment |
        grep -v '^TCPLOCALHOST=0$' >"$dir/expected"
    kill "$tcpserver"
    wait "$tcpserver" || true
    same "the environment of tcpserver"
    start -- recordio fixcrio cat
    printf 'one\r\ntwo\r\n' >"$dir/expected"
    # shellcheck disable=SC2016 # for the shell that tcpclient runs, with the connection at 6 and 7
    timeout "$limit" tcpclient -RHl0 127.0.0.1 "$port" \
        sh -c 'printf "one\ntwo\n" >&7; head -c 10 <&6' >"$dir/heard" || fail "tcpclient: $?"
    same "recordio and fixcrio, from tcpclient"
}

case $program in
cat | bc | script | git | finger | ucspi) "run_$program" ;;
*) echo "unknown program $program" && exit 2 ;;
esac
stop
