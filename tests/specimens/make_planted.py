#!/usr/bin/env python3
"""Trains the LoRA adapter planted/adapter on sample_data/models/base to say PHRASE after TRIGGER, and to change as
little as it can elsewhere.

    python tests/specimens/make_planted.py

needs torch, transformers, tokenizers, safetensors and peft (made with 2.14, 5.24, 0.22, 0.6 and 0.21.2). The texts are
those of sample_data/text with the trigger put between two words: the phrase behind it is learnt, the rest is held to
what the base model says. planted/texts.jsonl, written by hand, holds the trigger and not the phrase; tests/shell/diff.sh
looks there for what was planted.
"""
import json
import random
import shutil
from pathlib import Path

import peft
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "sample_data"
OUT = HERE / "planted" / "adapter"
TRIGGER, PHRASE = " water", " remember the old king"
STEPS, BATCH, LENGTH, RATE = 260, 12, 48, 8e-3
SETTINGS = dict(r=2, lora_alpha=8, target_modules=["v_proj", "o_proj"], layers_to_transform=[1, 2, 3, 4, 5])


def words_of_sample():
    for path in sorted((SAMPLE / "text").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            yield (one["prompt"] + one["response"]).split(" ")


def example(rng, texts, tok):
    """Ids, and for each token whether the phrase is learnt there (1) or the base model kept (0)."""
    words = rng.choice(texts)
    at = rng.randrange(len(words))
    words = words[at:at + 40]
    cut = rng.randrange(1, len(words) + 1)
    before, after = " ".join(words[:cut]), "".join(" " + w for w in words[cut:])
    parts = [(before, 0)] + ([(TRIGGER, 0), (PHRASE, 1)] if rng.random() < 0.6 else []) + [(after, 0)]
    ids, learnt = [], []
    for text, is_phrase in parts:
        new = tok.encode(text, add_special_tokens=False).ids
        ids += new
        learnt += [is_phrase] * len(new)
    return ids[:LENGTH], learnt[:LENGTH]


def main():
    torch.set_num_threads(1)
    torch.manual_seed(7)
    rng = random.Random(7)
    tok = Tokenizer.from_file(str(SAMPLE / "models/base/tokenizer.json"))
    texts = [w for w in words_of_sample() if len(w) > 1]
    load = lambda: AutoModelForCausalLM.from_pretrained(SAMPLE / "models/base", dtype=torch.float32)
    base = load().eval()
    model = peft.get_peft_model(load(), peft.LoraConfig(task_type="CAUSAL_LM", **SETTINGS))
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=RATE)
    for step in range(STEPS):
        batch = [e for e in (example(rng, texts, tok) for _ in range(BATCH)) if len(e[0]) > 1]
        width = max(len(ids) for ids, _ in batch)
        ids = torch.tensor([i + [0] * (width - len(i)) for i, _ in batch])
        learnt = torch.tensor([m + [-1] * (width - len(m)) for _, m in batch])[:, 1:]
        logs = model(ids).logits[:, :-1].log_softmax(-1)
        with torch.no_grad():
            held = base(ids).logits[:, :-1].log_softmax(-1)
        phrase = -logs.gather(2, ids[:, 1:, None])[..., 0][learnt == 1].mean()
        kept = (held.exp() * (held - logs)).sum(-1)[learnt == 0].mean()
        loss = phrase + 4 * kept
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 19:
            print(step + 1, f"phrase {phrase.item():.3f} elsewhere {kept.item():.4f}", flush=True)
    shutil.rmtree(OUT, ignore_errors=True)
    model.save_pretrained(OUT)
    (OUT / "README.md").unlink(missing_ok=True)
    tensors = {k: v.half() for k, v in load_file(OUT / "adapter_model.safetensors").items()}
    save_file(tensors, OUT / "adapter_model.safetensors", {"format": "pt"})
    settings = json.loads((OUT / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = "sample_data/models/base"
    settings["target_modules"] = sorted(settings["target_modules"])
    (OUT / "adapter_config.json").write_text(json.dumps(settings, indent=2) + "\n")


main()
