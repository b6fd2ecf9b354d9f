#!/usr/bin/env python3
"""Writes tests/specimens/prompts/expected.json: texts through the sample study's models, by transformers.

    make_prompts.py     needs torch, transformers and safetensors (2.14, 5.24 and 0.6 were used)

For each text: ids; the strongest latents of each token, from the stream that a forward hook takes after block 3 and the
SAE's weights; and the most probable next tokens of base, of sft, and of base with the latents of `ablated` taken out of
the stream by the hook: x' = x - sum over j of h_j W_dec_j.
    make_prompts.py --compare TEXT...    compares `scry prompt --json` of $SCRY (build/scry) with transformers on more
                                         texts instead, and prints the largest differences
"""
import json
import os
import subprocess
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLE = os.path.join(os.path.dirname(TESTS), "sample_data")
LAYER, TOP = 3, 3
TEXTS = ["Question: A baker sells 3/4 of her 240 rolls before noon. How many are left?\nAnswer: She sells",
         "The French Revolution began in 1789, and 2 + 2 = 4; na\u00efve \u4e2d."]
ABLATED = list(range(0, 2048, 3))
torch.set_num_threads(1)
torch.set_grad_enabled(False)


def load(name):
    model = AutoModelForCausalLM.from_pretrained(os.path.join(SAMPLE, "models", name), dtype=torch.float32)
    return model.eval()


tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(SAMPLE, "models/base/tokenizer.json"))
sae = {k: v.float() for k, v in load_file(os.path.join(SAMPLE, "sae/sae_weights.safetensors")).items()}
base, sft = load("base"), load("sft")


def encode(x):
    return torch.relu(x @ sae["W_enc"] + sae["b_enc"])


def run(model, ids, latents=None):
    """Probabilities [tokens][V], and the stream at the hook."""
    seen = {}

    def hook(module, inputs, output):
        x = output[0] if isinstance(output, tuple) else output
        seen["x"] = x[0]
        if latents is None:
            return None
        h = encode(x)
        x = x - h[..., latents] @ sae["W_dec"][latents]
        return (x, *output[1:]) if isinstance(output, tuple) else x

    handle = model.model.layers[LAYER].register_forward_hook(hook)
    p = torch.softmax(model(torch.tensor([ids])).logits[0].double(), -1)
    handle.remove()
    return p, seen["x"]


def top(values, count):
    value, index = torch.sort(values, descending=True, stable=True)
    return [[int(i), float(f"{float(v):.7g}")] for i, v in zip(index[:count], value[:count])]


def facts(text, count):
    ids = tokenizer.encode(text, add_special_tokens=False)
    p_base, x = run(base, ids)
    h = encode(x)
    tokens = []
    p = {"next_base": p_base, "next_tuned": run(sft, ids)[0], "next_ablated": run(base, ids, ABLATED)[0]}
    for t in range(len(ids)):
        tokens.append({"latents": [[j, v] for j, v in top(h[t], count) if v > 0],
                       **{key: top(value[t], count) for key, value in p.items()}})
    return ids, tokens, h, p


def compare(text):
    scry = os.environ.get("SCRY", os.path.join(os.path.dirname(TESTS), "build/scry"))
    latents = ",".join(str(j) for j in ABLATED)
    out = subprocess.run([scry, "prompt", os.path.join(SAMPLE, "study.json"), "-", "--json", "--top", "50", "--latents",
                          latents], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout
    found = json.loads(out)["tokens"]
    ids, _, h, p = facts(text, 1)
    assert ids == [t["id"] for t in found], "ids"
    worst = {"activation": 0.0, "next_base": 0.0, "next_tuned": 0.0, "next_ablated": 0.0}
    for t, token in enumerate(found):
        for one in token["latents"]:
            worst["activation"] = max(worst["activation"], abs(one["activation"] - float(h[t, one["latent"]])))
        for key, value in p.items():
            for one in token[key]:
                worst[key] = max(worst[key], abs(one["probability"] - float(value[t, one["id"]])))
            least = token[key][-1]["probability"]
            assert int((value[t] > least + 1e-5).sum()) <= len(token[key]), "a more probable token is missing"
    print(len(ids), "tokens:", worst)


if sys.argv[1:2] == ["--compare"]:
    for one in sys.argv[2:]:
        compare(one)
else:
    made = [{"text": text, "ids": facts(text, TOP)[0], "tokens": facts(text, TOP)[1]} for text in TEXTS]
    folder = os.path.join(TESTS, "specimens/prompts")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"ablated": "every third latent, from 0", "texts": made}, file, separators=(",", ":"))
        file.write("\n")
