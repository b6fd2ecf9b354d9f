/* tensor.c: the named arrays of a file: finding, checking and adding them. */
#include "io/tensor.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool tensor_fail(const tensor_file *file, const char *key, scry_error *err, const char *format, ...) {
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return scry_fail(err, "%s%s%s: %s", key ? key : "", key ? ": " : "", file->map.path, text);
}

uint64_t tensor_file_bytes(const tensor_file *file) {
    uint64_t bytes = file->map.size + file->inflated;
    for (size_t i = 0; i < file->map_count; i++) bytes += file->maps[i].size;
    return bytes;
}

void tensor_file_drop_pages(const tensor_file *file) {
    mapped_file_drop_pages(&file->map);
    for (size_t i = 0; i < file->map_count; i++) mapped_file_drop_pages(&file->maps[i]);
    for (size_t i = 0; i < file->scratch_count; i++) scratch_file_drop_pages(&file->scratch[i]);
}

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

/* Writes "a [2, 3], b [4]" for all that the file holds, for messages. */
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
    size_t matrices = file->sparse_count, integers = 0;
    bool three = false; /* those that were found have three dimensions */
    if (file->sparse_count) *sparse = &file->sparse[0];
    for (int dims = 2; dims <= 3 && !matrices; dims++) /* [samples, positions, width] where there is no matrix */
        for (size_t i = 0; i < file->count; i++) {
            const tensor *t = &file->tensors[i];
            if (t->dims != dims) continue;
            if (!tensor_is_float(t->dtype)) {
                integers += dims == 2;
                continue;
            }
            *dense = t;
            three = dims == 3;
            matrices++;
        }
    if (matrices == 1) return true;
    *dense = NULL;
    *sparse = NULL;
    return tensor_fail(
        file, key, err,
        "found %zu %s-dimensional tensors%s, expected one [tokens, width] or one [samples, positions, width]; "
        "%s; the file holds: %s",
        matrices, three ? "three" : "two", integers && !matrices ? " of floating-point numbers" : "",
        !matrices ? "save one such tensor in it"
        : key     ? "name it with \"tensor\" in the manifest"
                  : "save the one that is meant in a file of its own",
        held);
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

uint64_t tensor_elements(const tensor *t) {
    uint64_t n = 1;
    for (int i = 0; i < t->dims; i++) n *= t->shape[i];
    return n;
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

/* The lowest and highest element that the strides reach, counted from the storage's first. */
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

/* Strides can make much of few bytes: up to REPEATED_FREELY bytes in all, or each REPEATED times. */
enum { REPEATED_FREELY = 64 << 20, REPEATED = 16 };

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
            if (t->shape[i] > 1) t->stride[i] = spec->stride[i]; /* the stride of a single element is arbitrary */
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
    if (elements > REPEATED_FREELY / each && elements / REPEATED > (uint64_t)(high - low) + 1)
        return tensor_fail(file, key, err,
                           "tensor \"%.60s\": %s of %s is made of %" PRIu64 " stored numbers, each of which stands for "
                           "%" PRIu64 ": its strides repeat them, as torch.expand does; save tensor.contiguous(), or "
                           "what was expanded",
                           spec->name, tensor_shape_text(t, text, sizeof text), spec->dtype_name,
                           (uint64_t)(high - low) + 1, elements / ((uint64_t)(high - low) + 1));
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

tensor_sparse *tensor_append_sparse(tensor_file *file, const tensor_sparse *s, const char *name) {
    file->sparse = mem_resize(file->sparse, file->sparse_count + 1, sizeof *file->sparse);
    file->sparse[file->sparse_count] = *s;
    file->sparse[file->sparse_count].name = mem_copy_string(name);
    return &file->sparse[file->sparse_count++];
}

void tensor_append_scratch(tensor_file *file, const scratch_file *bytes) {
    file->scratch = mem_resize(file->scratch, file->scratch_count + 1, sizeof *file->scratch);
    file->scratch[file->scratch_count++] = *bytes;
}
