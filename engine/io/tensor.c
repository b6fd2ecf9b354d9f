/* tensor.c: named arrays in files, whatever the format. */
#include "io/tensor.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* These loops convert whole captures: let the compiler use what the processor has. */
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

bool tensor_file_open(tensor_file *file, const char *path, const char *key, scry_error *err) {
    *file = (tensor_file){0};
    if (!map_open(&file->map, path, key, err)) return false;
    const uint8_t *data = file->map.data;
    uint64_t size = file->map.size;
    bool ok;
    if (size >= 6 && memcmp(data, "\x93NUMPY", 6) == 0) {
        ok = npy_read(file, key, err);
    } else if (size >= 9 && data[8] == '{') {
        ok = safetensors_read(file, key, err);
    } else {
        char head[40] = "";
        for (unsigned i = 0; i < 8 && i < size; i++)
            snprintf(head + strlen(head), sizeof head - strlen(head), "%s%02x", i ? " " : "", data[i]);
        ok = scry_fail(err,
                       "%s%s%s: not a tensor file: %" PRIu64 " bytes beginning with [%s]; expected .safetensors "
                       "(8 bytes of length, then '{') or .npy (93 4e 55 4d 50 59)",
                       key ? key : "", key ? ": " : "", path, size, head);
    }
    if (!ok) tensor_file_close(file);
    return ok;
}

void tensor_file_close(tensor_file *file) {
    for (size_t i = 0; i < file->count; i++) free(file->tensors[i].name);
    free(file->tensors);
    map_close(&file->map);
    *file = (tensor_file){0};
}

const tensor *tensor_find(const tensor_file *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

/* "a, b, c" of what the file holds, for messages. */
static void list_names(const tensor_file *file, char *text, size_t size) {
    text[0] = 0;
    for (size_t i = 0; i < file->count && strlen(text) + 80 < size; i++) {
        char shape[96];
        tensor_shape_text(&file->tensors[i], shape, sizeof shape);
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%.40s %s", i ? ", " : "", file->tensors[i].name, shape);
    }
}

const tensor *tensor_choose(const tensor_file *file, const char *name, const char *key, scry_error *err) {
    char held[400];
    list_names(file, held, sizeof held);
    if (name) {
        const tensor *t = tensor_find(file, name);
        if (!t) scry_fail(err, "%s: %s: no tensor named \"%s\"; the file holds: %s", key, file->map.path, name, held);
        return t;
    }
    const tensor *only = NULL;
    size_t matrices = 0;
    for (size_t i = 0; i < file->count; i++)
        if (file->tensors[i].dims == 2) {
            only = &file->tensors[i];
            matrices++;
        }
    if (matrices == 1) return only;
    scry_fail(err,
              "%s: %s: found %zu two-dimensional tensors, expected one [tokens, width]; name it with \"tensor\"; "
              "the file holds: %s",
              key, file->map.path, matrices, held[0] ? held : "nothing");
    return NULL;
}

unsigned tensor_size(tensor_dtype dtype) {
    switch (dtype) {
    case TENSOR_F16:
    case TENSOR_BF16:
        return 2;
    case TENSOR_F32:
        return 4;
    case TENSOR_F64:
        return 8;
    default:
        return 0;
    }
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

bool tensor_add(tensor_file *file, const char *name, const char *dtype_name, tensor_dtype dtype, int dims,
                const uint64_t *shape, bool fortran, const uint8_t *data, uint64_t room, const char *key,
                scry_error *err) {
    tensor t = {.dtype = dtype, .dims = dims, .data = data};
    snprintf(t.dtype_name, sizeof t.dtype_name, "%s", dtype_name);
    uint64_t elements = 1;
    for (int i = 0; i < dims; i++) {
        t.shape[i] = shape[i];
        if (shape[i] && elements > (uint64_t)INT64_MAX / shape[i])
            return scry_fail(err, "%s%s%s: tensor \"%s\": shape overflows 63 bits", key ? key : "", key ? ": " : "",
                             file->map.path, name);
        elements *= shape[i];
    }
    unsigned each = tensor_size(dtype);
    if (each && elements > room / each) {
        char text[160];
        return scry_fail(err,
                         "%s%s%s: tensor \"%s\": %s of %s needs %" PRIu64 " x %u bytes, found %" PRIu64
                         "; the file is cut or its header is wrong",
                         key ? key : "", key ? ": " : "", file->map.path, name,
                         tensor_shape_text(&t, text, sizeof text), dtype_name, elements, each, room);
    }
    uint64_t step = elements ? 1 : 0; /* without elements no stride is ever used */
    for (int k = 0; k < dims; k++) {
        int i = fortran ? k : dims - 1 - k;
        t.stride[i] = (int64_t)step;
        step *= shape[i];
    }
    t.name = mem_copy_string(name);
    file->tensors = mem_resize(file->tensors, file->count + 1, sizeof *file->tensors);
    file->tensors[file->count++] = t;
    return true;
}

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

static float one_float(const tensor *t, const uint8_t *at) {
    float out = 0;
    switch (t->dtype) {
    case TENSOR_F16:
        from_f16(at, &out, 1);
        break;
    case TENSOR_BF16:
        from_bf16(at, &out, 1);
        break;
    case TENSOR_F32:
        memcpy(&out, at, 4);
        break;
    case TENSOR_F64:
        from_f64(at, &out, 1);
        break;
    default:
        break;
    }
    return out;
}

uint64_t tensor_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out) {
    unsigned each = tensor_size(t->dtype);
    const uint8_t *data = t->data + first * each;
    if (step == 1) {
        switch (t->dtype) {
        case TENSOR_F16:
            from_f16(data, out, count);
            break;
        case TENSOR_BF16:
            from_bf16(data, out, count);
            break;
        case TENSOR_F32:
            memcpy(out, data, count * 4);
            break;
        case TENSOR_F64:
            from_f64(data, out, count);
            break;
        default:
            memset(out, 0, count * sizeof *out);
        }
    } else {
        for (uint64_t i = 0; i < count; i++) out[i] = one_float(t, data + (int64_t)i * step * (int64_t)each);
    }
    return clear_nonfinite(out, count);
}
