"""The arithmetic of the STS authors' notebook on the files of make_reference.py: reference.py FOLDER ROWS

All dumps are loaded first, as there. The top 100 by the squared change, each domain's mean squared activation over
them, Pearson's rho with the absolute change; as JSON, with the seconds without importing torch.
"""
import json
import sys
import time

import numpy as np
import torch

NAMES = ["engineering", "chemistry", "physics", "computer", "other", "psychology", "history", "law"]
CHANGES = [0.0980, 0.0636, 0.0524, 0.0488, 0.0130, 0.0037, 0.0026, 0.0019]

folder, rows = sys.argv[1], int(sys.argv[2])
start = time.perf_counter()
base = torch.load(f"{folder}/train_base.pt")[:rows]
icl = torch.load(f"{folder}/train_icl.pt")[:rows]
domains = {name: torch.load(f"{folder}/{name}.pt")[:rows] for name in NAMES}

shift, order = torch.sort(((icl - base) ** 2).sum(0), descending=True)
index = order[:100]
scores = {name: float(((x - 0) ** 2).mean(0)[index].mean()) for name, x in domains.items()}
rho = float(np.corrcoef(list(scores.values()), CHANGES)[0, 1])
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "scores": scores, "rho": rho,
                  "latents": [{"latent": int(j), "shift": float(s) / rows} for j, s in zip(index, shift[:100])]}))
