#!/bin/sh
# finds_planted.sh SOAK THRD LIBRARY MODE - a soak run finds what is planted in a server.
#
# LIBRARY is planted_faults.c for LD_PRELOAD. All runs at once: they wait more than they compute.
set -u

soak=$1
program=$2
library=$3
mode=$4
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# What the report must say of each.
said_of() {
    case $1 in
    none) echo 'verdict: sound' ;;
    fd) echo 'descriptors while nobody is connected' ;;
    memory) echo 'RSS grows by' ;;
    thread) echo 'threads while nobody is connected' ;;
    zombie) echo 'children while nobody is connected, [1-9][0-9]* of them zombies' ;;
    foreign) echo 'a foreign byte: client' ;;
    lost) echo 'bytes lost, doubled or wrong\|wrong byte\|ended by the server' ;;
    death) echo 'the server has ended by itself\|Connection re\(set\|fused\)\|ended by the server' ;;
    esac
}

# soak_with FAULT WAVES: most faults end the run; memory is judged when it is over.
soak_with() {
    PLANTED_FAULT=$1 "$soak" --program="$program" --preload="$library" --mode="$mode" \
        --minutes=1 --waves="$2" --wave=0.2 --settle=3 --park=20ms --slots=20 --clients=40 --rate=2000 --seed=20261121 \
        >"$work/$1" 2>&1
    echo $? >"$work/$1.status"
}

faults='fd memory foreign lost death'
[ "$mode" = thread ] && faults="$faults thread"
[ "$mode" = fork ] && faults="$faults zombie"
for fault in none $faults; do
    case $fault in
    none) soak_with "$fault" 3 & ;;
    memory) soak_with "$fault" 6 & ;;
    *) soak_with "$fault" 100 & ;;
    esac
done
wait

failed=0
for fault in none $faults; do
    wanted=1
    [ "$fault" = none ] && wanted=0
    if [ "$(cat "$work/$fault.status")" = "$wanted" ] &&
        grep -q "$(said_of "$fault")" "$work/$fault"; then
        echo "planted fault '$fault': as it should be"
    else
        failed=1
        echo "planted fault '$fault': status $(cat "$work/$fault.status"), and not as wanted:"
        tail -n 30 "$work/$fault"
    fi
done
exit "$failed"
