#!/usr/bin/env python3
"""Make the sample study from text/, a small Llama before and after fine-tuning, and an SAE.

    make_sample.py --model DIR --sae DIR            write study.json, acts/ and sae/
    make_sample.py --model DIR --sae DIR --check    compute again and compare with what is on disk

--model holds base/, sft/ (Hugging Face folders) and measured.json; --sae is a SAELens folder.
Needs numpy, safetensors and tokenizers. The arithmetic is float64 and the result is rounded to
F16 once, so the bytes do not depend on the BLAS or on the number of threads.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
NAME = "Original questions on a pocket Llama, fine-tuned on math"
TRAIN = "math"  # its text is text/train_math.jsonl; a domain's is text/<domain>.jsonl
DEMONSTRATIONS = 2
TOP = 100
SIZE_LIMIT = 16 << 20  # of everything in the folder


# The model ---------------------------------------------------------------------------------------


class Llama:
    """A Hugging Face Llama in numpy, as far as the residual stream after one layer."""

    def __init__(self, folder, layer):
        cfg = json.loads((folder / "config.json").read_text())
        if cfg["model_type"] != "llama" or cfg["num_key_value_heads"] != cfg["num_attention_heads"]:
            sys.exit(f"{folder}: expected a Llama with as many key heads as query heads")
        self.heads, self.width = cfg["num_attention_heads"], cfg["head_dim"]
        self.eps, self.theta = cfg["rms_norm_eps"], cfg["rope_theta"]
        self.context, self.end = cfg["max_position_embeddings"], cfg["eos_token_id"]
        self.layer = layer
        weights = load_file(folder / "model.safetensors")
        self.w = {k.removeprefix("model."): v.astype(np.float64) for k, v in weights.items()}

    def norm(self, x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps) * weight

    def residual(self, ids):
        """blocks.<layer>.hook_resid_post, a row for each token."""
        n, half = len(ids), self.width // 2
        x = self.w["embed_tokens.weight"][ids]
        angle = np.outer(np.arange(n), self.theta ** (-np.arange(half) / half))
        cos, sin = np.tile(np.cos(angle), 2), np.tile(np.sin(angle), 2)
        future = np.triu(np.full((n, n), -np.inf), 1)

        def rotate(v):
            return v * cos + np.concatenate([-v[..., half:], v[..., :half]], -1) * sin

        for i in range(self.layer + 1):
            w = {k.removeprefix(f"layers.{i}."): v for k, v in self.w.items() if k.startswith(f"layers.{i}.")}
            h = self.norm(x, w["input_layernorm.weight"])
            q, k, v = ((h @ w[f"self_attn.{p}_proj.weight"].T).reshape(n, self.heads, self.width).swapaxes(0, 1)
                       for p in "qkv")
            score = rotate(q) @ rotate(k).swapaxes(1, 2) / np.sqrt(self.width) + future
            score = np.exp(score - score.max(-1, keepdims=True))
            mixed = (score / score.sum(-1, keepdims=True)) @ v
            x = x + mixed.swapaxes(0, 1).reshape(n, -1) @ w["self_attn.o_proj.weight"].T
            h = self.norm(x, w["post_attention_layernorm.weight"])
            gate = h @ w["mlp.gate_proj.weight"].T
            x = x + (gate / (1 + np.exp(-gate)) * (h @ w["mlp.up_proj.weight"].T)) @ w["mlp.down_proj.weight"].T
        return x


class Sae:
    """A ReLU SAE in SAELens format."""

    def __init__(self, folder):
        self.cfg = json.loads((folder / "cfg.json").read_text())
        if self.cfg["architecture"] != "standard" or self.cfg["apply_b_dec_to_input"]:
            sys.exit(f"{folder / 'cfg.json'}: expected a standard SAE with apply_b_dec_to_input false")
        self.w = {k: v.astype(np.float64) for k, v in load_file(folder / "sae_weights.safetensors").items()}

    def encode(self, x):
        return np.maximum(x.astype(np.float64) @ self.w["W_enc"] + self.w["b_enc"], 0)

    def decode(self, h):
        return h @ self.w["W_dec"] + self.w["b_dec"]


# The text ----------------------------------------------------------------------------------------


def read_items(path, tokenizer, part, cut):
    """Each line as its token ids, and the range of them that the capture keeps."""
    items = []
    for line in path.read_text(encoding="ascii").splitlines():
        d = json.loads(line)
        options = "".join(f"{letter}. {text}\n" for letter, text in zip("ABCD", d["options"], strict=True))
        head = f"Question: {d['question']}\nOptions:\n{options}"
        text = f"{head}Answer: {d['solution']}"
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        pieces = [tokenizer.decode([i], skip_special_tokens=False) for i in ids]
        start = len(tokenizer.encode(head, add_special_tokens=False).ids)
        if "".join(pieces) != text or "".join(pieces[:start]) != head:
            sys.exit(f"{path}: {d['id']}: the tokens do not give the text back")
        first = start if part == "answer" else 0
        stop = min(len(ids), first + cut) if cut else len(ids)
        items.append({"id": d["id"], "question": d["question"], "ids": ids[:stop], "whole": ids,
                      "first": first, "pieces": pieces[first:stop]})
    return items


def with_demonstrations(items, k, end, limit):
    """The two items before this one, cyclically, each closed by <|end|>, then this one.

    What is longer than the limit loses its front, as it would in training, where a context also
    begins in the middle of a text.
    """
    ids = []
    for back in range(DEMONSTRATIONS, 0, -1):
        ids += items[(k - back) % len(items)]["whole"] + [end]
    return (ids + items[k]["ids"])[-limit:]


# The study ---------------------------------------------------------------------------------------


def capture(model, items, icl, limit):
    rows = []
    for k, item in enumerate(items):
        ids = with_demonstrations(items, k, model.end, limit) if icl else item["ids"]
        if len(item["ids"]) > limit:
            sys.exit(f"{item['id']}: {len(item['ids'])} tokens, at most {limit} fit")
        rows.append(model.residual(ids)[-len(item["pieces"]):])
    return np.concatenate(rows).astype(np.float16)


def build(args, sae):
    """Every output file as bytes by relative path, and the captures by name."""
    base, sft = (Llama(args.model / name, sae.cfg["hook_layer"]) for name in ("base", "sft"))
    tokenizer = Tokenizer.from_file(str(args.model / "base" / "tokenizer.json"))
    # The model's positions end at max_position_embeddings, but it was trained, and the SAE too, on
    # shorter contexts, and past those the residuals are of no use.
    limit = min(base.context, sae.cfg["context_size"])
    measured = json.loads((args.model / "measured.json").read_text())
    files, captures = {}, {}

    def add(text, name, subject, conditions):
        items = read_items(args.text / f"{text}.jsonl", tokenizer, args.part, args.cut)
        tokens = f"acts/{name}.tokens.jsonl"
        lines = [{"id": i["id"], "subject": subject, "question": i["question"], "tokens": i["pieces"]} for i in items]
        files[tokens] = "".join(json.dumps(x) + "\n" for x in lines).encode()
        entry = {}
        for condition in conditions:
            model = sft if condition == "sft" else base
            residual = capture(model, items, condition == "icl", limit)
            path = f"acts/{name}.{condition}.safetensors"
            files[path] = save({"residual": residual})
            captures[name, condition] = residual, len(items)
            entry[condition] = {"residual": path, "tokens": tokens}
        return entry

    train = {"name": TRAIN} | add("train_math", "train", TRAIN, ("base", "icl", "sft"))
    domains = []
    for domain in sorted(measured["base"]):
        before, after = (measured[k][domain]["accuracy"] for k in ("base", "sft"))
        name = domain.replace(" ", "_")
        domains.append({"name": domain, "change": round(after - before, 4)} | add(name, name, domain, ("base", "icl")))
    study = {"scry_study": 1, "name": NAME, "model": sae.cfg["model_name"], "hook": sae.cfg["hook_name"],
             "sae": "sae", "pairing": "token", "correlate": "signed", "train": train, "domains": domains}
    files["study.json"] = (json.dumps(study, indent=2) + "\n").encode()
    for name in ("cfg.json", "sae_weights.safetensors"):
        files[f"sae/{name}"] = (args.sae / name).read_bytes()
    return files, captures, domains


# The figures -------------------------------------------------------------------------------------


def quality(sae, x):
    """Mean L0 and explained variance."""
    x = x.astype(np.float64)
    h = sae.encode(x)
    left = ((x - sae.decode(h)) ** 2).sum()
    return (h > 0).sum(1).mean(), 1 - left / ((x - x.mean(0)) ** 2).sum()


def figures(sae, captures, domains):
    """What scry should find, computed the plain way."""
    print(f"{'base capture':18s} {'samples':>7s} {'tokens':>6s} {'L0':>6s} {'explained':>9s} {'largest':>8s}")
    for (name, condition), (x, samples) in captures.items():
        if condition == "base":
            l0, explained = quality(sae, x)
            print(f"{name:18s} {samples:7d} {len(x):6d} {l0:6.2f} {explained:9.4f} {np.abs(x).max():8.2f}")
    every = np.concatenate([x for (name, c), (x, _) in captures.items() if c == "base" and name != "train"])
    l0, explained = quality(sae, every)
    print(f"{'all domains':18s} {'':7s} {len(every):6d} {l0:6.2f} {explained:9.4f} {np.abs(every).max():8.2f}")

    h = {c: sae.encode(captures["train", c][0]) for c in ("base", "icl", "sft")}
    shift = {c: ((h[c] - h["base"]) ** 2).mean(0) for c in ("icl", "sft")}
    top = {c: np.argsort(-v, kind="stable")[:TOP] for c, v in shift.items()}
    shares = ", ".join(f"{c} {shift[c][top[c]].sum() / shift[c].sum():.1%} of {shift[c].sum():.4g}" for c in shift)
    print(f"share of the squared shift in the top {TOP}: {shares}")
    print(f"in both tops: {len(set(top['icl']) & set(top['sft']))} of {TOP}")
    change = np.array([d["change"] for d in domains])
    for c, selection in top.items():
        sts = [sae.encode(captures[d["name"].replace(" ", "_"), "base"][0])[:, selection].sum(1).mean() for d in domains]
        signed, size = (np.corrcoef(sts, y)[0, 1] for y in (change, np.abs(change)))
        print(f"STS act over the {c} top {TOP}: rho {signed:+.4f} with the signed change, {size:+.4f} with the absolute change")
        print("  " + ", ".join(f"{d['name']} {s:.2f}" for d, s in zip(domains, sts)))


def against(args, sae):
    """The same figures for another study of this model, and how far we reproduce its captures."""
    study = json.loads(args.against.read_text())
    tokenizer = Tokenizer.from_file(str(args.model / "base" / "tokenizer.json"))

    def load(entry):
        x = load_file(args.against.parent / entry["residual"])["residual"]
        lines = (args.against.parent / entry["tokens"]).read_text(encoding="utf-8").splitlines()
        return x, [json.loads(line)["tokens"] for line in lines]

    named = [("train", study["train"])] + [(d["name"].replace(" ", "_"), d) for d in study["domains"]]
    loaded = {(n, c): load(e[c]) for n, e in named for c in ("base", "icl", "sft") if c in e}
    figures(sae, {k: (x, len(t)) for k, (x, t) in loaded.items()}, study["domains"])
    for condition in ("base", "sft"):
        model = Llama(args.model / condition, sae.cfg["hook_layer"])
        used, values, same, worst, beyond = 0, 0, 0, 0.0, 0.0
        for (_, c), (x, samples) in loaded.items():
            row = 0
            for pieces in samples if c == condition else ():
                want, row = x[row:row + len(pieces)].astype(np.float64), row + len(pieces)
                ids = tokenizer.encode("".join(pieces), add_special_tokens=False).ids
                if [tokenizer.decode([i], skip_special_tokens=False) for i in ids] != pieces:
                    continue  # cut inside a word or a character: its ids cannot be known
                got = model.residual(ids)
                used, values = used + 1, values + want.size
                same += int((got.astype(np.float16) == want).sum())
                error, step = np.abs(got - want), np.spacing(np.abs(want).astype(np.float16)).astype(np.float64)
                worst, beyond = max(worst, error.max()), max(beyond, (error - step / 2).max())
        print(f"{condition}: {used} samples computed again, {same / values:.4%} of {values} F16 values equal, "
              f"largest difference {worst:.5f}, {beyond:.1e} beyond the rounding to F16")


# Doing it ----------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="base/, sft/ and measured.json")
    parser.add_argument("--sae", type=Path, required=True, metavar="DIR", help="cfg.json and sae_weights.safetensors")
    parser.add_argument("--text", type=Path, default=HERE / "text", metavar="DIR", help="the questions")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="where the study goes")
    parser.add_argument("--part", choices=("answer", "all"), default="answer", help="tokens kept of an item")
    parser.add_argument("--cut", type=int, default=0, metavar="N", help="keep at most N tokens of an item")
    parser.add_argument("--check", action="store_true", help="compare with the files on disk, print figures")
    parser.add_argument("--against", type=Path, metavar="STUDY", help="print the figures of another study.json")
    args = parser.parse_args()

    sae = Sae(args.sae)
    if args.against:
        return against(args, sae)
    files, captures, domains = build(args, sae)
    wrong = 0
    if args.check:
        figures(sae, captures, domains)
        for path in sorted(files.keys() | {str(p.relative_to(args.out)) for p in args.out.glob("acts/*")}):
            disk = args.out / path
            state = ("not made by this script" if path not in files else "missing" if not disk.exists()
                     else "" if disk.read_bytes() == files[path] else "differs")
            if state:
                wrong += 1
                print(f"{path}: {state}")
    else:
        kept = sum(p.stat().st_size for p in args.out.rglob("*")
                   if p.is_file() and str(p.relative_to(args.out)) not in files)
        need = kept + sum(map(len, files.values()))
        if need > SIZE_LIMIT:
            sys.exit(f"{need} bytes, over the {SIZE_LIMIT} that the sample may have: try --part answer or --cut N")
        for path, data in files.items():
            (args.out / path).parent.mkdir(parents=True, exist_ok=True)
            (args.out / path).write_bytes(data)
    digest = hashlib.sha256(b"".join(hashlib.sha256(files[k]).digest() for k in sorted(files))).hexdigest()
    total = sum(p.stat().st_size for p in args.out.rglob("*") if p.is_file())
    said = "written" if not args.check else f"{wrong} differ from the disk" if wrong else "all equal on disk"
    print(f"{len(files)} files {said}, sha256 of all {digest[:16]}; {total} bytes ({total / (1 << 20):.2f} MiB) in all")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
