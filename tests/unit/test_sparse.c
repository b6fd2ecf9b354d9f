/* test_sparse.c: sparse matrices in any order, against plain loops over their entries; sparse captures three times
 * larger than --memory, which stay within it. */
#include "peak_memory.h"
#include "io/matrix.h"

#include <zlib.h>

/* ---- files ------------------------------------------------------------------------------------ */

/* Number i of a list; real ones in 64ths. */
typedef int64_t (*number_at)(const void *context, uint64_t i);

typedef struct member {
    const char *name;
    char type; /* 'i' int64, 'l' int32, 'f' float32 */
    uint64_t count;
    number_at at;
    bool text; /* one array of three bytes, "csr" */
} member;

static void put(uint8_t **at, uint64_t number, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) *(*at)++ = (uint8_t)(number >> 8 * i);
}

typedef struct packer {
    FILE *f;
    z_stream z;
    bool deflate;
    uint32_t crc;
    uint64_t size, packed;
} packer;

static void pack(packer *p, const void *bytes, size_t size, bool end) {
    static uint8_t out[1 << 16];
    p->crc = (uint32_t)crc32_z(p->crc, bytes, size);
    p->size += size;
    if (!p->deflate) {
        p->packed += size;
        if (fwrite(bytes, 1, size, p->f) != size) abort();
        return;
    }
    p->z.next_in = (Bytef *)(uintptr_t)bytes;
    p->z.avail_in = (uInt)size;
    do {
        p->z.next_out = out;
        p->z.avail_out = sizeof out;
        deflate(&p->z, end ? Z_FINISH : Z_NO_FLUSH);
        size_t n = sizeof out - p->z.avail_out;
        p->packed += n;
        if (fwrite(out, 1, n, p->f) != n) abort();
    } while (p->z.avail_out == 0);
}

static void pack_array(packer *p, const member *m, const void *context) {
    char header[128];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
             m->text          ? "|S3"
             : m->type == 'i' ? "<i8"
             : m->type == 'l' ? "<i4"
                              : "<f4",
             m->text ? "" : text_of("%llu,", (unsigned long long)m->count));
    uint8_t head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
    pack(p, head, 10, false);
    for (size_t i = strlen(header); i < 117; i++) header[i] = ' ';
    header[117] = '\n';
    pack(p, header, 118, false);
    if (m->text) pack(p, context, 3, false);
    uint8_t block[8192];
    for (uint64_t i = 0; i < m->count && !m->text;) {
        uint8_t *to = block;
        for (; i < m->count && to + 8 <= block + sizeof block; i++) {
            int64_t x = m->at(context, i);
            float real = (float)x / 64;
            uint32_t bits;
            memcpy(&bits, &real, 4);
            if (m->type == 'f') put(&to, bits, 4);
            else put(&to, (uint64_t)x, m->type == 'i' ? 8 : 4);
        }
        pack(p, block, (size_t)(to - block), false);
    }
    pack(p, "", 0, true);
}

/* An .npz of the members; the context of one that is text is its text. */
static void write_npz(const char *path, const member *members, size_t count, const void *context, const char *format,
                      bool deflated) {
    static uint8_t directory[4096];
    uint8_t *d = directory;
    FILE *f = fopen(path, "wb");
    if (!f) abort();
    for (size_t i = 0; i < count; i++) {
        uint8_t local[100], *p = local;
        size_t name = strlen(members[i].name);
        uint64_t begin = (uint64_t)ftello(f);
        packer pack = {.f = f, .deflate = deflated, .crc = (uint32_t)crc32_z(0, NULL, 0)};
        if (deflated && deflateInit2(&pack.z, 1, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) abort();
        if (fwrite(local, 1, 30 + name, f) != 30 + name) abort();
        pack_array(&pack, &members[i], members[i].text ? format : context);
        if (deflated) deflateEnd(&pack.z);
        put(&p, 0x04034b50, 4), put(&p, 20, 2), put(&p, 0, 2), put(&p, deflated ? 8 : 0, 2), put(&p, 0, 4);
        put(&p, pack.crc, 4), put(&p, pack.packed, 4), put(&p, pack.size, 4), put(&p, name, 2), put(&p, 0, 2);
        memcpy(p, members[i].name, name);
        if (fseeko(f, (off_t)begin, SEEK_SET) != 0 || fwrite(local, 1, 30 + name, f) != 30 + name ||
            fseeko(f, 0, SEEK_END) != 0)
            abort();
        put(&d, 0x02014b50, 4), put(&d, 20, 2), put(&d, 20, 2), put(&d, 0, 2), put(&d, deflated ? 8 : 0, 2);
        put(&d, 0, 4), put(&d, pack.crc, 4), put(&d, pack.packed, 4), put(&d, pack.size, 4), put(&d, name, 2);
        put(&d, 0, 8), put(&d, 0, 4), put(&d, begin, 4);
        memcpy(d, members[i].name, name);
        d += name;
    }
    uint64_t at = (uint64_t)ftello(f), size = (uint64_t)(d - directory);
    put(&d, 0x06054b50, 4), put(&d, 0, 4), put(&d, count, 2), put(&d, count, 2), put(&d, size, 4), put(&d, at, 4);
    put(&d, 0, 2);
    if (fwrite(directory, 1, (size_t)(d - directory), f) != (size_t)(d - directory) || fclose(f) != 0) abort();
}

/* ---- any order, against plain loops ----------------------------------------------------------- */

enum { ROWS = 6000, COLS = 300, ENTRIES = 600000 };

typedef struct entries {
    int64_t shape[2];
    uint64_t count;
    int64_t *row, *col, *value; /* values in 64ths */
    int64_t *begin;             /* CSC: [COLS + 1] */
} entries;

static int64_t shape_at(const void *e, uint64_t i) {
    return ((const entries *)e)->shape[i];
}
static int64_t row_at(const void *e, uint64_t i) {
    return ((const entries *)e)->row[i];
}
static int64_t col_at(const void *e, uint64_t i) {
    return ((const entries *)e)->col[i];
}
static int64_t value_at(const void *e, uint64_t i) {
    return ((const entries *)e)->value[i];
}
static int64_t begin_at(const void *e, uint64_t i) {
    return ((const entries *)e)->begin[i];
}

static int64_t *list_of(uint64_t n) {
    int64_t *list = malloc(n * sizeof *list);
    if (!list) abort();
    return list;
}

/* Rows of very different lengths, most entries there twice or more, some rows empty. */
static entries make_entries(void) {
    entries e = {{ROWS, COLS}, ENTRIES, list_of(ENTRIES), list_of(ENTRIES), list_of(ENTRIES), list_of(COLS + 1)};
    uint64_t seed = 5;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        double u = roll_unit(&seed);
        e.row[i] = i % 10 == 0 ? 17 : (int64_t)(u * u * u * ROWS);
        if (e.row[i] % 7 == 3) e.row[i]--;
        e.col[i] = roll_below(&seed, COLS);
        e.value[i] = (int64_t)roll_below(&seed, 1000) - 500;
    }
    return e;
}

static void check_rows(const char *label, const char *path, const float *expected, const char *folder, bool split) {
    matrix m;
    scry_error err = {0};
    char *paths[1] = {(char *)(uintptr_t)path};
    bool ok = matrix_open_in(&m, paths, 1, NULL, folder, "key", &err);
    if (!check(ok && m.sparse && m.rows == ROWS && m.cols == COLS, "%s opens %s", label, err.text)) return;
    matrix_cost cost = matrix_costs(&m);
    check(split == (cost.sort_room > 0), "%s: %s", label, split ? "has to be sorted" : "is in order");
    check(matrix_sort_sparse(&m, "key", &err), "%s is put in order %s", label, err.text);
    size_t wrong = 0, disorder = 0, widest = 0;
    sparse_row row = {0};
    for (uint64_t r = 0; r < ROWS; r++) {
        size_t found = 0;
        matrix_sparse_row(&m, r, &row);
        const float *right = expected + r * COLS;
        for (uint64_t i = 0; i < row.count; i++) {
            disorder += i && row.col[i - 1] >= row.col[i];
            wrong += row.col[i] >= COLS || row.value[i] != right[row.col[i]];
            found += row.value[i] != 0;
        }
        for (size_t c = 0; c < COLS; c++) found -= right[c] != 0;
        wrong += found != 0;
        if (row.count > widest) widest = row.count;
    }
    check(!wrong && !disorder, "%s: %zu numbers of %d rows differ, %zu are out of order; %zu in the widest row", label,
          wrong, ROWS, disorder, widest);
    check(count_names(folder, "scry") == 0, "%s: no named scratch file next to the index", label);
    sparse_row_free(&row);
    matrix_close(&m);
}

/* A folder that takes no file is said, with its name. */
static void check_no_room(const char *deflated) {
    matrix m;
    scry_error err = {0};
    char *paths[1] = {(char *)(uintptr_t)deflated};
    bool ok = matrix_open_in(&m, paths, 1, NULL, "/nowhere/", "key", &err);
    if (check(!ok, "no scratch file in a folder that does not exist"))
        check_says(err.text, SAYS("/nowhere/", "does not fit in memory", "No such file"), "and is refused");
}

static void check_order(void) {
    static const member coo[] = {{"format.npy", 0, 0, NULL, true},
                                 {"shape.npy", 'i', 2, shape_at, false},
                                 {"row.npy", 'l', ENTRIES, row_at, false},
                                 {"col.npy", 'i', ENTRIES, col_at, false},
                                 {"data.npy", 'f', ENTRIES, value_at, false}},
                        csc[] = {{"format.npy", 0, 0, NULL, true},
                                 {"shape.npy", 'i', 2, shape_at, false},
                                 {"indptr.npy", 'i', COLS + 1, begin_at, false},
                                 {"indices.npy", 'l', ENTRIES, row_at, false},
                                 {"data.npy", 'f', ENTRIES, value_at, false}};
    entries e = make_entries();
    const char *path = scratch("matrix.npz"), *folder = text_of("%s/", scratch_folder("scratch"));
    float *expected = calloc((size_t)ROWS * COLS, sizeof *expected);
    if (!expected) abort();
    for (size_t i = 0; i < ENTRIES; i++) expected[e.row[i] * COLS + e.col[i]] += (float)e.value[i] / 64;
    for (int deflated = 0; deflated < 2; deflated++) {
        write_npz(path, coo, 5, &e, "coo", deflated);
        check_rows(deflated ? "COO in no order, deflated" : "COO in no order", path, expected, folder, true);
    }
    check_no_room(path);
    /* the same in the order of columns, and of rows */
    entries by_col = e, by_row = e;
    by_col.row = list_of(ENTRIES), by_col.value = list_of(ENTRIES);
    by_row.row = list_of(ENTRIES), by_row.col = list_of(ENTRIES), by_row.value = list_of(ENTRIES);
    uint64_t at = 0;
    for (int64_t c = 0; c < COLS; c++) {
        by_col.begin[c] = (int64_t)at;
        for (size_t i = 0; i < ENTRIES; i++)
            if (e.col[i] == c) by_col.row[at] = e.row[i], by_col.value[at++] = e.value[i];
    }
    by_col.begin[COLS] = (int64_t)at;
    write_npz(path, csc, 5, &by_col, "csc", false);
    check_rows("CSC", path, expected, folder, true);
    uint64_t *next = calloc(ROWS + 1, sizeof *next);
    if (!next) abort();
    for (size_t i = 0; i < ENTRIES; i++) next[e.row[i] + 1]++;
    for (size_t r = 0; r < ROWS; r++) next[r + 1] += next[r];
    for (size_t i = 0; i < ENTRIES; i++) {
        uint64_t to = next[e.row[i]]++;
        by_row.row[to] = e.row[i], by_row.col[to] = e.col[i], by_row.value[to] = e.value[i];
    }
    write_npz(path, coo, 5, &by_row, "coo", false);
    check_rows("COO in the order of its rows", path, expected, folder, false);
    int64_t *owned[] = {e.row, e.col, e.value, e.begin, by_col.row, by_col.value, by_row.row, by_row.col, by_row.value};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    free(next);
    free(expected);
    unlink(path);
}

/* ---- larger than memory ----------------------------------------------------------------------- */

enum { K = 64, LATENTS = 1024 };

/* K latents of each row, in the order of rows or in none; entry i is entry `order` of the rows. */
typedef struct large {
    int64_t shape[2];
    uint64_t count, step; /* step 1: in order; else it has no divisor in common with count */
} large;

static uint64_t entry_of(const large *l, uint64_t i) {
    return i * l->step % l->count; /* i and step are below 2^32 */
}
static int64_t large_shape(const void *l, uint64_t i) {
    return ((const large *)l)->shape[i];
}
static int64_t large_row(const void *l, uint64_t i) {
    return (int64_t)(entry_of(l, i) / K);
}
static int64_t large_col(const void *l, uint64_t i) {
    uint64_t e = entry_of(l, i), k = e % K;
    return (int64_t)(k * (LATENTS / K) + (e / K * 2654435761u + k * 40503) / 64 % (LATENTS / K));
}
static int64_t large_value(const void *l, uint64_t i) {
    return (int64_t)(1 + entry_of(l, i) * 48271 % 509);
}
static int64_t large_begin(const void *l, uint64_t i) {
    (void)l;
    return (int64_t)(i * K);
}

/* A small capture of as many rows as the large one. */
static int64_t one_col(const void *l, uint64_t i) {
    (void)l;
    return (int64_t)(i * 7 % LATENTS);
}
static int64_t one_begin(const void *l, uint64_t i) {
    (void)l;
    return (int64_t)i;
}

static void check_large(const char *label, const char *format, uint64_t rows, bool deflated, uint64_t memory) {
    const char *folder = scratch_folder("large"), *study = text_of("%s/study.json", folder),
               *file = text_of("%s/large.npz", folder), *small = text_of("%s/small.npz", folder);
    bool csr = strcmp(format, "csr") == 0;
    large l = {{(int64_t)rows, LATENTS}, rows * K, csr ? 1 : 982451653}; /* a prime */
    const member coo_members[] = {{"format.npy", 0, 0, NULL, true},
                                  {"shape.npy", 'i', 2, large_shape, false},
                                  {"row.npy", 'i', l.count, large_row, false},
                                  {"col.npy", 'i', l.count, large_col, false},
                                  {"data.npy", 'f', l.count, large_value, false}},
                 csr_members[] = {{"format.npy", 0, 0, NULL, true},
                                  {"shape.npy", 'i', 2, large_shape, false},
                                  {"indptr.npy", 'l', rows + 1, large_begin, false},
                                  {"indices.npy", 'l', l.count, large_col, false},
                                  {"data.npy", 'f', l.count, large_value, false}},
                 one[] = {{"format.npy", 0, 0, NULL, true},
                          {"shape.npy", 'i', 2, large_shape, false},
                          {"indptr.npy", 'l', rows + 1, one_begin, false},
                          {"indices.npy", 'l', rows, one_col, false},
                          {"data.npy", 'f', rows, large_value, false}};
    write_npz(file, csr ? csr_members : coo_members, 5, &l, format, deflated);
    large of_one = l;
    of_one.step = 1;
    write_npz(small, one, 5, &of_one, "csr", false);
    write_text(study,
               "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": {\"base\": {\"features\": \"large.npz\"}, "
               "\"icl\": {\"features\": \"small.npz\"}}, \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": "
               "{\"features\": \"small.npz\", \"rows\": [0, 100]}}]}");
    check_peak(label, study, l.count * (csr ? 8 : 20), memory);
    unlink(file);
    unlink(small);
}

/* The k latents of each token, in pairs of indices and values; the values fall. */
static void write_pairs(const char *path, uint64_t rows) {
    char header[400];
    uint64_t bytes = rows * K * 4;
    int length = snprintf(header, sizeof header,
                          "{\"top_indices\":{\"dtype\":\"I32\",\"shape\":[%llu,%u],\"data_offsets\":[0,%llu]},"
                          "\"top_acts\":{\"dtype\":\"F32\",\"shape\":[%llu,%u],\"data_offsets\":[%llu,%llu]}}",
                          (unsigned long long)rows, K, (unsigned long long)bytes, (unsigned long long)rows, K,
                          (unsigned long long)bytes, (unsigned long long)(2 * bytes));
    uint64_t size = (uint64_t)length, seed = 9;
    FILE *f = fopen(path, "wb");
    int32_t index[K];
    float value[K];
    if (!f || fwrite(&size, 8, 1, f) != 1 || fwrite(header, 1, size, f) != size) abort();
    for (uint64_t r = 0; r < rows; r++) {
        for (uint32_t i = 0; i < K; i++)
            index[i * 13 % K] = (int32_t)(i * (LATENTS / K) + (r ? roll_below(&seed, LATENTS / K) : LATENTS / K - 1));
        if (fwrite(index, 4, K, f) != K) abort();
    }
    for (uint64_t r = 0; r < rows; r++) {
        for (uint32_t i = 0; i < K; i++) value[i] = (float)(K - i + roll_below(&seed, 2)) / 64;
        if (fwrite(value, 4, K, f) != K) abort();
    }
    if (fclose(f) != 0) abort();
}

static void check_pairs(uint64_t rows, uint64_t memory) {
    const char *folder = scratch_folder("pairs"), *file = text_of("%s/large.safetensors", folder),
               *study = text_of("%s/study.json", folder);
    write_pairs(file, rows);
    write_text(study,
               "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": {\"base\": {\"features\": \"%s\", \"rows\": [0, "
               "%llu]}, \"icl\": {\"features\": \"%s\", \"rows\": [%llu, %llu]}}, \"domains\": [{\"name\": \"d\", "
               "\"base\": {\"features\": \"%s\", \"rows\": [0, 100]}}]}",
               file, (unsigned long long)rows / 2, file, (unsigned long long)rows / 2, (unsigned long long)rows / 2 * 2,
               file);
    check_peak("pairs in place", study, rows * K * 8, memory);
    unlink(file);
}

int main(void) {
    uint64_t part = SANITIZED ? 16 : 1, memory = (uint64_t)88 << 20;
    /* the peaks first: a child inherits what its parent has in memory */
    check_pairs(545000 / part, memory);
    check_large("CSR in place", "csr", 545000 / part, false, memory);
    check_large("COO in no order, deflated", "coo", 218000 / part, true, memory);
    check_order();
    return check_end();
}
