#!/usr/bin/env python3
"""Writes how two models differ on a study's texts by transformers, in double precision.

    make_diff.py                                tests/specimens/diff/sample.json, of sample_data
    make_diff.py STUDY BASE TUNED OUT.json      the same of another study

needs torch, transformers and tokenizers. tests/unit/test_diff.c compares scry with the first; for another study run it
as build/tests/test_diff OUT.json STUDY BASE TUNED. Its token files have texts and "response" or none (all tokens but
the first count). "groups": the training set and the domains, with means over the tokens that count; "places": the
greatest by KL and by the change of the log-likelihood; "gained" and "lost": tokens of the vocabulary over all of them,
each [id, mean change of probability, share of tokens at which it is among the 20 largest differences of logits].
"""
import json
import os
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "..", "sample_data")
PLACES, WORDS, PUSHED = 12, 10, 20


def rounded(value):
    return float(f"{value:.10g}")


def load(path):
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float64, attn_implementation="eager").eval()


def samples_of(folder, capture, tok):
    with open(os.path.join(folder, capture["tokens"]), encoding="utf-8") as f:
        for number, line in enumerate(map(json.loads, f)):
            ids = line.get("ids") or tok.encode("".join(line["tokens"]), add_special_tokens=False).ids
            before = line.get("before", [])
            if len(ids) == len(line["tokens"]):
                yield number, before + ids, max(len(before) + line.get("response", 1), 1)


@torch.no_grad()
def main():
    torch.set_num_threads(2)
    study, base, tuned, out = sys.argv[1:5] if len(sys.argv) > 4 else (
        os.path.join(SAMPLE, "study.json"), os.path.join(SAMPLE, "models/base"), os.path.join(SAMPLE, "models/sft"),
        os.path.join(HERE, "diff", "sample.json"))
    with open(study, encoding="utf-8") as f:
        spec = json.load(f)
    folder = os.path.dirname(os.path.abspath(study))
    models = [load(base), load(tuned)]
    tok = Tokenizer.from_file(os.path.join(base, "tokenizer.json"))
    train = spec["train"][0] if isinstance(spec["train"], list) else spec["train"]
    groups, places = [], []
    vocabulary = models[0].config.vocab_size
    change, pushed, tokens = torch.zeros(vocabulary, dtype=torch.float64), torch.zeros(vocabulary), 0
    for g, one in enumerate([train] + spec["domains"]):
        sums, n, samples = [0.0, 0.0, 0.0], 0, 0
        for number, ids, start in samples_of(folder, one["base"], tok):
            raw = [m(torch.tensor([ids])).logits[0, start - 1:-1] for m in models]
            logs = [torch.log_softmax(x, -1) for x in raw]
            targets = torch.tensor(ids[start:])[:, None]
            kl = (logs[1].exp() * (logs[1] - logs[0])).sum(-1)
            gain = (logs[1] - logs[0]).gather(1, targets)[:, 0]
            differs = raw[0].argmax(-1) != raw[1].argmax(-1)
            for i, value in enumerate((kl, gain, differs.double())):
                sums[i] += value.sum().item()
            change += (logs[1].exp() - logs[0].exp()).sum(0)
            pushed.index_add_(0, (raw[1] - raw[0]).topk(PUSHED, -1).indices.flatten(), torch.ones(len(kl) * PUSHED))
            places += [(k, d, g, number, start + i) for i, (k, d) in enumerate(zip(kl.tolist(), gain.tolist()))]
            n, samples = n + len(kl), samples + 1
        tokens += n
        groups.append({"name": one["name"], "samples": samples, "tokens": n, "kl": rounded(sums[0] / n),
                       "gain": rounded(sums[1] / n), "differs": rounded(sums[2] / n)})
    change, pushed = change / tokens, pushed / tokens
    words = [[[v, rounded(change[v].item()), rounded(pushed[v].item())] for v in side.topk(WORDS).indices.tolist()]
             for side in (change, -change)]
    found = {by: [{"group": g, "sample": s, "at": at, "kl": rounded(k), "gain": rounded(d)}
                  for k, d, g, s, at in sorted(places, key=key)[:PLACES]]
             for by, key in (("kl", lambda p: -p[0]), ("loss", lambda p: -abs(p[1])))}
    with open(out, "w", encoding="utf-8") as f:
        json.dump({"groups": groups, "places": found, "gained": words[0], "lost": words[1]}, f, indent=1)
        f.write("\n")


main()
