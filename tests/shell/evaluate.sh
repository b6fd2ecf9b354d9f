#!/bin/sh
# scry evaluate: changes by two models, or by result files of lm-evaluation-harness, written into studies.
. "${0%/*}/check.inc"
harness=tests/specimens/harness
base=$harness/base tuned=$harness/tuned
cat >"$place/study.json" <<'END'
{ "scry_study": 1,
  "domains": [ { "name": "math", "change": 1.5, "sts": {"act": 3} },
               { "name": "law", "sts": {"act": 2} },
               { "name": "Computer science", "sts": {"act": 1} } ] }
END

# ---- results
gives 0 evaluate --results $base $tuned
prints "results: the table" '^change of the benchmark from .*results_.*json to ' '^0 of 3 changes are at least twice their SE' \
    '^domain +questions +base +tuned +change +SE +beyond 2 SE +metric +paired' \
    '^mmlu_pro_math +12 +16\.67 +41\.67 +\+25\.00 +13\.06 +no +acc,none +yes$' '^mmlu_pro_law +10 .* \+0\.00 +- +unknown '
gives 0 evaluate --results $base $tuned --json
prints "results --json: its keys" '^\{"base":".*","tuned":".*","train":null,"change":"benchmark","clear":0,"domains":\[\{"name":"mmlu_pro_math","n":12,"samples":12,"change":2[45]\.[0-9]+,"change_se":13\.05582[0-9]+,"clear":false,' \
    '"accuracy_base":null' '"loss_base":null' '"choice_tuned":null' '"benchmark_base":16\.6' '"benchmark_base_se":11\.2' \
    '"paired":true,"metric":"acc,none","tasks":\["mmlu_pro_math"\]'
gives 0 evaluate --results $base $tuned --csv --metric acc_norm
is "results --csv: a row a task" "$(cut -d, -f1,2 "$out" | tail -n +2 | tr '\n' ' ')" '"mmlu_pro_math",12 "mmlu_pro_law",10 "mmlu_pro_computer_science",8 '
prints "results: the metric that is asked for" '"acc_norm,none"'
gives 0 evaluate --results $harness/old/base.json $harness/old/tuned.json
says "results of old versions: errors are not paired" 'warning: 3 of 3 domains have no samples_*.jsonl of both models'
prints "and the table says so" '^mmlu_pro_math .* 18\.63 +no +acc +no$'
gives 0 evaluate --results $harness/old/base.json $harness/old/tuned.json --task mmlu_pro_law --csv
is "--task with the beginning of a name" "$(tail -n +2 "$out" | cut -d, -f1)" '"mmlu_pro_law"'
gives 0 evaluate --results $base $tuned --samples-base "$place" --csv
says "--samples-base without samples" 'errors take the two runs for independent'

# ---- into a study
cp "$place/study.json" "$place/before.json"
gives 0 evaluate --results $base $tuned "$place/study.json"
cmp -s "$place/study.json" "$place/before.json" && ok "a study is only read" || not_ok "a study is only read" "found it changed, expected it as it was"
prints "its domains are the rows" '^math +12 ' '^law +10 ' '^Computer science +8 '
gives 0 evaluate --results $base $tuned "$place/study.json" -o "$place/new.json"
is "-o: the values in their places, all else as it was" "$(cat "$place/new.json")" '{ "scry_study": 1,
  "domains": [ { "name": "math", "change": 25, "change_se": 13.0558242, "measured": {"benchmark":{"base":16.6666667,"tuned":41.6666667,"change":25,"se":13.0558242,"n":12,"samples":12,"metric":"acc,none"}}, "sts": {"act": 3} },
               { "name": "law", "change": 0, "measured": {"benchmark":{"base":30,"tuned":30,"change":0,"n":10,"samples":10,"metric":"acc,none"}}, "sts": {"act": 2} },
               { "name": "Computer science", "change": 25, "change_se": 16.3663418, "measured": {"benchmark":{"base":0,"tuned":25,"change":25,"se":16.3663418,"n":8,"samples":8,"metric":"acc,none"}}, "sts": {"act": 1} } ] }'
gives 0 score "$place/new.json" --csv
is "the study is read back" "$(cut -d, -f1-3 "$out" | tail -n +2 | tr '\n' ' ')" '"math",3,25 "law",2,0 "Computer science",1,25 '
gives 0 evaluate --results $base $tuned --into "$place/study.json"
cmp -s "$place/study.json" "$place/new.json" && ok "--into writes the same" || not_ok "--into writes the same" "found another study, expected that of -o"
sed -i '1s/,/, "name": "kept",/; s/, *$/,/' "$place/before.json"
sed -i 's/"Computer science"/"geology", "change": 7/' "$place/before.json"
gives 0 evaluate --results $base $tuned --into "$place/before.json"
says "a change that was not measured now" 'geology: no task of both files has such a name' '1 of its changes were not measured now and stay as they were, such as that of geology'

# ---- models
e=tests/specimens/evaluate
models="--model $e/base --tuned $e/tuned"
# shellcheck disable=SC2086 # these are several words
gives 0 evaluate $models --domain math=$e/math.jsonl --domain law=$e/law.jsonl --domain $e/chat.jsonl
prints "models: the table" '^change of the next-token accuracy from .*/base to .*/tuned, in percentage points' \
    '^standard errors .SE. from 1000 resamples of the texts, the same texts for both models, seed 20260302' \
    '^3 of 3 changes are at least twice their SE' '^domain +tokens +base +tuned +change +SE +beyond 2 SE +100/perplexity +choice +choice_norm +letter' \
    '^math +138 +72\.46 +89\.86 +\+17\.39 +[0-9.]+ +yes +\+43\.29 \+- [0-9.]+ +\(\+11\.11 \+- [0-9.]+\) ' '^law +148 +35\.14 +6\.76 +-28\.38 ' \
    '^chat +40 +35\.00 +12\.50 +-22\.50 +[0-9.]+ +yes +-9\.31 \+- [0-9.]+ +- +- +-'
gives 0 evaluate $models --domain math=$e/math.jsonl --change loss --json --draws 200 --seed 7
prints "models --json: its keys" '"change":"loss","draws":200,"seed":7,"tokens":[0-9]+,"seconds":[0-9.e-]+,"tokens_per_second":[0-9.e+]+,"clear":1,"domains":\[\{"name":"math","n":138,"samples":9,"change":43\.2' \
    '"accuracy_base":72\.46' '"loss_base":1\.1447' '"loss_tuned":0\.2861' '"choice_base":44\.4' '"choice_tuned":55\.5' '"letter_base":44\.4' \
    '"perplexity_base":3\.14' '"loss_fall":0\.8586' '"loss_fall_se":0' '"left_out":0,"paired":true,"metric":null,"tasks":\[\]'
gives 0 evaluate --model $e/base --domain $e/math.jsonl
prints "one model: its figures" '^next-token accuracy of ' '^domain +tokens +base +SE +loss +choice' '^math +138 +72\.46 +[0-9.]+ +1\.14 \+- '
gives 0 evaluate --model $e/base --domain $e/math.jsonl --csv --threads 1
cp "$out" "$place/one.csv"
gives 0 evaluate --model $e/base --domain $e/math.jsonl --csv --threads 2
cmp -s "$out" "$place/one.csv" && ok "the same figures from two threads" || not_ok "the same figures from two threads" "found others"

cat >"$place/models.json" <<END
{"scry_study": 1, "model_path": "$PWD/$e/base",
 "train": {"name": "t", "sft_path": "$PWD/$e/tuned", "base": {"residual": "r"}, "sft": {"residual": "r"}},
 "domains": [{"name": "math", "base": {"residual": "r", "tokens": "t.jsonl"}}, {"name": "law", "base": {"residual": "r", "tokens": "t.jsonl"}}]}
END
printf '{"ids": [40, 41, 42, 43, 44, 45], "response": 3}\n{"ids": [50, 51, 52, 53]}\n' >"$place/t.jsonl"
gives 0 evaluate "$place/models.json" --csv
is "a study knows its models and texts" "$(cut -d, -f1-3 "$out" | tail -n +2 | tr '\n' ' ')" '"math",6,2 "law",6,2 '
gives 0 evaluate --domain math=$e/math.jsonl --domain law=$e/law.jsonl --change choice --into "$place/models.json" --model $e/base --tuned $e/tuned
prints "the choice as the change" '^change of the multiple choice' '^0 of 2 changes are at least twice' '^math +9 +44\.44 +55\.56 +\+11\.11 +[0-9.]+ +no '
is "all measures are written" "$(grep -o '"[a-z_]*":{"base"' "$place/models.json" | sort | uniq -c | tr -s ' \n' ' ')" \
    ' 2 "accuracy":{"base" 2 "choice":{"base" 2 "choice_norm":{"base" 2 "letter":{"base" 2 "loss":{"base" '
grep -q '"change": 11.1111111, "change_se": ' "$place/models.json" && ok "the chosen one is the change" ||
    not_ok "the chosen one is the change" "found $(cat "$place/models.json")"
gives 0 evaluate "$place/models.json" --csv
is "and the study is read as before" "$(cut -d, -f1-3 "$out" | tail -n +2 | tr '\n' ' ')" '"math",6,2 "law",6,2 '

# ---- several training sets
cat >"$place/two.json" <<END
{"scry_study": 1, "model_path": "$PWD/$e/base",
 "train": [{"name": "t", "sft_path": "$PWD/$e/tuned", "base": {"residual": "r"}, "sft": {"residual": "r"}},
           {"name": "u", "rl_path": "$PWD/$e/adapter", "base": {"residual": "r"}, "rl": {"residual": "r"}}],
 "domains": [{"name": "math", "base": {"residual": "r", "tokens": "t.jsonl"}}, {"name": "law", "base": {"residual": "r", "tokens": "t.jsonl"}}]}
END
refused 'has 2 training sets, such as t; choose one (--train)' evaluate "$place/two.json"
gives 0 evaluate "$place/two.json" --train u --into "$place/two.json"
is "the change of one of two training sets" "$(grep -o '"change": {"u":[-0-9.]*}' "$place/two.json" | cut -c1-15 | sort | uniq -c | tr -s ' ')" ' 2 "change": {"u":'
prints "its reinforced model, an adapter" '^change of .* to .*/adapter, '
gives 0 evaluate "$place/two.json" --train t --into "$place/two.json"
is "and of both" "$(grep -o '"change": {"u":[-0-9.]*,"t":[-0-9.]*}' "$place/two.json" | wc -l | tr -d ' ')" 2
refused '--train x: ' evaluate "$place/two.json" --train x

# ---- capture --evaluate
texts="--train math=$e/math.jsonl --domain math=$e/math.jsonl --domain law=$e/law.jsonl --layer 1 --demos 1 --domain-demos 1"
gives 0 capture $models $texts -o "$place/captured"
cp "$place/captured/study.json" "$place/plain.json"
gives 0 capture $models $texts -o "$place/captured" --evaluate --change loss
prints "capture --evaluate: both tables" '^law\.icl +icl ' '^change of the loss from ' '^math +138 +1\.1448 +0\.2861 +\+43\.29 +[0-9.]+ +yes +\+17\.39 '
gives 0 capture $models $texts -o "$place/captured" --evaluate --json
prints "capture --evaluate --json" '"captures":\[.*\],"tokens_per_second":[0-9.]+,"evaluation":\{"base":.*"change":"accuracy".*"domains":\[\{"name":"math","n":138,'
grep -c "^[[:space:]]*\"change\":" "$place/captured/study.json" >"$place/changes"
is "capture --evaluate: the changes are in the study" "$(cat "$place/changes")" 2
sed '/"change/d; /"measured"/d' "$place/captured/study.json" >"$place/bare.json"
cmp -s "$place/bare.json" "$place/plain.json" && ok "and all else is as capture alone writes it" ||
    not_ok "and all else is as capture alone writes it" "$(diff "$place/bare.json" "$place/plain.json" | head -5)"
cp "$place/captured/study.json" "$place/measured.json"
gives 0 capture $models $texts -o "$place/captured"
is "capturing again keeps the changes" "$(tr -d '\t \n' <"$place/captured/study.json" | grep -o '"change":[-0-9.]*' | tr '\n' ' ')" \
    "$(tr -d '\t \n' <"$place/measured.json" | grep -o '"change":[-0-9.]*' | tr '\n' ' ')"
gives 0 evaluate "$place/captured" --csv
prints "a captured study is measured by its token files" '^"math",[0-9]+,8,' '^"law",[0-9]+,6,'
refused '--change: belongs to --evaluate, which is missing' capture $models $texts -o "$place/captured" --change loss
refused '--evaluate: expected a tuned model' capture --model $e/base $texts -o "$place/captured" --evaluate
refused '--evaluate: expected domains' capture $models --train math=$e/math.jsonl --layer 1 -o "$place/captured" --evaluate

# ---- refusals
refused 'expected texts: a study, or --domain NAME=FILE' evaluate --model $e/base
refused '--results and --model: expected result files or models' evaluate --results $base $tuned --model $e/base
refused '--change: found "rho", expected accuracy, loss, choice, choice_norm or letter' evaluate $models --domain $e/math.jsonl --change rho
refused '--bos: found "maybe", expected auto, yes or no' evaluate $models --domain $e/math.jsonl --bos maybe
refused '--draws: found "1", expected a whole number of 2 or more' evaluate $models --domain $e/math.jsonl --draws 1
refused '--tuned and --adapter: found both' evaluate $models --adapter $e/adapter --domain $e/math.jsonl
refused '--template: found "x", expected ' evaluate $models --domain $e/chat.jsonl --template x
fails 'has no domain "gold", whose change was measured' evaluate $models --domain gold=$e/math.jsonl --into "$place/new.json"
grep -q 'base model' "$err" && not_ok 'and says so before the models run' 'found progress' || ok 'and says so before the models run'
fails 'no change of the next-token accuracy was measured' evaluate --model $e/base --domain math=$e/math.jsonl --domain law=$e/law.jsonl --into "$place/new.json"
fails 'chat: found nothing to measure the multiple choice by' evaluate $models --domain $e/chat.jsonl --change choice
fails 'missing.jsonl' evaluate $models --domain law="$place/missing.jsonl"
fails 'nomodel' evaluate --model "$place/nomodel" --domain $e/math.jsonl
refused 'expected the results of the tuned model as well' evaluate --results $base
refused '-o: expected a study to write with the changes' evaluate --results $base $tuned -o "$place/x.json"
refused '--into and -o: expected one of them' evaluate --results $base $tuned "$place/study.json" -o "$place/x.json" --into "$place/study.json"
refused '--metric: belongs to --results, which is missing' evaluate "$place/study.json" --metric acc
refused '--task: belongs to --results, which is missing' evaluate "$place/study.json" --task law
refused 'evaluate: unexpected argument' evaluate "$place/study.json" "$place/study.json"
refused '--task gold=mmlu_pro_law: ' evaluate --results $base $tuned "$place/study.json" --task gold=mmlu_pro_law
refused '--train x: expected a study, which has training sets' evaluate --results $base $tuned --train x
refused 'not in the folder of' evaluate --results $base $tuned "$place/study.json" -o "$WORK/x.json"
fails 'is an input of evaluate and would be overwritten' evaluate --results $base $tuned "$place/study.json" -o "$place/study.json"
echo notes >"$place/notes.json"
fails 'exists and is not a study' evaluate --results $base $tuned "$place/study.json" -o "$place/notes.json"
fails 'expected a results_*.json of lm-evaluation-harness' evaluate --results "$place" $tuned
fails 'found no object "results"' evaluate --results "$place/study.json" $tuned
finish
