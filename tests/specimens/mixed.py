"""Lines of mixed text for tokenizers: prose, code, many scripts, emoji, combining marks, runs of blanks, control
characters, digits, and tokens of chats in the middle. The same on every machine."""

import random
import unicodedata

PROSE = """The residual stream after block L is what the next block reads; it's the sum of all that came before.
We'll say "don't" and 'cause, they've I'd you're she's HE'S DON'T O'Brien rock'n'roll l'été aujourd'hui.
A man, a plan, a canal: Panama!! Wait... what?! (yes) [no] {maybe} <tag/> a_b-c+d=e*f/g\\h|i&j^k~l`m@n#o$p%q
Der schnelle braune Fuchs springt über den faulen Hund; Straße, Größe, Äpfel, naïve café, señor, Ærø, œuvre.
Быстрая коричневая лиса перепрыгивает через ленивую собаку. Ελληνικά: ξεσκεπάζω την ψυχοφθόρα βδελυγμία.
快速的棕色狐狸跳过懒狗。机器学习模型，稀疏自编码器（SAE）！“引号”、顿号；書き方：カタカナとひらがな、漢字。
빠른 갈색 여우가 게으른 개를 뛰어넘는다. नमस्ते दुनिया, यह एक परीक्षण है। สวัสดีชาวโลก ทดสอบ 테스트
مرحبا بالعالم، هذا اختبار. שלום עולם, זוהי בדיקה. Tiếng Việt: Cụ thể, bạn sẽ tham gia. İstanbul ıI ŞşĞğ
1 12 123 1234 12345 1234567890 3.14159 1,000,000 1e-10 0xDEADBEEF ½ ² Ⅷ ٣٤٥ १२३ ①② 第3章 x² H₂O 10% $5.00 €20""".split("\n")

CODE = """def f(x, *args):\n    return [i ** 2 for i in range(x) if i % 3 == 0]\n\n\nclass A:\n\tpass\n
#include <stdio.h>\nint main(void) {\n\tprintf("%d\\n", 42); /* done */\n\treturn 0;\n}\n
const a = async () => { await fetch(`https://example.com/?q=${x}&y=1`); };  // ok\r\n\r\n  let b = a?.b ?? 'c';
<div class="x">&nbsp;<b>bold</b></div>\n<!-- note -->\n
SELECT * FROM t WHERE a >= 10 AND b LIKE '%x%';  -- rows\n
{"key": [1, 2.5e3, null, true], "s": "a\\u00e9\\n"}
$ ls -la /tmp/*.txt | grep -v foo > out.log 2>&1; x=$((x+1))
\\begin{equation} \\frac{\\partial L}{\\partial x_i} = \\sum_{j=1}^{n} w_{ij}^2 \\end{equation}""".split("\n\n")

EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "❤️", "☺", "⚠️", "1️⃣", "🤷🏻‍♀️", "𝒜𝓑", "𠜎", "🫠", "ﷺ", "ﬁ", "Ａ１", "™", "…", "№"]
MARKS = ["e\u0301", "a\u0328\u0301", "q\u0307\u0323", "\u00e9", "n\u0303", "\u1ea5", "\u0344", "\u212b", "\u0915\u093c",
         "\u0e33", "Z\u0351\u036b\u0343", "\u1100\u1161\u11a8", "\uac01", "\u0f71\u0f72", "\u3099\u304b\u3099", "\u200d",
         "\u200c", "\u00ad", "\ufe0f", "\u0130", "\u1e9b\u0323", "\ufb1d", "\u2126", "\u304b\u3099"]
BLANKS = [" ", "  ", "   ", "        ", "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n", " \n", "\n ", "\u00a0", "\u3000", "\u2003",
          "\u200b", "\u180e", "\u0085", "\u2028", "\x0b", "\x0c", "\u1680", "\u202f", "\ufeff", "\u2581", "\u2581\u2581"]
CONTROL = ["\x00", "\x01", "\x07", "\x1b[0m", "\x7f", "\x80", "\x9f", "\u061c", "\ufffd", "\ufffe", "\U0010ffff", "\ue000"]
TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>", "<unk>", "<pad>", "[INST]", "[/INST]", "<|end|>",
          "<bos>", "<start_of_turn>", "<end_of_turn>", "<|eot_id|>", "<|begin_of_text|>", "<0x0A>", "<|im_start", "im_end|>",
          "<mask>", "[MASK]", "▁the", "Ġthe", "<special>", "WORD", "strip", "norm"]
GAPS = ["", " ", "", " ", "  ", "\n", ", ", ". ", "-", "'"]


def anything(rng):
    """Any characters, of planes that Unicode has long assigned."""
    out = []
    for _ in range(rng.randrange(1, 12)):
        low, high = rng.choice([(1, 0x7f), (0x80, 0x24f), (0x250, 0x52f), (0x531, 0x5f4), (0x600, 0x77f), (0x900, 0xdff),
                                (0xe01, 0xe5b), (0x10a0, 0x11ff), (0x1e00, 0x1fff), (0x2000, 0x2bff), (0x3000, 0x30ff),
                                (0x3400, 0x9fa5), (0xac00, 0xd7a3), (0xf900, 0xfad9), (0xff00, 0xffdc), (0x1d400, 0x1d7ff),
                                (0x1f300, 0x1f64f), (0x20000, 0x2a6d6)])
        c = chr(rng.randrange(low, high + 1))
        if unicodedata.category(c) != "Cn":
            out.append(c)
    return "".join(out)


def lines(count=2400, seed=20, chosen=None):
    rng = random.Random(seed)
    words = " ".join(PROSE).split(" ")
    fixed = PROSE + CODE + EMOJI + MARKS + BLANKS + CONTROL + TOKENS + ["", "a" * 300, " " * 200, "ab" * 150, "…" * 70,
            "é" * 90, "x" * 65 + " " + "y" * 64 + " " + "z" * 63, "\n" * 130, "1" * 100, "<s>" * 20, "👨‍👩‍👧‍👦" * 30, "．" * 40]
    kinds = [lambda: rng.choice(words), lambda: rng.choice(words), lambda: " ".join(rng.choices(words, k=6)),
             lambda: rng.choice(PROSE), lambda: rng.choice(CODE), lambda: rng.choice(EMOJI), lambda: rng.choice(MARKS),
             lambda: rng.choice("aeiounA") + rng.choice(MARKS), lambda: rng.choice(BLANKS), lambda: rng.choice(BLANKS),
             lambda: rng.choice(CONTROL), lambda: rng.choice(TOKENS + (chosen or [])), lambda: str(rng.randrange(10 ** rng.randrange(1, 14))),
             lambda: anything(rng), lambda: rng.choice(words).upper(), lambda: "".join(rng.choices("abcxyz '.,!?", k=9))]
    out = list(fixed)
    while len(out) < count:
        out.append("".join(rng.choice(kinds)() + rng.choice(GAPS) for _ in range(rng.randrange(1, 9))))
    return out
