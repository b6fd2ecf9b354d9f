"""Checks the twin against numpy: check_twin.py STUDY.json TWIN_BINARY

The study's figures, and those of small random studies (both kinds of capture,
every dtype, shards, the three pairings, skip_first, exclude, shuffled samples),
are computed once more in vectorised float64 numpy and compared to 1e-9.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np

TOLERANCE = 1e-9
METRICS = ["sq", "abs", "mean", "rate", "d"]


# ---- reading ---------------------------------------------------------------


def tensors_of(path):
    with open(path, "rb") as f:
        raw = f.read()
    (n,) = struct.unpack("<Q", raw[:8])
    out = {}
    for name, item in json.loads(raw[8 : 8 + n]).items():
        if name == "__metadata__":
            continue
        a, b = item["data_offsets"]
        data = raw[8 + n + a : 8 + n + b]
        if item["dtype"] == "BF16":
            wide = np.frombuffer(data, "<u2").astype("<u4") << 16
            values = wide.view("<f4")
        else:
            values = np.frombuffer(data, {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[item["dtype"]])
        out[name] = values.astype(np.float64).reshape(item["shape"])
    return out


def matrix_of(path, name, kind):
    if path.endswith(".npy"):
        return np.load(path).astype(np.float64)
    tensors = tensors_of(path)
    if name is None:
        name = kind if len(tensors) > 1 else next(iter(tensors))
    return tensors[name]


class Capture:
    def __init__(self, folder, sae, spec):
        kind = "residual" if "residual" in spec else "features"
        files = spec[kind] if isinstance(spec[kind], list) else [spec[kind]]
        x = np.concatenate([matrix_of(os.path.join(folder, f), spec.get("tensor"), kind) for f in files])
        if "rows" in spec:
            x = x[spec["rows"][0] : spec["rows"][1]]
        if kind == "residual":
            x = np.maximum((x - sae["minus"]) @ sae["W_enc"] + sae["b_enc"], 0)
        self.h = x
        self.has_tokens = "tokens" in spec
        if self.has_tokens:
            with open(os.path.join(folder, spec["tokens"]), encoding="utf-8") as f:
                lines = [json.loads(line) for line in f if line.strip()]
        else:
            lines = [{"id": "", "tokens": [""] * len(x)}]
        self.ids = [line["id"] for line in lines]
        self.tokens = [line["tokens"] for line in lines]
        lengths = [len(t) for t in self.tokens]
        self.sample = np.repeat(np.arange(len(lengths)), lengths)
        self.position = np.concatenate([np.arange(n) for n in lengths]).astype(int)
        self.start = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
        words = np.array([w in spec.get("exclude", []) for t in self.tokens for w in t], bool)
        self.kept = (self.position >= spec.get("skip_first", 0)) & ~words
        assert len(self.kept) == len(x)


# ---- figures ---------------------------------------------------------------


def mean_of(x):
    """from the first row on, so that the mean of equal numbers is that number"""
    return x[0] + (x - x[0]).mean(axis=0)


def means_by_sample(c):
    return {
        c.ids[s]: mean_of(c.h[(c.sample == s) & c.kept])
        for s in range(len(c.ids))
        if ((c.sample == s) & c.kept).any()
    }


def paired(a, b, pairing):
    """two matrices row by row, and the two that firing rates are taken from"""
    pairing = pairing or ("token" if a.has_tokens and b.has_tokens else "row")
    if pairing == "sample":
        u, v = means_by_sample(a), means_by_sample(b)
        ids = [i for i in a.ids if i in u and i in v]
        return np.array([u[i] for i in ids]), np.array([v[i] for i in ids]), a.h[a.kept], b.h[b.kept]
    if pairing == "row":
        n = min(len(a.h), len(b.h))
        ra = rb = np.arange(n)
    else:
        place = {name: s for s, name in enumerate(b.ids)}
        ra = np.arange(len(a.h))
        rb = np.array([b.start[place[a.ids[s]]] + p for s, p in zip(a.sample, a.position)])
    both = a.kept[ra] & b.kept[rb]
    x, y = a.h[ra[both]], b.h[rb[both]]
    return x, y, x, y


def shifts(a, b, pairing):
    x, y, fx, fy = paired(a, b, pairing)
    mean = y[0] - x[0] + (y - y[0] - (x - x[0])).mean(axis=0)
    deviation = np.sqrt(((x - x[0]).var(axis=0) + (y - y[0]).var(axis=0)) / 2)
    size = np.abs(x).mean(axis=0) + np.abs(y).mean(axis=0)
    nx, ny = len(fx), len(fy)
    figures = {
        "sq": ((y - x) ** 2).mean(axis=0),
        "abs": np.abs(y - x).mean(axis=0),
        "mean": mean,
        "rate": ((fy > 0).sum(axis=0) * nx - (fx > 0).sum(axis=0) * ny) / (nx * ny),
        "d": np.divide(mean, deviation, out=np.zeros_like(mean), where=deviation > 0),
    }
    # a difference of means is as exact as the means it is made of
    sizes = {m: np.zeros_like(size) for m in METRICS}
    sizes["mean"] = size
    sizes["d"] = np.divide(size, deviation, out=np.zeros_like(size), where=deviation > 0)
    return figures, sizes


def ordered(shift):
    return np.lexsort((np.arange(len(shift)), -np.abs(shift)))


def line(x, y):
    if len(x) < 2 or np.ptp(x) == 0:
        return {"pearson": None, "slope": None, "intercept": None}
    slope, intercept = np.polynomial.Polynomial.fit(x, y, 1).convert(domain=[-1, 1]).coef[::-1]
    pearson = None if np.ptp(y) == 0 else np.corrcoef(x, y)[0, 1]
    return {"pearson": pearson, "slope": slope, "intercept": intercept}


# ---- comparing -------------------------------------------------------------

worst = 0.0
compared = 0
failures = []


def same(what, found, expected, scale=0.0):
    global worst, compared
    compared += 1
    if found is None or expected is None:
        if found is not expected:
            failures.append(f"{what}: {found}, numpy {expected}")
        return
    size = max(abs(expected), scale)
    error = abs(found - expected) / size if size else abs(found - expected)
    worst = max(worst, error)
    if not error <= TOLERANCE:
        failures.append(f"{what}: {found!r}, numpy {expected!r}")


def equal(what, found, expected):
    global compared
    compared += 1
    if found != expected:
        failures.append(f"{what}: {found!r}, numpy {expected!r}")


def check(study_path, binary):
    begun = time.time()
    run = subprocess.run([binary, study_path], capture_output=True, text=True, encoding="utf-8")
    seconds = time.time() - begun
    name = os.path.basename(os.path.dirname(os.path.abspath(study_path)))
    if run.returncode != 0:
        failures.append(f"{name}: exit {run.returncode}: {run.stderr.strip()}")
        return None, seconds
    twin = json.loads(run.stdout)

    with open(study_path, encoding="utf-8") as f:
        study = json.load(f)
    folder = os.path.dirname(os.path.abspath(study_path))
    sae = None
    if "sae" in study:
        with open(os.path.join(folder, study["sae"], "cfg.json"), encoding="utf-8") as f:
            cfg = json.load(f)
        sae = tensors_of(os.path.join(folder, study["sae"], "sae_weights.safetensors"))
        sae["minus"] = sae["b_dec"] * cfg.get("apply_b_dec_to_input", True)

    def capture(spec):
        return Capture(folder, sae, spec)

    pairing, train, domains = study.get("pairing"), study["train"], study["domains"]
    sources = [s for s in ("icl", "sft", "rl") if s in train]
    equal(f"{name}: sources", list(twin["shift"]), sources)
    base = capture(train["base"])
    equal(f"{name}: latents", twin["latents"], base.h.shape[1])
    orders, captures = {}, {"train.base": base}
    for source in sources:
        captures["train." + source] = capture(train[source])
        expected, sizes = shifts(base, captures["train." + source], pairing)
        for metric in METRICS:
            what = f"{name} {source} {metric}"
            order, top = ordered(expected[metric]), twin["shift"][source][metric]["top"]
            equal(f"{what}: length", len(top), min(200, len(order)))
            equal(f"{what}: no latent twice", len({t["latent"] for t in top}), len(top))
            for rank, t in enumerate(top):
                own = expected[metric][t["latent"]]
                same(f"{what} latent {t['latent']}", t["shift"], own, sizes[metric][t["latent"]])
                if t["latent"] != order[rank]:  # only where two are equal to within the tolerance
                    same(f"{what} rank {rank}", abs(own), abs(expected[metric][order[rank]]), sizes[metric][t["latent"]])
            if metric in ("sq", "rate"):
                equal(f"{what}: order of the first 100", [t["latent"] for t in top[:100]], order[:100].tolist())
        same(f"{name} {source} total", twin["total_sq"][source], expected["sq"].sum())
        orders[source] = ordered(expected["sq"])

    contributions = {"act": {}, "act2": {}, "icl": {}}
    for i, d in enumerate(domains):
        own = capture(d["base"])
        contributions["act"][d["name"]] = own.h[own.kept].mean(axis=0)
        contributions["act2"][d["name"]] = (own.h[own.kept] ** 2).mean(axis=0)
        if i == 0:
            captures[d["name"]] = own
        if "icl" in d:
            other = capture(d["icl"])
            x, y, _, _ = paired(own, other, pairing)
            contributions["icl"][d["name"]] = ((y - x) ** 2).mean(axis=0)
            if i == 0:
                captures[d["name"] + ".icl"] = other

    change = {d["name"]: d["change"] for d in domains if "change" in d}
    for source in sources:
        chosen = orders[source][:100]
        for score, by_domain in contributions.items():
            what = f"{name} by {source} score {score}"
            found = twin["scores"][source][score]
            expected = {n: (c[chosen].mean() if score == "act2" else c[chosen].sum()) for n, c in by_domain.items()}
            equal(f"{what}: domains", list(found["domains"]), list(expected))
            for n, value in expected.items():
                same(f"{what} {n}", found["domains"].get(n), value)
            every = [n for n in expected if n in change]
            by_size = sorted(every, key=lambda n: -abs(change[n]))
            extremes = by_size if len(every) <= 8 else by_size[:4] + by_size[-4:]
            for key, names in (("all", every), ("extremes4", extremes)):
                x, y = np.array([expected[n] for n in names]), np.array([change[n] for n in names])
                equal(f"{what} {key}: n", found[key]["n"], len(names))
                for sign, values in (("absolute", np.abs(y)), ("signed", y)):
                    for part, value in line(x, values).items():
                        same(f"{what} {key} {sign} {part}", found[key][sign][part], value)

    for entry in twin["tokens"]:
        c, latent = captures[entry["capture"]], entry["latent"]
        what = f"{name} tokens {entry['capture']} {latent}"
        h = np.where(c.kept, c.h[:, latent], 0)
        best = np.lexsort((c.position, c.sample, -h))[:10]
        best = best[h[best] > 0]
        equal(f"{what}: length", len(entry["examples"]), len(best))
        for e, r in zip(entry["examples"], best):
            s, p = int(c.sample[r]), int(c.position[r])
            same(f"{what}", e["activation"], h[r])
            equal(f"{what}", [e["sample"], e["sample_index"], e["position"], e["token"]], [c.ids[s], s, p, c.tokens[s][p]])
    return twin, seconds


# ---- small random studies ----------------------------------------------------


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, (dtype, x) in tensors.items():
        if dtype == "BF16":
            raw = (np.ascontiguousarray(x, "<f4").view("<u4") >> 16).astype("<u2").tobytes()
        else:
            raw = x.astype({"F16": "<f2", "F32": "<f4", "F64": "<f8"}[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def random_study(folder, seed, pairing, latents, sae=False):
    rng = np.random.default_rng(seed)
    width = 24 if sae else latents
    words = ["<|begin_of_text|>", " a", " b", "\n", " \u00e9t\u00e9", '"', " then"]
    count = iter(range(1000))

    def matrix(rows):
        if sae:
            return rng.normal(size=(rows, width))
        x = np.maximum(rng.normal(-0.5, 1, (rows, width)) * rng.uniform(0.1, 3, width), 0)
        x[:, 0] = 0  # never fires
        x[:, 1] = 0.1  # always the same
        x[:, 2] = np.round(x[:, 2])  # ties
        return x

    def put(x):
        """one or two files of any dtype"""
        kind = "residual" if sae else "features"
        files = []
        cuts = [0, len(x) // 3, len(x)] if rng.random() < 0.4 else [0, len(x)]
        for a, b in zip(cuts, cuts[1:]):
            n = next(count)
            dtype = str(rng.choice(["F16", "BF16", "F32", "F64"]))
            if rng.random() < 0.5:
                files.append(f"{n}.npy")
                kinds = {"F16": "<f2", "BF16": "<f4", "F32": "<f4", "F64": "<f8"}
                np.save(os.path.join(folder, files[-1]), x[a:b].astype(kinds[dtype]))
            else:
                files.append(f"{n}.safetensors")
                other = {"elsewhere": ("F32", np.zeros((2, 2)))} if rng.random() < 0.5 else {}
                write_safetensors(os.path.join(folder, files[-1]), {**other, kind: (dtype, x[a:b])})
        return {kind: files if len(files) > 1 or rng.random() < 0.3 else files[0]}

    def put_tokens(samples):
        name = f"{next(count)}.jsonl"
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            for key, tokens in samples:
                f.write(json.dumps({"id": key, "tokens": tokens, "text": "kept"}) + "\n")
        return {"tokens": name, "skip_first": int(rng.integers(0, 3)), "exclude": ["<|begin_of_text|>", '"']}

    def group(name, n, parts):
        samples = [(f"{name}-{i}", [words[0]] + [str(w) for w in rng.choice(words[1:], rng.integers(2, 14))]) for i in range(n)]
        out = {}
        for part in parts:
            own = [samples[i] for i in rng.permutation(n)] if part != "base" else samples
            if pairing != "token" and part != "base":  # other lengths, and ids without a partner
                own = [(key, tokens + ["\n"] * int(rng.integers(0, 4))) for key, tokens in own[1:]]
                own.append((f"{name}-only-{part}", [" a", " b", " then"]))
            spec = put(matrix(sum(len(t) for _, t in own)))
            out[part] = {**spec, **put_tokens(own)}
            if pairing is None:
                del out[part]["tokens"], out[part]["skip_first"], out[part]["exclude"]
        return out

    study = {"scry_study": 1, "name": "random", "domains": []}
    if pairing:
        study["pairing"] = pairing
    if sae:
        os.mkdir(os.path.join(folder, "sae"))
        with open(os.path.join(folder, "sae", "cfg.json"), "w") as f:
            json.dump({"architecture": "standard", "activation_fn_str": "relu", "apply_b_dec_to_input": bool(seed % 2)}, f)
        write_safetensors(
            os.path.join(folder, "sae", "sae_weights.safetensors"),
            {
                "W_enc": ("F32", rng.normal(size=(width, latents)) / 5),
                "b_enc": ("F32", rng.normal(size=latents) / 5 - 0.3),
                "W_dec": ("F32", rng.normal(size=(latents, width))),
                "b_dec": ("BF16", rng.normal(size=width)),
            },
        )
        study["sae"] = "sae"
    study["train"] = {"name": "t", **group("t", 11, ["base", "icl", "sft"] + ["rl"] * (seed % 2))}
    for i in range(3 + seed % 9):
        d = {"name": f"domain {i}", **group(f"d{i}", 5, ["base"] + ["icl"] * (i != 2))}
        if i != 1:
            d["change"] = float(np.round(rng.normal(-3, 5), 2))
        study["domains"].append(d)
    path = os.path.join(folder, "study.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(study, f)
    return path


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: check_twin.py STUDY.json TWIN_BINARY")
    binary = os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as top:
        seed = 0
        for pairing in ("token", "sample", "row", None):
            for sae in (False, True):
                for latents in (7, 64, 150):
                    folder = os.path.join(top, f"seed{seed}-{pairing}-{'residual' if sae else 'features'}-{latents}")
                    os.mkdir(folder)
                    check(random_study(folder, seed, pairing, latents, sae), binary)
                    seed += 1
    print(f"{seed} random studies, {compared} comparisons, largest relative difference {worst:.2g}")
    twin, seconds = check(sys.argv[1], binary)
    print(f"with {sys.argv[1]}: {compared} comparisons, largest relative difference {worst:.2g}; the twin took {seconds:.1f} s")
    if twin:
        for source, by in twin["scores"].items():
            for score in ("act", "act2", "icl"):
                figures = [
                    f"{key} {sign} {by[score][key][sign]['pearson']}"
                    for key in ("all", "extremes4")
                    for sign in ("absolute", "signed")
                ]
                print(f"rho by {source}, score {score}: " + ", ".join(figures))
    for failure in failures[:20]:
        print("FAILED", failure)
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
