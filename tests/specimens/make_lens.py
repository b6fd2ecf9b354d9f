#!/usr/bin/env python3
"""Writes tests/specimens/lens/expected.json: mean differences of the sample study, by numpy and transformers.

    make_lens.py        needs numpy, torch, transformers and safetensors (2.2, 2.14, 5.24 and 0.6 were used)

From the captures: over all rows, and at each of the first five positions of the samples, the mean difference of sft and
base, and of icl and base; the tokens that it promotes and suppresses through a model's final norm and output matrix; the
latents by decoder cosine; and by least squares the share of its squared length in the span of the decoder rows of LATENTS.
From the models: the same of sft and base on the texts of a domain that was not captured under sft.
"""
import json
import os

import numpy
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLE = os.path.join(os.path.dirname(TESTS), "sample_data")
LAYER, TOP, POSITIONS = 3, 5, 5
LATENTS = list(range(7, 2048, 30))
torch.set_num_threads(1)
torch.set_grad_enabled(False)


def capture(name):
    tensors = load_file(os.path.join(SAMPLE, "acts", name + ".safetensors"))
    (x,) = [t for t in tensors.values() if t.dim() == 2]
    return x.double().numpy()


def lines(name):
    with open(os.path.join(SAMPLE, "acts", name + ".tokens.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def positions(samples):
    return numpy.concatenate([numpy.arange(len(s["tokens"])) for s in samples])


def model(name):
    return AutoModelForCausalLM.from_pretrained(os.path.join(SAMPLE, "models", name), dtype=torch.float32).eval()


models = {"base": model("base"), "tuned": model("sft")}
W = load_file(os.path.join(SAMPLE, "sae/sae_weights.safetensors"))["W_dec"].double().numpy()
cosines = W / numpy.linalg.norm(W, axis=1, keepdims=True)


def first(values, order, count=TOP):
    return [[int(i), float(f"{values[i]:.9g}")] for i in order[:count]]


def both_sides(values):
    order = numpy.argsort(values, kind="stable")
    return first(values, order[::-1]), first(values, order)


def tokens(m, name):
    # the final norm as transformers has it, without its epsilon: the difference at length sqrt(d), times the weight
    g = models[name].model.norm.weight.double().numpy()
    U = models[name].lm_head.weight.double().numpy()
    return both_sides(U @ (m / numpy.linalg.norm(m) * numpy.sqrt(len(m)) * g))


def mean(reference, of):
    m = (of - reference).mean(0)
    solution = numpy.linalg.lstsq(W[LATENTS].T, m, rcond=None)[0]
    promoted, suppressed = tokens(m, "base")
    nearest, opposite = both_sides(cosines @ (m / numpy.linalg.norm(m)))
    return {"pairs": len(of), "norm": float(numpy.linalg.norm(m)), "mean": [float(f"{v:.9g}") for v in m[:8]],
            "reference_norm": float(numpy.linalg.norm(reference, axis=1).mean()),
            "difference_norm": float(numpy.linalg.norm(of - reference, axis=1).mean()),
            "share": float(numpy.sum((W[LATENTS].T @ solution) ** 2) / numpy.sum(m ** 2)),
            "promoted": promoted, "suppressed": suppressed, "promoted_tuned": tokens(m, "tuned")[0],
            "nearest": nearest, "opposite": opposite}


def means(reference, of, at):
    return [mean(reference, of)] + [mean(reference[at == p], of[at == p]) for p in range(POSITIONS)]


def streams(name, samples):
    """The stream after block LAYER on the rows of the samples, with what stands before them in front."""
    out = []
    for s in samples:
        before = s.get("before", [])
        seen = {}
        handle = models[name].model.layers[LAYER].register_forward_hook(
            lambda module, inputs, output: seen.update(x=output[0] if isinstance(output, tuple) else output))
        models[name](torch.tensor([before + s["ids"]]))
        handle.remove()
        x = seen["x"]
        out.append((x[0] if x.dim() == 3 else x)[len(before):].double().numpy())
    return numpy.concatenate(out)


at = positions(lines("train"))
math = lines("math")
expected = {"latents": LATENTS,
            "sft": means(capture("train.base"), capture("train.sft"), at),
            "icl": means(capture("train.base"), capture("train.icl"), at),
            "math": means(streams("base", math), streams("tuned", math), positions(math))}
with open(os.path.join(TESTS, "specimens/lens/expected.json"), "w", encoding="utf-8") as f:
    json.dump(expected, f, separators=(",", ":"))
    f.write("\n")
