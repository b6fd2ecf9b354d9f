#!/bin/sh
# The explorer's page of two models on a text that would write to the terminal: nothing of it reaches the screen as it is.
. "${0%/*}/check.inc"
esc=$(printf '\033') bell=$(printf '\007')
printf '{"id": "a\\u001b[31m", "prompt": "Say \\u001b]0;title\\u0007 \\u202e gnp\\u0085?", "response": " \\u001b[2J ok \\u200d \\u0301x."}\n' >"$place/hostile.jsonl"
"$SCRY" capture --model sample_data/models/base --tuned sample_data/models/sft --sae sample_data/sae \
    --train "math=$place/hostile.jsonl" --domain "law=$place/hostile.jsonl" --demos 0 --domain-demos 0 -o "$place/study" 2>/dev/null >&2
"$SCRY" index "$place/study" -o "$place/x.scry" 2>/dev/null >&2
printf 'diff law\nscreen %s/page.ansi\nscreen %s/page.txt\n' "$place" "$place" >"$place/script"
gives 0 --script "$place/script" "$place/x.scry"
out=$place/page.txt ran="the page"
prints "the text, its name and its tokens stand there, made safe" 'diff: law, a\\x1b\[31m, text 2 of 2' \
    '^ Say \\x1b\]0;title\\x07 \\u\{202e\} gnp\\x85\?' '"\\xc2" "\\x85"' 'base expects' 'latent  base tuned  change'
is "no control sequence but the screen's own colours" \
    "$(LC_ALL=C sed "s/$esc\[[0-9;]*m//g" "$place/page.ansi" | LC_ALL=C grep -c "$esc\|$bell")" 0
is "no character that changes the direction" "$(grep -c "$(printf '\342\200\256\|\342\200\215\|\302\205')" "$place/page.ansi")" 0
finish
