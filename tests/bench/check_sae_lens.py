"""Are the latents in a study's index those that sae-lens's own encode gives? check_sae_lens.py SCRY STUDY SAE [LATENTS]

Indexes STUDY with the SAE that scry train saved, asks `scry tokens` for every activation of some latents, and compares
them with SAE.load_from_disk(...).encode of the same residuals. Prints the largest difference. Needs sae-lens, torch,
numpy and safetensors.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from sae_lens import SAE


def captures(study, folder):
    for group, prefix in [(study["train"], "train")] + [(d, d["name"]) for d in study["domains"]]:
        for condition in ("base", "icl", "sft", "rl"):
            if condition in group:
                spec = group[condition]
                x = next(iter(load_file(folder / spec["residual"]).values())).astype(np.float32)
                samples = [json.loads(line) for line in open(folder / spec["tokens"], encoding="utf-8")]
                first, start = {}, 0
                for sample in samples:
                    first[sample["id"]] = start
                    start += len(sample.get("tokens", sample.get("ids")))
                yield f"{prefix}.{condition}", x, first


def main():
    scry, study_path, sae_path = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
    wanted = int(sys.argv[4]) if len(sys.argv) > 4 else 100
    study = json.loads(study_path.read_text())
    assert isinstance(study["train"], dict), "one training set is expected"
    sae = SAE.load_from_disk(sae_path)
    theirs = {name: (sae.encode(torch.tensor(x)).detach().numpy(), first)
              for name, x, first in captures(study, study_path.parent)}
    with tempfile.TemporaryDirectory() as work:
        copy = json.loads(study_path.read_text())
        copy["sae"] = str(sae_path)
        for group in [copy["train"], *copy["domains"]]:
            for spec in group.values():
                if isinstance(spec, dict):
                    for key in ("residual", "tokens"):
                        spec[key] = str(study_path.parent / spec[key])
        (Path(work) / "study.json").write_text(json.dumps(copy))
        index = f"{work}/x.scry"
        subprocess.run([scry, "index", f"{work}/study.json", "-o", index], check=True, stderr=subprocess.DEVNULL)
        worst, compared, missing = 0.0, 0, 0
        for j in np.random.default_rng(1).choice(sae.cfg.d_sae, wanted, replace=False):
            out = subprocess.run([scry, "tokens", index, str(j), "--top", "1000000", "--context", "0", "--json"], check=True,
                                 capture_output=True, text=True).stdout
            found = 0
            for example in json.loads(out)["examples"]:
                h, first = theirs[example["capture"]]
                value = h[first[example["sample"]] + example["position"], j]
                worst = max(worst, abs(float(value) - example["activation"]))
                found += 1
            there = sum(int((h[:, j] > 0).sum()) for h, _ in theirs.values())
            missing += abs(there - found)
            compared += found
    print(f"{type(sae).__name__}: {compared} activations of {wanted} latents, largest difference {worst:.3g}, "
          f"{missing} there on one side only")


main()
