# strip_c.awk - C text without its comments and without what stands in strings and characters.
#
# With "-v names=1" each line has its file and a tab before it.
#
# Prints every line, so line numbers stay; a comment becomes a space, a string "". Names in
# #include lines are kept: there a quote begins a file name. Plain awk, as mawk and busybox have.

function strip_line(line,    out, c, two)
{
    out = ""
    if (!in_comment && line ~ /^[ \t]*#[ \t]*include/) {
        sub(/\/[*].*$/, "", line)
        sub(/\/\/.*$/, "", line)
        return line
    }
    # Most lines have nothing in them that would need a look at each character.
    if (in_comment && !index(line, "*/"))
        return ""
    if (!in_comment && quote == "" && line !~ /["'\/]/)
        return line
    while (line != "") {
        two = substr(line, 1, 2)
        c = substr(line, 1, 1)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                out = out " "
                line = substr(line, 3)
            } else {
                line = substr(line, 2)
            }
        } else if (quote != "") {
            if (c == "\\") {
                line = substr(line, 3)
            } else {
                if (c == quote) {
                    out = out quote
                    quote = ""
                }
                line = substr(line, 2)
            }
        } else if (two == "/*") {
            in_comment = 1
            line = substr(line, 3)
        } else if (two == "//") {
            line = ""
        } else {
            if (c == "\"" || c == "'")
                quote = c
            out = out c
            line = substr(line, 2)
        }
    }
    return out
}

FNR == 1 {
    in_comment = 0
    quote = ""
}

{ print (names ? FILENAME "\t" : "") strip_line($0) }
