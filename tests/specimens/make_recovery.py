#!/usr/bin/env python3
"""Writes how much of the KL between two models SAEs win back, by transformers with a forward hook, in double precision.

    make_recovery.py                                   tests/specimens/recovery/sample.json, of sample_data
    make_recovery.py STUDY BASE TUNED OUT.json SAE...  the same of another study and other SAEs

needs torch, transformers, tokenizers and safetensors. tests/unit/test_recovery.c compares scry with the first; for
another study run it as build/tests/test_recovery OUT.json STUDY BASE TUNED. SAEs are SAELens folders, standard or topk;
metadata.residual_difference says that one reads differences. The hook is the study's. "explained_variance": of an SAE of
differences, on the training set's sft - base, of one of the stream, on its base; every row counts.

sample.json's SAE of differences was trained by

    scry train sample_data/study.json --minus base --condition sft -o tests/specimens/recovery/difference \\
        --width 24 --k 4 --steps 400 --batch 256 --lr 3e-3
"""
import json
import math
import os
import sys

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tokenizers import Tokenizer

from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "..", "sample_data")


def rounded(value):
    return None if math.isnan(value) else float(f"{value:.10g}")


def load(path):
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float64, attn_implementation="eager").eval()


class Sae:
    def __init__(self, path):
        with open(os.path.join(path, "cfg.json"), encoding="utf-8") as f:
            cfg = json.load(f)
        w = {k: v.double() for k, v in load_file(os.path.join(path, "sae_weights.safetensors")).items()}
        self.W_enc, self.W_dec, self.b_enc, self.b_dec = w["W_enc"], w["W_dec"], w["b_enc"], w["b_dec"]
        self.k = cfg.get("k") if cfg["architecture"] == "topk" else None
        assert cfg["architecture"] in ("topk", "standard") and cfg["normalize_activations"] == "none"
        self.subtract = cfg.get("apply_b_dec_to_input", True)
        self.difference = cfg.get("metadata", {}).get("residual_difference", False)

    def __call__(self, x):
        h = torch.relu((x - self.b_dec if self.subtract else x) @ self.W_enc + self.b_enc)
        if self.k:
            kept = h.topk(self.k, -1)
            h = torch.zeros_like(h).scatter(-1, kept.indices, kept.values)
        return h @ self.W_dec + self.b_dec


def samples_of(folder, capture, tok):
    with open(os.path.join(folder, capture["tokens"]), encoding="utf-8") as f:
        for line in map(json.loads, f):
            ids = line.get("ids") or tok.encode("".join(line["tokens"]), add_special_tokens=False).ids
            before = line.get("before", [])
            if len(ids) == len(line["tokens"]):
                yield before + ids, max(len(before) + line.get("response", 1), 1)


def run(model, layer, ids, stream=None):
    """The stream after a block, and logits; with another stream in its place."""
    seen = {}

    def hook(module, inputs, output):
        hidden = output[0] if isinstance(output, tuple) else output
        seen["x"] = hidden[0]
        if stream is None:
            return output
        return (stream[None],) + output[1:] if isinstance(output, tuple) else stream[None]

    handle = model.model.layers[layer].register_forward_hook(hook)
    logits = model(torch.tensor([ids])).logits[0]
    handle.remove()
    return seen["x"], logits


def divergences(models, layer, saes, ids, start):
    """Sums over the tokens that count: of base as it is, with the tuned stream, and with each SAE's."""
    b, base = run(models[0], layer, ids)
    t, tuned = run(models[1], layer, ids)
    streams = [t] + [b + s(t - b) if s.difference else b + s(t) - s(b) for s in saes]
    p = torch.log_softmax(tuned[start - 1:-1], -1)
    sums = []
    for logits in [base] + [run(models[0], layer, ids, x)[1] for x in streams]:
        q = torch.log_softmax(logits[start - 1:-1], -1)
        sums.append((p.exp() * (p - q)).sum().item())
    return sums


def ratio_error(y, n):
    """As in W. G. Cochran, Sampling Techniques, of a ratio."""
    y, n = np.array(y), np.array(n)
    if len(y) < 2 or n.sum() == 0:
        return math.nan
    return math.sqrt(len(y) / (len(y) - 1) * ((y - y.sum() / n.sum() * n) ** 2).sum()) / n.sum()


def figures(rows):
    """Of samples, each its sums."""
    sums = np.array(rows).T
    kl, exact = sums[0].sum(), sums[1].sum()
    return kl, exact, [(s.sum(), 1 - s.sum() / kl, ratio_error(s, sums[0])) for s in sums[2:]]


def as_json(name, rows, tokens):
    kl, exact, saes = figures(rows)
    return {"name": name, "samples": len(rows), "tokens": tokens, "kl": rounded(kl / tokens),
            "kl_exact": rounded(exact / tokens),
            "saes": [{"kl_patched": rounded(s / tokens), "won_back": rounded(w), "won_back_se": rounded(e)}
                     for s, w, e in saes]}


def rows_of(path):
    with safe_open(path, "np") as f:
        (name,) = f.keys()
        return f.get_tensor(name).astype(np.float64)


def explained_variance(folder, train, sae):
    x = rows_of(os.path.join(folder, train["base"]["residual"]))
    if sae.difference:
        x = rows_of(os.path.join(folder, train["sft"]["residual"])) - x
    made = np.concatenate([sae(torch.from_numpy(part)).numpy() for part in np.array_split(x, len(x) // 1000 + 1)])
    return 1 - ((x - made) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()


@torch.no_grad()
def main():
    torch.set_num_threads(2)
    specimens = os.path.join(HERE, "recovery")
    study, base, tuned, out, *paths = sys.argv[1:] if len(sys.argv) > 5 else (
        os.path.join(SAMPLE, "study.json"), os.path.join(SAMPLE, "models/base"), os.path.join(SAMPLE, "models/sft"),
        os.path.join(specimens, "sample.json"), os.path.join(specimens, "difference"), os.path.join(SAMPLE, "sae"))
    with open(study, encoding="utf-8") as f:
        spec = json.load(f)
    folder = os.path.dirname(os.path.abspath(study))
    layer = int(spec["hook"].split(".")[1])
    assert spec["hook"].endswith("hook_resid_post")
    models, saes = [load(base), load(tuned)], [Sae(p) for p in paths]
    tok = Tokenizer.from_file(os.path.join(base, "tokenizer.json"))
    train = spec["train"][0] if isinstance(spec["train"], list) else spec["train"]
    groups, everything, tokens = [], [], 0
    for one in [train] + spec["domains"]:
        rows, n = [], 0
        for ids, start in samples_of(folder, one["base"], tok):
            rows.append(divergences(models, layer, saes, ids, start))
            n += len(ids) - start
        groups.append(as_json(one["name"], rows, n))
        everything, tokens = everything + rows, tokens + n
    about = [{"sae": os.path.relpath(p, os.path.join(HERE, "..", "..")) if len(sys.argv) < 6 else p,
              "difference": s.difference, "explained_variance": rounded(explained_variance(folder, train, s))}
             for p, s in zip(paths, saes)]
    with open(out, "w", encoding="utf-8") as f:
        json.dump({"saes": about, "all": as_json("all", everything, tokens), "groups": groups}, f, indent=1)
        f.write("\n")


main()
