/* test_amplification.c: what a small file may make of itself in memory is bounded by its bytes; what real files need
 * stays. */
#include "check.h"
#include "io/formats/pickle.h"
#include "io/json.h"
#include "io/tensor.h"
#include "io/tokenfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static uint64_t peak_memory(void) {
    struct rusage used = {0};
    getrusage(RUSAGE_SELF, &used);
    return (uint64_t)used.ru_maxrss * 1024;
}

static bool allow_all(const char *global) {
    return global != NULL;
}

/* ---- pickles: protocol 2, then `count` times the bytes, STOP ------------------------------------ */

static bool read_pickle(const char *begin, size_t begin_size, const char *each, size_t each_size, size_t count,
                        const char *end, uint64_t stored, scry_error *err) {
    const size_t size = 2 + begin_size + each_size * count + strlen(end) + 1;
    uint8_t *bytes = malloc(size), *at = bytes;
    if (!bytes) abort();
    memcpy(at, "\x80\x02", 2);
    memcpy(at + 2, begin, begin_size);
    at += 2 + begin_size;
    for (size_t i = 0; i < count; i++, at += each_size) memcpy(at, each, each_size);
    memcpy(at, end, strlen(end));
    bytes[size - 1] = '.';
    pickle p;
    bool ok = pickle_read(&p, bytes, size, stored ? stored : size, allow_all, "file", "refused", err);
    if (ok) pickle_free(&p);
    free(bytes);
    return ok;
}

static void pickles(void) {
    static const struct {
        const char *name, *begin, *each, *end;
        size_t size;
    } bombs[] = {{"tuples in tuples", "N", "\x85", "", 1},
                 {"lists that are dropped", "N", "]0", "", 2},
                 {"empty tuples in a list", "](", ")", "e", 1},
                 {"texts of nothing", "N",
                  "U\0"
                  "0",
                  "", 3},
                 {"calls", "cb\nx\nq\1)q\2N", "0h\1h\2R", "", 6},
                 {"dictionaries", "N", "}0", "", 2},
                 {"references in a list", "](", "N", "e", 1}};
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        scry_error err = {0};
        const uint64_t before = peak_memory();
        const size_t count = ((size_t)40 << 20) / bombs[i].size;
        bool ok = read_pickle(bombs[i].begin, strlen(bombs[i].begin), bombs[i].each, bombs[i].size, count, bombs[i].end,
                              60000, &err);
        const uint64_t grown = peak_memory() - before;
        check(!ok && (strstr(err.text, "its values would take more than") || strstr(err.text, "on the stack")),
              "40 MB of %s from 60 kB: %s", bombs[i].name, err.text);
        if (!SANITIZED) check(grown < (uint64_t)160 << 20, "in %llu MB more", (unsigned long long)grown >> 20);
    }
    scry_error err = {0};
    check(read_pickle("](", 2, "M\1\2", 3, 1000000, "e", 0, &err), "a list of a million numbers is read %s", err.text);
    check(read_pickle("](", 2, "M\1\2", 3, 1000000, "e", 600000, &err), "packed five to one too %s", err.text);
}

/* ---- containers of torch files ------------------------------------------------------------------ */

static uint8_t *put(uint8_t *at, uint64_t number, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) *at++ = i < 8 ? (uint8_t)(number >> 8 * i) : 0;
    return at;
}

/* A zip archive of one stored member, x/data.pkl. */
static void write_archive(const char *path, const char *data, size_t size) {
    static const char name[] = "x/data.pkl";
    enum { NAME = sizeof name - 1 };
    uint8_t *bytes = calloc(size + 2 * NAME + 200, 1), *at = bytes;
    if (!bytes) abort();
    for (int directory = 0; directory < 2; directory++) {
        at = put(at, directory ? 0x02014b50 : 0x04034b50, 4);
        at = put(at, 20, directory ? 4 : 2);
        at = put(at, 0, 12); /* flags, stored, time, checksum, which is of no use to a stored member */
        at = put(at, size, 4);
        at = put(at, size, 4);
        at = put(at, NAME, directory ? 18 : 4);
        memcpy(at, name, NAME);
        at += NAME;
        if (directory) continue;
        memcpy(at, data, size);
        at += size;
    }
    const uint64_t begin = 30 + NAME + size;
    at = put(at, 0x06054b50, 8);
    at = put(at, 1, 2);
    at = put(at, 1, 2);
    at = put(at, 46 + NAME, 4);
    at = put(at, begin, 6);
    write_bytes(path, bytes, (size_t)(at - bytes));
    free(bytes);
}

/* A list that holds itself 200,000 times; a dictionary of long names that does. */
static void containers(void) {
    static const char *const begins[] = {"]q", "}q"}, *const ends[] = {"e.", "u."};
    for (int k = 0; k < 2; k++) {
        enum { TIMES = 200000 };
        char *data = malloc(TIMES * 4 + 300), *at = data;
        if (!data) abort();
        at = (char *)put((uint8_t *)at, 0x280280, 2);
        at = stpcpy(at, begins[k]);
        *at++ = 0;
        *at++ = '(';
        if (k) {
            at = stpcpy(at, "U\xc8");
            memset(at, 'k', 200);
            at = stpcpy(at + 200, "q\1h");
            *at++ = 0;
        }
        for (int i = 0; i < TIMES; i++) {
            if (k) at = stpcpy(at, "h\1");
            *at++ = 'h';
            *at++ = 0;
        }
        at = stpcpy(at, ends[k]);
        const char *path = scratch("containers.pt");
        write_archive(path, data, (size_t)(at - data));
        free(data);
        tensor_file file;
        scry_error err = {0};
        const uint64_t before = peak_memory();
        if (check(!tensor_file_open(&file, path, NULL, &err), "%s that holds itself 200,000 times",
                  k ? "a dictionary" : "a list"))
            check_says(err.text, SAYS("containers.pt", "tensors and containers", "expected each in at most 16 others"),
                       "is refused");
        if (!SANITIZED) check(peak_memory() - before < (uint64_t)96 << 20, "without much memory");
    }
}

/* ---- strides ------------------------------------------------------------------------------------ */

static bool view(int dims, const uint64_t *shape, const int64_t *stride, uint64_t stored, scry_error *err) {
    static const uint8_t bytes[1] = {0};
    const tensor_file file = {.map = {.path = (char *)(uintptr_t) "strides.pt"}};
    const tensor_spec spec = {.name = "x",
                              .dtype_name = "float32",
                              .dtype = TENSOR_F32,
                              .dims = dims,
                              .shape = shape,
                              .stride = stride,
                              .data = bytes,
                              .room = stored * sizeof(float)};
    tensor t;
    return tensor_view(&t, &spec, &file, NULL, err);
}

static void strides(void) {
    static const struct {
        const char *name;
        int dims;
        uint64_t shape[3];
        int64_t stride[3];
        uint64_t stored;
        bool ok;
    } all[] = {{"2^40 rows of one", 2, {(uint64_t)1 << 40, 192}, {0, 1}, 192, false},
               {"windows a number apart", 2, {1 << 20, 4096}, {1, 1}, (1 << 20) + 4096, false},
               {"one number for all", 2, {1 << 16, 1 << 16}, {0, 0}, 1, false},
               {"rows that go back and forth", 3, {2, 1 << 20, 512}, {0, 0, 1}, 512, false},
               {"a bias that was expanded", 1, {16384}, {0}, 1, true},
               {"a small mask for each head", 3, {32, 512, 512}, {0, 512, 1}, 512 * 512, true},
               {"one row in a batch of 8", 2, {8, (uint64_t)1 << 26}, {0, 1}, (uint64_t)1 << 26, true},
               {"as it is stored", 2, {(uint64_t)1 << 20, 4096}, {4096, 1}, (uint64_t)1 << 32, true},
               {"transposed", 2, {4096, (uint64_t)1 << 20}, {1, 4096}, (uint64_t)1 << 32, true},
               {"every second column", 2, {(uint64_t)1 << 20, 2048}, {4096, 2}, (uint64_t)1 << 32, true},
               {"no rows", 2, {0, 4096}, {0, 0}, 0, true}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        scry_error err = {0};
        bool ok = view(all[i].dims, all[i].shape, all[i].stride, all[i].stored, &err);
        check(ok == all[i].ok, "%s: %s", all[i].name, ok ? "read" : err.text);
        if (!ok) check_says(err.text, SAYS("strides.pt", "\"x\"", "stored numbers", "contiguous()"), "named");
    }
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static char *repeated(const char *begin, const char *each, size_t count, const char *end, size_t *size) {
    const size_t one = strlen(each);
    char *text = malloc(strlen(begin) + one * count + strlen(end) + 1), *at = text;
    if (!text) abort();
    at = stpcpy(at, begin);
    for (size_t i = 0; i < count; i++, at += one) memcpy(at, each, one);
    at = stpcpy(at, end);
    *size = (size_t)(at - text);
    return text;
}

static void json(void) {
    static const struct {
        const char *name, *begin, *each, *end;
        size_t count;
        bool dense;
    } all[] = {{"numbers of one digit", "[", "1,", "1]", 8 << 20, true},
               {"empty objects", "[", "{},", "1]", 4 << 20, true},
               {"lists in lists", "[", "[],", "1]", 4 << 20, true},
               {"a million numbers", "[", "1,", "1]", 1000000, false},
               {"commas within a text", "[\"", ",", "\"]", 8 << 20, false},
               {"escaped quotes and commas", "[\"", "\\\",", "\"]", 4 << 20, false},
               {"captures of a manifest", "[",
                "{\"residual\": \"acts/law.base.safetensors\", \"tokens\": \"law.jsonl\"},", "1]", 1 << 18, false},
               {"tensors of a header", "{",
                "\"model.layers.0.mlp\":{\"dtype\":\"BF16\",\"shape\":[576,1536],\"data_offsets\":[0,1769472]},",
                "\"a\":{}}", 1 << 18, false}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t size;
        char *text = repeated(all[i].begin, all[i].each, all[i].count, all[i].end, &size);
        const uint64_t before = peak_memory();
        check(json_is_dense(text, size) == all[i].dense, "%s: %zu bytes are %s", all[i].name, size,
              all[i].dense ? "too dense" : "not dense");
        if (all[i].dense) {
            check(!json_parse(text, size) && !json_parse_prefix(text, size, NULL), "and not parsed");
            if (!SANITIZED) check(peak_memory() - before < (uint64_t)64 << 20, "nor held in memory");
        }
        free(text);
    }
}

/* ---- token lines -------------------------------------------------------------------------------- */

static void tokens(void) {
    enum { COUNT = 4 << 20 };
    const char *path = scratch("long.jsonl");
    size_t size;
    char *text = repeated("{\"id\": \"long\", \"tokens\": [", "\"ab\", ", COUNT - 1,
                          "\"\\u00e9\\n\"], \"response\": 3, \"subject\": \"x\", \"before\": [1, 2]}\n", &size);
    write_bytes(path, text, size);
    free(text);
    token_text read;
    string_pool pieces = {0};
    scry_error err = {0};
    const uint64_t before = peak_memory();
    bool ok = token_text_read(&read, path, "tokens", &pieces, NULL, &err);
    const uint64_t grown = peak_memory() - before;
    if (!check(ok, "a line of %d tokens is read %s", COUNT, err.text)) return;
    check(read.tokens == COUNT && read.sample_count == 1 && read.samples[0].count == COUNT && pieces.count == 2,
          "all of them");
    check(strcmp(string_pool_text(&pieces, read.piece[COUNT - 2]), "ab") == 0 &&
              strcmp(string_pool_text(&pieces, read.piece[COUNT - 1]), "\xc3\xa9\n") == 0,
          "with their texts");
    check(strcmp(read.samples[0].id, "long") == 0 && read.samples[0].response == 3 &&
              strcmp(read.samples[0].about, "{\"subject\":\"x\"}") == 0,
          "and its keys: %s", read.samples[0].about);
    if (!SANITIZED)
        check(grown < size + (uint64_t)COUNT * 12, "in %llu MB for %zu of file", (unsigned long long)grown >> 20,
              size >> 20);
    token_text_free(&read);
    string_pool_free(&pieces);
}

int main(void) {
    tokens(); /* first: the peak only grows */
    json();
    containers();
    pickles();
    strides();
    return check_end();
}
