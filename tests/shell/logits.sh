#!/bin/sh
# scry logits: tokens that a latent promotes and suppresses, from the index or with a model; and what is missing.
. "${0%/*}/check.inc"
x=$place/sample.scry
gives 0 index sample_data/study.json -o "$x"
gives 0 logits "$x" 1819
prints "logits: both sides in quotes" '^latent 1819: logits per unit of activation, by the direct path' \
    '^promotes +logit +suppresses +logit' '^"x" +\+2\.29[0-9]+ +" mol" +-1\.32'
is "logits: ten of each" "$(grep -c '^"' "$out")" 10
gives 0 logits "$x" 1819 --json
prints "logits --json: its keys" '^\{"latent":1819,"positive":\[\{"token":"x","logit":2\.29[0-9]+,"id":[0-9]+\},' '"negative":\[\{"token":" mol","logit":-1\.32[0-9]+,' \
    '"label":null,"key_tokens":\['
cp "$out" "$place/kept.json"
gives 0 logits "$x" 1819 --json --model sample_data/models/base
cmp -s "$out" "$place/kept.json" && ok "the index keeps what the model gives" ||
    not_ok "the index keeps what the model gives" "found other bytes, expected the same"
gives 0 logits "$x" 1819 --json --model sample_data/models/sft
cmp -s "$out" "$place/kept.json" && not_ok "--model names another" "found the same, expected others" || ok "--model names another"
gives 0 logits "$x" 1819 --csv --top 12
prints "logits --csv: a token a row" '^side,token,logit,id$' '^"positive","x",2\.29' '^"negative"," mol",-1\.32'
is "logits --top 12: more than the index keeps" "$(wc -l <"$out")" 25
gives 0 logits "$x" 23
is "logits of a silent latent come from the model" "$(grep -c '^"' "$out")" 10
gives 0 latent "$x" 1819
prints "latent: the tokens stand below" '^tokens that it promotes and suppresses' '^"x" +\+2\.29'
gives 0 latent "$x" 1819 --page logits --csv
prints "latent --page logits --csv" '^side,token,logit,id$' '^"positive","x"'

# ---- what is missing
mkdir "$place/bare" && for part in acts text sae; do ln -s "$PWD/sample_data/$part" "$place/bare/$part"; done
cp sample_data/study.json "$place/bare/study.json"
gives 0 index "$place/bare/study.json" -o "$place/bare.scry"
says "a model that is not there is a note" 'models/base is not there' 'scry logits --model DIR'
gives 1 logits "$place/bare.scry" 1819
says "and then logits say where it was looked for" 'bare/models/base' 'cannot be opened'
gives 0 logits "$place/bare.scry" 1819 --json --model sample_data/models/base
cmp -s "$out" "$place/kept.json" && ok "with --model it is all there" || not_ok "with --model it is all there" "found other bytes, expected the same"
gives 0 latent "$place/bare.scry" 1819
grep -q promotes "$out" && not_ok "latent without a model" "found logits, expected none" || ok "latent without a model leaves them out"
gives 1 latent "$place/bare.scry" 1819 --page logits
says "unless they are asked for" 'bare/models/base'
grep -v '"model_path"' sample_data/study.json >"$place/bare/none.json"
gives 0 index "$place/bare/none.json" -o "$place/none.scry"
gives 2 logits "$place/none.scry" 1819
says "without a place, how to name one" '"model_path"' '--model'
gives 1 logits "$x" 1819 --model tests/specimens/models/llama
says "a folder without a tokenizer" 'tokenizer.json'
gives 2 logits "$x" 5000
says "a latent that is not there" '5000' '2047'
gives 2 logits "$x" 1819 --top 0
mkdir "$place/narrow" && cp tests/specimens/models/llama/*.json tests/specimens/models/llama/model.safetensors "$place/narrow" && cp sample_data/models/base/tokenizer.json "$place/narrow"
gives 1 logits "$x" 1819 --model "$place/narrow"
says "a model of another width" '12 dimensions' 'has 192'

# ---- hostile tokens: among all of them are the control characters
gives 0 logits "$x" 1819 --top 5000
is "--top beyond the vocabulary: all of it" "$(grep -c '^"' "$out")" 4096
LC_ALL=C grep -q "$(printf '[\001-\011\013-\037\177]')" "$out" && not_ok "control characters" "found some raw, expected \\x1b" ||
    ok "control characters are not printed raw"
prints "they are shown as signs" '^"\\x1b" '
finish
