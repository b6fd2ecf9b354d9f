/* posting_codec.c: a latent's postings as they lie in an index. */
#include "index/format/posting_codec.h"

#include <string.h>

enum { SIGN = 1 << 5, MANTISSA_SHIFT = 6, EXPONENT_SHIFT = 11, HEAD_MOST = 3 + 5 + 5 };

typedef struct form {
    unsigned k, sign, mantissa, exponent; /* bits */
    uint32_t least;                       /* exponent */
} form;

static uint64_t load(const uint8_t *at) {
    uint64_t x;
    memcpy(&x, at, sizeof x);
    return x;
}

typedef struct bit_writer {
    uint8_t *at;
    uint64_t held;
    unsigned bits; /* held, below 8 between calls */
} bit_writer;

/* At most 56 bits. */
static void put_bits(bit_writer *w, uint64_t value, unsigned bits) {
    w->held |= value << w->bits;
    w->bits += bits;
    memcpy(w->at, &w->held, sizeof w->held);
    w->at += w->bits / 8;
    w->held >>= w->bits & ~7u;
    w->bits %= 8;
}

static uint8_t *end_bits(bit_writer *w) {
    if (w->bits) *w->at++ = (uint8_t)w->held;
    return w->at;
}

uint8_t *posting_codec_number(uint8_t *at, uint64_t number) {
    for (; number >= 0x80; number >>= 7) *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

static unsigned rice_bits(uint32_t gap, unsigned k) {
    return gap >> k < POSTING_CODEC_ESCAPE ? (gap >> k) + 1 + k : POSTING_CODEC_ESCAPE + 32;
}

/* The parameter that takes least: near the binary logarithm of the mean gap. */
static unsigned choose_k(const uint32_t *token, uint32_t n) {
    uint32_t mean = (token[n - 1] - token[0]) / n;
    unsigned near = mean ? 31 - (unsigned)__builtin_clz(mean) : 0, best = 0;
    uint64_t least = UINT64_MAX;
    for (unsigned k = near ? near - 1 : 0; k <= near + 1 && k < 32; k++) {
        uint64_t bits = 0;
        for (uint32_t i = 1; i < n; i++) bits += rice_bits(token[i] - token[i - 1] - 1, k);
        if (bits < least) {
            least = bits;
            best = k;
        }
    }
    return best;
}

static unsigned bits_of(uint32_t number) {
    return number ? 32 - (unsigned)__builtin_clz(number) : 0;
}

static form form_of(const uint32_t *token, const uint32_t *value, uint32_t n) {
    uint32_t any = 0, least = 255, most = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t exponent = value[i] >> 23 & 0xff;
        any |= value[i];
        least = exponent < least ? exponent : least;
        most = exponent > most ? exponent : most;
    }
    uint32_t mantissa = any & 0x7fffff;
    return (form){.k = choose_k(token, n),
                  .sign = any >> 31,
                  .mantissa = mantissa ? 23 - (unsigned)__builtin_ctz(mantissa) : 0,
                  .exponent = bits_of(most - least),
                  .least = least};
}

static uint8_t *put_block(uint8_t *at, const uint32_t *token, const float *activation, uint32_t n, uint32_t before,
                          bool last) {
    uint32_t value[POSTING_CODEC_BLOCK];
    memcpy(value, activation, n * sizeof *value);
    form f = form_of(token, value, n);
    uint32_t word = f.k | (f.sign ? (uint32_t)SIGN : 0) | f.mantissa << MANTISSA_SHIFT | f.exponent << EXPONENT_SHIFT;
    *at++ = (uint8_t)word;
    *at++ = (uint8_t)(word >> 8);
    *at++ = (uint8_t)f.least;
    at = posting_codec_number(at, token[0] - before);
    uint8_t body[POSTING_CODEC_BLOCK * 12 + 16];
    bit_writer w = {.at = body};
    const unsigned wide = f.mantissa + f.exponent;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t size = ((value[i] & 0x7fffffff) - (f.least << 23)) >> (23 - f.mantissa);
        put_bits(&w, size | (uint64_t)(value[i] >> 31) << wide, wide + f.sign);
    }
    w = (bit_writer){.at = end_bits(&w)};
    for (uint32_t i = 1; i < n; i++) {
        uint32_t gap = token[i] - token[i - 1] - 1, ones = gap >> f.k;
        if (ones >= POSTING_CODEC_ESCAPE)
            put_bits(&w, ((1u << POSTING_CODEC_ESCAPE) - 1) | (uint64_t)gap << POSTING_CODEC_ESCAPE, 56);
        else put_bits(&w, ((1u << ones) - 1) | (uint64_t)(gap & ((1u << f.k) - 1)) << (ones + 1), rice_bits(gap, f.k));
    }
    size_t length = (size_t)(end_bits(&w) - body);
    if (!last) at = posting_codec_number(at, length);
    memcpy(at, body, length);
    return at + length;
}

uint64_t posting_codec_max_bytes(uint64_t n) {
    return 10 + n * 12 + (n / POSTING_CODEC_BLOCK + 1) * HEAD_MOST + POSTING_CODEC_SPARE;
}

uint64_t posting_codec_write(const uint32_t *token, const float *value, uint64_t n, uint8_t *out) {
    uint8_t *at = posting_codec_number(out, n);
    for (uint64_t i = 0; i < n; i += POSTING_CODEC_BLOCK) {
        uint32_t count = n - i < POSTING_CODEC_BLOCK ? (uint32_t)(n - i) : POSTING_CODEC_BLOCK;
        at = put_block(at, token + i, value + i, count, i ? token[i - POSTING_CODEC_BLOCK] : 0, i + count == n);
    }
    return (uint64_t)(at - out);
}

bool posting_codec_get(const uint8_t **at, const uint8_t *end, uint64_t *number) {
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = value;
            return true;
        }
    }
    return false;
}

posting_reader posting_codec_read(const uint8_t *bytes, uint64_t size) {
    posting_reader r = {.at = bytes, .end = bytes + size};
    if (!posting_codec_get(&r.at, r.end, &r.left)) r.left = 0;
    return r;
}

typedef struct head {
    form f;
    uint32_t n, first;
    bool last;
    uint64_t length; /* of values and gaps */
} head;

/* The head of the block at *at, which is moved behind it. */
static bool get_head(const posting_reader *r, const uint8_t **at, head *h) {
    uint64_t first;
    if (!r->left || r->end - *at < 3) return false;
    const uint8_t *p = *at;
    uint32_t word = p[0] | (uint32_t)p[1] << 8;
    h->f = (form){.k = word & 31,
                  .sign = word >> 5 & 1,
                  .mantissa = word >> MANTISSA_SHIFT & 31,
                  .exponent = word >> EXPONENT_SHIFT & 15,
                  .least = p[2]};
    *at += 3;
    h->last = r->left <= POSTING_CODEC_BLOCK;
    h->n = h->last ? (uint32_t)r->left : POSTING_CODEC_BLOCK;
    if (h->f.mantissa > 23 || h->f.exponent > 8 || !posting_codec_get(at, r->end, &first)) return false;
    h->first = r->first + (uint32_t)first;
    h->length = (uint64_t)(r->end - *at);
    if (!h->last && (!posting_codec_get(at, r->end, &h->length) || h->length > (uint64_t)(r->end - *at))) return false;
    return (uint64_t)h->n * (h->f.mantissa + h->f.exponent + h->f.sign) <= h->length * 8;
}

/* n values of `wide` bits and perhaps a sign each. */
static void get_values(const uint8_t *at, const form *f, uint32_t n, float *value) {
    const unsigned wide = f->mantissa + f->exponent, step = wide + f->sign, up = 23 - f->mantissa;
    const uint64_t mask = ((uint64_t)1 << wide) - 1;
    const uint32_t least = f->least << 23;
    if (f->sign) {
        for (uint32_t i = 0, bit = 0; i < n; i++, bit += step) {
            uint64_t x = load(at + bit / 8) >> bit % 8;
            uint32_t bits = ((uint32_t)((x & mask) << up) + least) | (uint32_t)(x >> wide & 1) << 31;
            memcpy(&value[i], &bits, sizeof bits);
        }
        return;
    }
    for (uint32_t i = 0, bit = 0; i < n; i++, bit += step) {
        uint64_t x = load(at + bit / 8) >> bit % 8 & mask;
        uint32_t bits = (uint32_t)(x << up) + least;
        memcpy(&value[i], &bits, sizeof bits);
    }
}

/* Tokens from the first on; returns how many, fewer than n where the gaps are cut or overflow. */
static uint32_t get_tokens(const uint8_t *at, const uint8_t *end, unsigned k, uint32_t n, uint32_t first,
                           uint32_t *token) {
    const uint64_t limit = (uint64_t)(end - at) * 8;
    const uint32_t low = ((uint32_t)1 << k) - 1;
    uint64_t bit = 0, here = first;
    token[0] = first;
    for (uint32_t i = 1; i < n; i++) {
        if (bit >= limit) return i;
        uint64_t x = load(at + bit / 8) >> bit % 8;
        unsigned ones = (unsigned)__builtin_ctzll(~x | (uint64_t)1 << POSTING_CODEC_ESCAPE);
        if (ones < POSTING_CODEC_ESCAPE) {
            here += ((uint64_t)ones << k) + ((uint32_t)(x >> (ones + 1)) & low) + 1;
            bit += ones + 1 + k;
        } else {
            here += (x >> POSTING_CODEC_ESCAPE & UINT32_MAX) + 1;
            bit += POSTING_CODEC_ESCAPE + 32;
        }
        if (here > UINT32_MAX) return i;
        token[i] = (uint32_t)here;
    }
    return n;
}

/* Where does the block behind this one begin? Its first token; no block: past every token. */
static uint64_t first_behind(const posting_reader *r, const uint8_t *body, const head *h) {
    if (h->last) return UINT64_MAX;
    posting_reader next = {.end = r->end, .left = r->left - h->n, .first = h->first};
    const uint8_t *at = body + h->length;
    head behind;
    return get_head(&next, &at, &behind) ? behind.first : UINT64_MAX;
}

bool posting_codec_next(posting_reader *r, uint64_t from, uint64_t to, posting_block *out) {
    head h;
    while (get_head(r, &r->at, &h)) {
        const uint8_t *body = r->at;
        bool before = from > h.first && first_behind(r, body, &h) <= from;
        r->at += h.length;
        r->left -= h.n;
        r->first = h.first;
        if (before) continue;
        if (h.first >= to) break;
        get_values(body, &h.f, h.n, out->value);
        uint64_t values = ((uint64_t)h.n * (h.f.mantissa + h.f.exponent + h.f.sign) + 7) / 8;
        out->end = get_tokens(body + values, r->at, h.f.k, h.n, h.first, out->token);
        for (out->begin = 0; out->begin < out->end && out->token[out->begin] < from;) out->begin++;
        while (out->end > out->begin && out->token[out->end - 1] >= to) out->end--;
        if (out->begin < out->end) return true;
    }
    r->left = 0;
    return false;
}
