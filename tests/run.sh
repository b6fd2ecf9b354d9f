#!/bin/sh
# Runs every test program and script. Each prints "ok - NAME", "not ok - NAME" or "skip - NAME" a
# line; this adds them up and ends with "N passed, N failed". TESTS="name ..." runs only those.
set -u
cd "$(dirname "$0")/.."
build=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SCRY="$PWD/$build/scry" WORK="$work" BUILD="$build"
export HOME="$work/home" XDG_CACHE_HOME="$work/cache" XDG_CONFIG_HOME="$work/config" TZ=UTC LC_ALL=C.UTF-8
export XDG_STATE_HOME="$work/state" XDG_DATA_HOME="$work/data"
unset NO_COLOR COLORTERM OPENBLAS_CORETYPE 2>/dev/null || true

passed=0 failed=0 skipped=0
one() { # NAME COMMAND...
    name=$1
    shift
    if [ -n "${TESTS:-}" ]; then
        case " $TESTS " in *" $name "*) ;; *) return ;; esac
    fi
    echo "== $name"
    "$@" >"$work/out" 2>&1
    status=$?
    grep -E '^(not ok|skip) ' "$work/out"
    p=$(grep -c '^ok ' "$work/out")
    f=$(grep -c '^not ok ' "$work/out")
    s=$(grep -c '^skip ' "$work/out")
    # a program that dies has failed, whatever it said before
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
        echo "not ok - $name ended with status $status"
    fi
    [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && [ "$s" -eq 0 ] && { f=1; echo "not ok - $name tested nothing"; }
    [ "$f" -ne 0 ] && grep -vE '^ok ' "$work/out" | tail -40
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

for program in "$build"/tests/test_*; do
    case $program in *.d | *.o) continue ;; esac
    [ -x "$program" ] && one "$(basename "$program")" "$program"
done
for script in tests/shell/*.sh tests/screens/run.sh; do
    [ -f "$script" ] && one "$(basename "$(dirname "$script")")/$(basename "$script" .sh)" sh "$script"
done
one fuzz "$build/tests/fuzz_run" --keep "$build/fuzz-found"
one term_selftest "$build/tests/term_selftest"
one explorer "$build/tests/explorer"

[ "$skipped" -ne 0 ] && echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
