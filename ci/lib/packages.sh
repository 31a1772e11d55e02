# ci/lib/packages.sh - tells which tools are missing, and installs them on Debian and Ubuntu.
#
# Sourced by ci/start, ci/test and ci/race; POSIX sh, because ci/start has to run where bash is
# not. Speaks on stderr: the stdout of ci/start belongs to thrd.
# shellcheck shell=sh

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$@"
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

missing_packages=
missing_reasons=

# need PACKAGES WHY COMMAND [ARGUMENT...]: PACKAGES are missing if COMMAND fails.
need() {
    packages=$1
    why=$2
    shift 2
    if "$@" >/dev/null 2>&1; then
        return 0
    fi
    missing_packages="$missing_packages $packages"
    missing_reasons="$missing_reasons    $packages: $why
"
}

# A compiler without the C library's headers is common on small systems, so compile something.
can_compile() {
    for compiler in ${CC:+"$CC"} cc gcc clang; do
        if printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' |
            "$compiler" -x c -o /dev/null -; then
            return 0
        fi
    done
    return 1
}

need_build_tools() {
    need 'gcc libc6-dev' 'compiles thrd, with the headers of the C library' can_compile
    need cmake 'configures the build' have cmake
    need make 'runs the build' have make
}

# Installs what need() found missing; ends the script with what to do where that is impossible.
install_missing() {
    [ -n "$missing_packages" ] || return 0
    say "missing, by the names of Debian's packages:"
    printf '%s' "$missing_reasons" >&2
    if ! have apt-get; then
        die "there is no apt-get here: install the above with this system's own package manager" \
            "(for the build alone: Fedora 'dnf install gcc cmake make', Arch" \
            "'pacman -S gcc cmake make', Alpine 'apk add build-base cmake'), then run this again"
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || die "to install them, run as root:" \
            "apt-get update && apt-get install --no-install-recommends$missing_packages"
        as_root=sudo
    fi
    say "installing them with ${as_root:+$as_root }apt-get"
    apt_log=$(mktemp) || die "cannot make a temporary file in ${TMPDIR:-/tmp}"
    # An update that fails is no reason to give up: the lists from last time may do.
    # shellcheck disable=SC2086 # both lists are to be split
    if ! {
        run_apt_get update
        run_apt_get install -y --no-install-recommends $missing_packages
    } >"$apt_log" 2>&1 </dev/null; then
        grep -E '^(E|sudo):' "$apt_log" | sort -u | head -n 4 >&2
        rm -f "$apt_log"
        die "could not install them (no network, or no right to?); to do it by hand, as root:" \
            "apt-get update && apt-get install --no-install-recommends$missing_packages"
    fi
    rm -f "$apt_log"
    missing_packages=
    missing_reasons=
}

run_apt_get() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@"
}
