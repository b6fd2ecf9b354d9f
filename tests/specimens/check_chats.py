"""Compares scry's chats with transformers' apply_chat_template: 600 conversations for each template.

    python tests/specimens/check_chats.py RENDER_CHATS TEMPLATES

RENDER_CHATS is build/tests/render_chats (make build/tests/render_chats); TEMPLATES as for make_chats.py. Status 1 when
anything differs."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_chats

VOCABULARY = {"added_tokens": [], "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}


def check(program, folder, name):
    tok = make_chats.renderer(folder, name)
    place = tempfile.mkdtemp()
    bos, eos = make_chats.SPECIAL.get(name, ("<s>", "</s>"))
    json.dump(VOCABULARY, open(os.path.join(place, "tokenizer.json"), "w"))
    json.dump({"bos_token": bos, "eos_token": {"content": eos}}, open(os.path.join(place, "tokenizer_config.json"), "w"))
    open(os.path.join(place, "chat_template.jinja"), "w", encoding="utf-8").write(tok.chat_template)
    cases = list(make_chats.conversations(600, seed=9))
    lines = "".join(json.dumps({"messages": m, "answer": a}) + "\n" for m, a in cases)
    said = subprocess.run([program, place], input=lines, capture_output=True, text=True)
    shutil.rmtree(place)
    if said.returncode:
        print(f"not ok - {name}: {said.stderr.strip()}")
        return False
    wrong = refused = left = 0
    for (messages, answer), row in zip(cases, said.stdout.split("\n")):
        text, found = make_chats.render(tok, messages, answer), json.loads(row)
        if text is not None and make_chats.refused_here(name, messages):
            left += 1
            text = None
        refused += text is None
        if (text is None) != isinstance(found, dict) or (text is not None and text != found):
            wrong += 1
            if wrong <= 3:
                print(f"    {messages}\n    expected {text!r}\n    found    {found!r}")
    print(f"{'not ok' if wrong else 'ok'} - {name}: {len(cases)} conversations, {wrong} differ, {refused} refused"
          + (f" ({left} of them by scry alone)" if left else ""))
    return not wrong


results = [check(sys.argv[1], sys.argv[2], name) for name in make_chats.MARKS]
sys.exit(0 if all(results) else 1)
