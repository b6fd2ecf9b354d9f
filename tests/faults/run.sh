#!/bin/sh
# Makes allocations and calls on files fail, one after the other, in every command that writes (tests/faults/faults.c).
#     tests/faults/run.sh            all of the table below
#     FAULTS_MOST=40 tests/faults/run.sh    at most so many faults a command and kind (2000)
#     FAULTS="index merge" KINDS=memory tests/faults/run.sh    some commands, one kind
# Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
build=${BUILD:-build}
most=${FAULTS_MOST:-2000}
scry=$root/$build/scry
faults=$root/$build/tests/inject
library=$root/$build/tests/memory_faults.so
e=$root/tests/specimens/evaluate
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM HUP
export OPENBLAS_NUM_THREADS=1 TZ=UTC LC_ALL=C.UTF-8
unset OPENBLAS_CORETYPE NO_COLOR COLORTERM
passed=0 failed=0 skipped=0

LD_PRELOAD=$library FAULT_LOG=$place/log "$scry" --version >"$place/said" 2>&1
if [ ! -s "$place/log" ]; then # linked statically, another C library, or a sanitizer with allocations of its own
    echo "skip - faults: allocations of this program cannot be made to fail"
    echo "0 passed, 0 failed"
    exit 0
fi

quiet() { "$@" >"$place/said" 2>&1 || { echo "not ok - $*: $(tail -n 1 "$place/said")"; exit 1; }; }

# What the commands work on: a study of a tiny model, its SAE, indexes, a run of training that was stopped.
mkdir "$place/work"
cp -r "$e/base" "$e/tuned" "$e/math.jsonl" "$e/law.jsonl" "$place/work"
cd "$place/work" || exit 1
quiet "$scry" capture --model base --tuned tuned --train math.jsonl --domain math=math.jsonl --domain law=law.jsonl \
    --layer 1 --demos 1 --domain-demos 1 -o study --evaluate --change loss
quiet "$scry" train study/study.json -o study/sae --width 1024 --k 4 --steps 12 --batch 64 --threads 1 --into study/study.json
quiet "$scry" index study/study.json -o x.scry
quiet "$scry" index study/study.json --shard 1/2 -o half1.scry
quiet "$scry" index study/study.json --shard 2/2 -o half2.scry
quiet "$scry" export x.scry --top 8 -o set.csv
printf 'latent,label\n3,"one, two"\n5,three\n' >labels.csv
printf 'toggle 3\ntoggle 5\nby-trained\nundo\n' >session.txt
rm -rf .cache
cd "$root" || exit 1

each() { # NAME [--varies NAME]... -- WORDS: both kinds of faults
    name=$1
    shift
    case " ${FAULTS:-$name} " in *" $name "*) ;; *) return ;; esac
    for kind in ${KINDS:-memory files}; do
        case $kind in
        memory) "$faults" memory "$most" "$place/work" "$library" "$@" ;;
        files) "$faults" files "$most" "$place/work" "$library" "$@" ;;
        esac >"$place/result" 2>&1
        sed "s/^\(ok\|not ok\|skip\) - /\1 - $name: /" "$place/result"
        case $(tail -n 1 "$place/result") in
        ok*) passed=$((passed + 1)) ;;
        skip*) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
    done
}

own="--varies .cache/*"
# shellcheck disable=SC2086  # these are words
{
    each index $own --varies - -- "$scry" index study/study.json -o new.scry --threads 1
    each index-over $own --varies - -- "$scry" index study/study.json -o x.scry --threads 1
    each merge --varies - -- "$scry" merge half1.scry half2.scry -o new.scry
    each export-csv -- "$scry" export x.scry --top 8 -o new.csv
    each export-json -- "$scry" export x.scry --top 8 -o new.json
    each export-over -- "$scry" export x.scry --top 5 -o set.csv
    each report --varies - -- "$scry" report x.scry -o new.html
    each sets -- "$scry" sets x.scry --keep mine --top 6
    each labels -- "$scry" import-labels x.scry labels.csv
    each session -- "$scry" x.scry --session new.session --script session.txt
    each train --varies - --varies "*/train.jsonl" --varies "*/checkpoint*" -- "$scry" train study/study.json -o new \
        --width 32 --k 4 --steps 4 --batch 64 --threads 1
    each capture --varies - -- "$scry" capture --model base --train math.jsonl --domain law=law.jsonl --layer 1 --demos 1 \
        --domain-demos 1 -o new --threads 1
    each evaluate --varies - -- "$scry" evaluate study/study.json --into study/study.json --threads 1
    each ablate -- "$scry" ablate x.scry --latents 3,5 --threads 1 --json
    each diff -- "$scry" diff x.scry --threads 1 --json --places 3
    each diff-keep --varies - -- "$scry" diff x.scry --keep --threads 1
    each effects --varies - -- "$scry" effects x.scry --threads 1
    each lens -- "$scry" lens x.scry --threads 1 --json
    each rank -- "$scry" rank x.scry --top 20 --json
}
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
