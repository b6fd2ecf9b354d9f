#!/bin/sh
# Broken studies and indexes: an error names the file, the key, what was found and what was expected, and leaves nothing.
. "${0%/*}/check.inc"
top=$PWD s=$place/study
mkdir -p "$s" "$place/made"
cp -r sample_data/acts sample_data/sae "$s/"
cp sample_data/study.json "$s/good.json"
law=acts/law.base.safetensors

nothing_left() { # WHAT
    left=$(ls -A "$place/made")
    if [ -z "$left" ]; then ok "$1: nothing is left"; else
        not_ok "$1: nothing is left" "found $left, expected nothing"
        rm -rf "$place/made/"*
    fi
}

# Indexes study/FILE, which must fail with these words and leave nothing.
broken() { # WHAT FILE WORDS...
    what=$1 file=$2
    shift 2
    scry index "$s/$file" -o "$place/made/x.scry"
    if [ "$status" -ne 1 ]; then not_ok "$what" "found status $status ($(tail -1 "$err")), expected 1"; else
        says "$what" "scry: " "$@"
    fi
    [ "$status" -lt 128 ] || not_ok "$what" "found a crash, expected an error"
    nothing_left "$what"
}

# The good manifest, with one thing changed by sed.
manifest() { # WHAT SED WORDS...
    what=$1
    sed "$2" "$s/good.json" >"$s/m.json"
    shift 2
    if cmp -s "$s/m.json" "$s/good.json"; then not_ok "$what" "found the manifest unchanged, expected the test to break it"; fi
    broken "$what" m.json "$@"
}

# A copy of law's residuals, named in the manifest in its place.
matrix() { # WHAT WORDS...: acts/bad.safetensors is there
    what=$1
    shift
    sed "s#$law#acts/bad.safetensors#" "$s/good.json" >"$s/m.json"
    broken "$what" m.json "m.json: domains[8].base" "acts/bad.safetensors" "$@"
}

# ---- the manifest
manifest "a file that is missing" "s#$law#acts/none.safetensors#" "domains[8].base.residual" "acts/none.safetensors" "No such file" "expected"
manifest "a token file that is missing" "s#acts/law.tokens.jsonl#acts/none.jsonl#" "domains[8].base" "acts/none.jsonl" "No such file"
manifest "an SAE that is missing" 's#"sae": "sae"#"sae": "none"#' "sae" "none" "no such file"
manifest "a directory for a file" "s#$law#acts#" "domains[8].base.residual" "found a directory, expected a regular file; name one of what it holds: "
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n' 7 >"$s/acts/pointer"
manifest "a Git LFS pointer for residuals" "s#$law#acts/pointer#" "domains[8].base.residual" "found a Git LFS pointer" "run git lfs pull"
manifest "a Git LFS pointer for tokens" "s#acts/law.tokens.jsonl#acts/pointer#" "domains[8].base" "acts/pointer: found a Git LFS pointer"
manifest "a Git LFS pointer for labels" 's#"scry_study": 1#"scry_study": 1, "labels": "acts/pointer"#' "labels" "acts/pointer: found a Git LFS pointer"
manifest "a Git LFS pointer for the tokenizer" 's#"scry_study": 1#"scry_study": 1, "tokenizer": "acts/pointer"#' "tokenizer" "acts/pointer: found a Git LFS pointer"
manifest "a Git LFS pointer for the SAE" 's#"sae": "sae"#"sae": "acts/pointer"#' "sae" "acts/pointer: found a Git LFS pointer"
broken "a Git LFS pointer for the manifest" acts/pointer "acts/pointer: found a Git LFS pointer"
mkdir "$s/acts/set" "$s/acts/splits" "$s/acts/shards"
: >"$s/acts/set/state.json" >"$s/acts/set/dataset_info.json" >"$s/acts/set/data-00000-of-00001.arrow"
: >"$s/acts/splits/0_99.safetensors" >"$s/acts/splits/100_199.safetensors"
: >"$s/acts/shards/shard_0.memmap" >"$s/acts/shards/shard_0.meta"
manifest "a folder of a dataset" "s#$law#acts/set#" "domains[8].base.residual" "found a folder of a Hugging Face dataset (Arrow), expected a regular file" "numpy.save" "data-00000-of-00001.arrow"
manifest "a folder of delphi's splits" "s#$law#acts/splits#" "found a folder of delphi's splits" "give a list of its files: 0_99.safetensors, 100_199.safetensors"
manifest "a folder of memory-mapped shards" "s#$law#acts/shards#" "found a folder of memory-mapped shards" "save them as .npy or .safetensors" "shard_0.memmap"
rm -r "$s/acts/set" "$s/acts/splits" "$s/acts/shards"
manifest "name: a number" 's#"name": "Original[^"]*"#"name": 5#' "m.json: name: found a number, expected text"
manifest "sae: a list" 's#"sae": "sae"#"sae": ["sae"]#' "m.json: sae: found a list, expected text"
manifest "pairing: another word" 's#"pairing": "token"#"pairing": "tokens"#' 'pairing: found "tokens", expected "token", "sample" or "row"'
manifest "correlate: another word" 's#"correlate": "signed"#"correlate": "both"#' 'correlate: found "both", expected "absolute" or "signed"'
manifest "change: text" 's#"change": -9.3357#"change": "-9.3"#' "domains[8].change: found text, expected a number"
manifest "change: beyond all numbers" 's#"change": -9.3357#"change": 1e999#' "domains[8].change"
manifest "change: for a training set that is not there" 's#"change": -9.3357#"change": {"maths": 1}#' "domains[8].change" '"maths" is no training set'
manifest "domains: an object" 's#"domains": \[#"domains": {"a": [#;$s#}#}}#' "m.json" "domains"
manifest "residual: a number" "s#\"$law\"#7#" "domains[8].base.residual: found a number, expected a file name or a list of them"
manifest "residual: an empty list" "s#\"$law\"#[]#" "domains[8].base.residual" "expected a file name or a list of them"
manifest "both residual and features" "s#\"residual\": \"$law\"#\"residual\": \"$law\", \"features\": \"$law\"#" "domains[8].base: found both, expected exactly one"
manifest "neither" "s#\"residual\": \"$law\"#\"residul\": \"$law\"#" "domains[8].base: found neither, expected exactly one"
manifest "features of the wrong width" "s#\"residual\": \"$law\"#\"features\": \"$law\"#" "domains[8].base.features" "found 192 columns, expected 2048"
manifest "tensor that is not there" "s#\"residual\": \"$law\"#\"tensor\": \"acts\", &#" 'no tensor named "acts"' "residual [722, 192]"
manifest "tensor: a number" "s#\"residual\": \"$law\"#\"tensor\": 3, &#" "tensor: found a number, expected text"
manifest "rows: one number" "s#\"residual\": \"$law\"#\"rows\": [3], &#" "domains[8].base.rows: found a list, expected [from, to]"
manifest "rows: backwards" "s#\"residual\": \"$law\"#\"rows\": [9, 3], &#" "domains[8].base.rows" "the first below the second"
manifest "rows: beyond the end" "s#\"residual\": \"$law\"#\"rows\": [0, 723], &#" "domains[8].base.rows: found rows up to 723" "has 722"
manifest "skip_first: negative" "s#\"residual\": \"$law\"#\"skip_first\": -1, &#" "domains[8].base.skip_first: found a number, expected a whole number"
manifest "skip_first: everything" "s#\"residual\": \"$law\"#\"skip_first\": 5000, &#" "domains[8].base: skip_first and exclude leave no token"
manifest "exclude: a number" "s#\"residual\": \"$law\"#\"exclude\": 1, &#" "domains[8].base.exclude: found a number, expected a list of token texts"
manifest "labels that are missing" 's#"sae": "sae"#&, "labels": "none.jsonl"#' "labels" "none.jsonl" "No such file"
manifest "the same domain twice" 's#"name": "law"#"name": "biology"#' 'domains[8].name: "biology" is taken by domains[0]'
manifest "a domain without a name" 's#"name": "law"#"name": ""#' "domains[8].name: missing"
manifest "a version to come" 's#"scry_study": 1#"scry_study": 2#' "scry_study: found" "expected the number 1"
manifest "no version" 's#"scry_study": 1,##' "scry_study"
manifest "a version that is text" 's#"scry_study": 1#"scry_study": "1"#' "scry_study" "found text"
manifest "base missing" '0,/"base"/s//"bass"/' "train.base: missing"
printf '{"scry_study": 1, "name": "x",\n  "train": [}' >"$s/m.json"
broken "not JSON" m.json "m.json: line 2, column" "not JSON"
: >"$s/m.json"
broken "an empty manifest" m.json "m.json" "not JSON"
printf '[1]' >"$s/m.json"
broken "a list" m.json "m.json" "expected a study manifest"
printf '{"scry_study": 1}' >"$s/m.json"
broken "no train" m.json "m.json: train: found nothing, expected a training set"
cp "$s/$law" "$s/m.json"
broken "a matrix for a manifest" m.json "m.json" "expected a study manifest"
head -c 400000 /dev/zero | tr '\0' '[' >"$s/m.json"
broken "brackets without end" m.json "m.json"

# ---- matrices
bad=$s/acts/bad.safetensors
size=$(wc -c <"$s/$law")
for cut in 0 4 8 40 79 100 $((size - 1)); do
    head -c "$cut" "$s/$law" >"$bad"
    matrix "cut at $cut bytes"
done
says "cut: says so" "cut"
patch() { LC_ALL=C sed "1,/}}/$1" "$s/$law" >"$bad"; }
patch 's/\[722,192\]/[192,722]/'
matrix "a shape turned around" "found 722 columns, expected 192"
patch 's/"F16"/"I16"/'
matrix "an integer dtype" "found 0 two-dimensional tensors of floating-point numbers" "I16"
patch 's/"F16"/"F64"/'
matrix "a dtype that needs more bytes" "residual" "277248"
patch 's/\[722,192\]/[7220192]/;s/7220192/722*192/'
matrix "a shape that is no list of numbers" "header"
patch 's/\[722,192\]/[999,192]/'
matrix "a shape larger than the file" "the file is cut or its header is wrong"
patch 's/\[722,192\]/[-22,192]/'
matrix "a negative shape" "shape[0] is not a whole number"
patch 's/\[722,192\]/[722,1.5]/;s/1\.5/1.5/'
matrix "a broken shape" "shape[1]"
patch 's/"data_offsets"/"data_offsetz"/'
matrix "no offsets" "data_offsets"
patch 's/"dtype"/"dtypo"/'
matrix "no dtype" "dtype"
patch 's/\[722,192\]/[622,192]/'
sed "s#$law#acts/bad.safetensors#;s#acts/law.base#&#" "$s/good.json" | awk '/acts\/bad/ { sub(/,$/, ""); print; getline; next } { print }' >"$s/m.json"
sed -i 's/"pairing": "token"/"pairing": "row"/' "$s/m.json"
broken "a shape that leaves bytes over" m.json "acts/bad.safetensors" "tensor \"residual\""
cp "$s/$law" "$bad"
printf '\377\377\377\377\377\377\377\177' | dd of="$bad" conv=notrunc 2>/dev/null
matrix "a header without end" "header length"
cp "$s/$law" "$bad"
printf 'GARBAGE!GARBAGE!' | dd of="$bad" conv=notrunc 2>/dev/null
matrix "another kind of file" "not a tensor file" "expected .npy (" ".safetensors (8 bytes"
cp "$s/acts/math.base.safetensors" "$bad"
matrix "more rows than tokens" "found 722 tokens, expected 905"
cp "$s/sae/sae_weights.safetensors" "$bad"
matrix "several matrices in it" "found 2 two-dimensional tensors, expected one" "W_enc [192, 2048]"
head=$(LC_ALL=C head -c 8 "$s/$law" | od -An -tu1 | awk '{ print $1 + 256 * $2 }')
cp "$s/$law" "$bad"
printf '\000\176' | dd of="$bad" bs=1 seek=$((8 + head + 2 * 192 * 5)) conv=notrunc 2>/dev/null
matrix "not a number in row 5" "found 1 values that are NaN or infinite, the first in row 5" "--allow-nonfinite takes them as 0"
gives 0 index "$s/m.json" -o "$place/nan.scry" --allow-nonfinite
says "--allow-nonfinite warns" "warning: law.base: 1 values that are NaN or infinite were taken as 0"

# ---- tokens
tokens() { # WHAT WORDS...: acts/bad.jsonl is there
    what=$1
    shift
    sed "s#acts/law.tokens.jsonl#acts/bad.jsonl#" "$s/good.json" >"$s/m.json"
    broken "$what" m.json "domains[8].base.tokens" "acts/bad.jsonl" "$@"
}
head -3 "$s/acts/law.tokens.jsonl" >"$s/acts/bad.jsonl"
tokens "too few tokens" "expected 722, one a row of" "law.base.safetensors"
{ head -2 "$s/acts/law.tokens.jsonl" && echo '{"id": "law", "tokens": ["a"' && tail -9 "$s/acts/law.tokens.jsonl"; } >"$s/acts/bad.jsonl"
tokens "a line that is not JSON" "line 3 is not a JSON object"
sed '4s/"tokens"/"tokenz"/; 4s/"ids"/"idz"/' "$s/acts/law.tokens.jsonl" >"$s/acts/bad.jsonl"
tokens "a line without tokens" "line 4: expected \"tokens\""
echo '{"id": "law", "tokens": ["a", null]}' >"$s/acts/bad.jsonl"
tokens "a token that is neither text nor number" "line 1: token 1 is neither text nor a number"
: >"$s/acts/bad.jsonl"
tokens "an empty token file" "found 0 tokens, expected 722"

# ---- the SAE
sae() { # WHAT WORDS...: sae-bad/ is there
    what=$1
    shift
    sed 's#"sae": "sae"#"sae": "sae-bad"#' "$s/good.json" >"$s/m.json"
    broken "$what" m.json "sae-bad" "$@"
    rm -rf "$s/sae-bad"
    cp -r "$s/sae" "$s/sae-bad"
}
cp -r "$s/sae" "$s/sae-bad"
rm "$s/sae-bad/cfg.json"
sae "no cfg.json" "found a directory, expected params.npz" "it holds: sae_weights.safetensors" "cfg.json (SAELens)"
rm "$s/sae-bad/sae_weights.safetensors"
sae "no weights" "sae_weights.safetensors" "No such file"
sed -i 's/"d_sae": 2048/"d_sae": 2047/' "$s/sae-bad/cfg.json"
sae "another width" 'd_sae: found 2047, expected 2048'
sed -i 's/"d_in": 192/"d_in": "192"/' "$s/sae-bad/cfg.json"
sae "a size that is text" 'd_in: found "192", expected a whole number'
sed -i 's/"relu"/"swish"/' "$s/sae-bad/cfg.json"
sae "an activation that is unknown" 'activation_fn_str: found "swish"'
echo '{' >"$s/sae-bad/cfg.json"
sae "a cfg.json that is not JSON" "found no JSON object"
head -c 100000 "$s/sae/sae_weights.safetensors" >"$s/sae-bad/sae_weights.safetensors"
sae "weights that are cut" "sae_weights.safetensors" "the file is cut"

# ---- what is only warned of
sed 's#"sae": "sae"#&, "colour": "red"#;s#"name": "law"#&, "chnage": 3#' "$s/good.json" >"$s/m.json"
gives 0 index "$s/m.json" -o "$place/warned.scry"
says "unknown keys are named" "warning:" "colour: unknown key, ignored" "domains[8].chnage: unknown key, ignored"
printf '{"latent": 5000, "label": "a"}\n' >"$s/labels.jsonl"
sed 's#"sae": "sae"#&, "labels": "labels.jsonl"#' "$s/good.json" >"$s/m.json"
gives 0 index "$s/m.json" -o "$place/warned.scry"
says "labels of no latent are named" "1 record ignored: latents here are below 2048"
printf '{"latent": 3}\n' >"$s/labels.jsonl"
broken "a label without text" m.json "labels.jsonl: line 1: expected"

# ---- commands on a broken study, by its manifest: nothing in the cache
rm -rf "$WORK/cache/scry"
sed "s#$law#acts/none.safetensors#" "$s/good.json" >"$s/m.json"
gives 1 rank "$s/m.json"
says "rank of a broken study: the same words" "domains[8].base" "acts/none.safetensors"
sed 's#"sae": "sae"#"sae": "none"#' "$s/good.json" >"$s/m.json"
gives 1 score "$s/m.json"
says "score of a study without its SAE: names file and key" "m.json" "sae" "none"
cp "$s/acts/math.base.safetensors" "$bad"
sed "s#$law#acts/bad.safetensors#" "$s/good.json" >"$s/m.json"
gives 1 score "$s/m.json"
is "and nothing in the cache" "$(ls "$WORK/cache/scry" 2>/dev/null | wc -l | tr -d ' ')" 0

# ---- indexes
"$SCRY" index "$s/good.json" -o "$place/good.scry" 2>/dev/null
size=$(wc -c <"$place/good.scry")
for cut in 0 7 8 63 64 1000 $((size / 2)) $((size - 1)); do
    head -c "$cut" "$place/good.scry" >"$place/cut.scry"
    scry info "$place/cut.scry"
    [ "$status" -eq 1 ] && grep -q 'cut.scry' "$err" && ok "an index cut at $cut" ||
        not_ok "an index cut at $cut" "found status $status, $(head -1 "$err"), expected 1 and its name"
done
says "a cut index: what to do" "bytes, expected $size; the index is cut, make it again"
for at in 9 30 70 5000 $((size / 3)) $((size / 2)) $((size - 40)); do
    cp "$place/good.scry" "$place/hurt.scry"
    old=$(dd if="$place/good.scry" bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    printf "\\$(printf '%03o' $((255 - ${old:-0})))" | dd of="$place/hurt.scry" bs=1 seek="$at" conv=notrunc 2>/dev/null
    scry rank "$place/hurt.scry" --top 3
    [ "$status" -eq 1 ] && grep -q 'hurt.scry' "$err" && ok "an index with byte $at changed" ||
        not_ok "an index with byte $at changed" "found status $status, $(head -1 "$err"), expected 1 and its name"
done
says "a damaged index: what to do" "make the index again"
printf 'latent,included\n' >"$place/foreign.scry"
gives 1 info "$place/foreign.scry"
says "another file: says so" "foreign.scry: not a scry index"
cp "$place/good.scry" "$place/keep.scry"
sum=$(cksum <"$place/keep.scry")
gives 1 index "$s/m.json" -o "$place/keep.scry"
is "a failure leaves the index of before" "$(cksum <"$place/keep.scry")" "$sum"

# ---- ctrl-C
many=$(i=0; while [ $i -lt 400 ]; do printf '"acts/math.base.safetensors",'; i=$((i + 1)); done)
printf '{"scry_study": 1, "sae": "sae", "train": {"base": {"residual": [%s]}, "sft": {"residual": [%s]}}, "domains": [{"name": "a", "base": {"residual": "%s"}}]}' \
    "${many%,}" "${many%,}" "$law" >"$s/long.json"
interrupt() { # SIGNAL ARGUMENT...
    signal=$1
    shift
    : >"$err" # the signal must not come before it is caught
    "$SCRY" "$@" >"$out" 2>"$err" &
    pid=$!
    i=0
    while [ $i -lt 100 ] && ! grep -q encoding "$err"; do sleep 0.05; i=$((i + 1)); done
    sleep 0.1
    kill -s "$signal" "$pid" 2>/dev/null
    wait "$pid"
    status=$?
}
interrupt INT index "$s/long.json" -o "$place/made/x.scry"
is "ctrl-C while indexing: status 1" "$status" 1
says "ctrl-C while indexing: says so" "interrupted; nothing was written"
nothing_left "ctrl-C while indexing"
interrupt TERM index "$s/long.json" -o "$place/made/x.scry"
[ "$status" -ne 0 ] && ok "SIGTERM while indexing ends it" || not_ok "SIGTERM while indexing ends it" "found status 0, expected another"
nothing_left "SIGTERM while indexing"
interrupt INT rank "$s/long.json"
is "ctrl-C while a manifest is indexed: status 1" "$status" 1
is "and nothing in the cache" "$(ls "$WORK/cache/scry" 2>/dev/null | wc -l | tr -d ' ')" 0
is "no scratch file anywhere" "$(find "$place" "$WORK/cache" -name '*.tmp*' 2>/dev/null | wc -l | tr -d ' ')" 0
cd "$top" || exit 1
finish
