#!/bin/sh
# Runs every test program and script, as many at once as there are processors (JOBS). Each prints "ok - NAME",
# "not ok - NAME" or "skip - NAME" a line; this adds them up and ends with "N passed, N failed".
# TESTS="name ..." runs only those. Every test has folders of its own for all that it writes.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}

command_of() { # NAME: the words that run it
    case $1 in
    */*) echo "sh tests/$1.sh" ;;
    fuzz) echo "$build/tests/fuzz_run --keep $build/fuzz-found" ;;
    *) echo "$build/tests/$1" ;;
    esac
}

if [ "${1:-}" = --one ]; then # NAME: one test, into its folder below $RUN
    own=$RUN/$(echo "${2:?}" | tr / _)
    mkdir -p "$own/tmp"
    # shellcheck disable=SC2046  # these are words
    env WORK="$own" TMPDIR="$own/tmp" HOME="$own/home" XDG_CACHE_HOME="$own/cache" XDG_CONFIG_HOME="$own/config" \
        XDG_STATE_HOME="$own/state" XDG_DATA_HOME="$own/data" $(command_of "$2") >"$own.out" 2>&1 </dev/null
    echo $? >"$own.status"
    chmod -R u+rwX "$own" 2>/dev/null
    rm -rf "$own"
    : >"$own.done"
    exit 0
fi

RUN=$(mktemp -d)
export RUN BUILD="$build" SCRY="$PWD/$build/scry" TZ=UTC LC_ALL=C.UTF-8
unset NO_COLOR COLORTERM OPENBLAS_CORETYPE 2>/dev/null || true
reporter=
trap '[ -z "$reporter" ] || kill "$reporter" 2>/dev/null; rm -rf "$RUN"' EXIT
trap 'exit 130' INT TERM HUP

tree() { git status --porcelain 2>/dev/null; } # what lies about in the checkout, where it is one
tree >"$RUN/tree"

all_tests() {
    for program in "$build"/tests/test_*; do
        case $program in *.d | *.o) continue ;; esac
        [ -x "$program" ] && basename "$program"
    done
    for script in tests/shell/*.sh tests/screens/run.sh; do
        echo "${script#tests/}" | sed 's/\.sh$//'
    done
    printf '%s\n' fuzz term_selftest explorer
}
all_tests | while read -r name; do
    case " ${TESTS:-$name} " in *" $name "*) echo "$name" ;; esac
done >"$RUN/names"

unknown=$(for name in ${TESTS:-}; do grep -qxF "$name" "$RUN/names" || printf ' %s' "$name"; done)
[ -z "$unknown" ] || { echo "tests/run.sh: found no test named$unknown" >&2; exit 2; }

# the longest begin first, so that none is left running alone at the end
long="test_damage test_index explorer test_tui_sizes screens/run test_sparse test_formats test_tui_report test_shards
    test_baselines shell/train test_candidates test_studies shell/report shell/outputs"
# shellcheck disable=SC2086  # these are words
{ printf '%s\n' $long | grep -xFf "$RUN/names"; printf '%s\n' $long | grep -vxFf - "$RUN/names"; } >"$RUN/order"

report() { # in the order of the names, each as soon as it has ended; then the totals, to a file
    passed=0 failed=0 skipped=0
    while read -r name; do
        out=$RUN/$(echo "$name" | tr / _)
        echo "== $name"
        # ends with the script, however that ended ($$ is its process also in a background shell)
        while [ ! -f "$out.done" ] && [ ! -f "$RUN/over" ]; do sleep 0.1 && kill -0 $$ 2>/dev/null || exit 1; done
        [ -f "$out.done" ] || { : >"$out.out"; echo unknown >"$out.status"; }
        grep -E '^(not ok|skip) ' "$out.out"
        p=$(grep -c '^ok ' "$out.out")
        f=$(grep -c '^not ok ' "$out.out")
        s=$(grep -c '^skip ' "$out.out")
        # a program that dies has failed, whatever it said before
        if [ "$(cat "$out.status")" != 0 ] && [ "$f" -eq 0 ]; then
            f=1
            echo "not ok - $name ended with status $(cat "$out.status")"
        fi
        [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && [ "$s" -eq 0 ] && { f=1; echo "not ok - $name tested nothing"; }
        [ "$f" -ne 0 ] && grep -vE '^ok ' "$out.out" | tail -40
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    done <"$RUN/names"
    echo "$passed $failed $skipped" >"$RUN/totals"
}
# the tests in the foreground: in the background they would not be ended by ctrl-C, nor could one send it to them
report &
reporter=$!
xargs -r -P "${JOBS:-$(nproc 2>/dev/null || echo 2)}" -n 1 "$0" --one <"$RUN/order"
: >"$RUN/over"
wait "$reporter"
reporter=
read -r passed failed skipped <"$RUN/totals"

if ! tree | cmp -s - "$RUN/tree"; then
    failed=$((failed + 1))
    echo "not ok - tests write in their own folders only: found in the checkout after the run"
    tree | diff "$RUN/tree" - | sed -n 's/^[<>] /    /p'
elif git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    passed=$((passed + 1))
fi

[ "$skipped" -ne 0 ] && echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
