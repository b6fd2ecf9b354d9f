#!/usr/bin/env python3
"""Trains small SAEs with scry, and writes what sae-lens makes of them to trained/.

    python tests/specimens/make_trained.py build/scry

It needs torch, numpy and sae-lens 6.18.0 from PyPI. trained/x.npy are residuals; trained/NAME/ is the SAE as scry saved
it, trained/NAME.h.npy what sae-lens's encode gives on x, trained/NAME.made.npy what its decode makes of that. Read by
tests/unit/test_train.c.
"""
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from sae_lens import SAE

OUT = Path(__file__).resolve().parent / "trained"
D, F, N = 8, 24, 300
RUNS = {
    "relu": ["--arch", "relu", "--sparsity", "0.5"],
    "topk": ["--arch", "topk", "--k", "4"],
    "batchtopk": ["--arch", "batchtopk", "--k", "4"],
    "jumprelu": ["--arch", "jumprelu", "--sparsity", "0.5"],
    "jumprelu_tanh": ["--arch", "jumprelu", "--penalty", "tanh", "--sparsity", "0.3", "--bandwidth", "2",
                      "--pre-act-weight", "0.001", "--weight-decay", "0.0001"],
}


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    rng = np.random.default_rng(20260304)
    atoms = rng.normal(size=(16, D))
    x = (rng.random((N, 16)) < 0.15) * rng.uniform(1, 4, (N, 16)) @ atoms + rng.normal(size=D) + 0.05 * rng.normal(size=(N, D))
    np.save(OUT / "x.npy", x.astype(np.float32))
    for name, words in RUNS.items():
        run = [sys.argv[1], "train", str(OUT / "x.npy"), "-o", str(OUT / name), "--width", str(F), "--batch", "64",
               "--steps", "400", "--lr", "0.003", "--model-name", "tiny", "--hook-name", "blocks.25.hook_resid_post", *words]
        subprocess.run(run, check=True, stderr=subprocess.DEVNULL)
        (OUT / name / "train.jsonl").unlink()
        sae = SAE.load_from_disk(OUT / name)
        about = sae.cfg.metadata
        assert (about.model_name, about.hook_name, about.hook_layer) == ("tiny", "blocks.25.hook_resid_post", 25), about
        X = torch.tensor(np.load(OUT / "x.npy"))
        h = sae.encode(X)
        np.save(OUT / f"{name}.h.npy", h.detach().numpy())
        np.save(OUT / f"{name}.made.npy", sae.decode(h).detach().numpy())
        print(f"{name}: {type(sae).__name__}, L0 {(h > 0).float().sum(1).mean():.2f}, "
              f"FVU {((sae.decode(h) - X) ** 2).sum() / ((X - X.mean(0)) ** 2).sum():.4f}")


main()
