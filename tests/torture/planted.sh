#!/bin/sh
# planted.sh TORTURE THRD HOST - the torture finds what is planted for it, and nothing where nothing is.
#
# Once the point has struck, the wrappers bring in a fault of their own (control.h, enum plant). Each
# must be found, by the check that is there for it.
# Exit status: 0 so it is, 1 not, 2 the test could not be done.
set -u
[ $# -eq 3 ] || { echo "usage: $0 TORTURE THRD HOST" >&2; exit 2; }
torture=$1 thrd=$2 host=$3
pids=
count=0

# finds NAME SCENARIO MODE POINT WORDS: of what is said when the fault is found.
finds() {
    if ! said=$("$torture" "$thrd" "$host" "--scenario=$2" "--mode=$3" "--point=$4"); then
        printf 'without a planted fault, %s %s %s is a violation:\n%s\n' "$2" "$3" "$4" "$said"
        return 1
    fi
    if said=$("$torture" "$thrd" "$host" "--scenario=$2" "--mode=$3" "--point=$4" "--plant=$1"); then
        echo "the planted fault '$1' was not found in $2 $3 $4"
        return 1
    fi
    case $said in
    *"$5"*) return 0 ;;
    esac
    printf "the planted fault '%s' was not found as '%s', but said was:\n%s\n" "$1" "$5" "$said"
    return 1
}

# All at once: they wait more than they compute.
planted() {
    finds "$@" &
    pids="$pids $!"
    count=$((count + 1))
}

once=accept4:1:EINTR:once
planted leak echo thread "$once" "its clients are gone, and it holds"
planted linger echo thread "$once" "its clients are gone, and it holds"
planted foreign echo thread "$once" "other bytes than its own"
planted abort echo thread "$once" "it dies of signal 6"
planted hang echo thread "$once" "and nothing more"
planted hang echo thread accept4:1:EMFILE:on "a fresh client is not served within a second"
planted log echo thread "$once" "it says: assertion failed"
planted counters echo thread "$once" "its counters do not add up"
planted drop echo thread "$once" "though nothing was to be lost"
planted status start_v4 thread socket:1:EMFILE:once "and exits with status 0"
planted silence start_v4 thread socket:1:EMFILE:once "and does not say why"
planted status drain thread "$once" "it ends without the lines of an end"
if "$torture" "$thrd" "$host" --list | grep -q '^mode fork: yes'; then
    planted zombie echo fork "$once" "its clients are gone, and it holds"
fi
status=0
for pid in $pids; do
    wait "$pid" || status=1
done
[ "$status" -ne 0 ] || echo "$count planted faults: all were found"
exit "$status"
