"""Compares scry's encoder with Hugging Face's tokenizers: ids, and where each token ends.

    python tests/specimens/check_tokenizers.py ENCODE_LINES FILE_OR_FOLDER...

ENCODE_LINES is build/tests/encode_lines (make build/tests/encode_lines). Every tokenizer.json named, or found below a
folder that is named, is tried on the same lines (mixed.py); the counts are printed. Status 1 when anything differs.
SPEED=1 also prints tokens a second of both, on one thread."""

import json
import os
import subprocess
import sys
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tokenizers

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mixed


def found(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, _, names in os.walk(path):
            if "tokenizer.json" in names:
                yield os.path.join(folder, "tokenizer.json")


def byte_ends(text, offsets):
    """The ends of character offsets, in bytes."""
    at, ends = [0], []
    for c in text:
        at.append(at[-1] + len(c.encode()))
    return [at[end] for _, end in offsets]


def expected(tok, text):
    e = tok.encode(text, add_special_tokens=False)
    return e.ids, byte_ends(text, e.offsets)


def letters():
    """GPT-2's byte-level alphabet: the letter of each byte."""
    own = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    rest = [b for b in range(256) if b not in own]
    return {**{b: chr(b) for b in own}, **{b: chr(256 + i) for i, b in enumerate(rest)}}


def drops(data, text):
    """Whether the model has no token for a byte of the text and leaves it out: the library's offsets behind it in the
    word are then too small."""
    model = data["model"]
    if "ByteLevel" not in json.dumps(data["pre_tokenizer"]) or model.get("unk_token") or model.get("byte_fallback"):
        return False
    return any(LETTERS[b] not in model["vocab"] for b in text.encode())


LETTERS = letters()


def speed(program, path, tok, lines):
    begin = time.monotonic()
    count = sum(len(tok.encode(line, add_special_tokens=False).ids) for line in lines)
    seconds = time.monotonic() - begin
    data = "".join(json.dumps(line) + "\n" for line in lines)
    ours = subprocess.run([program, path, "3"], input=data, capture_output=True, text=True, check=True).stdout.split()
    print(f"    {count / seconds / 1e6:.2f} M tokens/s tokenizers, {int(ours[0]) / float(ours[1]) / 1e6:.2f} M tokens/s scry")


def check(program, path, lines):
    try:
        tok = tokenizers.Tokenizer.from_file(path)
    except Exception as why:
        print(f"skip - {path}: tokenizers cannot read it: {why}")
        return True
    data = json.loads(tok.to_str())
    # ByteLevel's post-processor takes blanks out of offsets: not wanted here
    data["post_processor"] = data["truncation"] = data["padding"] = None
    tok = tokenizers.Tokenizer.from_str(json.dumps(data))
    said = subprocess.run([program, path], input="".join(json.dumps(line) + "\n" for line in lines),
                          capture_output=True, text=True)
    if said.returncode:
        print(f"not ok - {path}: {said.stderr.strip()}")
        return False
    rows = said.stdout.split("\n")
    wrong = ends = dropped = shown = 0
    for line, row in zip(lines, rows):
        ids, at = expected(tok, line)
        pairs = [] if row.startswith("error") else [p.split(":") for p in row.split()]
        ours, ours_at = [int(p[0]) for p in pairs], [int(p[1]) for p in pairs]
        if row.startswith("error") or ours != ids:
            wrong += 1
        elif ours_at != at and drops(data, line):
            dropped += 1
            continue
        elif ours_at != at:
            ends += 1
        else:
            continue
        if shown < int(os.environ.get("SHOW", 3)):
            shown += 1
            print(f"    {line[:300]!r}\n    expected {ids[:60]} {at[:60]}\n    found    {row[:600]}")
    ok = not wrong and not ends
    print(f"{'ok' if ok else 'not ok'} - {path}: {len(lines)} lines, {wrong} with other ids, {ends} with other ends"
          + (f" ({dropped} with bytes that the vocabulary lacks)" if dropped else ""))
    if os.environ.get("SPEED"):
        speed(program, path, tok, [line for line in lines if line] * 5)
    return ok


def main():
    lines = mixed.lines()
    results = [check(sys.argv[1], path, lines) for path in found(sys.argv[2:])]
    print(f"{sum(results)} of {len(results)} tokenizers agree")
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
