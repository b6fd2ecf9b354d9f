#!/bin/sh
# The table of performance targets, measured: each row a ratio, both sides taken in one run. make bench runs it.
#   BENCH_SCALE=small|full   small: some 5 minutes, 3 GB of disk; full: 10,000-row dumps, 12 GB of disk
#   BENCH_ROWS="dense encode toggle frames size reference train model ablate causal"   only these
#   BENCH_PYTHON=python3     one that has torch, for the notebook's job
#   BENCH_MODEL=DIR          a language model's folder, such as SmolLM2-135M's; BENCH_PYTHON with transformers beside it
#   BENCH_SAE_PYTHON         one that has sae-lens or dictionary-learning, for training (BENCH_PYTHON)
# Files go to a new folder below TMPDIR (a disk, not memory) and are removed afterwards.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
export BENCH_SCALE="${BENCH_SCALE:-small}" SCRY="$PWD/$build/scry" TZ=UTC LC_ALL=C.UTF-8
unset OPENBLAS_CORETYPE NO_COLOR COLORTERM 2>/dev/null || true
case $BENCH_SCALE in full) need=12 ;; *) need=3 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
export HOME="$work/home" XDG_CACHE_HOME="$work/cache" XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" XDG_DATA_HOME="$work/data"
mkdir -p "$HOME"
free=$(df -Pk "$work" | awk 'NR == 2 { print int($4 / 1048576) }')
if [ "$free" -lt "$need" ]; then
    echo "bench: $work has $free GB free, expected $need GB; set TMPDIR to another disk" >&2
    exit 1
fi
echo "scale $BENCH_SCALE, at most $need GB below $work; $(nproc) processors$(sed -n 's/^model name[^:]*:/,/p' /proc/cpuinfo | head -1)"
"$SCRY" info --system | sed -n 's/^kernels */kernels /p'

wants() {
    case " ${BENCH_ROWS:-dense encode toggle frames size reference train model ablate causal} " in *" $1 "*) return 0 ;; esac
    return 1
}
quietly() {
    "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
}
failed=0
one() { # GROUP FOLDER
    mkdir -p "$2"
    echo "$1"
    "$build/tests/bench/bench" "$1" "$2" "$work/table" || { echo "  $1: failed" >&2; failed=1; }
}
for group in dense encode; do
    if wants "$group"; then one "$group" "$work/$group"; fi
    rm -rf "${work:?}/$group"
done
if wants toggle || wants frames || wants size; then
    mkdir "$work/wide"
    quietly "$SCRY" synth -o "$work/wide/study" --width 1048576
    quietly "$SCRY" index "$work/wide/study/study.json" -o "$work/wide/wide.scry"
    rm -rf "$work/wide/study"
    for group in toggle frames size; do
        if wants "$group"; then one "$group" "$work/wide"; fi
    done
    rm -rf "$work/wide"
fi
if wants reference; then one reference "$work/reference"; fi
rm -rf "$work/reference"
if wants train; then one train "$work/train"; fi
rm -rf "${work:?}/train"
if wants model; then one model "$work/model"; fi
if wants ablate; then one ablate "$work/ablate"; fi
if wants causal; then one causal "$work/causal"; fi

echo
sort -s -n -k 1,1 "$work/table" | awk -F '\t' '
    BEGIN { split("row\tmeasured\tother side\tratio\ttarget\t", cell, "\t"); keep(0) }
    function keep(r, i) { for (i = 1; i <= 6; i++) { c[r, i] = cell[i]; if (length(cell[i]) > w[i]) w[i] = length(cell[i]) } }
    { for (i = 1; i <= 6; i++) cell[i] = $i; keep(NR) }
    END { for (r = 0; r <= NR; r++) { line = ""; for (i = 1; i <= 6; i++) line = line sprintf("%-*s  ", w[i], c[r, i]); sub(/ +$/, "", line); print line } }'
exit $failed
