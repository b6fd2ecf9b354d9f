"""Writes tests/specimens/text_encoder: small tokenizers of every kind, trained by Hugging Face's tokenizers, lines.hex
with texts, a line each in hexadecimal, and NAME.ids with their tokens.

    python tests/specimens/make_tokenizers.py [OUT]

With OUT, only the tokenizers, larger ones (for check_tokenizers.py), to that folder. A token is
ID+N: N more bytes of the text are read once it is. Needs tokenizers."""

import base64
import collections
import json
import os
import struct
import sys

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mixed
from check_tokenizers import expected

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = mixed.lines(1500, seed=1)
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| "
         r"?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
DEEPSEEK = [r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]


def common(count):
    """The corpus with its most frequent characters only: the unigram trainer wants every one in the vocabulary."""
    often = {c for c, _ in collections.Counter("".join(CORPUS)).most_common(count)}
    return ["".join(c for c in line if c in often) for line in CORPUS]


def train(model, trainer, normalizer=None, pre=None, corpus=CORPUS):
    tok = Tokenizer(model)
    if normalizer:
        tok.normalizer = normalizer
    if pre:
        tok.pre_tokenizer = pre
    tok.train_from_iterator(corpus, trainer)
    return tok


def bytes_bpe(pattern, size, normalizer=None, behavior="isolated", invert=False, **bpe):
    split = [pre_tokenizers.Split(Regex(p), behavior, invert) for p in ([pattern] if isinstance(pattern, str) else pattern)]
    pre = pre_tokenizers.Sequence(split + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok = train(models.BPE(**bpe), trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                                     show_progress=False), normalizer, pre)
    tok.decoder = decoders.ByteLevel()
    return tok


def special(tok, *names, **flags):
    tok.add_special_tokens([AddedToken(n, normalized=False, special=True, **flags) for n in names])
    return tok


def sentencepiece_bpe(size, normalizer, pre, **bpe):
    names = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)]
    tok = train(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True, **bpe),
                trainers.BpeTrainer(vocab_size=size + 256, special_tokens=names, show_progress=False, limit_alphabet=120), normalizer, pre)
    data = json.loads(tok.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if t["id"] < 3]
    return Tokenizer.from_str(json.dumps(data))


def unigram(size, normalizer, pre, byte_fallback=False):
    names = ["<unk>", "<s>", "</s>"] + (["<0x%02X>" % b for b in range(256)] if byte_fallback else [])
    tok = train(models.Unigram(), trainers.UnigramTrainer(vocab_size=size + len(names), special_tokens=names, unk_token="<unk>",
                                                        show_progress=False, initial_alphabet=list("abcdefghij")), normalizer, pre, common(size // 3))
    data = json.loads(tok.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if t["id"] < 3]
    data["model"]["byte_fallback"] = byte_fallback
    return Tokenizer.from_str(json.dumps(data))


def charsmap(pairs):
    """A table of SentencePiece's: a double array with a unit of its own for each byte of each key, built by search."""
    texts, where = b"", {}
    for _, new in pairs:
        if new not in where:
            where[new] = len(texts)
            texts += new.encode() + b"\0"
    tree = {}
    for old, new in pairs:
        node = tree
        for byte in old.encode():
            node = node.setdefault(byte, {})
        node[-1] = where[new]
    unit, used = {0: 0}, {0}

    def place(at, node, label):
        offset = 1
        while offset >= 1 << 21 or at ^ offset in used or any((at ^ offset) ^ b in used for b in node if b >= 0) or (
                at ^ offset) == 0 or any((at ^ offset) ^ b == at ^ offset for b in node if b > 0 and b == 0):
            offset += 1
        base = at ^ offset
        unit[at] = offset << 10 | label | (256 if -1 in node else 0)
        used.add(base)
        if -1 in node:
            unit[base] = 1 << 31 | node[-1]
        for byte in node:
            if byte >= 0:
                used.add(base ^ byte)
        for byte, child in node.items():
            if byte >= 0:
                place(base ^ byte, child, byte)

    place(0, tree, 0)
    units = max(used) + 257
    blob = b"".join(struct.pack("<I", unit.get(i, 0)) for i in range(units))
    return base64.b64encode(struct.pack("<I", len(blob)) + blob + texts).decode()


MAP = [("ﬁ", "fi"), ("™", "TM"), ("…", "..."), ("Ａ", "A"), ("１", "1"), ("\u00a0", " "), ("\u3000", " "), ("\t", " "), ("\n", " "),
       ("\u200b", ""), ("\x01", ""), ("\x07", ""), ("e\u0301", "é"), ("½", "1⁄2"), ("№", "No"), ("．", "."), ("か\u3099", "が"), ("\u2126", "Ω")]


def with_map(tok):
    """Precompiled cannot be given to Python's library but in a file."""
    data = json.loads(tok.to_str())
    data["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": charsmap(MAP)},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}
    return Tokenizer.from_str(json.dumps(data))


def added_flags(tok):
    tok.add_tokens([AddedToken("WORD", single_word=True, normalized=False), AddedToken("strip", lstrip=True, rstrip=True, normalized=False),
                    AddedToken("<mask>", lstrip=True, normalized=False, special=True), AddedToken("norm", normalized=True),
                    AddedToken("Ångström", normalized=True), AddedToken("<special>", rstrip=True, normalized=True), AddedToken("  ", normalized=False)])
    return tok


def tokenizers(size):
    P, N = pre_tokenizers, normalizers
    llama2 = N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])
    metaspace = lambda scheme, split: P.Metaspace("▁", prepend_scheme=scheme, split=split)
    out = {}
    gpt2 = train(models.BPE(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=P.ByteLevel.alphabet(), show_progress=False),
                 None, P.ByteLevel(add_prefix_space=False))
    out["gpt2"] = special(gpt2, "<|endoftext|>")
    roberta = train(models.BPE(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=P.ByteLevel.alphabet(), show_progress=False),
                    None, P.ByteLevel(add_prefix_space=True))
    out["roberta"] = special(roberta, "<mask>", lstrip=True)
    out["llama3"] = special(bytes_bpe(LLAMA3, size, ignore_merges=True), "<|begin_of_text|>", "<|eot_id|>")
    out["llama3"].post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", out["llama3"].token_to_id("<|begin_of_text|>"))])])
    out["qwen2"] = special(bytes_bpe(QWEN2, size, N.NFC()), "<|endoftext|>", "<|im_start|>", "<|im_end|>")
    out["gpt4o"] = bytes_bpe(GPT4O, size)
    out["cl100k"] = bytes_bpe(CL100K, size, behavior="removed", invert=True)
    out["deepseek"] = bytes_bpe(DEEPSEEK, size)
    out["patterns"] = bytes_bpe([r"\p{Han}+|\p{Hiragana}", r"\b", r"\w{1,4}+|\h|[[:space:]]", r"\s|\B\p{S}", r"(?m:\d.)", "^."], size)
    out["smollm"] = train(models.BPE(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=P.ByteLevel.alphabet(), show_progress=False),
                          None, P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False)]))
    out["llama2"] = sentencepiece_bpe(size, llama2, None)
    out["llama2"].post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    out["mistral"] = sentencepiece_bpe(size, None, metaspace("first", False))
    out["gemma"] = sentencepiece_bpe(size, N.Replace(" ", "▁"), P.Split(" ", "merged_with_previous"))
    out["metaspace"] = sentencepiece_bpe(size, N.NFKC(), metaspace("always", True))
    out["unigram"] = unigram(size, N.Sequence([N.NFKC(), N.Replace(Regex(" {2,}"), " ")]), metaspace("always", True))
    out["unigram-bytes"] = unigram(size, None, metaspace("first", True), True)
    out["t5"] = with_map(unigram(size, None, metaspace("always", True)))
    out["unknown"] = train(models.BPE(unk_token="<unk>", fuse_unk=False),
                           trainers.BpeTrainer(vocab_size=size, special_tokens=["<unk>"], limit_alphabet=40, show_progress=False),
                           N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase(), N.Strip(True, False)]), P.Sequence([P.WhitespaceSplit(), P.Punctuation("contiguous")]))
    out["suffix"] = train(models.BPE(unk_token="<unk>", fuse_unk=True, end_of_word_suffix="</w>"),
                          trainers.BpeTrainer(vocab_size=size, special_tokens=["<unk>"], limit_alphabet=60, end_of_word_suffix="</w>", show_progress=False),
                          N.NFKD(), P.Whitespace())
    out["prefix"] = train(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"),
                          trainers.BpeTrainer(vocab_size=size, special_tokens=["<unk>"], limit_alphabet=60, continuing_subword_prefix="##", show_progress=False),
                          N.Strip(True, True), P.Sequence([P.Digits(False), P.Split(Regex(r"\s+"), "removed"), P.Punctuation("merged_with_next")]))
    out["words"] = train(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=size, special_tokens=["<unk>"], show_progress=False),
                         N.Lowercase(), P.Sequence([P.Split(Regex("[ -]"), "merged_with_previous"), P.Split(".", "contiguous")]))
    out["added"] = added_flags(bytes_bpe(QWEN2, size, N.Sequence([N.NFC(), N.Lowercase()])))
    out["normal-bytes"] = train(models.BPE(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=P.ByteLevel.alphabet(), show_progress=False),
                                N.Sequence([N.NFC(), N.ByteLevel()]), None)
    out["bytes-first"] = train(models.BPE(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=P.ByteLevel.alphabet(), show_progress=False),
                               None, P.Sequence([P.ByteLevel(add_prefix_space=True, use_regex=False), P.Split(Regex("Ġ[^Ġ]*"), "merged_with_previous")]))
    return out


def main():
    if len(sys.argv) > 1:
        for name, tok in tokenizers(4000).items():
            os.makedirs(os.path.join(sys.argv[1], name), exist_ok=True)
            tok.save(os.path.join(sys.argv[1], name, "tokenizer.json"))
        return
    out = os.path.join(HERE, "text_encoder")
    os.makedirs(out, exist_ok=True)
    every = mixed.lines(700, seed=7)
    lines = [line for line in every if len(line) <= 40][:230] + [line[:100] for line in every if 90 < len(line) < 400][:14]
    with open(os.path.join(out, "lines.hex"), "w") as f:
        f.writelines(line.encode().hex() + "\n" for line in lines)
    for name, tok in tokenizers(600).items():
        data = json.loads(tok.to_str())
        with open(os.path.join(out, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(data, f, ensure_ascii=False, separators=(",", ":"))
            f.write("\n")
        data["post_processor"] = None  # ByteLevel's takes blanks out of the offsets
        tok = Tokenizer.from_str(json.dumps(data))
        with open(os.path.join(out, name + ".ids"), "w") as f:
            for line in lines:
                ids, ends = expected(tok, line)
                f.write(" ".join(f"{i}+{e - b}" for i, e, b in zip(ids, ends, [0] + ends)) + "\n")


if __name__ == "__main__":
    main()
