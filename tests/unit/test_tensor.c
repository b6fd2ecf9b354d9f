/* test_tensor.c: .safetensors and .npy: every dtype bit for bit, shards, and invalid files. */
#include "check.h"
#include "io/matrix.h"
#include "io/tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char key[] = "train.base.residual";

/* ---- right files ---------------------------------------------------------------------------- */

static float bits_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

/* All 65536 patterns of a 16-bit type: finite ones to the bit, the others counted and 0. */
static void every_short(const char *dtype, double (*value)(uint16_t)) {
    static uint16_t all[65536];
    static float found[65536];
    uint64_t bad = 0, read = 0;
    size_t wrong = 0;
    for (size_t i = 0; i < 65536; i++) all[i] = (uint16_t)i;
    const char *path = scratch("short.safetensors");
    write_safetensors_raw(path,
                          text_of("{\"x\":{\"dtype\":\"%s\",\"shape\":[256,256],\"data_offsets\":[0,131072]}}", dtype),
                          all, sizeof all);
    tensor_file file;
    scry_error err = {0};
    if (!check(tensor_file_open(&file, path, key, &err), "%s opens %s", dtype, err.text)) return;
    const tensor *t = tensor_find(&file, "x");
    if (t) read = tensor_floats(t, 0, 1, 65536, found);
    for (size_t i = 0; i < 65536; i++) {
        double expected = value((uint16_t)i);
        if (!isfinite(expected)) bad++, expected = 0;
        float single = (float)expected;
        wrong += (double)single != expected || memcmp(&single, &found[i], 4) != 0;
    }
    check_is(wrong, 0, "%s: all 65536 patterns, subnormals and -0 to the bit", dtype);
    check_is(read, bad, "%s: infinities and NaN are counted", dtype);
    float few[128];
    if (t) tensor_floats(t, 3, 512, 128, few);
    for (size_t i = 0; i < 128; i++) wrong += memcmp(&few[i], &found[3 + 512 * i], 4) != 0;
    check_is(wrong, 0, "%s: every 512th of them", dtype);
    tensor_file_close(&file);
}

static double brain_value(uint16_t bits) {
    return (double)bits_float((uint32_t)bits << 16);
}

static void wide_types(void) {
    enum { N = 10000 };
    double *in = malloc(N * sizeof *in);
    float *out = malloc(N * sizeof *out);
    if (!in || !out) abort();
    uint64_t seed = 11;
    for (int type = F32; type <= F64; type++) {
        uint64_t bad = 0;
        size_t wrong = 0;
        for (size_t i = 0; i < N; i++) {
            uint64_t bits = roll(&seed);
            memcpy(&in[i], &bits, 8);
            if (type == F32) in[i] = (double)bits_float((uint32_t)bits);
            else if (i % 2)
                in[i] = ldexp(roll_unit(&seed) - 0.5, (int)roll_below(&seed, 300) - 160); /* rounds to float */
            if (!isfinite((float)in[i])) bad++;
        }
        const char *path = scratch("wide.npy");
        write_npy(path, (number_type)type, 100, N / 100, in);
        tensor_file file;
        scry_error err = {0};
        if (!check(tensor_file_open(&file, path, key, &err), "f%d opens %s", type == F64 ? 8 : 4, err.text)) continue;
        uint64_t read = tensor_floats(&file.tensors[0], 0, 1, N, out);
        for (size_t i = 0; i < N; i++) {
            float expected = isfinite((float)in[i]) ? (float)in[i] : 0;
            wrong += expected != out[i];
        }
        check(wrong == 0 && read == bad,
              "f%d: %d random patterns, rounded once to float (%zu wrong); %llu not finite, found %llu",
              type == F64 ? 8 : 4, N, wrong, (unsigned long long)bad, (unsigned long long)read);
        tensor_file_close(&file);
    }
    free(in);
    free(out);
}

static void one_npy(number_type type, int version, bool fortran) {
    enum { ROWS = 37, COLS = 19 };
    double in[ROWS * COLS];
    float row[COLS];
    size_t wrong = 0;
    for (int i = 0; i < ROWS * COLS; i++) in[i] = (i * 7 % 1001 - 500) / 8.0;
    char *path = (char *)(uintptr_t)scratch("one.npy");
    write_npy_as(path, type, version, fortran, ROWS, COLS, in);
    matrix m;
    scry_error err = {0};
    bool ok = matrix_open(&m, &path, 1, NULL, key, &err);
    if (ok && m.rows == ROWS && m.cols == COLS)
        for (int r = ROWS - 1; r >= 0; r--) {
            matrix_row(&m, (uint64_t)r, row);
            for (int c = 0; c < COLS; c++) wrong += (double)row[c] != in[r * COLS + c];
        }
    check(ok && wrong == 0, "npy f%d version %d%s%s",
          type == F64   ? 8
          : type == F32 ? 4
                        : 2,
          version, fortran ? ", Fortran order" : "", ok ? "" : text_of(": %s", err.text));
    if (ok) matrix_close(&m);
}

static void shards(void) {
    enum { COLS = 7 };
    double in[20 * COLS];
    for (int i = 0; i < 20 * COLS; i++) in[i] = i / 4.0;
    char *paths[] = {(char *)(uintptr_t)scratch("a.npy"), (char *)(uintptr_t)scratch("b.safetensors"),
                     (char *)(uintptr_t)scratch("c.npy"), (char *)(uintptr_t)scratch("d.npy")};
    write_npy(paths[0], F16, 6, COLS, in);
    write_safetensors(paths[1], &(specimen){"", F32, 5, COLS, in + 6 * COLS}, 1);
    write_npy(paths[2], F64, 0, COLS, in); /* a shard without rows */
    write_npy_as(paths[3], F32, 2, true, 9, COLS, in + 11 * COLS);
    matrix m;
    scry_error err = {0};
    if (!check(matrix_open(&m, paths, 4, NULL, key, &err), "four shards of three types open %s", err.text)) return;
    float row[COLS];
    size_t wrong = m.rows != 20 || m.cols != COLS;
    for (int k = 0; k < 60 && !wrong; k++) {
        uint64_t r = (uint64_t)k * 7 % 20;
        wrong += matrix_row(&m, r, row) != 0;
        for (size_t c = 0; c < COLS; c++) wrong += (double)row[c] != in[r * COLS + c];
    }
    check_is(wrong, 0, "and are one matrix, row by row");
    matrix_close(&m);
}

static void names(void) {
    double x[12] = {0};
    char *path = (char *)(uintptr_t)scratch("names.safetensors");
    specimen three[] = {{"bias", F32, 3, 0, x}, {"h", F32, 4, 3, x}, {"scale", F64, 1, 0, x}};
    write_safetensors(path, three, 3);
    matrix m;
    scry_error err = {0};
    bool ok = matrix_open(&m, &path, 1, NULL, key, &err);
    check(ok && m.rows == 4 && m.cols == 3, "the only matrix among vectors is found %s", err.text);
    if (ok) matrix_close(&m);
    check(!matrix_open(&m, &path, 1, "x", key, &err), "a name that is not there");
    check_says(err.text, SAYS(key, "names.safetensors", "\"x\"", "bias", "h [4, 3]"), "lists what is there");
}

/* ---- wrong files ---------------------------------------------------------------------------- */

static size_t refused, accepted;

/* The file must be refused by a message that names it and the key. */
static void refuse(const char *what, const char *tensor_name, const char *path) {
    char *paths[] = {(char *)(uintptr_t)path};
    matrix m = {0};
    scry_error err = {0};
    bool ok = matrix_open(&m, paths, 1, tensor_name, key, &err);
    if (ok) {
        accepted++;
        check(false, "%s: found no error, expected a refusal", what);
        float *row = calloc(m.cols ? m.cols : 1, sizeof *row);
        for (uint64_t r = 0; row && r < m.rows && m.cols < 1000000; r++) matrix_row(&m, r, row);
        free(row);
        matrix_close(&m);
        return;
    }
    refused++;
    bool named = strstr(err.text, path) && strstr(err.text, key);
    check(named && err.status == 1 && strlen(err.text) > strlen(path) + 10, "%s%s", what,
          named ? "" : text_of(": found \"%s\", expected it to name the file and the key", err.text));
}

static void wrong_safetensors(const char *what, const char *header) {
    static const uint8_t data[64];
    const char *path = scratch("wrong.safetensors");
    write_safetensors_raw(path, header, data, sizeof data);
    refuse(what, NULL, path);
}

#define X(rest) "{\"x\":{" rest "}}"

static void bad_headers(void) {
    wrong_safetensors("header is not JSON", "{\"x\": nothing}");
    wrong_safetensors("header ends too soon", "{\"x\": {\"dtype\": \"F32\"");
    wrong_safetensors("header is an empty object", "{}");
    wrong_safetensors("only metadata", "{\"__metadata__\":{\"a\":\"b\"}}");
    wrong_safetensors("an entry that is a number", "{\"x\":5}");
    wrong_safetensors("an entry that is null", "{\"x\":null}");
    wrong_safetensors("no dtype", X("\"shape\":[4,4],\"data_offsets\":[0,64]"));
    wrong_safetensors("dtype is a number", X("\"dtype\":32,\"shape\":[4,4],\"data_offsets\":[0,64]"));
    wrong_safetensors("dtype I32", X("\"dtype\":\"I32\",\"shape\":[4,4],\"data_offsets\":[0,64]"));
    wrong_safetensors(
        "a dtype of 40 letters",
        X("\"dtype\":\"F32F32F32F32F32F32F32F32F32F32F32F32F3\",\"shape\":[4,4],\"data_offsets\":[0,64]"));
    wrong_safetensors("no shape", X("\"dtype\":\"F32\",\"data_offsets\":[0,64]"));
    wrong_safetensors("shape is text", X("\"dtype\":\"F32\",\"shape\":\"4,4\",\"data_offsets\":[0,64]"));
    wrong_safetensors("negative shape", X("\"dtype\":\"F32\",\"shape\":[-4,-4],\"data_offsets\":[0,64]"));
    wrong_safetensors("fractional shape", X("\"dtype\":\"F32\",\"shape\":[4,3.5],\"data_offsets\":[0,64]"));
    wrong_safetensors("shape of texts", X("\"dtype\":\"F32\",\"shape\":[\"4\",\"4\"],\"data_offsets\":[0,64]"));
    wrong_safetensors("shape beyond 2^64",
                      X("\"dtype\":\"F32\",\"shape\":[1099511627776,1099511627776],\"data_offsets\":[0,64]"));
    wrong_safetensors("bytes beyond 2^64",
                      X("\"dtype\":\"F32\",\"shape\":[2147483648,2147483648],\"data_offsets\":[0,64]"));
    wrong_safetensors("shape 1e30", X("\"dtype\":\"F32\",\"shape\":[1e30,4],\"data_offsets\":[0,64]"));
    wrong_safetensors("9 dimensions", X("\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,4,4],\"data_offsets\":[0,64]"));
    wrong_safetensors("one dimension", X("\"dtype\":\"F32\",\"shape\":[16],\"data_offsets\":[0,64]"));
    wrong_safetensors("no dimension", X("\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]"));
    wrong_safetensors("four dimensions", X("\"dtype\":\"F32\",\"shape\":[2,2,2,2],\"data_offsets\":[0,64]"));
    wrong_safetensors("no columns", X("\"dtype\":\"F32\",\"shape\":[4,0],\"data_offsets\":[0,0]"));
    wrong_safetensors("no offsets", X("\"dtype\":\"F32\",\"shape\":[4,4]"));
    wrong_safetensors("one offset", X("\"dtype\":\"F32\",\"shape\":[4,4],\"data_offsets\":[64]"));
    wrong_safetensors("offsets backwards", X("\"dtype\":\"F32\",\"shape\":[4,4],\"data_offsets\":[64,0]"));
    wrong_safetensors("negative offset", X("\"dtype\":\"F32\",\"shape\":[4,4],\"data_offsets\":[-8,56]"));
    wrong_safetensors("offset beyond the file", X("\"dtype\":\"F32\",\"shape\":[4,4],\"data_offsets\":[4,68]"));
    wrong_safetensors(
        "offset beyond 2^63",
        X("\"dtype\":\"F32\",\"shape\":[4,4],\"data_offsets\":[18446744073709551600,18446744073709551615]"));
    wrong_safetensors("fewer bytes than the shape", X("\"dtype\":\"F32\",\"shape\":[4,4],\"data_offsets\":[0,60]"));
    wrong_safetensors("more bytes than the shape", X("\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,64]"));
    wrong_safetensors("F16 in the bytes of F32", X("\"dtype\":\"F16\",\"shape\":[4,4],\"data_offsets\":[0,64]"));
    wrong_safetensors("two matrices and no name",
                      "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]},"
                      "\"y\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[32,64]}}");
}

static void bad_frames(void) {
    const char *path = scratch("frame.safetensors");
    double x[16] = {1};
    refuse("a file that is not there", NULL, scratch("absent.npy"));
    refuse("a folder", NULL, scratch_folder("folder.npy"));
    write_bytes(path, "", 0);
    refuse("an empty file", NULL, path);
    write_bytes(path, "\x93NU", 3);
    refuse("3 bytes", NULL, path);
    write_bytes(path, "\x10\0\0\0\0\0\0\0", 8);
    refuse("a length and nothing else", NULL, path);
    write_bytes(path, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    refuse("a header of 2^64 - 1 bytes", NULL, path);
    write_bytes(path, "\x03\0\0\0\0\0\0\0{}", 10);
    refuse("a header one byte longer than the file", NULL, path);
    write_bytes(path, "PK\x03\x04\x14\0\0\0\0\0\0\0\0\0", 14);
    refuse("a zip archive", NULL, path);
    write_text(path, "id,value\n1,2\n");
    refuse("a text file", NULL, path);
    write_safetensors(path, &(specimen){"x", F32, 4, 4, x}, 1);
    refuse("a tensor that is not in it", "y", path);
    size_t size;
    uint8_t *bytes = read_bytes(path, &size);
    size_t missed = 0, unnamed = 0;
    for (size_t cut = 0; cut < size; cut++) {
        char *paths[] = {(char *)(uintptr_t)path};
        scry_error err = {0};
        matrix m;
        write_bytes(path, bytes, cut);
        if (matrix_open(&m, paths, 1, NULL, key, &err)) missed++, matrix_close(&m);
        unnamed += !strstr(err.text, path) || !strstr(err.text, key);
    }
    free(bytes);
    check(missed == 0 && unnamed == 0, "cut at each of %zu bytes: %zu accepted, %zu without file or key", size, missed,
          unnamed);
}

static void wrong_npy(const char *what, int version, const char *header, size_t data) {
    const char *path = scratch("wrong.npy");
    uint8_t file[1024] = "\x93NUMPY";
    size_t length = strlen(header), before = version == 1 ? 10 : 12;
    file[6] = (uint8_t)version;
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + before, header, length);
    write_bytes(path, file, before + length + data);
    refuse(what, NULL, path);
}

static void bad_npy(void) {
    wrong_npy("npy version 0", 0, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }", 64);
    wrong_npy("npy version 9", 9, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }", 64);
    wrong_npy("npy cut by a byte", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }", 63);
    wrong_npy("npy of version 2 without data", 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }", 0);
    wrong_npy("npy of whole numbers", 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (4, 4), }", 128);
    wrong_npy("npy of objects", 1, "{'descr': '|O', 'fortran_order': False, 'shape': (4, 4), }", 128);
    wrong_npy("npy of records", 1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4, 4), }", 64);
    wrong_npy("npy without descr", 1, "{'fortran_order': False, 'shape': (4, 4), }", 64);
    wrong_npy("npy without order", 1, "{'descr': '<f4', 'shape': (4, 4), }", 64);
    wrong_npy("npy without shape", 1, "{'descr': '<f4', 'fortran_order': False, }", 64);
    wrong_npy("npy with negative shape", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-4, 4), }", 64);
    wrong_npy("npy of one dimension", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (16,), }", 64);
    wrong_npy("npy of no dimension", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 64);
    wrong_npy("npy of four dimensions", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2, 2), }", 64);
    wrong_npy("npy of 9 dimensions", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,4,4), }", 64);
    wrong_npy("npy beyond 2^64", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
              64);
    wrong_npy("npy with a number beyond 2^64", 1,
              "{'descr': '<f4', 'fortran_order': True, 'shape': (99999999999999999999999, 4), }", 64);
    wrong_npy("npy with a shape that is a list", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': [4, 4], }", 64);
    wrong_npy("npy with words for a header", 1, "hello, this is no dictionary at all", 64);
    const char *path = scratch("long.npy");
    write_bytes(path, "\x93NUMPY\x01\0\xff\xff{'descr'", 18);
    refuse("npy with a header longer than the file", NULL, path);
    write_bytes(path, "\x93NUMPY\x01\0\x01", 9);
    refuse("npy of 9 bytes", NULL, path);
}

static void unlike_shards(void) {
    double x[64] = {0};
    char *paths[] = {(char *)(uintptr_t)scratch("s1.npy"), (char *)(uintptr_t)scratch("s2.npy")};
    write_npy(paths[0], F32, 4, 4, x);
    write_npy(paths[1], F32, 4, 5, x);
    matrix m;
    scry_error err = {0};
    check(!matrix_open(&m, paths, 2, NULL, key, &err), "shards of different width are refused");
    check_says(err.text, SAYS(key, "s2.npy", "found 5", "expected 4"), "with the second's name");
}

/* Random damage to whole files: whatever opens must be readable from end to end. The file fills its
 * pages, so that reading past its end is a fault. */
static void random_damage(bool npy) {
    enum { PAGE = 4096, TRIES = 4000 };
    const char *path = scratch("damage.%s", npy ? "npy" : "safetensors");
    uint8_t whole[PAGE] = {0}, hurt[PAGE];
    char header[256];
    if (npy) {
        size_t length = 118;
        snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, 8), }",
                 (PAGE - 128) / (size_t)32);
        memset(whole + 10, ' ', length);
        memcpy(whole, "\x93NUMPY\x01\0\x76\0", 10);
        memcpy(whole + 10, header, strlen(header));
    } else {
        snprintf(header, sizeof header, "{\"x\":{\"dtype\":\"F32\",\"shape\":[%zu,8],\"data_offsets\":[0,%zu]}}",
                 (PAGE - 128) / (size_t)32, (size_t)PAGE - 128);
        memset(whole + 8, ' ', 120);
        whole[0] = 120;
        memcpy(whole + 8, header, strlen(header));
    }
    uint64_t seed = npy ? 21 : 22;
    size_t opened = 0, unnamed = 0;
    for (int i = 0; i < TRIES; i++) {
        memcpy(hurt, whole, PAGE);
        for (uint32_t k = i ? 1 + roll_below(&seed, 3) : 0; k; k--) {
            uint32_t at = roll_below(&seed, 128);
            /* digits for digits keeps the header readable and its numbers wrong */
            if (hurt[at] >= '0' && hurt[at] <= '9') hurt[at] = (uint8_t)('0' + roll_below(&seed, 10));
            else if (roll(&seed) & 1) hurt[at] = (uint8_t)roll(&seed);
            else hurt[at] ^= (uint8_t)(1u << roll_below(&seed, 8));
        }
        write_bytes(path, hurt, PAGE);
        char *paths[] = {(char *)(uintptr_t)path};
        matrix m;
        scry_error err = {0};
        if (!matrix_open(&m, paths, 1, NULL, key, &err)) {
            unnamed += !strstr(err.text, path) || !strstr(err.text, key);
            continue;
        }
        opened++;
        float *row = calloc(m.cols, sizeof *row);
        for (uint64_t r = 0; row && r < m.rows; r++) matrix_row(&m, r, row);
        free(row);
        matrix_close(&m);
    }
    check(unnamed == 0 && opened > 0,
          "%s: %d damaged headers, %zu still open and are read to the end; %zu errors without a name",
          npy ? "npy" : "safetensors", TRIES, opened, unnamed);
}

int main(void) {
    every_short("F16", half_value);
    every_short("BF16", brain_value);
    wide_types();
    for (int type = F16; type <= F64; type++)
        for (int version = 1; version <= 3; version++)
            for (int fortran = 0; fortran < 2 && type != BF16; fortran++) one_npy((number_type)type, version, fortran);
    shards();
    names();
    bad_headers();
    bad_frames();
    bad_npy();
    unlike_shards();
    random_damage(true);
    random_damage(false);
    check(refused >= 20, "%zu kinds of damage refused, %zu accepted", refused, accepted);
    return check_end();
}
