/* test_safetensors.c: a file that the safetensors library (0.8.0, safe_open) refuses is refused here, with its place;
 * what it takes is read. The verdicts of the library are the last column. Stricter here: a tensor's name that stands
 * twice with the same bytes, of which the library takes the second. */
#include "base/mem.h"
#include "check.h"
#include "io/tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define A   "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"
#define ONE "{" A "}"

static const struct layout {
    const char *what, *header;
    size_t bytes;
    const char *says, *and; /* NULL: read */
} layouts[] = {
    {"one tensor", ONE, 8, NULL, NULL},
    {"tensors out of order", "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}," A "}", 12, NULL, NULL},
    {"an empty tensor at the start", "{\"b\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}," A "}", 8, NULL,
     NULL},
    {"an empty tensor at the end", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[8,8]}}", 8, NULL,
     NULL},
    {"a tensor without dimensions", "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, NULL, NULL},
    {"a header padded with blanks", ONE "   \n", 8, NULL, NULL},
    {"metadata", "{\"__metadata__\":{\"a\":\"b\"}," A "}", 8, NULL, NULL},
    {"metadata that is null", "{\"__metadata__\":null," A "}", 8, NULL, NULL},
    {"a further key of a tensor", "{\"a\":{\"x\":1,\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL,
     NULL},
    {"8-bit floats", "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}", 8, NULL, NULL},
    {"4-bit floats", "{\"a\":{\"dtype\":\"F4\",\"shape\":[16],\"data_offsets\":[0,8]}}", 8, NULL, NULL},
    {"complex numbers", "{\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, NULL, NULL},
    {"no tensor", "{}", 0, NULL, NULL},
    {"a hole between tensors", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16,
     "\"b\": data_offsets begin at 12, expected 8", "gap"},
    {"a hole before the first", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12,
     "\"a\": data_offsets begin at 4, expected 0", "the header"},
    {"a hole that an empty tensor seems to fill",
     "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[10,10]}}", 10, "\"b\": data_offsets begin at 10",
     "expected 8"},
    {"an empty tensor inside another", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}}", 8,
     "\"b\": data_offsets begin at 4", "expected 8"},
    {"overlapping tensors", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
     "\"b\": data_offsets begin at 4, expected 8", "overlap"},
    {"two tensors at one place", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
     "data_offsets begin at 0, expected 8", "overlap"},
    {"a byte behind the last tensor", ONE, 9, "found 1 bytes after the last tensor", "ends at 8 of 9"},
    {"bytes without a tensor", "{}", 3, "found 3 bytes after the last tensor", "0 of 3"},
    {"a cut file", ONE, 7, "end at 8, but only 7", "cut"},
    {"a name that stands twice", "{" A "," A "}", 8, "found \"a\" twice", "each key once"},
    {"a name that stands twice, with other bytes",
     "{" A ",\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}", 16, "found \"a\" twice",
     "each key once"},
    {"a field that stands twice", "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}",
     8, "entry a: found \"dtype\" twice", "once"},
    {"metadata that stands twice", "{\"__metadata__\":{},\"__metadata__\":{}," A "}", 8, "\"__metadata__\" twice", ""},
    {"metadata of numbers", "{\"__metadata__\":{\"a\":1}," A "}", 8, "__metadata__", "texts"},
    {"metadata that is a list", "{\"__metadata__\":[\"a\"]," A "}", 8, "__metadata__", "texts"},
    {"more elements than bytes", "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
     "\"a\": data_offsets span 8 bytes", "shape times F32"},
    {"a tensor that is a list", "{\"a\":[\"F32\",[2],[0,8]]}", 8, "entry \"a\"", "expected \"dtype\""},
    {"8-bit floats of half the bytes", "{\"a\":{\"dtype\":\"F8_E5M2\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8,
     "span 8 bytes", "F8_E5M2"},
    {"half a byte of 4-bit floats", "{\"a\":{\"dtype\":\"F4\",\"shape\":[15],\"data_offsets\":[0,8]}}", 8,
     "span 8 bytes", "F4"},
    {"complex numbers of half the bytes", "{\"a\":{\"dtype\":\"C64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
     "span 8 bytes", "C64"},
    {"an unknown dtype", "{\"a\":{\"dtype\":\"X9\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype \"X9\"",
     "safetensors"},
    {"bits beyond 2^64",
     "{\"a\":{\"dtype\":\"F32\",\"shape\":[9007199254740992,9007199254740992],\"data_offsets\":[0,8]}}", 8,
     "span 8 bytes", "F32"},
    {"a shape of 2.0", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "number 2.0", "whole"},
    {"a shape of 02", "{\"a\":{\"dtype\":\"F32\",\"shape\":[02],\"data_offsets\":[0,8]}}", 8, "number 02", "whole"},
    {"an offset of 8e0", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8e0]}}", 8, "number 8e0",
     "whole"},
    {"three offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8, "entry \"a\"",
     "two numbers"},
    {"text behind the header", ONE "x", 8, "header is not JSON", "byte 54"},
    {"a trailing comma", "{" A ",}", 8, "header is not JSON", ""},
    {"a comment", "{/**/" A "}", 8, "header is not JSON", ""},
    {"a name with a control character", "{\"\001\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
     "byte 2: found a control character", "UTF-8"},
    {"a name of invalid UTF-8", "{\"\xff\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
     "byte 2: found invalid UTF-8", "UTF-8"},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static void one_layout(const struct layout *l) {
    static const uint8_t data[64];
    const char *path = scratch("layout.safetensors");
    write_safetensors_raw(path, l->header, data, l->bytes);
    tensor_file file;
    scry_error err = {0};
    bool opened = tensor_file_open(&file, path, "sae", &err);
    if (opened) tensor_file_close(&file);
    if (!l->says) {
        check(opened, "read: %s%s%s", l->what, opened ? "" : ": ", opened ? "" : err.text);
        return;
    }
    bool told = !opened && strstr(err.text, path) && strstr(err.text, l->says) && strstr(err.text, l->and);
    check(told, "refused: %s%s%s", l->what, told ? "" : ": ", told ? "" : opened ? "was read" : err.text);
}

/* A header of so many bytes, "{}" and blanks. */
static void long_header(size_t length, bool taken) {
    const char *path = scratch("long.safetensors");
    char *bytes = mem_new(length + 8, 1);
    memset(bytes, ' ', length + 8);
    for (int i = 0; i < 8; i++) bytes[i] = (char)((uint64_t)length >> 8 * i & 0xff);
    memcpy(bytes + 8, "{}", 2);
    write_bytes(path, bytes, length + 8);
    free(bytes);
    tensor_file file;
    scry_error err = {0};
    bool opened = tensor_file_open(&file, path, NULL, &err);
    if (opened) tensor_file_close(&file);
    check(opened == taken && (taken || strstr(err.text, "at most 100000000 bytes")), "a header of %zu bytes is %s %s",
          length, taken ? "read" : "refused", err.text);
}

int main(void) {
    for (int i = 0; i < LAYOUTS; i++) one_layout(&layouts[i]);
    long_header(100000000, true);
    long_header(100000001, false);
    return check_end();
}
