#!/bin/sh
# scry label-prompts: questions to a language model in batch form; scry import-labels: its answers as labels.
. "${0%/*}/check.inc"
x=$place/sample.scry
gives 0 index sample_data/study.json -o "$x"
gives 0 label-prompts "$x" --top 5 -o "$place/p.jsonl"
says "label-prompts: what was written" 'p.jsonl: 5 questions'
is "a line a latent, in order of rank" "$(sed 's/^{"custom_id":"latent-\([0-9]*\)","method":"POST","url":"\/v1\/chat\/completions","body":{"model":"gpt-4o-mini","messages":\[{"role":"system","content":".*/\1/' "$place/p.jsonl" | head -3 | tr '\n' ' ')" "1819 637 1273 "
head -1 "$place/p.jsonl" >"$out"
prints "excerpts with activations, promoted tokens, the form of the answer" 'Answer with one line:\\nLabel: <' 'Strongest excerpts:\\n1: ' '<< 3>>' \
    'activations: \\" \+\\" [0-9]+, ' 'Weaker excerpts' 'more likely: \\"x\\", \\"y\\"' 'less likely: \\" mol\\"'
is "ten strongest excerpts and ten weaker ones" "$(grep -o 'activations: ' "$out" | wc -l)" 20
gives 0 label-prompts "$x" --latents 637 --examples 5 --context 3 --chat-model my-model
prints "label-prompts to standard output, for a model by name" '^\{"custom_id":"latent-637".*"model":"my-model"'
is "--examples 5" "$(grep -o 'activations: ' "$out" | wc -l)" 10
gives 0 label-prompts "$x" --latents 637 --examples 5 --context 3 --chat-model my-model
cp "$out" "$place/again"
gives 0 label-prompts "$x" --latents 637 --examples 5 --context 3 --chat-model my-model --seed 5
cmp -s "$out" "$place/again" && not_ok "--seed" "found the same excerpts, expected others" || ok "--seed draws others"
gives 0 label-prompts "$x" --latents 23,637 -o "$place/silent.jsonl"
says "a latent that never fires has no question" '1 question; latents that never fire have none'
grep -v '"model_path"' sample_data/study.json | sed "s#\"acts/#\"$PWD/sample_data/acts/#; s#\"sae\": \"sae\"#\"sae\": \"$PWD/sample_data/sae\"#" >"$place/none.json"
gives 0 label-prompts "$place/none.json" --top 1
says "without a model the promoted tokens are missing" 'the questions lack the tokens that latents promote' '"model_path"'
grep -q 'more likely' "$out" && not_ok "and not in the question" "found them, expected none" || ok "and not in the question"
gives 1 label-prompts "$place/none.json" --top 1 --model "$place/nowhere"
says "but not where a model was named" "nowhere" "cannot be opened"

# ---- answers
cat >"$place/answers.jsonl" <<'ANSWERS'
{"id": "r1", "custom_id": "latent-1819", "response": {"status_code": 200, "body": {"choices": [{"message": {"role": "assistant", "content": "Label: \"digits in equations\"."}}]}}, "error": null}
{"custom_id": "latent-637", "content": "**Label:** numbers after an operator"}
{"latent": 1273, "label": "pieces of words"}
{"custom_id": "latent-9999", "content": "Label: nothing"}
{"custom_id": "latent-371", "response": null, "error": {"code": "expired"}}
ANSWERS
gives 0 import-labels "$x" "$place/answers.jsonl"
says "import-labels: what was read and left out" 'labelled 3 latents of 3' '1 record ignored: no text' 'latents here are below 2048'
gives 0 rank "$x" --top 3
prints "the answers are labels" '1819 .*digits in equations' '637 .*numbers after an operator' '1273 .*pieces of words'
echo '{"latent": 637, "label": "another"}' >"$place/more.jsonl"
gives 0 import-labels "$x" "$place/more.jsonl" --json
is "import-labels --json" "$(cat "$out")" '{"read":1,"set":0,"kept":1,"too_long":0}'
says "a latent keeps its label" '1 kept another (--replace)'
gives 0 import-labels "$x" "$place/more.jsonl" --replace
gives 0 rank "$x" --top 3
prints "unless --replace is given" '637 .*another'
gives 1 import-labels "$x" "$place/p.jsonl"
says "questions are no answers" 'none of its 5 records'
gives 1 import-labels "$x" "$place/nowhere.jsonl"
gives 2 import-labels "$x"
finish
