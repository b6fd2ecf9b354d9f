#!/bin/sh
# What a reader should not have to look for: layers, the top level, names, formatting, compiler warnings, stray words.
#     tests/lint.sh                   everything
#     tests/lint.sh rules             some of: rules (the quick ones), format, warnings
# tests/shell/lint.sh breaks each rule once, to see that it is found.
set -u
cd "$(dirname "$0")/.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$work/found
complain() { # TITLE, text on standard input (at the end of a pipe, so in a shell of its own)
    text=$(cat)
    [ -z "$text" ] && return
    echo "$1:"
    echo "$text" | sed 's/^/  /'
    echo "$1" >>"$found"
}

git ls-files >"$work/tracked"
code=$(grep -E '^(engine|tui)/.*\.[ch]$' "$work/tracked")
sources=$(grep -E '\.[ch]$' "$work/tracked")
documents=$(grep -E '^(README\.md|assets/[^/]*\.md)$' "$work/tracked")

top_level() {
    sed 's|/.*||' "$work/tracked" | sort -u | grep -vxE 'Makefile|README\.md|LICENSE|tui|engine|assets|tests|sample_data|\..+' |
        complain "neither README.md, LICENSE, Makefile nor a folder that belongs at the top level"
    for name in Makefile README.md LICENSE tui engine assets tests sample_data; do
        grep -qE "^$name(/|\$)" "$work/tracked" || echo "$name"
    done | complain "missing at the top level"
    grep -E '^engine/[^/]*$' "$work/tracked" | grep -v '\.h$' | complain "the top of engine/ holds public headers only"
}

layers() {
    awk -f tests/lint/includes.awk "$work/tracked" $code $(grep -E '^(engine|tui)/.*\.def$' "$work/tracked") >"$work/layers"
    cut -f 1 "$work/layers" | sort -u | while IFS= read -r title; do
        awk -F '\t' -v title="$title" '$1 == title { print $2 }' "$work/layers" | complain "$title"
    done
    grep -lE '#include *[<"](n?curses|term)\.h' $code | grep -v '^tui/terminal/curses_backend\.c$' |
        complain "curses outside tui/terminal/curses_backend.c"
}

names() {
    grep -E '^(engine|tui)/' "$work/tracked" | awk -f tests/lint/names.awk |
        complain "one base name in two folders: tests/lint/names.awk says where names may repeat"
    grep -E '\.h$' "$work/tracked" | xargs awk '
        FNR == 1 { guard = FILENAME; sub(/^(engine|tui)\//, "", guard); gsub(/[\/.]/, "_", guard)
                   guard = "SCRY_" toupper(guard); sub(/^SCRY_SCRY_/, "SCRY_", guard); open = 1 }
        open && /^#/ { open = 0; if ($0 != "#ifndef " guard) print FILENAME ": found " $0 ", expected #ifndef " guard }' |
        complain "include guards that do not follow from the path"
    grep -nEf tests/lint/vocabulary.txt $code /dev/null | cut -c 1-150 | complain "words of the old vocabulary (tests/lint/vocabulary.txt)"
    awk -f tests/lint/documents.awk "$work/tracked" $documents /dev/null | complain "documents name files that do not exist"
}

words() {
    grep -nE 'strcmp\(columns\[[^]]*\]\.name, "|column_find\("' $code /dev/null |
        complain "a column known by its name: give its row in tui/explorer/table/column_table.c a property"
    grep -nE '(^|[^a-z_])(v?printf|putchar|puts)\(|f(printf|puts|putc)\(.*(stdout|stderr)|fprintf\(std' $(echo "$code" | grep '^tui/') /dev/null |
        grep -vE '^tui/(shell/(output|help|options|command_table|system)|text/suggest|main)\.c:' |
        complain "text that may reach a terminal raw: print it with tui/shell/output.h"
    grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $(grep -E '\.([ch]|sh|md|awk)$|^Makefile$' "$work/tracked" | grep -v '^tests/.*lint\.sh$') |
        complain "unfinished words"
    grep -nE '^(<{7}|={7}|>{7})( |$)' $(grep -E '\.([ch]|sh|md|awk|def|py|txt)$|^Makefile$' "$work/tracked") /dev/null |
        complain "marks of a merge that was not finished"
    grep -n "cJSON_ParseWithLength" $code /dev/null | grep -v '^engine/io/json\.[ch]:' |
        complain "JSON that is parsed without the copy of io/json.h"
    wc -l $sources | awk '$2 != "total" && $1 > 900' | complain "files of more than 900 lines"
    # commits that are not published yet; without a remote, those since this rule came, but for one that was published
    # before it was seen
    base=$(git merge-base HEAD origin/HEAD 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null ||
        git log -1 --diff-filter=A --format=%H -- tests/lint/includes.awk)
    [ -n "$base" ] && git log --format='%h %s' "$base..HEAD" | grep -v '^62de6ff4' | awk '{ sub(/^[^ ]* /, "", $0) } length > 72' |
        complain "commit subjects of more than 72 characters"
}

format() {
    if command -v clang-format >/dev/null 2>&1; then
        echo "$sources" | xargs -P 2 -n 100 clang-format --dry-run -Werror 2>&1 | sed -n 's/^\([^ :]*\.[ch]\):[0-9].*/\1/p' | sort -u |
            complain "not formatted (clang-format -i)"
    else
        echo "clang-format is not installed: formatting not checked"
    fi
}

warnings() {
    make -s BUILD=build/lint EXTRA=-Werror build/lint/scry >/dev/null 2>"$work/log" || complain "compiler warnings" <"$work/log"
}

for part in ${*:-rules format warnings}; do
    case $part in
    rules) top_level && layers && names && words ;;
    format) format ;;
    warnings) warnings ;;
    *) echo "tests/lint.sh: found $part, expected rules, format or warnings" >&2 && exit 2 ;;
    esac
done
[ -s "$found" ] && exit 1
echo "lint: nothing found"
