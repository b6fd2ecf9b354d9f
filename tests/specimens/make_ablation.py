#!/usr/bin/env python3
"""Writes tests/specimens/ablation/: a study of a tiny model, and what its losses are when transformers runs it with
latents taken out by a forward hook.

    make_ablation.py     needs torch, transformers, tokenizers and safetensors (2.14, 5.24, 0.23 and 0.8 were used)

The model and the texts are those of tests/specimens/evaluate (make_evaluate.py). Domains of the study: math, whose
token file has ids, and all rows with the beginning-of-text token "before" them; law, of which only the response has
rows, behind 40 ids or so; plain, with token texts alone, without "response", one token skipped and "." excluded; and
cut, the texts of math whose "rows" begin in the middle of a sample. An SAE with random weights reads the stream after
the first block: as it is, scaled, with constant norm, with layer norm. The captures are those of the model in float32.
expected.json has the figures of each domain for some sets, zero, doubled and mean, with the SAE's error kept and
dropped, by the model in double, from the captures' activations.
"""
import json
import math
import os

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from in_double import in_double

SPECIMENS = os.path.dirname(os.path.abspath(__file__))
HERE, TEXTS = os.path.join(SPECIMENS, "ablation"), os.path.join(SPECIMENS, "evaluate")
WIDTH, LATENTS, SCALE = 24, 40, 1.7
SETS = {"two": [3, 17], "many": list(range(5, 25)), "one": [30], "all": list(range(LATENTS))}
SETTINGS = {"as_is": "none", "scaled": "expected_average_only_in", "constant_norm": "constant_norm_rescale",
            "layer_norm": "layer_norm"}
torch.manual_seed(3)
torch.set_num_threads(1)


class Sample:
    """ids before..: rows of the capture; from `response` on tokens count."""

    def __init__(self, ids, before, start, pieces, name):
        self.ids, self.before, self.start, self.pieces, self.name = ids, before, start, pieces, name
        self.rows = list(range(before, len(ids)))
        self.kept = list(self.rows)


def parts_of(line):
    """Prompt and response, as scry evaluate puts them together."""
    if "text" in line:
        return "", line["text"]
    options = "".join(f"\n{'ABCDE'[i]}. {o}" for i, o in enumerate(line["options"]))
    answer = line.get("solution") or line.get("answer")
    return f"Question: {line['question']}\nOptions:{options}\nAnswer:", f" {answer}" if answer else ""


def samples_of(tok, name, response_rows):
    out = []
    with open(f"{TEXTS}/{name}.jsonl", encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    for i, line in enumerate(lines):
        prompt, response = parts_of(line)
        if not response or not response.isascii() or not prompt.isascii():
            continue
        encoded = tok.encode(prompt + response, add_special_tokens=False)
        first = next(k for k, (_, end) in enumerate(encoded.offsets) if end > len(prompt))
        before = 1 + first if response_rows else 1
        ids = [0] + encoded.ids
        pieces = [tok.decode([t], skip_special_tokens=False) for t in ids]
        out.append(Sample(ids, before, 1 + first if prompt else 2, pieces, f"{name}-{i}"))
    return out


def write_tokens(path, samples, ids=True, response=True):
    with open(path, "w", encoding="utf-8") as f:
        for s in samples:
            line = {"id": s.name, "tokens": [s.pieces[t] for t in range(s.before, len(s.ids))]}
            if ids:
                line |= {"ids": s.ids[s.before:], "before": s.ids[:s.before]}
            if response:
                line["response"] = s.start - s.before
            f.write(json.dumps(line) + "\n")


def write_sae(folder, setting, weights):
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/cfg.json", "w", encoding="utf-8") as f:
        json.dump({"architecture": "standard", "d_in": WIDTH, "d_sae": LATENTS, "dtype": "float32",
                   "apply_b_dec_to_input": True, "normalize_activations": setting,
                   "metadata": {"hook_name": "blocks.0.hook_resid_post"}}, f, indent=1)
        f.write("\n")
    if setting == "expected_average_only_in":
        with open(f"{folder}/activation_scaler.json", "w", encoding="utf-8") as f:
            json.dump({"scaling_factor": SCALE}, f)
            f.write("\n")
    save_file({k: v.clone().contiguous() for k, v in weights.items()}, f"{folder}/sae_weights.safetensors")


def normalised(x, setting):
    """What the SAE reads, and how its output goes back: factor and offset of each token."""
    none = torch.zeros_like(x[:, :1])
    if setting == "constant_norm_rescale":
        factor = x.norm(dim=-1, keepdim=True) / math.sqrt(WIDTH)
        return x / factor, factor, none
    if setting == "layer_norm":
        mean, std = x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
        return (x - mean) / (std + 1e-5), std + 1e-5, mean
    if setting == "expected_average_only_in":
        return x * SCALE, none + 1 / SCALE, none
    return x, none + 1, none


def run(model, ids, patch=None):
    """The stream after the first block, and the logits; patch takes the stream's place."""
    kept = {}

    def hook(_module, _inputs, output):
        stream = output[0] if isinstance(output, tuple) else output
        kept["x"] = stream[0].detach().clone()
        if patch is None:
            return None
        new = patch[None].to(stream.dtype)
        return (new, *output[1:]) if isinstance(output, tuple) else new

    handle = model.model.layers[0].register_forward_hook(hook)
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double()
    handle.remove()
    return kept["x"].double(), torch.log_softmax(logits, -1)


def score(log_p, s):
    loss, hits, n = 0.0, 0, 0
    for t in range(max(s.start, s.before, 1), len(s.ids)):
        loss -= log_p[t - 1, s.ids[t]].item()
        hits += int(log_p[t - 1].argmax().item() == s.ids[t])
        n += 1
    return loss, hits, n


class Domain:
    def __init__(self, model, exact, samples, weights, setting):
        self.model, self.samples = exact, samples
        W, b_enc, self.dec, self.b_dec = (weights[k].double() for k in ("W_enc", "b_enc", "W_dec", "b_dec"))
        self.x, self.h, self.factor, self.offset = [], [], [], []
        for s in samples:
            x, _ = run(model, s.ids)
            h = torch.relu((normalised(x, setting)[0] - self.b_dec) @ W + b_enc)
            x, _ = run(exact, s.ids)
            _, factor, offset = normalised(x, setting)
            counts = torch.zeros(len(s.ids), 1, dtype=torch.double)
            counts[s.kept] = 1
            self.x.append(x)
            self.h.append(h * counts)
            self.factor.append(factor)
            self.offset.append(offset)
        self.tokens = sum(len(s.kept) for s in samples)
        self.mean = sum(h.sum(0) for h in self.h) / self.tokens

    def figures(self, latents, value, scale, drop):
        before, after = [], []
        for i, s in enumerate(self.samples):
            counts = torch.zeros(len(s.ids), 1, dtype=torch.double)
            counts[s.kept] = 1
            whole = ((self.h[i] @ self.dec + self.b_dec) * self.factor[i] + self.offset[i])
            x = counts * whole + (1 - counts) * self.x[i] if drop else self.x[i]
            new = self.h[i].clone()
            new[:, latents] = self.mean[latents] if value == "mean" else scale * new[:, latents]
            change = (new - self.h[i]) @ self.dec * self.factor[i] * counts
            before.append(score(run(self.model, s.ids, x if drop else None)[1], s))
            after.append(score(run(self.model, s.ids, x + change)[1], s))
        n = sum(b[2] for b in before)
        rise = [a[0] - b[0] for a, b in zip(after, before)]
        difference, m = sum(rise) / n, len(rise)
        rest = sum((r - difference * b[2]) ** 2 for r, b in zip(rise, before))
        return {"samples": m, "tokens": n, "loss": sum(b[0] for b in before) / n,
                "loss_ablated": sum(a[0] for a in after) / n, "difference": difference,
                "se": math.sqrt(m / (m - 1) * rest) / n, "accuracy": sum(b[1] for b in before) / n,
                "accuracy_ablated": sum(a[1] for a in after) / n}


def main():
    os.makedirs(f"{HERE}/acts", exist_ok=True)
    tok = Tokenizer.from_file(f"{TEXTS}/base/tokenizer.json")
    model = LlamaForCausalLM.from_pretrained(f"{TEXTS}/base", dtype=torch.float32, attn_implementation="eager").eval()
    exact = in_double(LlamaForCausalLM.from_pretrained(f"{TEXTS}/base", dtype=torch.float32, attn_implementation="eager"))
    domains = {"math": samples_of(tok, "math", False), "law": samples_of(tok, "law", True),
               "plain": samples_of(tok, "plain", False), "cut": samples_of(tok, "math", False)}
    files = {"math": {}, "law": {}, "plain": {"ids": False, "response": False}, "cut": {}}
    specs = {}
    for name, samples in domains.items():
        write_tokens(f"{HERE}/acts/{name}.jsonl", samples, **files[name])
        rows = torch.cat([run(model, s.ids)[0][s.before:] for s in samples]).float()
        save_file({"residual": rows.contiguous()}, f"{HERE}/acts/{name}.safetensors")
        specs[name] = {"residual": f"acts/{name}.safetensors", "tokens": f"acts/{name}.jsonl"}
    for s in domains["plain"]:
        s.kept = [t for t in s.rows[1:] if s.pieces[t] != "."]
    specs["plain"] |= {"skip_first": 1, "exclude": ["."]}
    # the rows of cut: from within its first sample to within its last
    head, tail = 20, 9
    total = sum(len(s.rows) for s in domains["cut"])
    specs["cut"]["rows"] = [head, total - tail]
    first, last = domains["cut"][0], domains["cut"][-1]
    first.before += head
    first.kept = first.rows = first.rows[head:]
    last.ids = last.ids[:-tail]
    last.kept = last.rows = last.rows[:-tail]

    expected = {}
    for key, setting in SETTINGS.items():
        W = torch.randn(WIDTH, LATENTS)
        dec = torch.randn(LATENTS, WIDTH)
        dec /= dec.norm(dim=-1, keepdim=True)
        weights = {"W_enc": W / W.norm(dim=0) * 1.5, "W_dec": dec * 0.5, "b_enc": torch.randn(LATENTS) * 0.3 - 0.7,
                   "b_dec": torch.randn(WIDTH) * 0.2}
        write_sae(f"{HERE}/{key}", setting, weights)
        study = {"scry_study": 1, "name": key, "model": "tiny", "hook": "blocks.0.hook_resid_post", "sae": key,
                 "model_path": "../evaluate/base",
                 "train": {"name": "math", "base": specs["math"]},
                 "domains": [{"name": name, "change": c, "base": specs[name]}
                             for name, c in zip(domains, (1.5, -2.0, 0.5, 3.0))]}
        with open(f"{HERE}/{key}.json", "w", encoding="utf-8") as f:
            json.dump(study, f, indent=1)
            f.write("\n")
        runs = []
        of = {name: Domain(model, exact, samples, weights, setting) for name, samples in domains.items()}
        for name, latents in SETS.items():
            for value, scale in (("zero", 0), ("zero", 2), ("mean", 0)):
                for error in ("keep", "drop"):
                    figures = {d: of[d].figures(latents, value, scale, error == "drop") for d in domains}
                    runs.append({"set": name, "latents": latents, "value": value, "scale": scale, "error": error,
                                 "domains": figures})
        expected[key] = {"l0": {d: float((torch.cat(of[d].h) > 0).sum() / of[d].tokens) for d in domains}, "runs": runs}
    with open(f"{HERE}/expected.json", "w", encoding="utf-8") as f:
        json.dump(expected, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
