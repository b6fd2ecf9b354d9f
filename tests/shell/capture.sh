#!/bin/sh
# scry capture: a study from models and texts, whole, resumed after a kill, by shards, in a full place; the forms of its
# input; what it refuses. The models are tiny ones of tests/specimens/models with a tokenizer of one token a character.
. "${0%/*}/check.inc"
root=$PWD
for name in base sft; do
    mkdir -p "$place/$name"
    cp tests/specimens/models/llama_long/model.safetensors tests/specimens/capture/tokenizer.json "$place/$name"
    cp tests/specimens/models/llama_long/config.json "$place/$name"
done
sed 's/"rope_theta": [0-9.]*/"rope_theta": 77.0/' tests/specimens/models/llama_long/config.json >"$place/sft/config.json"
cmp -s "$place/base/config.json" "$place/sft/config.json" && not_ok "the tuned model is another" "found the same config.json"
cd "$place" || exit 1

texts() { # NAME COUNT SEED LENGTH: prompts of a name, and responses
    awk -v name="$1" -v count="$2" -v seed="$3" -v length_="$4" 'BEGIN {
        srand(seed); letters = "abcdefghiklmnoprstuyx"
        for (i = 1; i <= count; i++) {
            p = r = ""; n = 3 + int(rand() * length_); m = 2 + int(rand() * length_)
            for (k = 0; k < n; k++) p = p substr(letters, 1 + int(rand() * 21), 1) (k % 5 == 4 ? " " : "")
            for (k = 0; k < m; k++) r = r substr(letters, 1 + int(rand() * 21), 1) (k % 6 == 5 ? " " : "")
            printf "{\"id\": \"%s-%d\", \"prompt\": \"%s?\", \"response\": \"%s.\", \"level\": %d}\n", name, i, p, r, i % 3
        }
    }'
}
texts math 14 1 12 >math.jsonl
texts law 12 2 12 >law.jsonl
texts art 11 3 12 >art.jsonl
common="--model base --tuned sft --layer 0 --train math.jsonl --domain law=law.jsonl --domain art=art.jsonl --demos 2 --domain-demos 3"

# ---- paths
mkdir inside
cp -r base inside/model
gives 0 capture --model "$PWD/inside/model" --layer 0 --train math.jsonl --demos 0 --model-name tiny -o "$PWD/inside"
is "capture: a folder within the study is named from it, and one outside as it was given" \
    "$(grep -o '"model_path": "[^"]*"' inside/study.json)" '"model_path": "model"'
gives 0 capture --model "$PWD/base" --layer 0 --train math.jsonl --demos 0 -o outside
is "capture: an absolute folder outside stays as it is" \
    "$(grep -o '"model_path": "[^"]*"' outside/study.json)" "\"model_path\": \"$PWD/base\""
is "capture --model-name" "$(grep -h '"model": "' inside/study.json outside/study.json | tr -d ' \n')" '"model":"tiny","model":"base",'

# ---- a study
gives 0 capture $common --control -o whole --json
prints "capture --json: its keys" '^\{"study":"whole/study.json","complete":true,"captures":\[\{"name":"train.base","condition":"base","tokens":[0-9]+,"samples":12,"seconds":[0-9.e-]+,"kept":false\},' '"tokens_per_second":[0-9.e+]+\}$'
is "capture --json: the captures in their order" "$(grep -o '"name":"[a-z.]*"' "$out" | cut -d'"' -f4 | tr '\n' ' ')" \
    "train.base train.icl train.control law.base law.icl law.control art.base art.icl art.control train.sft "
says "capture: a line a capture" "scry: capture 1 of 10: train.base, " "scry: capture 10 of 10: train.sft, "
is "capture: the files" "$(cd whole && find . -type f | sort | tr '\n' ' ')" \
    "./acts/art.base.safetensors ./acts/art.control.safetensors ./acts/art.icl.safetensors ./acts/art.tokens.jsonl ./acts/law.base.safetensors ./acts/law.control.safetensors ./acts/law.icl.safetensors ./acts/law.tokens.jsonl ./acts/train.base.safetensors ./acts/train.control.safetensors ./acts/train.icl.safetensors ./acts/train.sft.safetensors ./acts/train.tokens.jsonl ./study.json "
header() { # FILE: its safetensors header
    dd if="$1" bs=8 skip=1 2>/dev/null | head -c 4096 | tr -d '\000' | sed 's/"data_offsets".*//'
}
shape() { header "$1" | grep -ao '"residual":.*"shape":\[[0-9,]*\]'; }
for name in train law art; do
    for condition in icl control sft; do
        [ -f whole/acts/$name.$condition.safetensors ] || continue
        is "$name.$condition has the rows of $name.base" "$(shape whole/acts/$name.$condition.safetensors)" "$(shape whole/acts/$name.base.safetensors)"
        cmp -s whole/acts/$name.$condition.safetensors whole/acts/$name.base.safetensors && not_ok "$name.$condition differs from base" "found the same bytes"
    done
done
ids() { grep -o '"ids":\[[0-9,]*\]' "$1" | tr -cd ',\n' | awk '{ n += length + 1 } END { print n }'; }
is "a row for each id of the token file" "$(shape whole/acts/law.base.safetensors)" "\"residual\":{\"dtype\":\"F16\",\"shape\":[$(ids whole/acts/law.tokens.jsonl),16]"
grep -q '^{"id":"law-[0-9]*","tokens":\["[a-z]",.*,"ids":\[[0-9,]*\],"response":[0-9]*,"before":\[25\],"level":[0-2]}$' whole/acts/law.tokens.jsonl &&
    ok "the token file has tokens, ids, where the response begins, what stands before, and the other keys" ||
    not_ok "the token file" "found $(head -1 whole/acts/law.tokens.jsonl)"
header whole/acts/law.icl.safetensors | grep -q '"condition":"icl","hook":"blocks.0.hook_resid_post","hash":"[0-9a-f]\{16\}","settings":"{' &&
    ok "a capture's metadata" || not_ok "a capture's metadata" "found $(header whole/acts/law.icl.safetensors | head -c 300)"
has() { # WHAT PATTERN FILE
    tr -d ' \t\n' <"$3" | grep -q -e "$2" && ok "$1" || not_ok "$1" "found no $2 in $(tr -d ' \t\n' <"$3" | head -c 600)"
}
has "study.json: model, hook, paths" '"model":"base","model_path":"../base","hook":"blocks.0.hook_resid_post"' whole/study.json
has "study.json: the training set" '"train":{"name":"math","sft_path":"../sft","base":{"residual":"acts/train.base.safetensors","tokens":"acts/train.tokens.jsonl"},"icl":' whole/study.json
has "study.json: the settings" '"capture":{"scry":"[0-9.]*","model":{"folder":"base","hash":"[0-9a-f]*"},' whole/study.json
has "study.json: the texts by their hash" '"texts":\[{"name":"math","file":"math.jsonl","hash":"[0-9a-f]*","template":"none","demos":2}' whole/study.json
grep -v '"law-\(1\|2\)"' law.jsonl >shorter.jsonl

# ---- it is read without a word
gives 0 capture $common -o read --name "A name"
has "study.json: --name" '"name":"Aname"' read/study.json
"$SCRY" train whole/study.json --condition base -o sae --width 32 --k 4 --batch 32 --steps 10 >/dev/null 2>&1
sed 's/"scry_study"/"sae": "..\/sae", "scry_study"/' whole/study.json >whole/with.json
gives 0 index whole/with.json -o whole.scry
says "index: icl is paired with base, token by token" "paired train.icl with train.base: " "paired train.icl with train.control: " "12 of 12 samples"
grep -q "unknown key" "$err" && not_ok "index: every key of the study is known" "found $(grep "unknown key" "$err" | head -1)" || ok "index: every key of the study is known"

# ---- again: everything is kept, and what others added stays
sed 's/"name":[[:space:]]*"law"/"change": 1.5, "name": "law"/; s/"scry_study"/"labels": "labels.jsonl", "scry_study"/' read/study.json >changed && cp changed read/study.json
gives 0 capture $common -o read --json --name "A name"
is "again: everything is kept" "$(grep -o '"kept":true' "$out" | wc -l | tr -d ' ')" 7
has "again: a change in study.json stays" '"change":1.5' read/study.json
has "again: and labels" '"labels":"labels.jsonl"' read/study.json
gives 0 capture $common -o read --domain extra=shorter.jsonl --json
is "a domain more: only its captures are computed" "$(grep -o '"kept":false' "$out" | wc -l | tr -d ' ')" 2
has "a domain more: what others added stays" '"change":1.5' read/study.json

# ---- killed in the middle: the same bytes as an unbroken run
texts math 500 4 40 >long.jsonl
texts law 500 5 40 >longlaw.jsonl
long="--model base --tuned sft --layer 1 --train math=long.jsonl --domain law=longlaw.jsonl --rows response"
gives 0 capture $long -o unbroken
for after in 1 2 3; do
    rm -rf killed
    "$SCRY" capture $long -o killed >/dev/null 2>&1 &
    pid=$!
    tries=0
    while [ "$(ls killed/acts/*.safetensors 2>/dev/null | wc -l)" -lt $after ] && [ $tries -lt 2000 ]; do
        sleep 0.01
        tries=$((tries + 1))
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    is "killed by SIGKILL after capture $after" "$?" 137
    [ -e killed/study.json ] && not_ok "killed before the end" "found a study.json" || ok "killed before the end"
    gives 0 capture $long -o killed --json
    [ "$(grep -o '"kept":true' "$out" | wc -l)" -ge $after ] && ok "resumed: finished captures are kept" ||
        not_ok "resumed: finished captures are kept" "found $(grep -o '"kept":true' "$out" | wc -l), expected $after at least"
    diff -r unbroken killed >"$err" && ok "resumed: the same bytes as an unbroken run, and no other file" ||
        not_ok "resumed: the same bytes as an unbroken run" "$(head -3 "$err")"
done

# ---- threads, memory and shards change nothing
gives 0 capture $long -o threads --threads 1 --memory 64M
diff -r unbroken threads >"$err" && ok "one thread and little memory: the same bytes" || not_ok "one thread and little memory: the same bytes" "$(head -3 "$err")"
gives 0 capture $long -o shards --shard 2/3
says "a shard: says what it waits for" "the study is written with the last of the other shards"
[ -e shards/study.json ] && not_ok "a shard alone writes no study" "found one" || ok "a shard alone writes no study"
gives 0 capture $long -o shards --shard 3/3
gives 0 capture $long -o shards --shard 1/3 --json
prints "the last shard: only its own captures" '"complete":true,"captures":\[\{"name":"train.base",' '"name":"law.icl"'
diff -r unbroken shards >"$err" && ok "shards: the bytes of a whole run" || not_ok "shards: the bytes of a whole run" "$(head -3 "$err")"
rm -rf shards
for i in 1 2 3; do "$SCRY" capture $long -o shards --shard $i/3 >/dev/null 2>&1 & done
wait
diff -r unbroken shards >"$err" && ok "shards at the same time: the bytes of a whole run" || not_ok "shards at the same time: the bytes of a whole run" "$(head -3 "$err")"

# ---- interrupted
rm -rf stopped
"$SCRY" capture $long -o stopped >"$out" 2>"$err" &
pid=$!
tries=0
while [ ! -e stopped/acts/train.base.safetensors ] && [ $tries -lt 2000 ]; do
    sleep 0.01
    tries=$((tries + 1))
done
kill -TERM $pid
wait $pid
is "interrupted: status 1" "$?" 1
says "interrupted: says how to go on" "interrupted; finished captures are kept, and the same command goes on with the rest"
is "interrupted: no temporary file is left" "$(find stopped -name '*.tmp.*' | head -1)" ""
gives 0 capture $long -o stopped
diff -r unbroken stopped >"$err" && ok "interrupted, then again: the same bytes" || not_ok "interrupted, then again: the same bytes" "$(head -3 "$err")"

# ---- damaged and other files
printf 'X' | dd of=stopped/acts/law.icl.safetensors bs=1 seek=5000 conv=notrunc 2>/dev/null
gives 0 capture $long -o stopped --json
says "a damaged capture is found" "law.icl.safetensors: its bytes do not match its hash; it is captured again"
is "and only that is captured again" "$(grep -o '"kept":false' "$out" | wc -l | tr -d ' ')" 1
diff -r unbroken stopped >"$err" && ok "and is as it was" || not_ok "and is as it was" "$(head -3 "$err")"
head -c 3000 unbroken/acts/law.icl.safetensors >stopped/acts/law.icl.safetensors
gives 0 capture $long -o stopped
diff -r unbroken stopped >"$err" && ok "a truncated capture is captured again" || not_ok "a truncated capture is captured again" "$(head -3 "$err")"
fails 'stopped/acts/train.base.safetensors was captured with other settings: dtype: found "f16", expected "f32"; take another -o, or --force to capture again' capture $long --dtype f32 -o stopped
fails 'other settings: hook: found "blocks.1.hook_resid_post", expected "blocks.0.hook_resid_mid"' capture --model base --hook blocks.0.hook_resid_mid --train math=long.jsonl -o stopped
fails 'other settings: seed: found 20260302, expected 3' capture $long --seed 3 -o stopped
fails 'other settings: demos: found 2, expected 1' capture $long --demos 1 -o stopped
fails 'other settings: rows: found "response", expected "all"' capture $long --rows all -o stopped
fails 'other settings: max-length: found 400, expected 399' capture $long --max-length 399 -o stopped
sed 's/level/grade/' long.jsonl >graded.jsonl
fails 'other settings: text: found "' capture $long --train math=graded.jsonl -o stopped
mkdir foreign && echo '{"scry_study": 1, "train": {"name": "math", "base": {"residual": "x.npy"}}}' >foreign/study.json
fails "foreign/study.json: is a study that scry capture did not write; expected an empty or a new folder, or --force" capture $common -o foreign
mkdir -p theirs/acts && cp base/model.safetensors theirs/acts/law.base.safetensors
fails "theirs/acts/law.base.safetensors was captured with other settings: it was not written by scry capture" capture $common -o theirs
gives 0 capture $common -o theirs --force
gives 0 capture $long --dtype f32 --force -o stopped
is "--force: captures again" "$(shape stopped/acts/law.base.safetensors | grep -o 'F[0-9]*')" F32

# ---- a full disk
no_room() { # BLOCKS ARGUMENT...: with files of at most so many blocks
    blocks=$1
    shift
    (
        trap '' XFSZ
        ulimit -f "$blocks" && exec "$SCRY" capture "$@"
    ) >"$out" 2>"$err" </dev/null
    is "no room: status 1" "$?" 1
    is "no room: nothing half" "$(find full -name '*.tmp.*' -o -name '*.safetensors' -o -name study.json | head -1)" ""
}
no_room 8 $long -o full
says "no room for the tokens: a message" "full/acts/train.tokens.jsonl: cannot be written: "
no_room $(($(wc -c <unbroken/acts/train.tokens.jsonl) / 512 + 8)) $long --dtype f32 -o full
says "no room for a capture: a message" "full/acts/train.base.safetensors: cannot be written: "
gives 0 capture $long -o full
diff -r unbroken full >"$err" && ok "no room, then room: the same bytes" || not_ok "no room, then room: the same bytes" "$(head -3 "$err")"
cp -r unbroken locked && rm -f locked/acts/law.icl.safetensors locked/study.json && chmod a-w locked/acts
if touch locked/acts/x 2>/dev/null; then
    rm -f locked/acts/x
    echo "skip - this user may write into a folder that is read-only"
else
    gives 1 capture $long -o locked
    says "a folder that cannot be written: named" "locked/acts/"
fi
chmod u+w locked/acts

# ---- options from a file
cat >config.json <<'EOT'
{"model": "base", "tuned": "sft", "layer": 1, "train": "math=long.jsonl", "domain": {"law": "longlaw.jsonl"}, "rows": "response", "control": false, "out": "configured"}
EOT
gives 0 capture config.json
diff -r unbroken configured >"$err" && ok "options from a file: the same bytes" || not_ok "options from a file: the same bytes" "$(head -3 "$err")"
mkdir -p deep && sed 's#"base"#"../base"#; s#"sft"#"../sft"#; s#=long#=../long#; s#"longlaw#"../longlaw#; s#"configured"#"../elsewhere"#' config.json >deep/config.json
gives 0 capture deep/config.json
diff -r unbroken elsewhere >"$err" && ok "options from a file: its paths begin at its folder" || not_ok "options from a file: its paths begin at its folder" "$(head -3 "$err")"
gives 0 capture config.json --dtype f32 -o overruled
is "options from a file: those of the command line come first" "$(shape overruled/acts/law.base.safetensors | grep -o 'F[0-9]*')" F32
echo '{"modle": "base"}' >bad.json
refused 'bad.json: "modle": unknown key; did you mean model?' capture bad.json
echo '{"model": ["base"]}' >bad.json
refused 'bad.json: "model": found ["base"], expected DIR' capture bad.json
echo '{"control": "yes"}' >bad.json
refused 'bad.json: "control": found "yes", expected true or false' capture bad.json
echo '[1]' >bad.json
fails 'bad.json: is not a JSON object' capture bad.json
fails 'nowhere.json: cannot be opened' capture nowhere.json

# ---- forms of texts
cat >chat.jsonl <<'EOT'
{"messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "a?"}, {"role": "assistant", "content": "b."}]}
{"messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "c?"}, {"role": "assistant", "content": "d."}]}
{"messages": [{"role": "system", "content": "do"}, {"role": "user", "content": "e?"}, {"role": "assistant", "content": "f."}]}
{"messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "g?"}, {"role": "assistant", "content": "h."}]}
EOT
gives 0 capture --model base --layer 0 --train chat.jsonl --demos 1 -o chat
has "a chat: the template is guessed and named" '"template":"chatml"' chat/study.json
is "a chat: its rows begin with the user's turn" "$(grep -c '"tokens":\["<|im_start|>","u","s","e","r",' chat/acts/train.tokens.jsonl)" 3
is "a chat: the system message stands before" "$(grep -c '"before":\[26,' chat/acts/train.tokens.jsonl)" 3
gives 0 capture --model base --layer 0 --train chat.jsonl --demos 1 --rows response -o answers
is "a chat: --rows response" "$(grep -o '"tokens":\["[a-h]",".","<|im_end|>"\]' answers/acts/train.tokens.jsonl | wc -l | tr -d ' ')" 3
refused "chat.jsonl: line 1: has messages, and none turns them into text; choose a template: --template chatml" capture --model base --layer 0 --train chat.jsonl --template none -o no
cat >pro.json <<'EOT'
[{"question_id": 1, "question": "a?", "options": ["b", "c"], "answer": "A", "answer_index": 0, "cot_content": "", "category": "law", "src": "x"},
 {"question_id": 2, "question": "d?", "options": ["e", "f"], "answer": "B", "answer_index": 1, "cot_content": "A: so f", "category": "art", "src": "x"},
 {"question_id": 3, "question": "g?", "options": ["h", "i"], "answer": "A", "answer_index": 0, "cot_content": "", "category": "law", "src": "x"}]
EOT
gives 0 capture --model base --layer 0 --train math.jsonl --domain pro.json --domain-demos 0 --json -o pro
is "MMLU-Pro: a domain for each category" "$(grep -o '"name":"[a-z.]*"' "$out" | cut -d'"' -f4 | tr '\n' ' ')" "train.base train.icl law.base art.base "
is "MMLU-Pro: its keys are kept" "$(grep -c '"category":"law","src":"x"' pro/acts/law.tokens.jsonl)" 2
refused "law: pro.json has 2 samples, expected at least 6: 5 demonstrations and one to capture; lower --domain-demos, or name other demonstrations with --demos-file" capture --model base --layer 0 --train math.jsonl --domain pro.json -o no
gives 0 capture --model base --layer 0 --train math.jsonl --demos 0 -o alone --json
prints "only --train, without demonstrations: base alone" '"captures":\[\{"name":"train.base",[^{]*\}\]'
gives 0 capture --model base --layer 0 --train math.jsonl --demos-file math=law.jsonl -o given --json
has "--demos-file: named with its hash" '"demos-file":"law.jsonl","demos-hash":"' given/study.json
has "--demos-file: all of it" '"template":"none","demos":12,"demos-file"' given/study.json
gives 0 capture --model base --layer 0 --train math.jsonl --tokens 100 --demos 0 -o few --json
tokens=$(grep -o '"tokens":[0-9]*' "$out" | cut -d: -f2)
[ "$tokens" -ge 100 ] && [ "$tokens" -lt 140 ] && ok "--tokens: stops after the sample that passes it" || not_ok "--tokens" "found $tokens tokens"
gives 0 capture --model base --layer 0 --train math.jsonl --max-length 12 --demos 0 -o cut
says "--max-length: texts that are cut are counted" "texts are cut at their end, to fit into 12 tokens"
grep -v '"response": "x' math.jsonl | sed 's/, "response": "[^"]*"//' | head -3 >none.jsonl
cat math.jsonl >>none.jsonl
gives 0 capture --model base --layer 0 --train none.jsonl --rows response --demos 0 -o none
says "--rows response: texts without are counted" "none: 3 samples have no response, and are left out"
says "ids that come twice are counted" "3 samples have an id that came before, and -2, -3, ... added to it"

# ---- the hook of an SAE
mkdir -p sae_of && echo '{"hook_name": "blocks.1.hook_mlp_out"}' >sae_of/cfg.json
gives 0 capture --model base --sae sae_of --train math.jsonl --demos 0 -o by_sae
has "--sae: says the hook, and is named" '"hook":"blocks.1.hook_mlp_out","sae":"../sae_of"' by_sae/study.json
refused "--layer: found 1, expected blocks.1.hook_mlp_out, which the SAE sae_of reads" capture --model base --sae sae_of --layer 1 --train math.jsonl -o no

# ---- what is refused
printf '{"text": "a"}\n{"tokens": [1]}\n' >bad.jsonl
try="capture --model base --layer 0 --train math.jsonl -o no"
refused "capture: -o is missing" capture --model base --layer 0 --train math.jsonl
refused "--model is missing" capture --layer 0 --train math.jsonl -o no
refused "--train is missing" capture --model base --layer 0 -o no
refused "--layer is missing: expected --layer L, --hook blocks.L.hook_resid_post, or --sae DIR" capture --model base --train math.jsonl -o no
refused "--layer and --hook: expected one of them" $try --hook blocks.0.hook_resid_pre
refused '--layer: found "one", expected the number of a block, from 0' capture --model base --layer one --train math.jsonl -o no
refused "--tuned and --adapter: expected one of them" $try --tuned sft --adapter sft
refused '--rows: found "some", expected all or response' $try --rows some
refused '--bos: found "maybe", expected auto, yes or no' $try --bos maybe
refused '--dtype: found "f64", expected f16, bf16 or f32' $try --dtype f64
refused '--demos-from: found "file", expected seed or previous' $try --demos-from file
refused '--template: found "chat", expected chatml' $try --template chat
refused '--shard: found "3/2", expected I/N such as 1/4, I from 1 to N' $try --shard 3/2
refused '--demos: found "-1", expected a whole number of 0 or more' $try --demos -1
refused '--max-length: found "0", expected a whole number of 1 or more' $try --max-length 0
refused "--max-length: found 401, expected at most 400, the model's context" $try --max-length 401
refused '--control: has as many tokens as the demonstrations, of which there are none' $try --control --demos 0 --domain-demos 0
fails "--control: found no text of another domain to put in front" $try --control
refused '--demos-file: "other" is neither the training set (math) nor a domain; expected NAME=FILE' $try --demos-file other=law.jsonl
refused '"law" comes twice, of law.jsonl and of art.jsonl; expected a name for each: NAME=FILE' $try --domain law=law.jsonl --domain law=art.jsonl
refused 'capture has no option --domains; did you mean --domain?' $try --domains law.jsonl
fails "--train: nowhere.jsonl" capture --model base --layer 0 --train nowhere.jsonl -o no
fails "--domain: bad.jsonl: line 2: found none of the known keys" $try --domain bad=bad.jsonl
is "nothing was written" "$(ls -d no 2>/dev/null)" ""
finish
