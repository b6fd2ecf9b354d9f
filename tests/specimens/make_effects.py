#!/usr/bin/env python3
"""Writes tests/specimens/ablation/effects.json: what each latent of the studies there (make_ablation.py, which goes
first) does to each sample, by torch's autograd in double.

    make_effects.py     needs what make_ablation.py needs

For each study and domain a list of its samples: "labels" [sets][tokens], of the tokens that count the next token (set 0)
and labels drawn from the model's predictions, -1 where a token does not count; and "a" [sets][latents], the sum over
the tokens t of the sample of (g_m(t) . W_dec_j) h_j(t), where g_m is the gradient, at the hook, of the sum of
ln p(label).
"""
import json

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from in_double import in_double
from make_ablation import HERE, SETTINGS, TEXTS, Domain, samples_of

DRAWS = 2
torch.set_num_threads(1)


def domains_of(tok):
    """As make_ablation.py has them."""
    domains = {"math": samples_of(tok, "math", False), "law": samples_of(tok, "law", True),
               "plain": samples_of(tok, "plain", False), "cut": samples_of(tok, "math", False)}
    for s in domains["plain"]:
        s.kept = [t for t in s.rows[1:] if s.pieces[t] != "."]
    first, last = domains["cut"][0], domains["cut"][-1]
    first.before += 20
    first.kept = first.rows = first.rows[20:]
    last.ids = last.ids[:-9]
    last.kept = last.rows = last.rows[:-9]
    return domains


def from_hook(model, ids, x):
    handle = model.model.layers[0].register_forward_hook(
        lambda _m, _i, out: (x[None], *out[1:]) if isinstance(out, tuple) else x[None])
    log_p = torch.log_softmax(model(torch.tensor([ids]), use_cache=False).logits[0], -1)
    handle.remove()
    return log_p


def effects(model, s, x, projected, draw):
    """projected [tokens][latents][d]: h_j(t) W_dec_j as the stream has it."""
    x = x.clone().requires_grad_(True)
    log_p = from_hook(model, s.ids, x)
    counted = list(range(max(s.start, s.before, 1) - 1, len(s.ids) - 1))
    labels, a = [], []
    for m in range(DRAWS + 1):
        label = torch.full((len(s.ids) - 1,), -1, dtype=torch.long)
        drawn = torch.multinomial(log_p[counted].detach().exp(), 1, generator=draw)[:, 0]
        label[counted] = drawn if m else torch.tensor([s.ids[t + 1] for t in counted])
        total = log_p[counted].gather(1, label[counted, None]).sum()
        g, = torch.autograd.grad(total, x, retain_graph=True)
        labels.append(label.tolist())
        a.append([float(f"{v:.7g}") for v in (g[:, None, :] * projected).sum((0, 2))])
    return {"labels": labels, "a": a}


def main():
    tok = Tokenizer.from_file(f"{TEXTS}/base/tokenizer.json")
    model = LlamaForCausalLM.from_pretrained(f"{TEXTS}/base", dtype=torch.float32, attn_implementation="eager").eval()
    exact = in_double(LlamaForCausalLM.from_pretrained(f"{TEXTS}/base", dtype=torch.float32, attn_implementation="eager"))
    draw = torch.Generator().manual_seed(11)
    out = {}
    for key, setting in SETTINGS.items():
        weights = load_file(f"{HERE}/{key}/sae_weights.safetensors")
        of = {name: Domain(model, exact, samples, weights, setting) for name, samples in domains_of(tok).items()}
        out[key] = {}
        for name, d in of.items():
            out[key][name] = [effects(exact, s, d.x[i], d.h[i][:, :, None] * d.dec[None] * d.factor[i][:, :, None], draw)
                              for i, s in enumerate(d.samples)]
    with open(f"{HERE}/effects.json", "w", encoding="utf-8") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
