# bash completion for thrd(1). What there is to complete the program itself knows: thrd complete.
# shellcheck shell=bash

_thrd() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} words=() text kept=
    COMPREPLY=()
    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=('')
    # bash replaces only what stands behind the last '=' or ':' of the word.
    [[ $COMP_WORDBREAKS != *=* ]] || kept=${words[-1]%"${words[-1]##*[=:]}"}
    while IFS=$'\t' read -r text _; do
        if [[ $text == : ]]; then
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "${words[-1]#*=}")
            return
        fi
        [[ $text != *= ]] || compopt -o nospace
        COMPREPLY+=("${text#"$kept"}")
    done < <("${words[0]/#\~/$HOME}" complete -- "${words[@]:1}" 2>/dev/null)
}

complete -F _thrd thrd
