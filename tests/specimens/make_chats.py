"""Writes tests/specimens/chats.json: conversations as transformers' apply_chat_template renders them.

    python tests/specimens/make_chats.py TEMPLATES

TEMPLATES is a folder with the models' own Jinja texts, which are not kept here; a file's name says whose:
smollm2, qwen1.5, qwen2.5, qwen2vl, qwen3, llama3, llama3.2, gemma1 (and 2), gemma3, mistral-v0 (Mixtral), mistral-v1,
mistral-v3, mistral-tekken, mistral-v7. They are in tokenizer_config.json or chat_template.jinja of the models, and in
models/templates and tests/test-chat-template.cpp of llama.cpp. Of each template, MARKS has the words that tell its
version. Needs transformers and jinja2."""

import json
import os
import random
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
HERE = os.path.dirname(os.path.abspath(__file__))
DATE = "26 Jul 2024"
SPECIAL = {"llama3": ("<|begin_of_text|>", "<|eot_id|>"), "llama3.2": ("<|begin_of_text|>", "<|eot_id|>"),
           "gemma1": ("<bos>", "<eos>"), "gemma3": ("<bos>", "<eos>")}
ROW = {"smollm2": "chatml", "qwen1.5": "chatml", "qwen2.5": "chatml", "qwen2vl": "chatml", "qwen3": "chatml",
       "llama3": "llama3", "llama3.2": "llama3", "gemma1": "gemma", "gemma3": "gemma"}
# lines of the templates that tell one version from another
MARKS = {"smollm2": ["<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n'"],
         "qwen1.5": ["'<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n'"],
         "qwen2vl": ["<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"],
         "qwen2.5": ["'<|im_start|>system\\n'",
                     "'<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n'"],
         "qwen3": ["'<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n'", "last_query_index", "'\\n<think>\\n'"],
         "llama3": ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
         "llama3.2": ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "Cutting Knowledge Date"],
         "gemma1": ["<start_of_turn>", "<end_of_turn>", "System role not supported"],
         "gemma3": ["<start_of_turn>", "<end_of_turn>"],
         "mistral-v0": ["'[INST] '", "' [/INST]'"], "mistral-v1": ["' [INST] '", "' [/INST]'"],
         "mistral-v3": ['"[INST] "', '"[/INST]"'], "mistral-tekken": ['"[INST]"', '"[/INST]"'],
         "mistral-v7": ["[SYSTEM_PROMPT]", "[INST]", "[/INST]", "default_system_message"]}


def renderer(folder, name):
    """A tokenizer with the template; its vocabulary does not matter."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast
    bos, eos = SPECIAL.get(name, ("<s>", "</s>"))
    tok = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({bos: 0, eos: 1}, unk_token=eos)),
                                  bos_token=bos, eos_token=eos)
    tok.chat_template = open(os.path.join(folder, name + ".jinja"), encoding="utf-8").read()
    return tok


def render(tok, messages, answer):
    """The text, or None where the template refuses."""
    import jinja2
    try:
        return tok.apply_chat_template(messages, tokenize=False, add_generation_prompt=answer, date_string=DATE)
    except jinja2.exceptions.TemplateError:
        return None


WORDS = ["Hello", "  What is 2 + 2?  ", "\nFour.\n", "It's \"4\".", "日本語 ", "", "a\n\nb", "\u00a0x\u2003", "😀 yes", "<b>", "{{ x }}", "\\n",
         "line one\n  line two\n", "It is <think> he", "the end\x1f"]


def conversations(count, seed=4):
    """In turns, in most cases; also in orders that some templates refuse."""
    rng = random.Random(seed)
    for i in range(count):
        messages = [{"role": "system", "content": rng.choice(WORDS)}] if rng.random() < 0.4 else []
        turns = rng.randrange(1, 6)
        for k in range(turns):
            messages.append({"role": ["user", "assistant"][k % 2], "content": rng.choice(WORDS) + rng.choice(WORDS)})
        if rng.random() < 0.1:
            messages.insert(rng.randrange(len(messages) + 1), {"role": rng.choice(["system", "user", "assistant"]), "content": "more"})
        if rng.random() < 0.1 and messages[-1]["role"] == "assistant":
            messages[-1]["content"] = "<think>\nhm, " + rng.choice(WORDS) + "\n</think>\n\n" + messages[-1]["content"]
        yield messages, i % 2 == 1


def refused_here(name, messages):
    """What scry refuses and the template does not: a system message that is dropped without a word (Mistral), one that
    stands in the assistant's place (Gemma), and a system message of the template's own with the day's date (v7)."""
    system = messages[0]["role"] == "system"
    if name in ("gemma3", "mistral-v1", "mistral-v3", "mistral-tekken") and system and len(messages) == 1:
        return True
    if name in ("mistral-v3", "mistral-tekken") and system and messages[-1]["role"] != "user":
        return True
    if name in ("gemma1", "gemma3") and any(m["role"] == "system" for m in messages[1:]):
        return True
    return name == "mistral-v7" and not system


def main():
    kept = []
    for name in MARKS:
        tok = renderer(sys.argv[1], name)
        bos, eos = SPECIAL.get(name, ("<s>", "</s>"))
        cases = []
        for messages, answer in conversations(14):
            text = None if refused_here(name, messages) else render(tok, messages, answer)
            cases.append({"messages": messages, "answer": answer, "text": text})
        kept.append({"name": name, "template": ROW.get(name, "mistral"), "bos": bos, "eos": eos,
                     "jinja": "\n".join(MARKS[name]), "cases": cases})
    with open(os.path.join(HERE, "chats.json"), "w", encoding="utf-8") as f:
        json.dump(kept, f, ensure_ascii=True, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main()
