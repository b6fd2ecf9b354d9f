#!/bin/sh
# What a person names and nothing can be read from: directories, named pipes that nobody writes to, devices, binary
# files, lines of 100 MB. Each is an error that names the file, soon, and nothing waits without a word.
. "${0%/*}/check.inc"
export XDG_DATA_HOME="$place/data" XDG_CONFIG_HOME="$place/config" XDG_STATE_HOME="$place/state"
x=$place/s.scry
gives 0 index sample_data/study.json -o "$x"
mkdir -p "$place/folder" "$XDG_DATA_HOME/scry/macros" "$XDG_CONFIG_HOME/scry" "$XDG_STATE_HOME/scry"
mkfifo "$place/pipe"
ln -s /dev/zero "$place/device"
head -c 100000 /dev/zero >"$place/zeros"
head -c 100000 build/scry >"$place/binary" 2>/dev/null || head -c 100000 "$SCRY" >"$place/binary"
head -c 104857600 /dev/zero | tr '\0' x >"$place/long"

soon() { # WHAT PATTERN WORD...: fails within 20 s with a message that has the pattern
    what=$1 pattern=$2
    shift 2
    ran=$(echo "scry $*" | sed "s#$place/##g")
    timeout -k 1 20 "$SCRY" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    if [ $status -eq 124 ] || [ $status -eq 137 ]; then not_ok "$what" "found $ran still waiting after 20 s, expected an error"
    elif [ $status -ne 1 ] && [ $status -ne 2 ]; then not_ok "$what" "found status $status of $ran ($(head -c 200 "$err")), expected 1 or 2"
    elif ! grep -qE -e "$pattern" "$err"; then not_ok "$what" "found \"$(head -c 300 "$err")\" of $ran, expected \"$pattern\""
    else ok "$what: $(head -1 "$err" | sed "s#$place/##g" | cut -c 1-120)"; fi
}
link() { # TO FROM
    rm -rf "$2"
    ln -s "$1" "$2"
}

# ---- files of text that a person writes
for kind in folder pipe device zeros long; do
    case $kind in
    folder) found='folder: .*(directory|folder)' ;;
    pipe) found='pipe: .*(named pipe|special file)' ;;
    device) found='device: .*(device|special file)' ;;
    *) found=$kind ;;
    esac
    soon "a script: $kind" "$found" --script "$place/$kind" "$x"
    link "$place/$kind" "$XDG_DATA_HOME/scry/macros/m.script"
    printf 'play m\n' >"$place/script"
    soon "a macro: $kind" "(found a|m: line 1: )" --script "$place/script" "$x"
    soon "a prompt: $kind" "$found|NUL|bytes|byte" prompt "$x" --file "$place/$kind"
    soon "settings of a capture: $kind" "$found" capture "$place/$kind" -o "$place/out"
    soon "labels: $kind" "$found|labels" import-labels "$x" "$place/$kind"
    soon "a set: $kind" "$found" score "$x" --set "$place/$kind"
    # data
    cp "$x" "$place/unused.scry"
    soon "an index: $kind" "$found" info "$place/$kind"
    soon "a capture: $kind" "$found" eval-sae sample_data/sae "$place/$kind"
    soon "an SAE: $kind" "$kind" eval-sae "$place/$kind" sample_data/acts/train.base.safetensors
    soon "rows to train on: $kind" "$found" train "$place/$kind" -o "$place/run" --steps 1
    soon "a text to capture: $kind" "$found" capture --model sample_data/models/base --layer 1 --train "math=$place/$kind" -o "$place/out"
    soon "results: $kind" "$kind|results" evaluate sample_data/study.json --results "$place/$kind" "$place/$kind"
    for key in tokens residual; do
        sed "s#acts/train.base.*\"#UNUSED\"#;s#\"$key\": \"acts/law[^\"]*\"#\"$key\": \"$place/$kind\"#;s#UNUSED#$PWD/sample_data/acts/train.base.safetensors#;s#\"acts/#\"$PWD/sample_data/acts/#;s#\"sae\": \"sae\"#\"sae\": \"$PWD/sample_data/sae\"#" sample_data/study.json >"$place/study.json"
        soon "$key of a study: $kind" "$kind" index "$place/study.json" -o "$place/no.scry"
    done
    link "$place/$kind" "$place/a.json"
    soon "a .json to train on: $kind" "a.json" train "$place/a.json" -o "$place/run" --steps 1
    soon "a study: $kind" "a.json" index "$place/a.json" -o "$place/no.scry"
    # settings, sessions and the history of prompts: said, and gone on without
    link "$place/$kind" "$XDG_CONFIG_HOME/scry/config.json"
    link "$place/$kind" "$XDG_STATE_HOME/scry/history"
    printf 'quit\n' >"$place/script"
    timeout -k 1 20 "$SCRY" --script "$place/script" "$x" >"$out" 2>"$err" </dev/null
    status=$?
    is "settings and history: $kind" "$status" 0
    rm -f "$XDG_CONFIG_HOME/scry/config.json" "$XDG_STATE_HOME/scry/history"
    [ "$kind" = long ] || soon "a session: $kind" "$kind" --session "$place/$kind" --script "$place/script" "$x"
done
soon "a script that is a program" "binary: line [0-9]+" --script "$place/binary" "$x"

# ---- what may be read: descriptors, and nothing
printf 'quit\n' | timeout 20 "$SCRY" --script /dev/stdin "$x" >"$out" 2>"$err"
is "a script from /dev/stdin" $? 0
timeout 20 "$SCRY" --script /dev/null "$x" >"$out" 2>"$err" </dev/null
is "a script of nothing" $? 0
printf 'what is 2' | timeout 60 "$SCRY" prompt "$x" --file /dev/stdin --top 1 >"$out" 2>"$err"
is "a prompt from /dev/stdin" $? 0
finish
