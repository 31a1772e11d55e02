# ci/lib/detectors.sh - race and memory detectors: how each is set up, that it finds what is planted
# for it, and whether it has reported anything.
#
# Sourced by ci/race and ci/embed (bash), after ci/lib/build.sh. The detectors write their reports to
# files, one for each process, children of mode fork too. What counts is that no file has a report,
# whatever the tests themselves think of the run.
# shellcheck shell=bash

# What each tool must find in tests/race/planted_faults.c.
declare -A detectors_planted=(
    [helgrind]='race lock-order'
    [drd]='race'
    [memcheck]='leak overflow child-overflow'
    [tsan]='race lock-order'
    [asan]='leak overflow child-overflow undefined'
)

# Reports go to a directory without spaces in its name, which THRD_WRAPPER could not hold, and that
# servers may write to which a test runs as another user. The script that calls this removes it.
detectors_begin() {
    reports=$(mktemp -d /tmp/thrd-race.XXXXXX) && chmod 1777 "$reports"
}

# set_up TOOL: the environment for everything that runs under it. Tests crash children on purpose
# with kill(2); a crash that nobody asked for fails the test, so no report of it is needed.
set_up() {
    local valgrind="valgrind -q --vgdb=no --error-exitcode=99 --child-silent-after-fork=no"
    valgrind="$valgrind --log-file=$reports/$1.%p"
    case $1 in
    helgrind) THRD_WRAPPER="$valgrind --tool=helgrind --max-threads=1100" ;;
    drd) THRD_WRAPPER="$valgrind --tool=drd" ;;
    memcheck)
        THRD_WRAPPER="$valgrind --tool=memcheck --max-threads=1100 --leak-check=full"
        THRD_WRAPPER="$THRD_WRAPPER --errors-for-leak-kinds=definite,indirect,possible"
        THRD_WRAPPER="$THRD_WRAPPER --show-leak-kinds=definite,indirect,possible"
        ;;
    tsan)
        THRD_WRAPPER=
        export TSAN_OPTIONS="log_path=$reports/tsan:exitcode=66:second_deadlock_stack=1"
        TSAN_OPTIONS="$TSAN_OPTIONS:handle_segv=0"
        ;;
    asan)
        THRD_WRAPPER=
        export ASAN_OPTIONS="log_path=$reports/asan:detect_leaks=1"
        ASAN_OPTIONS="$ASAN_OPTIONS:detect_stack_use_after_return=1:handle_segv=0"
        export UBSAN_OPTIONS="log_path=$reports/asan:print_stacktrace=1"
        ;;
    esac
    export THRD_WRAPPER
}

# compiler TOOL: gcc's UBSan cannot write to a file while ASan is in the same program.
compiler() {
    if [ "$1" = asan ]; then echo clang; else echo gcc; fi
}

sanitizers() {
    case $1 in
    tsan) echo thread ;;
    asan) echo address,undefined ;;
    esac
}

# Names the files that have a report. Valgrind's own trouble, such as a system call that it does
# not know, stands there too, between two pairs of dashes.
report_files() {
    local file
    for file in "$reports/$1".*; do
        [ -e "$file" ] || continue
        if [[ $1 == [ta]san ]] || grep -qE '^==[0-9]+== .' "$file"; then
            echo "$file"
        fi
    done
}

# Sees that the tool finds what was planted for it, and nothing where nothing was.
finds_planted_faults() {
    local tool=$1 program=build/race-planted/$1 sanitize fault
    sanitize=$(sanitizers "$tool")
    mkdir -p build/race-planted &&
        "$(compiler "$tool")" -g -O0 -pthread ${sanitize:+-fsanitize=$sanitize} \
            tests/race/planted_faults.c -o "$program" || return 1
    for fault in none ${detectors_planted[$tool]}; do
        # shellcheck disable=SC2086 # a command line
        as_sanitizers_need_it $THRD_WRAPPER "$program" "$fault"
        local status=$? files
        files=$(report_files "$tool")
        if [ "$fault" = none ] && { [ "$status" -ne 0 ] || [ -n "$files" ]; }; then
            echo "$tool does not work here: a program without a fault ends with status $status"
            cat "$reports/$tool".* 2>/dev/null
            return 1
        elif [ "$fault" != none ] && [ -z "$files" ]; then
            echo "$tool is blind: it did not report the planted fault '$fault'"
            return 1
        fi
        rm -f "$reports/$tool".*
        echo "planted fault '$fault': as it should be"
    done
}

# Where the kernel spreads mappings wider than the sanitizers' runtime expects
# (vm.mmap_rnd_bits > 28), programs have to start without that; what they start inherits it.
as_sanitizers_need_it() {
    if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ] &&
        setarch -R true 2>/dev/null; then
        setarch -R "$@"
    else
        "$@"
    fi
}

# build_for TOOL DIRECTORY [CMAKE OPTION...]: for the sanitizers, asserts are on, stacks are readable, and
# the code is optimized enough to be quick. clang's warnings are errors; those of gcc depend on how it
# optimizes.
build_for() {
    local tool=$1 tree=$2 strict=OFF
    shift 2
    [ -n "$(sanitizers "$tool")" ] || {
        build_test_tree "$tree" "$@"
        return
    }
    [ "$(compiler "$tool")" != clang ] || strict=ON
    build_tree "$tree" "-DTHRDSRV_WERROR=$strict" -DCMAKE_BUILD_TYPE=Debug '-DCMAKE_C_FLAGS_DEBUG=-O1 -g' \
        "-DTHRDSRV_SANITIZE=$(sanitizers "$tool")" "-DCMAKE_C_COMPILER=$(compiler "$tool")" "$@"
}

# is_ok COMMAND...: counts one test outside of ctest.
passed=0 failed=0
is_ok() {
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $*"
    fi
}

# all_ok: says how many there were since it was last asked; fails if one was not ok.
all_ok() {
    local bad=$failed
    echo "$passed passed, $bad failed, 0 skipped"
    passed=0 failed=0
    [ "$bad" -eq 0 ]
}

# beside OTHER COMMAND [ARGUMENT...]: runs both at once, because Valgrind keeps no more than one core
# busy; OTHER is a function without arguments. Its output comes last.
beside() {
    local other=$1 output status=0 pid
    shift
    output=$(mktemp) || return 1
    "$other" >"$output" 2>&1 &
    pid=$!
    "$@" || status=1
    wait "$pid" || status=1
    cat "$output"
    rm -f "$output"
    return "$status"
}

# has_no_reports TOOL: shows them.
has_no_reports() {
    local file count=0
    while read -r file; do
        count=$((count + 1))
        echo "report in $file:"
        grep -v "^--[0-9]*--" "$file" | head -n 100
    done < <(report_files "$1")
    echo "reports: $count"
    [ "$count" -eq 0 ]
}
