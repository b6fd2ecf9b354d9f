#!/usr/bin/env python3
"""Writes tests/specimens/continuations/sample.json: how the sample study's models go on from prompts, by transformers'
generate: greedy, base, sft, base with latents taken out of the stream by a forward hook, and base with one added.

    make_continuations.py                                     needs torch, transformers and safetensors
    make_continuations.py --compare SCRY STUDY BASE [TUNED]   compares scry prompt --continue of another study instead,
                                                              whose SAE is SAELens's standard or a TopK one without
                                                              normalisation, and prints what differs

"gap": the least difference between the two largest logits at a token that was chosen; below 1e-4 another order of sums
may choose the other.
"""
import json
import os
import subprocess
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLE = os.path.join(os.path.dirname(TESTS), "sample_data")
PROMPTS = ["Question: What is 12 + 30?\nAnswer:", "The law of contract", "Water boils at", "Question: A baker sells 3/4 "
           "of her 240 rolls before noon. How many are left?\nAnswer: She sells", "In economics, supply and demand",
           "A cell's membrane", "The French Revolution", "If x = 3 and y = 4, then x + y =", "Which of the following",
           "The court held that", "Energy is", "Question: Which planet is the largest?\nOptions:\nA. Mars\nB. Jupiter\n"
           "Answer:", "Philosophers disagree about", "A patient with a fever", "def f(x):", "The derivative of x^2 is",
           "Psychology studies", "An engineer measures", "na\u00efve \u4e2d", "1, 2, 3, 4,"]
TOKENS, STEP = 40, 3
torch.set_num_threads(2)
torch.set_grad_enabled(False)


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


class Voices:
    def __init__(self, base, tuned, sae, layer):
        self.base, self.tuned, self.layer = load(base), load(tuned) if tuned else None, layer
        self.sae = {k: v.float() for k, v in load_file(os.path.join(sae, "sae_weights.safetensors")).items()}
        with open(os.path.join(sae, "cfg.json"), encoding="utf-8") as f:
            self.cfg = json.load(f)
        self.tok = PreTrainedTokenizerFast(tokenizer_file=os.path.join(base, "tokenizer.json"))

    def encode(self, x):
        if self.cfg.get("apply_b_dec_to_input"):
            x = x - self.sae["b_dec"]
        h = torch.relu(x @ self.sae["W_enc"] + self.sae["b_enc"])
        if "topk" in self.cfg["architecture"]:
            k = h.topk(self.cfg["k"], -1)
            h = torch.zeros_like(h).scatter(-1, k.indices, k.values)
        return h

    def without(self, x, latents):
        """Outliers of the prompt, whose norm is above ten times the median, stay as they are."""
        norm = x.norm(dim=-1, keepdim=True)
        low, high = norm.flatten().sort().values[[(norm.numel() - 1) // 2, norm.numel() // 2]]
        counts = norm <= 10 * (low + high) / 2
        return x - counts * (self.encode(x)[..., latents] @ self.sae["W_dec"][latents])

    def say(self, model, ids, change=None):
        layer = (model if isinstance(model, torch.nn.Module) else self.base).model.layers[self.layer]

        def hook(module, inputs, output):
            x = output[0] if isinstance(output, tuple) else output
            x = change(x)
            return (x, *output[1:]) if isinstance(output, tuple) else x

        handle = layer.register_forward_hook(hook) if change else None
        out = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=TOKENS,
                             do_sample=False, output_logits=True, return_dict_in_generate=True,
                             pad_token_id=model.config.eos_token_id if isinstance(model.config.eos_token_id, int) else 0)
        if handle:
            handle.remove()
        said = out.sequences[0, len(ids):].tolist()
        top = torch.stack([step[0].topk(2).values for step in out.logits])
        ends = model.generation_config.eos_token_id
        ends = [] if ends is None else ends if isinstance(ends, list) else [ends]
        ended = bool(said) and said[-1] in ends
        return {"ids": said[:-1] if ended else said, "ended": ended,
                "gap": float(f"{(top[:, 0] - top[:, 1]).min().item():.3g}")}

    def all(self, ids, ablated, steered, times):
        W = self.sae["W_dec"]
        out = {"base": self.say(self.base, ids)}
        if self.tuned:
            out["tuned"] = self.say(self.tuned, ids)
        out["ablated"] = self.say(self.base, ids, lambda x: self.without(x, ablated))
        out["steered"] = self.say(self.base, ids, lambda x: x + times * W[steered])
        return out


def compare(scry, study, base, tuned=None):
    with open(study, encoding="utf-8") as f:
        spec = json.load(f)
    folder = os.path.dirname(os.path.abspath(study))
    v = Voices(base, tuned, os.path.join(folder, spec["sae"]), int(spec["hook"].split(".")[1]))
    latents = v.sae["W_dec"].shape[0]
    different = compared = 0
    for number, text in enumerate(PROMPTS):
        said = json.loads(subprocess.run(
            [scry, "prompt", study, text, "--model", base, *(["--tuned", tuned] if tuned else []), "--bos", "no",
             "--continue", str(TOKENS), "--latents", ",".join(map(str, range(0, latents, STEP))),
             "--steer", f"{number}:3", "--json"], check=True, capture_output=True, text=True).stdout)
        expected = v.all(v.tok.encode(text, add_special_tokens=False), list(range(0, latents, STEP)), number, 3)
        for voice in said["voices"]:
            found, right = [t["id"] for t in voice["tokens"]], expected[voice["name"]]
            compared += 1
            if found != right["ids"]:
                different += 1
                print(f"{text!r}, {voice['name']}: {found} instead of {right['ids']}, gap {right['gap']}")
    print(f"{compared} continuations, {different} different")


def main():
    if len(sys.argv) > 3:
        return compare(*sys.argv[2:])
    v = Voices(os.path.join(SAMPLE, "models/base"), os.path.join(SAMPLE, "models/sft"), os.path.join(SAMPLE, "sae"), 3)
    made = []
    for number, text in enumerate(PROMPTS):
        ids = v.tok.encode(text, add_special_tokens=False)
        made.append({"text": text, "ids": ids, "steered_latent": 100 * number + 5,
                     **v.all(ids, list(range(0, 2048, STEP)), 100 * number + 5, 6)})
    with open(os.path.join(TESTS, "specimens/continuations/sample.json"), "w", encoding="utf-8") as f:
        json.dump(made, f)
        f.write("\n")


main()
