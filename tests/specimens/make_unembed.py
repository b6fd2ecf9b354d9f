#!/usr/bin/env python3
"""Writes what random directions of the stream do to the logits of the models in models/, as transformers' own final
norm and output matrix say in double precision.

    python tests/specimens/make_unembed.py

It needs torch, safetensors and transformers 5. tests/unit/test_logits.c reads unembed.safetensors: NAME/directions
[n, d_model] and NAME/logits [n, vocabulary] for every model of models/list.tsv.

The norm divides by the size of what it is given: a direction, made so large that epsilon does not count, goes through
it and through the output matrix, and the result is multiplied by that size; what a stream of zeros gives, the norm's
bias, is taken off.
"""
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
LARGE = 2.0 ** 40
torch.set_num_threads(1)
transformers.logging.set_verbosity_error()


def final_norm(model):
    for name in ("model.norm", "transformer.ln_f", "gpt_neox.final_layer_norm"):
        try:
            return model.get_submodule(name)
        except AttributeError:
            pass
    raise SystemExit(f"no final norm known in {model.config.model_type}")


def unembed(model, x):
    """[n, d] -> [n, vocabulary], in double."""
    norm, head = final_norm(model), model.get_output_embeddings()
    is_rms = "RMS" in type(norm).__name__
    centred = x if is_rms else x - x.mean(-1, keepdim=True)
    size = centred.pow(2).mean(-1, keepdim=True).sqrt()
    # transformers' RMS norms go through float32, whatever they are given
    return head((norm(x * LARGE) - norm(torch.zeros_like(x))).double()) * size


def main():
    out = {}
    for line in (HERE / "models/list.tsv").read_text().splitlines():
        name = line.split("\t")[0]
        model = transformers.AutoModelForCausalLM.from_pretrained(HERE / "models" / name, dtype=torch.float64)
        g = torch.Generator().manual_seed(len(out) + 1)
        x = torch.randn(3, model.config.hidden_size, generator=g, dtype=torch.float32)
        with torch.no_grad():
            logits = unembed(model.double(), x.double())
        out[f"{name}/directions"], out[f"{name}/logits"] = x, logits.float().contiguous()
        print(name, tuple(logits.shape), file=sys.stderr)
    save_file(out, HERE / "unembed.safetensors")


main()
