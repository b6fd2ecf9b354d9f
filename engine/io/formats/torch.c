/* torch.c: files of torch.save since PyTorch 1.6: a zip archive with a pickle, data.pkl, which places tensors
 * in the storages data/0, data/1, ... (torch/serialization.py, torch/_utils.py). */
#include "base/mem.h"
#include "io/formats/formats.h"
#include "io/formats/pickle.h"
#include "io/sparse.h"
#include "io/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_SHARED = 16, MAX_WRAPPERS = 8 };

typedef struct reader {
    tensor_file *file;
    zip_archive zip;
    pickle p;
    char *folder; /* of data.pkl, with the slash */
    bool big_endian;
    const char *key;
    scry_error *err;
} reader;

#define UTILS "torch._utils _rebuild_"

static const struct {
    const char *storage, *name; /* torch.FloatStorage, torch.float32 */
    tensor_dtype dtype;
} dtypes[] = {
    {"FloatStorage", "float32", TENSOR_F32},
    {"HalfStorage", "float16", TENSOR_F16},
    {"BFloat16Storage", "bfloat16", TENSOR_BF16},
    {"DoubleStorage", "float64", TENSOR_F64},
    {"LongStorage", "int64", TENSOR_I64},
    {"IntStorage", "int32", TENSOR_I32},
    {"ShortStorage", "int16", TENSOR_I16},
    {"CharStorage", "int8", TENSOR_I8},
    {"ByteStorage", "uint8", TENSOR_U8},
    {"BoolStorage", "bool", TENSOR_U8},
    {"ComplexFloatStorage", "complex64", TENSOR_OTHER},
    {"ComplexDoubleStorage", "complex128", TENSOR_OTHER},
    {NULL, "uint16", TENSOR_U16},
    {NULL, "uint32", TENSOR_U32},
    {NULL, "uint64", TENSOR_U64},
    {NULL, "complex32", TENSOR_OTHER},
    {NULL, "float8_e4m3fn", TENSOR_OTHER},
    {NULL, "float8_e4m3fnuz", TENSOR_OTHER},
    {NULL, "float8_e5m2", TENSOR_OTHER},
    {NULL, "float8_e5m2fnuz", TENSOR_OTHER},
    {NULL, "float8_e8m0fnu", TENSOR_OTHER},
};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

/* The row of a storage's class, or of a dtype, in the table; -1 when it is neither. */
static int dtype_row(const char *global) {
    if (strncmp(global, "torch ", 6) != 0) return -1;
    for (int i = 0; i < DTYPES; i++)
        if (strcmp(global + 6, dtypes[i].name) == 0 ||
            (dtypes[i].storage && strcmp(global + 6, dtypes[i].storage) == 0))
            return i;
    return -1;
}

static bool allowed(const char *global) {
    static const char *const others[] = {
        UTILS "tensor",
        UTILS "tensor_v2",
        UTILS "tensor_v3",
        UTILS "parameter",
        UTILS "sparse_tensor",
        UTILS "parameter_with_state",
        "torch Tensor",
        "torch._tensor _rebuild_from_type_v2",
        "torch Size",
        "torch.nn.parameter Parameter",
        "torch device",
        "torch.serialization _get_layout",
        "builtins set",
        "torch.storage UntypedStorage",
        "builtins frozenset",
        "collections OrderedDict",
        "builtins bytearray",
        "_codecs encode",
        "__builtin__ set",
        "__builtin__ frozenset",
        "__builtin__ bytearray",
        "builtins complex",
        "__builtin__ complex",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(global, others[i]) == 0) return true;
    return dtype_row(global) >= 0;
}

static const pickle_value *value_at(const reader *r, uint32_t number) {
    return &r->p.values[number];
}

static bool is_global(const reader *r, uint32_t number, const char *name) {
    const pickle_value *v = value_at(r, number);
    return v->kind == PICKLE_GLOBAL && strcmp(v->text, name) == 0;
}

typedef struct called {
    const char *name; /* of the global that is called */
    const pickle_value *args;
} called;

/* Finds the call that makes the tensor inside torch.nn.Parameter and tensors with attributes. */
static bool unwrap(const reader *r, uint32_t number, called *c) {
    const pickle_value *v = value_at(r, number);
    if (v->kind != PICKLE_CALL) return false;
    *c = (called){value_at(r, v->callee)->text, value_at(r, v->args)};
    for (int i = 0; i < MAX_WRAPPERS; i++) {
        bool parameter = strncmp(c->name, UTILS "parameter", strlen(UTILS "parameter")) == 0;
        if (parameter && c->args->count >= 1) {
            v = value_at(r, c->args->items[0]);
            if (v->kind != PICKLE_CALL) return false;
            *c = (called){value_at(r, v->callee)->text, value_at(r, v->args)};
        } else if (strcmp(c->name, "torch._tensor _rebuild_from_type_v2") == 0 && c->args->count >= 3) {
            const pickle_value *callee = value_at(r, c->args->items[0]), *args = value_at(r, c->args->items[2]);
            if (callee->kind != PICKLE_GLOBAL || args->kind != PICKLE_TUPLE) return false;
            *c = (called){callee->text, args};
        } else {
            return true;
        }
    }
    return false;
}

static bool wrong(const reader *r, const char *name, const char *problem) {
    return tensor_fail(r->file, r->key, r->err, "data.pkl: tensor \"%.60s\": %s; the file is damaged", name, problem);
}

/* Reads up to `room` whole numbers from a tuple or a torch.Size; returns their number, -1 for anything else. */
static int numbers(const reader *r, uint32_t number, int64_t *out, int room) {
    const pickle_value *v = value_at(r, number);
    if (v->kind == PICKLE_CALL && is_global(r, v->callee, "torch Size") && value_at(r, v->args)->count == 1)
        v = value_at(r, value_at(r, v->args)->items[0]);
    if ((v->kind != PICKLE_TUPLE && v->kind != PICKLE_LIST) || v->count > (uint32_t)room) return -1;
    for (uint32_t i = 0; i < v->count; i++) {
        const pickle_value *item = value_at(r, v->items[i]);
        if (item->kind != PICKLE_INT) return -1;
        out[i] = item->number;
    }
    return (int)v->count;
}

/* ('storage', torch.FloatStorage, '0', 'cuda:0', 12): finds its bytes and the row of its dtype (-1: bytes
 * without a dtype). The device does not matter. */
static bool find_storage(reader *r, uint32_t number, const char *name, tensor_spec *spec, int *row) {
    const pickle_value *v = value_at(r, number);
    if (v->kind == PICKLE_STORED) v = value_at(r, v->callee);
    if (v->kind != PICKLE_TUPLE || v->count < 5) return wrong(r, name, "its storage is not understood");
    const pickle_value *type = value_at(r, v->items[1]), *place = value_at(r, v->items[2]);
    if (type->kind != PICKLE_GLOBAL || place->kind != PICKLE_TEXT)
        return wrong(r, name, "its storage is not understood");
    *row = dtype_row(type->text);
    char *member = mem_format("%sdata/%s", r->folder, place->text);
    zip_entry *e = zip_find(&r->zip, member);
    free(member);
    if (!e)
        return tensor_fail(r->file, r->key, r->err,
                           "tensor \"%.60s\": its storage data/%.40s is not in the archive; the file is cut or damaged",
                           name, place->text);
    spec->data = zip_bytes(&r->zip, e, r->key, r->err);
    spec->room = e->size;
    scratch_file inflated;
    if (zip_take(e, &inflated)) {
        tensor_append_scratch(r->file, &inflated);
        r->file->inflated += e->size;
    }
    return spec->data != NULL;
}

/* Conjugation and negation can be pending: bits of the tensor, not applied to its numbers. */
static bool check_lazy(const reader *r, const called *c, uint32_t at, const char *name) {
    const pickle_value *v = at < c->args->count ? value_at(r, c->args->items[at]) : NULL;
    for (uint32_t i = 0; v && v->kind == PICKLE_DICT && i + 1 < v->count; i += 2) {
        const pickle_value *bit = value_at(r, v->items[i]), *set = value_at(r, v->items[i + 1]);
        if (bit->kind == PICKLE_TEXT && set->kind == PICKLE_BOOL && set->number &&
            (strcmp(bit->text, "neg") == 0 || strcmp(bit->text, "conj") == 0))
            return tensor_fail(r->file, r->key, r->err,
                               "tensor \"%.60s\": saved with its \"%s\" bit set, so its numbers are not those in the "
                               "file; save tensor.resolve_neg().resolve_conj()",
                               name, bit->text);
    }
    return true;
}

static bool read_dense(reader *r, const called *c, const char *name, tensor *t) {
    bool third = strcmp(c->name, UTILS "tensor_v3") == 0;
    if (strncmp(c->name, UTILS "tensor", strlen(UTILS "tensor")) != 0 || c->args->count < (third ? 7u : 4u))
        return wrong(r, name, "it is not made of a storage, an offset, a size and a stride");
    const uint32_t *args = c->args->items;
    int64_t size[TENSOR_MAX_DIM], stride[TENSOR_MAX_DIM];
    uint64_t shape[TENSOR_MAX_DIM];
    tensor_spec spec = {.name = name, .dtype = TENSOR_OTHER, .dtype_name = "untyped bytes"};
    int row = -1, dims = numbers(r, args[2], size, TENSOR_MAX_DIM);
    if (dims < 0 || numbers(r, args[3], stride, TENSOR_MAX_DIM) != dims)
        return wrong(r, name, "size and stride are not two lists of at most 8 whole numbers");
    for (int i = 0; i < dims; i++) {
        if (size[i] < 0) return wrong(r, name, "its size is negative");
        shape[i] = (uint64_t)size[i];
    }
    const pickle_value *offset = value_at(r, args[1]);
    if (offset->kind != PICKLE_INT || offset->number < 0) return wrong(r, name, "its storage offset is not 0 or more");
    if (!find_storage(r, args[0], name, &spec, &row) || !check_lazy(r, c, third ? 7 : 6, name)) return false;
    if (third) row = value_at(r, args[6])->kind == PICKLE_GLOBAL ? dtype_row(value_at(r, args[6])->text) : -1;
    if (row >= 0) {
        spec.dtype = dtypes[row].dtype;
        spec.dtype_name = dtypes[row].name;
    }
    spec.big_endian = r->big_endian;
    spec.dims = dims;
    spec.shape = shape;
    spec.stride = stride;
    spec.offset = (uint64_t)offset->number;
    return tensor_view(t, &spec, r->file, r->key, r->err);
}

/* The name in _get_layout('torch.sparse_coo'), or "". */
static const char *layout_of(const reader *r, uint32_t number) {
    const pickle_value *v = value_at(r, number);
    if (v->kind != PICKLE_CALL || value_at(r, v->args)->count != 1) return "";
    const pickle_value *name = value_at(r, value_at(r, v->args)->items[0]);
    return name->kind == PICKLE_TEXT ? name->text : "";
}

static bool read_part(reader *r, uint32_t number, const char *name, tensor *t) {
    called c;
    if (!unwrap(r, number, &c)) return wrong(r, name, "a part of the sparse tensor is not a tensor");
    return read_dense(r, &c, name, t);
}

/* (indices, values, size[, is_coalesced]), or for CSR and CSC (pointers, indices, values, size). */
static bool add_sparse(reader *r, const called *c, const char *name) {
    const pickle_value *data = c->args->count >= 2 ? value_at(r, c->args->items[1]) : NULL;
    const char *layout = data ? layout_of(r, c->args->items[0]) : "";
    bool coo = strcmp(layout, "torch.sparse_coo") == 0, csc = strcmp(layout, "torch.sparse_csc") == 0;
    if (!coo && !csc && strcmp(layout, "torch.sparse_csr") != 0)
        return tensor_fail(r->file, r->key, r->err,
                           "tensor \"%.60s\": found layout \"%.40s\", expected torch.sparse_coo, sparse_csr or "
                           "sparse_csc; save tensor.to_sparse_csr()",
                           name, layout);
    uint32_t parts = coo ? 3 : 4;
    int64_t size[TENSOR_MAX_DIM];
    if (data->kind != PICKLE_TUPLE || data->count < parts) return wrong(r, name, "the sparse tensor lacks parts");
    int dims = numbers(r, data->items[parts - 1], size, TENSOR_MAX_DIM);
    if (dims != 2 || size[0] < 0 || size[1] < 0)
        return tensor_fail(r->file, r->key, r->err,
                           "sparse tensor \"%.60s\": found %d dimensions, expected 2 [tokens, width]", name, dims);
    tensor a, b, value;
    if (!read_part(r, data->items[0], name, &a) || !read_part(r, data->items[parts - 2], name, &value)) return false;
    if (value.dims > 1)
        return tensor_fail(r->file, r->key, r->err,
                           "sparse tensor \"%.60s\": found a hybrid one, whose entries are tensors of %d dimension%s, "
                           "expected numbers; save tensor.to_dense().to_sparse_csr()",
                           name, value.dims - 1, value.dims > 2 ? "s" : "");
    if (coo) {
        if (a.dims != 2 || a.shape[0] != 2) return wrong(r, name, "its indices are not of shape [2, entries]");
        b = tensor_select(&a, 0, 1);
        a = tensor_select(&a, 0, 0);
    } else if (!read_part(r, data->items[1], name, &b)) {
        return false;
    }
    sparse_layout kind = coo ? SPARSE_COO : csc ? SPARSE_CSC : SPARSE_CSR;
    return tensor_add_sparse(r->file, name, kind, (uint64_t)size[0], (uint64_t)size[1], &a, &b, &value, r->key, r->err);
}

typedef struct place {
    uint32_t value;
    unsigned depth;
    char *name;
} place;

typedef struct walk {
    place *places; /* still to visit, the next one last */
    size_t count, room;
    size_t most;
    uint64_t left; /* bytes that places, their names and the tensors found may still take */
    bool full;
} walk;

/* What a name costs. */
static uint64_t name_bytes(const char *name) {
    return strlen(name) + 32;
}

static void walk_push(walk *w, uint32_t value, unsigned depth, char *name) {
    const uint64_t bytes = sizeof *w->places + name_bytes(name);
    if (w->count == w->most || bytes > w->left) {
        w->full = true;
        free(name);
        return;
    }
    w->left -= bytes;
    if (w->count == w->room) {
        w->room = w->room ? w->room * 2 : 64;
        w->places = mem_resize(w->places, w->room, sizeof *w->places);
    }
    w->places[w->count++] = (place){value, depth, name};
}

/* "a" in "model" is "model.a". */
static char *child_name(const char *parent, const pickle_value *key, uint32_t number) {
    const char *dot = *parent ? "." : "";
    if (key && key->kind == PICKLE_TEXT) return mem_format("%.200s%s%.200s", parent, dot, key->text);
    if (key && key->kind == PICKLE_INT) return mem_format("%.200s%s%" PRId64, parent, dot, key->number);
    return mem_format("%.200s%s%" PRIu32, parent, dot, number);
}

/* Pushes children last first, so that they are visited in the file's order. */
static void push_children(const reader *r, walk *w, const place *at, const pickle_value *v, bool pairs) {
    uint32_t step = pairs ? 2 : 1;
    for (uint32_t i = v->count / step; i-- > 0;) {
        uint32_t child = v->items[i * step + step - 1];
        pickle_kind kind = value_at(r, child)->kind;
        if (kind == PICKLE_TUPLE || kind == PICKLE_LIST || kind == PICKLE_DICT || kind == PICKLE_CALL)
            walk_push(w, child, at->depth + 1, child_name(at->name, pairs ? value_at(r, v->items[i * step]) : NULL, i));
    }
}

/* The other form of a dict: OrderedDict([(key, value), ...]). */
static void push_pairs(const reader *r, walk *w, const place *at, const pickle_value *args) {
    const pickle_value *list = args->count == 1 ? value_at(r, args->items[0]) : args;
    for (uint32_t i = list->kind == PICKLE_LIST ? list->count : 0; i-- > 0;) {
        const pickle_value *pair = value_at(r, list->items[i]);
        if ((pair->kind == PICKLE_TUPLE || pair->kind == PICKLE_LIST) && pair->count == 2)
            walk_push(w, pair->items[1], at->depth + 1, child_name(at->name, value_at(r, pair->items[0]), i));
    }
}

static bool visit_call(reader *r, walk *w, const place *at, const pickle_value *v) {
    if (is_global(r, v->callee, "collections OrderedDict")) {
        push_pairs(r, w, at, value_at(r, v->args));
        push_children(r, w, at, v, true);
        return true;
    }
    called c;
    if (!unwrap(r, at->value, &c) || strncmp(c.name, UTILS, strlen(UTILS)) != 0) return true;
    if (strcmp(c.name, UTILS "sparse_tensor") == 0) return add_sparse(r, &c, at->name);
    tensor t;
    const uint64_t bytes = sizeof t + name_bytes(at->name);
    if (bytes > w->left) {
        w->full = true;
        return true;
    }
    w->left -= bytes;
    if (!read_dense(r, &c, at->name, &t)) return false;
    tensor_append(r->file, &t, at->name);
    return true;
}

static bool visit(reader *r, walk *w, const place *at) {
    const pickle_value *v = value_at(r, at->value);
    if (at->depth > MAX_DEPTH)
        return tensor_fail(r->file, r->key, r->err, "data.pkl: containers are nested deeper than %d at \"%.60s\"",
                           MAX_DEPTH, at->name);
    if (v->kind == PICKLE_CALL) return visit_call(r, w, at, v);
    if (v->kind == PICKLE_DICT) push_children(r, w, at, v, true);
    else if (v->kind == PICKLE_LIST || v->kind == PICKLE_TUPLE) push_children(r, w, at, v, false);
    return true;
}

/* stored: bytes of the pickle in the file. */
static bool walk_all(reader *r, uint64_t stored) {
    /* nested containers that hold the same one twice take exponential time, and memory for their names */
    walk w = {.most = MAX_SHARED, .left = pickle_memory(stored)};
    for (uint32_t i = 0; i < r->p.count; i++) w.most += (size_t)MAX_SHARED * r->p.values[i].count;
    bool ok = true;
    walk_push(&w, r->p.root, 0, mem_copy_string(""));
    for (size_t visits = 0; w.count && ok; visits++) {
        place at = w.places[--w.count];
        w.left += sizeof at + name_bytes(at.name);
        ok = visit(r, &w, &at);
        if (ok && (w.full || visits == w.most))
            ok = tensor_fail(r->file, r->key, r->err,
                             "data.pkl: found more than %zu tensors and containers, or names longer, than its %" PRIu64
                             " bytes can hold, expected each in at most %d others",
                             visits, stored, MAX_SHARED);
        free(at.name);
    }
    while (w.count) free(w.places[--w.count].name);
    free(w.places);
    return ok;
}

static bool read_byte_order(reader *r) {
    char *name = mem_format("%sbyteorder", r->folder);
    zip_entry *e = zip_find(&r->zip, name);
    free(name);
    if (!e) return true; /* before PyTorch 2.1: little */
    const uint8_t *text = zip_bytes(&r->zip, e, r->key, r->err);
    if (!text) return false;
    r->big_endian = e->size == 3 && memcmp(text, "big", 3) == 0;
    if (r->big_endian || (e->size == 6 && memcmp(text, "little", 6) == 0)) return true;
    return tensor_fail(r->file, r->key, r->err, "byteorder: expected \"little\" or \"big\"; the file is damaged");
}

/* The member "data.pkl" or "FOLDER/data.pkl", the first by name; NULL when there is none. *folder: bytes of
 * "FOLDER/". */
static zip_entry *find_pickle(const zip_archive *zip, size_t *folder) {
    for (size_t i = 0; i < zip->count; i++) {
        const char *name = zip->entries[i].name, *slash = strrchr(name, '/'), *file = slash ? slash + 1 : name;
        *folder = (size_t)(file - name);
        if (strcmp(file, "data.pkl") == 0) return &zip->entries[i];
    }
    return NULL;
}

static bool read_archive(reader *r) {
    size_t folder;
    zip_entry *e = find_pickle(&r->zip, &folder);
    if (!e) return tensor_fail(r->file, r->key, r->err, "no data.pkl in the archive");
    r->folder = mem_copy_bytes(e->name, folder);
    if (e->size > PICKLE_MOST_BYTES) /* before it is inflated */
        return tensor_fail(r->file, r->key, r->err, "data.pkl has %" PRIu64 " bytes, expected at most %d", e->size,
                           PICKLE_MOST_BYTES);
    const uint8_t *bytes = zip_bytes(&r->zip, e, r->key, r->err);
    if (!bytes || !read_byte_order(r)) return false;
    char *where = mem_format("%s%s%s", r->key ? r->key : "", r->key ? ": " : "", r->file->map.path);
    bool ok = pickle_read(&r->p, bytes, e->size, e->packed, allowed, where,
                          "only tensors and plain containers are read; save the tensor alone: "
                          "torch.save(tensor.cpu(), path)",
                          r->err);
    free(where);
    if (!ok || !walk_all(r, e->packed)) return false;
    if (r->file->count || r->file->sparse_count) return true;
    return tensor_fail(r->file, r->key, r->err,
                       "holds no tensors; expected what torch.save(tensor.cpu(), path) writes");
}

/* torch.save before 1.6: a pickle of the number 0x1950a86a20f9469cfc6c comes first. */
static bool is_legacy(const mapped_file *map) {
    static const char magic[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    return map->size >= sizeof magic - 1 && memcmp(map->data, magic, sizeof magic - 1) == 0;
}

static bool is_pickle(const mapped_file *map) {
    return map->size >= 2 && map->data[0] == 0x80 && map->data[1] <= 5;
}

/* Pickles outside an archive too, for torch_read to refuse. */
bool torch_detect(const mapped_file *map) {
    zip_archive zip;
    size_t folder;
    if (!zip_detect(map)) return is_pickle(map);
    if (!zip_open(&zip, map, NULL, NULL)) return false;
    bool found = find_pickle(&zip, &folder);
    zip_close(&zip);
    return found;
}

bool torch_read(tensor_file *file, const char *key, scry_error *err) {
    reader r = {.file = file, .key = key, .err = err};
    if (is_legacy(&file->map))
        return tensor_fail(file, key, err,
                           "written by torch.save in the form used before PyTorch 1.6, expected a zip archive; convert "
                           "it in Python: torch.save(torch.load(path), path)");
    if (is_pickle(&file->map))
        return tensor_fail(file, key, err,
                           "a bare pickle, which only Python can read and which can run anything; expected a zip "
                           "archive written by torch.save; if you trust it, convert it in Python: "
                           "torch.save(torch.load(path), path), or for an array pickled without torch: "
                           "numpy.save(path, pickle.load(open(path, \"rb\")))");
    if (!zip_open(&r.zip, &file->map, key, err)) return false;
    r.zip.folder = file->folder;
    bool ok = read_archive(&r);
    zip_close(&r.zip);
    pickle_free(&r.p);
    free(r.folder);
    return ok;
}
