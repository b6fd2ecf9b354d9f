#!/bin/sh
# Messages advise only keys, options and commands that exist: each "word" between quotes in a message is a key of the
# manifest or of another file that scry reads, each --option a row of shell/options.def, each command one of commands.def.
. "${0%/*}/check.inc"

# The texts of string literals, one a line, adjacent ones joined; comments and character constants are left out.
git ls-files 'engine/*.c' 'engine/*.h' 'tui/shell/*.c' >"$place/sources" 2>/dev/null
[ -s "$place/sources" ] || find engine tui/shell -name '*.[ch]' >"$place/sources"
while read -r file; do
    [ -f "$file" ] || continue
    grep -v '^ *#' "$file" | tr '\n' ' ' | sed "s,/\*[^*]*\*\(/\|[^/*][^*]*\*\)*/, ,g; s/'\\\\\{0,1\}\"'//g; s/\"  *\"//g" |
        grep -oE '"(\\.|[^"\\])*"' | sed "s,^,$file: ,"
done <"$place/sources" >"$place/texts"

# The manifest's keys: the lists called known in the reader of the manifest, and the conditions.
tr '\n' ' ' <engine/study/study.c | grep -oE 'known\[\] = \{[^}]*\}' | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u >"$place/keys"
printf 'base\nicl\nsft\nrl\ncontrol\n' >>"$place/keys"
for key in sae_format tensor pairing features change; do
    if grep -qx "$key" "$place/keys"; then ok "the manifest has $key"; else not_ok "the manifest has $key" "found it in no list of known keys"; fi
done
# Keys of token files, label files and files of answers, sets, indexes of shards, tokenizers and model configs; settings of SAEs; a way of
# pairing; a mode of Python's open.
for key in id ids tokens latent index feature_index custom_id label description pos_str weight_map file content piece \
    latents architecture k topk standard response model_type llama hidden_size type accuracy tuned apply_b_dec_to_input normalize_activations layer_norm d_in rb row; do
    echo "$key"
done >>"$place/keys"

# What is found in texts of several words, one word a line after its file.
words() { # PATTERN CUT
    grep -v '^tui/shell/config\.c' "$place/texts" | grep ' "[^ ]* ' | grep -E -- "$1" | while read -r line; do
        printf '%s\n' "${line#*: }" | grep -oE -- "$1" | sed "$2" | sed "s,^,${line%%: *} ,"
    done
}
unknown() { # FILE OF NAMES: what is read and stands in no line of it
    awk 'FNR == NR { known[$1] = 1; next } !($2 in known) { print }' "$1" -
}

words '\\"[a-z_]+\\"' 's/[\\"]//g' >"$place/advised"
is "keys are advised in messages" "$([ "$(wc -l <"$place/advised")" -gt 15 ] && echo many)" many
is "each key that a message advises exists" "$(unknown "$place/keys" <"$place/advised")" ""
printf 'engine/sae/sae.c format\n' | unknown "$place/keys" >"$place/missed"
is "a key that does not exist would be found" "$(cat "$place/missed")" "engine/sae/sae.c format"

sed -n 's/^OPTION([a-z_0-9]*, "\([^"]*\)".*/\1/p' tui/shell/options.def >"$place/options"
echo --version >>"$place/options" # the shell's own, before any command
words '(^|[ (;])--[a-z][a-z-]+' 's/^[ (;]//' >"$place/advised"
is "options are advised in messages" "$([ "$(wc -l <"$place/advised")" -gt 30 ] && echo many)" many
is "each option that a message advises exists" "$(unknown "$place/options" <"$place/advised")" ""

sed -n 's/^COMMAND([A-Za-z0-9_]*, "\([^"]*\)".*/\1/p' tui/shell/commands.def >"$place/commands"
words '(run|with|by|use|and|or) scry [a-z][a-z-]+' 's/.* //' >"$place/advised"
is "commands are advised in messages" "$([ "$(wc -l <"$place/advised")" -gt 3 ] && echo many)" many
is "each command that a message advises exists" "$(unknown "$place/commands" <"$place/advised")" ""

finish
