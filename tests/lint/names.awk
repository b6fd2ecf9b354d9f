# Base names: prints each that stands in two folders of one family. Reads names of files of engine/ and tui/, one a line.
#
# X.c, X.h and X.def of one folder are one name. The same name may stand once in each family:
#   public      engine/*.h: the interface, named after the subject whose folder implements it
#   engine      the subjects below engine/
#   build, read the two sides of the index file, which have the same parts
#   formats     a file for each tensor format, named after it
#   charts      a file for each chart, named after the analysis that it draws
#   report      a file for each part of the report
#   shell       a file for each shell command, named after it
#   commands    a file for each group of the explorer's commands, named after what they act on
#   tui         the rest of the interface
function family(path) {
    if (path ~ /^engine\/[^\/]*$/) return "public"
    if (path ~ /^engine\/index\/build\//) return "build"
    if (path ~ /^engine\/index\/read\//) return "read"
    if (path ~ /^engine\/io\/formats\//) return "formats"
    if (path ~ /^engine\//) return "engine"
    if (path ~ /^tui\/charts\//) return "charts"
    if (path ~ /^tui\/report\//) return "report"
    if (path ~ /^tui\/shell\//) return "shell"
    if (path ~ /^tui\/explorer\/commands\//) return "commands"
    return "tui"
}

/\.(c|h|def)$/ {
    name = $0
    sub(/.*\//, "", name)
    sub(/\.[^.]*$/, "", name)
    folder = $0
    sub(/\/[^\/]*$/, "", folder)
    key = family($0) " " name
    if (!(key in folders)) folders[key] = folder
    else if (index(" " folders[key] " ", " " folder " ") == 0) folders[key] = folders[key] " " folder
}

END {
    for (key in folders)
        if (split(folders[key], list, " ") > 1) {
            key_name = key
            sub(/.* /, "", key_name)
            print key_name ": " folders[key]
        }
}
