#!/bin/sh
# Untrusted text: escape sequences, changed directions and broken bytes in tokens, ids, labels and names never reach
# the terminal as they are, and a spreadsheet runs nothing of them.
. "${0%/*}/check.inc"
s=$place/study
mkdir -p "$s"
cp -r sample_data/acts sample_data/sae "$s/"
broken=$(printf '\377\376')
for f in "$s"/acts/*.jsonl; do
    LC_ALL=C sed -e 's/"id": *"/&\\u001b]0;PWNED\\u0007\\u202e/' -e 's/" the"/"\\u001b[31mRED\\u009b2J"/g' \
        -e 's/" ="/"\\u202eEVIL\\u2066\\u200b"/g' -e "s/\"(\"/\"$broken\\\\u001bc\\\\r\\\\b\\\\u0000\"/g" "$f" >"$f.new"
    mv "$f.new" "$f"
done
printf '{"latent": 1819, "label": "\\u001b[2J\\u202elabel%s"}\n{"latent": 637, "label": "=cmd|calc!A1"}\n{"latent": 1273, "label": "@SUM(1)\\u001b[1m"}\n{"latent": 371, "label": "-2+3"}\n{"latent": 187, "label": "a \\"b\\", c"}\n' "$broken" >"$s/labels.jsonl"
LC_ALL=C sed -e 's/"name": "Original[^"]*"/"labels": "labels.jsonl", "name": "\\u001b]0;PWNED\\u0007\\u202eOriginal'"$broken"'"/' \
    -e 's/"name": "law"/"name": "\\u001b[5mlaw\\u202e'"$broken"'"/' -e 's/"name": "other"/"name": "=1+1"/' \
    -e 's/"pocket-llama-3.4M"/"\\u001b[7mpocket"/' sample_data/study.json >"$s/study.json"
x=$place/h.scry
gives 0 index "$s/study.json" -o "$x"

esc=$(printf '\033')
safe() { # WHAT FILE
    bad=
    LC_ALL=C grep -q "$esc" "$2" && bad="$bad ESC"
    LC_ALL=C grep -q "$(printf '\342\200\256')" "$2" && bad="$bad U+202E"
    LC_ALL=C grep -q "$(printf '\342\201\246')" "$2" && bad="$bad U+2066"
    LC_ALL=C grep -q "$(printf '\302\233')" "$2" && bad="$bad U+009B"
    LC_ALL=C grep -q "$(printf '\377')" "$2" && bad="$bad byte-ff"
    LC_ALL=C grep -q "$(printf '\007')" "$2" && bad="$bad BEL"
    LC_ALL=C grep -q "$(printf '\r')" "$2" && bad="$bad CR"
    LC_ALL=C grep -q "$(printf '\010')" "$2" && bad="$bad BS"
    if [ -z "$bad" ]; then ok "$1"; else not_ok "$1" "found$bad raw, expected them spelt out"; fi
}
for command in "info" "rank --top 50" "score" "tokens 1819 --top 50" "tokens 637 --capture math --top 9"; do
    name=${command%% *} rest=${command#"$name"}
    case $name in
    tokens) rest=${rest# } latent=${rest%% *} && rest=${rest#"$latent"} ;;
    *) latent= ;;
    esac
    # shellcheck disable=SC2086  # these are words
    gives 0 "$name" "$x" $latent $rest
    safe "$command: the table is safe" "$out"
    safe "$command: stderr is safe" "$err"
done
gives 0 tokens "$x" 1819 --top 50
prints "tokens: spelt out instead" '\\x1b' '(\\xff|�)' '\\u\{202e\}'
gives 0 rank "$x" --top 3
prints "rank: labels spelt out" '\\x1b\[2J\\u\{202e\}label(\\xff|�)'
gives 2 score "$x" --domains "$(printf 'no\033[31m')"
safe "an error that quotes what was typed is safe" "$err"
gives 1 rank "$place/$(printf 'no\033[31m').json"
safe "an error that names a file is safe" "$err"
printf '{"scry_study": 1, "\\u001b[31mkey": 1}' >"$s/bad.json"
gives 1 index "$s/bad.json" -o "$place/no.scry"
safe "an error about a manifest is safe" "$err"
sed 's/"pairing": "token"/"pairing": "\\u001b[31m"/' "$s/study.json" >"$s/bad.json"
gives 1 index "$s/bad.json" -o "$place/no.scry"
safe "an error that quotes a manifest is safe" "$err"
sed 's/"pairing": "token"/"pairing": "token", "\\u001b[31mkey\\u202e": 1/' "$s/study.json" >"$s/odd.json"
gives 0 index "$s/odd.json" -o "$place/odd.scry"
safe "a warning is safe" "$err"

# machines get the text as it is, but as valid JSON and UTF-8
gives 0 tokens "$x" 1819 --top 50 --json
LC_ALL=C grep -q "$esc" "$out" && not_ok "JSON: no raw control character" "found ESC, expected \\u001b" || ok "JSON: no raw control character"
iconv -f UTF-8 -t UTF-8 "$out" >/dev/null 2>&1 && ok "JSON is valid UTF-8" || not_ok "JSON is valid UTF-8" "found broken bytes, expected none"
gives 0 rank "$x" --top 5 --csv
is "CSV: a label that a spreadsheet would run" "$(sed -n 3p "$out" | cut -d, -f10)" "\"'=cmd|calc!A1\""
is "CSV: with @" "$(sed -n 4p "$out" | cut -d, -f10 | cut -c1-4)" "\"'@S"
is "CSV: with -" "$(sed -n 5p "$out" | cut -d, -f10)" "\"'-2+3\""
is "CSV: quotes and commas" "$(sed -n 6p "$out" | cut -d, -f10-11)" '"a ""b"", c"'
gives 0 export "$x" --top 5 -o "$place/set.csv"
is "export: a label that a spreadsheet would run" "$(sed -n 3p "$place/set.csv" | cut -d, -f6)" "\"'=cmd|calc!A1\""
is "export: a domain's name too" "$(head -1 "$place/set.csv" | grep -c '"=')" 0
gives 0 score "$x" --set "$place/set.csv" --json
is "and it reads back" "$(number n)" 5
gives 0 score "$x" --csv
is "score --csv: a domain's name that a spreadsheet would run" "$(grep -c "^\"'=1+1\"" "$out")" 1

# the explorer, as a script
printf 'screen %s/a.txt\nopen\nscreen %s/b.roles\nopen\npane domains\nopen\nscreen %s/c.txt\n' "$place" "$place" "$place" >"$place/script"
for size in 24x80 12x60 50x160; do
    gives 0 --script "$place/script" --size $size "$x"
    cat "$place/a.txt" "$place/b.roles" "$place/c.txt" >"$place/screens"
    safe "the explorer's screens at $size are safe" "$place/screens"
done
finish
