#!/bin/sh
# The README's examples: each command line exits with 0, and so does each `:command` in the explorer.
. "${0%/*}/check.inc"
top=$PWD
mkdir -p "$place/study" "$place/bin" && cd "$place/study" || exit 1
ln -s "$SCRY" "$place/bin/scry" && PATH=$place/bin:$PATH
export XDG_CACHE_HOME="$place/cache" XDG_DATA_HOME="$place/data" XDG_STATE_HOME="$place/state"

# What the examples expect: a study with a domain "law, civil" and a latent 1819, two more indexes, residuals; models,
# texts, results of lm-evaluation-harness, and answers about latents.
cp -r "$top"/sample_data/. .
cp -r models/base models/sft .
cp text/train_math.jsonl math.jsonl
cp text/law.jsonl text/physics.jsonl .
for model in base sft; do
    printf '{"results": {"law": {"acc,none": 0.%s, "acc_stderr,none": 0.01}, "physics": {"acc,none": 0.4, "acc_stderr,none": 0.02}}}\n' \
        "${#model}" >"$model/results_1.json"
done
echo '{"latent": 3, "label": "the label of an answer"}' >answers.jsonl
sed -i 's/"name": "law"/"name": "law, civil"/' study.json
cp acts/train.base.safetensors layer25-0.safetensors
cp acts/train.icl.safetensors layer25-1.safetensors
gives 0 index study.json -o study.scry
cp study.scry wide.scry
cp study.scry narrow.scry
example() { # LINE: runs it; trainings take a few steps only, and begin in an empty folder
    case $1 in
    "scry train --watch "*) ;;
    "scry train --resume "*)
        rm -rf my-sae
        "$SCRY" train study.json --condition base -o my-sae --width 64 --steps 100000 >"$out" 2>"$err" &
        pid=$!
        tries=0
        while [ ! -s my-sae/train.jsonl ] && [ $tries -lt 1000 ]; do
            sleep 0.02
            tries=$((tries + 1))
        done
        kill -INT $pid
        wait $pid
        set -- "timeout -s INT 1 $1" # the run would be long: it goes on from the checkpoint, and is stopped with status 1
        ;;
    "scry eval-sae "*)
        rm -rf my-sae
        "$SCRY" train layer25-0.safetensors -o my-sae --width 64 --steps 5 >"$out" 2>"$err"
        ;;
    "scry study/study.json") set -- "scry --script /dev/null study/study.json" ;;
    "scry train "*)
        rm -rf my-sae
        set -- "$1 --steps 20"
        ;;
    esac
    sh -c "$1" >"$out" 2>"$err" </dev/null
    status=$?
    case $1 in
    timeout*) is "README: ${1#timeout -s INT 1 } goes on" "$(sed -n 's/^.*\(go on with: scry train --resume\).*$/\1/p' "$err")" "go on with: scry train --resume" ;;
    *) is "README: $1 $([ "$status" -eq 0 ] || head -1 "$err")" "$status" 0 ;;
    esac
}
sed -n 's/^    \(scry [^#]*[^# ]\) *\(#.*\)*$/\1/p' "$top/README.md" >"$place/lines"
while IFS= read -r line <&3; do
    example "$line"
done 3<"$place/lines"
is "README: there are examples" "$([ "$(wc -l <"$place/lines")" -gt 25 ] && echo many)" many

# Words in capitals stand for the reader's own names. Left out: a name that only the palette completes, and what needs a
# second training set.
grep -o '`:[^`]*`' "$top/README.md" | tr -d '`' | sed -n 's/^:\([a-z0-9]..*\)$/\1/p' |
    sed "s|FILE.scry|narrow.scry|; s|FILE|$place/labels.csv|; s|NAME|macro|" | grep -vxE 'train-set|sort wha' >"$place/script"
echo 'keep noise' >"$place/before" # lines that later ones need
while IFS= read -r line <&3; do
    case $line in
    keep*) echo "$line" >>"$place/before" ;;
    record*) printf '%s\ndown\nrecord\n' "$line" >>"$place/before" ;;
    add*) add=$line ;;
    esac
    [ "$line" = close ] && echo "$add" >>"$place/before"
    { cat "$place/before" && echo "$line"; } >"$place/one"
    scry --script "$place/one" study.scry
    is "README: :$line $([ "$status" -eq 0 ] || head -1 "$err")" "$status" 0
done 3<"$place/script"
is "README: there are commands of the explorer" "$([ "$(wc -l <"$place/script")" -gt 15 ] && echo many)" many
finish
