#!/bin/sh
# What the paper measures around a score: sweep, overlap, mix, task share, intervals and repeats; several
# training sets; studies that give scores instead of captures.
. "${0%/*}/check.inc"
x=$place/s.scry study=sample_data/study.json
"$SCRY" index $study -o "$x" 2>"$err" || not_ok "the sample study is indexed" "found $(cat "$err"), expected no error"

again() { # WHAT ARGUMENT...: the same bytes as $place/before
    what=$1
    shift
    gives 0 "$@"
    if cmp -s "$out" "$place/before"; then ok "$what"; else not_ok "$what" "found $(head -c 200 "$out"), expected $(head -c 200 "$place/before")"; fi
}
rows() { tail -n +2 "$out" | wc -l | tr -d ' '; }

# ---- sweep over N: each point is that selection's own score
gives 0 sweep "$x"
prints "sweep: the table" '^rho of STS act with the signed change; latents ranked by icl sq' '^ +N +share% +rho +R2 +Spearman +p +domains' '^ +100 +[0-9.]+ +0\.93'
gives 0 sweep "$x" --top 100 --csv
is "sweep --csv: its header" "$(head -1 "$out")" "n,share,pearson,r2,spearman,p_value,points"
is "sweep: from 1 to --top" "$(sed -n 2p "$out" | cut -d, -f1) $(tail -1 "$out" | cut -d, -f1)" "1 100"
point=$(tail -1 "$out" | cut -d, -f3,6)
gives 0 score "$x" --json
is "sweep: N 100 is the score of the top 100" \
    "$(awk -v a="${point%,*}" -v b="$(number pearson)" -v p="${point#*,}" -v q="$(number p_value)" 'BEGIN { d = a - b; e = p - q; print (d*d + e*e < 1e-28) ? "equal" : a " " b " " p " " q }')" equal
gives 0 sweep "$x" --score icl --by sft --metric abs --top 37 --domains extremes:3 --absolute --json
prints "sweep --json: its keys" '^\{"over":"n","score":"icl","train":"math","by":"sft","against":"base","metric":"abs","seed":[0-9]+,"points":\[\{"n":1,"share":[0-9.e-]+,"points":6,"pearson":-?[0-9.e-]+,"r2":[0-9.e-]+,"spearman":-?[0-9.e-]+,"p_value":[0-9.e-]+\}' '\{"n":37,'
cp "$out" "$place/before"
again "sweep: the same with one thread" sweep "$x" --score icl --by sft --metric abs --top 37 --domains extremes:3 --absolute --json --threads 1
gives 0 sweep "$x" --top 999999 --csv
is "sweep --top beyond the end: all" "$(tail -1 "$out" | cut -d, -f1-2)" "2048,1"
gives 0 sweep "$x" --domains law,math --top 3 --json
prints "sweep of two domains: no rho" '"points":2,"pearson":null'

# ---- over bands
gives 0 sweep "$x" --over bands
prints "sweep --over bands: the table" '^from +to +share%' '^ +901 +1000 '
gives 0 sweep "$x" --over bands --band 30 --top 100 --csv
is "sweep --over bands --csv: header" "$(head -1 "$out")" "from,to,share,pearson,r2,spearman,p_value,points"
is "sweep: bands of 30 to 100" "$(tail -n +2 "$out" | cut -d, -f1-2 | tr '\n' ' ')" "1,30 31,60 61,90 91,100 "
band=$(sed -n 3p "$out" | cut -d, -f4)
latents=$("$SCRY" rank "$x" --top 60 --csv | tail -n +32 | cut -d, -f2 | tr '\n' ',')
gives 0 score "$x" --latents "$latents" --json
is "sweep: a band is the score of its latents" "$(awk -v a="$band" -v b="$(number pearson)" 'BEGIN { d = a - b; print (d*d < 1e-28) ? "equal" : a " " b }')" equal
gives 0 sweep "$x" --over bands --json --top 200
prints "sweep --over bands --json" '"over":"bands"' '"points":\[\{"from":1,"to":100,"share":' '\{"from":101,"to":200,'

# ---- over random sets
gives 0 score "$x" --top 40 --json
place_of="$(number random_mean) $(number random_sd) $(number random_rank)"
gives 0 sweep "$x" --over random --top 40 --json
prints "sweep --over random --json" '"over":"random"' '"n":40,"pearson":0\.' '"quantiles":\[\{"quantile":0,"pearson":' '"points":\[\{"n":40,"set":1,"pearson":-?[0-9.e-]+,"r2":[0-9.e-]+,"spearman":'
is "sweep: its random sets are those of a score" "$(number random_mean) $(number random_sd) $(number random_rank)" "$place_of"
gives 0 sweep "$x" --over random --top 40 --csv
is "sweep --over random --csv: a row a set" "$(head -1 "$out") $(rows)" "n,set,pearson,r2,spearman 1000"
gives 0 sweep "$x" --over random
prints "sweep --over random: the table" '^the first 100: rho 0\.93' 'random sets of the same number of active latents \(seed [0-9]+\): mean' '^ +50\.0 '
refused '--over: found "m", expected n, bands or random' sweep "$x" --over m
refused '--band: needs --over bands' sweep "$x" --band 5
refused '--band: found "0"' sweep "$x" --over bands --band 0
refused 'no option --set' sweep "$x" --set a.csv

# ---- overlap
gives 0 overlap "$x" --top 200
prints "overlap: the table" '^top N by icl and by sft, metric sq, of 2048 latents' '^ +N +in both +expected by chance +icl share% +sft share%' '^200 '
gives 0 overlap "$x" --csv --top 100
is "overlap --csv: its header" "$(head -1 "$out")" "n,overlap,expected,share_a,share_b"
"$SCRY" rank "$x" --by icl --csv | tail -n +2 | cut -d, -f2 | sort >"$place/icl"
"$SCRY" rank "$x" --by sft --csv | tail -n +2 | cut -d, -f2 | sort >"$place/sft"
is "overlap: what both top 100 hold" "$(tail -1 "$out" | cut -d, -f2)" "$(comm -12 "$place/icl" "$place/sft" | wc -l | tr -d ' ')"
is "overlap: shares are the rankings' own" "$(tail -1 "$out" | cut -d, -f4-5)" \
    "$("$SCRY" rank "$x" --by icl --csv | tail -1 | cut -d, -f5),$("$SCRY" rank "$x" --by sft --csv | tail -1 | cut -d, -f5)"
gives 0 overlap "$x" --a sft --b icl --metric d --json --top 10
prints "overlap --json: its keys" '^\{"train":"math","a":"sft","b":"icl","against_a":"base","against_b":"base","metric":"d","latents":2048,"points":\[\{"n":1,"overlap":[01],"expected":[0-9.e-]+,"share_a":[0-9.e-]+,"share_b":[0-9.e-]+\}'
refused 'no source "rl" in this index; it has: icl, sft' overlap "$x" --b rl
refused '--a: found "bass", expected base, icl, sft, rl or control' overlap "$x" --a bass

# ---- mix
gives 0 mix "$x" --budget 220
prints "mix: the table" '^220 examples over 14 domains in proportion to STS act of 100 latents' '^domain +STS +share% +examples'
gives 0 mix "$x" --score icl --by sft --top 50 --budget 997 --csv
is "mix --csv: its header" "$(head -1 "$out")" "name,sts,share,examples"
is "mix: sums to the budget" "$(tail -n +2 "$out" | awk -F, '{ n += $NF } END { print n }')" 997
is "mix: shares sum to 1" "$(tail -n +2 "$out" | awk -F, '{ s += $3 } END { printf "%.9f", s }')" 1.000000000
gives 0 mix "$x" --budget 100 --min 5 --max 9 --exclude math,law --csv
is "mix: within --min and --max, without the excluded" \
    "$(tail -n +2 "$out" | awk -F, '{ n += $NF; if ($NF < 5 || $NF > 9 || /^"?(math|law)/) bad++ } END { print n, NR, bad + 0 }')" "100 12 0"
gives 0 mix "$x" --budget 220 --domains engineering,law --json
prints "mix --json: its keys" '^\{"score":"act","against":"base","n":100,"budget":220,"domains":\[\{"name":"engineering","sts":[0-9.]+,"share":0\.[0-9]+,"examples":[0-9]+\},\{"name":"law",[^}]*\}\]\}$'
refused '--budget is missing' mix "$x"
refused '--budget: found "0"' mix "$x" --budget 0
refused '14 domains of at least 20 examples take 280; the budget is 220' mix "$x" --budget 220 --min 20
refused '14 domains of at most 3 examples take no more than 42; the budget is 220' mix "$x" --budget 220 --max 3
refused 'the minimum of 9 examples per domain is above the maximum of 3' mix "$x" --budget 50 --min 9 --max 3
refused 'no domain "nope"' mix "$x" --budget 9 --exclude nope
refused 'no domain is left to mix' mix "$x" --budget 9 --exclude all
fails 'all scores are 0' mix "$x" --budget 9 --top 0

# ---- task-share
gives 0 task-share "$x"
prints "task-share: the table" '^by icl sq: math has [0-9.]+% of the first 50, ' '^group +latents +in 50 +in 100 +in 200 +in 500 +recall%' '^math ' '^mixed ' '^silent '
gives 0 task-share "$x" --by sft --csv
is "task-share --csv: its header" "$(head -1 "$out")" "name,latents,in_50,in_100,in_200,in_500,recall_500"
is "task-share: each latent has one" "$(tail -n +2 "$out" | awk -F, '{ a += $2; b += $4; c += $6 } END { print a, b, c }')" "2048 100 500"
gives 0 task-share "$x" --json
prints "task-share --json: its keys" '^\{"train":"math","by":"icl","against":"base","metric":"sq","groups_from":"top samples","task":"math","task_share":0\.[0-9]+,"tops":\[\{"n":50,"task":[0-9]+,"share":[0-9.]+\}' '"groups":\[\{"name":"math","latents":[0-9]+,"in_50":'
cp "$out" "$place/before"
again "task-share: the same with one thread" task-share "$x" --json --threads 1
again "task-share: labels is its older name" labels "$x" --json
refused 'this index has no labels' task-share "$x" --label math
gives 0 synth -o "$place/synth" --width 3000 --tokens-each 64
gives 0 task-share "$place/synth/study.json" --label "rank 1" --csv
# ranks by icl or by sft that begin with 1, among the labelled: by the names in the file itself
is "task-share --label: those whose label holds the text" "$(sed -n 2p "$out" | cut -d, -f2)" \
    "$(grep -c 'rank 1' "$place/synth/labels.jsonl")"
gives 0 task-share "$place/synth/study.json" --label planted --json
prints "task-share --label: planted latents are the whole top" '"groups_from":"imported labels","task":"planted"' '"n":100,"task":100,"share":1\}'

# ---- interval and repeats
gives 0 score "$x" --json
prints "score --json: an interval" '"ci_low":0\.[0-9]+,"ci_high":0\.9[0-9]+'
cp "$out" "$place/before"
again "score: the interval is the same with one thread" score "$x" --json --threads 1
gives 0 score "$x"
prints "score: the interval in words" '^95% interval 0\.[0-9]+ to 0\.9[0-9]+ over texts \(samples resampled\); 0\.[0-9]+ to 0\.9[0-9]+ over domains' '^without math, the training set.s own domain and the farthest: rho 0\.8028' '^best baseline: rho 0\.8946, training similarity of latents' '^random sets matched for firing rate: rho' '^cross-validated R2'
gives 0 score "$x" --repeats 3 --json
prints "score --repeats --json" '"repeats":\{"count":3,"sample_tokens":10000,"pearson_mean":0\.[0-9]+,"pearson_sd":0\.[0-9]+\}' '"name":"biology",.*"sts_mean":[0-9.]+,"sts_sd":[0-9.]+\}'
cp "$out" "$place/before"
again "score: repeats are the same each time" score "$x" --repeats 3 --json --threads 1
gives 0 score "$x" --repeats 50 --sample-tokens 100 --csv
is "score --repeats --csv: its header" "$(head -1 "$out")" "name,sts,sts_mean,sts_sd,change,fitted,residual"
gives 0 score "$x" --repeats 3
prints "score --repeats in words" '^3 repeats of up to 10000 tokens per domain: rho 0\.'
refused '--sample-tokens: needs --repeats' score "$x" --sample-tokens 5
refused '--repeats: found "1"' score "$x" --repeats 1

# ---- several training sets: the second is the first with its sources exchanged
acts=$PWD/sample_data/acts
capture() { # CONDITION FILE
    printf '"%s": {"residual": "%s/%s.safetensors", "tokens": "%s/%s.tokens.jsonl"}' "$1" "$acts" "$2" "$acts" "${2%%.*}"
}
domain() { # NAME CHANGE CHANGE
    printf '{"name": "%s", "change": {"math": %s, "other": %s}, %s, %s}' "$1" "$2" "$3" "$(capture base "$1.base")" "$(capture icl "$1.icl")"
}
printf '{"scry_study": 1, "sae": "%s", "train": [{"name": "math", %s, %s, %s}, {"name": "other", %s, %s, %s}], "domains": [%s, %s, %s, %s]}\n' \
    "$PWD/sample_data/sae" "$(capture base train.base)" "$(capture icl train.icl)" "$(capture sft train.sft)" \
    "$(capture base train.base)" "$(capture icl train.sft)" "$(capture rl train.icl)" \
    "$(domain law -9 1)" "$(domain math 6 -2)" "$(domain physics -5 4)" "$(domain history -8 9)" >"$place/two.json"
two=$place/two.scry
gives 0 index "$place/two.json" -o "$two"
gives 0 info "$two"
prints "info: both training sets" '^training +math, .*sources icl sft' '^training +other, .*sources icl rl'
gives 0 info "$two" --json
prints "info --json: each change" '"trains":\["math","other"\]' '"name":"law","change":-9,"changes":\{"math":-9,"other":1\}'
strip() { sed 's/"train":"[a-z]*",//;s/"by":"[a-z]*",//;s/"a":"[a-z]*","b":"[a-z]*",//' "$out"; }
for command in "overlap --top 100 --a icl --b sft|overlap --top 100 --a rl --b icl --train other" \
    "sweep --by sft --over n --top 20|sweep --by icl --over n --top 20 --train other" "task-share --by sft|task-share --by icl --train other"; do
    one=${command%%|*} other=${command#*|}
    # shellcheck disable=SC2086  # these are words
    gives 0 ${one%% *} "$two" ${one#* } --json
    strip >"$place/one"
    # shellcheck disable=SC2086
    gives 0 ${other%% *} "$two" ${other#* } --json
    strip >"$place/other"
    case $one in
    sweep*) is "$other: other changes, other rho" "$(cmp -s "$place/one" "$place/other" && echo same || echo other)" other ;;
    task-share*) prints "$other: the task is the training set" '"task":"other"' ;;
    *) cmp -s "$place/one" "$place/other" && ok "$other is $one" || not_ok "$other is $one" "found others, expected the same" ;;
    esac
done
gives 0 mix "$two" --by sft --budget 50 --csv
cp "$out" "$place/before"
again "mix --train other --by icl is mix --by sft" mix "$two" --train other --by icl --budget 50 --csv
gives 0 score "$two" --train other --by icl --domains law,physics,history --json
prints "score --train other: its changes" '"name":"law","sts":[0-9.]+,"change":1,'
refused '--train: no training set "third"' sweep "$two" --train third
refused 'no source "sft" in this index; it has: icl, rl' overlap "$two" --train other --b sft
# the explorer goes on with the training set on which it was left, unless --train says another
screen_of() { # COMMAND [OPTIONS]: the first line of the screen after it
    printf '%s\nscreen %s\n' "$1" "$place/screen.txt" >"$place/script"
    shift
    gives 0 --script "$place/script" --session "$place/two.session" "$@" "$two"
    title=$(head -1 "$place/screen.txt")
}
for line in "train-set other||other" "redraw||other" "redraw|--train math|math" "undo||other"; do
    words=${line#*|}
    # shellcheck disable=SC2086  # these are words
    screen_of "${line%%|*}" ${words%|*}
    case $title in
    *" ${line##*|} -> 4 domains"*) ok "train-set: $line" ;;
    *) not_ok "train-set: $line" "found $title" ;;
    esac
done

# one source only
printf '{"scry_study": 1, "sae": "%s", "train": {"name": "t", %s, %s}, "domains": [{"name": "law", %s}]}\n' \
    "$PWD/sample_data/sae" "$(capture base train.base)" "$(capture icl train.icl)" "$(capture base law.base)" >"$place/one.json"
refused '--b: this training set has only icl; overlap needs two sources' overlap "$place/one.json"
gives 0 mix "$place/one.json" --budget 7 --csv
is "mix: domains without a measured change take part" "$(tail -1 "$out" | cut -d, -f1,4)" '"law",7'

# ---- the published studies: within 0.02 of the paper's figures
published() { # FILE SCORE RHO R2
    gives 0 score "assets/published/$1.json" --score "$2" --json
    is "published: $1 $2: rho $3, R2 $4" \
        "$(awk -v a="$(number pearson)" -v b="$(number r2)" -v p="$3" -v q="$4" 'BEGIN { d = a - p; e = b - q; print (d*d <= .0004 && e*e <= .0004) ? "within .02" : a " " b }')" "within .02"
}
published llama3-8b act 0.71 0.50
published llama3-8b icl 0.81 0.66
published qwen2.5-7b act 0.90 0.80
published qwen2.5-7b icl 0.78 0.61
published gemma2-9b act 0.60 0.36
published gemma2-9b icl 0.77 0.60
q=assets/published/qwen2.5-7b.json
gives 0 score $q
prints "score of given scores" '^STS act, as given by the study' '^rho 0\.8914 .Pearson.s r. with the absolute change over 8 domains' 'no tokens to resample' '^no latents for random sets'
[ ! -s "$err" ] && ok "and says nothing else" || not_ok "and says nothing else" "found \"$(head -1 "$err")\", expected no word"
gives 0 score $q --domains extremes:4 --json
prints "score --json of given scores" '^\{"score":"act","n":null,' '"points":8,' '"ci_low":null,"ci_high":null,"random_mean":null'
gives 0 info $q
prints "info of given scores" '^latents +none: the study gives scores instead of captures' '^engineering +-9\.80 +5\.11 +- +9\.44'
gives 0 info $q --json
prints "info --json of given scores" '"sources":\[\],"references":\["base"\],"trains":\[\],"captures":\[\]' '"name":"engineering","change":-9.8,"act":5.11,"icl":9.44'
gives 0 mix $q --budget 220 --domains engineering,law --csv
is "mix of given scores" "$(tail -n +2 "$out" | cut -d, -f4 | tr '\n' ' ')" "135 85 "
for command in rank sweep overlap task-share export baselines; do fails 'so it has no latents' $command $q; done
fails 'so it has no latents' tokens $q 3
fails 'so it has no latents' --script /dev/null $q
fails 'so it has no latents' score $q --repeats 3
fails 'there is nothing to index' index $q -o "$place/q.scry"
[ ! -e "$place/q.scry" ] && ok "and leaves no file" || not_ok "and leaves no file" "found one"
refused 'there is no selection to make' score $q --top 3
refused 'this study does not give this score; it gives: act, icl' score $q --score act2

given() { # DOMAINS
    printf '{"scry_study": 1, "domains": [%s]}\n' "$1" >"$place/given.json"
}
given '{"name": "a", "sts": {"act": 1}}, {"name": "b", "change": 2}'
gives 0 score "$place/given.json" --json
prints "a domain without a score, and one without a change" '"name":"a","sts":1,"change":null' '"name":"b","sts":null,"change":2' '"pearson":null'
wrong() { # DOMAINS TEXT...
    given "$1"
    shift
    gives 1 score "$place/given.json"
    says "given.json: $1" "$@"
}
wrong '{"name": "a", "sts": 5}' 'domains[0].sts: found a number' 'expected'
wrong '{"name": "a", "sts": {"ack": 5}}' 'domains[0].sts: "ack" is no score' 'act2'
wrong '{"name": "a", "sts": {"act": "5"}}' 'domains[0].sts.act: found text' 'expected'
wrong '{"name": "a", "sts": {"act": 1e999}}' 'domains[0].sts.act' 'expected a finite number'
wrong '{"name": "a", "change": 1}' 'train: found nothing' 'expected'
given '{"name": "a", "sts": {"act": 1}, "base": {"features": "x.npy"}}'
gives 0 info "$place/given.json"
says "and warned of" 'domains[0].base: unknown key, ignored'
prints "captures in a scores-only study are noted" 'domains\[0\]\.base: unknown key, ignored'
finish
