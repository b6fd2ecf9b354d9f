/* mutate.c: makes small changes to good files. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

static const uint64_t numbers[] = {0,
                                   1,
                                   2,
                                   7,
                                   8,
                                   63,
                                   64,
                                   127,
                                   128,
                                   255,
                                   256,
                                   0x7fff,
                                   0x8000,
                                   0xffff,
                                   0x10000,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   0x100000000,
                                   0x3fffffffffffffff,
                                   0x4000000000000000,
                                   0x7fffffffffffffff,
                                   0x8000000000000000,
                                   0xfffffffffffffff8,
                                   0xffffffffffffffff};

static const char *const words[] = {"null",
                                    "true",
                                    "false",
                                    "{}",
                                    "[]",
                                    "[[",
                                    "\"\"",
                                    "-1",
                                    "1e999",
                                    "-0",
                                    "0.5",
                                    "NaN",
                                    "Infinity",
                                    "\\u0000",
                                    "\\ud800",
                                    "\\\"",
                                    "\xff",
                                    "\xc3",
                                    "\xe2\x80\xae",
                                    "\033[2J",
                                    "\r\n",
                                    "\n",
                                    ",",
                                    ":",
                                    "=",
                                    "(",
                                    ")",
                                    "!",
                                    "&",
                                    "|",
                                    "-",
                                    "~",
                                    "\"",
                                    "'",
                                    " ",
                                    "4294967295",
                                    "4294967296",
                                    "2147483648",
                                    "9223372036854775807",
                                    "18446744073709551615",
                                    "99999999999999999999",
                                    "all",
                                    "none",
                                    "top",
                                    "F4",
                                    "F32",
                                    "I64",
                                    "<f8",
                                    ">f4",
                                    "|O",
                                    "\t"};

enum { NUMBERS = sizeof numbers / sizeof *numbers, WORDS = sizeof words / sizeof *words };

/* Puts `length` bytes in the place of `old` at `at`, as far as there is room. */
static size_t splice(uint8_t *data, size_t size, size_t room, size_t at, size_t old, const void *bytes, size_t length) {
    if (length > room - (size - old)) length = room - (size - old);
    memmove(data + at + length, data + at + old, size - at - old);
    memcpy(data + at, bytes, length);
    return size - old + length;
}

static size_t place(uint64_t *state, size_t size) {
    return size ? roll_below(state, (uint32_t)size) : 0;
}

/* How many bytes of those from `at` on: mostly few. */
static size_t stretch(uint64_t *state, size_t size, size_t at) {
    size_t left = size - at, most = roll_below(state, 3) ? 16 : left;
    return left ? 1 + roll_below(state, (uint32_t)(most < left ? most : left)) : 0;
}

static void binary_number(uint64_t *state, uint8_t *data, size_t size) {
    size_t width = (size_t)1 << roll_below(state, 4), at = place(state, size);
    if (at + width > size) return;
    if (roll_below(state, 2)) at -= at % width;
    uint64_t value = 0;
    memcpy(&value, data + at, width);
    switch (roll_below(state, 4)) {
    case 0:
        value += roll_below(state, 16) - UINT64_C(8);
        break;
    case 1:
        value = size + roll_below(state, 16) - UINT64_C(8);
        break;
    default:
        value = numbers[roll_below(state, NUMBERS)];
    }
    memcpy(data + at, &value, width);
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

/* The next run of digits becomes another number. */
static size_t written_number(uint64_t *state, uint8_t *data, size_t size, size_t room) {
    size_t at = place(state, size), end;
    while (at < size && !is_digit(data[at])) at++;
    for (end = at; end < size && is_digit(data[end]);) end++;
    if (at == end) return size;
    char text[32];
    uint64_t number = roll_below(state, 2) ? numbers[roll_below(state, NUMBERS)] : roll_below(state, 100);
    int length = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return splice(data, size, room, at, end - at, text, (size_t)length);
}

static size_t move_range(uint64_t *state, uint8_t *data, size_t size, size_t room, bool keep) {
    uint8_t copy[256];
    size_t from = place(state, size), length = stretch(state, size, from);
    if (length > sizeof copy) length = sizeof copy;
    memcpy(copy, data + from, length);
    if (!keep) size = splice(data, size, room, from, length, copy, 0);
    return splice(data, size, room, place(state, size + 1), 0, copy, length);
}

static size_t from_other(uint64_t *state, uint8_t *data, size_t size, size_t room, const fuzz_input *other) {
    if (!other->size) return size;
    size_t from = place(state, other->size), length = stretch(state, other->size, from);
    size_t at = place(state, size + 1), old = 0;
    if (roll_below(state, 2)) old = length < size - at ? length : size - at;
    return splice(data, size, room, at, old, other->bytes + from, length);
}

static size_t one_change(uint64_t *state, uint8_t *data, size_t size, size_t room, const fuzz_input *other) {
    size_t at = place(state, size);
    const char *word = words[roll_below(state, WORDS)];
    if (!size) return from_other(state, data, size, room, other);
    switch (roll_below(state, 12)) {
    case 0:
    case 1:
        data[at] ^= (uint8_t)(1u << roll_below(state, 8));
        return size;
    case 2:
        data[at] = (uint8_t)roll_below(state, 256);
        return size;
    case 3:
    case 4:
        binary_number(state, data, size);
        return size;
    case 5:
    case 6:
        return written_number(state, data, size, room);
    case 7:
        return roll_below(state, 4) ? splice(data, size, room, at, stretch(state, size, at), "", 0) : at;
    case 8:
        return move_range(state, data, size, room, roll_below(state, 2));
    case 9:
        return splice(data, size, room, at, 0, word, strlen(word));
    case 10:
        return splice(data, size, room, at, stretch(state, size, at), word, strlen(word));
    default:
        return from_other(state, data, size, room, other);
    }
}

size_t fuzz_mutate(uint64_t *state, uint8_t *data, size_t size, size_t room, const fuzz_input *other) {
    for (uint32_t n = 1 + roll_below(state, 4); n; n--) size = one_change(state, data, size, room, other);
    return size;
}
