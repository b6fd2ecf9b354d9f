#!/bin/sh
# assets/capture/scry_capture.py gives the study that scry capture gives: the same token files, and residuals that differ
# by rounding. Needs torch, transformers and safetensors, of python3 or of SCRY_PYTHON.
. "${0%/*}/check.inc"
python=${SCRY_PYTHON:-python3}
if ! "$python" -c 'import torch, transformers, safetensors' >/dev/null 2>&1; then
    echo "skip - $python has no torch, transformers and safetensors: scry_capture.py is not compared (SCRY_PYTHON names another)"
    finish
fi
root=$PWD
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1
for name in llama_long gemma2_long; do
    mkdir -p "$place/$name"
    cp tests/specimens/models/$name/config.json tests/specimens/models/$name/model.safetensors tests/specimens/capture/tokenizer.json "$place/$name"
    cat >"$place/$name/tokenizer_config.json" <<'EOT'
{"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|bos|>", "eos_token": "<|im_end|>", "chat_template": "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"}
EOT
done
mkdir -p "$place/tuned" && cp "$place/llama_long"/* "$place/tuned"
sed 's/"rope_theta": [0-9.]*/"rope_theta": 77.0/' tests/specimens/models/llama_long/config.json >"$place/tuned/config.json"
cd "$place" || exit 1
for name in math law art; do
    awk -v name="$name" 'BEGIN {
        srand(length(name) + index("mla", substr(name, 1, 1))); letters = "abcdefghiklmnoprstuyx"
        for (i = 1; i <= 11; i++) {
            p = r = ""
            for (k = 0; k < 4 + int(rand() * 12); k++) p = p substr(letters, 1 + int(rand() * 21), 1)
            for (k = 0; k < 3 + int(rand() * 12); k++) r = r substr(letters, 1 + int(rand() * 21), 1)
            printf "{\"id\": \"%s-%d\", \"prompt\": \"%s?\", \"response\": \"%s.\", \"level\": %d}\n", name, i % 9, p, r, i
        }
    }' >$name.jsonl
    sed 's/"id": "[^"]*", "prompt": \("[^"]*"\), "response": \("[^"]*"\)/"messages": [{"role": "user", "content": \1}, {"role": "assistant", "content": \2}]/' $name.jsonl >$name.chat.jsonl
done
cat >compare.py <<'EOT'
import json, sys
from pathlib import Path
import torch
from safetensors import safe_open
a, b = Path(sys.argv[1]), Path(sys.argv[2])
names = sorted(p.name for p in (a / "acts").iterdir())
if names != sorted(p.name for p in (b / "acts").iterdir()):
    sys.exit(f"found other files: {sorted(p.name for p in (b / 'acts').iterdir())}, expected {names}")
worst = 0.0
for name in names:
    if name.endswith(".jsonl"):
        x, y = ([json.loads(line) for line in (d / "acts" / name).read_text().splitlines()] for d in (a, b))
        if x != y:
            sys.exit(f"{name}: found {next(v for u, v in zip(x, y) if u != v)}")
    else:
        x, y = (safe_open(d / "acts" / name, "pt").get_tensor("residual") for d in (a, b))
        if x.shape != y.shape or x.dtype != y.dtype:
            sys.exit(f"{name}: found {y.dtype} {list(y.shape)}, expected {x.dtype} {list(x.shape)}")
        x, y = x.double(), y.double()
        worst = max(worst, ((x - y).abs().amax(1) / x.abs().amax(1)).max().item())
studies = [json.loads((d / "study.json").read_text()) for d in (a, b)]
for s in studies:
    del s["capture"]
if studies[0] != studies[1]:
    sys.exit(f"study.json: found {studies[1]}, expected {studies[0]}")
if not worst <= 1e-3:
    sys.exit(f"found residuals that differ by {worst:.2g} of a row's largest, expected at most 1e-3")
print(f"{worst:.1e}")
EOT
same() { # WHAT ARGUMENT...: both programs give the same study
    what=$1
    shift
    rm -rf native python
    gives 0 capture "$@" -o native
    "$python" "$root/assets/capture/scry_capture.py" "$@" -o python >"$out" 2>"$err" || not_ok "$what: scry_capture.py" "$(tail -1 "$err")"
    if "$python" compare.py native python >"$out" 2>"$err"; then ok "$what: the same study, residuals to $(cat "$out") of a row's largest"; else not_ok "$what" "$(tail -1 "$err")"; fi
}
texts="--train math.jsonl --domain law=law.jsonl --domain art=art.jsonl"
chats="--train math=math.chat.jsonl --domain law=law.chat.jsonl --domain art=art.chat.jsonl"
same "drawn demonstrations" --model llama_long --tuned tuned --layer 0 $texts --control
same "previous demonstrations" --model llama_long --hook blocks.1.hook_mlp_out $texts --demos-from previous --domain-demos 2 --max-length 60 --rows response
same "chats" --model llama_long --layer 1 $chats --control --rows response
same "too little room" --model llama_long --layer 1 $texts --max-length 50 --bos no --separator "<|end|>"
same "gemma2, attention's output" --model gemma2_long --hook blocks.1.hook_attn_out $texts
same "gemma2, between attention and MLP" --model gemma2_long --hook blocks.1.hook_resid_mid $texts --demos 0 --domain-demos 0 --samples 4 --dtype f32
same "a file of demonstrations" --model llama_long --hook blocks.1.hook_resid_pre $texts --demos-file math=art.jsonl --tokens 40

# ---- stopped, shared, and with other settings
"$python" "$root/assets/capture/scry_capture.py" --model llama_long --layer 1 $texts -o whole >"$out" 2>"$err"
for i in 2 1; do "$python" "$root/assets/capture/scry_capture.py" --model llama_long --layer 1 $texts -o shards --shard $i/2 >"$out" 2>"$err"; done
diff -r whole shards >"$err" && ok "shards: the bytes of a whole run" || not_ok "shards: the bytes of a whole run" "$(head -3 "$err")"
rm shards/study.json shards/acts/law.icl.safetensors
"$python" "$root/assets/capture/scry_capture.py" --model llama_long --layer 1 $texts -o shards >"$out" 2>"$err"
is "again: only what is missing is captured" "$(grep -c '^captured ' "$err")" 1
diff -r whole shards >"$err" && ok "again: the same bytes" || not_ok "again: the same bytes" "$(head -3 "$err")"
"$python" "$root/assets/capture/scry_capture.py" --model llama_long --layer 1 $texts --seed 4 -o shards >"$out" 2>"$err" && not_ok "other settings are refused" "found status 0"
says "other settings are refused" "was captured with other settings: seed: found 20260302, expected 4; take another -o, or --force"
finish
