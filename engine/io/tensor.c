/* tensor.c: named arrays in files: opening, finding, checking, reading numbers. Sparse ones are put
 * together in the second half. */
#include "io/tensor.h"
#include "base/mem.h"
#include "io/zip.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* These loops convert whole captures: let the compiler use what the processor has. */
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

bool tensor_fail(const tensor_file *file, const char *key, scry_error *err, const char *format, ...) {
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return scry_fail(err, "%s%s%s: %s", key ? key : "", key ? ": " : "", file->map.path, text);
}

/* ---- opening -------------------------------------------------------------------------------- */

static bool begins(const file_map *map, const void *magic, size_t length) {
    return map->size >= length && memcmp(map->data, magic, length) == 0;
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool refuse_unknown(const tensor_file *file, const char *key, scry_error *err) {
    const file_map *map = &file->map;
    /* torch.save before 1.6: a pickle of the number 0x1950a86a20f9469cfc6c comes first */
    if (begins(map, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14))
        return tensor_fail(file, key, err,
                           "written by torch.save in the form used before PyTorch 1.6, expected a zip archive; convert "
                           "it in Python: torch.save(torch.load(path), path)");
    if (map->size >= 2 && map->data[0] == 0x80 && map->data[1] <= 5)
        return tensor_fail(file, key, err,
                           "a bare pickle, which only Python can read and which can run anything; expected a zip "
                           "archive written by torch.save, .safetensors, .npy or .npz; if you trust it, convert it in "
                           "Python: torch.save(torch.load(path), path), or for an array pickled without torch: "
                           "numpy.save(path, pickle.load(open(path, \"rb\")))");
    char head[40] = "";
    for (unsigned i = 0; i < 8 && i < map->size; i++)
        snprintf(head + strlen(head), sizeof head - strlen(head), "%s%02x", i ? " " : "", map->data[i]);
    return tensor_fail(file, key, err,
                       "not a tensor file: %" PRIu64 " bytes beginning with [%s]; expected .safetensors (8 bytes of "
                       "length, then '{'), .npy (93 4e 55 4d 50 59), or .npz or .pt (50 4b 03 04)",
                       map->size, head);
}

static bool read_zip(tensor_file *file, const char *key, scry_error *err) {
    zip_archive zip;
    if (!zip_open(&zip, &file->map, key, err)) return false;
    bool torch = false;
    for (size_t i = 0; i < zip.count && !torch; i++)
        torch = strcmp(zip.entries[i].name, "data.pkl") == 0 || ends_with(zip.entries[i].name, "/data.pkl");
    zip_close(&zip);
    return torch ? torch_read(file, key, err) : npz_read(file, key, err);
}

static bool add_top_k(tensor_file *file, const char *key, scry_error *err);

bool tensor_file_open(tensor_file *file, const char *path, const char *key, scry_error *err) {
    *file = (tensor_file){0};
    if (!map_open(&file->map, path, key, err)) return false;
    const file_map *map = &file->map;
    bool ok;
    if (ends_with(path, ".index.json")) ok = shards_read(file, key, err);
    else if (begins(map, "\x93NUMPY", 6)) ok = npy_read(file, key, err);
    else if (begins(map, "PK\3\4", 4) || begins(map, "PK\5\6", 4)) ok = read_zip(file, key, err);
    else if (map->size >= 9 && map->data[8] == '{') ok = safetensors_read(file, key, err);
    else ok = refuse_unknown(file, key, err);
    ok = ok && add_top_k(file, key, err);
    if (!ok) tensor_file_close(file);
    return ok;
}

void tensor_file_close(tensor_file *file) {
    for (size_t i = 0; i < file->count; i++) free(file->tensors[i].name);
    free(file->tensors);
    for (size_t i = 0; i < file->sparse_count; i++) {
        free(file->sparse[i].name);
        free(file->sparse[i].start);
        free(file->sparse[i].col);
        free(file->sparse[i].value);
    }
    free(file->sparse);
    for (size_t i = 0; i < file->buffer_count; i++) free(file->buffers[i]);
    free(file->buffers);
    for (size_t i = 0; i < file->map_count; i++) map_close(&file->maps[i]);
    free(file->maps);
    map_close(&file->map);
    *file = (tensor_file){0};
}

void tensor_keep(tensor_file *file, void *buffer, uint64_t size) {
    file->buffers = mem_resize(file->buffers, file->buffer_count + 1, sizeof *file->buffers);
    file->buffers[file->buffer_count++] = buffer;
    file->inflated += size;
}

/* ---- finding -------------------------------------------------------------------------------- */

const tensor *tensor_find(const tensor_file *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const tensor_sparse *tensor_find_sparse(const tensor_file *file, const char *name) {
    for (size_t i = 0; i < file->sparse_count; i++)
        if (strcmp(file->sparse[i].name, name) == 0) return &file->sparse[i];
    return NULL;
}

/* "a [2, 3], b [4]" of what the file holds, for messages. */
static void list_names(const tensor_file *file, char *text, size_t size) {
    size_t total = file->count + file->sparse_count, used = 0;
    snprintf(text, size, "nothing");
    for (size_t i = 0; i < total && used + 90 < size; i++) {
        char shape[96];
        const char *name, *kind = "sparse";
        if (i < file->count) {
            name = file->tensors[i].name;
            kind = file->tensors[i].dtype_name;
            tensor_shape_text(&file->tensors[i], shape, sizeof shape);
        } else {
            const tensor_sparse *s = &file->sparse[i - file->count];
            name = s->name;
            snprintf(shape, sizeof shape, "[%" PRIu64 ", %" PRIu64 "]", s->rows, s->cols);
        }
        snprintf(text + used, size - used, "%s%.40s%s%.40s %s", i ? ", " : "", name, *name ? " " : "", shape, kind);
        used += strlen(text + used);
        if (i + 1 < total && used + 90 >= size) snprintf(text + used, size - used, " and %zu more", total - 1 - i);
    }
}

bool tensor_choose(const tensor_file *file, const char *name, const char *key, const tensor **dense,
                   const tensor_sparse **sparse, scry_error *err) {
    char held[400];
    list_names(file, held, sizeof held);
    *dense = name ? tensor_find(file, name) : NULL;
    *sparse = *dense ? NULL : tensor_find_sparse(file, name ? name : "");
    if (*dense || *sparse) return true;
    if (name) return tensor_fail(file, key, err, "no tensor named \"%.100s\"; the file holds: %s", name, held);
    size_t matrices = file->sparse_count, whole = 0;
    if (file->sparse_count) *sparse = &file->sparse[0];
    for (size_t i = 0; i < file->count; i++) {
        const tensor *t = &file->tensors[i];
        if (t->dims != 2) continue;
        if (!tensor_is_float(t->dtype) && ++whole) continue;
        *dense = t;
        matrices++;
    }
    if (matrices == 1) return true;
    *dense = NULL;
    *sparse = NULL;
    return tensor_fail(file, key, err,
                       "found %zu two-dimensional tensors%s, expected one [tokens, width]; %s; the file holds: %s",
                       matrices, whole && !matrices ? " of floating-point numbers" : "",
                       matrices ? "name it with \"tensor\"" : "save one such tensor in it", held);
}

unsigned tensor_size(tensor_dtype dtype) {
    switch (dtype) {
    case TENSOR_I8:
    case TENSOR_U8:
        return 1;
    case TENSOR_F16:
    case TENSOR_BF16:
    case TENSOR_I16:
    case TENSOR_U16:
        return 2;
    case TENSOR_F32:
    case TENSOR_I32:
    case TENSOR_U32:
        return 4;
    case TENSOR_F64:
    case TENSOR_I64:
    case TENSOR_U64:
        return 8;
    case TENSOR_OTHER:
        break;
    }
    return 0;
}

bool tensor_is_float(tensor_dtype dtype) {
    return dtype == TENSOR_F16 || dtype == TENSOR_BF16 || dtype == TENSOR_F32 || dtype == TENSOR_F64;
}

const char *tensor_shape_text(const tensor *t, char *text, size_t size) {
    size_t used = 0;
    text[0] = 0;
    used += (size_t)snprintf(text, size, "[");
    for (int i = 0; i < t->dims && used + 24 < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64, i ? ", " : "", t->shape[i]);
    snprintf(text + used, size - used, "]");
    return text;
}

/* ---- checking ------------------------------------------------------------------------------- */

/* The product of the shape, at most 2^63 - 1; 0 as soon as one dimension is. */
static bool count_elements(const tensor_spec *spec, uint64_t *elements) {
    *elements = 1;
    for (int i = 0; i < spec->dims; i++)
        if (spec->shape[i] == 0) *elements = 0;
    for (int i = 0; i < spec->dims; i++) {
        if (spec->shape[i] > INT64_MAX || (*elements && *elements > (uint64_t)INT64_MAX / spec->shape[i])) return false;
        *elements *= spec->shape[i];
    }
    return true;
}

static void natural_strides(tensor *t, const tensor_spec *spec, uint64_t elements) {
    uint64_t step = elements ? 1 : 0; /* without elements no stride is ever used */
    for (int k = 0; k < t->dims; k++) {
        int i = spec->fortran ? k : t->dims - 1 - k;
        t->stride[i] = (int64_t)step;
        step *= t->shape[i];
    }
}

/* The lowest and highest element that the strides can reach, from the storage's first. */
static bool reach(const tensor *t, uint64_t offset, int64_t *low, int64_t *high) {
    if (offset > INT64_MAX) return false;
    *low = *high = (int64_t)offset;
    for (int i = 0; i < t->dims; i++) {
        int64_t span, *end = t->stride[i] < 0 ? low : high;
        if (__builtin_mul_overflow((int64_t)t->shape[i] - 1, t->stride[i], &span)) return false;
        if (__builtin_add_overflow(*end, span, end)) return false;
    }
    return true;
}

bool tensor_view(tensor *t, const tensor_spec *spec, const tensor_file *file, const char *key, scry_error *err) {
    *t = (tensor){.dtype = spec->dtype, .big_endian = spec->big_endian, .dims = spec->dims, .data = spec->data};
    snprintf(t->dtype_name, sizeof t->dtype_name, "%s", spec->dtype_name);
    if (spec->dims > TENSOR_MAX_DIM)
        return tensor_fail(file, key, err, "tensor \"%.60s\": found %d dimensions, expected at most %d", spec->name,
                           spec->dims, TENSOR_MAX_DIM);
    uint64_t elements;
    if (!count_elements(spec, &elements))
        return tensor_fail(file, key, err, "tensor \"%.60s\": shape overflows 63 bits", spec->name);
    for (int i = 0; i < spec->dims; i++) t->shape[i] = spec->shape[i];
    natural_strides(t, spec, elements);
    if (elements == 0) return true;
    if (spec->stride)
        for (int i = 0; i < spec->dims; i++)
            if (t->shape[i] > 1) t->stride[i] = spec->stride[i]; /* of one element a stride says nothing */
    unsigned each = tensor_size(spec->dtype);
    if (!each) return true;
    int64_t low, high;
    char text[160];
    if (!reach(t, spec->offset, &low, &high) || low < 0)
        return tensor_fail(file, key, err, "tensor \"%.60s\": strides and offset reach before its storage or overflow",
                           spec->name);
    if ((uint64_t)high >= spec->room / each)
        return tensor_fail(file, key, err,
                           "tensor \"%.60s\": %s of %s needs %" PRIu64 " x %u bytes, found %" PRIu64
                           "; the file is cut or its header is wrong",
                           spec->name, tensor_shape_text(t, text, sizeof text), spec->dtype_name, (uint64_t)high + 1,
                           each, spec->room);
    t->data = spec->data + spec->offset * each;
    return true;
}

void tensor_append(tensor_file *file, const tensor *t, const char *name) {
    if ((file->count & (file->count - 1)) == 0) /* room doubles at each power of two */
        file->tensors = mem_resize(file->tensors, file->count ? file->count * 2 : 1, sizeof *file->tensors);
    file->tensors[file->count] = *t;
    file->tensors[file->count++].name = mem_copy_string(name);
}

bool tensor_add(tensor_file *file, const tensor_spec *spec, const char *key, scry_error *err) {
    tensor t;
    if (!tensor_view(&t, spec, file, key, err)) return false;
    tensor_append(file, &t, spec->name);
    return true;
}

tensor tensor_select(const tensor *t, int dim, uint64_t at) {
    tensor part = *t;
    part.name = NULL;
    part.dims = 0;
    for (int i = 0; i < t->dims; i++) {
        if (i == dim) continue;
        part.shape[part.dims] = t->shape[i];
        part.stride[part.dims++] = t->stride[i];
    }
    part.data += (int64_t)at * t->stride[dim] * (int64_t)tensor_size(t->dtype);
    return part;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static inline float half_to_float(uint16_t half) {
    /* Move the bits into place and mend the exponent's bias with one multiplication, which is
     * right for subnormals too. */
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0; /* infinity and NaN */
    bits |= (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

WIDE static void from_f16(const uint8_t *data, float *out, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, data + 2 * i, 2);
        out[i] = half_to_float(half);
    }
}

WIDE static void from_bf16(const uint8_t *data, float *out, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t brain;
        memcpy(&brain, data + 2 * i, 2);
        uint32_t bits = (uint32_t)brain << 16;
        memcpy(&out[i], &bits, 4);
    }
}

WIDE static void from_f64(const uint8_t *data, float *out, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, data + 8 * i, 8);
        out[i] = (float)value;
    }
}

WIDE static uint64_t clear_nonfinite(float *out, uint64_t count) {
    uint64_t bad = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &out[i], 4);
        bool wrong = (bits & 0x7f800000u) == 0x7f800000u;
        bad += wrong;
        bits = wrong ? 0 : bits;
        memcpy(&out[i], &bits, 4);
    }
    return bad;
}

/* Contiguous elements in this machine's byte order. */
#define EACH_ELEMENT(type, statement)                                                                                  \
    for (uint64_t i = 0; i < count; i++) {                                                                             \
        type value;                                                                                                    \
        memcpy(&value, data + i * sizeof value, sizeof value);                                                         \
        statement;                                                                                                     \
    }                                                                                                                  \
    break

static void to_float(tensor_dtype dtype, const uint8_t *data, float *out, uint64_t count) {
    switch (dtype) {
    case TENSOR_F16:
        from_f16(data, out, count);
        break;
    case TENSOR_BF16:
        from_bf16(data, out, count);
        break;
    case TENSOR_F32:
        if (count) memcpy(out, data, count * 4);
        break;
    case TENSOR_F64:
        from_f64(data, out, count);
        break;
    case TENSOR_I8:
        EACH_ELEMENT(int8_t, out[i] = (float)value);
    case TENSOR_U8:
        EACH_ELEMENT(uint8_t, out[i] = (float)value);
    case TENSOR_I16:
        EACH_ELEMENT(int16_t, out[i] = (float)value);
    case TENSOR_U16:
        EACH_ELEMENT(uint16_t, out[i] = (float)value);
    case TENSOR_I32:
        EACH_ELEMENT(int32_t, out[i] = (float)value);
    case TENSOR_U32:
        EACH_ELEMENT(uint32_t, out[i] = (float)value);
    case TENSOR_I64:
        EACH_ELEMENT(int64_t, out[i] = (float)value);
    case TENSOR_U64:
        EACH_ELEMENT(uint64_t, out[i] = (float)value);
    case TENSOR_OTHER:
        memset(out, 0, count * sizeof *out);
        break;
    }
}

static bool to_integer(tensor_dtype dtype, const uint8_t *data, int64_t *out, uint64_t count) {
    bool fits = true;
    switch (dtype) {
    case TENSOR_I8:
        EACH_ELEMENT(int8_t, out[i] = value);
    case TENSOR_U8:
        EACH_ELEMENT(uint8_t, out[i] = value);
    case TENSOR_I16:
        EACH_ELEMENT(int16_t, out[i] = value);
    case TENSOR_U16:
        EACH_ELEMENT(uint16_t, out[i] = value);
    case TENSOR_I32:
        EACH_ELEMENT(int32_t, out[i] = value);
    case TENSOR_U32:
        EACH_ELEMENT(uint32_t, out[i] = value);
    case TENSOR_I64:
        EACH_ELEMENT(int64_t, out[i] = value);
    case TENSOR_U64:
        EACH_ELEMENT(uint64_t, (fits = fits && value <= INT64_MAX, out[i] = (int64_t)value));
    default:
        fits = false;
    }
    return fits;
}

/* Inlined below with each width as a constant, so that no element costs a call. */
static inline void gather_width(const uint8_t *from, unsigned each, int64_t jump, bool swap, uint64_t count,
                                uint8_t *out) {
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *element = from + (int64_t)i * jump;
        if (swap)
            for (unsigned b = 0; b < each; b++) out[i * each + b] = element[each - 1 - b];
        else memcpy(out + i * each, element, each);
    }
}

/* count elements of `each` bytes, `step` elements apart, side by side and in this machine's order. */
static void gather(const uint8_t *from, unsigned each, int64_t step, bool swap, uint64_t count, uint8_t *out) {
    int64_t jump = step * (int64_t)each;
    if (each == 1) gather_width(from, 1, jump, swap, count, out);
    else if (each == 2) gather_width(from, 2, jump, swap, count, out);
    else if (each == 4) gather_width(from, 4, jump, swap, count, out);
    else gather_width(from, 8, jump, swap, count, out);
}

enum { BLOCK = 512 };

uint64_t tensor_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out) {
    unsigned each = tensor_size(t->dtype);
    const uint8_t *data = t->data + (int64_t)first * (int64_t)each;
    if ((step == 1 && !t->big_endian) || !each) {
        to_float(t->dtype, data, out, count);
    } else {
        uint8_t block[BLOCK * 8];
        for (uint64_t at = 0; at < count; at += BLOCK) {
            uint64_t n = count - at < BLOCK ? count - at : BLOCK;
            gather(data + (int64_t)at * step * (int64_t)each, each, step, t->big_endian, n, block);
            to_float(t->dtype, block, out + at, n);
        }
    }
    return clear_nonfinite(out, count);
}

bool tensor_integers(const tensor *t, int64_t first, int64_t step, uint64_t count, int64_t *out) {
    unsigned each = tensor_size(t->dtype);
    if (!each || tensor_is_float(t->dtype)) return false;
    const uint8_t *data = t->data + first * (int64_t)each;
    bool fits = true;
    uint8_t block[BLOCK * 8];
    for (uint64_t at = 0; at < count && fits; at += BLOCK) {
        uint64_t n = count - at < BLOCK ? count - at : BLOCK;
        gather(data + (int64_t)at * step * (int64_t)each, each, step, t->big_endian, n, block);
        fits = to_integer(t->dtype, block, out + at, n);
    }
    return fits;
}

bool tensor_integer(const tensor *t, int64_t at, int64_t *out) {
    return tensor_integers(t, at, 1, 1, out);
}

/* ---- sparse matrices: their parts ----------------------------------------------------------- */

static uint64_t elements_of(const tensor *t) {
    uint64_t n = 1;
    for (int i = 0; i < t->dims; i++) n *= t->shape[i];
    return n;
}

/* A tensor of one dimension as a matrix with one row. */
static tensor as_matrix(const tensor *t) {
    tensor m = *t;
    if (m.dims == 1) {
        m.shape[1] = m.shape[0];
        m.stride[1] = m.stride[0];
        m.shape[0] = 1;
        m.stride[0] = 0;
        m.dims = 2;
    }
    return m;
}

uint32_t *tensor_indices(const tensor_file *file, const tensor *t, const char *what, uint64_t limit, const char *key,
                         scry_error *err) {
    uint64_t count = elements_of(t), done = 0;
    bool whole = tensor_size(t->dtype) && !tensor_is_float(t->dtype);
    /* an expanded tensor (stride 0) can claim more entries than the file has bytes */
    if (!whole || t->dims < 1 || t->dims > 2 || count > file->map.size + file->inflated) {
        char shape[160];
        tensor_fail(file, key, err, "%s: found shape %s of %s, expected a list of integers", what,
                    tensor_shape_text(t, shape, sizeof shape), t->dtype_name);
        return NULL;
    }
    tensor m = as_matrix(t);
    uint32_t *out = mem_resize(NULL, (size_t)count, sizeof *out);
    int64_t number[BLOCK] = {0};
    for (uint64_t row = 0; row < m.shape[0]; row++)
        for (uint64_t at = 0; at < m.shape[1]; at += BLOCK) {
            uint64_t n = m.shape[1] - at < BLOCK ? m.shape[1] - at : BLOCK, i = 0;
            bool fits =
                tensor_integers(&m, (int64_t)row * m.stride[0] + (int64_t)at * m.stride[1], m.stride[1], n, number);
            while (fits && i < n && number[i] >= 0 && (uint64_t)number[i] < limit) out[done++] = (uint32_t)number[i++];
            if (i == n) continue;
            tensor_fail(file, key, err, "%s: found index %" PRId64 " at entry %" PRIu64 ", expected 0 to %" PRIu64,
                        what, number[i], done, limit ? limit - 1 : 0);
            free(out);
            return NULL;
        }
    return out;
}

float *tensor_values(const tensor *t, uint64_t *nonfinite) {
    tensor m = as_matrix(t);
    float *out = mem_resize(NULL, (size_t)elements_of(t), sizeof *out);
    for (uint64_t row = 0; row < m.shape[0]; row++)
        *nonfinite +=
            tensor_floats(&m, (uint64_t)((int64_t)row * m.stride[0]), m.stride[1], m.shape[1], out + row * m.shape[1]);
    return out;
}

/* The row of each entry, from where each row begins (CSR); CSC's columns likewise. Sets *count. */
static uint32_t *expand(const tensor_file *file, const tensor *t, uint64_t groups, uint64_t most, uint64_t *count,
                        const char *key, scry_error *err) {
    int64_t before = 0, now = -1;
    bool right =
        t->dims == 1 && groups < file->map.size + file->inflated && t->shape[0] == groups + 1 && groups <= UINT32_MAX;
    if (right) right = tensor_integer(t, (int64_t)groups * t->stride[0], &now) && now >= 0 && (uint64_t)now <= most;
    uint32_t *out = right ? mem_resize(NULL, (size_t)now, sizeof *out) : NULL;
    *count = right ? (uint64_t)now : 0;
    for (uint64_t g = 0; g <= groups && right; g++) {
        right = tensor_integer(t, (int64_t)g * t->stride[0], &now) && now >= before && (uint64_t)now <= *count &&
                (g || now == 0);
        for (; right && before < now; before++) out[before] = (uint32_t)(g - 1);
    }
    if (right) return out;
    tensor_fail(file, key, err,
                "compressed sparse pointers: expected %" PRIu64 " ascending whole numbers from 0 to at most %" PRIu64
                ", found %" PRIu64 " and among them %" PRId64,
                groups + 1, most, t->dims == 1 ? t->shape[0] : 0, now);
    free(out);
    return NULL;
}

/* ---- sparse matrices: putting them together --------------------------------------------------- */

/* Entries to the order of their rows, where they are not in it already. */
static void sort_by_row(tensor_sparse *s, uint64_t count, uint32_t *row, bool ascending) {
    s->start = mem_new((size_t)s->rows + 1, sizeof *s->start);
    for (uint64_t i = 0; i < count; i++) s->start[row[i] + 1]++;
    for (uint64_t r = 0; r < s->rows; r++) s->start[r + 1] += s->start[r];
    if (ascending) return;
    uint32_t *col = mem_resize(NULL, (size_t)count, sizeof *col);
    float *value = mem_resize(NULL, (size_t)count, sizeof *value);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t to = s->start[row[i]]++;
        col[to] = s->col[i];
        value[to] = s->value[i];
    }
    memmove(s->start + 1, s->start, (size_t)s->rows * sizeof *s->start);
    s->start[0] = 0;
    free(s->col);
    free(s->value);
    s->col = col;
    s->value = value;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort_numbers(uint64_t *number, uint64_t count) {
    if (count > 64) {
        qsort(number, (size_t)count, sizeof *number, by_number);
        return;
    }
    for (uint64_t i = 1; i < count; i++) {
        uint64_t moving = number[i], at = i;
        for (; at && number[at - 1] > moving; at--) number[at] = number[at - 1];
        number[at] = moving;
    }
}

/* Room for sorting one row. */
typedef struct row_scratch {
    uint64_t *order; /* column << 32 | place in the row */
    float *value;
    uint64_t room;
} row_scratch;

/* Sorts the n entries at `from` by column, adds duplicates up and writes them from `to` on (to is
 * not above from). Returns how many there are. */
static uint64_t merge_row(tensor_sparse *s, uint64_t from, uint64_t n, uint64_t to, row_scratch *scratch) {
    if (n > scratch->room) {
        scratch->room = n * 2;
        scratch->order = mem_resize(scratch->order, (size_t)scratch->room, sizeof *scratch->order);
        scratch->value = mem_resize(scratch->value, (size_t)scratch->room, sizeof *scratch->value);
    }
    for (uint64_t i = 0; i < n; i++) {
        scratch->order[i] = (uint64_t)s->col[from + i] << 32 | i;
        scratch->value[i] = s->value[from + i];
    }
    sort_numbers(scratch->order, n);
    uint64_t at = to;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t col = (uint32_t)(scratch->order[i] >> 32);
        float value = scratch->value[scratch->order[i] & UINT32_MAX];
        if (at > to && s->col[at - 1] == col) {
            s->value[at - 1] += value;
        } else {
            s->col[at] = col;
            s->value[at++] = value;
        }
    }
    for (uint64_t i = to; i < at; i++)
        if (!isfinite(s->value[i])) s->value[i] = 0, s->nonfinite++; /* a sum of duplicates */
    return at - to;
}

/* Columns ascending in each row, each once. */
static void tidy_rows(tensor_sparse *s) {
    row_scratch scratch = {0};
    uint64_t from = 0, to = 0;
    for (uint64_t r = 0; r < s->rows; r++) {
        uint64_t end = s->start[r + 1], n = end - from, i = 1;
        while (i < n && s->col[from + i - 1] < s->col[from + i]) i++;
        s->start[r] = to;
        if (i < n) {
            to += merge_row(s, from, n, to, &scratch);
        } else {
            if (to != from && n) {
                memmove(s->col + to, s->col + from, (size_t)n * sizeof *s->col);
                memmove(s->value + to, s->value + from, (size_t)n * sizeof *s->value);
            }
            to += n;
        }
        from = end;
    }
    s->start[s->rows] = to;
    free(scratch.order);
    free(scratch.value);
}

tensor_sparse *tensor_add_entries(tensor_file *file, const char *name, uint64_t rows, uint64_t cols, uint64_t count,
                                  uint32_t *row, uint32_t *col, float *value, const char *key, scry_error *err) {
    /* A stranger's file may state a huge shape and hold nothing; rows cost 8 bytes each. */
    uint64_t most = (1u << 24) + count * 64;
    if (rows > most || rows > UINT32_MAX || cols > (uint64_t)UINT32_MAX + 1) {
        tensor_fail(file, key, err,
                    "sparse tensor \"%.60s\": found shape [%" PRIu64 ", %" PRIu64 "] with %" PRIu64
                    " entries, expected at most %" PRIu64 " rows for so few and 2^32 of each",
                    name, rows, cols, count, most);
        free(row);
        free(col);
        free(value);
        return NULL;
    }
    tensor_sparse s = {.rows = rows, .cols = cols, .col = col, .value = value};
    bool ascending = true;
    for (uint64_t i = 1; i < count && ascending; i++) ascending = row[i - 1] <= row[i];
    sort_by_row(&s, count, row, ascending);
    free(row);
    tidy_rows(&s);
    s.name = mem_copy_string(name);
    file->sparse = mem_resize(file->sparse, file->sparse_count + 1, sizeof *file->sparse);
    file->sparse[file->sparse_count] = s;
    return &file->sparse[file->sparse_count++];
}

bool tensor_add_sparse(tensor_file *file, const char *name, sparse_layout layout, uint64_t rows, uint64_t cols,
                       const tensor *a, const tensor *b, const tensor *value, const char *key, scry_error *err) {
    if (b->dims != 1 || value->dims != 1 || b->shape[0] != value->shape[0] || !tensor_size(value->dtype)) {
        char one[96], two[96];
        return tensor_fail(file, key, err,
                           "sparse tensor \"%.60s\": found indices of shape %s and values of shape %s (%s), expected "
                           "lists of the same length; only sparse matrices of plain numbers are read",
                           name, tensor_shape_text(b, one, sizeof one), tensor_shape_text(value, two, sizeof two),
                           value->dtype_name);
    }
    tensor index = *b, number = *value;
    uint64_t count = b->shape[0], nonfinite = 0;
    uint32_t *first = NULL, *second = NULL;
    if (count > file->map.size + file->inflated)
        return tensor_fail(file, key, err, "sparse tensor \"%.60s\": %" PRIu64 " entries in a file too short for them",
                           name, count);
    if (layout != SPARSE_COO) first = expand(file, a, layout == SPARSE_CSR ? rows : cols, count, &count, key, err);
    else if (a->dims == 1 && a->shape[0] == count) first = tensor_indices(file, a, "sparse rows", rows, key, err);
    else tensor_fail(file, key, err, "sparse tensor \"%.60s\": rows and columns are not lists of one length", name);
    index.shape[0] = number.shape[0] = count;
    if (first) second = tensor_indices(file, &index, "sparse indices", layout == SPARSE_CSC ? rows : cols, key, err);
    if (!second) {
        free(first);
        return false;
    }
    bool swap = layout == SPARSE_CSC;
    float *numbers = tensor_values(&number, &nonfinite);
    tensor_sparse *s = tensor_add_entries(file, name, rows, cols, count, swap ? second : first, swap ? first : second,
                                          numbers, key, err);
    if (s) s->nonfinite += nonfinite;
    return s != NULL;
}

/* ---- top-k pairs ----------------------------------------------------------------------------- */

/* [N, k] indices and [N, k] values, as hand-made dumps and sparsify write them. */
static bool add_top_k(tensor_file *file, const char *key, scry_error *err) {
    static const char *const names[][2] = {{"indices", "values"}, {"top_indices", "top_acts"}};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const tensor *index = tensor_find(file, names[n][0]), *value = tensor_find(file, names[n][1]);
        if (!index || !value || index->dims != 2 || value->dims != 2 || !tensor_size(index->dtype) ||
            tensor_is_float(index->dtype) || !tensor_is_float(value->dtype) || tensor_find_sparse(file, "") ||
            index->shape[0] != value->shape[0] || index->shape[1] != value->shape[1])
            continue;
        uint64_t rows = index->shape[0], k = index->shape[1], count = rows * k, nonfinite = 0;
        if (count == 0) continue;
        uint32_t *col = tensor_indices(file, index, names[n][0], UINT32_MAX, key, err), widest = 0;
        if (!col) return false;
        uint32_t *row = mem_resize(NULL, (size_t)count, sizeof *row);
        for (uint64_t i = 0; i < count; i++) {
            row[i] = (uint32_t)(i / k);
            if (col[i] > widest) widest = col[i];
        }
        float *values = tensor_values(value, &nonfinite);
        tensor_sparse *s = tensor_add_entries(file, "", rows, (uint64_t)widest + 1, count, row, col, values, key, err);
        if (!s) return false;
        s->cols_inferred = true;
        s->nonfinite += nonfinite;
    }
    return true;
}
