#!/usr/bin/env python3
"""Compares scry ablate with transformers in double precision on a real study: random sets, zero and mean, the SAE's
error kept and dropped.

    check_ablation.py reference STUDY MODEL OUT.json [SETS [DOMAIN,DOMAIN,...]]     transformers' figures
    check_ablation.py compare SCRY STUDY MODEL OUT.json [PRECISION]                 scry's against them
    check_ablation.py compare OTHER.json OUT.json                                   another reference

needs torch, transformers, tokenizers and safetensors. The study's SAE is SAELens's standard one without normalisation,
its token files have texts and "response". Everything is in double: activations are computed from the captures, the
model is model.double() and runs on from the hook: its later blocks are given the changed stream as embeddings, and once
for each way to ablate a forward hook in the whole model shows that this is the same. FLOAT32=1 makes the same figures
with the model in float32, to see what single precision can know. PRECISION is scry's: float32, or float64. compare prints how far scry's losses, differences,
errors and accuracies are off, in nats and relative to themselves.
"""
import json
import math
import os
import random
import subprocess
import sys

import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from in_double import in_double

torch.set_num_threads(1)
DTYPE = torch.float32 if os.environ.get("FLOAT32") else torch.float64
WAYS = [(value, error) for value in ("zero", "mean") for error in ("keep", "drop")]


def tensor(path):
    with safe_open(path, "pt") as f:
        return f.get_tensor(list(f.keys())[0]).double()


def load(path):
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
    return model if DTYPE == torch.float32 else in_double(model)


class Sample:
    def __init__(self, ids, before, h, response):
        self.ids, self.before, self.h = ids, before, h
        self.start = max(before + response, 1)  # the first token that counts
        self.x = None  # its stream at the hook


class Domain:
    def __init__(self, folder, spec, tok, sae, subtract):
        x = tensor(f"{folder}/{spec['base']['residual']}")
        h = torch.relu((x - (sae["b_dec"] if subtract else 0)) @ sae["W_enc"] + sae["b_enc"])
        self.mean = h.mean(0)
        self.samples, row = [], 0
        with open(f"{folder}/{spec['base']['tokens']}", encoding="utf-8") as f:
            for line in map(json.loads, f):
                n = len(line["tokens"])
                ids = line.get("ids") or tok.encode("".join(line["tokens"]), add_special_tokens=False).ids
                if len(ids) == n:
                    before = line.get("before", [])
                    self.samples.append(Sample(before + ids, len(before), h[row:row + n], line.get("response", 1)))
                row += n


class Reference:
    def __init__(self, study_path, model_path, names):
        with open(study_path, encoding="utf-8") as f:
            study = json.load(f)
        folder = os.path.dirname(os.path.abspath(study_path))
        sae_folder = os.path.join(folder, study["sae"])
        with open(f"{sae_folder}/cfg.json", encoding="utf-8") as f:
            cfg = json.load(f)
        with safe_open(f"{sae_folder}/sae_weights.safetensors", "pt") as f:
            self.sae = {k: f.get_tensor(k).double() for k in f.keys()}
        layer = int(study["hook"].split(".")[1])
        self.whole, self.rest = (load(model_path) for _ in range(2))
        self.rest.model.layers = self.rest.model.layers[layer + 1:]
        for i, block in enumerate(self.rest.model.layers):
            block.self_attn.layer_idx = i
        self.rest.config.num_hidden_layers = len(self.rest.model.layers)
        self.tok = tok = Tokenizer.from_file(f"{model_path}/tokenizer.json")
        self.domains = {d["name"]: Domain(folder, d, tok, self.sae, cfg.get("apply_b_dec_to_input", True))
                        for d in study["domains"] if not names or d["name"] in names}
        self.seen = self.new = None
        self.whole.model.layers[layer].register_forward_hook(self.hook)
        for domain in self.domains.values():
            for s in domain.samples:
                self.run_whole(s.ids)
                s.x = self.seen

    def hook(self, _module, _inputs, output):
        x = output[0] if isinstance(output, tuple) else output
        self.seen = x[0].double()
        if self.new is None:
            return None
        new = self.new.to(DTYPE)[None]
        return (new, *output[1:]) if isinstance(output, tuple) else new

    def run_whole(self, ids, new=None):
        self.new = new
        with torch.no_grad():
            return self.whole(torch.tensor([ids]), use_cache=False).logits[0].double()

    def changed(self, domain, s, latents, value, error):
        x = s.x.clone()
        if error == "drop":
            x[s.before:] = s.h @ self.sae["W_dec"] + self.sae["b_dec"]
        if latents is not None:
            new = domain.mean[latents] if value == "mean" else torch.zeros(len(latents), dtype=torch.double)
            x[s.before:] += (new - s.h[:, latents]) @ self.sae["W_dec"][latents]
        return x

    def losses(self, domain, latents, value, error):
        """[samples] of (loss, hits), run in batches of samples of one length."""
        out = [None] * len(domain.samples)
        lengths = sorted({len(s.ids) for s in domain.samples})
        for n in lengths:
            which = [i for i, s in enumerate(domain.samples) if len(s.ids) == n]
            x = torch.stack([self.changed(domain, domain.samples[i], latents, value, error) for i in which])
            with torch.no_grad():
                last = self.rest.model(inputs_embeds=x.to(DTYPE), use_cache=False).last_hidden_state
                for k, i in enumerate(which):
                    out[i] = self.score(self.rest.lm_head(last[k, domain.samples[i].start - 1:-1]),
                                        domain.samples[i])
        return out

    @staticmethod
    def score(logits, s):
        p = torch.log_softmax(logits.double(), -1)
        target = torch.tensor(s.ids[s.start:])
        return (-p.gather(1, target[:, None]).sum().item(), (p.argmax(-1) == target).sum().item())

    def check_whole(self, domain, latents, value, error):
        s = domain.samples[0]
        logits = self.run_whole(s.ids, self.changed(domain, s, latents, value, error))
        loss, _ = self.score(logits[s.start - 1:-1], s)
        rest = self.losses(domain, latents, value, error)[0][0]
        assert abs(loss - rest) < (1e-5 if DTYPE == torch.float32 else 1e-11) * loss, (loss, rest)


def figures(domain, before, after):
    count = [len(s.ids) - s.start for s in domain.samples]
    n, m = sum(count), len(count)
    rise = [a[0] - b[0] for a, b in zip(after, before)]
    difference = sum(rise) / n
    beyond = sum((r - difference * c) ** 2 for r, c in zip(rise, count))
    return {"samples": m, "tokens": n, "loss": sum(b[0] for b in before) / n, "loss_ablated": sum(a[0] for a in after) / n,
            "difference": difference, "se": math.sqrt(m / (m - 1) * beyond) / n,
            "accuracy": sum(b[1] for b in before) / n, "accuracy_ablated": sum(a[1] for a in after) / n}


def make_reference(study, model, out, sets, names):
    r = Reference(study, model, names)
    base = {(name, error): r.losses(d, None, None, error) for name, d in r.domains.items() for error in ("keep", "drop")}
    draw = random.Random(20)
    size = r.sae["W_dec"].shape[0]
    runs = []
    for k in range(sets):
        latents = sorted(draw.sample(range(size), draw.choice([5, 20, 100])))
        for value, error in WAYS:
            found = {name: figures(d, base[name, error], r.losses(d, latents, value, error))
                     for name, d in r.domains.items()}
            runs.append({"latents": latents, "value": value, "error": error, "domains": found})
            if not k:
                r.check_whole(next(iter(r.domains.values())), latents, value, error)
        print(f"set {k + 1} of {sets}", file=sys.stderr, flush=True)
        with open(out, "w", encoding="utf-8") as f:
            json.dump(runs, f)


def quantiles(values):
    v = sorted(values)
    return f"median {v[len(v) // 2]:.1e}, 90% {v[len(v) * 9 // 10]:.1e}, 99% {v[len(v) * 99 // 100]:.1e}, max {v[-1]:.1e}"


def scry_domains(scry, study, model, run, precision):
    names = ",".join(f'"{n}"' for n in run["domains"])
    said = subprocess.run([scry, "ablate", study, "--model", model, "--latents", ",".join(map(str, run["latents"])),
                           "--precision", precision, "--value", run["value"], "--error", run["error"], "--domains", names, "--json"],
                          capture_output=True, check=True)
    return {d["name"]: d for d in json.loads(said.stdout)["domains"]}


def compare(read, expected, most=None):
    with open(expected, encoding="utf-8") as f:
        runs = json.load(f)[:most]
    off = {"loss": [], "accuracy": []}
    rows = []
    for i, run in enumerate(runs):
        found = read(i, run)
        for name, want in run["domains"].items():
            got = found[name]
            assert got["tokens"] == want["tokens"] and got["samples"] == want["samples"], (name, got, want)
            for key in ("loss", "loss_ablated"):
                off["loss"].append(abs(got[key] / want[key] - 1))
            for key in ("accuracy", "accuracy_ablated"):
                off["accuracy"].append(abs(got[key] - want[key]) * want["tokens"])
            error = abs(got["difference"] - want["difference"])
            rows.append((abs(want["difference"]), error, abs(got["se"] / want["se"] - 1), run["value"], run["error"],
                         name, len(run["latents"])))
    print(f"{len(runs)} runs, {len(rows)} domains of them")
    print("losses, relative:", quantiles(off["loss"]))
    print("accuracies, in tokens:", quantiles(off["accuracy"]), f"({sum(a > 0.5 for a in off['accuracy'])} differ)")
    print("standard errors, relative:", quantiles([r[2] for r in rows]))
    for way in [*WAYS, None]:
        those = [r for r in rows if way is None or (r[3], r[4]) == way]
        print(" ".join(way) if way else "all", "differences, in nats a token:", quantiles([r[1] for r in those]))
        print("    relative:", quantiles([r[1] / r[0] for r in those]),
              f"({sum(r[1] > 1e-4 * r[0] for r in those)} above 1e-4)")
    for least in (1e-5, 1e-4, 1e-3, 1e-2):
        those = [r for r in rows if r[0] >= least]
        if those:
            print(f"  of at least {least:g} nats ({len(those)}), relative:", quantiles([r[1] / r[0] for r in those]))
    for r in sorted(rows, key=lambda r: -r[1] / r[0])[:5]:
        print(f"  {r[1] / r[0]:.1e}: {r[1]:.1e} of {r[0]:.1e} nats: {r[5]}, {r[3]} {r[4]}, {r[6]} latents")


def main():
    if len(sys.argv) >= 5 and sys.argv[1] == "reference":
        sets = int(sys.argv[5]) if len(sys.argv) > 5 else 20
        make_reference(*sys.argv[2:5], sets, sys.argv[6].split(",") if len(sys.argv) > 6 else None)
    elif len(sys.argv) in (6, 7) and sys.argv[1] == "compare":
        scry, study, model, expected, precision = [*sys.argv[2:], "float32"][:5]
        compare(lambda _, run: scry_domains(scry, study, model, run, precision), expected)
    elif len(sys.argv) == 4 and sys.argv[1] == "compare":  # two references, such as that of FLOAT32=1
        with open(sys.argv[2], encoding="utf-8") as f:
            other = json.load(f)
        compare(lambda i, _: other[i]["domains"], sys.argv[3], len(other))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
