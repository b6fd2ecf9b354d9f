#!/bin/sh
# Sources against control, from the shell: what a planted study says of them, and what is refused where there is none.
. "${0%/*}/check.inc"
x=$place/s.scry plain=$place/p.scry
gives 0 synth -o "$place/study" --width 1200 --domain-count 5 --tokens-each 64 --control
gives 0 index "$place/study/study.json" -o "$x"
says "what was paired" "paired train.icl with train.control: 64 of 64 tokens, 1 of 1 samples"
gives 0 synth -o "$place/without" --width 200 --domain-count 5 --tokens-each 64
gives 0 index "$place/without/study.json" -o "$plain"
gives 0 info "$x" --json
prints "info --json: references and sources" '"sources":\["icl","sft","control"\],"references":\["base","control"\]' \
    '\{"base":"train.control","capture":"train.icl","tokens":\[64,64\]'
gives 0 info "$plain" --json
prints "info --json: base alone" '"references":\["base"\]'

# the planted order is that against control: latent LATENT of truth.json's first ranks
first=$(sed -n 's/.*"latent":[^0-9]*\([0-9]*\).*/\1/p' "$place/study/truth.json" | head -1)
gives 0 rank "$x" --against control --top 3 --json
prints "rank --against control --json" "^\\{\"by\":\"icl\",\"against\":\"control\",\"metric\":\"sq\",\"total\":[0-9.]+,\"latents\":\\[\\{\"rank\":1,\"latent\":$first,\"shift\":4,"
gives 0 rank "$x" --against control --top 3
prints "rank: its words" '^shift by icl against control, metric sq;' 'mean control  shifted  rate control%'
gives 0 rank "$x" --against base --json
cp "$out" "$place/base"
gives 0 rank "$x" --json
cmp -s "$out" "$place/base" && ok "--against base is what is printed without it" || not_ok "--against base" "found another ranking"
gives 0 rank "$x" --by control --json
prints "control is a source against base" '^\{"by":"control","against":"base"'
gives 0 rank "$x" --by sft --against control --json
prints "sft against control, where it is asked for" '^\{"by":"sft","against":"control"'

# the score of the planted set is that of truth.json, which base's is not
gives 0 score "$x" --against control --score icl --top 10 --json
rho=$(sed 's/.*"pearson":\([0-9.-]*\).*/\1/' "$out")
is "score --against control: rho as planted" "$(printf %.4f "$rho")" 0.8000
prints "score --json: against" '"against":"control"'
gives 0 score "$x" --against control --score icl
prints "score: its words" '^STS icl against control of 100 latents'
gives 0 score "$x" --against control --score act
prints "act does not depend on it" '^STS act of 100 latents'

gives 0 overlap "$x" --a icl --b sft --against control --top 50 --json
prints "overlap: sft stays against base" '"a":"icl","b":"sft","against_a":"control","against_b":"base"' '\{"n":50,"overlap":25,'
gives 0 overlap "$x" --a icl --b control --top 10 --json
prints "overlap with control" '"a":"icl","b":"control","against_a":"base","against_b":"base"'
gives 0 tokens "$x" "$first" --against control --interval moved --top 1 --json
prints "tokens --interval moved" '"control":[0-9.]+,"versus":[0-9.]+,"difference":-?16' '"versus":"icl","against":"control"\}$'
gives 0 tokens "$x" "$first" --against control --versus sft --top 2
prints "tokens --versus: a column of control" 'activation +control +versus +difference'
gives 0 baselines "$x" --against control --json
prints "baselines" '"by":"icl","against":"control","other":"sft","other_against":"base"'
gives 0 sweep "$x" --against control --score icl --top 20 --json
prints "sweep" '"by":"icl","against":"control"'
gives 0 task-share "$x" --against control --json
prints "task-share" '"by":"icl","against":"control"'
gives 0 mix "$x" --against control --score icl --budget 50
prints "mix" 'in proportion to STS icl against control of 100 latents'
gives 0 latent "$x" "$first" --against control --page profile --json
prints "latent" '"against":"control"'
gives 0 plot "$x" overlap --against control
prints "plot" 'the first N by icl against control and by sft'
gives 0 compare "$x" "$x" --against control --json
prints "compare" '"by":"icl","against":"control"' '"other":"sft","other_against":"base"'
gives 0 report "$x" --against control -o "$place/r.html"
grep -q "icl against control" "$place/r.html" && ok "report" || not_ok "report" "found nothing of control, expected it"

# a set that was exported is read back, with the ranking that it came from
gives 0 export "$x" --against control --top 30 --without "$first" -o "$place/set.csv"
gives 0 score "$x" --against control --set "$place/set.csv" --json
prints "an exported set: one was switched out" '"n":29,' '"switches":1,'
gives 0 sets "$x" --against control --top 30 --compare top30 --json
prints "sets: both" '"latents":30,"latents_against":30,"both":30,'

# shards and other settings make the same bytes
for i in 1 2; do gives 0 index "$place/study/study.json" --shard $i/2 -o "$place/part$i.scry"; done
gives 0 merge "$place/part1.scry" "$place/part2.scry" -o "$place/merged.scry"
cmp -s "$place/merged.scry" "$x" && ok "merge: the bytes of one run" || not_ok "merge: the bytes of one run" "found others"
gives 0 index "$place/study/study.json" --threads 1 --memory 200M -o "$place/again.scry"
cmp -s "$place/again.scry" "$x" && ok "one thread: the same bytes" || not_ok "one thread: the same bytes" "found others"

refused '--against: found "sft", expected base or control' rank "$x" --against sft
refused 'no source "control against control" in this index; it has: icl, sft' rank "$x" --by control --against control
refused 'has a capture under "control"' rank "$plain" --against control
refused 'has a capture under "control"' score "$plain" --against control
refused 'expected two conditions' tokens "$x" "$first" --against control --versus control

printf 'against control\nscreen -\n' >"$place/script"
gives 0 "$x" --script "$place/script" --against control
prints "the explorer begins with it" 'by icl against control sq'
printf 'reference control\n' >"$place/script"
gives 1 "$plain" --script "$place/script"
says "the explorer says what to do" 'name your own "control" next to "base"'
finish
