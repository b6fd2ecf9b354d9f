#!/bin/sh
# scry ablate: losses without a selection; random sets, each latent, the first N; and what is missing.
. "${0%/*}/check.inc"
tiny=tests/specimens/ablation
gives 0 index $tiny/as_is.json -o "$place/tiny.scry"

# ---- a selection
gives 0 ablate "$place/tiny.scry" --latents 3,17 --signed
prints "the table" '^2 latents removed, the SAE.s error kept$' '^loss in nats per token over 412 tokens of 26 texts$' \
    '^rho -?0\.[0-9]+ \(Pearson.s r\) of the differences with the signed change over 4 domains' '^permutation p ' \
    '^domain +loss +ablated +difference +s\.e\. +accuracy% +ablated% +change$' \
    '^math +1\.1448 +1\.1593 +\+0\.01456 +0\.00112 +72\.46 +72\.46 +\+1\.50$' '^law +2\.2815 +2\.3252 +\+0\.04367 +0\.01399 '
gives 0 ablate "$place/tiny.scry" --latents 3,17 --json
prints "--json: its keys" '^\{"n":2,"value":"zero","error":"keep","scale":0,"precision":"float32","domains":\[\{"name":"math","samples":9,"tokens":138,"left_out":0,"loss":1\.1447' \
    '"loss_ablated":1\.1593' '"difference":0\.01455' '"se":0\.001117' '"accuracy":0\.7246' '"accuracy_ablated":0\.7246' '"change":1\.5' \
    '"pearson":' '"p_value":' '"without_train":' '"random_mean":null' '"random_sets":null' '"seed":20260302'
gives 0 ablate "$place/tiny.scry" --latents 3,17 --csv
is "--csv: a row a domain" "$(tail -n +2 "$out" | awk -F, '{ printf "%s %.4f ", $1, $2 }')" '"math" 1.1448 "law" 2.2815 "plain" 1.7506 "cut" 1.1696 '
for threads in 1 2; do
    gives 0 ablate "$place/tiny.scry" --latents 5-24 --threads $threads --json
    cp "$out" "$place/threads.$threads"
done
cmp -s "$place/threads.1" "$place/threads.2" && ok "1 and 2 threads print the same" || not_ok "1 and 2 threads" "found different figures, expected the same"
gives 0 ablate "$place/tiny.scry" --latents 3,17 --scale 2 --error drop
prints "--scale and --error" '^2 latents multiplied by 2, the SAE.s reconstruction in place of the stream$' '^math +6\.8[0-9]+ '
gives 0 ablate "$place/tiny.scry" --latents 3,17 --value mean
prints "--value mean" '^2 latents at their mean over the domain, the SAE.s error kept$' '^math .* \+0\.0289[0-9] '
gives 0 ablate "$place/tiny.scry" --latents 3,17 --domains math,law --samples 4
prints "--domains and --samples: texts that are run" '^loss in nats per token over [0-9]+ tokens of 8 texts$' '^math ' '^law '
is "--domains: no other row" "$(grep -c '^plain\|^cut' "$out")" 0
prints "two domains have no correlation" '^no correlation: fewer than 3 domains'

# ---- random sets, N, each
gives 0 ablate "$place/tiny.scry" --latents 3,17 --random 20
prints "--random" '^20 random sets of 2 latents: rho [+-]0\.[0-9]+, SD 0\.[0-9]+; the selection.s is above [0-9.]+% of them, two-sided p ' \
    '^without the training set.s own domain: rho [+-][01]\.[0-9]+, SD [0-9.]+; the selection.s is above [0-9.]+% of them$' \
    '^domain .* change +random +SD +beats%$'
gives 0 ablate "$place/tiny.scry" --latents 3,17 --random 20 --match rate --json
prints "--match rate" '"random_sets":20,"random_size":2,"match":"rate"' '"random_mean":-?0\.' '"random_rank":'
cp "$out" "$place/matched"
gives 0 ablate "$place/tiny.scry" --latents 3,17 --random 20 --match rate --json --threads 1
cmp -s "$out" "$place/matched" && ok "the same seed draws the same sets" || not_ok "the same seed" "found other figures, expected the same"
gives 0 ablate "$place/tiny.scry" --top 12 --over n --random 3
prints "--over n" '^up to 12 latents removed' '^ *N +difference +accuracy% +random +SD +accuracy% +rho ' '^ *1 ' '^ *10 ' '^ *12 '
is "--over n: the steps of sweep" "$(grep -c '^ *[0-9]' "$out")" 11
gives 0 ablate "$place/tiny.scry" --latents 3,17,30 --each
prints "--each" '^1 latent removed.*, each in turn' '^ *rank +latent +difference +accuracy% +most in +difference +s\.e\.'
is "--each: a row a latent" "$(grep -c '^ *[0-9][0-9]* *\(3\|17\|30\) ' "$out")" 3
gives 0 ablate "$place/tiny.scry" --latents 3 --json
alone=$(sed 's/.*"name":"math"[^}]*"difference":\([^,]*\).*/\1/' "$out")
gives 0 ablate "$place/tiny.scry" --latents 3,17 --each --json
prints "--each: what the latent does alone" "\"latent\":3,.*\"name\":\"math\",\"difference\":$alone"
cp "$out" "$place/each.json"
gives 0 ablate "$place/tiny.scry" --latents 3,17 --each --csv
is "--each --csv: columns of each domain" "$(head -1 "$out")" "rank,latent,difference,accuracy_change,domain,domain_difference,domain_se,label,key_tokens,difference math,se math,difference law,se law,difference plain,se plain,difference cut,se cut"
grep '^[0-9]*,3,' "$out" | sed 's/"[^"]*\(""[^"]*\)*"/-/g' | awk -F, '{ for (i = 10; i <= NF; i++) printf "%.6g ", $i }' >"$place/each.csv"
is "--each --csv: their numbers are those of --json" "$(cat "$place/each.csv")" "$(grep -o '"latent":3,[^]]*' "$place/each.json" | sed 's/.*"domains"://' |
    grep -o '"difference":[^,]*,"se":[^}]*' | sed 's/"difference"://; s/,"se":/ /' | head -4 | awk '{ printf "%.6g %.6g ", $1, $2 }')"

# ---- double precision
gives 0 ablate "$place/tiny.scry" --latents 3,17 --precision float64 --json
cp "$out" "$place/wide.json"
prints "--precision float64: its keys" '"scale":0,"precision":"float64",' '"name":"math".*"difference":0\.0145553' '"name":"law".*"difference":0\.0436'
gives 0 ablate "$place/tiny.scry" --latents 3,17 --precision double --json
cmp -s "$out" "$place/wide.json" && ok "--precision double is float64" || not_ok "--precision double" "found other figures, expected those of float64"
gives 0 ablate "$place/tiny.scry" --latents 3,17 --json
cmp -s "$out" "$place/wide.json" && not_ok "--precision" "found the same figures as in float32" || ok "float32 has other digits"
gives 0 ablate "$place/tiny.scry" --latents 3,17 --precision double --random 3
prints "--precision: the head" '^2 latents removed, the SAE.s error kept, in double precision$' '^math +1\.1448 +1\.1593 +\+0\.01456 '
gives 0 ablate "$place/tiny.scry" --latents 3,17 --each --precision double --json
prints "--each --precision" '^\{"n":2,"value":"zero","error":"keep","scale":0,"precision":"float64","latents":'
gives 0 ablate "$place/tiny.scry" --top 3 --over n --precision double --json
prints "--over n --precision" '"precision":"float64","points":'

# ---- the sample study, by its manifest
gives 0 ablate sample_data/study.json --by icl --top 100
prints "the sample" '^100 latents removed' 'over 11988 tokens of 168 texts$' '^rho 0\.8993 ' '^without math, the training set.s own domain and the farthest: rho 0\.6662$' \
    '^math +3\.4996 +4\.1295 +\+0\.6299[0-9] +0\.0974[0-9] '
says "a step a line, where stderr is no terminal" 'scry: texts' 'scry: ablation'

# ---- multiple-choice questions
head -n 4 sample_data/text/law.jsonl > "$place/law.jsonl"
gives 0 ablate sample_data/study.json --by icl --top 600 --domains law,math --domain "law=$place/law.jsonl"
prints "--domain: questions" '^multiple choice by likelihood over 4 questions: [0-9.]+% right before, [0-9.]+% after$' \
    '^domain .* accuracy% +ablated% +choice% +ablated% +points +s\.e\. +change$' '^law .* [0-9.]+ +[0-9.]+ +[+-][0-9.]+ +[0-9.-]+ +-9\.34$' '^math .* - +- +- +- +\+5\.85$'
gives 0 ablate sample_data/study.json --by icl --top 600 --domains law,math --domain "law=$place/law.jsonl" --json
prints "--domain: its keys" '"questions":4,"choice":0?\.?[0-9]+,"choice_ablated":[0-9.]+,"choice_difference":-?[0-9.]+,"choice_se":' '"choice_norm":' '"letter_ablated":' '"questions":0,"choice":null'
gives 2 ablate sample_data/study.json --top 5 --domain "chess=$place/law.jsonl"
says "a domain that the study lacks" '"chess", which is no domain of the study'
gives 2 ablate sample_data/study.json --top 5 --each --domain "law=$place/law.jsonl"
says "--domain and --each" 'expected one of them'
gives 2 ablate sample_data/study.json --top 5 --template none
says "--template without --domain" "--template: belongs to --domain NAME=FILE"
gives 2 ablate sample_data/study.json --top 5 --model sample_data/models/sft
says "another model than the study's" "models/sft: its stream at blocks.3.hook_resid_post differs by 54% from the residuals"

# ---- what is missing
refused 'expected one of them' ablate "$place/tiny.scry" --latents 3 --each --over n
refused 'belongs to --random R' ablate "$place/tiny.scry" --latents 3 --match rate
refused '--scale: belongs to --value zero' ablate "$place/tiny.scry" --latents 3 --value mean --scale 2
refused '--value: found "nil", expected zero or mean' ablate "$place/tiny.scry" --latents 3 --value nil
refused '--error: found "lose", expected keep or drop' ablate "$place/tiny.scry" --latents 3 --error lose
refused '--scale: found "2x", expected a number' ablate "$place/tiny.scry" --latents 3 --scale 2x
refused '--precision: found "half", expected float32 or float64' ablate "$place/tiny.scry" --latents 3 --precision half
refused 'questions are answered in float32' ablate "$place/tiny.scry" --latents 3 --precision double --domain "law=$place/law.jsonl"
refused '--over: found "bands", expected n' ablate "$place/tiny.scry" --over bands
refused 'found another selection' ablate "$place/tiny.scry" --over n --latents 3
refused 'width 12, expected 24' ablate "$place/tiny.scry" --latents 3 --model tests/specimens/models/llama
fails 'nowhere' ablate "$place/tiny.scry" --latents 3 --model "$place/nowhere"
sed '/"model_path"/d' $tiny/as_is.json >"$place/none.json"
cp -R $tiny/acts $tiny/as_is "$place/"
refused 'name its folder with --model DIR, or as "model_path"' ablate "$place/none.json" --latents 3
gives 0 ablate "$place/none.json" --latents 3,17 --model tests/specimens/evaluate/base
prints "--model: the same figures" '^math +1\.1448 +1\.1593 '
{
    sed -n '1,/"domains": \[/p' "$place/none.json"
    echo ' {"name": "a", "base": {"residual": "acts/math.safetensors", "tokens": "acts/math.jsonl"}},'
    echo ' {"name": "b", "base": {"residual": "acts/law.safetensors", "tokens": "acts/law.jsonl"}}]}'
} >"$place/two.json"
refused 'found 2 domains with texts, expected at least 3' effects "$place/two.json" --check --top 5 --model tests/specimens/evaluate/base
sed '/"model_path"/d; s/blocks\.0/blocks.7/' $tiny/as_is.json >"$place/beyond.json"
refused 'blocks.7.hook_resid_post' ablate "$place/beyond.json" --latents 3 --model tests/specimens/evaluate/base
sed '/"model_path"/d; s/"hook": [^,]*,//' $tiny/as_is.json >"$place/unhooked.json"
refused 'add "hook"' ablate "$place/unhooked.json" --latents 3 --model tests/specimens/evaluate/base
finish
