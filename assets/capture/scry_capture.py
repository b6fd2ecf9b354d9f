#!/usr/bin/env python3
"""scry capture for GPUs: the same flags, and the same study, with PyTorch and transformers.

    python scry_capture.py --model DIR [--tuned DIR] --layer L --train math.jsonl --domain law=law.jsonl ... -o study/

For models that are too large for `scry capture`, which needs no Python. `scry capture --help` explains the flags, and
engine/capture/corpus.h the lines of the texts. Which texts are captured, what stands in front of them and the tokens
are those of `scry capture`; residuals differ by rounding. Needs torch, transformers and safetensors. A capture has to
fit into memory. Finished captures are kept, so that the same command goes on after it was stopped; --shard I/N lets
several processes or machines share a folder. Chats are rendered by the model's own template.
"""
import argparse
import hashlib
import json
import os
import re
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

MASK = (1 << 64) - 1
# the module of a block whose output is a hook, and whose input is the stream between attention and MLP, by family
PLACES = {"gpt2": ("attn", "mlp", "ln_2"), "gpt_neox": ("attention", "mlp", None),
          "gemma2": ("post_attention_layernorm", "post_feedforward_layernorm", "pre_feedforward_layernorm"),
          "gemma3_text": ("post_attention_layernorm", "post_feedforward_layernorm", "pre_feedforward_layernorm")}
OTHERS = ("self_attn", "mlp", "post_attention_layernorm")


# Texts -------------------------------------------------------------------------------------------


def parse(line, number, stem):
    """A line as {id, text, response (where it begins), messages, other, category}: engine/capture/corpus_line.c."""
    get = lambda *keys: next((line[k] for k in keys if line.get(k) is not None), "")
    options = get("options", "choices") or []
    used = {"id", "question_id", "options", "choices", "answer", "answer_index"}
    user = response = None
    if "messages" in line or isinstance(line.get("prompt"), list):
        used |= {"messages"} if "messages" in line else {"prompt", "response", "completion"}
        messages = line.get("messages") or line["prompt"] + (get("response", "completion") or [])
        text, start = None, 0
    elif line.get("prompt") is not None:
        used |= {"prompt", "response", "completion"}
        user, response = line["prompt"], get("response", "completion")
        prompt = user
    elif line.get("question") is not None:
        used |= {"question", "solution", "cot_content"}
        user = line["question"] + ("\nOptions:" if options else "")
        user += "".join(f"\n{chr(65 + i)}. {o}" for i, o in enumerate(options))
        answer = get("solution") or get("cot_content").removeprefix("A: ") or get("answer")
        if not isinstance(answer, str):
            answer = chr(65 + answer) if options else f"{answer:.15g}"
        if answer == "" and options and line.get("answer_index") is not None:
            answer = chr(65 + line["answer_index"])
        response, prompt = answer, f"Question: {user}\nAnswer:"
        text, start = prompt + (" " if answer else "") + answer, len(prompt)
    elif line.get("instruction") is not None:
        used |= {"instruction", "input", "output"}
        user, response = "\n".join(filter(None, [line["instruction"], get("input")])), get("output")
        prompt = user
    else:
        used |= {"text"}
        text, start, messages = line["text"], len(line["text"]), []
    if user is not None:
        messages = [{"role": "user", "content": user}] + [{"role": "assistant", "content": response}] * bool(response)
        if "question" not in used:
            apart = prompt and response and not (prompt[-1].isspace() or response[0].isspace())
            text = prompt + ("\n" if apart else "") + response
            start = len(text) - len(response)
    given = line.get("id", line.get("question_id"))
    return {"id": f"{stem}-{number}" if given is None else str(given), "text": text, "start": start,
            "messages": messages, "other": {k: v for k, v in line.items() if k not in used},
            "category": line.get("category")}


def read_file(path):
    raw = Path(path).read_text(encoding="utf-8-sig")
    lines = json.loads(raw) if raw.lstrip().startswith("[") else [json.loads(x) for x in raw.splitlines() if x.strip()]
    items, taken = [parse(x, i + 1, Path(path).stem) for i, x in enumerate(lines)], set()
    for item in items:
        name, twin = item["id"], 1
        while item["id"] in taken:
            twin += 1
            item["id"] = f"{name}-{twin}"
        taken.add(item["id"])
    return items


def groups_of(spec, by_category):
    """Name and items: "NAME=FILE", or "FILE" with a group for each category."""
    name, path = (None, spec) if Path(spec).exists() or "=" not in spec else spec.split("=", 1)
    items = read_file(path)
    categories = list(dict.fromkeys(i["category"] for i in items if i["category"]))
    if name is None and by_category and categories:
        return [(c, [i for i in items if i["category"] == c], path) for c in categories]
    own = [i for i in items if i["category"] == name] if name in categories else items
    return [(name or Path(path).stem, own, path)]


# Tokens ------------------------------------------------------------------------------------------


class Encoder:
    def __init__(self, folder, bos, template):
        self.tok = AutoTokenizer.from_pretrained(folder)
        self.template, self.bos_mode = template, bos
        bare = self.tok("a", add_special_tokens=False).input_ids
        added = self.tok("a").input_ids
        self.bos = added[:len(added) - len(bare)] if bos == "auto" and added[-len(bare):] == bare else []
        if bos == "yes":
            self.bos = [self.tok.bos_token_id]

    def ids(self, text):
        e = self.tok(text, add_special_tokens=False, return_offsets_mapping=True)
        return e.input_ids, [b for _, b in e.offset_mapping]

    def is_chat(self, items):
        return self.template not in (None, "none") or any(i["text"] is None for i in items)

    def rendered(self, messages):
        """Head and turns of a chat, and where the last message's words begin in the turns."""
        render = lambda m: self.tok.apply_chat_template(m, tokenize=False)
        text = render(messages)
        system, rest = (messages[:1], messages[1:]) if messages[0]["role"] == "system" else ([], messages)
        ask, say = {"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}
        turn = len(render(system + [ask, say, ask])) - len(render(system + [ask, say]))
        head = len(render(system + [ask])) - turn
        last = rest[-1]["content"].strip() if rest[-1]["role"] == "assistant" else ""
        return text[:head], text[head:], text.rindex(last) - head if last else None, len(last)

    def item(self, item, chat):
        """Ids in front, own ids, and the first of the response."""
        if not chat:
            ids, ends = self.ids(item["text"])
            return self.bos, ids, next((i for i, e in enumerate(ends) if e > item["start"]), len(ids))
        head, turns, start, length = self.rendered(item["messages"])
        turns = turns.rstrip()
        ids, ends = self.ids(turns)
        front = self.ids(head)[0]
        if self.bos_mode == "yes" and front[:1] != self.bos:
            front = self.bos + front
        if self.bos_mode == "no" and front[:1] == [self.tok.bos_token_id]:
            front = front[1:]
        first = len(ids) if start is None else next((i for i, e in enumerate(ends) if e > start), len(ids))
        return front, ids, first

    def in_front(self, item, chat, separator):
        return self.ids(self.rendered(item["messages"])[1] if chat else item["text"] + separator)[0]

    def piece(self, i):
        token = self.tok.convert_ids_to_tokens(i)
        if token.startswith("\u2581"):
            return token.replace("\u2581", " ")
        return self.tok.decode([i], skip_special_tokens=False, clean_up_tokenization_spaces=False)


# Draws: engine/capture/demonstrations.c, engine/base/random.h -----------------------------------------


def generator(seed):
    state = seed

    def below(n):
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return ((z ^ z >> 31) >> 32) * n >> 32

    return below


def seed_of(seed, name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h ^ seed


def draw(seed, n, k):
    below, order = generator(seed), list(range(n))
    for i in range(k):
        at = i + below(n - i)
        order[i], order[at] = order[at], order[i]
    return order[:k]


# Groups ------------------------------------------------------------------------------------------


def fill(g, a, enc, limit, others, given):
    """Which items are captured, and the tokens in front of each: engine/capture/capture_group.c."""
    items, chat = g["items"], g["chat"]
    asked = a.demos if g["train"] else a.domain_demos
    previous = a.demos_from == "previous" and asked and not given
    if not given and asked and len(items) <= asked:
        sys.exit(f"{g['name']}: {len(items)} samples, expected at least {asked + 1}: {asked} demonstrations and one to "
                 "capture")
    shown = given or ([] if previous else [items[i] for i in draw(seed_of(a.seed, g["name"]), len(items), asked)])
    front = [enc.in_front(i, chat, a.separator) for i in shown]
    texts, samples, rows = {i["text"] for i in shown if i["text"] is not None}, [], 0
    for place, item in enumerate(items):
        if (a.samples and len(samples) == a.samples) or (a.tokens and rows >= a.tokens):
            break
        if any(item is s for s in shown) or item["text"] in texts:
            continue
        head, ids, response = enc.item(item, chat)
        first = response if a.rows == "response" else 0
        if first < len(ids):
            samples.append({"item": item, "place": place, "head": head, "ids": ids, "response": response})
            rows += len(ids) - first
    if not samples:
        sys.exit(f"{g['name']}: none of its {len(items)} samples is left to capture")
    head, longest = max(len(s["head"]) for s in samples), max(len(s["ids"]) for s in samples)
    while len(front) > 1 and head + sum(map(len, front)) + longest > limit:
        front.pop()
    shared = sum(front, [])
    if head + len(shared) >= limit:
        sys.exit(f"{g['name']}: what stands in front leaves no room for a text in {limit} tokens")
    most = limit - head - len(shared)
    for s in samples:
        s["ids"] = s["ids"][:most]
        s["response"] = min(s["response"], len(s["ids"]))
        s["first"] = s["response"] if a.rows == "response" else 0
        s["icl"] = shared
    g["samples"] = [s for s in samples if s["first"] < len(s["ids"])]
    if previous:
        every = [enc.in_front(i, chat, a.separator) for i in items]
        for s in g["samples"]:
            before = sum((every[(s["place"] - k) % len(items)] for k in range(asked, 0, -1)), [])
            s["icl"] = before[max(0, len(before) - (limit - len(s["head"]) - len(s["ids"]))):]
    g["demos"] = asked if previous else len(front)
    if a.control and g["demos"]:
        count, tokens = max(len(s["icl"]) for s in g["samples"]), []
        below = generator(~seed_of(a.seed, g["name"]) & MASK)
        while len(tokens) < count:
            source = others[below(len(others))]["items"]
            item = source[below(len(source))]
            if (item["messages"] if chat else item["text"] is not None):
                tokens += enc.in_front(item, chat, a.separator)
        for s in g["samples"]:
            s["control"] = tokens[len(tokens) - len(s["icl"]):]


# The model ---------------------------------------------------------------------------------------


class Stop(Exception):
    pass


class Model:
    """Runs sequences to a hook, and no further."""

    def __init__(self, folder, adapter, hook, device):
        dtype = torch.float32 if device == "cpu" else "auto"
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device).eval()
        if adapter:
            from peft import PeftModel
            self.model = PeftModel.from_pretrained(self.model, adapter).merge_and_unload()
        self.device, self.config = device, self.model.config
        points = "resid_pre|attn_out|resid_mid|mlp_out|resid_post"
        layer, point = re.fullmatch(rf"blocks\.(\d+)\.hook_({points})", hook).groups()
        base = self.model.base_model
        block = next(getattr(base, n) for n in ("layers", "h") if hasattr(base, n))[int(layer)]
        attn, mlp, middle = PLACES.get(self.config.model_type, OTHERS)
        module = {"attn_out": attn, "mlp_out": mlp, "resid_mid": middle}.get(point)
        module = getattr(block, module) if module else block
        if point in ("resid_pre", "resid_mid"):
            module.register_forward_pre_hook(lambda m, args, kw: self.keep(args[0] if args else kw["hidden_states"]),
                                             with_kwargs=True)
        else:
            module.register_forward_hook(lambda m, args, out: self.keep(out))

    def keep(self, value):
        self.kept = value[0] if isinstance(value, tuple) else value
        raise Stop

    @torch.inference_mode()
    def run(self, ids, cache=None):
        try:
            self.model(torch.tensor(ids, device=self.device), past_key_values=cache, use_cache=cache is not None)
        except Stop:
            return self.kept

    def rows(self, samples, condition, batch):
        """Residuals of the samples in their order. What several have in front is run once."""
        out, order = [None] * len(samples), sorted(range(len(samples)), key=lambda i: len(samples[i]["ids"]))
        front = [s["head"] + (s[condition] if condition in ("icl", "control") else []) for s in samples]
        while order:
            shared = front[order[0]]
            some = [i for i in order if front[i] == shared][:batch]
            order = [i for i in order if i not in set(some)]
            width = max(len(samples[i]["ids"]) for i in some)
            ids = [samples[i]["ids"] + [0] * (width - len(samples[i]["ids"])) for i in some]  # padding is never seen
            cache = DynamicCache(config=self.config) if shared else None
            if shared:
                self.run([shared], cache)
                cache.batch_repeat_interleave(len(some))
            x = self.run(ids, cache)
            for k, i in enumerate(some):
                out[i] = x[k, samples[i]["first"]:len(samples[i]["ids"])].float().cpu()
        return torch.cat(out)


# Files -------------------------------------------------------------------------------------------


def write(path, data):
    part = path.with_name(f"{path.name}.tmp.{os.getpid()}")
    with open(part, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())
    os.replace(part, path)


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def bytes_digest(x):
    return hashlib.sha256(x.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()[:16]


def model_digest(*folders):
    """By configuration, sizes and ends of the weights: the whole of large ones takes too long."""
    h = hashlib.sha256()
    for path in sorted(p for f in folders if f for p in Path(f).glob("*") if p.suffix in (".json", ".safetensors")):
        with open(path, "rb") as f:
            h.update(f"{path.name} {path.stat().st_size}".encode() + f.read(1 << 20))
            f.seek(max(0, path.stat().st_size - (1 << 20)))
            h.update(f.read())
    return h.hexdigest()[:16]


def difference(path, settings):
    """None: kept; a text: other settings; True: not there, or damaged."""
    try:
        with safe_open(path, "pt") as f:
            about, found = f.metadata(), f.get_tensor("residual")
    except Exception:
        return True
    about = json.loads((about or {}).get("capture", "{}"))
    old = about.get("settings", {})
    for key in settings | old:
        if settings.get(key) != old.get(key):
            return f"{path} was captured with other settings: {key}: found {old.get(key)}, expected {settings.get(key)}"
    return None if bytes_digest(found) == about["hash"] else True


def token_lines(g, enc):
    for s in g["samples"]:
        ids, before = s["ids"][s["first"]:], s["head"] + s["ids"][:s["first"]]
        line = {"id": s["item"]["id"], "tokens": [enc.piece(i) for i in ids], "ids": ids}
        if s["response"] < len(s["ids"]):
            line["response"] = s["response"] - s["first"]
        if before:
            line["before"] = before
        if s["first"] and s["item"]["text"] is not None:
            line["prompt"] = s["item"]["text"][:s["item"]["start"]]
        elif s["first"] and len(s["item"]["messages"]) > 1:
            line["prompt"] = s["item"]["messages"][-2]["content"]
        line |= {k: v for k, v in s["item"]["other"].items() if k not in line}
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def sae_hook(folder):
    for name in ("cfg.json", "config.json", "hyperparams.json"):
        if (Path(folder) / name).exists():
            cfg = json.loads((Path(folder) / name).read_text())
            hook = cfg.get("hook_name") or cfg.get("metadata", {}).get("hook_name") or cfg.get("hook_point_in")
            if hook:
                return hook
    sys.exit(f"--sae: {folder}: does not say which hook it reads; add --layer L or --hook blocks.L.hook_resid_post")


# Doing it ----------------------------------------------------------------------------------------


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--tuned", "--adapter", "--rl", "--layer", "--hook", "--sae", "--train", "--template",
                 "--shard", "--name", "--model-name"):
        p.add_argument(name, required=name in ("--model", "--train"))
    p.add_argument("-o", dest="out", type=Path, required=True)
    p.add_argument("--domain", action="append", default=[])
    p.add_argument("--demos-file", action="append", default=[])
    for name, value in (("--demos", 2), ("--domain-demos", 5), ("--max-length", 0), ("--tokens", 0), ("--samples", 0),
                        ("--seed", 20260302)):
        p.add_argument(name, type=int, default=value)
    for name, *values in (("--demos-from", "seed", "previous"), ("--bos", "auto", "yes", "no"),
                          ("--rows", "all", "response"), ("--dtype", "f16", "bf16", "f32")):
        p.add_argument(name, choices=values, default=values[0])
    p.add_argument("--separator", default="\n\n")
    p.add_argument("--control", action="store_true")
    p.add_argument("--force", action="store_true")
    p.add_argument("--batch", type=int, default=16, help="sequences that are run at once (16)")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return p.parse_args()


def models(a):
    """By condition: a model's folder, and a LoRA adapter's or None."""
    def of(folder, adapter=None):
        if folder and (Path(folder) / "adapter_config.json").exists():
            adapter = folder
        return (a.model, adapter) if adapter else (folder, None)

    roles = {"base": (a.model, None), "sft": of(a.tuned, a.adapter), "rl": of(a.rl)}
    return {k: v for k, v in roles.items() if v[0]}


def longest(a, roles):
    configs = [json.loads((Path(folder) / "config.json").read_text()) for folder, _ in roles.values()]
    contexts = [c.get("max_position_embeddings", c.get("n_positions", 0)) for c in configs]
    return a.max_length or min([c for c in contexts if c], default=1 << 30)


def read_groups(a, enc, limit):
    (train,) = groups_of(a.train, False)
    found = [(*train, True)] + [(*g, False) for spec in a.domain for g in groups_of(spec, True)]
    given = {n: items for spec in a.demos_file for n, items, _ in groups_of(spec, True)}
    groups = [{"name": n, "items": i, "path": p, "train": t, "chat": enc.is_chat(i),
               "stem": "train" if t else re.sub(r"[\x00- /\\\x7f]|^\.", "_", n)} for n, i, p, t in found]
    for g in groups:
        others = [[o for o in groups if o["train"] == t and o["name"] != g["name"]] for t in (False, True)]
        fill(g, a, enc, limit, others[0] or others[1], given.get(g["name"]))
    return groups


def settings_of(a, g, condition, hook, limit, groups, model):
    keys = ("dtype", "rows", "bos", "template", "separator", "samples", "tokens", "demos", "domain_demos",
            "demos_from", "seed")
    others = [digest(o["path"]) for o in groups] if condition == "control" else []
    return {"program": "scry_capture.py", "condition": condition, "model": model, "hook": hook, "name": g["name"],
            "text": digest(g["path"]), "max-length": limit, "others": others, **{k: getattr(a, k) for k in keys}}


def capture(path, model, g, condition, a, settings):
    dtype = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}[a.dtype]
    x = model.rows(g["samples"], condition, a.batch).to(dtype).contiguous()
    if not torch.isfinite(x.float()).all():
        sys.exit(f"{path}: found a residual beyond what {a.dtype} holds; expected --dtype bf16 or f32")
    about = json.dumps({"hash": bytes_digest(x), "settings": settings})
    write(path, save({"residual": x}, {"capture": about}))  # one key: several have no fixed order
    print(f"captured {path}, {len(x)} tokens", file=sys.stderr, flush=True)


def study_of(a, groups, units, roles, hook, hashes):
    def relative(folder):
        return folder if os.path.isabs(folder) else os.path.relpath(folder, a.out)

    def entry(g):
        return {c: {"residual": f"acts/{g['stem']}.{c}.safetensors", "tokens": f"acts/{g['stem']}.tokens.jsonl"}
                for o, c, _ in units if o is g}

    model, train = a.model_name or Path(a.model).resolve().name, groups[0]
    tuned = {f"{r}_path": relative(v[1] or v[0]) for r, v in roles.items() if r != "base"}
    left_out = ("out", "force", "shard", "device", "batch")
    return {"scry_study": 1, "name": a.name or f"{train['name']} on {model}, {hook}", "model": model,
            "model_path": relative(a.model), "hook": hook, **({"sae": relative(a.sae)} if a.sae else {}),
            "pairing": "token", "train": {"name": train["name"], **tuned, **entry(train)},
            "domains": [{"name": g["name"], **entry(g)} for g in groups[1:]],
            "capture": {k.replace("_", "-"): v for k, v in vars(a).items() if k not in left_out} | {"models": hashes}}


def main():
    a = arguments()
    if not (a.hook or a.layer or a.sae):
        sys.exit("--layer is missing: expected --layer L, --hook blocks.L.hook_resid_post, or --sae DIR")
    hook = a.hook or (f"blocks.{a.layer}.hook_resid_post" if a.layer else sae_hook(a.sae))
    roles = models(a)
    enc, limit = Encoder(a.model, a.bos, a.template), longest(a, roles)
    groups = read_groups(a, enc, limit)
    units = [(g, c, "base") for g in groups for c in ("base", "icl", "control")
             if c == "base" or (g["demos"] and (c == "icl" or a.control))]
    units += [(groups[0], r, r) for r in roles if r != "base"]
    shard, shards = map(int, (a.shard or "1/1").split("/"))
    (a.out / "acts").mkdir(parents=True, exist_ok=True)
    hashes = {r: model_digest(*v) for r, v in roles.items()}
    model, open_role, done = None, None, 0
    for number, (g, condition, role) in enumerate(units):
        path = a.out / "acts" / f"{g['stem']}.{condition}.safetensors"
        settings = settings_of(a, g, condition, hook, limit, groups, hashes[role])
        why = difference(path, settings)
        if isinstance(why, str) and not a.force:
            sys.exit(f"{why}; take another -o, or --force to capture again")
        own = number % shards == shard - 1
        if own and condition == "base":
            write(a.out / "acts" / f"{g['stem']}.tokens.jsonl", "".join(token_lines(g, enc)).encode())
        if own and why:
            if role != open_role:
                model = None  # before the next one takes its place
                model, open_role = Model(*roles[role], hook, a.device), role
            capture(path, model, g, condition, a, settings)
        done += own or not why
    if done < len(units):
        return print("the study is written with the last of the other shards", file=sys.stderr)
    study = study_of(a, groups, units, roles, hook, hashes)
    write(a.out / "study.json", (json.dumps(study, indent=2, ensure_ascii=False) + "\n").encode())


if __name__ == "__main__":
    main()
