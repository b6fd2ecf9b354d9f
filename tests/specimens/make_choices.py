#!/usr/bin/env python3
"""Writes tests/specimens/ablation/choices.json: the sample study's multiple-choice questions as transformers answers them
in double precision, with and without latents.

    make_choices.py     needs what check_ablation.py needs

For some sets and all ways to ablate, and each domain, "before" and "after": [questions] strings of 0 and 1, right by
likelihood, by byte and by letter. The SAE reads the question's own tokens. Answers that float32 might give otherwise are
refused.
"""
import json
import os
import random

import torch

from check_ablation import WAYS, Reference

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "..", "sample_data")
DOMAINS = ["law", "physics"]


def encode(tok, prompt, words):
    e = tok.encode(prompt + words)
    start = next(i for i, (_, end) in enumerate(e.offsets) if end > len(prompt))
    return e.ids, start


def log_p(r, mean, ids, start, latents, value, error):
    r.run_whole(ids)
    x = r.seen.clone()
    h = torch.relu(x @ r.sae["W_enc"] + r.sae["b_enc"])  # this SAE does not take b_dec off first
    norms = x.norm(dim=1)
    assert norms.max() < 10 * norms.median()
    if error == "drop":
        x = h @ r.sae["W_dec"] + r.sae["b_dec"]
    if latents is not None:
        new = mean[latents] if value == "mean" else torch.zeros(len(latents), dtype=torch.double)
        x = x + (new - h[:, latents]) @ r.sae["W_dec"][latents]
    p = torch.log_softmax(r.run_whole(ids, x), -1)
    return sum(p[t - 1, ids[t]].item() for t in range(start, len(ids)))


def best(values):
    first, second = sorted(values, reverse=True)[:2]
    assert first - second > 1e-4, values
    return values.index(first)


def answers(r, mean, lines, *way):
    out = []
    for line in lines:
        options, letters = ([log_p(r, mean, *encode(r.tok, line["prompt"], words), *way) for words in of]
                            for of in (line["options"], "ABCDE"[:len(line["options"])]))
        right = "ABCDE".index(line["answer"])
        by_byte = [p / len(o.encode()) for p, o in zip(options, line["options"])]
        out.append("".join(str(int(best(v) == right)) for v in (options, by_byte, letters)))
    return out


def main():
    r = Reference(f"{SAMPLE}/study.json", f"{SAMPLE}/models/base", DOMAINS)
    draw = random.Random(5)
    lines = {}
    for name in DOMAINS:
        with open(f"{SAMPLE}/text/{name}.jsonl", encoding="utf-8") as f:
            lines[name] = [json.loads(line) for line in f][:6]
    before = {(n, error): answers(r, None, lines[n], None, "zero", error) for n in DOMAINS for error in ("keep", "drop")}
    runs = []
    for size in (100, 600):
        latents = sorted(draw.sample(range(r.sae["W_dec"].shape[0]), size))
        for value, error in WAYS:
            runs.append({"latents": latents, "value": value, "error": error, "domains": {
                n: {"before": before[n, error], "after": answers(r, r.domains[n].mean, lines[n], latents, value, error)}
                for n in DOMAINS}})
    with open(f"{HERE}/ablation/choices.json", "w", encoding="utf-8") as f:
        json.dump(runs, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
