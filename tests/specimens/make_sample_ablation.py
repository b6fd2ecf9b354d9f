#!/usr/bin/env python3
"""Writes what transformers and torch's autograd, in double precision, make of a study's domains with latents taken out
of the model: losses, and effect columns of some samples.

    make_sample_ablation.py                                   tests/specimens/ablation/sample.json, of sample_data
    make_sample_ablation.py STUDY MODEL OUT.json [SAMPLES]    the same of another study, with SAMPLES columns a domain

needs what check_ablation.py needs. tests/unit/test_ablate_sample.c compares scry with the first; for another study run
it as build/tests/test_ablate_sample OUT.json STUDY MODEL.

"runs": sets with a figure for each domain. "columns": of the first samples of each domain "labels" [sets][tokens that
count], the next tokens and those drawn from the model's predictions; "latents" and "a" [sets][latents], the sum over
the tokens t of the sample of (g_m(t) . W_dec_j) h_j(t), where g_m is the gradient, at the hook, of the sum of
ln p(label); "largest" [sets], that of all latents.
"""
import json
import os
import random
import sys

import torch

from check_ablation import WAYS, Reference, figures

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "..", "sample_data")
DRAWS, LATENTS = 2, 40


def rounded(value):
    return float(f"{value:.10g}")


def runs_of(r, sizes):
    draw = random.Random(7)
    base = {(n, error): r.losses(d, None, None, error) for n, d in r.domains.items() for error in ("keep", "drop")}
    runs = []
    for size in sizes:
        latents = sorted(draw.sample(range(r.sae["W_dec"].shape[0]), size))
        for value, error in WAYS:
            found = {n: figures(d, base[n, error], r.losses(d, latents, value, error)) for n, d in r.domains.items()}
            runs.append({"latents": latents, "value": value, "error": error,
                         "domains": {n: {k: rounded(v) for k, v in f.items()} for n, f in found.items()}})
    return runs


def column(r, number, s, draw):
    x = s.x.clone().requires_grad_(True)
    last = r.rest.model(inputs_embeds=x[None], use_cache=False).last_hidden_state[0]
    log_p = torch.log_softmax(r.rest.lm_head(last[s.start - 1:-1]), -1)
    labels, sums = [], []
    for m in range(DRAWS + 1):
        label = torch.multinomial(log_p.detach().exp(), 1, generator=draw)[:, 0] if m else torch.tensor(s.ids[s.start:])
        g, = torch.autograd.grad(log_p.gather(1, label[:, None]).sum(), x, retain_graph=True)
        labels.append(label.tolist())
        sums.append(((g[s.before:] @ r.sae["W_dec"].T) * s.h).sum(0))
    size = sums[0].abs()
    strongest = size.topk(LATENTS // 2).indices.tolist()
    others = [j for j in range(len(size)) if size[j] > 0 and j not in strongest]
    latents = sorted(strongest + random.Random(3).sample(others, LATENTS - len(strongest)))
    return {"sample": number, "labels": labels, "latents": latents,
            "a": [[float(f"{a[j].item():.7g}") for j in latents] for a in sums],
            "largest": [float(f"{a.abs().max().item():.7g}") for a in sums]}


def main():
    ours = len(sys.argv) < 4
    study, model, out = ([f"{SAMPLE}/study.json", f"{SAMPLE}/models/base", f"{HERE}/ablation/sample.json"] if ours
                         else sys.argv[1:4])
    samples = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    r = Reference(study, model, ["law", "physics"] if ours else None)
    draw = torch.Generator().manual_seed(11)
    columns = {n: [column(r, i, s, draw) for i, s in enumerate(d.samples[:samples])] for n, d in r.domains.items()}
    with open(out, "w", encoding="utf-8") as f:
        json.dump({"runs": runs_of(r, [3, 20, 100]) if ours else [], "columns": columns}, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
