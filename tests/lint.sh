#!/bin/sh
# What a reader should not have to look for: layering, the top level, formatting, compiler warnings, stray words.
set -u
cd "$(dirname "$0")/.."
found=$(mktemp)
trap 'rm -f "$found"' EXIT
complain() { # TITLE, text on standard input (at the end of a pipe, so in a shell of its own)
    text=$(cat)
    [ -z "$text" ] && return
    echo "$1:"
    echo "$text" | sed 's/^/  /'
    echo "$1" >>"$found"
}

git ls-files | sed 's|/.*||' | sort -u | grep -vxE 'Makefile|README\.md|LICENSE|tui|engine|assets|tests|sample_data|\..+' |
    complain "neither README.md, LICENSE, Makefile nor a folder that belongs at the top level"
for name in Makefile README.md LICENSE tui engine assets tests sample_data; do
    [ -n "$(git ls-files -- "$name")" ] || echo "$name"
done | complain "missing at the top level"
grep -lE '#include *[<"](n?curses|term)\.h' $(git ls-files 'engine/*.[ch]' 'tui/*.[ch]') | grep -v '^tui/terminal/curses_backend\.c$' |
    complain "curses outside tui/terminal/curses_backend.c"
grep -nE '#include *"(\.\./)*(tui|draw|views|commands|actions)/' $(git ls-files 'engine/*.[ch]') | complain "the engine includes the interface"
grep -nE '#include *"(cblas|io|sae|index)/' $(git ls-files 'tui/*.[ch]') | complain "the interface reaches past scry.h and session.h"
grep -nE 'strcmp\(columns\[[^]]*\]\.name, "|column_find\("' $(git ls-files 'tui/*.[ch]') |
    complain "a column known by its name: give its row in tui/explorer/table/column_table.c a property"
grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $(git ls-files '*.[ch]' '*.sh' Makefile '*.md' | grep -v '^tests/lint.sh$') | complain "unfinished words"
git grep -n "cJSON_ParseWithLength" -- "engine/*.[ch]" "tui/*.[ch]" | grep -v "^engine/io/json\.[ch]:" | complain "JSON that is parsed without the copy of io/json.h"
wc -l $(git ls-files '*.[ch]') | awk '$2 != "total" && $1 > 900' | complain "files of more than 900 lines"
if command -v clang-format >/dev/null 2>&1; then
    for f in $(git ls-files '*.[ch]'); do clang-format --dry-run -Werror "$f" >/dev/null 2>&1 || echo "$f"; done |
        complain "not formatted (clang-format -i)"
else
    echo "clang-format is not installed: formatting not checked"
fi
make -s BUILD=build/lint EXTRA=-Werror build/lint/scry >/dev/null 2>build/lint.log || complain "compiler warnings" <build/lint.log
[ -s "$found" ] && exit 1
echo "lint: nothing found"
