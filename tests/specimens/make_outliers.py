#!/usr/bin/env python3
"""Writes residuals with rows of a norm far above the others' to outliers/, a small SAE, and what numpy makes of both.

    python tests/specimens/make_outliers.py

It needs numpy and safetensors from PyPI. outliers/NAME.npy are residuals; outliers/sae/ is a ReLU SAE in SAELens format;
outliers/figures.tsv has for each file the outliers (norm above RATIO times the median of the norms above 0), their share
of the variance, and the SAE's figures without and with them, in double precision. Read by tests/unit/test_outliers.c.
"""
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

OUT = Path(__file__).resolve().parent / "outliers"
D, F, N, RATIO = 12, 20, 240, 10.0


def residuals(rng, atoms, name):
    x = (rng.random((N, F)) < 0.12) * rng.uniform(1, 4, (N, F)) @ atoms + 0.05 * rng.normal(size=(N, D)) + 0.3
    large = 140 * np.median(np.linalg.norm(x, axis=1))
    if name == "first":  # of each sample of 30 tokens, all alike as in a real model
        x[::30] = large * atoms[0] + rng.normal(size=(8, D))
    if name == "anywhere":
        x[rng.choice(N, 11, replace=False)] *= 60
    if name == "zeros":  # more than half of the rows are padding
        x[:150] = 0
        x[[7, 160, 239]] = large * atoms[[1, 2, 3]]
    if name == "even":  # the median is the mean of 1 and 10; 55 is not above 10 times it
        x = np.repeat(np.eye(D)[:1], N, axis=0) * np.array([1.0] * (N // 2 + 3) + [10.0] * (N // 2 - 3))[:, None]
        x[3], x[5], x[9] = 54 * np.eye(D)[1], 55 * np.eye(D)[2], 55.5 * np.eye(D)[3]
    if name == "one":
        x = x[:1]
    return x.astype(np.float32)


def figures(x, W_enc, b_enc, W_dec, b_dec):
    if not len(x):
        return [0] + [np.nan] * 4
    h = np.maximum(x @ W_enc + b_enc, 0)
    made = h @ W_dec + b_dec
    lost = ((made - x) ** 2).sum()
    spread = ((x - x.mean(0)) ** 2).sum()
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(made, axis=1)
    cosine = np.divide((x * made).sum(1), norms, out=np.zeros(len(x)), where=norms > 0)
    return [len(x), (h > 0).sum(1).mean(), 1 - lost / spread if spread > 0 else np.nan, lost / x.size, cosine.mean(),
            (~(h > 0).any(0)).mean()]


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "sae").mkdir(parents=True)
    rng = np.random.default_rng(20260305)
    atoms = rng.normal(size=(F, D))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    weights = {"W_enc": atoms.T.copy(), "b_enc": np.full(F, -0.8), "W_dec": 0.6 * atoms, "b_dec": np.full(D, 0.3)}
    weights = {name: w.astype(np.float32) for name, w in weights.items()}
    save_file(weights, OUT / "sae" / "sae_weights.safetensors")
    (OUT / "sae" / "cfg.json").write_text(json.dumps({
        "architecture": "standard", "d_in": D, "d_sae": F, "dtype": "float32", "activation_fn": "relu",
        "apply_b_dec_to_input": False, "normalize_activations": "none"}) + "\n")
    wide = {name: w.astype(np.float64) for name, w in weights.items()}
    lines = ["name\trows\toutliers\tvariance_share" + "".join(
        f"\t{side}_{key}" for side in ("without", "with") for key in ("tokens", "l0", "ev", "mse", "cosine", "dead"))]
    for name in ("first", "anywhere", "zeros", "even", "one", "none"):
        x = residuals(rng, atoms, name)
        np.save(OUT / f"{name}.npy", x)
        x = x.astype(np.float64)
        norm = np.sqrt((x * x).sum(1))
        out = norm > RATIO * np.median(norm[norm > 0])
        apart = ((x - x.mean(0)) ** 2).sum(1)
        share = apart[out].sum() / apart.sum() if apart.sum() > 0 else np.nan
        row = [len(x), out.sum(), share] + figures(x[~out], **wide) + figures(x, **wide)
        lines.append("\t".join([name] + [f"{v:.17g}" for v in row]))
    (OUT / "figures.tsv").write_text("\n".join(lines) + "\n")


main()
