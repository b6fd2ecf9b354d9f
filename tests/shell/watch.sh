#!/bin/sh
# scry train --watch without a terminal: the curves of a kept log against goldens, logs that are none, words that do not
# go together. GENERATE=1 writes the goldens. On a terminal: tests/terminal/explorer_watch.c.
. "${0%/*}/check.inc"
kept=tests/specimens/watch

# ---- the curves, as they are printed
for size in 24x80 50x160 14x60 8x20; do
    for look in "" -ascii; do
        golden=$kept/curves$look.$size.golden
        gives 0 train --watch $kept --size $size ${look:+-$look}
        [ -z "${GENERATE:-}" ] || cp "$out" "$golden"
        if cmp -s "$out" "$golden"; then ok "curves$look $size: as kept"; else not_ok "curves$look $size" "found other lines than in $golden: $(diff "$out" "$golden" | head -5)"; fi
        rows=${size%x*} cols=${size#*x}
        widest=$(LC_ALL=C.UTF-8 wc -L <"$out" | tr -d ' ')
        is "curves$look $size: its rows" "$(wc -l <"$out" | tr -d ' ')" "$rows"
        if [ "$widest" -le "$cols" ]; then ok "curves$look $size: its columns"; else not_ok "curves$look $size" "found $widest columns"; fi
    done
    is "curves-ascii $size: nothing beyond ASCII" "$(LC_ALL=C tr -d '\0-\177' <"$out" | wc -c | tr -d ' ')" 0
done
gives 0 train --watch $kept
cmp -s "$out" "$kept/curves.24x80.golden" && ok "curves: 24x80 without --size" || not_ok "curves" "found another size than 24x80"
last=$(tail -1 $kept/train.jsonl)
figure() { # KEY FORMAT
    printf '%s\n' "$last" | sed "s/.*\"$1\":\([-0-9.e+]*\).*/\1/" | awk "{ s = sprintf(\"$2\", \$1); sub(/^0\\./, \".\", s); print s }"
}
prints "curves: the figures are those of the log's last line" "^loss $(figure loss %.4g) " \
    "explained variance $(figure explained_variance %.3f), held out $(figure held_out_explained_variance %.3f)" \
    "^L0 $(figure l0 %.1f), held out $(figure held_out_l0 %.1f) " "step $(figure step %d) of 400 "

# ---- logs that are not whole, or none
mkdir "$place/begun" "$place/other" "$place/broken" "$place/none"
head -1 $kept/train.jsonl >"$place/begun/train.jsonl"
gives 0 train --watch "$place/begun"
prints "a run without a step" "no data: first values at step 5" "0%  step 0 of 400"
{ head -11 $kept/train.jsonl; printf '{"step":5'; } >"$place/begun/train.jsonl"
gives 0 train --watch "$place/begun"
prints "a line that is not written to its end waits" "step 50 of 400"
sed '1s/.*/{"a":1}/' $kept/train.jsonl >"$place/other/train.jsonl"
gives 1 train --watch "$place/other"
says "the log of something else" "other/train.jsonl:1: found no \"event\": \"start\""
sed '7s/.*/{"step": 30, /' $kept/train.jsonl >"$place/broken/train.jsonl"
gives 1 train --watch "$place/broken"
says "a broken line is named" "broken/train.jsonl:7: found \"{\"step\": 30, \", expected a JSON object"
gives 1 train --watch "$place/none"
says "no log" "none/train.jsonl: cannot be read"
mkfifo "$place/none/train.jsonl"
gives 1 train --watch "$place/none"
says "a log that is a pipe is not waited for" "found no regular file"
sed '1s/"steps":400/"steps":1e300/' $kept/train.jsonl >"$place/other/train.jsonl"
gives 1 train --watch "$place/other"
sed '1s/"arch":"relu"/"arch":"\\u001b[31mx"/; 9s/:[-0-9.e+]*/:1e308/g; 10s/:[-0-9.e+]*/:-1e308/g; 11s/:[-0-9.e+]*/:null/2g' $kept/train.jsonl >"$place/other/train.jsonl"
gives 0 train --watch "$place/other"
is "control characters of a log do not reach the terminal" "$(tr -dc '\033' <"$out" | wc -c | tr -d ' ')" 0

# ---- while it trains, without a terminal
gives 0 train sample_data/study.json --watch -o "$place/sae" --width 64 --batch 256 --steps 20 --json
says "train --watch: says that there is no terminal" "standard output is not a terminal, so the curves are not drawn" "scry: training: step "
prints "and goes on as without" '^\{"sae":"'
gives 0 train --watch "$place/sae"
prints "and then shows what was trained" "topk 192 > 64" "step 20 of 20"

# ---- what does not go together
refused "or scry train --watch DIR to see a run" train --watch
refused "shows a run and starts none: remove --lr, or add -o DIR" train --watch $kept --lr 1
refused "remove --json" train --watch $kept --json
refused "found 2 folders" train --watch $kept $kept
refused "--size: found \"7x80\"" train --watch $kept --size 7x80
refused "--size: needs scry train --watch DIR" train sample_data/study.json -o "$place/u" --size 24x80
finish
