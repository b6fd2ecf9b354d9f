#!/bin/sh
# Differences in the shell: train --minus, a study with "minus", diff --recover; their keys, and what they refuse.
. "${0%/*}/check.inc"
acts=$PWD/sample_data/acts
base=$acts/train.base.safetensors tuned=$acts/train.sft.safetensors
small="--width 64 --k 4 --batch 128 --steps 20"

# ---- train and eval-sae
gives 0 train "$tuned" --minus "$base" -o "$place/d" $small --hook-name blocks.3.hook_resid_post --json
prints "train --json: says what was subtracted" '"difference":true,"minus":\["[^"]*train.base.safetensors"\],'
is "cfg.json: residual_difference" "$(grep -c '"residual_difference":.*true' "$place/d/cfg.json")" 1
gives 0 eval-sae "$place/d" "$tuned" --minus "$base" --json
prints "eval-sae --json: says what was subtracted" '"minus":\["[^"]*train.base.safetensors"\],'
fails "name what is subtracted with --minus BASE" eval-sae "$place/d" "$tuned"
fails "as in $tuned" train "$tuned" --minus "$acts/law.base.safetensors" -o "$place/no" $small
refused "found 1 of them and 2 captures" train "$tuned" "$tuned" --minus "$base" -o "$place/no" $small
refused "expected icl, sft, rl" train sample_data/study.json --minus before -o "$place/no" $small
is "nothing is written" "$(ls -d "$place/no" 2>/dev/null)" ""

# ---- a study of differences
cat >"$place/study.json" <<END
{"scry_study": 1, "name": "what sft changed", "sae": "d", "hook": "blocks.3.hook_resid_post", "model_path": "$PWD/sample_data/models/base",
 "train": {"name": "math",
  "base": {"residual": "$base", "minus": "$base", "tokens": "$acts/train.tokens.jsonl"},
  "sft":  {"residual": "$tuned", "minus": "$base", "tokens": "$acts/train.tokens.jsonl"}},
 "domains": [{"name": "math", "change": 1,
  "base": {"residual": "$tuned", "minus": "$base", "tokens": "$acts/train.tokens.jsonl"}}]}
END
gives 0 index "$place/study.json" -o "$place/x.scry"
gives 0 info "$place/x.scry"
prints "info: says what the rows are" 'train.sft is a difference: its residuals minus .*train.base.safetensors'
gives 0 info "$place/x.scry" --json
prints "info --json: difference, and minus of a capture" '"difference":true' '"minus":"[^"]*train.base.safetensors"'
gives 0 rank "$place/x.scry" --by sft --top 3
gives 0 score "$place/x.scry" --by sft --score act --top 3
refused "this index is of differences" ablate "$place/x.scry" --by sft --top 3
refused "this index is of differences" prompt "$place/x.scry" "2 + 2"

# ---- diff --recover
models="--model sample_data/models/base --tuned sample_data/models/sft"
gives 0 diff "$place/x.scry" --recover $models --samples 1 --json
prints "diff --recover --json: its keys" '"reads":"difference","hook":"blocks.3.hook_resid_post","all":\{"n":[0-9]+,"samples":2,"left_out":0,"kl":[0-9.]+,"kl_patched":[0-9.]+,"kl_exact":[0-9.]+,"won_back":-?[0-9.e-]+,"won_back_se":[0-9.e-]+,"won_back_most":[0-9.]+\},"domains":\[\{"name":"math","is_train":true,'
gives 0 diff sample_data/study.json --recover --sae "$place/d" --model sample_data/models/base --samples 1
prints "diff --recover: a table" '^won back: ' 'won back%.*most%'
refused "belongs to --recover" diff sample_data/study.json --sae "$place/d" $models
refused "found --places" diff sample_data/study.json --recover --places 3 $models
refused "expected stream or difference" diff sample_data/study.json --recover --reads both $models
refused "no tuned model" diff "$place/x.scry" --recover
finish
