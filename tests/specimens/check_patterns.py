"""Compares scry's regular expressions, Oniguruma's in PCRE2, with the tokenizers library's on every character that
Python's Unicode knows, alone and in mixed lines.

    python tests/specimens/check_patterns.py ENCODE_LINES

ENCODE_LINES is build/tests/encode_lines (make build/tests/encode_lines). Status 1 when anything differs. An older PCRE2
lacks the characters of a newer Unicode than its own: those of Debian 12 and of its Python are Unicode 14."""

import os
import sys
import tempfile
import unicodedata

from tokenizers import Regex, Tokenizer, models, pre_tokenizers

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_tokenizers
import mixed

PATTERNS = [r"\w+", r"\W+", r"[\w']+|\s", r"\s+", r"\S+", r"[^\s\w]+", r"\d+", r"\b", r"\B.", r"\h+", r"\p{Han}+",
            r"\p{Hiragana}|\p{Katakana}+", r"\P{L}+", r"[^\S\n]+", r"(?i:'s|'t)", r"[[:space:]]+", r"[[:digit:]]{2}+",
            r"[[:cntrl:]]", r"\p{M}+", r"\p{P}", r"\p{S}", r"\p{Lu}\p{Ll}*", r"^.", r".$", r"(?m:.{3})", r".{5}", r"\x{e9}|\u00fc",
            r"\p{N}{1,3}+", r"(?=\d)", r"\p{Arabic}+|\p{Cyrillic}+|\p{Latin}+|\p{Greek}+"]


def characters():
    for begin in range(1, 0x32000, 64):
        yield "".join(chr(c) for c in range(begin, begin + 64) if not 0xd800 <= c < 0xe000 and unicodedata.category(chr(c)) != "Cn")


def main():
    lines = mixed.lines(1500, seed=77) + ["it'\u017f I'K \u212a", "x\u180ey", "a\u200bb"] + list(characters())
    vocabulary = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        for pattern in PATTERNS:
            for behavior in "isolated", "removed":
                # the blank in front of each piece shows where it begins
                tok = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
                tok.pre_tokenizer = pre_tokenizers.Sequence([
                    pre_tokenizers.Split(Regex(pattern), behavior), pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)])
                tok.save(os.path.join(place, "tokenizer.json"))
                print(f"{pattern} {behavior}")
                failed += not check_tokenizers.check(sys.argv[1], os.path.join(place, "tokenizer.json"), lines)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
