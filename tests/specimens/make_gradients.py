#!/usr/bin/env python3
"""Writes, for the models of make_models.py, what torch's autograd computes with them in double.

    python tests/specimens/make_gradients.py [NAME ...]

It needs what make_models.py needs, and the models that it wrote. tests/unit/test_gradients.c reads
models/NAME/gradients.safetensors:
    labels [sets, tokens], wanted [tokens]   of the sequences in expected.safetensors, packed
    blocks.L.hook_NAME [sets, tokens, d]     for each set the gradient, at the residual stream, of the sum over the
                                             wanted tokens of ln p(label | the token and those before it)
"""
import copy
import sys
import zlib

import torch
from make_models import OUT, PLACES, SPECIMENS, blocks_of, load
from safetensors.torch import load_file, save_file

SETS = 2
NOISE = 1e-4  # of the same in float32, to the root mean square of a gradient


def targets_of(name, vocabulary, tokens):
    """Two thirds of the tokens are wanted, in the first set with the most common label, token 3."""
    g = torch.Generator().manual_seed(zlib.crc32(name.encode()) + 2)
    labels = torch.randint(0, vocabulary, (SETS, tokens), generator=g)
    labels[0, ::2] = 3
    return labels, torch.rand(tokens, generator=g) < 2 / 3


def gradients(model, sequences, labels, wanted):
    place = PLACES[model.config.model_type]
    parallel = getattr(model.config, "use_parallel_residual", False)
    blocks, streams, handles = blocks_of(model), {}, []

    def keep(name, value):
        streams[name] = value[0] if isinstance(value, tuple) else value

    def entry(module, name):
        handles.append(module.register_forward_pre_hook(
            lambda m, args, kwargs: keep(name, args[0] if args else kwargs["hidden_states"]), with_kwargs=True))

    for i, block in enumerate(blocks):
        entry(block, f"blocks.{i}.hook_resid_pre")
        if not parallel:
            entry(block.get_submodule(place["resid_mid"]), f"blocks.{i}.hook_resid_mid")
        if i + 1 == len(blocks):
            handles.append(block.register_forward_hook(lambda m, args, out, i=i: keep(f"blocks.{i}.hook_resid_post", out)))
    got, at = {}, 0
    for ids in sequences:
        own = slice(at, at + len(ids))
        log_p = model(ids[None], use_cache=False).logits[0].log_softmax(-1)
        for m in range(SETS):
            total = (log_p.gather(1, labels[m, own, None])[:, 0] * wanted[own]).sum()
            for name, g in zip(streams, torch.autograd.grad(total, list(streams.values()), retain_graph=True)):
                got.setdefault(name, [[] for _ in range(SETS)])[m].append(g[0])
        at += len(ids)
    for handle in handles:
        handle.remove()
    return {name: torch.stack([torch.cat(parts) for parts in sets]) for name, sets in got.items()}


def main(names):
    for spec in SPECIMENS:
        if names and spec.name not in names:
            continue
        path = OUT / spec.name
        expected = load_file(path / "expected.safetensors")
        sequences = expected["ids"].long().split(expected["lengths"].tolist())
        model = load(path)
        labels, wanted = targets_of(spec.name, model.config.vocab_size, len(expected["ids"]))
        found = gradients(model, sequences, labels, wanted)
        double = gradients(copy.deepcopy(model).double(), sequences, labels, wanted)
        noise = max(((found[n].double() - d).abs().max() / d.pow(2).mean().sqrt()).item() for n, d in double.items())
        assert noise < NOISE, (spec.name, noise)
        out = {name: g.float().contiguous() for name, g in double.items()}
        save_file(out | {"labels": labels.to(torch.int32), "wanted": wanted.to(torch.int32)},
                  path / "gradients.safetensors")
        print(f"{spec.name}: {', '.join(found)}; float32 within {noise:.1e} of double", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
