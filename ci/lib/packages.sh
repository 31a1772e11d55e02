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
wanted_packages=
wanted_reasons=

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

# want PACKAGES WHY COMMAND [ARGUMENT...]: the same for what one can do without.
want() {
    packages=$1
    why=$2
    shift 2
    if "$@" >/dev/null 2>&1; then
        return 0
    fi
    wanted_packages="$wanted_packages $packages"
    wanted_reasons="$wanted_reasons    $packages: $why
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

want_bench_library() {
    want 'pkg-config libjansson-dev' 'thrd bench' pkg-config --exists jansson
}

# Installs what need() found missing, and ends the script with what to do where that is impossible;
# then what want() did not find, where that is possible.
install_missing() {
    [ -z "$missing_packages" ] || install_needed
    [ -z "$wanted_packages" ] || install_wanted
}

install_needed() {
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
    # shellcheck disable=SC2086 # a list
    if ! install_packages $missing_packages; then
        grep -E '^(E|sudo):' "$apt_log" | sort -u | head -n 4 >&2
        rm -f "$apt_log"
        die "could not install them (no network, or no right to?); to do it by hand, as root:" \
            "apt-get update && apt-get install --no-install-recommends$missing_packages"
    fi
    rm -f "$apt_log"
    missing_packages=
    missing_reasons=
}

# Asks nobody for a password, and whatever happens the script goes on.
install_wanted() {
    say "not here, and not needed for the rest, by the names of Debian's packages:"
    printf '%s' "$wanted_reasons" >&2
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root='sudo -n'
    # shellcheck disable=SC2086 # a command line; a list
    if have apt-get && $as_root true 2>/dev/null && say "installing them with apt-get" &&
        install_packages $wanted_packages; then
        rm -f "$apt_log"
    else
        rm -f "${apt_log-}"
        say "going on without; to install them, as root:" \
            "apt-get install --no-install-recommends$wanted_packages"
    fi
    wanted_packages=
    wanted_reasons=
}

# install_packages PACKAGE...: what apt-get says is in $apt_log.
install_packages() {
    apt_log=$(mktemp) || die "cannot make a temporary file in ${TMPDIR:-/tmp}"
    # An update that fails is no reason to give up: the lists from last time may do.
    {
        [ -n "${apt_is_updated-}" ] || run_apt_get update
        apt_is_updated=1
        run_apt_get install -y --no-install-recommends "$@"
    } >"$apt_log" 2>&1 </dev/null
}

run_apt_get() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@"
}
