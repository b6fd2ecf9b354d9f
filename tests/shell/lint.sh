#!/bin/sh
# tests/lint.sh: a small tree in which nothing is found; then each rule broken once, and found.
. "${0%/*}/check.inc"
if ! command -v git >/dev/null 2>&1; then
    echo "skip - lint: git is not installed"
    exit 0
fi
top=$PWD tree=$place/tree
git() { command git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main "$@"; }
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null

mkdir -p "$tree" && cd "$tree" || exit 1
mkdir -p engine/base engine/io engine/index/build engine/index/read tui/draw tui/shell assets tests sample_data
cp -r "$top/tests/lint" "$top/tests/lint.sh" tests/
cp "$top/.clang-format" .
header() { # FILE GUARD LINE...
    file=$1 guard=$2
    shift 2
    printf '%s\n' "#ifndef $guard" "#define $guard" "$@" '#endif' >"$file"
}
header engine/scry.h SCRY_H '#include "base/error.h"'
header engine/base/error.h SCRY_BASE_ERROR_H
header engine/io/tensor.h SCRY_IO_TENSOR_H '#include "base/error.h"'
header engine/index/read/index.h SCRY_INDEX_READ_INDEX_H '#include "io/tensor.h"'
header engine/index/build/builder.h SCRY_INDEX_BUILD_BUILDER_H '#include "scry.h"'
header tui/draw/grid.h SCRY_DRAW_GRID_H '#include "base/error.h"'
header tui/shell/output.h SCRY_SHELL_OUTPUT_H '#include "draw/grid.h"' '#include "scry.h"'
printf '%s\n' '#include "shell/output.h"' 'int main(void) {' '    return 0;' '}' >tui/main.c
printf '%s\n' '$(BUILD)/scry: tui/main.c' '	@mkdir -p $(BUILD)' '	@$(CC) -Wall -Iengine -Itui $(EXTRA) -o $@ $<' >Makefile
echo "See tui/main.c, tui/*/NAME.h and \`shell/output.h\`." >README.md
echo 'GPL' >LICENSE
echo 'Read tests/lint.sh first.' >assets/CONTRIBUTING.md
echo '{}' >sample_data/study.json
echo '/build/' >.gitignore
git init -q . && git add -A && git commit -q -m "Begin" || exit 1

lint() { # PART...: what lint says of the tree as it is, in $out
    git add -A
    tests/lint.sh "$@" >"$out" 2>&1
    status=$?
}
lint
is "nothing is found in a tree that keeps the rules" "$status $(cat "$out")" "0 lint: nothing found"

finds() { # PART TITLE TEXT: lint fails, under this title and with this text; then the tree is as before
    lint "$1"
    title=$2 text=$3
    if [ "$status" -eq 1 ] && grep -qxF -e "$title:" "$out" && grep -qF -e "$text" "$out"; then
        is "finds: $title" "$(grep -c '^[^ ]' "$out")" 1
    else
        not_ok "finds: $title" "found status $status and \"$(tr '\n' ' ' <"$out")\", expected 1 and \"$text\""
    fi
    git reset -q --hard "${first:-HEAD}" && git clean -qfd
}
add() { # FILE LINE...: lines after the first two, which are the guard
    file=$1
    shift
    for line; do sed -i "2a $line" "$file"; done
}

echo x >./-0.02
finds rules "neither README.md, LICENSE, Makefile nor a folder that belongs at the top level" "-0.02"
git rm -q -r sample_data
finds rules "missing at the top level" sample_data
echo >engine/open.c
finds rules "the top of engine/ holds public headers only" engine/open.c

add engine/scry.h '#include "io/tensor.h"'
finds rules "a public header includes a private one" 'engine/scry.h:3: #include "io/tensor.h"'
add engine/base/error.h '#include "io/tensor.h"'
finds rules "the engine's folders include upward" 'engine/base/error.h:3: #include "io/tensor.h"'
add engine/io/tensor.h '#include "../index/read/index.h"'
finds rules "an include that names no tracked file from its own folder, engine/ or tui/" engine/io/tensor.h:3
add engine/index/build/builder.h '#include "index/read/index.h"'
finds rules "build/ and read/ of the index include each other" engine/index/build/builder.h:3
add engine/io/tensor.h '#include "draw/grid.h"'
finds rules "the engine includes the interface" engine/io/tensor.h:3
add tui/draw/grid.h '#include "io/tensor.h"'
finds rules "the interface includes a private header of the engine" tui/draw/grid.h:3
add tui/draw/grid.h '#include "shell/output.h"'
finds rules "the interface's folders include upward" tui/draw/grid.h:3
mkdir tui/views
header tui/views/list.h SCRY_VIEWS_LIST_H
finds rules "a folder without a place in the stacking order of tests/lint/includes.awk" tui/views
add tui/shell/output.h '#include <ncurses.h>'
finds rules "curses outside tui/terminal/curses_backend.c" tui/shell/output.h

header engine/index/read/builder.h SCRY_INDEX_READ_BUILDER_H
lint rules
is "one base name in two families is no fault" "$status" 0
git reset -q --hard
mkdir tui/terminal
header tui/terminal/grid.h SCRY_TERMINAL_GRID_H
finds rules "one base name in two folders: tests/lint/names.awk says where names may repeat" "grid: tui/draw tui/terminal"
header tui/shell/options.h SCRY_OPTIONS_H
finds rules "include guards that do not follow from the path" "tui/shell/options.h: found #ifndef SCRY_OPTIONS_H, expected #ifndef SCRY_SHELL_OPTIONS_H"
lines=0
while IFS= read -r word; do
    lines=$((lines + 1))
    add tui/draw/grid.h "/* $word */"
    finds rules "words of the old vocabulary (tests/lint/vocabulary.txt)" "tui/draw/grid.h:3:/* $word */"
done <<EOF
scry_fires
scry_result_company
container_forget
the errands
works_later
latent_sides
EOF
is "each line of the old vocabulary is tried" "$lines" "$(wc -l <tests/lint/vocabulary.txt | tr -d ' ')"
echo "See tui/app.c." >>README.md
finds rules "documents name files that do not exist" "README.md:2: tui/app.c"
echo "See \`shell/options.h\`." >>assets/CONTRIBUTING.md
finds rules "documents name files that do not exist" "assets/CONTRIBUTING.md:2: shell/options.h"

add tui/draw/grid.h 'column_find("shift")'
finds rules "a column known by its name: give its row in tui/explorer/table/column_table.c a property" tui/draw/grid.h:3
add tui/draw/grid.h '/* TO''DO */'
finds rules "unfinished words" tui/draw/grid.h:3
printf '<<%s HEAD\n' '<<<<<' >>README.md
finds rules "marks of a merge that was not finished" 'README.md:2:<<<<<<< HEAD'
add tui/draw/grid.h 'cJSON_ParseWithLength'
finds rules "JSON that is parsed without the copy of io/json.h" tui/draw/grid.h:3
add tui/draw/grid.h 'fputs(name, stdout);'
finds rules "text that may reach a terminal raw: print it with tui/shell/output.h" tui/draw/grid.h:3
yes '' | head -900 >>tui/draw/grid.h
finds rules "files of more than 900 lines" "904 tui/draw/grid.h"
first=$(git rev-parse HEAD)
git commit -q --allow-empty -m "Say in more than seventy-two characters what a shorter subject would have said"
finds rules "commit subjects of more than 72 characters" "Say in more than seventy-two"

if command -v clang-format >/dev/null 2>&1; then
    add tui/draw/grid.h 'int   x;'
    finds format "not formatted (clang-format -i)" tui/draw/grid.h
fi
add tui/main.c 'int unused;'
finds warnings "compiler warnings" "unused"
finish
