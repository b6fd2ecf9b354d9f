#!/usr/bin/env python3
"""Writes what transformers computes in double precision of the models of make_models.py.

    python tests/specimens/make_float64.py [NAME ...]

It needs what make_models.py needs. tests/unit/test_float64.c reads, of each folder that models/list.tsv names,
    float64.safetensors    logits [rows, vocabulary] in F64: of the rows of its expected.safetensors
"""
import sys

import torch
from safetensors.torch import load_file, save_file

from in_double import in_double
from make_models import OUT, load, measure


def main(names):
    for line in (OUT / "list.tsv").read_text().splitlines():
        path = OUT / line.split("\t")[0]
        if names and path.name not in names:
            continue
        expected = load_file(path / "expected.safetensors")
        sequences = torch.split(expected["ids"].long(), expected["lengths"].tolist())
        rows = expected["rows"].tolist() if "rows" in expected else None
        logits = measure(in_double(load(path)), sequences, 0, rows)["logits"]
        assert logits.dtype == torch.double
        save_file({"logits": logits.contiguous()}, path / "float64.safetensors")
        wide = logits.pow(2).mean(-1, keepdim=True).sqrt()
        print(f"{path.name}: float32 is off by {((expected['logits'] - logits) / wide).abs().max():.1e}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
