#!/usr/bin/env bash
# completions.sh WHAT THRD SOURCE_DIR - what the Tab key offers, for WHAT:
#
#   options  all options of the program and of each command, as --help has them; no more; and every value
#            that is offered is accepted
#   bash, zsh, fish
#            the shell itself, asked what it would offer for a few command lines
#
# Exit status: 0 as it should be, 1 not, 77 that shell is not installed.
set -u
[ $# -eq 3 ] && [ -x "$2" ] || { echo "usage: $0 WHAT THRD SOURCE_DIR" >&2; exit 2; }
what=$1
program=$2
completions=$3/src/completions
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0
checked=0

fail() {
    printf '%s\n' "$*"
    status=1
}

# expect WHAT WANTED GOT: the same lines, in any order.
expect() {
    checked=$((checked + 1))
    [ "$(sort <<<"$2")" = "$(sort <<<"$3")" ] || fail "$1: wanted" $2 "-- got" $3
}

# offered WORD...: the candidates without their explanations.
offered() {
    "$program" complete -- "$@" | cut -f 1
}

# ---- Against the program -----------------------------------------------------------------------

# check_values COMMAND OPTION=: each must be a value that the option takes.
check_values() {
    local value
    while read -r value; do
        [ "$value" != : ] || continue
        checked=$((checked + 1))
        # What stands before --help is read, and complained about where it is wrong.
        "$program" $1 "$value" --help >/dev/null 2>"$work/complaint" ||
            fail "thrd $1 $value is offered, and refused: $(head -n 1 "$work/complaint")"
    done < <(offered $1 "$2")
}

check_command() {
    local option
    expect "options of thrd $1" \
        "$("$program" $1 --help | sed -nE 's/^  (-., )?(--[a-z-]+)(\[?=.)?.*/\2\3/p' |
            sed -E 's/\[?(=).$/\1/')" "$(offered $1 --)"
    for option in $(offered $1 -- | grep '=$'); do
        check_values "$1" "$option"
    done
}

check_options() {
    local command
    check_command ''
    expect 'commands' "$("$program" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p')" \
        "$(offered '')"
    for command in $(offered ''); do
        check_command "$command"
    done
    expect 'names of handlers' "$("$program" handlers | cut -d ' ' -f 1)" \
        "$(offered --handler= | cut -d = -f 2)"
    expect 'the rest of a list' '--modes=thread,inline' "$(offered bench --modes=thread,i)"
    expect 'nothing twice' $'--modes=thread,fork\n--modes=thread,inline\n--modes=thread,none' \
        "$(offered bench --modes=thread,)"
    expect 'a value as a word of its own' 'inline' "$(offered --slots 5 --mode i)"
    expect 'no value behind one that is there' '' "$(offered --mode=fork i)"
    expect 'no such command' '' "$(offered serve --)"
    expect 'a file' ':' "$(offered bench --json=)"
    expect 'words' ':' "$(offered bench --compare '')"
    [ "$checked" -gt 50 ] || fail "only $checked were looked at"
}

# ---- Against the shells ------------------------------------------------------------------------

# The program by its name, as people type it; and files to complete.
prepare() {
    mkdir "$work/bin" "$work/files" && ln -s "$program" "$work/bin/thrd" &&
        : >"$work/files/results.json"
    PATH="$work/bin:$PATH"
    export PATH
}

# ask_bash LINE: as readline would: words broken at COMP_WORDBREAKS, the cursor at the end.
ask_bash() {
    bash --norc --noprofile -c '
        . "$1/thrd.bash" || exit
        cd "$2" || exit
        complete -p thrd >/dev/null || exit
        compopt() { :; } # readline alone has what it sets
        COMP_LINE=$3 COMP_POINT=${#3}
        _thrd thrd
        printf "%s\n" "${COMPREPLY[@]}"' bash "$completions" "$work/files" "$1"
}

# A terminal of its own with a zsh in it, which lists what it would offer (zpty).
ask_zsh() {
    zsh -f -c '
        zmodload zsh/zpty || exit
        zpty shell zsh -f -i
        send() { zpty -w shell "$1" }
        wait_for() {
            repeat 3000; do
                grep -q "^$1" "$log" 2>/dev/null && return
                sleep 0.02
            done
            print "zsh never says $1"
            exit 1
        }
        log=$4
        send "PROMPT= RPROMPT= ; stty -echo; cd \"$2\""
        send "fpath=(\"$1\" \$fpath); autoload -U compinit; compinit -u -D"
        send "zstyle \":completion:*\" list-grouped false; LISTMAX=0; zle_highlight=(none)"
        # Instead of being shown, what is offered is printed between two marks.
        send "compadd() { local -a taken; builtin compadd -O taken \"\$@\"; print -l -- \"\${taken[@]}\" >>\"$4\"; builtin compadd \"\$@\" }"
        send "zle -C list complete-word _main_complete; bindkey \"^T\" list"
        # Keys are for the line editor, which has the terminal when it begins a line.
        send "zle-line-init() { print ready >>\"$4\" }; zle -N zle-line-init"
        wait_for ready
        zpty -w -n shell "$3"$'"'\\C-t'"'
        zpty -w -n shell $'"'\\C-u'"'
        send "print asked >>\"$4\""
        wait_for asked
        zpty -d shell' zsh "$completions" "$work/files" "$1" "$work/zsh"
    sed -e '/^ready/d; /^asked/d; /^$/d' "$work/zsh" | sort -u
    rm -f "$work/zsh"
}

ask_fish() {
    (cd "$work/files" && HOME=$work fish --no-config -c 'source $argv[1]/thrd.fish; complete -C $argv[2]' \
        "$completions" "$1") | cut -f 1
}

# check_shell SHELL KEEPS: KEEPS is what the shell has in front of a value.
check_shell() {
    local ask="ask_$1" before=$2
    command -v "$1" >/dev/null || { echo "there is no $1"; exit 77; }
    prepare
    expect "$1, commands" "$(offered '')" "$("$ask" 'thrd ')"
    expect "$1, an option" $'--mode=\n--min-rate=' "$("$ask" 'thrd --m')"
    expect "$1, all options" "$(offered --)" "$("$ask" 'thrd --')"
    expect "$1, values" "${before}thread"$'\n'"${before}fork"$'\n'"${before}inline" \
        "$("$ask" 'thrd --slots=5 --mode=')"
    expect "$1, a value that has begun" "${before}fork" "$("$ask" 'thrd --mode=f')"
    expect "$1, options of a command" "$(offered bench --r)" "$("$ask" 'thrd bench --r')"
    expect "$1, words of a command" rot13 "$("$ask" 'thrd run r')"
}

case $what in
options) check_options ;;
bash)
    check_shell bash ''
    expect 'bash, a file' results.json "$(ask_bash 'thrd bench --json=res')"
    expect 'bash, a file as a word' results.json "$(ask_bash 'thrd bench --compare res')"
    ;;
zsh) check_shell zsh --mode= ;;
fish)
    check_shell fish --mode=
    expect 'fish, a file' --json=results.json "$(ask_fish 'thrd bench --json=res')"
    ;;
*) exit 2 ;;
esac
exit $status
