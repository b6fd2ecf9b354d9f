/* twin_read.c: see twin_read.h. */
#include "twin_read.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- small things ------------------------------------------------------- */

void twin_die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("twin: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(3);
}

void *twin_zeros(size_t n, size_t size) {
    void *p = calloc(n ? n : 1, size);
    if (!p) twin_die("out of memory for %zu x %zu bytes", n, size);
    return p;
}

double *twin_doubles(int n) {
    return twin_zeros((size_t)n, sizeof(double));
}

char *twin_copy_of(const char *s) {
    char *p = twin_zeros(strlen(s) + 1, 1);
    memcpy(p, s, strlen(s));
    return p;
}

char *twin_joined(const char *a, const char *b, const char *c) {
    size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
    char *p = twin_zeros(n, 1);
    snprintf(p, n, "%s%s%s", a, b, c);
    return p;
}

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    if (!f) twin_die("%s: %s", path, strerror(errno));
    if (fseek(f, 0, SEEK_END) != 0) twin_die("%s: cannot seek", path);
    long n = ftell(f);
    if (n < 0) twin_die("%s: cannot tell its size", path);
    rewind(f);
    unsigned char *bytes = twin_zeros((size_t)n + 1, 1);
    if (fread(bytes, 1, (size_t)n, f) != (size_t)n) twin_die("%s: cannot read", path);
    fclose(f);
    *size = (size_t)n;
    return bytes;
}

cJSON *twin_read_json(const char *path) {
    size_t size;
    char *text = (char *)read_file(path, &size);
    cJSON *json = cJSON_Parse(text);
    if (!json) twin_die("%s: not JSON", path);
    free(text);
    return json;
}

const cJSON *twin_get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *twin_get_string(const cJSON *object, const char *key, const char *otherwise) {
    const cJSON *item = twin_get(object, key);
    if (!item) return otherwise;
    if (!cJSON_IsString(item)) twin_die("\"%s\" is not a string", key);
    return item->valuestring;
}

/* ---- tensors ------------------------------------------------------------ */

static size_t width_of(twin_number_type type) {
    return type == TWIN_F64 ? 8 : type == TWIN_F32 ? 4 : 2;
}

static double half_value(uint16_t bits) {
    int sign = bits >> 15, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    double x = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(1024 + fraction, exponent - 25);
    return sign ? -x : x;
}

double twin_value_at(const twin_tensor *m, size_t i) {
    static double halves[65536];
    static int filled = 0;
    const unsigned char *p = m->bytes + i * width_of(m->type);
    uint16_t bits;
    uint32_t wide;
    float single;
    double x;
    switch (m->type) {
    case TWIN_F16:
        for (; filled < 65536; filled++) halves[filled] = half_value((uint16_t)filled);
        memcpy(&bits, p, 2);
        x = halves[bits];
        break;
    case TWIN_BF16:
        memcpy(&bits, p, 2);
        wide = (uint32_t)bits << 16;
        memcpy(&single, &wide, 4);
        x = (double)single;
        break;
    case TWIN_F32:
        memcpy(&single, p, 4);
        x = (double)single;
        break;
    default:
        memcpy(&x, p, 8);
    }
    if (!isfinite(x)) twin_die("a number is not finite");
    return x;
}

static int dimension(double x, const char *path) {
    if (!(x >= 0 && x <= INT_MAX && x == floor(x))) twin_die("%s: bad dimension %g", path, x);
    return (int)x;
}

/* the named twin_tensor; without a name the only one there is, or the preferred one */
twin_tensor twin_read_safetensors(const char *path, const char *name, const char *preferred) {
    size_t size;
    unsigned char *file = read_file(path, &size);
    uint64_t header;
    if (size < 8) twin_die("%s: too short", path);
    memcpy(&header, file, 8);
    if (header > size - 8) twin_die("%s: header longer than the file", path);
    cJSON *json = cJSON_ParseWithLength((const char *)file + 8, header);
    if (!json) twin_die("%s: header is not JSON", path);

    const cJSON *found = NULL;
    int n = 0;
    for (const cJSON *item = json->child; item; item = item->next) {
        if (strcmp(item->string, "__metadata__") == 0) continue;
        n++;
        if (name ? strcmp(item->string, name) == 0 : n == 1 || strcmp(item->string, preferred) == 0) found = item;
    }
    if (!name && n > 1 && found && strcmp(found->string, preferred) != 0)
        twin_die("%s: several tensors, none named %s", path, preferred);
    if (!found) twin_die("%s: no twin_tensor %s", path, name ? name : preferred);

    twin_tensor m = {TWIN_F32, 1, 1, NULL};
    const char *type = twin_get_string(found, "dtype", "none");
    if (strcmp(type, "F16") == 0) m.type = TWIN_F16;
    else if (strcmp(type, "BF16") == 0) m.type = TWIN_BF16;
    else if (strcmp(type, "F32") == 0) m.type = TWIN_F32;
    else if (strcmp(type, "F64") == 0) m.type = TWIN_F64;
    else twin_die("%s: dtype %s", path, type);

    const cJSON *shape = twin_get(found, "shape"), *offsets = twin_get(found, "data_offsets");
    int dims = cJSON_GetArraySize(shape);
    if (dims < 1 || dims > 2 || cJSON_GetArraySize(offsets) != 2)
        twin_die("%s: %s is not a vector or matrix", path, found->string);
    m.columns = dimension(cJSON_GetArrayItem(shape, dims - 1)->valuedouble, path);
    if (dims == 2) m.rows = dimension(cJSON_GetArrayItem(shape, 0)->valuedouble, path);
    size_t bytes = (size_t)m.rows * (size_t)m.columns * width_of(m.type);
    double from = cJSON_GetArrayItem(offsets, 0)->valuedouble;
    double to = cJSON_GetArrayItem(offsets, 1)->valuedouble;
    if (!(from >= 0 && to <= (double)(size - 8 - header) && to - from == (double)bytes))
        twin_die("%s: offsets of %s do not fit", path, found->string);
    m.bytes = twin_zeros(bytes, 1);
    memcpy(m.bytes, file + 8 + header + (size_t)from, bytes);
    cJSON_Delete(json);
    free(file);
    return m;
}

twin_tensor twin_read_npy(const char *path) {
    size_t size;
    unsigned char *file = read_file(path, &size);
    if (size < 10 || memcmp(file, "\x93NUMPY\x01", 7) != 0) twin_die("%s: not .npy version 1", path);
    size_t header = (size_t)file[8] + 256 * (size_t)file[9];
    if (size < 10 + header) twin_die("%s: too short", path);
    char *text = twin_zeros(header + 1, 1);
    memcpy(text, file + 10, header);

    twin_tensor m = {TWIN_F32, 1, 1, NULL};
    if (strstr(text, "'<f2'")) m.type = TWIN_F16;
    else if (strstr(text, "'<f8'")) m.type = TWIN_F64;
    else if (!strstr(text, "'<f4'")) twin_die("%s: dtype is none of <f2 <f4 <f8", path);
    if (!strstr(text, "'fortran_order': False")) twin_die("%s: not in C order", path);
    const char *shape = strstr(text, "'shape': (");
    double rows, columns;
    if (!shape || sscanf(shape, "'shape': (%lf, %lf)", &rows, &columns) != 2) twin_die("%s: not a matrix", path);
    m.rows = dimension(rows, path);
    m.columns = dimension(columns, path);
    size_t bytes = (size_t)m.rows * (size_t)m.columns * width_of(m.type);
    if (size != 10 + header + bytes) twin_die("%s: %zu bytes of data, %zu expected", path, size - 10 - header, bytes);
    m.bytes = twin_zeros(bytes, 1);
    memcpy(m.bytes, file + 10 + header, bytes);
    free(text);
    free(file);
    return m;
}

int twin_ends_with(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}
