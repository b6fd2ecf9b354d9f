#!/bin/sh
# make fuzz: every reader of foreign bytes on damaged files, under sanitizers, for FUZZ_SECONDS in all (60).
# With clang's libFuzzer, inputs are sought that reach new code, and kept in build/fuzz/corpus for the next time;
# else they are drawn (driver.c). FUZZ_TARGETS="npy csv" runs only those. What brings a reader down is kept in
# build/fuzz/found.
set -eu
cd "$(dirname "$0")/../.."
build=build/fuzz
found=$PWD/$build/found
mkdir -p "$found"
WORK=$(TMPDIR=$([ -w /dev/shm ] && echo /dev/shm || echo /tmp) mktemp -d)
export WORK OPENBLAS_NUM_THREADS=1
trap 'rm -rf "$WORK"' EXIT
flags="-O1 -g -fno-omit-frame-pointer"
checks="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:allocator_may_return_null=1:max_allocation_size_mb=4096"

if [ -z "${FUZZ_DRAW:-}" ] && echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d[0] > n; }' |
    clang -fsanitize=fuzzer,address -x c - -o "$WORK/has" 2>/dev/null; then
    program=$build/tests/fuzz_cover
    # target_clones: clang 14 names them so that other files do not find them; here speed is no matter
    ${MAKE:-make} -s BUILD=$build CC=clang VECTOR= CFLAGS="$flags" \
        EXTRA="-w '-Dtarget_clones(...)=unused' -fsanitize=fuzzer-no-link $checks" $program
    all=$(FUZZ_TARGET=list $program)
else
    program=$build/drawn/tests/fuzz_drawn
    ${MAKE:-make} -s BUILD=$build/drawn CFLAGS="$flags" EXTRA="$checks" $program
    all=$($program --list yes)
fi
targets=${FUZZ_TARGETS:-$all}
# shellcheck disable=SC2086  # these are words
set -- $targets
each=$((${FUZZ_SECONDS:-60} / $#))
[ "$each" -gt 0 ] || each=1
failed=0

drawn() {
    # shellcheck disable=SC2086  # these are words
    $program --seconds "$each" --keep "$found" $targets || failed=1
}

covered() { # TARGET
    corpus=$PWD/$build/corpus/$1 # whole: the program goes to a folder of its own
    mkdir -p "$corpus"
    status=0
    FUZZ_TARGET=$1 FUZZ_SEEDS=$corpus $program "$corpus" -max_total_time="$each" -timeout=30 -rss_limit_mb=4096 \
        -max_len=65536 -artifact_prefix="$found/$1-" -print_final_stats=1 >"$WORK/said" 2>&1 || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$WORK/said")
    edges=$(grep -o 'cov: [0-9]*' "$WORK/said" | tail -1 | cut -d' ' -f2)
    if [ "$status" -eq 0 ]; then
        echo "ok - $1: ${runs:-0} changed inputs, each answered by an error or a result; ${edges:-0} places in the code reached"
    else
        failed=1
        cp "$WORK/said" "$found/$1.txt"
        echo "not ok - $1: after ${runs:-0} inputs: $(grep -m1 -E 'ERROR|runtime error|Assertion' "$WORK/said" || tail -1 "$WORK/said"); see $found/$1.txt"
    fi
}

case $program in
*fuzz_drawn) drawn ;;
*) for target; do covered "$target"; done ;;
esac
[ "$failed" -eq 0 ]
