# fish completion for thrd(1). What there is to complete the program itself knows: thrd complete.

function __thrd_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -e words[1]
    for line in ($program complete -- $words "$last" 2>/dev/null)
        if test "$line" = :
            set -l name (string replace -r '^-[^=]*=' '' -- $last)
            set -l before (string replace -r -- (string escape --style=regex -- $name)'$' '' $last)
            for file in (__fish_complete_path $name)
                printf '%s\n' $before$file
            end
        else
            printf '%s\n' $line
        end
    end
end

complete -c thrd -f -a '(__thrd_complete)'
