#!/bin/sh
# Residuals with a norm far above the others': what train, eval-sae, index and info say of them, and what is refused.
. "${0%/*}/check.inc"
sae=tests/specimens/outliers/sae first=tests/specimens/outliers/first.npy

# ---- eval-sae
gives 0 eval-sae $sae $first
says "eval-sae: says how many there are and what they hold" \
    "8 of 240 rows (3.33%) have a norm above 10 times the median norm of their capture; they hold 96.5% of the variance, and are left out"
prints "eval-sae: figures without and with them" '^SAELens .*, 232 tokens$' '^explained variance +0\.7385 \(FVU 0\.2615\)' \
    '^with outliers +explained variance 0\.4939, L0 5\.44, MSE 367\.7, cosine 0\.8620 on 240 tokens$'
gives 0 eval-sae $sae $first --keep-outliers
says "eval-sae --keep-outliers: says that they are kept" "and are kept"
prints "eval-sae --keep-outliers: the same figures the other way round" ', 240 tokens$' '^explained variance +0\.4939' \
    '^without outliers +explained variance 0\.7385, L0 5\.20, .* on 232 tokens$'
gives 0 eval-sae $sae $first --json
prints "eval-sae --json: the outliers" '"tokens":232,.*"max_norm_ratio":10,"outliers":8,"outlier_share":0\.0333[0-9]*,"outlier_variance_share":0\.96503338[0-9]*,"outliers_kept":false,"without_outliers":\{"tokens":232,.*\},"with_outliers":\{"tokens":240,'
gives 0 eval-sae $sae $first --max-norm-ratio 1000 --json
prints "--max-norm-ratio: none is that far" '"tokens":240,.*"max_norm_ratio":1000,"outliers":0,'
gives 0 eval-sae $sae tests/specimens/outliers/one.npy
says "a file of one row has none" ""
gives 0 eval-sae $sae $first --csv
prints "eval-sae --csv: their number and shares" '^.*,outliers,outlier_share,outlier_variance_share,seconds' ',8,0\.0333[0-9]*,0\.965[0-9]*,'
for ratio in 0 -3 0.5 nan ten 10x ''; do
    for command in "train $first -o $place/x" "eval-sae $sae $first" "index sample_data/study.json -o $place/x.scry"; do
        # shellcheck disable=SC2086  # these are words
        gives 2 $command --max-norm-ratio "$ratio"
        says "--max-norm-ratio \"$ratio\" is refused" "--max-norm-ratio: found \"$ratio\", expected a number of 1 to 1e9"
    done
done
gives 2 score sample_data/study.json --keep-outliers

# ---- train
small="--width 24 --k 4 --batch 64 --steps 40"
gives 0 train $first -o "$place/default" $small
says "train: says how many there are, and the figures with them" "8 of 240 rows" "and are left out" \
    "scry: with outliers, on "
is "train: the log says what was left out" "$(head -1 "$place/default/train.jsonl" | grep -o '"max_norm_ratio":10,"outliers":8,"outliers_kept":false')" \
    '"max_norm_ratio":10,"outliers":8,"outliers_kept":false'
gives 0 train $first -o "$place/without" $small --held-out 0 --json
prints "train --json: trained and measured without them" '"rows":232,.*"outliers":8,.*"outliers_kept":false,"without_outliers":\{"tokens":232,.*"with_outliers":\{"tokens":240,'
gives 0 train $first -o "$place/kept" $small --held-out 0 --keep-outliers --json
prints "train --keep-outliers: trained on all" '"rows":240,.*"outliers":8,.*"outliers_kept":true,"without_outliers":\{"tokens":232,'
says "train --keep-outliers: says that they are kept" "and are kept"
gives 0 train $first -o "$place/far" $small --held-out 0 --max-norm-ratio 100000 --json
cmp -s "$place/kept/sae_weights.safetensors" "$place/far/sae_weights.safetensors" &&
    ok "train: a ratio that none reaches gives the weights of --keep-outliers" ||
    not_ok "train: a ratio that none reaches gives the weights of --keep-outliers" "found other bytes"
for words in "" "--keep-outliers" "--max-norm-ratio 300"; do
    rm -rf "$place/whole" "$place/stopped"
    # shellcheck disable=SC2086  # these are words
    gives 0 train $first -o "$place/whole" $small --steps 3000 --checkpoint-every 10 $words
    # shellcheck disable=SC2086
    "$SCRY" train $first -o "$place/stopped" $small --steps 3000 --checkpoint-every 10 --threads 1 $words >/dev/null 2>&1 &
    pid=$!
    tries=0
    while [ ! -e "$place/stopped/checkpoint.safetensors" ] && [ $tries -lt 1000 ]; do
        sleep 0.01
        tries=$((tries + 1))
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ -e "$place/stopped/cfg.json" ] && not_ok "killed before the end" "found a finished SAE"
    gives 0 train --resume -o "$place/stopped"
    cmp -s "$place/whole/sae_weights.safetensors" "$place/stopped/sae_weights.safetensors" &&
        ok "train $words: --resume leaves out what the run left out" ||
        not_ok "train $words: --resume leaves out what the run left out" "found other bytes"
done
gives 2 train --resume -o "$place/stopped" --keep-outliers
says "train --resume: keeps what the run leaves out" "--resume keeps the settings of the run; remove --keep-outliers"

# ---- index and info
tokens() { # a token file of 8 samples of 30 tokens
    awk 'BEGIN { for (s = 0; s < 8; s++) { printf "{\"tokens\": [\"a\""; for (t = 1; t < 30; t++) printf ", \"b\""; print "]}" } }'
}
tokens >"$place/t.jsonl"
capture() { printf '{"residual": "%s/tests/specimens/outliers/%s.npy", "tokens": "t.jsonl"}' "$PWD" "$1"; }
echo "{\"scry_study\": 1, \"sae\": \"$PWD/$sae\", \"train\": {\"base\": $(capture first), \"icl\": $(capture none)},
    \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": $(capture anywhere)}]}" >"$place/study.json"
gives 0 index "$place/study.json" -o "$place/x.scry" --json
prints "index --json: outliers" '"tokens":720,"nnz":[0-9]+,"outliers":19,'
says "index: warns of them with the figures" \
    "19 of 720 residuals (2.64%), in 2 captures, have a norm above 10 times the median of their capture, " \
    "in d.base they hold 98.8% of the variance; they are left out of all statistics"
gives 0 info "$place/x.scry"
prints "info: outliers by capture" '^capture .* outliers +of the variance$' '^train\.base +240 .* 8 +96\.5%$' '^train\.icl +240 .* 0 +0\.0%$' \
    '^d\.base +240 .* 11 +98\.8%$' '^warning +19 of 720 residuals'
gives 0 info "$place/x.scry" --json
prints "info --json: outliers by capture" '"max_norm_ratio":10,"outliers_kept":false' \
    '"name":"train.base","condition":"base","tokens":240,"kept":232,.*"outliers":8,"outliers_first":8,"outlier_variance_share":0\.965033382[0-9]*' \
    '"name":"train.icl",.*"kept":240,.*"outliers":0,"outliers_first":0,"outlier_variance_share":0\}'
printf 'info\nscreen %s/info.txt\n' "$place" >"$place/info.script"
gives 0 "$place/x.scry" --script "$place/info.script" --size 40x120
out=$place/info.txt
prints "the explorer's :info: outliers by capture" 'outliers +of the variance' 'train\.base +240 .* 8 +96\.5%' '19 of 720 residuals'
out=$place/stdout
gives 0 index "$place/study.json" -o "$place/kept.scry" --keep-outliers
says "index --keep-outliers: warns that they are kept" "they are kept (--keep-outliers) and may drown the ranking"
gives 0 info "$place/kept.scry" --json
prints "info --json: they are counted and kept" '"outliers_kept":true' '"name":"train.base","condition":"base","tokens":240,"kept":240,.*"outliers":8,'
finish
