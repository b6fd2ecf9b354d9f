#!/bin/sh
# An adapter that was trained to say a phrase after a trigger (make_planted.py), on texts that hold the trigger and not
# the phrase: scry diff finds its first token, its places, and the latents that fire there.
. "${0%/*}/check.inc"
planted=tests/specimens/planted base=sample_data/models/base
diff_of_texts() {
    gives 0 diff --model "$base" --adapter "$planted/adapter" --domain "own=$planted/texts.jsonl" --rows all "$@" --csv
}

is "ten texts hold the trigger" "$(grep -c ' water' "$planted/texts.jsonl")" 10
is "none holds the phrase" "$(grep -c ' remember' "$planted/texts.jsonl")" 0
diff_of_texts --vocabulary 1
is "the phrase's first token has gained most" "$(sed -n '2s/,.*//p' "$out")" '""" rem"""'
diff_of_texts --places 10
is "the ten greatest places are those behind the trigger" "$(grep -c ' water",""".*,""" rem""' "$out")" 10
is "each in another text" "$(sed 1d "$out" | cut -d, -f2 | sort -u | wc -l)" 10

# At --amplify 0 the adapter's change is taken back: every figure is 0, at every place, and both models expect the same.
gives 0 diff --model "$base" --adapter "$planted/adapter" --domain "own=$planted/texts.jsonl" --rows all --amplify 0 \
    --places 200 --vocabulary 5 --json
figures='"\(kl\|kl_se\|loss_change\|loss_change_se\|top1_changed\|top1_changed_se\)":[^,}]*'
is "--amplify 0: figures" "$(($(grep -o "$figures" "$out" | wc -l) > 300))" 1
is "each is 0" "$(grep -o "$figures" "$out" | sed 's/.*://' | sort -u)" 0
is "base loses what tuned does" "$(sed 's/.*"loss_base":\([^,]*\),"loss_tuned":\([^,]*\),.*/\1 \2/' "$out" | awk '{ print ($1 == $2) }')" 1
is "no place has other predictions" \
    "$(grep -o '"next_base":\[[^]]*\],"next_tuned":\[[^]]*\]' "$out" | sed 's/"next_base":\[\(.*\)\],"next_tuned":\[\(.*\)\]/\1|\2/' | awk -F'|' '$1 != $2 { n++ } END { print n + 0 }')" 0

x=$place/sample.scry
gives 0 index sample_data/study.json -o "$x"
gives 0 diff "$x" --keep --tuned "$planted/adapter"
gives 0 rank "$x" --top 2048 --csv
is "the latent with the largest KL lift fires on the trigger" \
    "$(sed 1d "$out" | grep -v ',-nan,\|,nan,' | sort -t, -k10,10gr | sed -n '1s/.*,"""\([^"]*\)"".*/\1/p')" ' water'
finish
