#!/bin/sh
# Bare studies: without domains, with base as the only condition, and both: what works says the same as ever, what cannot
# says what is missing and what to add, with status 1.
. "${0%/*}/check.inc"
for kind in neither no-domains no-sources measured; do
    gives 0 index "tests/specimens/bare/$kind.json" -o "$place/$kind.scry"
done
none='the study has no domains, so there is nothing to score; add "domains" to its manifest, each with a "name", a "base" capture and, for rho, its measured "change"'

for kind in neither no-domains; do
    x=$place/$kind.scry
    gives 0 info "$x"
    prints "$kind: info says it" '^domains   none: there is nothing to score; "domains" in the manifest adds them'
    for command in score sweep baselines "compare $x" "sweep --over random" "mix --budget 9" "score --latents 3" \
        "plot scatter" "plot sweep" "plot bands" "plot mix" "plot random" "plot repeats" "export --score act2" \
        "report --domains law -o $place/r.html" "sets --domains extremes:2 --keep a"; do
        # shellcheck disable=SC2086  # these are words
        set -- $command
        name=$1
        shift
        fails "$none" "$name" "$x" "$@"
    done
    fails "$none" score "tests/specimens/bare/$kind.json"
    if grep -q "$WORK/cache" "$err"; then not_ok "no file of the cache in it" "found $(cat "$err")"; else
        ok "no file of the cache in it"
    fi
    for command in "rank --top 3" "tokens 17" "latent 17" "fires-on the" sets "task-share" "plot concentration" \
        "plot task-share" "export -o $place/$kind.csv" "export -o $place/$kind.safetensors" \
        "report -o $place/$kind.html" "sets --keep own" "export-labels -o $place/$kind.jsonl"; do
        # shellcheck disable=SC2086
        set -- $command
        name=$1
        shift
        gives 0 "$name" "$x" "$@"
    done
    is "$kind: an exported set has its header, and a row a latent" \
        "$(head -1 "$place/$kind.csv") $(wc -l <"$place/$kind.csv" | tr -d ' ')" \
        "latent,included,rank,shift,share,label,key_tokens 101"
    gives 0 sets "$x" --set "$place/$kind.csv" --keep again
    if grep -q "[> ]-*nan\|rho of STS\|[Bb]aselines for" "$place/$kind.html"; then
        not_ok "$kind: the report is of latents alone" "found $(grep -o "[> ]-*nan\|rho of STS\|[Bb]aselines for" "$place/$kind.html" | head -1)"
    else
        ok "$kind: the report is of latents alone"
    fi
    refused '--candidates: the study has no domains' index "tests/specimens/bare/$kind.json" --candidates 9 -o "$place/c.scry"
done

# ---- without a source: ranked by base alone
only='training set "math" has only "base", and nothing that it is compared with: there is no shift to rank by; capture the same texts under "sft", or rank by base'
for kind in neither no-sources; do
    x=$place/$kind.scry
    gives 0 info "$x"
    prints "$kind: info says it" '^training  math, no sources: latents are ranked by base alone, no shift is known'
    gives 0 rank "$x" --top 2
    prints "$kind: rank" '^latents by mean activation \(mean\) of base; total over 2048 latents 17\.19' \
        '^ *1 +67 +0\.55[0-9]+ +3\.2[0-9] ' '^rank +latent +activation +share% +cum. share% +mean +rate% '
    gives 0 rank "$x" --top 1 --json
    prints "$kind: rank --json" '^\{"by":"base","against":null,"metric":"mean","total":17\.[0-9]+,"latents":\[\{"rank":1,"latent":67,"shift":0\.[0-9]+,"share":0\.[0-9]+,"cumulative":0\.[0-9]+,"mean_base":0\.[0-9]+,"mean_shifted":null,"rate_base":0\.4[0-9]+,"rate_shifted":null'
    fails "$only" rank "$x" --by sft
    fails 'training set "math" has only "base", and no source; overlap needs two rankings' overlap "$x"
    refused 'metric "d" compares two conditions; of base alone there is sq, abs, mean or rate' rank "$x" --metric d
    gives 0 tokens "$x" 67 --top 3
done
x=$place/no-sources.scry
for command in score "score --score act2 --metric rate --top 50" "sweep --top 20" "mix --budget 9" baselines \
    "compare $place/no-sources.scry" "score --latents 3,17"; do
    # shellcheck disable=SC2086
    set -- $command
    name=$1
    shift
    gives 0 "$name" "$x" "$@"
done
gives 0 score "$x" --json
prints "no sources: rho" '"pearson":-0\.[0-9]+'
refused 'no score "icl" in this index: no domain has an icl capture' score "$x" --score icl

# ---- base next to sources: rates and means are those of the capture, whatever the pairing
x=$place/no-domains.scry
gives 0 rank "$x" --by base --metric rate --top 40 --csv
tail -1 "$out" | cut -d, -f2,3 >"$place/last"
latent=$(cut -d, -f1 "$place/last")
gives 0 latent "$x" "$latent" --json
is "base by rate: the distribution's own share" "$(sed 's/.*"capture":"train.base"[^}]*"silent":\([0-9.]*\).*/\1/' "$out" |
    awk '{ printf "%.6f", 1 - $1 }')" "$(cut -d, -f2 "$place/last" | awk '{ printf "%.6f", $1 }')"
gives 0 overlap "$x" --a base --b icl --top 10 --csv
is "overlap with base" "$(head -1 "$out")" "n,overlap,expected,share_a,share_b"
cmp -s "$place/neither.scry" "$place/no-domains.scry" && not_ok "two studies" "found one index"
for metric in sq abs mean rate; do
    is "base by $metric is the same with and without sources" "$("$SCRY" rank "$place/neither.scry" --metric "$metric" --csv | cut -d, -f1-3)" \
        "$("$SCRY" rank "$x" --by base --metric "$metric" --csv | cut -d, -f1-3)"
done

# ---- shards: the figures of base are merged as all others are
for i in 1 2; do gives 0 index tests/specimens/bare/neither.json --shard $i/2 -o "$place/$i.scry"; done
gives 0 merge "$place/2.scry" "$place/1.scry" -o "$place/merged.scry"
cmp -s "$place/merged.scry" "$place/neither.scry" && ok "merged shards are the index of one run" ||
    not_ok "merged shards" "found other bytes than in the index of one run"

# ---- measured figures
x=$place/measured.scry
gives 0 info "$x"
prints "info: what was measured" '^measured  the change is of next-token accuracy; also loss, multiple choice; 2 of 4 changes are below twice their standard error$'
gives 0 info "$x" --json
prints "info --json: measured" '"name":"law","change":-9\.[0-9]+,"change_se":4\.75,"measured":\{"accuracy":\{"base":40\.5,"tuned":31\.[0-9]+,"change":-9\.[0-9]+,"se":4\.75,"n":600,"samples":30\},"loss":\{"base":2\.1'
gives 0 score "$x"
prints "score: errors and other measures" '^domain +STS +change +SE +fitted +residual +loss +SE +choice +SE$' \
    '^law .* -9\.3[0-9] +4\.75 +below 2 SE .* -0\.40 +0\.45 +-2\.50 +2\.50$' '^biology .* -11\.2[0-9] +1\.25  +[-+]'
gives 0 score "$x" --json
prints "score --json: its keys" '"name":"physics","sts":[0-9.]+,"change":-5\.[0-9]+,"fitted":[-0-9.]+,"residual":[-0-9.]+,"change_se":3\.5,"change_note":"below 2 SE","loss_change":-1\.5,"loss_change_se":0\.5,"choice_change":null,"choice_change_se":null\}'
finish
