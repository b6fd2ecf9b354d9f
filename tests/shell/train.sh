#!/bin/sh
# scry train and scry eval-sae: a run killed in the middle goes on to the same weights; what they print; what they refuse.
. "${0%/*}/check.inc"
study=sample_data/study.json
small="--width 256 --k 8 --batch 512 --steps 60"

# ---- from a study to an SAE that indexes it
gives 0 train $study --condition base -o "$place/sae" $small --json
prints "train --json: its keys" '^\{"sae":".*/sae","arch":"topk","d_in":192,"d_sae":256,"steps":60,"tokens":30720,"rows":[0-9]+,"held_out_rows":[0-9]+,"held_out":true,"l0":[0-9.]+,"explained_variance":0\.[0-9]+,"fvu":0\.[0-9]+,"mse":[0-9.]+,"cosine":0\.[0-9]+,"dead":[0-9.]+,"dense":[0-9.]+,"max_norm_ratio":10,"outliers":0,"outlier_share":0,"outlier_variance_share":0,"outliers_kept":false,"without_outliers":\{"tokens":[0-9]+,"l0":[0-9.]+,"explained_variance":[0-9.]+,"fvu":[0-9.]+,"mse":[0-9.]+,"cosine":[0-9.]+,"dead":[0-9.]+,"dense":[0-9.]+\},"with_outliers":\{"tokens":[0-9]+,"l0":[0-9.]+,"explained_variance":[0-9.]+,"fvu":[0-9.]+,"mse":[0-9.]+,"cosine":[0-9.]+,"dead":[0-9.]+,"dense":[0-9.]+\},"seconds":[0-9.]+\}$'
says "train: tells how far it is" "scry: training: step "
is "train: what is left" "$(ls "$place/sae" | tr '\n' ' ')" "cfg.json sae_weights.safetensors train.jsonl "
named() { # FOLDER: what cfg.json calls the model, the hook and its layer
    sed -n 's/^.*"\(model_name\|hook_name\|hook_layer\)":[^"0-9]*\("\([^"]*\)"\|[0-9]*\).*$/\2/p' "$1/cfg.json" | tr '\n' ' '
}
is "train: cfg.json has the study's model, hook and layer" "$(named "$place/sae")" '"pocket-llama-3.4M" "blocks.3.hook_resid_post" 3 '
is "train: each line of the log is an object" "$(grep -c '^{"step":.*"held_out_explained_variance":0\.[0-9]*,.*}$' "$place/sae/train.jsonl")" 6
gives 0 eval-sae "$place/sae" $study --condition base
prints "eval-sae: the table" '^SAELens topk \(TopK, k 8\), 192 -> 256, [0-9]+ tokens' '^explained variance +0\.[0-9]+' '^never +[0-9]+ +[0-9.]+%'
gives 0 eval-sae "$place/sae" $study --json
prints "eval-sae --json: its keys" '^\{"sae":.*"kind":.*"d_in":192,"d_sae":256,"tokens":30909,"l0":[0-9.]+,"explained_variance":[0-9.]+,"fvu":[0-9.]+,"mse":[0-9.]+,"cosine":[0-9.]+,"dead":[0-9.]+,"dense":[0-9.]+,"max_norm_ratio":10,"outliers":0,"outlier_share":0,"outlier_variance_share":0,"outliers_kept":false,"without_outliers":\{"tokens":[0-9]+,"l0":[0-9.]+,"explained_variance":[0-9.]+,"fvu":[0-9.]+,"mse":[0-9.]+,"cosine":[0-9.]+,"dead":[0-9.]+,"dense":[0-9.]+\},"with_outliers":\{"tokens":[0-9]+,"l0":[0-9.]+,"explained_variance":[0-9.]+,"fvu":[0-9.]+,"mse":[0-9.]+,"cosine":[0-9.]+,"dead":[0-9.]+,"dense":[0-9.]+\},"seconds":[0-9.e-]+,"rates":\[\{"rate":"never","latents":[0-9]+,"share":[0-9.]+\}'
gives 0 eval-sae "$place/sae" $study --csv
is "eval-sae --csv: its header" "$(head -1 "$out")" "sae,kind,d_in,d_sae,tokens,l0,explained_variance,fvu,mse,cosine,dead,dense,outliers,outlier_share,outlier_variance_share,seconds"
sed "s#\"sae\": \"sae\"#\"sae\": \"$place/sae\"#; s#\"\\(acts/\\|labels\\)#\"$PWD/sample_data/\\1#" $study >"$place/study.json"
gives 0 index "$place/study.json" -o "$place/x.scry"
says "the study is indexed with it" "256 latents"
file=$(ls -d "$PWD"/sample_data/acts/*.safetensors | head -1)
gives 0 eval-sae "$place/sae" "$file"
gives 0 train "$file" -o "$place/one" --arch relu --width 64 --batch 128 --steps 20 --csv
prints "train --csv: its header" '^sae,arch,d_in,d_sae,steps,'
sed 's/"pocket-llama-3.4M"/"another"/' "$place/study.json" >"$place/another.json"
gives 0 train "$place/study.json" "$place/another.json" --condition base -o "$place/two" --width 64 --batch 128 --steps 20
is "train: of two studies the names that they share" "$(named "$place/two")" '"blocks.3.hook_resid_post" 3 '
is "train: of a file alone no names are known" "$(named "$place/one")" ""

# ---- into a manifest
mkdir "$place/into"
printf '{\n  "scry_study": 1,\n  "train": {"name": "math", "base": {"residual": "base.safetensors"}},\n  "note": "sae"\n}\n' >"$place/into/study.json"
cp sample_data/acts/train.base.safetensors "$place/into/base.safetensors"
tiny="--width 64 --k 4 --batch 128 --steps 10"
gives 0 train "$place/into/study.json" -o "$place/into/sae" $tiny --into "$place/into/study.json"
says "train --into: says so" "into/study.json: names "
is "train --into: a new key stands first, every other byte stays" "$(cat "$place/into/study.json")" '{
  "sae": "sae",
  "scry_study": 1,
  "train": {"name": "math", "base": {"residual": "base.safetensors"}},
  "note": "sae"
}'
gives 0 index "$place/into/study.json" -o "$place/into.scry"
says "train --into: the study is then indexed with it" "64 latents"
gives 0 train "$place/into/study.json" -o "$place/beside" $tiny --into "$place/into/study.json"
is "train --into: an old value is replaced, relative to the manifest or as an absolute path outside" \
    "$(grep '"sae":' "$place/into/study.json")" "  \"sae\": \"$place/beside\","
printf '{}' >"$place/into/empty.json"
gives 0 train "$place/into/study.json" -o "$place/into/sae3" $tiny --into "$place/into/empty.json"
is "train --into: an empty object" "$(cat "$place/into/empty.json")" '{"sae": "sae3"}'
printf '[1, 2]' >"$place/into/list.json"
fails "list.json: found no JSON object, expected a study's manifest" train "$place/into/study.json" -o "$place/into/no" $tiny --into "$place/into/list.json"
is "train --into: refused before training" "$(ls -d "$place/into/no" 2>/dev/null)" ""

# ---- killed in the middle: the weights that an unbroken run gives, bit for bit
for arch in topk batchtopk relu jumprelu; do
    run="$study --condition base --arch $arch --width 512 --batch 512 --steps 120 --checkpoint-every 20"
    gives 0 train $run -o "$place/whole-$arch" --weight-decay 0.01 --hook-name model.layers.7 --model-name m/n
    "$SCRY" train $run -o "$place/killed-$arch" --weight-decay 0.01 --hook-name model.layers.7 --model-name m/n --threads 1 >/dev/null 2>&1 &
    pid=$!
    tries=0
    while [ ! -e "$place/killed-$arch/checkpoint.safetensors" ] && [ $tries -lt 1000 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    is "$arch: killed by SIGKILL in the middle" "$?" 137
    [ -e "$place/killed-$arch/cfg.json" ] && not_ok "$arch: killed before the end" "found a finished SAE" || ok "$arch: killed before the end"
    gives 0 train --resume -o "$place/killed-$arch"
    cmp -s "$place/whole-$arch/sae_weights.safetensors" "$place/killed-$arch/sae_weights.safetensors" &&
        ok "$arch: --resume ends with the same weights" || not_ok "$arch: --resume ends with the same weights" "found other bytes"
    cmp -s "$place/whole-$arch/cfg.json" "$place/killed-$arch/cfg.json" &&
        ok "$arch: and with the same cfg.json" || not_ok "$arch: and with the same cfg.json" "found other bytes"
    is "$arch: which has the names that were given" "$(named "$place/killed-$arch")" '"m/n" "model.layers.7" 7 '
    is "$arch: and with a log that has each step once" "$(sed 's/,.*//' "$place/killed-$arch/train.jsonl")" "$(sed 's/,.*//' "$place/whole-$arch/train.jsonl")"
done

# ---- ctrl-C, and a terminal that goes
begun() { # FOLDER: a run there has logged its first steps
    tries=0
    while [ ! -s "$1/train.jsonl" ] && [ $tries -lt 1000 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
}
for number in INT HUP TERM; do
    rm -rf "$place/stopped"
    "$SCRY" train $study -o "$place/stopped" --width 512 --steps 100000 2>"$err" >"$out" &
    pid=$!
    begun "$place/stopped"
    kill -$number $pid
    wait $pid
    is "train: status 1 when interrupted by SIG$number" "$?" 1
    says "and says how to go on" "go on with: scry train --resume -o $place/stopped"
    is "and leaves a checkpoint and the log" "$(ls "$place/stopped" | tr '\n' ' ')" "checkpoint.safetensors train.jsonl "
done
(
    trap '' HUP
    exec "$SCRY" train $study --condition base -o "$place/nohup" --width 512 --batch 512 --steps 200
) 2>"$err" >"$out" &
pid=$!
begun "$place/nohup"
kill -HUP $pid
wait $pid
is "train: under nohup it goes on to the end" "$?" 0
is "and leaves the SAE" "$(ls "$place/nohup" | tr '\n' ' ')" "cfg.json sae_weights.safetensors train.jsonl "
mkfifo "$place/fifo"
(: <"$place/fifo") & # opens it and goes
"$SCRY" train $study -o "$place/piped" --width 512 --steps 100000 2>"$place/fifo" >"$out" &
pid=$!
begun "$place/piped"
kill -HUP $pid
wait $pid
is "train: SIGHUP when nobody reads its messages: status 1" "$?" 1
is "and a checkpoint" "$(ls "$place/piped" | tr '\n' ' ')" "checkpoint.safetensors train.jsonl "
gives 1 train $study -o "$place/stopped"
says "it is not overwritten" "--resume"
gives 1 train --resume "$file" -o "$place/stopped"
says "nor gone on with other residuals" "other residuals than the checkpoint"
head -c 5000 "$place/stopped/checkpoint.safetensors" >"$place/cut"
mv "$place/cut" "$place/stopped/checkpoint.safetensors"
gives 1 train --resume -o "$place/stopped"
says "a damaged checkpoint is named" "checkpoint.safetensors"

# ---- a log that a crash has cut is mended, or begun again, when its run goes on
one="$file --width 64 --batch 128 --log-every 10"
"$SCRY" train $one -o "$place/cut-log" --steps 1000000 2>"$err" >"$out" &
pid=$!
tries=0
while [ "$(wc -l 2>/dev/null <"$place/cut-log/train.jsonl" || echo 0)" -lt 4 ] && [ $tries -lt 1000 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
kill -INT $pid
wait $pid
for cut in 1 25 all; do
    rm -rf "$place/cut-again"
    cp -r "$place/cut-log" "$place/cut-again"
    lines=$(wc -l <"$place/cut-log/train.jsonl")
    case $cut in
    all) rm "$place/cut-again/train.jsonl" && least=2 ;;
    1) truncate -s -1 "$place/cut-again/train.jsonl" && least=$((lines + 1)) ;;
    *) truncate -s -$cut "$place/cut-again/train.jsonl" && least=$lines ;;
    esac
    "$SCRY" train --resume -o "$place/cut-again" 2>"$err" >"$out" &
    pid=$!
    tries=0
    while [ "$(wc -l 2>/dev/null <"$place/cut-again/train.jsonl" || echo 0)" -lt $least ] && [ $tries -lt 1000 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    kill -INT $pid
    wait $pid
    gives 0 train --watch "$place/cut-again"
    is "a log cut by $cut: objects from the first on, each step once" \
        "$(head -1 "$place/cut-again/train.jsonl" | cut -c 1-16) $(grep -cv '^{[^{]*}$' "$place/cut-again/train.jsonl") $(sed 's/,.*//' "$place/cut-again/train.jsonl" | sort | uniq -d)" \
        '{"event":"start" 0 '
done

# ---- rows that are held out, and rows that are not as they should be
matrix() { # FILE ROWS: of 8 columns, all 0
    printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': ($2, 8), }" >"$1"
    head -c $(($2 * 32)) /dev/zero >>"$1"
}
poison() { # FILE ROW: its first number becomes NaN
    printf '\0\0\300\177' | dd of="$1" bs=1 seek=$((128 + $2 * 32)) conv=notrunc 2>/dev/null
}
matrix "$place/same.npy" 4000
for share in 0.05 0.3 0.4 0.5 0.7 0.9; do
    rm -rf "$place/held"
    gives 0 train "$place/same.npy" -o "$place/held" --width 8 --steps 1 --held-out $share --json
    is "--held-out $share: that share of the rows is held out" "$(awk "BEGIN { off = $(number held_out_rows) / 4000 - $share; print (off < 0.02 && off > -0.02) }")" 1
done
gives 0 eval-sae "$place/held" "$place/same.npy" --csv
prints "rows that are all the same have no explained variance" '",8,8,4000,[0-9.]+,,,'
gives 0 eval-sae "$place/held" "$place/same.npy"
prints "which the table says" '^explained variance  undefined: all tokens are the same$'
cp "$place/same.npy" "$place/poisoned.npy"
poison "$place/poisoned.npy" 3000
fails "poisoned.npy: rows 2944 to 3007: found 1 values that are NaN" eval-sae "$place/held" "$place/same.npy" "$place/poisoned.npy"
gives 0 eval-sae "$place/held" "$place/same.npy" "$place/poisoned.npy" --allow-nonfinite
block=0 unnoticed=
matrix "$place/wide.npy" 82000
while [ $block -lt 40 ]; do # each block of two rounds: one of each is held out, and one of these measured on the way
    cp "$place/wide.npy" "$place/block.npy"
    poison "$place/block.npy" $((block * 64 + 5))
    scry train "$place/block.npy" -o "$place/u" --width 8 --steps 1
    [ "$status" = 1 ] && [ ! -e "$place/u" ] || unnoticed="$unnoticed $block"
    block=$((block + 1))
done
is "NaN is found before the first step, in held-out rows too: blocks where it is not" "$unnoticed" ""

cp "$place/wide.npy" "$place/later.npy"
"$SCRY" train "$place/later.npy" -o "$place/later" --width 64 --batch 64 --steps 2000 --log-every 10 2>"$err" >"$out" &
pid=$!
begun "$place/later"
kill -INT $pid
wait $pid
for row in 5 3000 5000; do poison "$place/later.npy" $row; done
fails "found 1 values that are NaN" train --resume -o "$place/later"
gives 0 train --resume -o "$place/later" --allow-nonfinite

# ---- stopped while it is measured: the SAE is there, and that is said
matrix "$place/long.npy" 2000000
"$SCRY" train "$place/long.npy" -o "$place/measured" --width 1024 --batch 64 --steps 1 --held-out 0 2>"$err" >"$out" &
pid=$!
tries=0
while [ ! -e "$place/measured/cfg.json" ] && [ $tries -lt 3000 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
kill -INT $pid
wait $pid
is "train: status 1 when interrupted while it is measured" "$?" 1
says "and says that the SAE is saved" "interrupted; the SAE is trained and saved, but not measured: scry eval-sae $place/measured CAPTURE..."
is "train: what is not measured yet is not told" "$(grep -c 'loss 0' "$err")" 0
rm "$place/long.npy"
gives 0 eval-sae "$place/measured" "$place/same.npy"

# ---- what is refused
refused "-o is missing" train $study
refused "expected residual files or a study manifest" train -o "$place/u"
refused "--arch: found \"gated\", expected relu, topk, batchtopk or jumprelu" train $study -o "$place/u" --arch gated
refused "--k: found \"x\", expected a whole number" train $study -o "$place/u" --k x
refused "--k: found \"1.5\", expected a whole number" train $study -o "$place/u" --k 1.5
refused "--lr: found \"-1\"" train $study -o "$place/u" --lr -1
refused "--lr: found \"nan\"" train $study -o "$place/u" --lr nan
refused "--betas: found \"0.9\"" train $study -o "$place/u" --betas 0.9
refused "--sparsity: applies to --arch relu and jumprelu, not to topk" train $study -o "$place/u" --sparsity 3
refused "--pre-act-weight: applies to --arch jumprelu, not to relu" train $study -o "$place/u" --arch relu --pre-act-weight 1
refused "--weight-decay: found \"-1\"" train $study -o "$place/u" --weight-decay -1
refused "--k: applies to --arch topk and batchtopk, not to relu" train $study -o "$place/u" --arch relu --k 3
refused "--resume keeps the settings of the run; remove --lr" train --resume -o "$place/u" --lr 1
refused "remove --hook-name" train --resume -o "$place/u" --hook-name x
refused "--condition: found \"foo\"" train $study -o "$place/u" --condition foo
refused "--memory: found 1 MB, expected at least" train $study -o "$place/u" --memory 1M
fails "under the condition rl" train $study -o "$place/u" --condition rl
mkfifo "$place/fifo.npy" # no other process opens it, and scry does not wait
fails "found a special file, expected a regular file" train "$place/fifo.npy" -o "$place/u"
fails "nothing.npy" train "$place/nothing.npy" -o "$place/u"
fails "found files in it" train $study -o "$place/sae"
fails "found a file" train $study -o "$file"
fails "no checkpoint.safetensors" train --resume -o "$place/sae"
fails "cannot be made" train $study -o "$place/no/where"
refused "expected an SAE and residual files" eval-sae "$place/sae"
fails "nowhere" eval-sae "$place/nowhere" $study
refused "did you mean scry eval-sae?" eval-sea "$place/sae" $study
is "nothing is left behind" "$(find "$place" -name 'u' -o -name '*.tmp*' | wc -l | tr -d ' ')" 0
finish
