#!/usr/bin/env python3
"""Every format, dtype and layout that scry reads, written by the real libraries in a size that no specimen
has (matrices larger than a megabyte are inflated and sorted in files), and indexed: the index must be, byte
for byte, that of the same numbers in .npy.

Not part of make test: needs numpy, scipy, torch and safetensors.
    python3 tests/specimens/check_formats.py build/scry
"""
import itertools, json, os, shutil, subprocess, sys, tempfile, warnings, zipfile
import numpy as np
import scipy.sparse as sp
import torch
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
SCRY = os.path.abspath(sys.argv[1])
HERE = tempfile.mkdtemp(prefix="scry-formats-")
ROWS, COLS, CONTEXT = 4000, 700, 50
rng = np.random.default_rng(11)
A = rng.integers(-255, 256, (ROWS, COLS)) / 8  # at most 8 bits: every float type holds them
A[rng.random(A.shape) < 0.88] = 0
A[3, COLS - 1] = 2.5  # so that widths that are only inferred are right
A[5] = 0
A = A.astype("f4")
T = torch.from_numpy(A)
FLOATS = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64}
tried = failed = 0


def manifest(files, tensor):
    def capture(a, b):
        c = {"features": files, "rows": [a, b]}
        return {**c, "tensor": tensor} if tensor else c
    return {"scry_study": 1, "pairing": "row", "train": {"base": capture(0, 2000), "icl": capture(2000, 4000)},
            "domains": [{"name": "d", "change": 1, "base": capture(0, 4000), "icl": capture(0, 4000)}]}


def index(folder, out):
    r = subprocess.run([SCRY, "index", "study.json", "-o", out, "--memory", "200M", "--threads", "2"], cwd=folder,
                       capture_output=True, text=True)
    return r.returncode == 0, r.stderr.strip()


# What the numbers should give; manifests are part of an index, so the expected one has the same, whatever
# its files are called: the content says what they are.
def expect(files, tensor):
    folder = os.path.join(HERE, "npy")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    names = files if isinstance(files, list) else [files]
    if tensor or names[0].endswith(".index.json"):
        return None
    cut = np.array_split(np.arange(ROWS), len(names)) if names[0] == "part0" else [np.arange(ROWS)]
    if len(cut) != len(names):
        return None
    for n, c in zip(names, cut):
        with open(os.path.join(folder, n), "wb") as f:
            np.save(f, A[c])
    with open(os.path.join(folder, "study.json"), "w") as f:
        json.dump(manifest(files, tensor), f)
    ok, said = index(folder, "x.scry")
    assert ok, said
    with open(os.path.join(folder, "x.scry"), "rb") as f:
        return f.read()


known, plain = {}, None


def figures(folder):
    """All that the shell says about an index; for manifests that no .npy can have."""
    def said(*words):
        return subprocess.run([SCRY, *words], cwd=folder, capture_output=True, text=True, check=True).stdout
    tokens = "".join(said("tokens", "x.scry", str(j), "--top", "4000", "--csv") for j in range(0, COLS, 50))
    return (said("rank", "x.scry", "--csv", "--top", str(COLS)) + said("score", "x.scry", "--csv", "--top", "50") +
            tokens)


def check(label, write, files="acts", tensor=None):
    global tried, failed, plain
    tried += 1
    folder = os.path.join(HERE, "found")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.chdir(folder)
    write()
    with open("study.json", "w") as f:
        json.dump(manifest(files, tensor), f)
    ok, said = index(folder, "x.scry")
    key = json.dumps([files, tensor])
    if key not in known:
        known[key] = expect(files, tensor)
    if not ok:
        right = False
    elif known[key] is not None:
        right = open("x.scry", "rb").read() == known[key]
    else:
        if plain is None:
            expect("acts", None)
            plain = figures(os.path.join(HERE, "npy"))
        right = figures(folder) == plain
    failed += not right
    if not right or "-v" in sys.argv:
        print("ok" if right else "not ok", "-", label, said if not ok else "")


def saved(save, *a, **k):
    """save(file, ...) to the name acts, which needs no ending."""
    def write():
        with open("acts", "wb") as f:
            save(f, *a, **k)
    return write


def torch_saved(what):
    return lambda: torch.save(what, "acts")


# ---- numpy
for kind, byte, order in itertools.product(["f2", "f4", "f8"], "<>", "CF"):
    a = np.array(A, dtype=byte + kind, order=order)
    check(f"npy {byte}{kind} {order}", saved(np.save, a))
    for name in ["savez", "savez_compressed"]:
        check(f"{name} {byte}{kind} {order}", saved(getattr(np, name), acts=a, ids=np.arange(ROWS)))
for version in [(1, 0), (2, 0), (3, 0)]:
    check(f"npy version {version}", saved(np.lib.format.write_array, A, version))
check("npz chosen", saved(np.savez_compressed, first=A[:9], acts=A), tensor="acts")


def parts():
    for i, c in enumerate(np.array_split(A, 3)):
        with open(f"part{i}", "wb") as f:
            np.save(f, c)


check("three files", parts, ["part0", "part1", "part2"])

# ---- scipy
R = sp.csr_matrix(A)
C = sp.coo_matrix(A)
p = rng.permutation(C.nnz)
twice = rng.permutation(np.repeat(np.arange(C.nnz), 2))
shuffled = R.copy()
for i in range(ROWS):
    a, b = R.indptr[i], R.indptr[i + 1]
    q = rng.permutation(b - a)
    shuffled.indices[a:b], shuffled.data[a:b] = R.indices[a:b][q], R.data[a:b][q]
shuffled.has_sorted_indices = False
zeros = sp.csr_matrix((np.concatenate([R.data, np.zeros(ROWS, "f4")]),
                       (np.concatenate([C.row, np.arange(ROWS)]), np.concatenate([C.col, np.full(ROWS, 7)]))), A.shape)
matrices = {"csr": R, "csc": R.tocsc(), "coo": C, "csr in no order": shuffled, "explicit zeros": zeros,
            "coo in no order": sp.coo_matrix((C.data[p], (C.row[p], C.col[p])), A.shape),
            "coo by column": R.tocsc().tocoo(),
            "coo in halves": sp.coo_matrix((C.data[twice] / 2, (C.row[twice], C.col[twice])), A.shape)}
for (name, m), dtype, wide, packed in itertools.product(matrices.items(), ["f4", "f8"], ["i4", "i8"], [False, True]):
    m = m.astype(dtype)
    for part in ["indices", "indptr", "row", "col"]:
        if hasattr(m, part) and not (m.format == "coo" and part in ("indices", "indptr")):
            setattr(m, part, getattr(m, part).astype(wide))
    check(f"scipy {name} {dtype} {wide} {'deflated' if packed else 'stored'}", saved(sp.save_npz, m, compressed=packed))
for name in ["csr_array", "csc_array", "coo_array"]:
    check(f"scipy {name}", saved(sp.save_npz, getattr(sp, name)(A)))

# ---- torch
big = torch.cat([torch.full((9, COLS), 9.0), T, torch.full((2, COLS), 9.0)])
wide = torch.zeros(ROWS * 2, COLS * 3)
wide[::2, 1::3] = T
for name, dtype in FLOATS.items():
    x = T.to(dtype)
    views = {"contiguous": x, "transposed": x.T.contiguous().T, "slice": big.to(dtype)[9:-2],
             "strided": wide.to(dtype)[::2, 1::3], "parameter": torch.nn.Parameter(x)}
    for view, v in views.items():
        check(f"torch {name} {view}", torch_saved(v))
    check(f"torch {name} dict", torch_saved({"step": 3, "acts": x, "ids": torch.arange(ROWS)}), tensor="acts")
    shared = big.to(dtype)
    check(f"torch {name} shared storage", torch_saved({"all": shared, "acts": shared[9:-2], "t": shared.T}),
          tensor="acts")
    check(f"torch {name} list", torch_saved([x[:700], x[700:701], x[701:].clone()]))
    coo, csr, csc = x.to_sparse_coo().coalesce(), x.to_sparse_csr(), x.to_sparse_csc()
    for kind, s in [("coo", coo), ("csr", csr), ("csc", csc)]:
        check(f"torch {name} {kind}", torch_saved(s))
        check(f"torch {name} {kind} in a dict", torch_saved({"a": {"acts": s}, "n": 1}), tensor="a.acts")
    i, v = coo.indices(), coo.values()
    check(f"torch {name} coo in no order", torch_saved(torch.sparse_coo_tensor(i[:, p], v[p], A.shape)))
    check(f"torch {name} coo in halves",
          torch_saved(torch.sparse_coo_tensor(i[:, twice], v[twice] / 2, A.shape)))
    check(f"torch {name} csr int32", torch_saved(torch.sparse_csr_tensor(
        csr.crow_indices().int(), csr.col_indices().int(), csr.values(), A.shape)))


def deflated(what):
    def write():
        torch.save(what, "stored")
        with zipfile.ZipFile("stored") as z, zipfile.ZipFile("acts", "w", zipfile.ZIP_DEFLATED) as out:
            for i in z.infolist():
                out.writestr(i.filename, z.read(i))
    return write


check("torch deflated", deflated(T))
check("torch deflated coo", deflated(T.to_sparse_coo()))
check("torch deflated csc", deflated(T.to_sparse_csc()))

# ---- safetensors
for name, dtype in FLOATS.items():
    check(f"safetensors {name}", lambda: save_file({"acts": T.to(dtype), "ids": torch.arange(4)}, "acts"))

    def shards():
        weights = {"acts": T.to(dtype), "other": T[:9].clone(), "more": torch.arange(3)}
        where = {"other": "model-00001-of-00002.safetensors", "acts": "model-00002-of-00002.safetensors",
                 "more": "model-00002-of-00002.safetensors"}
        for f in set(where.values()):
            save_file({k: weights[k] for k in weights if where[k] == f}, f)
        with open("acts.safetensors.index.json", "w") as f:
            json.dump({"metadata": {"total_size": 1}, "weight_map": where}, f)

    check(f"sharded safetensors {name}", shards, "acts.safetensors.index.json", "acts")

# ---- top-k pairs, padded with zeros at latent 0, in all types
k = int((A != 0).sum(1).max())
order = np.argsort(-np.abs(A), 1, kind="stable")[:, :k]
acts = np.take_along_axis(A, order, 1)
order[acts == 0] = 0
for whole in [torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32]:
    for name, dtype in FLOATS.items():
        pair = {"top_acts": torch.from_numpy(acts).to(dtype).contiguous(),
                "top_indices": torch.from_numpy(order).to(whole).contiguous()}
        check(f"top-k {whole} {name} safetensors", lambda: save_file(pair, "acts"))
        check(f"top-k {whole} {name} torch",
              torch_saved({"values": pair["top_acts"], "indices": pair["top_indices"]}))
for whole, turn in itertools.product("i2 i4 i8 u2 u4 u8 >i4 >u8".split(), [np.ascontiguousarray, np.asfortranarray]):
    for packed in [np.savez, np.savez_compressed]:
        check(f"top-k {whole} {turn.__name__} {packed.__name__}",
              saved(packed, indices=turn(order.astype(whole)), values=turn(acts)))

# ---- delphi
tokens = torch.arange(ROWS).reshape(-1, CONTEXT)
for whole, name in itertools.product([torch.uint16, torch.uint32, torch.int64, torch.int32], FLOATS):
    def cache(row, col, path):
        where = np.stack([row // CONTEXT, row % CONTEXT, col], 1)
        values = A[row, col + (int(path.split("_")[0]) if "_" in path else 0)]
        save_file({"locations": torch.from_numpy(where).to(whole), "tokens": tokens,
                   "activations": torch.from_numpy(values).to(FLOATS[name])}, path)

    row, col = np.nonzero(A)
    check(f"delphi {whole} {name}", lambda: cache(row, col, "acts"))
    check(f"delphi {whole} {name} in no order", lambda: cache(row[p], col[p], "acts"))

    def splits():
        for a, b in [(0, 250), (250, 251), (251, 700)]:
            r, c = np.nonzero(A[:, a:b])
            cache(r, c, f"{a}_{b - 1}.safetensors")

    names = ["251_699.safetensors", "0_249.safetensors", "250_250.safetensors"]
    check(f"delphi {whole} {name} splits", splits, names)

shutil.rmtree(HERE)
print(f"{tried} files, {failed} index to something else than .npy")
sys.exit(failed != 0)
