/* test_posting_codec.c: packed postings against a reader that goes bit by bit, following the description in
 * index/format/posting_codec.h; the decoder codec, packed integers, and both in an index. */
#include "check.h"
#include "index/build/postings.h"
#include "index/format/decoder_codec.h"
#include "index/format/posting_codec.h"
#include "index/format/table.h"
#include "sae/sae.h"
#include "scry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the reader that goes bit by bit -------------------------------------------------------- */

typedef struct bits {
    const uint8_t *bytes;
    size_t at; /* bit */
} bits;

static uint64_t take(bits *b, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++, b->at++) value |= (uint64_t)(b->bytes[b->at / 8] >> (b->at % 8) & 1) << i;
    return value;
}

static void to_byte(bits *b) {
    while (b->at % 8) b->at++;
}

static uint64_t take_number(bits *b) {
    uint64_t value = 0, byte;
    unsigned shift = 0;
    do {
        byte = take(b, 8);
        value += (byte % 128) << shift;
        shift += 7;
    } while (byte >= 128);
    return value;
}

/* All entries of a stream; returns its length in bytes. */
static size_t read_slowly(const uint8_t *bytes, uint32_t *token, float *value, uint64_t *count) {
    bits b = {bytes, 0};
    uint64_t n = *count = take_number(&b), first = 0;
    for (uint64_t done = 0; done < n;) {
        uint64_t block = n - done > 256 ? 256 : n - done;
        unsigned k = (unsigned)take(&b, 5), sign = (unsigned)take(&b, 1), mantissa = (unsigned)take(&b, 5);
        unsigned exponent = (unsigned)take(&b, 4);
        take(&b, 1);
        int least = (int)take(&b, 8);
        first += take_number(&b);
        size_t length = done + block < n ? (size_t)take_number(&b) : 0, begin = b.at / 8;
        for (uint64_t i = 0; i < block; i++) {
            double part = ldexp((double)take(&b, mantissa), -(int)mantissa);
            int power = (int)take(&b, exponent) + least;
            double size = power ? ldexp(1 + part, power - 127) : ldexp(part, -126);
            value[done + i] = (float)(sign && take(&b, 1) ? -size : size);
        }
        to_byte(&b);
        token[done] = (uint32_t)first;
        for (uint64_t i = 1; i < block; i++) {
            uint64_t ones = 0;
            while (ones < 24 && take(&b, 1)) ones++;
            uint64_t gap = ones == 24 ? take(&b, 32) : ones * ((uint64_t)1 << k) + take(&b, k);
            token[done + i] = (uint32_t)(token[done + i - 1] + gap + 1);
        }
        to_byte(&b);
        if (length && b.at / 8 - begin != length) return 0;
        done += block;
    }
    return b.at / 8;
}

/* ---- round trips ---------------------------------------------------------------------------- */

enum { MOST = 1400 };

typedef struct entries {
    uint64_t n;
    uint32_t token[MOST];
    float value[MOST];
} entries;

/* Number `kind` of value, all finite. */
static float value_of(int kind, uint64_t *seed) {
    double x = -log(roll_unit(seed) + 1e-12);
    uint32_t raw = (uint32_t)roll(seed);
    float out = (float)x;
    int power;
    switch (kind) {
    case 0:
        return out;
    case 1:
        return (float)half_value(half_bits(x));
    case 2: /* bfloat16 */
        x = ldexp(frexp(x, &power), 8);
        return (float)ldexp(floor(x), power - 8);
    case 3: /* signed, a wide range */
        return (float)ldexp(x * (roll_below(seed, 2) ? 1 : -1), (int)roll_below(seed, 200) - 100);
    case 4:
        return 1;
    case 5: /* any bits, subnormal ones among them, but for NaN and infinity */
        if (roll_below(seed, 3) == 0) raw &= 0x807fffff;
        if ((raw & 0x7f800000) == 0x7f800000) raw ^= 0x40000000;
        memcpy(&out, &raw, 4);
        return out;
    default:
        return (float)(1 + roll_below(seed, 3));
    }
}

/* Gaps of kind: dense, even, wide, with rare leaps. */
static void fill(entries *e, uint64_t n, int values, int gaps, uint64_t *seed) {
    e->n = n;
    uint64_t token = roll_below(seed, 2) ? 0 : roll_below(seed, 100000);
    for (uint64_t i = 0; i < n; i++) {
        e->token[i] = (uint32_t)token;
        e->value[i] = value_of(values, seed);
        uint64_t step = 1;
        if (gaps == 1) step = 1 + roll_below(seed, 300);
        if (gaps == 2) step = 1 + roll_below(seed, 2000000);
        if (gaps == 3 && roll_below(seed, 100) == 0) step = 1 + roll_below(seed, 200000000);
        token += step;
        if (token > UINT32_MAX - (n - i)) token = e->token[i] + 1;
    }
}

static bool same_entries(const entries *e, const uint32_t *token, const float *value, uint64_t n) {
    return n == e->n && memcmp(token, e->token, n * sizeof *token) == 0 &&
           memcmp(value, e->value, n * sizeof *value) == 0;
}

/* Reads a window of a stream with the engine's reader. */
static uint64_t read_window(const uint8_t *bytes, uint64_t size, uint64_t from, uint64_t to, uint32_t *token,
                            float *value) {
    posting_reader r = posting_codec_read(bytes, size);
    posting_block b;
    uint64_t n = 0;
    while (posting_codec_next(&r, from, to, &b))
        for (uint32_t i = b.begin; i < b.end && n < MOST; i++) {
            token[n] = b.token[i];
            value[n++] = b.value[i];
        }
    return n;
}

/* Exactly as much memory as promised, so that the sanitizer sees a byte beyond. */
static uint8_t *packed_of(const entries *e, uint64_t *size) {
    uint8_t *room = malloc(posting_codec_max_bytes(e->n)), *bytes;
    if (!room) abort();
    *size = posting_codec_write(e->token, e->value, e->n, room);
    bytes = calloc(*size + POSTING_CODEC_SPARE, 1);
    if (!bytes) abort();
    memcpy(bytes, room, *size);
    free(room);
    return bytes;
}

static void round_trips(void) {
    static const uint64_t counts[] = {1, 2, 3, 33, 255, 256, 257, 511, 512, 513, 1000, 1400};
    static entries e;
    static uint32_t token[MOST];
    static float value[MOST];
    uint64_t seed = 71, streams = 0, slow_wrong = 0, wrong = 0, windows = 0, windows_wrong = 0;
    for (int values = 0; values < 7; values++)
        for (int gaps = 0; gaps < 4; gaps++)
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                fill(&e, counts[c], values, gaps, &seed);
                uint64_t size, n;
                uint8_t *bytes = packed_of(&e, &size);
                streams++;
                wrong += !same_entries(&e, token, value, read_window(bytes, size, 0, UINT64_MAX, token, value));
                wrong += posting_codec_read(bytes, size).left != e.n;
                size_t slow = read_slowly(bytes, token, value, &n);
                slow_wrong += slow != size || !same_entries(&e, token, value, n);
                for (int i = 0; i < 20; i++) {
                    uint64_t from = e.token[roll_below(&seed, (uint32_t)e.n)] + roll_below(&seed, 3);
                    uint64_t to = from + (roll_below(&seed, 2) ? roll_below(&seed, 2000) : roll(&seed) >> 30), k = 0;
                    n = read_window(bytes, size, from, to, token, value);
                    windows++;
                    for (uint64_t j = 0; j < e.n; j++) {
                        if (e.token[j] < from || e.token[j] >= to) continue;
                        windows_wrong += k >= n || token[k] != e.token[j] || memcmp(&value[k], &e.value[j], 4) != 0;
                        k++;
                    }
                    windows_wrong += k != n;
                }
                free(bytes);
            }
    check(wrong == 0, "%llu streams of all kinds are read back bit for bit: %llu wrong", (unsigned long long)streams,
          (unsigned long long)wrong);
    check(slow_wrong == 0, "and by a reader that goes bit by bit: %llu wrong", (unsigned long long)slow_wrong);
    check(windows_wrong == 0, "%llu windows of them hold what they must: %llu entries wrong",
          (unsigned long long)windows, (unsigned long long)windows_wrong);
}

/* What the format promises: a value takes no more bits than it has. */
static void sizes(void) {
    static entries e;
    static const struct {
        const char *name;
        int values;
        unsigned most; /* bits of a value: mantissa, exponents of -log(u), which span fewer than 2^4, and heads */
    } kinds[] = {{"float32", 0, 23 + 5}, {"float16", 1, 10 + 5}, {"bfloat16", 2, 7 + 5}, {"all 1", 4, 1}};
    uint64_t seed = 72;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        uint64_t size, n = 1024;
        fill(&e, n, kinds[k].values, 0, &seed); /* no gaps: a bit each */
        free(packed_of(&e, &size));
        check((double)size * 8 <= (double)n * (kinds[k].most + 1), "%s: %.2f bits a value, at most %u", kinds[k].name,
              (double)size * 8 / (double)n - 1, kinds[k].most);
    }
    fill(&e, 1024, 4, 1, &seed);
    uint64_t size;
    free(packed_of(&e, &size));
    /* gaps even from 0 to 299 have log2(300) = 8.23 bits; Rice's code has at most a bit more */
    check((double)size * 8 / 1024 < 9.3, "gaps from 0 to 299: %.2f bits", (double)size * 8 / 1024);
}

static void damaged(void) {
    static entries e;
    static uint32_t token[MOST];
    static float value[MOST];
    uint64_t seed = 73, tries = SANITIZED ? 20000 : 100000, read = 0, astray = 0;
    uint8_t *bytes = NULL;
    uint64_t size = 0;
    for (uint64_t i = 0; i < tries; i++) {
        if (i % 50 == 0) {
            free(bytes);
            fill(&e, 1 + roll_below(&seed, 700), (int)(i / 50 % 7), (int)(i / 350 % 4), &seed);
            bytes = packed_of(&e, &size);
        }
        uint64_t cut = roll_below(&seed, 4) ? size : roll_below(&seed, (uint32_t)size + 1), at = roll(&seed) % size;
        uint8_t *hurt = calloc(cut + POSTING_CODEC_SPARE, 1);
        if (!hurt) abort();
        memcpy(hurt, bytes, cut);
        if (at < cut) hurt[roll_below(&seed, 2) ? at : at % 12 % cut] ^= (uint8_t)(1u << roll_below(&seed, 8));
        uint64_t from = roll_below(&seed, 2) ? 0 : e.token[e.n / 2], to = from + 100000;
        uint64_t n = read_window(hurt, cut, from, to, token, value);
        for (uint64_t k = 0; k < n; k++) astray += token[k] < from || token[k] >= to;
        read += n;
        free(hurt);
    }
    free(bytes);
    check(astray == 0 && read > 0, "%llu damaged streams: %llu entries read, none outside what was asked for",
          (unsigned long long)tries, (unsigned long long)read);
}

/* ---- the decoder's forms -------------------------------------------------------------------- */

/* Written to a container and read again. */
static bool through_file(const float *x, uint64_t n, decoder_codec form, uint64_t bytes) {
    const char *path = scratch("decoder.scry");
    scry_error err = {0};
    container_writer *w = container_create(path, &err);
    container c;
    if (!w) return false;
    container_begin(w, "dec/W");
    decoder_write(w, form, x, n);
    if (!container_finish(w, &err) || !container_open(&c, path, true, &err)) return false;
    const void *section = container_get(&c, "dec/W", bytes, &err);
    float *found = calloc(n, sizeof *found);
    if (!found) abort();
    if (section) decoder_read(section, form, 0, n, found);
    bool same = section && memcmp(found, x, n * sizeof *x) == 0;
    if (section) decoder_read(section, form, n / 2, 1, found);
    same = same && memcmp(found, x + n / 2, sizeof *x) == 0;
    free(found);
    container_close(&c);
    return same;
}

static void decoder_forms(void) {
    enum { HALVES = 1 << 16 };
    static float x[HALVES];
    uint64_t n = 0;
    for (uint32_t h = 0; h < HALVES; h++)
        if ((h & 0x7c00) != 0x7c00) x[n++] = (float)half_value((uint16_t)h);
    check(decoder_choose(x, n) == DECODER_F16 && through_file(x, n, DECODER_F16, 2 * n),
          "every finite float16 keeps its two bytes");
    x[77] = 0x1p-25F;
    check(decoder_choose(x, n) == DECODER_F32, "half of float16's smallest number does not fit it");
    n = 0;
    for (uint32_t h = 0; h < HALVES; h++) {
        uint32_t raw = h << 16;
        if ((h & 0x7f80) != 0x7f80) memcpy(&x[n++], &raw, 4);
    }
    check(decoder_choose(x, n) == DECODER_BF16 && through_file(x, n, DECODER_BF16, 2 * n),
          "every finite bfloat16 keeps its two bytes");
    uint64_t seed = 74;
    for (n = 0; n < 5000; n++) x[n] = (float)(roll_unit(&seed) - 0.5);
    check(decoder_choose(x, n) == DECODER_F32 && through_file(x, n, DECODER_F32, 4 * n), "float32 keeps its four");
}

/* ---- an index ------------------------------------------------------------------------------- */

static void in_index(const char *name) {
    const char *study = study_path_of(name), *path = scratch("%s.scry", name);
    scry_error err = {0};
    scry_index *x = study && scry_index_build(study, path, NULL, NULL, NULL, &err) ? scry_open(path, true, &err) : NULL;
    if (!x) {
        if (study) check(false, "%s: %s", name, err.text);
        else check_skip("%s is not here", name);
        return;
    }
    const scry_info *info = scry_index_info(x);
    uint32_t *alive = calloc(info->d_sae, sizeof *alive), count = scry_active_latents(x, alive), k = 0;
    uint64_t wrong = 0, sum = 0, bytes;
    for (uint32_t j = 0; j < info->d_sae; j++)
        if (scry_postings(x, j)) wrong += k >= count || alive[k] != j, k++;
    check(wrong == 0 && k == count, "%s: %u latents are active, as their postings say", name, count);
    free(alive);
    const char *section;
    size_t sections = 0;
    for (; scry_section(x, sections, &section, &bytes); sections++) sum += bytes;
    check(sum < info->file_size && info->file_size - sum <= 128 * (sections + 1), "%s: sections fill the file", name);
    const char *sae_path = text_of("%.*s/sae", (int)(strrchr(study, '/') - study), study);
    sae s = {0};
    float *row = calloc(info->d_model, sizeof *row);
    if (sae_load(&s, sae_path, NULL, NULL, &err) && s.W_dec) {
        wrong = 0;
        for (uint32_t j = 0; j < info->d_sae; j++)
            wrong +=
                !scry_decoder_row(x, j, row) || memcmp(row, s.W_dec + (size_t)j * s.d_in, s.d_in * sizeof *row) != 0;
        wrong += memcmp(scry_decoder_bias(x), s.b_dec, s.d_in * sizeof *row) != 0;
        check(wrong == 0, "%s: decoder rows are those of the SAE", name);
    } else {
        check(false, "%s: the SAE is read: %s", name, err.text);
    }
    free(row);
    sae_free(&s);
    scry_close(x);
}

/* A stream of nearly 4 GiB takes no other segment, and says so; its bytes are not touched. */
static void full_stream(void) {
    posting_stream one = {0}, full = {.used = UINT32_MAX - 8, .room = UINT32_MAX - 8, .count = 7}, empty = {0};
    postings_add(&one, 3, 1.5f);
    posting_stream again = one;
    again.bytes = memcpy(malloc(one.room), one.bytes, one.room);
    postings_append(&full, 0, &one);
    check(full.full && full.used == UINT32_MAX - 8 && full.count == 7 && !full.bytes, "a full stream says so");
    postings_append(&empty, 0, &again);
    check(!empty.full && empty.count == 1, "another takes the segment");
    free(one.bytes);
    free(again.bytes);
    free(empty.bytes);
}

int main(void) {
    full_stream();
    round_trips();
    sizes();
    damaged();
    decoder_forms();
    check(packed_uint_width(0) == 1 && packed_uint_width(255) == 1 && packed_uint_width(256) == 2 &&
              packed_uint_width(65535) == 2 && packed_uint_width(65536) == 4,
          "narrow numbers take 1, 2 or 4 bytes");
    in_index("sample");
    in_index("mmlu-pocket");
    return check_end();
}
