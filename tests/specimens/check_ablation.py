#!/usr/bin/env python3
"""Compares scry ablate with transformers on a real study: random sets, zero and mean, the SAE's error kept and dropped.

    check_ablation.py SCRY STUDY MODEL [DOMAIN,DOMAIN,... [SETS]]

needs torch, transformers, tokenizers and safetensors. The study's SAE is SAELens's standard one without normalisation,
its token files have texts and "response". Activations are computed from the captures, in double precision; the model
runs in float32, on from the hook: its later blocks are given the changed stream as embeddings, and once a forward hook
in the whole model shows that this is the same. Prints the largest relative difference of losses and of differences;
of those below 0.01 nats, which single precision does not know better, relative to that. KEEP=N: a copy of the study with
the first N samples of each domain, made in a folder of its own, to be quick.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
SCRY, STUDY, MODEL = sys.argv[1:4]
FOLDER = os.path.dirname(os.path.abspath(STUDY))
LEAST = 0.01


def tensor(path):
    with safe_open(path, "pt") as f:
        return f.get_tensor(list(f.keys())[0]).double()


def load_sae(folder):
    with safe_open(f"{folder}/sae_weights.safetensors", "pt") as f:
        return {k: f.get_tensor(k).double() for k in f.keys()}


def shortened(keep, names, to):
    """A study of the first samples of each of the domains."""
    with open(STUDY, encoding="utf-8") as f:
        study = json.load(f)
    study["sae"] = os.path.join(FOLDER, study["sae"])
    study["domains"] = [d for d in study["domains"] if d["name"] in names]
    study["train"] = {"name": "none", "base": study["domains"][0]["base"]}
    for d in study["domains"]:
        with open(f"{FOLDER}/{d['base']['tokens']}", encoding="utf-8") as f:
            lines = f.readlines()[:keep]
        rows = sum(len(json.loads(line)["tokens"]) for line in lines)
        name = d["name"].replace(" ", "_")
        with safe_open(f"{FOLDER}/{d['base']['residual']}", "pt") as f:
            save_file({"residual": f.get_tensor(list(f.keys())[0])[:rows].contiguous()}, f"{to}/{name}.safetensors")
        with open(f"{to}/{name}.jsonl", "w", encoding="utf-8") as f:
            f.writelines(lines)
        d.pop("icl", None)
        d["base"] = {"residual": f"{name}.safetensors", "tokens": f"{name}.jsonl"}
    study["train"]["base"] = study["domains"][0]["base"]
    with open(f"{to}/study.json", "w", encoding="utf-8") as f:
        json.dump(study, f)
    return f"{to}/study.json"


class Domain:
    def __init__(self, spec, tok, sae, subtract):
        x = tensor(f"{FOLDER}/{spec['base']['residual']}")
        self.h_all = torch.relu((x - (sae["b_dec"] if subtract else 0)) @ sae["W_enc"] + sae["b_enc"])
        self.mean = self.h_all.mean(0)
        self.samples, row = [], 0
        with open(f"{FOLDER}/{spec['base']['tokens']}", encoding="utf-8") as f:
            for line in map(json.loads, f):
                n = len(line["tokens"])
                ids = line.get("ids") or tok.encode("".join(line["tokens"]), add_special_tokens=False).ids
                if len(ids) == n:
                    before = line.get("before", [])
                    self.samples.append((before + ids, len(before), self.h_all[row:row + n], line.get("response", 1)))
                row += n


def score(logits, ids, start):
    p = torch.log_softmax(logits.double(), -1)
    start = max(start, 1)
    targets = torch.tensor(ids[start:])
    rows = p[start - 1:len(ids) - 1]
    return -rows[torch.arange(len(targets)), targets].sum().item(), (rows.argmax(-1) == targets).sum().item(), len(targets)


def main():
    global STUDY, FOLDER
    with open(STUDY, encoding="utf-8") as f:
        study = json.load(f)
    names = sys.argv[4].split(",") if len(sys.argv) > 4 else [d["name"] for d in study["domains"]]
    if "KEEP" in os.environ:
        made = tempfile.TemporaryDirectory()
        STUDY = shortened(int(os.environ["KEEP"]), names, made.name)
        FOLDER = made.name
        with open(STUDY, encoding="utf-8") as f:
            study = json.load(f)
    sets = int(sys.argv[5]) if len(sys.argv) > 5 else 20
    layer = int(study["hook"].split(".")[1])
    sae_folder = os.path.join(FOLDER, study["sae"])
    with open(f"{sae_folder}/cfg.json", encoding="utf-8") as f:
        cfg = json.load(f)
    sae = load_sae(sae_folder)
    tok = Tokenizer.from_file(f"{MODEL}/tokenizer.json")
    whole = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="eager").eval()
    rest = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="eager").eval()
    rest.model.layers = rest.model.layers[layer + 1:]
    for i, block in enumerate(rest.model.layers):
        block.self_attn.layer_idx = i
    rest.config.num_hidden_layers = len(rest.model.layers)
    domains = {d["name"]: Domain(d, tok, sae, cfg.get("apply_b_dec_to_input", True)) for d in study["domains"]
               if d["name"] in names}
    kept = {}
    change = {}

    def hook(_module, _inputs, output):
        x = output[0] if isinstance(output, tuple) else output
        kept["x"] = x[0].double()
        if "new" not in change:
            return None
        new = change["new"].float()[None]
        return (new, *output[1:]) if isinstance(output, tuple) else new

    whole.model.layers[layer].register_forward_hook(hook)

    def run_whole(ids, new=None):
        change.clear()
        if new is not None:
            change["new"] = new
        with torch.no_grad():
            return whole(torch.tensor([ids]), use_cache=False).logits[0]

    def run_rest(x):
        with torch.no_grad():
            return rest(inputs_embeds=x.float()[None], use_cache=False).logits[0]

    streams = {}
    for name, domain in domains.items():
        for i, (ids, _, _, _) in enumerate(domain.samples):
            run_whole(ids)
            streams[name, i] = kept["x"]

    def changed(name, i, latents, value, drop):
        domain = domains[name]
        _, before, h, _ = domain.samples[i]
        x = streams[name, i].clone()
        if drop:
            x[before:] = h @ sae["W_dec"] + sae["b_dec"]
        if latents is None:
            return x
        new = domain.mean[latents] if value == "mean" else torch.zeros(len(latents), dtype=torch.double)
        x[before:] += (new - h[:, latents]) @ sae["W_dec"][latents]
        return x

    def losses(name, latents, value, drop):
        return [score(run_rest(changed(name, i, latents, value, drop)), ids, before + response)
                for i, (ids, before, _, response) in enumerate(domains[name].samples)]

    base = {(name, drop): losses(name, None, None, drop) for name in domains for drop in (False, True)}
    random.seed(20)
    size = sae["W_dec"].shape[0]
    worst = {"loss": 0.0, "difference": 0.0, "accuracy": 0.0}
    least = 1e9
    for k in range(sets):
        latents = sorted(random.sample(range(size), random.choice([5, 20, 100])))
        for value in ("zero", "mean"):
            for error in ("keep", "drop"):
                said = subprocess.run(
                    [SCRY, "ablate", STUDY, "--model", MODEL, "--latents", ",".join(map(str, latents)), "--value",
                     value, "--error", error, "--domains", ",".join(f'"{n}"' for n in domains), "--json"],
                    capture_output=True, check=True)
                for found in json.loads(said.stdout)["domains"]:
                    name = found["name"]
                    before = base[name, error == "drop"]
                    after = losses(name, latents, value, error == "drop")
                    if k == 0 and value == "zero":
                        ids, first, _, response = domains[name].samples[0]
                        full = score(run_whole(ids, changed(name, 0, latents, value, error == "drop")), ids,
                                     first + response)
                        assert abs(full[0] - after[0][0]) < 1e-5 * after[0][0], (full, after[0])
                    n = sum(b[2] for b in before)
                    loss = [sum(s[0] for s in of) / n for of in (before, after)]
                    hits = [sum(s[1] for s in of) / n for of in (before, after)]
                    assert n == found["tokens"] and len(before) == found["samples"], (name, n, len(before), found)
                    worst["loss"] = max(worst["loss"], abs(found["loss"] / loss[0] - 1),
                                        abs(found["loss_ablated"] / loss[1] - 1))
                    difference = loss[1] - loss[0]
                    least = min(least, abs(difference))
                    off = abs(found["difference"] - difference) / max(abs(difference), LEAST)
                    worst["difference"] = max(worst["difference"], off)
                    worst["accuracy"] = max(worst["accuracy"], abs(found["accuracy"] - hits[0]),
                                            abs(found["accuracy_ablated"] - hits[1]))
    print(f"{sets} sets, {len(domains)} domains, the smallest difference {least:.2e}; largest relative difference of a loss "
          f"{worst['loss']:.1e}, of a difference {worst['difference']:.1e}; largest of an accuracy {worst['accuracy']:.1e}")


if __name__ == "__main__":
    main()
