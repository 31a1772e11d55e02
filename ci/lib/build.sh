# ci/lib/build.sh - configures, builds and tests one build directory. Sourced, bash.
# shellcheck shell=bash

need_test_tools() {
    need pkg-config 'finds cmocka' have pkg-config
    need libcmocka-dev 'the test framework' pkg-config --exists cmocka
    need libjansson-dev 'thrd bench' pkg-config --exists jansson
    need ccache 'compiles no file twice' have ccache
}

# build_tree DIRECTORY [CMAKE OPTION...]: all, or the targets named in $build_targets. Many trees differ in a few files only, so most of what they
# compile is in ccache already, where there is one. The directory that -g writes down may be another
# tree's.
build_tree() {
    local tree=$1 launcher=
    shift
    ! have ccache || launcher=ccache
    export CCACHE_NOHASHDIR=1
    # shellcheck disable=SC2086 # words
    cmake -S . -B "$tree" "-DCMAKE_C_COMPILER_LAUNCHER=$launcher" "$@" &&
        cmake --build "$tree" --parallel "$(nproc)" ${build_targets:+--target $build_targets}
}

# build_test_tree DIRECTORY [CMAKE OPTION...]: what runs without a sanitizer, and in Valgrind, which is to
# name lines. With the same flags everywhere a file is compiled once.
build_test_tree() {
    build_tree "$1" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTHRDSRV_WERROR=ON "${@:2}"
}

# run_ctest DIRECTORY [CTEST OPTION...]: within the command $ctest_in, if set. The tests wait more
# than they compute, so more of them at once than there are cores.
run_ctest() {
    local tree=$1 status=0
    shift
    ${ctest_in-} ctest --test-dir "$tree" --output-on-failure --no-tests=error \
        --parallel "$(($(nproc) * 2))" "$@" || status=1
    print_cases "$tree/Testing/Temporary/LastTest.log"
    return "$status"
}

# What the test programs say of their single cases: how many went well, and which were skipped, for
# what reason.
print_cases() {
    awk '
        /^[0-9]+\/[0-9]+ Test: / { test = $3 }
        /^skipped: / { reason = substr($0, 10) }
        /^\[       OK \] / { cases++ }
        /^\[  SKIPPED \] [a-zA-Z]/ {
            if (reason != "")
                print test " " $4 ": skipped, " reason
            reason = ""
        }
        END { print "cases: " cases + 0 }' "$1"
}

need_package_tools() {
    need pkg-config 'finds jansson' have pkg-config
    need libjansson-dev 'thrd bench' pkg-config --exists jansson
    need 'dpkg-dev file' 'what a package depends on' have dpkg-shlibdeps
    need lintian "looks at packages as at Debian's own" have lintian
    need systemd 'where units go, and whether they are right' have systemd-analyze
}

need_race_tools() {
    need valgrind 'Helgrind, DRD, memcheck' have valgrind
    need 'clang libclang-rt-dev' 'ASan, UBSan, LSan' can_sanitize_with_clang
}

need_embed_tools() {
    need g++ 'a host in C++' have g++
    need python3 'clients of the examples' have python3
    need libevent-dev 'an example is a server on it' pkg-config --exists libevent
    need libuv1-dev 'an example is a server on it' pkg-config --exists libuv
    need musl-tools 'musl-gcc' have musl-gcc
}

need_fuzz_tools() {
    need 'clang libclang-rt-dev' 'libFuzzer, ASan, UBSan' can_fuzz_with_clang
}

can_fuzz_with_clang() {
    printf 'int LLVMFuzzerTestOneInput(void) { return 0; }\n' |
        clang -fsanitize=fuzzer,address,undefined -x c -o /dev/null -
}

can_sanitize_with_clang() {
    printf 'int main(void) { return 0; }\n' |
        clang -fsanitize=address,undefined -x c -o /dev/null -
}
