# Names of files in documents: prints each that does not exist as FILE:LINE: NAME. Arguments: a file with the names of all
# tracked files, one a line, then documents.
#
# A name is a path that begins with a folder of the top level, or anything that ends like a source file. A name without
# its first folders (`shell/commands.def`) means the file that ends so; NAME and other words in capitals, and *, stand for
# any name.
FILENAME == ARGV[1] {
    tracked[$0] = 1
    folder = $0
    while (sub(/\/[^\/]*$/, "", folder)) tracked[folder] = tracked[folder "/"] = 1
    next
}

function exists(name,   pattern, path) {
    if (name in tracked) return 1
    pattern = name
    gsub(/\./, "\\.", pattern)
    gsub(/\*|[A-Z][A-Z]+/, "[^/]*", pattern)
    pattern = "(^|/)" pattern "$"
    for (path in tracked)
        if (path ~ pattern) return 1
    return 0
}

{
    rest = $0
    while (match(rest, /[A-Za-z0-9_.*\/-]+/)) {
        name = substr(rest, RSTART, RLENGTH)
        before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
        rest = substr(rest, RSTART + RLENGTH)
        sub(/[.]+$/, "", name)
        if (before ~ /[:$~]/) continue # an address, or a folder of the person's own
        if (name ~ /^(engine|tui|tests|assets|sample_data|\.ci)\// || name ~ /[A-Za-z0-9_*]\.(c|h|def|sh|inc|awk|script)$/)
            if (!(name in seen)) seen[name] = exists(name)
            else if (seen[name]) continue
        if ((name in seen) && !seen[name]) print FILENAME ":" FNR ": " name
    }
}
