#!/usr/bin/env python3
"""Loads what `scry export -o FILE.safetensors` wrote the way its readers do, and checks it against the SAE's own
files and against scry's CSV. Not part of `make test`; needs torch, numpy and safetensors:

    scry index sample_data/study.json -o s.scry
    scry export s.scry --by sft --top 100 -o set.safetensors
    scry export s.scry --by sft --top 100 -o set.csv
    python3 tests/specimens/check_export.py sample_data/sae/sae_weights.safetensors set.safetensors set.csv
"""
import csv
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file

weights, tensors, table = sys.argv[1:4]
sae, out = load_file(weights), load_file(tensors)
with safe_open(tensors, "pt") as f:
    print("metadata:", f.metadata())
for name, t in out.items():
    print(f"{name:13s} {str(t.dtype):14s} {list(t.shape)}")
rows = [int(r["latent"]) for r in csv.DictReader(open(table)) if r["included"] == "1"]
assert out["latents"].tolist() == rows, "latents are those of the CSV, in its order"
assert torch.equal(out["W_dec"], sae["W_dec"][out["latents"]].float()), "W_dec holds the SAE's own rows"
assert torch.equal(out["b_dec"], sae["b_dec"].float()), "b_dec is the SAE's own"
assert out["mean_base"].shape == out["mean_shifted"].shape == out["latents"].shape
assert bool((out["mean_base"] >= 0).all() and (out["mean_shifted"] >= 0).all())

# Zero-ablation and steering, as one would write them: what the selection adds to a residual is taken away,
# or moved from its mean before training to that after it.
h = torch.zeros(1, sae["W_dec"].shape[0])
h[0, out["latents"]] = out["mean_shifted"]
x = h @ sae["W_dec"].float() + sae["b_dec"].float()
ablated = x - out["mean_shifted"] @ out["W_dec"]
assert torch.allclose(ablated, out["b_dec"].expand_as(ablated), atol=1e-5), "ablated, only b_dec is left"
steered = x + (out["mean_base"] - out["mean_shifted"]) @ out["W_dec"]
assert torch.allclose(steered, out["mean_base"] @ out["W_dec"] + out["b_dec"], atol=1e-5), "steered back to base"
print("all as it should be")
