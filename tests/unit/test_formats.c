/* test_formats.c: each specimen that make_formats.py wrote with the real libraries holds the numbers of the .npy file
 * that list.tsv names for it; damaged ones give an error or numbers, never a crash; errors say what is wrong. */
#include "base/mem.h"
#include "check.h"
#include "io/matrix.h"
#include "io/tensor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "tests/specimens/formats/"
enum { CUTS = 50, FLIPS = 500, MAX_FILES = 4 };

/* ---- specimens that hold the same numbers ----------------------------------------------------- */

/* A line of list.tsv. */
typedef struct listed {
    char text[400];
    char *file[MAX_FILES];
    size_t files;
    const char *tensor, *equals;
} listed;

static bool read_line(FILE *list, listed *s) {
    *s = (listed){0};
    if (!fgets(s->text, sizeof s->text, list)) return false;
    char *save = NULL, *files = strtok_r(s->text, "\t\n", &save);
    s->tensor = strtok_r(NULL, "\t\n", &save);
    s->equals = strtok_r(NULL, "\t\n", &save);
    if (!files || !s->tensor || !s->equals) return false;
    if (strcmp(s->tensor, "-") == 0) s->tensor = NULL;
    for (char *name = strtok_r(files, "+", &save); name && s->files < MAX_FILES; name = strtok_r(NULL, "+", &save))
        s->file[s->files++] = mem_format(FOLDER "%s", name);
    return true;
}

static void drop_line(listed *s) {
    for (size_t i = 0; i < s->files; i++) free(s->file[i]);
}

/* Numbers that differ; a width that no file states may lack columns of zeros. */
static uint64_t differences(const matrix *m, const matrix *expected) {
    if (m->rows != expected->rows || m->cols > expected->cols) return UINT64_MAX;
    if (!m->cols_inferred && m->cols != expected->cols) return UINT64_MAX;
    float *found = mem_new(expected->cols, sizeof *found), *right = mem_new(expected->cols, sizeof *right);
    uint64_t wrong = 0;
    for (uint64_t r = 0; r < m->rows; r++) {
        wrong += matrix_row(m, r, found) + matrix_row(expected, r, right);
        for (uint64_t c = 0; c < expected->cols; c++) wrong += (c < m->cols ? found[c] : 0) != right[c];
    }
    free(found);
    free(right);
    return wrong;
}

/* Columns ascend in every row, and lie in the matrix. */
static bool sparse_rows_right(const matrix *m) {
    bool right = true;
    sparse_row row = {0};
    for (uint64_t r = 0; r < m->rows && m->sparse; r++) {
        matrix_sparse_row(m, r, &row);
        for (uint64_t i = 0; i < row.count; i++)
            right = right && row.col[i] < m->cols && (i == 0 || row.col[i - 1] < row.col[i]) && isfinite(row.value[i]);
    }
    sparse_row_free(&row);
    return right;
}

static void test_equal(const listed *s) {
    matrix m, expected;
    scry_error err = {0};
    char *right = mem_format(FOLDER "%s", s->equals);
    bool ok = matrix_open(&expected, &right, 1, NULL, "expected", &err);
    free(right);
    if (ok && !matrix_open(&m, s->file, s->files, s->tensor, "found", &err)) {
        matrix_close(&expected);
        ok = false;
    }
    if (!ok) {
        check(false, "%s %s: %s", s->file[0], s->tensor ? s->tensor : "", err.text);
        return;
    }
    uint64_t wrong = differences(&m, &expected);
    check(wrong == 0 && sparse_rows_right(&m),
          "%s%s %s: [%" PRIu64 ", %" PRIu64 "] %s equals %s, %" PRIu64 " numbers differ", s->file[0] + strlen(FOLDER),
          s->files > 1 ? " and more" : "", s->tensor ? s->tensor : "", m.rows, m.cols, m.sparse ? "sparse" : "dense",
          s->equals, wrong);
    matrix_close(&m);
    matrix_close(&expected);
}

/* ---- damage ------------------------------------------------------------------------------------ */

static void replace_file(const char *path, const uint8_t *bytes, size_t size) {
    unlink(path); /* some file systems sync what replaces a file's content */
    write_bytes(path, bytes, size);
}

/* Reads some of everything: the first and last rows of each tensor, as far as a test has time. */
static void read_tensors(const tensor_file *file) {
    static float numbers[512];
    static int64_t whole[512];
    for (size_t i = 0; i < file->count; i++) {
        const tensor *t = &file->tensors[i];
        if (t->dims < 1 || t->shape[0] == 0) continue;
        uint64_t cols = t->dims > 1 ? t->shape[1] : 1;
        int64_t step = t->dims > 1 ? t->stride[1] : 1;
        for (int d = 2; d < t->dims; d++) cols = t->shape[d] ? cols : 0;
        if (cols > 512) cols = 512;
        for (uint64_t r = 0; r < t->shape[0]; r = r == 8 && t->shape[0] > 20 ? t->shape[0] - 4 : r + 1) {
            int64_t at = (int64_t)r * t->stride[0];
            tensor_floats(t, (uint64_t)at, step, cols, numbers);
            tensor_integers(t, at, step, cols, whole);
        }
    }
}

/* Opens the damaged file as a table of tensors and as a matrix. True when both gave an error or numbers. */
static bool read_damaged(const char *where, const char *tensor_name) {
    char *path = (char *)(uintptr_t)where;
    tensor_file file;
    scry_error err = {0};
    bool right = true;
    if (tensor_file_open(&file, path, "damaged", &err)) {
        read_tensors(&file);
        tensor_file_close(&file);
    } else {
        right = err.text[0] != 0;
    }
    matrix m;
    err = (scry_error){0};
    if (!matrix_open(&m, &path, 1, tensor_name, "damaged", &err)) return right && err.text[0];
    right = right && sparse_rows_right(&m);
    float *row = mem_new((size_t)m.cols, sizeof *row);
    for (uint64_t r = 0; r < m.rows && m.cols < 1u << 20; r = r == 40 && m.rows > 80 ? m.rows - 4 : r + 1)
        matrix_row(&m, r, row);
    free(row);
    matrix_close(&m);
    return right;
}

/* The files that an index names lie undamaged next to the damaged index. */
static void copy_shards(bool there) {
    for (int i = 1; i <= 2; i++) {
        char *from = mem_format(FOLDER "sharded/model-0000%d-of-00002.safetensors", i);
        const char *to = scratch("%s", strrchr(from, '/') + 1);
        size_t size;
        uint8_t *bytes = read_bytes(from, &size);
        if (there) replace_file(to, bytes, size);
        else unlink(to);
        free(bytes);
        free(from);
    }
}

/* Truncated at 50 places, and with bytes changed, 500 times from a fixed seed. */
static void test_damage(const char *original, const char *tensor_name) {
    size_t size, bad = 0;
    uint8_t *bytes = read_bytes(original, &size);
    const char *name = strrchr(original, '/') + 1;
    const char *path = scratch("%s", name); /* delphi's names matter */
    uint64_t state = 88172645463325252u + size;
    copy_shards(true);
    for (size_t i = 0; i < CUTS; i++) {
        replace_file(path, bytes, i < 8 ? i : size * i / CUTS);
        bad += !read_damaged(path, tensor_name);
    }
    uint8_t *changed = mem_new(size, 1);
    for (size_t i = 0; i < FLIPS; i++) {
        memcpy(changed, bytes, size);
        /* one to three bytes; half of the time where formats have their words: the first or last part */
        for (uint64_t n = roll(&state) % 3 + 1; n; n--) {
            uint64_t part = roll(&state) % 4, span = part < 2 && size > 600 ? 600 : size;
            uint64_t at = roll(&state) % span + (part == 1 ? size - span : 0);
            uint64_t how = roll(&state);
            uint8_t bit = (uint8_t)(1u << (how >> 8) % 8);
            changed[at] = (uint8_t)(how % 3 == 0 ? how >> 8 & 255 : (uint64_t)(changed[at] ^ bit));
        }
        replace_file(path, changed, size);
        bad += !read_damaged(path, tensor_name);
    }
    check(bad == 0, "%s damaged %d times gives errors or numbers", original + strlen(FOLDER), CUTS + FLIPS);
    copy_shards(false);
    unlink(path);
    free(bytes);
    free(changed);
}

/* ---- what is refused --------------------------------------------------------------------------- */

static void test_refused(const char *name, const char *one, const char *two) {
    tensor_file file;
    scry_error err = {0};
    char *path = mem_format(FOLDER "refused/%s", name);
    bool opened = tensor_file_open(&file, path, "train.base", &err);
    if (opened) tensor_file_close(&file);
    check(!opened && strstr(err.text, path) && strstr(err.text, "train.base") && strstr(err.text, one) &&
              strstr(err.text, two),
          "%s is refused: %s", name, opened ? "no, it was opened" : err.text);
    free(path);
}

static void test_all_refused(void) {
    test_refused("evil.pt", "posix.system", "torch.save(tensor.cpu(), path)");
    test_refused("module.pt", "torch.nn.modules.linear.Linear", "only tensors and plain containers are read");
    test_refused("numpy.pt", "numpy", "only tensors and plain containers are read");
    test_refused("legacy.pt", "before PyTorch 1.6", "torch.save(torch.load(path), path)");
    test_refused("bare.pkl", "bare pickle", "torch.save(torch.load(path), path)");
    test_refused("hybrid.pt", "hybrid", "to_dense().to_sparse_csr()");
    test_refused("negated.pt", "\"neg\"", "resolve_neg()");
    test_refused("no_tensor.pt", "holds no tensors", "torch.save");
    test_refused("loop.pt", "nested deeper than 64", "data.pkl");
    test_refused("laughs.pt", "found more than", "data.pkl");
    test_refused("bsr.npz", "\"bsr\"", "tocsr()");
    test_refused("empty.npz", "none of them .npy", "numpy.savez");
    test_refused("bomb.npz", "4294967280", "1032");
    test_refused("longer.npz", "does not inflate to", "damaged");
    test_refused("shorter.npz", "does not inflate to", "damaged");
    test_refused("checksum.npz", "does not inflate to", "damaged");
    test_refused("short_field.npz", "not there as the directory says", "damaged");
    test_refused("overlap.npz", "overlap", "not trusted");
    check(access("/tmp/scry-was-here", F_OK) != 0, "nothing in a pickle was run");
}

/* ---- tensors as such --------------------------------------------------------------------------- */

/* Shapes, strides and offsets that reach outside, or overflow on the way. */
static void test_bounds(void) {
    static const struct {
        const char *what;
        uint64_t shape[2];
        int64_t stride[2];
        uint64_t offset, room;
        bool right;
    } cases[] = {
        {"all of it", {3, 4}, {4, 1}, 0, 48, true},
        {"one byte short", {3, 4}, {4, 1}, 0, 47, false},
        {"from an offset", {2, 4}, {4, 1}, 4, 48, true},
        {"past the end from an offset", {2, 4}, {4, 1}, 5, 48, false},
        {"backwards", {3, 4}, {-4, -1}, 11, 48, true},
        {"backwards past the beginning", {3, 4}, {-4, -1}, 10, 48, false},
        {"one element a million times", {1000, 1000}, {0, 0}, 11, 48, true},
        {"one element a trillion times", {1000000, 1000000}, {0, 0}, 11, 48, false},
        {"nothing of a huge shape", {0, INT64_MAX}, {1, 1}, 5, 0, true},
        {"a shape of more than 63 bits", {1u << 31, (uint64_t)1 << 33}, {0, 0}, 0, 48, false},
        {"a dimension of more than 63 bits", {0, UINT64_MAX}, {0, 0}, 0, 48, false},
        {"strides that overflow", {3, 4}, {INT64_MAX, 1}, 0, 48, false},
        {"strides that overflow downwards", {3, 4}, {INT64_MIN, 1}, 0, 48, false},
        {"strides whose sum overflows", {2, 2}, {INT64_MAX, INT64_MAX}, 0, 48, false},
        {"an offset of more than 63 bits", {1, 1}, {1, 1}, UINT64_MAX, 48, false},
        {"any stride of one element", {1, 1}, {INT64_MAX, INT64_MIN}, 11, 48, true},
    };
    static const uint8_t data[48];
    tensor_file file = {.map.path = (char[]){"memory"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tensor_spec spec = {.name = "t", .dtype_name = "F32", .dtype = TENSOR_F32, .dims = 2, .data = data};
        spec.shape = cases[i].shape;
        spec.stride = cases[i].stride;
        spec.offset = cases[i].offset;
        spec.room = cases[i].room;
        tensor t;
        scry_error err = {0};
        bool ok = tensor_view(&t, &spec, &file, NULL, &err);
        check(ok == cases[i].right && ok == !err.text[0], "a view of %s is %s", cases[i].what,
              cases[i].right ? "taken" : "refused");
    }
}

/* Whole numbers of every width and byte order. */
static void test_integers(void) {
    static const struct {
        tensor_dtype dtype;
        bool big;
        uint8_t bytes[8];
        int64_t right;
        bool fits;
    } cases[] = {
        {TENSOR_I8, false, {0xfe}, -2, true},
        {TENSOR_U8, false, {0xfe}, 254, true},
        {TENSOR_I16, false, {0xfe, 0xff}, -2, true},
        {TENSOR_U16, true, {0x01, 0x02}, 258, true},
        {TENSOR_I32, true, {0xff, 0xff, 0xff, 0xfd}, -3, true},
        {TENSOR_U32, false, {0, 0, 0, 0x80}, (int64_t)1 << 31, true},
        {TENSOR_I64, false, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -1, true},
        {TENSOR_I64, true, {0, 0, 0, 1, 0, 0, 0, 0}, (int64_t)1 << 32, true},
        {TENSOR_U64, false, {5}, 5, true},
        {TENSOR_U64, false, {0, 0, 0, 0, 0, 0, 0, 0x80}, 0, false},
        {TENSOR_F32, false, {0, 0, 0x80, 0x3f}, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tensor t = {.dtype = cases[i].dtype, .big_endian = cases[i].big, .dims = 1, .data = cases[i].bytes};
        int64_t found = 0;
        bool ok = tensor_integer(&t, 0, &found);
        check(ok == cases[i].fits && (!ok || found == cases[i].right),
              "an integer of %u bytes%s: found %" PRId64 ", expected %" PRId64 "%s", tensor_size(t.dtype),
              t.big_endian ? ", the highest first" : "", found, cases[i].right, cases[i].fits ? "" : " refused");
    }
}

/* Values that are not finite are counted and are 0, in dense and in sparse tensors. */
static void test_nonfinite(void) {
    const float dense[4] = {1, NAN, INFINITY, -2};
    tensor t = {.dtype = TENSOR_F32, .dims = 1, .shape = {4}, .stride = {1}, .data = (const uint8_t *)dense};
    float out[4];
    uint64_t bad = tensor_floats(&t, 0, 1, 4, out);
    check(bad == 2 && out[0] == 1 && out[1] == 0 && out[2] == 0 && out[3] == -2, "NaN and infinity are counted as 0");
    const int64_t row[4] = {1, 0, 1, 1}, col[4] = {2, 1, 2, 0};
    tensor rows = {.dtype = TENSOR_I64, .dims = 1, .shape = {4}, .stride = {1}, .data = (const uint8_t *)row};
    tensor cols = rows;
    cols.data = (const uint8_t *)col;
    tensor_file file = {.map = {.path = mem_copy_string("memory"), .size = 0}, .inflated = 100};
    scry_error err = {0};
    bool ok = tensor_add_sparse(&file, "s", SPARSE_COO, 2, 3, &rows, &cols, &t, NULL, &err) &&
              tensor_file_sort_sparse(&file, NULL, &err);
    sparse_row entries = {0};
    const tensor_sparse *s = tensor_find_sparse(&file, "s");
    bad = ok ? sparse_row_add(s, 0, &entries) : 0;
    bad += ok ? sparse_row_add(s, 1, &entries) : 0; /* appended */
    check(ok && bad == 2 && entries.count == 3 && entries.col[0] == 1 && entries.value[0] == 0 && entries.col[1] == 0 &&
              entries.value[1] == -2 && entries.col[2] == 2 && entries.value[2] == 1,
          "and in a sparse matrix, where duplicates are added %s", err.text);
    sparse_row_free(&entries);
    tensor_file_close(&file);
}

/* ---- a member of more than 4 GiB ---------------------------------------------------------------- */

static void put(uint8_t **at, uint64_t number, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) *(*at)++ = (uint8_t)(i < 8 ? number >> 8 * i : 0);
}

/* An .npz whose only member is longer than 32 bits can say, as a file with a hole in it. */
static void test_huge(void) {
    uint64_t rows = 70000, cols = 16384, data = rows * cols * 4, head = 128, size = head + data;
    uint8_t begin[300] = {0}, end[300], *p = begin;
    char header[128];
    char *path = mem_copy_string(scratch("huge.npz"));
    FILE *f = fopen(path, "wb");
    put(&p, 0x04034b50, 4), put(&p, 45, 2), put(&p, 0, 20), put(&p, 5, 2), put(&p, 0, 2);
    memcpy(p, "x.npy\x93NUMPY\1\0", 13);
    p += 13;
    put(&p, head - 10, 2);
    snprintf(header, sizeof header, "%-117s\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (70000, 16384), }");
    memcpy(p, header, head - 10);
    uint64_t first = 35 + head, last = first + data - 4, directory = first + data;
    float one = 1.5f;
    p = end;
    put(&p, 0x02014b50, 4), put(&p, 45, 2), put(&p, 45, 2), put(&p, 0, 12);
    put(&p, UINT32_MAX, 4), put(&p, UINT32_MAX, 4), put(&p, 5, 2), put(&p, 20, 2), put(&p, 0, 14);
    memcpy(p, "x.npy", 5);
    p += 5;
    put(&p, 1, 2), put(&p, 16, 2), put(&p, size, 8), put(&p, size, 8);
    uint64_t length = (uint64_t)(p - end);
    put(&p, 0x06064b50, 4), put(&p, 44, 8), put(&p, 45, 2), put(&p, 45, 2), put(&p, 0, 8);
    put(&p, 1, 8), put(&p, 1, 8), put(&p, length, 8), put(&p, directory, 8);
    put(&p, 0x07064b50, 4), put(&p, 0, 4), put(&p, directory + length, 8), put(&p, 1, 4);
    put(&p, 0x06054b50, 4), put(&p, 0, 4), put(&p, UINT16_MAX, 2), put(&p, UINT16_MAX, 2), put(&p, UINT32_MAX, 4);
    put(&p, UINT32_MAX, 4), put(&p, 0, 2);
    bool written = f && fwrite(begin, 1, first, f) == first && fseeko(f, (off_t)last, SEEK_SET) == 0 &&
                   fwrite(&one, 1, 4, f) == 4 && fwrite(end, 1, (size_t)(p - end), f) == (size_t)(p - end);
    if (f && fclose(f) != 0) written = false;
    matrix m;
    scry_error err = {0};
    if (!written) {
        check_skip("no room for a file with a hole of 4 GiB");
    } else if (check(matrix_open(&m, &path, 1, NULL, NULL, &err), "a member of more than 4 GiB opens %s", err.text)) {
        float *row = mem_new((size_t)m.cols, sizeof *row);
        matrix_row(&m, m.rows - 1, row);
        check(m.rows == rows && m.cols == cols && row[cols - 1] == one, "and its last number is read");
        free(row);
        matrix_close(&m);
    }
    unlink(path);
    free(path);
}

int main(void) {
    FILE *list = fopen(FOLDER "list.tsv", "r");
    if (!check(list, "%slist.tsv is there", FOLDER)) return check_end();
    listed s;
    while (read_line(list, &s)) {
        test_equal(&s);
        for (size_t i = 0; i < s.files; i++) test_damage(s.file[i], s.tensor);
        drop_line(&s);
    }
    fclose(list);
    test_all_refused();
    test_bounds();
    test_integers();
    test_nonfinite();
    test_huge();
    return check_end();
}
