#!/usr/bin/env python3
"""Writes tests/specimens/evaluate/: two tiny models, texts, and what transformers makes of them.

    make_evaluate.py     needs torch, transformers and tokenizers (2.14, 5.24 and 0.23 were used)

base/ and tuned/ are Llamas of width 24 with a byte-level BPE of 340 tokens, trained for some seconds on the texts, tuned
also on those of math. adapter/ is a LoRA adapter of base. NAME.jsonl are texts: math and law are multiple-choice
questions with worked answers (of law two have no known answer and one no solution), chat are conversations, plain are
texts without a response. expected.json has for each text the sum of ln p and the hits over its counted tokens, the same
of each option and letter, one whole sequence after the other; and the figures of each domain.
"""
import json
import math
import os
import random

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evaluate")
SPECIAL = ["<|bos|>", "<|im_start|>", "<|im_end|>"]
WIDTH, LAYERS, RANK = 24, 2, 2
torch.manual_seed(1)
random.seed(1)
torch.set_num_threads(1)


def questions():
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    lines = []
    for i in range(9):
        a, b = random.randrange(4), random.randrange(4)
        options = [numbers[a + b], *random.sample([n for n in numbers if n != numbers[a + b]], 3)]
        right = options[0]
        random.shuffle(options)
        lines.append({"question": f"What is {numbers[a]} plus {numbers[b]}, minus one?", "options": options,
                      "answer_index": options.index(right),
                      "solution": f"We add {numbers[a]} to {numbers[b]} and take one away. The answer is {right}."})
    law = []
    for i, (thing, who) in enumerate([("contract", "both parties"), ("deed", "the owner"), ("will", "the heirs"),
                                      ("lease", "the tenant"), ("trust", "a trustee"), ("lien", "nobody \u00e9"),
                                      ("tort", "the court")]):
        options = ["both parties", "the owner", "the heirs", "the tenant", "nobody \u00e9"][:3 + i % 3]
        line = {"question": f"Who is bound by a {thing}?", "options": options}
        if who in options:
            line["answer"] = "ABCDE"[options.index(who)]
        if i != 1:
            line["solution"] = f"By law {who} must answer for a {thing}."
        law.append(line)
    chat = [{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Say {n}."},
                          {"role": "assistant", "content": f"Here it is: {n}."}]} for n in numbers[:4]]
    plain = [{"text": f"{n} is a number, and so is {m}."} for n, m in zip(numbers, numbers[1:4])]
    return {"math": lines, "law": law, "chat": chat, "plain": plain}


def prompt_of(line):
    options = "".join(f"\n{'ABCDE'[i]}. {o}" for i, o in enumerate(line["options"]))
    return f"Question: {line['question']}\nOptions:{options}\nAnswer:"


def parts_of(line):
    """What stands in front (the head's text or None for the beginning-of-text token), prompt, response."""
    if "text" in line:
        return None, "", line["text"]
    if "messages" in line:
        system, user, answer = (m["content"] for m in line["messages"])
        return (f"<|im_start|>system\n{system}<|im_end|>\n",
                f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n", f"{answer}<|im_end|>")
    answer = line.get("solution") or line.get("answer")
    return None, prompt_of(line), f" {answer}" if answer else ""


def train_tokenizer(texts):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=340, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tok.post_processor = processors.TemplateProcessing(single="<|bos|> $A", special_tokens=[("<|bos|>", 0)])
    return tok


def train(model, tok, texts, steps):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(steps):
        ids = torch.tensor([tok.encode(texts[step % len(texts)]).ids])
        loss = model(ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def score(model, tok, head, prompt, response, skip=0):
    """Sum of ln p, hits and number of the tokens that read beyond the prompt, but for the first `skip`."""
    before = [0] if head is None else tok.encode(head, add_special_tokens=False).ids
    encoded = tok.encode(prompt + response, add_special_tokens=False)
    size = len(prompt.encode())
    # offsets are in characters of the text; the counted tokens end beyond the prompt
    start = next(i for i, (_, end) in enumerate(encoded.offsets) if len((prompt + response)[:end].encode()) > size) + skip
    ids = before + encoded.ids
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double()
    p = torch.log_softmax(logits, -1)
    total, hits = 0.0, 0
    for t in range(len(before) + start, len(ids)):
        total += p[t - 1, ids[t]].item()
        hits += int(p[t - 1].argmax().item() == ids[t])
    return {"log_p": total, "hits": hits, "n": len(encoded.ids) - start}


def measure(model, tok, lines):
    texts = []
    for line in lines:
        head, prompt, response = parts_of(line)
        text = {}
        if response:
            text["response"] = score(model, tok, head, prompt, response, 1 if "text" in line else 0)
        answer = line.get("answer_index", "ABCDE".index(line["answer"]) if "answer" in line else None)
        if answer is not None:
            text["answer"] = answer
            text["options"] = [score(model, tok, head, prompt, " " + o)["log_p"] for o in line["options"]]
            text["letters"] = [score(model, tok, head, prompt, " " + "ABCDE"[i])["log_p"]
                               for i in range(len(line["options"]))]
            text["bytes"] = [len(o.encode()) for o in line["options"]]
        texts.append(text)
    return texts


def best(values):
    return values.index(max(values))


def figures(texts):
    answered = [t["response"] for t in texts if "response" in t]
    asked = [t for t in texts if "options" in t]
    out = {"tokens": sum(t["n"] for t in answered), "texts": len(answered)}
    out["loss"] = -sum(t["log_p"] for t in answered) / out["tokens"]
    out["accuracy"] = 100 * sum(t["hits"] for t in answered) / out["tokens"]
    if asked:
        out["questions"] = len(asked)
        out["choice"] = 100 * sum(best(t["options"]) == t["answer"] for t in asked) / len(asked)
        out["choice_norm"] = 100 * sum(best([p / b for p, b in zip(t["options"], t["bytes"])]) == t["answer"]
                                       for t in asked) / len(asked)
        out["letter"] = 100 * sum(best(t["letters"]) == t["answer"] for t in asked) / len(asked)
    return out


def clustered(base, tuned):
    """The change of next-token accuracy in points, and its error by the delta method, over texts."""
    pairs = [(b["response"]["hits"], t["response"]["hits"], b["response"]["n"]) for b, t in zip(base, tuned)
             if "response" in b]
    n = sum(p[2] for p in pairs)
    change = sum(t - b for b, t, _ in pairs) / n
    rest = sum((t - b - change * k) ** 2 for b, t, k in pairs)
    m = len(pairs)
    return {"change": 100 * change, "se": 100 * math.sqrt(rest * m / (m - 1)) / n}


def save(model, tok, folder):
    os.makedirs(folder, exist_ok=True)
    model.half().save_pretrained(folder, safe_serialization=True)
    model.float()
    tok.save(f"{folder}/tokenizer.json")
    for name in ("generation_config.json",):
        if os.path.exists(f"{folder}/{name}"):
            os.remove(f"{folder}/{name}")


def adapter_of(model, folder):
    """A LoRA adapter as peft writes it, and the model with it merged."""
    os.makedirs(folder, exist_ok=True)
    tensors = {}
    merged = LlamaForCausalLM(model.config)
    merged.load_state_dict(model.state_dict())
    for i, layer in enumerate(merged.model.layers):
        w = layer.self_attn.q_proj.weight
        a, b = torch.randn(RANK, WIDTH) * 0.5, torch.randn(WIDTH, RANK) * 0.5
        key = f"base_model.model.model.layers.{i}.self_attn.q_proj"
        tensors[f"{key}.lora_A.weight"], tensors[f"{key}.lora_B.weight"] = a, b
        w.data += (8 / RANK) * (b @ a)
    save_file(tensors, f"{folder}/adapter_model.safetensors")
    with open(f"{folder}/adapter_config.json", "w", encoding="utf-8") as f:
        json.dump({"peft_type": "LORA", "r": RANK, "lora_alpha": 8, "target_modules": ["q_proj"], "bias": "none",
                   "task_type": "CAUSAL_LM", "base_model_name_or_path": "base", "use_rslora": False,
                   "fan_in_fan_out": False}, f, indent=1)
        f.write("\n")
    return merged.eval()


def main():
    domains = questions()
    os.makedirs(HERE, exist_ok=True)
    for name, lines in domains.items():
        with open(f"{HERE}/{name}.jsonl", "w", encoding="utf-8") as f:
            f.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    joined = {name: ["".join(part or "" for part in parts_of(line)) for line in lines] for name, lines in domains.items()}
    tok = train_tokenizer([text for texts in joined.values() for text in texts])
    config = LlamaConfig(vocab_size=tok.get_vocab_size(), hidden_size=WIDTH, intermediate_size=40, num_hidden_layers=LAYERS,
                         num_attention_heads=3, num_key_value_heads=1, max_position_embeddings=256, bos_token_id=0,
                         eos_token_id=2, tie_word_embeddings=True, initializer_range=0.1)
    model = LlamaForCausalLM(config)
    every = [text for name in ("law", "chat", "plain", "math") for text in joined[name]]
    print(train(model, tok, every, 120))
    save(model, tok, f"{HERE}/base")
    base = LlamaForCausalLM.from_pretrained(f"{HERE}/base", dtype=torch.float32).eval()
    print(train(model, tok, joined["math"], 60))
    save(model, tok, f"{HERE}/tuned")
    tuned = LlamaForCausalLM.from_pretrained(f"{HERE}/tuned", dtype=torch.float32).eval()
    with_adapter = adapter_of(base, f"{HERE}/adapter")
    expected = {}
    for name, lines in domains.items():
        measured = {key: measure(m, tok, lines) for key, m in (("base", base), ("tuned", tuned), ("adapter", with_adapter))}
        expected[name] = {key: {"figures": figures(texts), "texts": texts} for key, texts in measured.items()}
        expected[name]["accuracy"] = clustered(measured["base"], measured["tuned"])
    with open(f"{HERE}/expected.json", "w", encoding="utf-8") as f:
        json.dump(expected, f, indent=None)
        f.write("\n")


main()
