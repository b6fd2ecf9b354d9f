#!/bin/sh
# What is handed to others: the report, the same figures as the commands give; decoder rows and lists; baselines.
. "${0%/*}/check.inc"
x=$place/s.scry study=sample_data/study.json
"$SCRY" index $study -o "$x" 2>"$err" || not_ok "the sample study is indexed" "found $(cat "$err"), expected no error"


# The values of a key in one table of a report, in their order, one a line; a dash where there is none.
values() { # FILE TABLE KEY
    sed -n "/<table id=\"$2\"/,/<\/table>/p" "$1" | grep -oE "<data class=\"$3\" value=\"[^\"]*\"" | sed 's/.*value="//;s/"$//;s/^$/-/'
}
# The same of a list in JSON; null is a dash.
json() { # FILE KEY
    grep -oE "\"$2\":(-?[0-9][0-9.e+-]*|null)" "$1" | sed 's/.*://;s/null/-/'
}
alike() { # WHAT FOUND EXPECTED: numbers a line, to 1e-12
    printf '%s\n' "$2" >"$place/found"
    printf '%s\n' "$3" >"$place/expected"
    verdict=$(paste "$place/found" "$place/expected" | awk '
        NF != 2 { print "line " NR ": " $0; exit }
        $1 == $2 { n++; next }
        $1 == "-" || $2 == "-" { print "line " NR ": " $0; exit }
        { d = $1 - $2; s = 1 + ($2 < 0 ? -$2 : $2); if ((d < 0 ? -d : d) > 1e-12 * s) { print "line " NR ": " $0; exit } n++ }
        END { if (!n) print "nothing" }' | head -1)
    is "$1 ($(wc -l <"$place/expected" | tr -d ' ') figures)" "$verdict" ""
}

# ---- the report's figures are those of the commands
gives 0 effects "$x" --samples 2 --draws 1 # for the score abl
gives 0 report "$x" --by sft --top 60 --score act --domains extremes:5 --absolute --without 1819 --with 7,8 -o "$place/r.html"
set -- --by sft --top 60 --without 1819 --with 7,8 --domains extremes:5 --absolute
scores=$("$SCRY" help score | sed -n 's/^ *--score \([a-z0-9|]*\).*/\1/p' | tr '|' ' ')
for key in pearson r2 spearman p_value loo_min loo_max ci_low ci_high random_mean random_sd random_p; do
    wanted=
    for score in $scores; do
        [ -f "$place/$score.json" ] || "$SCRY" score "$x" "$@" --score $score --json >"$place/$score.json"
        wanted="$wanted$(json "$place/$score.json" $key)
"
    done
    alike "report: $key of every score is that of scry score" "$(values "$place/r.html" correlation $key)" "${wanted%?}"
done
for key in sts change fitted residual; do
    alike "report: $key of each domain" "$(values "$place/r.html" domains $key)" "$(json "$place/act.json" $key)"
done
alike "report: STS icl of each domain" "$(values "$place/r.html" domains icl)" "$(json "$place/icl.json" sts)"
"$SCRY" rank "$x" --by sft --top 60 --json >"$place/rank.json"
for key in rank latent shift share cumulative mean_base mean_shifted rate_base rate_shifted; do
    alike "report: $key of each latent is that of scry rank" "$(values "$place/r.html" ranking $key)" "$(json "$place/rank.json" $key)"
done
"$SCRY" baselines "$x" --by sft --top 60 --domains extremes:5 --absolute --json >"$place/b.json"
sed 's/"domains":\[[^]]*\]//g' "$place/b.json" >"$place/b-rows.json"
sed 's/.*"baselines"://' "$place/b-rows.json" >"$place/b-list.json"
for key in n pearson r2 p_value spearman loo_min ci_low points; do
    alike "report: $key of each baseline is that of scry baselines" "$(values "$place/r.html" baselines $key)" "$(json "$place/b-list.json" $key)"
done
sed 's/.*"tops"://;s/"baselines".*//' "$place/b-rows.json" >"$place/tops.json"
for key in n latents_share_a latents_overlap dimensions_share_b dimensions_expected; do
    alike "report: $key of the tops" "$(values "$place/r.html" tops $key)" "$(json "$place/tops.json" $key)"
done
"$SCRY" overlap "$x" --a sft --b icl --top 100 --json >"$place/o.json"
is "baselines: the overlap of latents at 100 is that of scry overlap" "$(sed -n 2p "$place/found" >/dev/null; json "$place/tops.json" latents_overlap | sed -n 2p)" \
    "$(json "$place/o.json" overlap | tail -1)"
gives 0 report $study --top 5 -o "$place/again.html"
is "report: takes a manifest" "$(grep -c '<tr>' "$place/again.html" | awk '{ print ($1 > 20) }')" 1
# its plots too: the mixture is of the same domains, concentration and overlap by the same metric
shares() { # FILE: "examples share%" of each bar of the mixture
    grep -oE '>[0-9]+  [0-9.]+%</text>' "$1" | tr -d '>%' | sed 's#</text##'
}
gives 0 report "$x" --domains law,math --metric abs --by sft -o "$place/abs.html"
is "report: the mixture is that of scry mix over --domains" "$(shares "$place/abs.html")" \
    "$("$SCRY" mix "$x" --domains law,math --metric abs --by sft --budget 220 --csv | awk -F, 'NR > 1 { printf "%s  %.1f\n", $4, 100 * $3 }')"
is "report: the mixture's title counts those domains" "$(grep -oE '220 examples over [0-9]+ domains?' "$place/abs.html" | sort -u)" "220 examples over 2 domains"
"$SCRY" rank "$x" --metric abs --by sft --top 100 --json >"$place/rank.json"
"$SCRY" rank "$x" --metric abs --by icl --top 100 --json >"$place/rank-icl.json"
"$SCRY" overlap "$x" --metric abs --a sft --b icl --top 100 --json >"$place/o.json"
share=$(json "$place/rank.json" cumulative | tail -1) share_icl=$(json "$place/rank-icl.json" cumulative | tail -1) both=$(json "$place/o.json" overlap | tail -1)
card() { # KEY
    grep -oE "<data class=\"$1\" value=\"[^\"]*\"" "$place/abs.html" | sed 's/.*value="//;s/"$//'
}
alike "report: the share on its card is by --metric" "$(card card-share)" "$share"
is "report: the overlap on its card is by --metric" "$(card card-overlap)" "$both"
is "report: concentration is by --metric" "$(grep -oE 'the first 100 hold [^<]*' "$place/abs.html")" \
    "$(printf '%s %s' "$share_icl" "$share" | awk '{ printf "the first 100 hold %.1f%% by icl, %.1f%% by sft", 100 * $1, 100 * $2 }')"
is "report: overlap is by --metric" "$(grep -oE "in both: [^<]*, $both of 100|the first N by sft and by icl \(abs\)" "$place/abs.html" | sort -u | wc -l | tr -d ' ')" 2
before=$(cksum <"$place/r.html")
fails 'cannot be written' report "$x" -o /nowhere/at/all.html
refused '-o is missing' report "$x"
refused 'expected base, icl, sft, rl or control' report "$x" --by x -o "$place/r.html"
is "report: a failure leaves the file that was there" "$(cksum <"$place/r.html")" "$before"
is "report: no half file is left" "$(find "$place" -name '*.tmp.*' | wc -l | tr -d ' ')" 0

# ---- baselines
gives 0 baselines "$x"
prints "baselines: the table" '^share of the shift \(sq\) in the tops of 2048 latents and of 192 dimensions' '^top +latents: icl%' \
    '^baseline +of +score +with +N +rho +R2 +p ' '^sts +latents +act ' '^raw +dimensions +icl ' '^training similarity +dimensions +cosine ' \
    '^base-tuned similarity +latents +cosine +icl '
gives 0 baselines "$x" --csv --by sft
is "baselines --csv: its header" "$(head -1 "$out")" "name,of,score,with,n,pearson,r2,p_value,spearman,loo_min,loo_max,ci_low,ci_high,points"
gives 0 score "$x" --by sft --score icl --json
rho=$(number pearson)
gives 0 baselines "$x" --by sft --csv
is "baselines: the STS rows are scry score's" "$(awk -F, -v r="$rho" '$1 ~ /sts/ && $3 ~ /icl/ { d = $6 - r; print (d * d < 1e-28) ? "equal" : $6 " " r }' "$out")" equal
gives 0 baselines "$x" --json --top 7
prints "baselines --json: its keys" '^\{"train":"math","by":"icl","against":"base","other":"sft","other_against":"base","n":7,"signed":true,"latents":2048,"dimensions":192,"no_dimensions":null,"seed":[0-9]+,"tops":\[\{"n":50,' \
    '"baselines":\[\{"name":"sts","of":"latents","score":"act","with":"","n":7,"points":14,"pearson":' '"domains":\[\{"name":"biology","value":'
cp "$out" "$place/before"
gives 0 baselines "$x" --json --top 7 --threads 1
if cmp -s "$out" "$place/before"; then ok "baselines: the same with one thread"; else not_ok "baselines: the same with one thread" "found other bytes"; fi
gives 0 synth -o "$place/synth" --width 700 --tokens-each 32
gives 0 baselines "$place/synth/study.json"
prints "baselines of features: says what is needed" 'raw dimensions need residual captures; train.icl holds features' '^all latents +latents +act '
if grep -q '^raw ' "$out"; then not_ok "baselines of features: no raw rows" "found one"; else ok "baselines of features: no raw rows"; fi
refused 'no option --metric' baselines "$x" --metric abs

# ---- compare: each row is what the single commands say of that index
sed 's/"correlate": "signed"/"correlate": "absolute"/' $study >"$place/absolute.json"
for f in acts text sae; do ln -s "$PWD/sample_data/$f" "$place/$f"; done
gives 0 index "$place/absolute.json" -o "$place/a.scry"
gives 0 compare "$x" "$place/a.scry" --by sft --top 80 --json
prints "compare --json: its keys" '^\{"by":"sft","against":"base","metric":"sq","n":80,"signed":true,"seed":[0-9]+,"indexes":\[\{"index":"s.scry","hook":"blocks.3.hook_resid_post","sae":"[^"]*","d_sae":2048,"l0":' '\{"index":"a.scry"'
cp "$out" "$place/c.json"
for score in act icl; do
    "$SCRY" score "$x" --by sft --top 80 --score $score --json >"$place/one.json"
    for key in pearson r2 spearman p_value loo_min loo_max ci_low ci_high random_mean random_sd random_rank; do
        one=$(json "$place/one.json" $key)
        alike "compare: $key of $score, the same question put to both" "$(json "$place/c.json" ${score}_$key)" "$one
$one"
    done
done
"$SCRY" overlap "$x" --a sft --b icl --top 80 --json >"$place/o.json"
alike "compare: overlap and share at 80" "$(json "$place/c.json" overlap | head -1)
$(json "$place/c.json" expected | head -1)
$(json "$place/c.json" share | head -1)" "$(json "$place/o.json" overlap | tail -1)
$(json "$place/o.json" expected | tail -1)
$(json "$place/o.json" share_a | tail -1)"
"$SCRY" info "$x" --json >"$place/info.json"
alike "compare: L0 is that of train.base" "$(json "$place/c.json" l0 | head -1)" "$(json "$place/info.json" l0 | head -1)"
gives 0 compare "$x" "$place/synth/study.json"
prints "compare: the table" '^index +latents +L0 +top share% +in both +chance +rho act +p +leave-one-out' '^s.scry +2048 ' '^study.json +700 '
says "compare: other studies are named" 'other domains or changes than' 'not of one study'
gives 0 compare "$x" --csv
is "compare --csv: its header" "$(head -1 "$out" | cut -d, -f1-9)" "index,d_sae,l0,share,overlap,expected,act_pearson,act_p_value,act_loo_min"
refused 'expected indexes or study manifests' compare
fails 'so it has no latents' compare assets/published/qwen2.5-7b.json

# ---- decoder rows and lists
gives 0 export "$x" --top 5 -o "$place/set.safetensors"
is "export .safetensors: what is in it" "$(head -c 700 "$place/set.safetensors" | tr -d '\000' | grep -oE '"(latents|W_dec|b_dec|mean_base|mean_shifted)":\{"dtype":"[A-Z0-9]*","shape":\[[0-9,]*\]' | tr -d '"{' | tr '\n' ' ')" \
    'latents:dtype:I64,shape:[5] W_dec:dtype:F32,shape:[5,192] b_dec:dtype:F32,shape:[192] mean_base:dtype:F32,shape:[5] mean_shifted:dtype:F32,shape:[5] '
fails 'holds no decoder: the study names no SAE' export "$place/synth/study.json" -o "$place/no.safetensors"
is "export: a refused file is not there" "$(find "$place" -name 'no.safetensors*' | wc -l | tr -d ' ')" 0
gives 0 export "$x" --top 3 --model-id gemma-2-2b --source-id 20-gemmascope-res-16k -o "$place/list.json"
is "export .json: an entry a latent, by rank" "$(tr -d '\n\t ' <"$place/list.json" | grep -oE '"modelId":"gemma-2-2b","layer":"20-gemmascope-res-16k","index":"[0-9]+"' | grep -oE '[0-9]+"$' | tr '\n' ' ')" \
    "$("$SCRY" rank "$x" --top 3 --csv | tail -n +2 | cut -d, -f2 | sed 's/$/"/' | tr '\n' ' ')"
gives 0 export "$x" --top 3 -o "$place/list.json"
says "export .json without names: says so" 'model id "pocket-llama-3.4M" and source id "3-resid_post"'

finish
