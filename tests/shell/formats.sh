#!/bin/sh
# Formats, shards, memory and planted studies from the command line.
. "${0%/*}/check.inc"
here=$PWD
study=sample_data/study.json saes=$here/tests/specimens/sae formats=$here/tests/specimens/formats

same() { # WHAT A B
    if cmp -s "$2" "$3"; then ok "$1"; else not_ok "$1" "found other bytes in $2 than in $3, expected the same"; fi
}

# ---- info: the family of the SAE
residual() { # KEYS: a study of the specimens' residuals, to $place/sae.json
    printf '{"scry_study": 1, "pairing": "row", %s,
 "train": {"base": {"residual": "%s/x.npy", "rows": [0, 16]}, "icl": {"residual": "%s/x.npy", "rows": [16, 32]}},
 "domains": [{"name": "d", "change": 1, "base": {"residual": "%s/x.npy"}}]}\n' "$1" "$saes" "$saes" "$saes" >"$place/sae.json"
}
family() { # SPECIMEN WORDS
    residual "\"sae\": \"$saes/$1\""
    gives 0 info "$place/sae.json"
    prints "info: $1 is $2" "$2"
    gives 0 info "$place/sae.json" --json
    prints "info --json: $1 is $2" "\"[a-z_]*\":\"$2"
}
family saelens6_topk 'SAELens topk \(TopK, k 5\), 8 -> 24'
family saelens6_gated 'SAELens gated \(gated\)'
family saelens6_standard 'SAELens standard \(ReLU\)'
family gemma_scope_npz 'Gemma Scope \(JumpReLU\), 8 -> 24'
family sparsify_topk 'sparsify \(TopK, k 5\)'
family dl_batchtopk 'dictionary_learning BatchTopKSAE \(JumpReLU\)'
family openmoss_jumprelu 'OpenMOSS \(JumpReLU\)'
family llama_scope_topk 'OpenMOSS \(Llama Scope\) \(TopK, k 5\)'
family qwen_scope/layer1.sae.pt 'SAELens topk \(TopK, k 5\)'
gives 0 info $study
prints "info: the sample's SAE" 'SAELens standard \(ReLU\), 192 -> 2048'
residual "\"sae\": \"$saes/saelens6_topk\", \"sae_format\": \"saelens\""
gives 0 info "$place/sae.json"
residual "\"sae\": \"$saes/saelens6_topk\", \"sae_format\": \"sparsify\""
fails "sae.safetensors" info "$place/sae.json"
residual "\"sae\": \"$saes/saelens6_topk\", \"sae_format\": \"sae_lens\""
scry info "$place/sae.json"
[ "$status" -ne 0 ] && ok "an unknown sae_format is refused" || not_ok "an unknown sae_format is refused" "found status 0, expected another"
says "and the right ones are named" "sae_lens" "gemma-scope, sparsify, saelens, openmoss"
residual "\"sae\": \"$saes/refused_dl_batchtopk\""
fails "refused_dl_batchtopk" index "$place/sae.json" -o "$place/no.scry"

# ---- features in other formats
features() { # FILE: a study of it, to $place/f.json
    printf '{"scry_study": 1, "pairing": "row",
 "train": {"base": {"features": "%s", "rows": [0, 12]}, "icl": {"features": "%s", "rows": [12, 24]}},
 "domains": [{"name": "d", "change": 1, "base": {"features": "%s"}}]}\n' "$1" "$1" "$1" >"$place/f.json"
}
features "$formats/a.npy"
gives 0 rank "$place/f.json" --csv
cp "$out" "$place/a.csv"
for file in csr.npz csc.npz coo.pt csr.pt f16.safetensors bf16.pt top_k.safetensors delphi.safetensors deflated.npz f4_fortran.npy; do
    features "$formats/$file"
    gives 0 rank "$place/f.json" --csv
    same "rank: $file as .npy" "$out" "$place/a.csv"
done
features "$formats/refused/evil.pt"
rm -f /tmp/scry-was-here
fails "posix.system" index "$place/f.json" -o "$place/no.scry"
[ ! -e /tmp/scry-was-here ] && ok "nothing in a pickle was run" || not_ok "nothing in a pickle was run" "found /tmp/scry-was-here, expected none"

# ---- index --memory
x=$place/s.scry
gives 0 index $study -o "$x"
gives 0 index $study -o "$place/t.scry" --memory 150M --threads 2
same "index --memory 150M: the same bytes" "$place/t.scry" "$x"
rm -f "$place/t.scry"
features "$formats/a.npy"
small=$place/f.json
for size in 200M 200m 200MB 200MiB 204800K 0.5G 1T 300000000; do
    gives 0 index "$small" -o "$place/t.scry" --memory "$size" --threads 2
done
rm -f "$place/t.scry"
for size in "" M x 5X -1 0 1.5.2 "5 5" 5MM 5MBB 0M nan inf 1e99 "512 " "512 B" " 200M" +200M; do
    refused "--memory: found \"$size\", expected a size such as 800M or 4G" index "$small" -o "$place/no.scry" --memory "$size"
done
fails "--memory: 8 MiB is too little for 2048 latents and 14 domains; expected at least" index $study -o "$place/no.scry" --memory 8M
refused "--memory needs SIZE after it" index $study -o "$place/no.scry" --memory
gives 0 rank "$small" --memory 1G --top 1
refused "no option --memory" merge "$x" -o "$place/no.scry" --memory 1G
refused "did you mean --memory?" index $study -o "$place/no.scry" --memroy 1G

# ---- index --shard, merge
for i in 1 2 3 4; do gives 0 index $study -o "$place/$i.scry" --shard $i/4; done
[ ! -s "$out" ] && ok "index --shard: nothing to stdout" || not_ok "index --shard: nothing to stdout" "found $(head -1 "$out"), expected nothing"
gives 0 index $study -o "$place/4.scry" --shard 4/4 --json
prints "index --shard --json: its own latents" '"latents":512,"tokens":30909,"nnz":[0-9]+'
gives 0 merge "$place/3.scry" "$place/1.scry" "$place/4.scry" "$place/2.scry" -o "$place/m.scry"
same "merge: the bytes of one run" "$place/m.scry" "$x"
says "merge: says what it made" "m.scry: 2048 latents, 30909 tokens"
gives 0 merge "$place/1.scry" "$place/2.scry" "$place/3.scry" "$place/4.scry" -o "$place/m.scry" --json
prints "merge --json: its keys" '^\{"index":".*m\.scry","latents":2048,"tokens":30909,"nnz":[0-9]+,"outliers":0,"seconds":[0-9.e-]+,"pairs":\[\{"base":"train.base".*\}\]\}$'
gives 0 index $study -o "$place/w.scry" --shard 1/1
same "index --shard 1/1 is the whole index" "$place/w.scry" "$x"
for command in info rank score tokens export; do
    latent=
    [ $command = tokens ] && latent=3
    # shellcheck disable=SC2086  # a word or none
    fails "this is a shard, latents 512 to 1023 of 2048; put the shards together with scry merge" $command "$place/2.scry" $latent
done
fails "this is a shard" "$place/2.scry"
for shard in 0/4 5/4 1/0 x 4 1/ /4 1/4/2 "1/4 " 1:4 -1/4 1/-4 1.0/4 4294967297/4 1/4294967300 5/5 7/7; do
    refused "--shard" index $study -o "$place/no.scry" --shard "$shard"
done
refused "expected at most 4 shards" index $study -o "$place/no.scry" --shard 1/5
refused "no option --shard" rank $study --shard 1/4
fails "missing" merge "$place/1.scry" "$place/2.scry" "$place/4.scry" -o "$place/no.scry"
fails "the last ones are missing" merge "$place/1.scry" "$place/2.scry" -o "$place/no.scry"
fails "there twice" merge "$place/1.scry" "$place/2.scry" "$place/2.scry" "$place/3.scry" "$place/4.scry" -o "$place/no.scry"
fails "study.json" merge "$place/1.scry" $study -o "$place/no.scry"
fails "nothing.scry: cannot be opened" merge "$place/1.scry" "$place/nothing.scry" -o "$place/no.scry"
fails "/nowhere/x.scry: cannot be written" merge "$place/1.scry" "$place/2.scry" "$place/3.scry" "$place/4.scry" -o /nowhere/x.scry
refused "expected shards and -o" merge
refused "expected shards and -o" merge "$place/1.scry" "$place/2.scry"
refused "expected shards and -o" merge -o "$place/no.scry"

# ---- synth
gives 0 synth -o "$place/planted" --width 1500 --domain-count 5 --tokens-each 64
[ ! -s "$out" ] && ok "synth: nothing to stdout" || not_ok "synth: nothing to stdout" "found $(head -1 "$out"), expected nothing"
says "synth: says what it made" "planted/study.json: 1500 latents, 5 domains" "answers in truth.json"
gives 0 synth -o "$place/again" --width 1500 --domain-count 5 --tokens-each 64 --json
prints "synth --json: its keys" '^\{"study":".*again/study\.json","latents":1500,"domains":5,"tokens":[0-9]+,"activations":[0-9]+,"bytes":[0-9]+,"seconds":[0-9.e-]+\}$'
same "synth: the same bytes again" "$place/again/truth.json" "$place/planted/truth.json"
gives 0 synth -o "$place/again" --width 1500 --domain-count 5 --tokens-each 64 --csv
prints "synth --csv: its header" '^study,latents,domains,tokens,activations,bytes,seconds'
gives 0 index "$place/planted/study.json" -o "$place/p.scry"
first=$(grep -m1 '"latent":' "$place/planted/truth.json" | tr -dc 0-9)
gives 0 rank "$place/p.scry" --top 1 --csv
is "synth: rank 1 is what truth.json says" "$(tail -1 "$out" | cut -d, -f1,2)" "1,$first"
gives 0 rank "$place/p.scry" --top 1 --json
prints "synth: and its label" '"label":"planted: rank 1 by icl'
gives 0 score "$place/p.scry" --top 100 --json
is "synth: rho is 0.8 without --rho" "$(number pearson | awk '{ printf "%.4f", $1 }')" 0.8000
gives 0 synth -o "$place/minus" --width 1500 --domain-count 5 --tokens-each 64 --rho -0.5 --seed 9
gives 0 score "$place/minus/study.json" --top 100 --json
is "synth --rho -0.5" "$(number pearson | awk '{ printf "%.4f", $1 }')" "-0.5000"
gives 0 synth -o "$place/null" --width 1500 --domain-count 5 --tokens-each 64 --null
refused "-o is missing" synth
refused "expected only options" synth "$place/x" -o "$place/y"
refused "--null and --rho: expected one of them" synth -o "$place/y" --null --rho 0.3
for rho in 1.01 -2 x nan "" 0.5x; do refused "--rho: found \"$rho\"" synth -o "$place/y" --rho "$rho"; done
refused "expected a whole number of 16 or more" synth -o "$place/y" --width 15
refused "width: found 99999999 latents, expected 16 to" synth -o "$place/y" --width 99999999
refused "--domain-count" synth -o "$place/y" --domain-count 2
refused "--tokens-each" synth -o "$place/y" --tokens-each 7
refused "tokens" synth -o "$place/y" --width 64 --tokens-each 65
refused "--seed" synth -o "$place/y" --seed -1
refused "no option --top" synth -o "$place/y" --top 3
mkdir "$place/foreign"
echo '{"mine": 1}' >"$place/foreign/study.json"
fails "study.json" synth -o "$place/foreign" --width 64
is "synth: a study that is not its own stays" "$(cat "$place/foreign/study.json")" '{"mine": 1}'
echo >"$place/file"
fails "file" synth -o "$place/file" --width 64
fails "/nowhere/deep" synth -o /nowhere/deep/y --width 64
[ ! -e "$place/y" ] && ok "synth: nothing is left after a refusal" || not_ok "synth: nothing is left after a refusal" "found $(ls "$place/y"), expected nothing"

# ---- labels
mkdir "$place/labels"
features "$formats/csr.npz"
labelled() { # LABELS: a study of ten latents with them
    sed "s#{\"scry_study\"#{\"labels\": \"$1\", \"scry_study\"#" "$place/f.json" >"$place/labels/study.json"
}
labelled export.jsonl
cat >"$place/labels/export.jsonl" <<'END'
{"modelId": "m", "layer": "3-res", "index": "3", "description": "opens a \"bracket\"", "typeName": "oai_token-act-pair", "embedding": [0.25, NaN]}
{"modelId": "m", "layer": "3-res", "index": "7", "description": "=1+1", "typeName": "oai_token-act-pair", "umap_x": -Infinity}
{"modelId": "m", "layer": "3-res", "index": "9999", "description": "of no latent"}
END
gives 0 rank "$place/labels/study.json" --json
prints "labels of Neuronpedia's export in rank --json" '"latent":3,[^}]*"label":"opens a \\"bracket\\""' '"latent":7,[^}]*"label":"=1\+1"'
is "and of no other latent" "$(grep -o '"label":"' "$out" | wc -l | tr -d ' ')" 2
prints "null where there is none" '"latent":4,[^}]*"label":null'
gives 0 index "$place/labels/study.json" -o "$place/l.scry"
says "a label of a latent that does not exist is noted" "latents here are below 10"
gives 0 export "$place/l.scry" --latents 3,7
prints "export: a label that begins with = is no formula" "\"'=1\\+1\""
gzip -c "$place/labels/export.jsonl" >"$place/labels/export.jsonl.gz"
labelled export.jsonl.gz
gives 0 rank "$place/labels/study.json" --json
prints "the same, gzip'd" '"latent":3,[^}]*"label":"opens a \\"bracket\\""'
labelled missing.jsonl
fails "missing.jsonl" rank "$place/labels/study.json"
labelled export.jsonl
printf '{"index": 3, "description": "another"}\n' >"$place/labels/export.jsonl"
gives 0 rank "$place/labels/study.json" --json
prints "changed labels are seen" '"latent":3,[^}]*"label":"another"'
for i in 1 2; do gives 0 index "$place/planted/study.json" -o "$place/$i.scry" --shard $i/2; done
gives 0 merge "$place/2.scry" "$place/1.scry" -o "$place/m.scry"
gives 0 rank "$place/m.scry" --top 1 --json
prints "labels of shards that were merged" '"label":"planted: rank 1 by icl'
is "no file is left behind" "$(find "$place" -name '*.tmp*' | wc -l | tr -d ' ')" 0
finish
