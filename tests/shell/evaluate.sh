#!/bin/sh
# scry evaluate: changes by result files of lm-evaluation-harness, written into studies.
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
    '^mmlu_pro_math +12 +16\.67 +41\.67 +\+25\.00 +13\.06 +no +acc,none +yes$' '^mmlu_pro_law +10 .* \+0\.00 +0\.00 +no '
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
               { "name": "law", "change": 0, "change_se": 0, "measured": {"benchmark":{"base":30,"tuned":30,"change":0,"se":0,"n":10,"samples":10,"metric":"acc,none"}}, "sts": {"act": 2} },
               { "name": "Computer science", "change": 25, "change_se": 16.3663418, "measured": {"benchmark":{"base":0,"tuned":25,"change":25,"se":16.3663418,"n":8,"samples":8,"metric":"acc,none"}}, "sts": {"act": 1} } ] }'
gives 0 score "$place/new.json" --csv
is "the study is read back" "$(cut -d, -f1-3 "$out" | tail -n +2 | tr '\n' ' ')" '"math",3,25 "law",2,0 "Computer science",1,25 '
gives 0 evaluate --results $base $tuned --into "$place/study.json"
cmp -s "$place/study.json" "$place/new.json" && ok "--into writes the same" || not_ok "--into writes the same" "found another study, expected that of -o"
sed -i '1s/,/, "name": "kept",/; s/, *$/,/' "$place/before.json"
sed -i 's/"Computer science"/"geology", "change": 7/' "$place/before.json"
gives 0 evaluate --results $base $tuned --into "$place/before.json"
says "a change that was not measured now" 'geology: no task of both files has such a name' '1 of its changes were not measured now and stay as they were, such as that of geology'

# ---- refusals
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
