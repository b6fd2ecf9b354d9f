#!/usr/bin/env python3
"""Writes tests/specimens/formats with the real libraries: numpy, scipy, torch, safetensors.

Not part of make test: the files are kept. Run it again only to add one:
    python3 tests/specimens/make_formats.py
list.tsv says, a line a specimen: files (joined by +), tensor ("-" for none), what its rows equal.
"""
import collections, io, json, os, pickle, shutil, struct, warnings, zipfile
import numpy as np
import scipy.sparse as sp
import torch
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "formats")
shutil.rmtree(HERE, ignore_errors=True)
os.makedirs(HERE)
os.chdir(HERE)
lines = []


def same(files, equals="a.npy", tensor="-"):
    lines.append(f"{files}\t{tensor}\t{equals}")


# A [24, 10]: eighths of at most 8 bits, so that every float format holds them; half are zeros.
rng = np.random.default_rng(7)
A = rng.integers(-255, 256, (24, 10)) / 8
A[rng.random(A.shape) < 0.5] = 0
A[0, 9] = 3.5
A = A.astype("f4")
A[5] = 0  # a row without entries
np.save("a.npy", A)
np.save("a_rows_3_to_15.npy", A[3:15])
np.save("a_every_second.npy", np.ascontiguousarray(A[::2, 1:8:3]))
np.save("a_row_2_five_times.npy", np.repeat(A[2:3], 5, 0))
same("a.npy")
T = torch.from_numpy(A.copy())

# ---- .npy
for name, dtype, order in [("f2", "<f2", "C"), ("f8", "<f8", "C"), ("big_f4", ">f4", "C"), ("big_f2", ">f2", "C"),
                           ("big_f8_fortran", ">f8", "F"), ("f4_fortran", "<f4", "F")]:
    np.save(f"{name}.npy", np.array(A, dtype=dtype, order=order))
    same(f"{name}.npy")
for version in [(2, 0), (3, 0)]:
    with open(f"version{version[0]}.npy", "wb") as f:
        np.lib.format.write_array(f, A, version)
    same(f"version{version[0]}.npy")
np.save("top.npy", A[:10])
np.save("bottom.npy", A[10:])
same("top.npy+bottom.npy")

# ---- .npz
np.savez("stored.npz", acts=A)
same("stored.npz")
np.savez_compressed("deflated.npz", acts=np.asfortranarray(A.astype("f2")), ids=np.arange(24), note=np.array("hello"))
same("deflated.npz")
same("deflated.npz", tensor="acts")
np.savez("two.npz", first=A, second=A[3:15].astype(">f4"))
same("two.npz", "a_rows_3_to_15.npy", "second")
sp.save_npz("csr.npz", sp.csr_matrix(A), compressed=True)
sp.save_npz("csc.npz", sp.csc_matrix(A), compressed=False)
sp.save_npz("coo.npz", sp.coo_matrix(A), compressed=False)
sp.save_npz("coo_array.npz", sp.coo_array(A.astype("f8")), compressed=True)
for name in ["csr", "csc", "coo", "coo_array"]:
    same(f"{name}.npz")
# columns in no order and each entry in two halves
c = sp.coo_matrix(A)
mixed = rng.permutation(np.repeat(np.arange(c.nnz), 2))
sp.save_npz("coo_mixed.npz", sp.coo_matrix((c.data[mixed] / 2, (c.row[mixed], c.col[mixed])), A.shape))
same("coo_mixed.npz")
r = sp.csr_matrix(A)
for i in range(24):
    a, b = r.indptr[i], r.indptr[i + 1]
    p = rng.permutation(b - a)
    r.indices[a:b], r.data[a:b] = r.indices[a:b][p], r.data[a:b][p]
r.indices, r.indptr = r.indices.astype("i8"), r.indptr.astype("i8")
sp.save_npz("csr_unsorted.npz", r)
same("csr_unsorted.npz")


def zip64(source, target):
    """The same members stored, every length in ZIP64 fields, with a ZIP64 end record and a comment."""
    out, directory = io.BytesIO(), io.BytesIO()
    z = zipfile.ZipFile(source)
    for i in z.infolist():
        data, name, at = z.read(i), i.filename.encode(), out.tell()
        extra = struct.pack("<HHQQ", 1, 16, len(data), len(data))
        full = 0xFFFFFFFF
        out.write(struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 0, i.CRC, full, full, len(name), 20))
        out.write(name + extra + data)
        extra = struct.pack("<HHB", 0x7777, 1, 9) + struct.pack("<HHQQQ", 1, 24, len(data), len(data), at)
        directory.write(struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 0, i.CRC, full, full, len(name),
                                    len(extra), 0, 0, 0, 0, full))
        directory.write(name + extra)
    at, d, n = out.tell(), directory.getvalue(), len(z.infolist())
    out.write(d)
    end = out.tell()
    out.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, n, n, len(d), at))
    out.write(struct.pack("<IIQI", 0x07064B50, 0, end, 1))
    out.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 5) + b"hello")
    with open(target, "wb") as f:
        f.write(out.getvalue())
    assert sorted(zipfile.ZipFile(target).namelist()) == sorted(z.namelist())


zip64("stored.npz", "zip64.npz")
same("zip64.npz")


# ---- .pt
def save(name, what, equals="a.npy", tensor="-", **keywords):
    torch.save(what, name, **keywords)
    same(name, equals, tensor)


for name, dtype in [("f32", torch.float32), ("bf16", torch.bfloat16), ("f16", torch.float16), ("f64", torch.float64)]:
    save(f"{name}.pt", T.to(dtype))
save("transposed.pt", T.T.contiguous().T)
big = torch.cat([torch.full((3, 10), 9.0), T, torch.full((2, 10), 9.0)])
save("slice.pt", big[3:27])
save("rows.pt", T[3:15], "a_rows_3_to_15.npy")
save("strided.pt", T[::2, 1:8:3], "a_every_second.npy")
save("expanded.pt", T[2:3].expand(5, 10), "a_row_2_five_times.npy")
save("parameter.pt", torch.nn.Parameter(T))
save("dict.pt", {"step": 17, "loss": 1.5, "name": "x", "none": None, "acts": T, "half": T[3:15], "ids": torch.arange(24),
                 "set": {1, 2}, "dtype": torch.bfloat16, "device": torch.device("cpu"), "size": T.shape,
                 "big": 10**30, "bytes": b"abc"}, tensor="acts")
same("dict.pt", "a_rows_3_to_15.npy", "half")
save("nested.pt", {"ae": collections.OrderedDict(model={"encoder.weight": T, 3: [T[3:15], (T,)]})},
     tensor="ae.model.encoder.weight")
same("nested.pt", "a_rows_3_to_15.npy", "ae.model.3.0")
same("nested.pt", "a.npy", "ae.model.3.1.0")
save("prompts.pt", [T[:7], T[7:20].clone(), T[20:]])
save("prompts_in_dict.pt", {"acts": [T[:7], T[7:20]] + [T[20:]], "n": 3}, tensor="acts")
module = torch.nn.Linear(10, 24, bias=True)
module.weight.data = T.clone()
save("state_dict.pt", module.state_dict(), tensor="weight")
for protocol in [3, 4, 5]:
    save(f"protocol{protocol}.pt", {"acts": T, "list": [T[:2], b"bytes", "\u00e9"]}, tensor="acts", pickle_protocol=protocol)
save("long_keys.pt", {-(2**40): T, 2**40: T[3:15]}, tensor=str(-(2**40)))
same("long_keys.pt", "a_rows_3_to_15.npy", str(2**40))
save("u16.pt", {"ids": torch.arange(24).to(torch.uint16), "acts": T})
noted = T.clone()
noted.note = "an attribute"
save("attributes.pt", noted)
save("coo.pt", T.to_sparse_coo())
save("csr.pt", T.to_sparse_csr())
save("csc.pt", T.to_sparse_csc())
save("csr_i32_bf16.pt", torch.sparse_csr_tensor(torch.from_numpy(sp.csr_matrix(A).indptr).int(),
                                                torch.from_numpy(sp.csr_matrix(A).indices).int(),
                                                torch.from_numpy(sp.csr_matrix(A).data).bfloat16(), (24, 10)))
save("coo_uncoalesced.pt", torch.sparse_coo_tensor(np.stack([c.row[mixed], c.col[mixed]]), c.data[mixed] / 2, (24, 10)))
save("coo_in_dict.pt", {"a": {"acts": T.to_sparse_coo()}, "tokens": torch.arange(24).reshape(4, 6)}, tensor="a.acts")


class OldCoo:  # three parts, as before is_coalesced was saved
    def __reduce__(self):
        s = T.to_sparse_coo()
        return torch._utils._rebuild_sparse_tensor, (torch.sparse_coo, (s.indices(), s.values(), s.size()))


save("coo_three_parts.pt", OldCoo())
tag = torch.serialization.location_tag
torch.serialization.location_tag = lambda storage: "cuda:3"
save("cuda.pt", T.bfloat16())
torch.serialization.location_tag = tag
with zipfile.ZipFile("f32.pt") as z, zipfile.ZipFile("deflated.pt", "w", zipfile.ZIP_DEFLATED) as out:
    for i in z.infolist():
        out.writestr(i.filename, z.read(i))
same("deflated.pt")
with zipfile.ZipFile("bf16.pt") as z, zipfile.ZipFile("big_endian.pt", "w") as out:
    for i in z.infolist():
        data = z.read(i)
        if i.filename.endswith("/byteorder"):
            data = b"big"
        if i.filename.endswith("/data/0"):
            data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
        out.writestr(i.filename, data)
same("big_endian.pt")
zip64("slice.pt", "zip64.pt")
same("zip64.pt")

# ---- .safetensors
for name, dtype in [("f32", torch.float32), ("bf16", torch.bfloat16), ("f16", torch.float16), ("f64", torch.float64)]:
    save_file({"acts": T.to(dtype), "ids": torch.arange(24).reshape(4, 6)}, f"{name}.safetensors")
    same(f"{name}.safetensors")
os.mkdir("sharded")
save_file({"first": T[3:15].clone()}, "sharded/model-00001-of-00002.safetensors")
save_file({"second": T, "third": torch.arange(3)}, "sharded/model-00002-of-00002.safetensors")
with open("sharded/model.safetensors.index.json", "w") as f:
    json.dump({"metadata": {"total_size": 1}, "weight_map": {
        "first": "model-00001-of-00002.safetensors", "second": "model-00002-of-00002.safetensors",
        "third": "model-00002-of-00002.safetensors"}}, f)
same("sharded/model.safetensors.index.json", "a.npy", "second")
same("sharded/model.safetensors.index.json", "a_rows_3_to_15.npy", "first")

# delphi: 4 sequences of 6 tokens
tokens = torch.arange(24).reshape(4, 6)
for folder, kind, cuts in [("delphi_u16", torch.uint16, [0, 4, 8, 10]), ("delphi_u32", torch.uint32, [0, 5, 10])]:
    os.mkdir(folder)
    names = []
    for start, end in zip(cuts, cuts[1:]):
        rows, cols = np.nonzero(A[:, start:end])
        where = np.stack([rows // 6, rows % 6, cols], 1)
        name = f"{folder}/{start}_{end - 1}.safetensors"
        save_file({"locations": torch.from_numpy(where).to(kind), "tokens": tokens,
                   "activations": torch.from_numpy(A[rows, start + cols]).half()}, name)
        names.append(name)
    same("+".join(names[::-1]))
rows, cols = np.nonzero(A)
save_file({"locations": torch.from_numpy(np.stack([rows // 6, rows % 6, cols], 1)), "tokens": tokens,
           "activations": torch.from_numpy(A[rows, cols])}, "delphi.safetensors")
same("delphi.safetensors")

# top-k: all of a row, the largest first, then zeros
values, indices = T.abs().sort(descending=True, stable=True)
values = T.gather(1, indices)
save_file({"top_acts": values.bfloat16(), "top_indices": indices}, "top_k.safetensors")
same("top_k.safetensors")
save("top_k.pt", {"values": values, "indices": indices.int()})
np.savez("top_k.npz", values=values.numpy(), indices=np.asfortranarray(indices.numpy()))
same("top_k.npz")

# ---- what is refused
os.mkdir("refused")


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/scry-was-here",)


torch.save({"acts": T, "evil": Evil()}, "refused/evil.pt")
torch.save(module, "refused/module.pt")
torch.save({"acts": T, "loss": np.float64(1)}, "refused/numpy.pt")
torch.save(T, "refused/legacy.pt", _use_new_zipfile_serialization=False)
torch.save(torch.complex(T, T).conj().imag, "refused/negated.pt")
torch.save(T.to_sparse(1), "refused/hybrid.pt")
torch.save({"step": 3}, "refused/no_tensor.pt")
with open("refused/bare.pkl", "wb") as f:
    pickle.dump(A, f)
loop = [T]
loop.append(loop)
torch.save(loop, "refused/loop.pt")
laughs = [T]
for _ in range(30):
    laughs = [laughs, laughs]
torch.save(laughs, "refused/laughs.pt")
sp.save_npz("refused/bsr.npz", sp.bsr_matrix(A))
with zipfile.ZipFile("refused/empty.npz", "w") as out:
    out.writestr("readme.txt", "nothing here")
# a member that says that it inflates to 2^41 bytes, and one to a few more than it does
deflated = bytearray(open("csr.npz", "rb").read())
at = deflated.index(b"PK\x01\x02")
for name, size in [("bomb", 0xFFFFFFF0), ("longer", struct.unpack_from("<I", deflated, at + 24)[0] + 1),
                   ("shorter", struct.unpack_from("<I", deflated, at + 24)[0] - 1)]:
    changed = bytearray(deflated)
    struct.pack_into("<I", changed, at + 24, size)
    open(f"refused/{name}.npz", "wb").write(changed)
changed = bytearray(deflated)
changed[at + 16] ^= 1
open("refused/checksum.npz", "wb").write(changed)
# a ZIP64 field that is too short for the lengths it stands for
changed = bytearray(open("zip64.npz", "rb").read())
field = changed.rindex(struct.pack("<HH", 1, 24))
struct.pack_into("<H", changed, field + 2, 16)
open("refused/short_field.npz", "wb").write(changed)
# two members in the directory that are one in the file
with zipfile.ZipFile("refused/overlap.npz", "w") as out:
    for name in ["a.npy", "b.npy"]:
        b = io.BytesIO()
        np.save(b, A)
        out.writestr(name, b.getvalue())
twice = bytearray(open("refused/overlap.npz", "rb").read())
first = twice.index(b"PK\x03\x04", 4)  # make a.npy long enough to hold b.npy
at = twice.index(b"PK\x01\x02")
length = struct.unpack_from("<I", twice, at + 20)[0] + 200
struct.pack_into("<II", twice, at + 20, length, length)
open("refused/overlap.npz", "wb").write(twice)

with open("list.tsv", "w") as f:
    f.write("\n".join(lines) + "\n")
total = sum(os.path.getsize(os.path.join(d, n)) for d, _, names in os.walk(".") for n in names)
print(len(lines), "specimens,", total, "bytes")
