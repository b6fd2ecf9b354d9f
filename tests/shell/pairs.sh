#!/bin/sh
# Pairs: what index, info, JSON and the explorer say of samples that were lost, of ids that do not fit the texts, and of
# a condition that is equal to base.
. "${0%/*}/check.inc"
s=$place/study x=$place/x.scry
"$SCRY" synth -o "$s" --width 600 --tokens-each 240 --domain-count 4 2>/dev/null
cp "$s/train.tokens.jsonl" "$s/icl.tokens.jsonl"
# icl names a token file of its own
awk '/train.icl/ { icl = 1 } icl && /train.tokens/ { sub(/train.tokens/, "icl.tokens"); icl = 0 } { print }' \
    "$s/study.json" >"$s/own.json"
samples=$(wc -l <"$s/train.tokens.jsonl" | tr -d ' ')

gives 0 index "$s/own.json" -o "$x"
says "index: how many were paired" "paired train.icl with train.base: 240 of 240 tokens, $samples of $samples samples"
if grep -q "were paired;" "$err"; then not_ok "nothing lost: no warning" "found $(grep "were paired" "$err")"; else
    ok "nothing lost: no warning"
fi
"$SCRY" rank "$x" --by icl --top 5 --json >"$place/right.json"

# ---- the same ids in another order: the texts say otherwise
sed 's|"id":[^,]*,||' "$s/train.tokens.jsonl" >"$place/texts"
sed 's/.*\("id":[^,]*,\).*/\1/' "$s/train.tokens.jsonl" | sed '1{h;d;};$G' >"$place/ids"
paste -d' ' "$place/ids" "$place/texts" | sed 's/^\("id":[^,]*,\) {/{\1/' >"$s/icl.tokens.jsonl"
gives 0 index "$s/own.json" -o "$x"
says "ids of other texts" "train.icl and train.base: $samples of $samples samples were paired by their text"
"$SCRY" rank "$x" --by icl --top 5 --json >"$place/found.json"
cmp -s "$place/right.json" "$place/found.json" && ok "ids of other texts: the ranking is right" ||
    not_ok "ids of other texts: the ranking is right" "found $(head -c 200 "$place/found.json")"

# ---- and refused where the texts do not say
sed '1s/"tokens": *\["/&changed /;1s/"tokens":\["/&changed /' "$s/train.tokens.jsonl" >"$s/icl.tokens.jsonl"
scry index "$s/own.json" -o "$place/none.scry"
is "a text that is in one file only" "$status" 1
says "the first token that differs" "train.icl: $s/icl.tokens.jsonl: sample" 'token 0: found "changed ' "expected" \
    "train.base ($s/train.tokens.jsonl, token 0)"
[ ! -e "$place/none.scry" ] && ok "and no index" || not_ok "and no index" "found one"

# ---- samples without a partner
sed '2,$s/"id": *"/&other-/' "$s/train.tokens.jsonl" >"$s/icl.tokens.jsonl"
gives 0 index "$s/own.json" -o "$x"
says "index: samples without a partner" "warning: train.icl and train.base: only " " of 240 tokens, 1 of $samples samples were paired" \
    "the text stands under another id"
gives 0 info "$x"
prints "info: samples without a partner" "^pairs +train.icl with train.base: [0-9]+ of 240 tokens, 1 of $samples samples" \
    "^warning +train.icl and train.base: only [0-9]+ of 240 tokens, 1 of $samples samples were paired"
gives 0 info "$x" --json
prints "info --json: pairs" "\"pairs\":\[\{\"base\":\"train.base\",\"capture\":\"train.icl\",\"tokens\":\[240,240\],\"paired\":\[[0-9]+,[0-9]+\],\"samples\":\[$samples,$samples\],\"paired_samples\":1,\"by_text\":0,\"identical\":false\}"
gives 0 index "$s/own.json" -o "$x" --json
prints "index --json: pairs" "\"capture\":\"train.icl\",\"tokens\":\[240,240\]" "\"paired_samples\":1,"
printf 'info\nscreen %s\n' "$place/info.txt" >"$place/info.scr"
gives 0 "$x" --script "$place/info.scr" --size 40x200
grep -q "pairs .*1 of $samples samples" "$place/info.txt" && ok ":info: samples without a partner" ||
    not_ok ":info: samples without a partner" "found $(head -12 "$place/info.txt")"

# ---- a condition that is equal to base
cp "$s/acts/train.base.safetensors" "$s/acts/train.sft.safetensors"
cp "$s/acts/domain-02.base.safetensors" "$s/acts/domain-02.icl.safetensors"
gives 0 index "$s/study.json" -o "$x"
says "index: sft equal to base" "warning: train.sft is equal to train.base to the bit on all paired rows: it is no source"
says "index: a domain's icl equal to its base" "domain-02.icl is equal to domain-02.base to the bit"
gives 0 info "$x"
prints "info: sft equal to base" 'sources icl *$' "^warning +train.sft is equal to train.base to the bit"
gives 0 info "$x" --json
prints "info --json: sft equal to base" '"sources":\["icl"\]' '"capture":"train.sft",[^}]*"identical":true' \
    '"capture":"domain-02.icl",[^}]*"identical":true' '"capture":"domain-01.icl",[^}]*"identical":false'
fails "train.sft is equal to train.base to the bit" rank "$x" --by sft
fails "or rank by icl" score "$x" --by sft
fails "Was the adapter or the trained checkpoint loaded and active" sweep "$x" --by sft
gives 0 rank "$x" --top 2
prints "rank: the other source" 'shift by icl'
gives 0 score "$x" --score icl --top 20
prints "score by icl: the domain that is equal is left out" 'domain-02 +-'
printf 'by-trained\nscreen %s\ninfo\nscreen %s\n' "$place/sft.txt" "$place/info.txt" >"$place/sft.scr"
scry "$x" --script "$place/sft.scr" --size 40x260
grep -q "train.sft is equal to train.base to the bit" "$err" "$out" "$place/sft.txt" 2>/dev/null &&
    ok "the explorer refuses to rank by sft" || not_ok "the explorer refuses to rank by sft" "found $(cat "$err")"
printf 'info\nscreen %s\n' "$place/info.txt" >"$place/info.scr"
gives 0 "$x" --script "$place/info.scr" --size 40x260
grep -q "train.sft is equal to train.base to the bit" "$place/info.txt" && ok ":info: sft equal to base" ||
    not_ok ":info: sft equal to base" "found $(head -20 "$place/info.txt")"

# ---- where it is the only source, there is nothing to rank, and everything else can be read
awk '/"icl":/ && !done { skip = 1 } skip { if (/}/) { skip = 0; done = 1 } next } { print }' "$s/study.json" >"$s/only.json"
gives 0 index "$s/only.json" -o "$x"
fails "train.sft is equal to train.base to the bit" rank "$x"
fails "train.sft is equal to train.base to the bit" "$x" --script "$place/info.scr"
gives 0 info "$x"
prints "info: no source" "^warning +train.sft is equal to train.base to the bit"
finish
