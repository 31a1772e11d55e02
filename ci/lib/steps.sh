# ci/lib/steps.sh - named steps, each with a log, a time and a row in the table at the end.
#
# Sourced by ci/test and ci/race (bash). A step that fails does not end the script: the rest is
# still worth knowing. ctest's own closing lines in a step's log tell how many tests it ran.
# shellcheck shell=bash

# print_usage: the comment at the head of the running script; the current directory is the root.
print_usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "ci/${0##*/}"
}

steps_log_dir=
steps_rows=()
steps_beside=() steps_groups=()
steps_passed=0 steps_failed=0 steps_skipped=0 steps_broken=0

# steps_begin DIRECTORY: where the logs go; those of the last run go away.
steps_begin() {
    steps_log_dir=$1
    mkdir -p "$steps_log_dir" && rm -f "$steps_log_dir"/*.{log,result} || exit 1
}

# step NAME COMMAND [ARGUMENT...]: COMMAND may be a function; it runs in a subshell.
step() {
    printf '%s ...\n' "$1"
    run_step "$@"
    record_step "$1"
}

# step_beside NAME COMMAND [ARGUMENT...]: the same in the background, where it gets the time that the
# steps in the foreground leave; its row comes with steps_join. It ends with the script.
step_beside() {
    printf '%s ... (beside the next ones)\n' "$1"
    set -m # a process group of its own, which can be ended as a whole
    (renice -n 10 "$BASHPID" >/dev/null && run_step "$@") &
    set +m
    steps_beside+=("$1")
    steps_groups+=("$!")
    trap 'kill -TERM "${steps_groups[@]/#/-}" 2>/dev/null' EXIT
}

steps_join() {
    local name status=0
    wait
    for name in "${steps_beside[@]}"; do
        record_step "$name" || status=1
    done
    steps_beside=() steps_groups=()
    trap - EXIT
    return "$status"
}

run_step() {
    local name=$1 started=$SECONDS result=ok
    shift
    ("$@") >"$steps_log_dir/$name.log" 2>&1 </dev/null || result=FAILED
    echo "$result $((SECONDS - started))" >"$steps_log_dir/$name.result"
}

record_step() {
    local name=$1 log="$steps_log_dir/$1.log" result=FAILED seconds=0
    local tests passed failed skipped cases reports
    read -r result seconds <"$steps_log_dir/$name.result"
    read -r passed failed skipped cases reports < <(count_tests "$log")
    steps_passed=$((steps_passed + passed))
    steps_failed=$((steps_failed + failed))
    steps_skipped=$((steps_skipped + skipped))
    tests=$((passed + failed + skipped))
    steps_rows+=("$(printf '%-10s %-7s %6s %7s %8s %6s %8s %5d s' "$name" "$result" \
        "${tests/#0/-}" "$failed" "$skipped" "$cases" "$reports" "$seconds")")
    if [ "$result" = ok ]; then
        printf '%s: ok, %d s\n' "$name" "$seconds"
        return 0
    fi
    steps_broken=$((steps_broken + 1))
    printf '%s: FAILED, %d s; the end of its log:\n' "$name" "$seconds"
    without_routine "$log" | tail -n 200 | sed 's/^/    /'
    printf '%s: the whole log is %s\n' "$name" "$log"
    return 1
}

# A log without what went well.
without_routine() {
    grep -vE -e '^ *[0-9]+/[0-9]+ Test +#.* Passed ' -e '^ +Start +[0-9]+: ' \
        -e '^\[ *[0-9]+%\] (Building|Built|Linking)' "$1"
}

# steps_summary: the table; fails if a step has failed. Its last line, alone on its line, is for
# machines.
steps_summary() {
    printf '\n%-10s %-7s %6s %7s %8s %6s %8s %7s\n' \
        step result tests failed skipped cases reports time
    printf '%s\n' "${steps_rows[@]}"
    print_skipped
    printf '\n%d s in all' "$SECONDS"
    [ "$steps_broken" -eq 0 ] || printf '; %d of %d steps FAILED' \
        "$steps_broken" "${#steps_rows[@]}"
    printf '\n'
    printf '%d passed, %d failed, %d skipped\n' \
        "$steps_passed" "$steps_failed" "$steps_skipped"
    [ "$steps_broken" -eq 0 ]
}

# Prints "PASSED FAILED SKIPPED CASES REPORTS" of one log: the sum of the closing lines of ctest and
# of steps_summary in it, and what its last lines "cases: N" and "reports: N" say ("-" without
# one). For ctest a skipped test is one that passed.
count_tests() {
    awk '
        /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
            passed += $1
            failed += $3
            skipped += $5
        }
        /^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+$/ {
            passed += $NF - $4
            failed += $4
        }
        /^ *[0-9]+\/[0-9]+ Test .*\*\*\*Skipped/ {
            passed--
            skipped++
        }
        BEGIN { cases = reports = "-" }
        /^cases: [0-9]+$/ { cases = $2 }
        /^reports: [0-9]+$/ { reports = $2 }
        END { print passed + 0, failed + 0, skipped + 0, cases, reports }' "$1"
}

# What was left out must be seen: ctest's skipped tests, and what scripts say they skipped.
print_skipped() {
    grep -hoE '[^ ]+ \.+\*\*\*Skipped|^.*: skipped, .*' "$steps_log_dir"/*.log |
        sed -E 's/(.*) \.+\*\*\*Skipped/\1: skipped/' | sort -u
}
