"""Ten dumps as the STS notebook reads them, and a study of them: make_reference.py FOLDER ROWS

Each is one float32 tensor [ROWS, 28672] by torch.save, some 100 latents active a row. Demonstrations move 150 planted
latents; on a domain these fire the more, the more its performance changed. Seeded: the same files every time.
"""
import json
import sys

import numpy as np
import torch

LATENTS, ACTIVE, PLANTED = 28672, 100, 150
DOMAINS = {"engineering": 0.0980, "chemistry": 0.0636, "physics": 0.0524, "computer": 0.0488,
           "other": 0.0130, "psychology": 0.0037, "history": 0.0026, "law": 0.0019}


def dump(path, rows, seed, planted, rate, size):
    """Background latents by a power law, planted ones each with its own probability and size."""
    rng = np.random.default_rng(seed)
    popularity = (np.arange(LATENTS) + 50.0) ** -0.8
    cumulative = np.cumsum(popularity / popularity.sum())
    order = np.random.default_rng(1).permutation(LATENTS)
    x = torch.zeros(rows, LATENTS)
    background = order[np.minimum(np.searchsorted(cumulative, rng.random((rows, ACTIVE))), LATENTS - 1)]
    at = torch.arange(rows).repeat_interleave(ACTIVE)
    x[at, torch.from_numpy(background.ravel())] = torch.from_numpy(
        rng.lognormal(0, 0.6, rows * ACTIVE).astype(np.float32))
    for latent, strength in zip(planted, size):
        fires = np.flatnonzero(rng.random(rows) < rate)
        values = (strength * rng.lognormal(0, 0.3, len(fires))).astype(np.float32)
        x[torch.from_numpy(fires), int(latent)] = torch.from_numpy(values)
    torch.save(x, path)


def main():
    folder, rows = sys.argv[1], int(sys.argv[2])
    rng = np.random.default_rng(20260302)
    planted = rng.choice(LATENTS, PLANTED, replace=False)
    size = 8 * np.arange(1, PLANTED + 1) ** -0.35
    dump(f"{folder}/train_base.pt", rows, 10, planted, 0.02, size)
    dump(f"{folder}/train_icl.pt", rows, 11, planted, 0.30, size)
    for i, (name, change) in enumerate(DOMAINS.items()):
        dump(f"{folder}/{name}.pt", rows, 20 + i, planted, 0.02 + 2 * change + 0.05 * rng.random(), size)
    domains = [{"name": n, "change": -100 * c, "base": {"features": f"{n}.pt"}} for n, c in DOMAINS.items()]
    study = {"scry_study": 1, "name": "the notebook's job", "pairing": "row",
             "train": {"name": "limo", "base": {"features": "train_base.pt"}, "icl": {"features": "train_icl.pt"}},
             "domains": domains}
    with open(f"{folder}/study.json", "w", encoding="utf-8") as f:
        json.dump(study, f)


main()
