#!/bin/sh
# Help, manual page and completions hold every row of shell/commands.def and shell/options.def, and nothing that is not there.
. "${0%/*}/check.inc"

# NAME SHELL EXPLORER of each row
printf '#include "metrics.h"\n#include "scores.h"\n#include "shell/commands.def"\n' | ${CC:-cc} -E -P -Iengine -Itui -x c - | sed 's/ COMMAND(/\nCOMMAND(/g; s/" "//g' |
    grep '^COMMAND(' >"$place/commands" # one line a row, those of the scores too
sed -n 's/^COMMAND([A-Za-z0-9_]*, "\([^"]*\)", "[^"]*", [^ ]*"[^"]*"[^ ]*, [A-Z]*, \([A-Za-z_0-9]*\), \([A-Za-z_0-9]*\),.*/\1\t\2\t\3/p' "$place/commands" >"$place/rows"
is "shell/commands.def: every row is read" "$(wc -l <"$place/rows" | tr -d ' ')" "$(grep -c . "$place/commands")"
sed -n 's/^OPTION([a-z_0-9]*, "\([^"]*\)", \("[^"]*"\|[A-Z_]*\), "\([^"]*\)",.*/\1\t\3/p' tui/shell/options.def >"$place/options"
is "shell/options.def: every row is read" "$(wc -l <"$place/options" | tr -d ' ')" "$(grep -c '^OPTION(' tui/shell/options.def)"

gives 0 help
cp "$out" "$place/help"
gives 0 help --man
cp "$out" "$place/man"
sed 's/\\-/-/g' "$place/man" >"$place/man.plain"
for shell in bash zsh fish; do
    gives 0 help --completion $shell
    cp "$out" "$place/$shell"
done
gives 2 help --completion tcsh
says "help --completion: the shells it knows" "expected bash, zsh or fish"

has() { # WHAT FILE PATTERN
    if grep -qE -- "$3" "$2"; then ok "$1"; else not_ok "$1" "found no \"$3\" in it, expected it"; fi
}
tab=$(printf '\t')
while IFS=$tab read -r name shell explorer; do
    if [ "$shell" != NO_SHELL ]; then
        has "$name: in scry help" "$place/help" "^  $name "
        has "$name: in the manual page" "$place/man.plain" "^\.SS scry $name "
        has "$name: in bash's completion" "$place/bash" " $name[ ']"
        has "$name: in zsh's completion" "$place/zsh" "^    '$name:"
        has "$name: in fish's completion" "$place/fish" " -a $name -d "
    fi
    [ "$explorer" = NO_EXPLORER ] || has "$name: in the manual page, with its keys" "$place/man.plain" "^\.B $name( |\$)"
done <"$place/rows"
is "the manual page: as many shell commands as rows" "$(grep -c '^\.SS scry ' "$place/man")" "$(awk -F"$tab" '$2 != "NO_SHELL"' "$place/rows" | wc -l | tr -d ' ')"

while IFS=$tab read -r name commands; do
    has "$name: in bash's completion" "$place/bash" " $name[ ']"
    [ "$commands" = "*" ] || has "$name: in the manual page" "$place/man.plain" "^\.B $name"
done <"$place/options"

for command in "" $(awk -F"$tab" '$2 != "NO_SHELL" { print $1 }' "$place/rows"); do
    gives 0 help $command
    is "help $command: lines of at most 79 columns, but for the usage" "$(grep -v '^scry [a-z]' "$out" | awk 'length($0) > 79' | head -1)" ""
done

bash -n "$place/bash" 2>"$place/said" && ok "bash reads its completion" || not_ok "bash reads its completion" "$(head -1 "$place/said")"
is "the manual page: no italics around nothing" "$(grep -cF '\fI\fR' "$place/man")" 0
is "the manual page: no line ends in a blank" "$(grep -c ' $' "$place/man")" 0
if command -v groff >/dev/null 2>&1; then
    groff -man -Tascii -ww "$place/man" >/dev/null 2>"$place/said"
    is "roff reads the manual page without a word" "$(head -1 "$place/said")" ""
else
    echo "skip - groff is not installed: the manual page is not set"
fi
finish
