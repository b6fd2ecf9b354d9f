#!/usr/bin/env python3
"""Writes the label specimens. Needs numpy, and sae-dashboard (0.8.0; --no-deps is enough) for the
classes that its batches are written with.

dashboard/batch-N.json    as SAEDashboard's neuronpedia_runner: NeuronpediaDashboardBatch through json
neuronpedia/batch-N.jsonl as Neuronpedia's export-data.py: its columns, json.dumps a row, rows in the
                          order of the index as text; batch-1 is gzip'd as it is published
features.jsonl            the same for its table of features (tokens, no explanation)
"""
import gzip
import importlib.util
import json
import math
import os
import shutil
import sysconfig

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def dashboard_classes():
    # by its path: the package itself loads a model library
    path = os.path.join(os.environ.get("SITE", sysconfig.get_paths()["purelib"]),
                        "sae_dashboard/neuronpedia/neuronpedia_dashboard.py")
    spec = importlib.util.spec_from_file_location("neuronpedia_dashboard", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(o):  # what the runner's NpEncoder does
    if isinstance(o, np.integer):
        return int(o)
    if isinstance(o, np.floating):
        return float(o)
    return o.tolist()


def feature(module, index, pos_str, activations):
    rng = np.random.default_rng(index)
    return module.NeuronpediaDashboardFeature(
        feature_index=index,
        neuron_alignment_indices=[1, 2, 3], neuron_alignment_values=[0.1, 0.2, 0.3], neuron_alignment_l1=[0.0] * 3,
        neg_str=[" zero", "\n", "<0x0A>"], neg_values=list(np.round(rng.normal(size=3), 3)),
        pos_str=pos_str, pos_values=[-10000.0 if not pos_str else 1.0] * len(pos_str),
        frac_nonzero=math.nan if index == 3 else float(rng.random()),
        freq_hist_data_bar_values=[math.inf, -math.inf, 0.5], freq_hist_data_bar_heights=[1.0, 2.0, 3.0],
        n_prompts_total=24576, n_tokens_in_prompt=128, dataset="monology/pile-uncopyrighted",
        activations=activations, decoder_weights_dist=[math.nan], vector=[])


def dashboard():
    module = dashboard_classes()
    top = {"bin_min": -1, "bin_max": 3.5, "bin_contains": -1, "tokens": ["<0x0A>", "\u0120the", "\u2581cat", "\u0000"],
           "values": [0.0, 1.25, math.nan, 0.0], "qualifying_token_index": 1}
    interval = dict(top, bin_min=0.7, bin_max=1.4, bin_contains=0.02)
    batches = [
        [feature(module, 0, [" the", " a", "\u0120of", " never"], [top, interval]),
         feature(module, 3, ["\u2581Katze", "\u2581\u2581", "🙂"], []),
         feature(module, np.int64(5), ["one"], [top])],
        [feature(module, 11, ["\n", "\"quoted\" \\ ", "été"], [top]),
         feature(module, 12, [], []),
         feature(module, 900, [" beyond"], [])],
    ]
    folder = os.path.join(HERE, "dashboard")
    os.makedirs(folder, exist_ok=True)
    for i, features in enumerate(batches):
        batch = module.NeuronpediaDashboardBatch(model_id="gpt2-small", layer=6, sae_set="res-jb")
        batch.features = features
        with open(os.path.join(folder, f"batch-{i}.json"), "w") as f:
            f.write(json.dumps(batch.to_dict(), default=plain))
    with open(os.path.join(folder, "skipped_indexes.json"), "w") as f:
        json.dump({"model_id": "gpt2-small", "layer": "6", "sae_set": "res-jb", "skipped_indexes": [1, 2, 4]}, f)


def explanation(index, description, model="gpt-4o-mini"):
    return {"id": f"cly{index}", "modelId": "gemma-2-2b", "layer": "25-res-jh", "index": index, "authorId": None,
            "description": description, "embedding": [0.25, math.nan], "typeName": "oai_token-act-pair",
            "explanationModelName": model, "umap_x": 0.0, "umap_y": -math.inf, "umap_cluster": 0,
            "umap_log_feature_sparsity": math.inf}


def write_rows(file, rows):
    file.write("".join(json.dumps(row) + "\n" for row in rows))


def neuronpedia():
    folder = os.path.join(HERE, "neuronpedia")
    os.makedirs(folder, exist_ok=True)
    no_index = explanation("7", "nobody's")
    del no_index["index"]
    rows = [explanation("0", "words about cats"), explanation("10", "line one\nline two"),
            explanation("10", "newlines", "claude-3-5-sonnet"), explanation("100", "beyond the last latent"),
            explanation("2", " naïve “quotes” and 🙂 "), explanation(3, "index as a number"), no_index]
    with open(os.path.join(folder, "batch-0.jsonl"), "w") as f:
        write_rows(f, rows)
    rows = [explanation("2", "a second text"), explanation("0", "words about cats"), explanation("4", ""),
            explanation("5", None), explanation("6", "nul\u0000 inside, half a pair \ud83d")]
    with open(os.path.join(folder, "batch-1.jsonl.gz"), "wb") as raw:
        with gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
            f.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    with open(os.path.join(HERE, "features.jsonl"), "w") as f:
        write_rows(f, [{"modelId": "gemma-2-2b", "layer": "25-res-jh", "index": str(i), "maxActApprox": 1.5,
                        "frac_nonzero": math.nan, "neg_str": [], "neg_values": [], "pos_str": tokens,
                        "pos_values": [-10000] * len(tokens), "vector": [], "hasVector": False}
                       for i, tokens in ((1, ["\u2581deux", "zwei"]), (0, [" one"]))])


shutil.rmtree(os.path.join(HERE, "dashboard"), ignore_errors=True)
shutil.rmtree(os.path.join(HERE, "neuronpedia"), ignore_errors=True)
dashboard()
neuronpedia()
