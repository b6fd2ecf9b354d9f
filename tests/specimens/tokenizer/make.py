#!/usr/bin/env python3
"""Writes the tokenizer specimens with Hugging Face's tokenizers (0.23.3).

NAME.json is a tokenizer.json as the library saves it. NAME.pieces holds, a line an id, the id and
the bytes it stands for in hexadecimal, from the library's own decoder and byte alphabet; then a line
"text" with the bytes of a text and the ids that the library encodes it to. The pieces of those ids
must join to the text (with a space before it where the model's pieces begin words with one). Training
breaks ties by chance, so another run writes other, equally good specimens."""
import json
import os
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = [
    "The cat sat on the mat, and the dog sat on the cat.",
    "Größere Katzen fressen größere Mäuse; naïve façade, déjà vu.",
    "Кошка сидит на коврике, собака сидит на кошке.",
    "猫がマットの上に座った。犬は猫の上に座った。",
    "x = [i * 2 for i in range(10)]\n\tprint(x)\n\n    return x",
    "🙂🙃🙂 smile, 🙂 the cat 🙂.",
] * 3
TEXT = "The naïve cat\n\tsat on 🙂 猫, 12 größere Mäuse — x\u00a0=\u00ad[2]."


def byte_alphabet():
    """byte -> letter, from what the library makes of texts that hold the byte."""
    pre = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    letter = {}
    for code in list(range(0x800)) + list(range(0x800, 0xD800, 64)) + list(range(0xE000, 0x110000, 4096)):
        raw = chr(code).encode()
        for byte, mapped in zip(raw, pre.pre_tokenize_str(chr(code))[0][0], strict=True):
            assert letter.setdefault(byte, mapped) == mapped
    # the bytes that no UTF-8 holds are the letters left over, which are Latin-1
    for mapped in set(pre_tokenizers.ByteLevel.alphabet()) - set(letter.values()):
        letter[ord(mapped)] = mapped
    assert sorted(letter) == list(range(256)) and len(set(letter.values())) == 256
    return {v: k for k, v in letter.items()}


def behind(tok, token_id, before):
    """What the library decodes the token to, behind another one."""
    head = tok.decode([before], skip_special_tokens=False)
    both = tok.decode([before, token_id], skip_special_tokens=False)
    assert both.startswith(head), (head, both)
    return both[len(head):].encode()


def save(name, tok, piece, encode=TEXT, spaced=False):
    path = os.path.join(HERE, name)
    tok.save(path + ".json", pretty=False)
    lines = []
    for piece_text, token_id in sorted(tok.get_vocab(with_added_tokens=True).items(), key=lambda x: x[1]):
        bytes_ = piece(tok, token_id, piece_text)
        lines.append(f"{token_id} {bytes_.replace(bytes(1), '␀'.encode()).hex()}")
    ids = tok.encode(encode, add_special_tokens=False).ids
    lines.append(f"text {((' ' if spaced else '') + encode).encode().hex()} {' '.join(map(str, ids))}")
    with open(path + ".pieces", "w") as f:
        f.write("\n".join(lines) + "\n")


def byte_level():
    """GPT-2 and Llama 3: decoder ByteLevel; pieces hold parts of characters."""
    letters = byte_alphabet()
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(pre_tokenizers_regex(), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tok.add_special_tokens(["<|begin▁of▁text|>", "<|end|>"])
    tok.add_tokens([AddedToken("    ", normalized=False), AddedToken("größere", normalized=False)])
    added = {t.content for t in tok.get_added_tokens_decoder().values()}

    def piece(_, __, text):
        return text.encode() if text in added else bytes(letters[c] for c in text)
    save("bytelevel", tok, piece)
    # a file without a decoder still says how in its pre_tokenizer; older ones do not name the model
    saved = json.loads(tok.to_str())
    del saved["decoder"], saved["model"]["type"]
    with open(os.path.join(HERE, "bytelevel_old.json"), "w", encoding="utf-8") as f:
        json.dump({k: v if k != "model" else dict(v, merges=[], vocab=dict(list(v["vocab"].items())[:300]))
                   for k, v in saved.items() if k != "added_tokens"}, f, ensure_ascii=False)


def pre_tokenizers_regex():
    from tokenizers import Regex
    return Regex(r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")


def llama():
    """Llama 2, Mistral and Gemma: SentencePiece's BPE with bytes to fall back on."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.train_from_iterator(CORPUS[:2] * 9, trainers.BpeTrainer(vocab_size=90, show_progress=False))
    inner = json.loads(trained.to_str())["model"]
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    names += [p for p in inner["vocab"] if p not in names]
    tok = Tokenizer(models.BPE(vocab={n: i for i, n in enumerate(names)}, merges=[tuple(m) for m in inner["merges"]],
                               unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                     decoders.Strip(" ", 1, 0)])
    tok.add_special_tokens(["<unk>", "<s>", "</s>"])
    tok.add_tokens([AddedToken("▁▁▁", normalized=False)])

    def piece(t, token_id, text):
        if text.startswith("<0x"):
            return bytes([int(text[3:5], 16)])
        return behind(t, token_id, t.token_to_id("a"))
    save("llama", tok, piece, spaced=True)


def unigram():
    """T5 and XLM-R: SentencePiece's unigrams, a list of pieces and scores."""
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.NFC()
    tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tok.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tok.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=170, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    save("unigram", tok, lambda t, token_id, _: behind(t, token_id, t.token_to_id("t")),
         encode="The cat sat on größere Mäuse 🙂.", spaced=True)


def wordpiece():
    """BERT."""
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tok.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tok.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tok.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=240, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
    added = {t.content for t in tok.get_added_tokens_decoder().values()}

    # an added token stands for its own letters; the decoder would put a space before it
    def piece(t, token_id, text):
        return text.encode() if text in added else behind(t, token_id, t.token_to_id("c"))
    save("wordpiece", tok, piece, encode="The cat sat on größere Mäuse, 猫", spaced=True)


def wordlevel():
    """Whole words; without a decoder the library joins them with spaces."""
    tok = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tok.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tok.train_from_iterator(CORPUS, trainers.WordLevelTrainer(vocab_size=40, special_tokens=["[UNK]"],
                                                              show_progress=False))
    save("wordlevel", tok, lambda t, token_id, text: text.encode() if text == "[UNK]" else
         behind(t, token_id, t.token_to_id("the")), encode="the cat sat on the", spaced=True)


def clip():
    """CLIP: byte-level, and a mark where a word ends."""
    letters = byte_alphabet()
    tok = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.BPEDecoder(suffix="</w>")
    tok.train_from_iterator(CORPUS[:2], trainers.BpeTrainer(vocab_size=80, end_of_word_suffix="</w>",
                                                            show_progress=False))

    def piece(_, __, text):
        ends = text.endswith("</w>")
        return bytes(letters[c] for c in text.removesuffix("</w>")) + (b" " if ends else b"")
    save("clip", tok, piece, encode="The cat sat on ")


for make in (byte_level, llama, unigram, wordpiece, wordlevel, clip):
    make()
