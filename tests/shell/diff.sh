#!/bin/sh
# scry diff on the sample study's two models: the table, places, the vocabulary, files, and what is refused.
. "${0%/*}/check.inc"
x=$place/sample.scry
base=sample_data/models/base tuned=sample_data/models/sft
gives 0 index sample_data/study.json -o "$x"
gives 0 diff "$x" --samples 2
prints "diff: what is in the table, and rho as after the fact" '^KL\(tuned \|\| base\) of the next token' \
    'means over [0-9]+ tokens of responses, 30 texts' '^after the fact \(it needs the tuned model\): rho -?0\.[0-9]+' \
    '^domain +tokens +KL +s\.e\. +loss +s\.e\. +top-1% +change' '^math +[0-9]+ +0\.[0-9]+' '^psychology +[0-9]+ +[0-9.]+'
is "diff: the training set and each domain" "$(sed -n '/^domain/,$p' "$out" | wc -l)" 16
gives 0 diff "$x" --samples 2 --json
prints "diff --json: its keys" '^\{"base":"[^"]*models/base","tuned":"[^"]*models/sft","rows":"response","domains":\[\{"name":"math","is_train":true,"n":[0-9]+,"samples":2,"left_out":0,"kl":0\.' \
    '"kl_se":0\.' '"loss_base":[0-9.]+,"loss_tuned":[0-9.]+,"loss_change":-?[0-9.]+,"loss_change_se":' '"top1_changed":0\.' '"pearson":-?0\.' '"seed":20260302\}'
grep -q '"places"\|"gained"' "$out" && not_ok "places and tokens are asked for" "found them" || ok "places and tokens are asked for"
gives 0 diff "$x" --samples 2 --domains law,health --places 4 --by loss --vocabulary 3 --by-domain --json
prints "diff --places --vocabulary --json" '"places_by":"loss","places":\[\{"name":' '"next_base":\[\{"token":' '"next_tuned":\[\{"token":' '"context":\[' \
    '"name":"law","is_train":false' '"gained":\[\{"token":"[^"]*","id":[0-9]+,"probability":0\.[0-9]+,"top20_share":'
grep -q '"name":"history"' "$out" && not_ok "--domains leaves others out" "found history" || ok "--domains leaves others out"
gives 0 diff "$x" --samples 2 --places 4 --vocabulary 3
prints "diff --places --vocabulary: three tables" '^domain +text +token +KL +loss +before +token +base expects +tuned expects' '^gained +points +top 20% +lost +points +top 20%'
is "diff --places 4" "$(sed -n '/^domain  *text/,/^$/p' "$out" | wc -l)" 6
gives 0 diff "$x" --samples 2 --places 4 --csv
is "diff --places --csv: the places" "$(sed -n '1p;$=' "$out" | tr '\n' ' ')" 'name,sample,position,kl,loss_change,before,there,base,tuned 5 '
gives 0 diff "$x" --samples 1 --rows all --json
prints "diff --rows all" '"rows":"all"'

# ---- amplified
gives 0 diff "$x" --samples 1 --json
cp "$out" "$place/one"
gives 0 diff "$x" --samples 1 --json --amplify 1
cmp -s "$out" "$place/one" && ok "--amplify 1 is the tuned model" || not_ok "--amplify 1 is the tuned model" "found other figures"
gives 0 diff "$x" --samples 1 --json --amplify 0
is "--amplify 0 is the base model: no KL" "$(grep -o '"kl":[0-9.e-]*' "$out" | sort -u)" '"kl":0'
gives 0 diff "$x" --samples 1 --json --amplify 2
is "--amplify 2 is further away" "$(for f in "$out" "$place/one"; do sed 's/.*"is_train":true[^}]*"kl":\([0-9.]*\),.*/\1/' "$f" | cut -c1-12; done | sort -g | tail -1)" "$(sed 's/.*"is_train":true[^}]*"kl":\([0-9.]*\),.*/\1/' "$out" | cut -c1-12)"
refused '--amplify' diff "$x" --amplify much
gives 0 prompt "$x" "2 +" --top 1 --json --amplify 0
is "prompt --amplify 0 says what base says" "$(sed 's/.*"next_base":\[\([^]]*\)\],"next_tuned":\[\([^]]*\)\].*/\1|\2/' "$out" | awk -F'|' '{ print ($1 == $2) }')" 1

# ---- kept with the index
gives 0 rank "$x" --top 1
grep -q 'KL lift' "$out" && not_ok "no KL lift before" "found one" || ok "no KL lift before"
gives 0 diff "$x" --keep
prints "diff --keep says what it kept" 'sample\.diff: [0-9]+ tokens, mean KL 0\.[0-9]+, mean change of loss \+0\.'
gives 0 rank "$x" --top 3
prints "rank has the KL lift" 'KL lift +loss' '^ +1 +1819 .* 0\.[0-9]+ +\+0\.[0-9]+ '
gives 0 rank "$x" --top 1 --json
prints "rank --json has it" '"kl_lift":0\.[0-9]+,"loss_change":0\.'
gives 0 export "$x" --top 2 -o "$place/set.csv"
is "export has it" "$(sed -n '1s/.*\(,kl_lift.*\)/\1/p' "$place/set.csv")" ',kl_lift,loss_change,key_tokens'
gives 0 score "$x" --set "$place/set.csv"
gives 0 diff "$x" --keep --json
prints "diff --keep --json" '"path":".*sample\.diff"' '"mean_kl":0\.' '"mean_loss_change":0\.' '"bytes":[0-9]+'
printf 'no' >"$place/sample.diff"
gives 0 rank "$x" --top 1
grep -q 'KL lift' "$out" && not_ok "a damaged file is not used" "found a lift" || ok "a damaged file is not used"
refused '--keep' diff "$x" --keep --places 3
refused '--keep' diff "$x" --keep --amplify 2
cp -r "$tuned" "$place/other" && sed -i 's/"rope_theta": [0-9.]*/"rope_theta": 50000.0/' "$place/other/config.json"
refused 'config.json' diff "$x" --tuned "$place/other" --amplify 2 --samples 1
refused 'not the model of the study' diff "$x" --model "$tuned" --tuned "$base" --samples 1

# ---- without a study
printf '{"prompt": "Question: 2 + 2?\\nAnswer:", "response": " 4. \\u001b[31mred\\u202e"}\n' >"$place/own.jsonl"
gives 0 diff --model "$base" --tuned "$tuned" --domain "own=$place/own.jsonl" --places 9
prints "diff of a file" '^own +[0-9]+ +[0-9.]+'
LC_ALL=C grep -q "$(printf '\033')" "$out" && not_ok "a hostile text is made safe" "found an escape" || ok "a hostile text is made safe"
gives 0 diff --model "$base" --tuned "$base" --domain "own=$place/own.jsonl" --json
prints "a model does not differ from itself" '"kl":0,"kl_se":null,.*"loss_change":-?0,' '"top1_changed":0,'

# ---- what is missing, and what does not go together
gives 2 diff
says "no texts" 'expected texts: a study, or --domain NAME=FILE'
gives 2 diff --domain "own=$place/own.jsonl"
says "no model" '--model'
gives 2 diff --model "$base" --domain "own=$place/own.jsonl"
says "no tuned model" '--tuned'
gives 2 diff "$x" --domain "own=$place/own.jsonl"
says "a study and files" 'one of them'
gives 2 diff "$x" --by kl
says "--by without --places" '--places'
gives 2 diff "$x" --by-domain
says "--by-domain without --vocabulary" '--vocabulary'
gives 2 diff "$x" --rows some
says "--rows" 'all or response'
gives 2 diff "$x" --tuned "$tuned" --adapter "$tuned"
says "--tuned and --adapter" 'one tuned model'
gives 1 diff "$x" --tuned "$place/nowhere"
says "a tuned model that is not there" 'nowhere'
gives 2 diff "$x" --memory 1M
says "too little memory" '--memory'
finish
