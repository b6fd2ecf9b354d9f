/* check.c: see check.h. */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t failures;

static void *room(size_t size) {
    void *p = calloc(size ? size : 1, 1);
    if (!p) abort();
    return p;
}

/* ---- checks --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static void line(bool ok, const char *format, va_list args) {
    if (!ok) failures++;
    fputs(ok ? "ok - " : "not ok - ", stdout);
    vprintf(format, args);
}

static void end_line(void) {
    putchar('\n');
    fflush(stdout);
}

bool check(bool ok, const char *format, ...) {
    va_list args;
    va_start(args, format);
    line(ok, format, args);
    va_end(args);
    end_line();
    return ok;
}

bool check_near(double found, double expected, double relative, const char *what, ...) {
    bool ok =
        (isnan(found) && isnan(expected)) || found == expected || fabs(found - expected) <= relative * fabs(expected);
    va_list args;
    va_start(args, what);
    line(ok, what, args);
    va_end(args);
    if (!ok) printf(": found %.17g, expected %.17g", found, expected);
    end_line();
    return ok;
}

bool check_is(uint64_t found, uint64_t expected, const char *what, ...) {
    va_list args;
    va_start(args, what);
    line(found == expected, what, args);
    va_end(args);
    if (found != expected)
        printf(": found %llu, expected %llu", (unsigned long long)found, (unsigned long long)expected);
    end_line();
    return found == expected;
}

bool check_says(const char *text, const char *const *words, const char *what, ...) {
    const char *lacking = NULL;
    for (size_t i = 0; words[i] && !lacking; i++)
        if (!strstr(text, words[i])) lacking = words[i];
    va_list args;
    va_start(args, what);
    line(!lacking, what, args);
    va_end(args);
    if (lacking) printf(": found \"%s\", expected it to say \"%s\"", text, lacking);
    end_line();
    return !lacking;
}

void check_skip(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("skip - ", stdout);
    vprintf(format, args);
    va_end(args);
    end_line();
}

void worst_add(worst *w, double found, double expected, double scale, const char *where, ...) {
    w->compared++;
    if (found == expected || (isnan(found) && isnan(expected))) return;
    double off = fabs(found - expected) / scale;
    if (isnan(off)) off = INFINITY;
    w->beyond += off > w->tolerance;
    if (off <= w->most) return;
    w->most = off;
    w->found = found;
    w->expected = expected;
    va_list args;
    va_start(args, where);
    vsnprintf(w->where, sizeof w->where, where, args);
    va_end(args);
}

bool worst_line(const worst *w, const char *what, ...) {
    bool ok = w->beyond == 0 && w->compared > 0;
    va_list args;
    va_start(args, what);
    line(ok, what, args);
    va_end(args);
    printf(": %zu compared, worst deviation %.2g (allowed %.2g)", w->compared, w->most, w->tolerance);
    if (!ok)
        printf(", %zu beyond; worst at %s: found %.17g, expected %.17g", w->beyond, w->where, w->found, w->expected);
    end_line();
    return ok;
}

/* ---- scratch folder ------------------------------------------------------------------------- */

static char **texts;
static size_t text_count;
static char *folder;

static const char *keep(char *text) {
    texts = realloc(texts, (text_count + 1) * sizeof *texts);
    if (!texts) abort();
    texts[text_count++] = text;
    return text;
}

__attribute__((format(printf, 1, 0))) static char *formatted(const char *format, va_list args) {
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) abort();
    return text;
}

const char *text_of(const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = formatted(format, args);
    va_end(args);
    return keep(text);
}

__attribute__((format(printf, 1, 0))) static const char *in_folder(const char *format, va_list args) {
    if (!folder) {
        const char *work = getenv("WORK");
        folder = room(strlen(work ? work : "/tmp") + 40);
        sprintf(folder, "%s/scry-unit-XXXXXX", work ? work : "/tmp");
        if (!mkdtemp(folder)) {
            fprintf(stderr, "%s: %s\n", folder, strerror(errno));
            exit(1);
        }
    }
    char *name = formatted(format, args);
    const char *path = text_of("%s/%s", folder, name);
    free(name);
    return path;
}

const char *scratch(const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *path = in_folder(format, args);
    va_end(args);
    return path;
}

const char *scratch_folder(const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *path = in_folder(format, args);
    va_end(args);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int check_end(void) {
    if (folder) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
    for (size_t i = 0; i < text_count; i++) free(texts[i]);
    free(texts);
    if (failures) printf("%zu failed\n", failures);
    return failures != 0;
}

size_t count_names(const char *path, const char *part) {
    DIR *d = opendir(path);
    size_t n = 0;
    for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) n += strstr(e->d_name, part) != NULL;
    if (d) closedir(d);
    return n;
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

const char *study_path_of(const char *name) {
    const char *path =
        strcmp(name, "sample") == 0 ? "sample_data/study.json" : text_of("../shared/studies/%s/study.json", name);
    return file_exists(path) ? path : NULL;
}

void write_bytes(const char *path, const void *bytes, size_t size) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
}

void write_text(const char *path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = formatted(format, args);
    va_end(args);
    write_bytes(path, text, strlen(text));
    free(text);
}

uint8_t *read_bytes(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    *size = (size_t)st.st_size;
    uint8_t *bytes = room(*size + 1);
    if (fread(bytes, 1, *size, f) != *size) abort();
    fclose(f);
    return bytes;
}

bool same_content(const char *a, const char *b) {
    size_t n, m;
    uint8_t *x = read_bytes(a, &n), *y = read_bytes(b, &m);
    bool same = n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return same;
}

/* ---- random numbers (xorshift64*) ----------------------------------------------------------- */

uint64_t roll(uint64_t *state) {
    uint64_t x = *state ? *state : 88172645463325252u;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 2685821657736338717u;
}

uint32_t roll_below(uint64_t *state, uint32_t n) {
    return (uint32_t)((roll(state) >> 11) % n);
}

double roll_unit(uint64_t *state) {
    return (double)(roll(state) >> 11) * 0x1p-53;
}

/* ---- specimens ------------------------------------------------------------------------------ */

double half_value(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double x = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(1024 + fraction, exponent - 25);
    return bits & 0x8000 ? -x : x;
}

uint16_t half_bits(double x) {
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    if (isnan(x)) return sign | 0x7e00;
    double size = fabs(x);
    if (size >= 65520) return sign | 0x7c00;
    int exponent;
    frexp(size, &exponent);
    if (size < 0x1p-14) return sign | (uint16_t)nearbyint(size * 0x1p24);
    /* the carry of the fraction into the exponent is just what rounding up wants */
    return sign | (uint16_t)(((exponent + 14) << 10) - 1024 + (int)nearbyint(ldexp(size, 11 - exponent)));
}

static size_t width_of(number_type type) {
    return type == F64 ? 8 : type == F32 ? 4 : 2;
}

static void put_number(uint8_t *at, number_type type, double x) {
    float single = (float)x;
    uint32_t bits;
    uint16_t half = half_bits(x);
    switch (type) {
    case F16:
        memcpy(at, &half, 2);
        break;
    case BF16:
        memcpy(&bits, &single, 4);
        half = (uint16_t)(isnan(single) ? bits >> 16 | 1 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
        memcpy(at, &half, 2);
        break;
    case F32:
        memcpy(at, &single, 4);
        break;
    case F64:
        memcpy(at, &x, 8);
        break;
    }
}

void write_npy_as(const char *path, number_type type, int version, bool fortran, size_t rows, size_t cols,
                  const double *values) {
    char header[256];
    size_t before = version == 1 ? 10 : 12;
    int length = snprintf(header, sizeof header, "{'descr': '<f%zu', 'fortran_order': %s, 'shape': (%zu, %zu), }",
                          width_of(type), fortran ? "True" : "False", rows, cols);
    while ((before + (size_t)length + 1) % 64) header[length++] = ' ';
    header[length++] = '\n';
    size_t size = before + (size_t)length + rows * cols * width_of(type);
    uint8_t *file = room(size);
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (uint8_t)version;
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + before, header, (size_t)length);
    uint8_t *at = file + before + length;
    for (size_t i = 0; i < rows * cols; i++, at += width_of(type))
        put_number(at, type, fortran ? values[i % rows * cols + i / rows] : values[i]);
    write_bytes(path, file, size);
    free(file);
}

void write_npy(const char *path, number_type type, size_t rows, size_t cols, const double *values) {
    write_npy_as(path, type, 1, false, rows, cols, values);
}

void write_safetensors_raw(const char *path, const char *header, const void *data, size_t size) {
    uint64_t length = strlen(header);
    uint8_t *file = room(8 + length + size);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    if (size) memcpy(file + 8 + length, data, size);
    write_bytes(path, file, 8 + length + size);
    free(file);
}

void write_safetensors(const char *path, const specimen *tensors, size_t count) {
    static const char *const names[] = {"F16", "BF16", "F32", "F64"};
    char header[4096];
    size_t used = (size_t)snprintf(header, sizeof header, "{\"__metadata__\":{\"by\":\"check.c\"}"), at = 0;
    for (size_t i = 0; i < count; i++) {
        const specimen *t = &tensors[i];
        size_t bytes = t->rows * (t->cols ? t->cols : 1) * width_of(t->type);
        used += (size_t)snprintf(header + used, sizeof header - used, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%zu",
                                 t->name, names[t->type], t->rows);
        if (t->cols) used += (size_t)snprintf(header + used, sizeof header - used, ",%zu", t->cols);
        used += (size_t)snprintf(header + used, sizeof header - used, "],\"data_offsets\":[%zu,%zu]}", at, at + bytes);
        at += bytes;
    }
    snprintf(header + used, sizeof header - used, "}");
    uint8_t *data = room(at), *to = data;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tensors[i].rows * (tensors[i].cols ? tensors[i].cols : 1); k++) {
            put_number(to, tensors[i].type, tensors[i].values[k]);
            to += width_of(tensors[i].type);
        }
    write_safetensors_raw(path, header, data, at);
    free(data);
}

void write_sae_folder(const char *to, size_t d, size_t F, const double *W, const double *b, const char *more) {
    specimen all[] = {
        {"W_enc", F32, d, F, W}, {"b_enc", F32, F, 0, b}, {"W_dec", F32, F, d, W + d * F}, {"b_dec", F32, d, 0, b + F}};
    write_safetensors(text_of("%s/sae_weights.safetensors", to), all, 4);
    write_text(text_of("%s/cfg.json", to), "{\"d_in\": %zu, \"d_sae\": %zu, \"normalize_activations\": \"none\", %s}",
               d, F, more);
}
