#!/bin/sh
# A hostile study on a real terminal: every command of the table, as a table, JSON, CSV and where it writes to standard
# output, with names, tokens, labels, paths and arguments that hold every control character, marks that change the
# direction of writing, sequences that set a clipboard or a title, and long runs of combining marks. Nothing of them
# reaches the terminal raw; what scry itself sends to clear a line is taken out before it is looked at.
. "${0%/*}/check.inc"
command -v script >/dev/null 2>&1 || { echo "skip - script (util-linux) is not installed"; exit 0; }

# ---- the study
json_evil='\\u001b]52;c;RVZJTA==\\u0007\\u001b[31mRED\\u001bPdcs\\u001b\\\\\\u009b2J\\u009d0;t\\u009c\\u007f\\u202e\\u2066\\u200b\\u200f\\u061c\\ufeff\\u2028'
code=1
while [ $code -lt 32 ]; do
    json_evil=$json_evil$(printf '\\\\u%04x' $code)
    code=$((code + 1))
done
code=128
while [ $code -lt 160 ]; do
    json_evil=$json_evil$(printf '\\\\u%04x' $code)
    code=$((code + 1))
done
marks=$(printf '%40s' '' | sed 's/ /\\\\u0301/g')
s=$(printf '%s/study\033]0;TITLE\007\302\2332J\342\200\256\177' "$place") # a folder of such a name
mkdir -p "$s"
cp -r sample_data/acts sample_data/sae sample_data/models sample_data/text "$s/"
for f in "$s"/acts/*.jsonl; do
    LC_ALL=C sed -e "s/\"id\": *\"/&$json_evil/" -e "s/\" the\"/\"$json_evil\"/g" -e "s/\" =\"/\"a$marks\"/g" \
        -e "s/\"(\"/\"$(printf '\377\376\302')\\\\u0000\"/g" "$f" >"$f.new"
    mv "$f.new" "$f"
done
for latent in 1819 637 1273 371 187; do
    printf '{"latent": %d, "label": "%s"}\n' $latent "$(echo "$json_evil" | sed 's/\\\\/\\/g')a$(echo "$marks" | sed 's/\\\\/\\/g')"
done >"$s/labels.jsonl"
LC_ALL=C sed -e "s/\"name\": \"Original[^\"]*\"/\"labels\": \"labels.jsonl\", \"odd$json_evil\": 1, \"name\": \"$json_evil\"/" \
    -e "s/\"name\": \"law\"/\"name\": \"law$json_evil\"/" -e "s/\"name\": \"health\"/\"name\": \"a$marks\"/" \
    -e "s/\"name\": \"math\",/\"name\": \"math$json_evil\", \"base_path\": \"models\\/base\",/" \
    -e "s/\"pocket-llama-3.4M\"/\"$json_evil\"/" sample_data/study.json >"$s/study.json"
x=$s/h.scry
typed=$(printf 'no\033]52;c;RVZJTA==\007\302\2332J\342\200\256')

# ---- on a terminal: what it got is in $out
cat >"$place/run" <<'END'
cd "$TOP" || exit
n=1
while [ $n -le "$WORDS" ]; do
    eval "set -- \"\$@\" \"\$WORD_$n\""
    n=$((n + 1))
done
"$SCRY" "$@"
END
on_terminal() { # WORD...
    ran=$(echo "scry $1 ${2:-}" | LC_ALL=C tr -cd ' -~' | sed 's#/[^ ]*/##')
    WORDS=0 TOP=$PWD
    export WORDS TOP SCRY
    for word; do
        WORDS=$((WORDS + 1))
        eval "WORD_$WORDS=\$word"
        export "WORD_$WORDS"
    done
    script -qec "sh '$place/run'" /dev/null >"$out" 2>"$err" </dev/null
    status=$?
}

clean() { # WHAT
    tr -d '\r' <"$out" | LC_ALL=C sed "s/$(printf '\033')\\[[0-9]*[KA]//g" >"$place/left"
    bad=
    LC_ALL=C tr -d '\000-\010\013\014\016-\037\177' <"$place/left" | cmp -s - "$place/left" || bad="$bad C0"
    LC_ALL=C grep -q "$(printf '\302[\200-\237]')" "$place/left" && bad="$bad C1"
    for mark in 342\\200\\256 342\\201\\246 342\\200\\213 342\\200\\217 330\\234 357\\273\\277 342\\200\\250; do
        LC_ALL=C grep -qF -e "$(printf "\\$mark")" "$place/left" && bad="$bad mark-$mark"
    done
    # a line end in a name begins no line of its own: what stands behind it there is U+000B
    [ -z "$table" ] || ! LC_ALL=C grep -qE '^[\\](x0b|u000b)' "$place/left" || bad="$bad line-end"
    iconv -f UTF-8 -t UTF-8 "$place/left" >/dev/null 2>&1 || bad="$bad broken-UTF-8"
    LC_ALL=C grep -qE "($(printf '\314\201')){9}" "$place/left" && bad="$bad combining-run"
    if [ -z "$bad" ]; then ok "$1"; else not_ok "$1" "found$bad raw on the terminal, expected it spelt out: $(LC_ALL=C tr -cd ' -~' <"$place/left" | head -c 300)"; fi
}
on() { # WORD...: runs, and nothing is raw
    on_terminal "$@"
    tried="$tried $1"
    case $1 in report | export) table= ;; *) table=yes ;; esac # these hold line ends within quotes and tags
    case $status in 0 | 1 | 2) ;; *) not_ok "$ran" "found status $status, expected 0 to 2" ;; esac
    clean "$ran ($status): nothing raw"
}
shown() { # WORD...: the same, and it succeeds
    on "$@"
    [ "$status" -eq 0 ] && ok "$ran: status 0" || not_ok "$ran" "found status $status ($(LC_ALL=C tr -cd ' -~' <"$out" | tail -c 300)), expected 0"
}
three() { # WORD...: as a table, JSON and CSV
    shown "$@"
    shown "$@" --json
    shown "$@" --csv
}

# ---- each command
tried= table=yes
shown index "$s/study.json" -o "$x"
on merge "$x" "$x" -o "$s/m.scry"
three info "$x"
three rank "$x" --top 5
three score "$x"
three sweep "$x"
on ablate "$x" --latents 1819 --model "$s/models/base" --samples 1
on effects "$x" --samples 1 --draws 1
on diff "$x" --places 2
on diff "$x" --places 2 --json
three overlap "$x" --top 10
three baselines "$x" --top 10
three compare "$x" "$x" --top 10
three mix "$x" --budget 100
three task-share "$x"
three labels "$x"
shown report "$x" --top 5 -o "$s/r.html"
shown report "$x" --top 5 -o -
three tokens "$x" 1819 --top 20
shown tokens "$x" 637 --top 5 --csv
on logits "$x" 1819
on logits "$x" 1819 --json
three fires-on "$x" therefore --top 3
on prompt "$x" "$typed" --top 3
on prompt "$x" "$typed" --top 3 --json
on prompt "$x" "what is" --continue 3
on lens "$x"
on lens "$x" --json
shown export "$x" --top 5 -o -
shown export "$x" --top 5
on export "$x" --top 5 -o /dev/tty
on train "$s/acts/train.base.safetensors" -o "$s/run" --width 32 --k 4 --steps 3
on eval-sae "$s/sae" "$s/acts/train.base.safetensors"
on eval-sae "$s/sae" "$s/acts/train.base.safetensors" --json
on evaluate "$s/study.json" --model "$s/models/base" --tuned "$s/models/sft" --json
shown export-labels "$x" -o "$s/out.jsonl"
on export-labels "$x" -o /dev/stdout
on label-prompts "$x" --top 2
on label-prompts "$x" --top 2 -o -
on import-labels "$x" "$s/labels.jsonl"
on sets "$x" --keep "$typed" --top 3
on sets "$x"
on sets "$x" --json
on synth -o "$s/synth$typed" --width 64
three latent "$x" 1819 --page neighbours
shown plot "$x" scatter
shown plot "$x" sweep
on plot "$x" scatter -o /dev/stdout
on capture --model "$s/models/base" --layer 1 --train "$typed=$s/text/law.jsonl" -o "$s/captured" --max-length 16
on help
on help "$typed"

# a report and a plot name what they cannot hold
shown plot "$x" scatter -o "$s/p.svg"
table=
for file in r.html p.svg; do
    cp "$s/$file" "$out"
    clean "$file: controls and direction marks are spelt out"
done
grep -q 'u{202e}' "$s/r.html" && ok "r.html: spelt out where they stood" || not_ok "r.html: spelt out" "found no \\u{202e}, expected it"

table=yes
# messages
on rank "$s/$typed$(printf '\200').scry"
on score "$x" --domains "$typed"
on rank "$x" --by "$typed"
on "$typed"
on rank "$x" "--$typed"
on index "$s/labels.jsonl" -o "$s/n.scry"

# an 8-bit terminal gets no byte of UTF-8 that it takes for a control
LC_ALL=C on_terminal rank "$x" --top 5
LC_ALL=C grep -q "$(printf '[\200-\377]')" "$out" && not_ok "a terminal without UTF-8 gets ASCII alone" "found other bytes, expected none" ||
    ok "a terminal without UTF-8 gets ASCII alone"

# files and pipes get the exact bytes
gives 0 rank "$x" --top 5 --csv
LC_ALL=C grep -q "$(printf '\033\\]52;c;')" "$out" && ok "CSV in a pipe is exact" || not_ok "CSV in a pipe is exact" "found no raw sequence, expected it"
gives 0 labels "$x"
cp "$out" "$place/piped"
tr -d '\r' <"$place/piped" >"$out"
clean "a table in a pipe is safe too"

# no command is left out
sed -n 's/^COMMAND([A-Z_]*, "\([a-z-]*\)",.*, shell_[a-z_]*, .*/\1/p' tui/shell/commands.def | while read -r name; do
    case " $tried " in *" $name "*) ;; *) echo "$name" ;; esac
done >"$place/untried"
is "every command of the table is tried" "$(tr '\n' ' ' <"$place/untried")" ""
finish
