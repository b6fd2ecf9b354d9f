"""What transformers makes of a language model in float32, for the bench's comparison.

    model_reference.py forward MODEL FOLDER IDS SEQUENCES THREADS
    model_reference.py capture MODEL FOLDER ordinary|careful LAYER THREADS STUDY

forward: all blocks, without the output matrix, of the token ids in IDS (int32, SEQUENCES of equal length), as one batch;
the stream after the last block goes to FOLDER/forward.f32. capture: the stream after block LAYER of the texts in
FOLDER/NAME.jsonl, alone and with those of FOLDER/NAME.demos.jsonl in front, as files in FOLDER, for every NAME there.
ordinary: in the order of the file, padded batches of 8, all hidden states. careful: sorted by length, and a hook on the
block ends the pass. Afterwards the captures of STUDY are compared with them. Prints JSON: the seconds of the work
itself, without imports and opening the model, and the largest deviation of a row relative to its root
mean square (forward), or in steps of F16 at its largest number (capture).
"""
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import load_file

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
BATCH = 8


class Reached(Exception):
    pass


def open_model(path, threads):
    torch.set_num_threads(int(threads))
    return transformers.AutoModel.from_pretrained(path, dtype=torch.float32).eval()


def forward(path, folder, ids, sequences, threads):
    model = open_model(path, threads)
    batch = torch.tensor(np.fromfile(ids, dtype=np.int32).reshape(int(sequences), -1), dtype=torch.long)
    kept = []
    model.layers[-1].register_forward_hook(lambda m, args, out: kept.append(out[0] if isinstance(out, tuple) else out))
    seconds = []
    with torch.inference_mode():
        model(batch[:, :64], use_cache=False)
        for _ in range(2):
            kept.clear()
            start = time.perf_counter()
            model(batch, use_cache=False)
            seconds.append(time.perf_counter() - start)
    kept[0].contiguous().numpy().tofile(f"{folder}/forward.f32")
    return {"seconds": min(seconds)}


def texts(path):
    return [json.loads(line)["text"] for line in open(path)]


def batches(items, pad):
    for i in range(0, len(items), BATCH):
        part = items[i : i + BATCH]
        width = max(len(ids) for ids, _, _ in part)
        batch = torch.full((len(part), width), pad, dtype=torch.long)
        mask = torch.zeros_like(batch)
        for k, (ids, _, _) in enumerate(part):
            batch[k, : len(ids)] = torch.tensor(ids)
            mask[k, : len(ids)] = 1
        yield part, batch, mask


def stream(model, layer, batch, mask, careful):
    if not careful:
        return model(input_ids=batch, attention_mask=mask, use_cache=False, output_hidden_states=True).hidden_states[
            layer + 1]
    try:
        model(input_ids=batch, attention_mask=mask, use_cache=False)
    except Reached as reached:
        return reached.args[0]


def capture(path, folder, manner, layer, threads, study):
    model, layer, careful = open_model(path, threads), int(layer), manner == "careful"
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    if careful:

        def stop(module, args, out):
            raise Reached(out[0] if isinstance(out, tuple) else out)

        model.layers[layer].register_forward_hook(stop)
    encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
    names = sorted(p.name.removesuffix(".demos.jsonl") for p in Path(folder).glob("*.demos.jsonl"))
    captured, tokens = {}, 0
    start = time.perf_counter()
    with torch.inference_mode():
        for name in names:
            demos = sum((encode(text + "\n\n") for text in texts(f"{folder}/{name}.demos.jsonl")), [])
            own = [encode(text) for text in texts(f"{folder}/{name}.jsonl")]
            for condition, front in (("base", []), ("icl", demos)):
                items = [(front + ids, len(ids), i) for i, ids in enumerate(own)]
                tokens += sum(len(ids) for ids, _, _ in items)
                rows = [None] * len(items)
                if careful:
                    items.sort(key=lambda item: len(item[0]))
                for part, batch, mask in batches(items, tokenizer.pad_token_id or 0):
                    x = stream(model, layer, batch, mask, careful)
                    for k, (ids, count, i) in enumerate(part):
                        rows[i] = x[k, len(ids) - count : len(ids)].to(torch.float16).numpy()
                captured[f"{name}.{condition}"] = np.concatenate(rows)
    seconds = time.perf_counter() - start
    worst = 0.0
    for name, expected in captured.items():
        found = load_file(f"{study}/acts/{name}.safetensors")["residual"].astype(np.float64)
        expected = expected.astype(np.float64)
        assert found.shape == expected.shape, (name, found.shape, expected.shape)
        step = 2.0 ** (np.floor(np.log2(np.abs(expected).max(1))) - 10)  # of F16, at the row's largest number
        worst = max(worst, float((np.abs(found - expected).max(1) / step).max()))
    rows = sum(len(x) for x in captured.values())
    return {"seconds": seconds, "deviation": worst, "tokens": tokens, "rows": rows}


print(json.dumps({"forward": forward, "capture": capture}[sys.argv[1]](*sys.argv[2:])))
