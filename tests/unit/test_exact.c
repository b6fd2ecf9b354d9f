/* test_exact.c: base/exact.h against a second accumulator made of small digits, and by hand. */
#include "check.h"
#include "base/exact.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the reference: digits of 16 bits, weight 2^(16 i - 149), kept in 64 and carried at the end */
enum { DIGITS = 24 };
typedef struct reference {
    int64_t digit[DIGITS];
} reference;

static void reference_add(reference *r, float x) {
    int exponent;
    double m = frexp(fabs((double)x), &exponent); /* x = m 2^exponent */
    if (m == 0) return;
    int at = exponent - 24 + 149;
    int64_t whole = (int64_t)ldexp(m, 24);
    if (at < 0) whole >>= -at, at = 0; /* subnormal: its low bits are zero */
    whole <<= at % 16;
    r->digit[at / 16] += x < 0 ? -whole : whole;
}

static int carry(int64_t digit[DIGITS]) {
    int64_t rest = 0;
    for (int i = 0; i < DIGITS; i++) {
        int64_t sum = digit[i] + rest;
        rest = sum >= 0 ? sum / 65536 : -((-sum + 65535) / 65536);
        digit[i] = sum - rest * 65536;
    }
    return rest < 0;
}

static double reference_value(const reference *r) {
    int64_t digit[DIGITS];
    memcpy(digit, r->digit, sizeof digit);
    int negative = carry(digit);
    if (negative) {
        memcpy(digit, r->digit, sizeof digit);
        for (int i = 0; i < DIGITS; i++) digit[i] = -digit[i];
        carry(digit);
    }
    int top = DIGITS * 16 - 1;
    while (top >= 0 && !(digit[top / 16] >> (top % 16) & 1)) top--;
    if (top < 0) return 0;
    uint64_t kept = 0; /* 53 leading bits */
    int low = top - 52;
    for (int bit = top; bit >= low; bit--)
        kept = kept << 1 | (bit >= 0 ? (uint64_t)(digit[bit / 16] >> (bit % 16) & 1) : 0);
    int half = low - 1 >= 0 && digit[(low - 1) / 16] >> ((low - 1) % 16) & 1, more = 0;
    for (int bit = low - 2; bit >= 0 && !more; bit--) more = digit[bit / 16] >> (bit % 16) & 1;
    if (half && (more || kept & 1)) kept++;
    double value = ldexp((double)kept, low - 149);
    return negative ? -value : value;
}

/* ---- helpers -------------------------------------------------------------------------------- */

static float float_from(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static float any_float(uint64_t *seed) {
    for (;;) {
        float x = float_from((uint32_t)(roll(seed) >> 32));
        if (isfinite(x)) return x;
    }
}

static bool same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool is_zero(const exact_sum *s) {
    static const exact_sum zero;
    return memcmp(s, &zero, sizeof zero) == 0;
}

static void shuffle(float *x, size_t n, uint64_t *seed) {
    for (size_t i = n; i > 1; i--) {
        size_t k = roll_below(seed, (uint32_t)i);
        float swap = x[i - 1];
        x[i - 1] = x[k], x[k] = swap;
    }
}

static double sum_of(const float *x, size_t n) {
    exact_sum s = {0};
    for (size_t i = 0; i < n; i++) exact_add(&s, x[i]);
    return exact_value(&s);
}

/* ---- subjects ------------------------------------------------------------------------------- */

static void single_values(void) {
    uint64_t seed = 1;
    size_t wrong = 0;
    for (int i = 0; i < 200000; i++) {
        float x = i < 4096 ? float_from((uint32_t)i) : any_float(&seed);
        exact_sum s = {0};
        exact_add(&s, x);
        wrong += exact_value(&s) != (double)x;
        exact_subtract(&s, x);
        wrong += !is_zero(&s);
        exact_subtract(&s, x);
        wrong += exact_value(&s) != -(double)x;
    }
    check_is(wrong, 0, "200000 floats, 4096 of them subnormal, come out as they went in, and leave nothing");
    exact_sum s = {0};
    check(same(exact_value(&s), 0.0), "an empty sum is +0");
    exact_add(&s, -0.0F);
    exact_subtract(&s, 0.0F);
    check(is_zero(&s) && same(exact_value(&s), 0.0), "-0 adds nothing");
}

static void against_reference(void) {
    uint64_t seed = 2;
    size_t wrong = 0, trials = 0;
    for (int kind = 0; kind < 4; kind++)
        for (int trial = 0; trial < 5000; trial++, trials++) {
            exact_sum s = {0};
            reference r = {{0}};
            size_t n = 1 + roll_below(&seed, 40);
            for (size_t i = 0; i < n; i++) {
                float x = any_float(&seed);
                if (kind == 1) x = (float)ldexp((double)roll_below(&seed, 1u << 24), (int)roll_below(&seed, 40) - 60);
                if (kind == 2) x = float_from(roll_below(&seed, 1u << 23) | (roll(&seed) & 1 ? 1u << 31 : 0));
                if (kind == 3) x = roll(&seed) & 1 ? FLT_MAX : -FLT_TRUE_MIN * (float)roll_below(&seed, 1000);
                exact_add(&s, x);
                reference_add(&r, x);
            }
            wrong += !same(exact_value(&s), reference_value(&r));
        }
    check_is(wrong, 0, "%zu random sums (any floats, positive, subnormal, huge and tiny) have the reference's bits",
             trials);
}

/* Bins hold what single additions hold, whatever is in the sum before and however often they are flushed. */
static void against_bins(void) {
    uint64_t seed = 5;
    size_t wrong = 0, left = 0;
    for (int trial = 0; trial < 2000; trial++) {
        exact_sum one = {0}, many = {0};
        exact_bins bins = {{0}};
        for (int i = 0; i < 200; i++) {
            float x = trial % 3 == 2 ? -FLT_TRUE_MIN * (float)roll_below(&seed, 1000) : any_float(&seed);
            bool subtract = trial % 2 && roll(&seed) & 1;
            if (subtract) exact_subtract(&one, x);
            else exact_add(&one, x);
            exact_bin(&bins, x, subtract);
            if (i == 50 || i == 199) exact_flush(&bins, &many);
        }
        wrong += memcmp(&one, &many, sizeof one) != 0;
        for (int e = 0; e < 256; e++) left += bins.bin[e] != 0;
    }
    check_is(wrong, 0, "2000 sums by bins have the bits of sums one by one");
    check_is(left, 0, "and the bins are empty afterwards");
}

#if LDBL_MANT_DIG >= 113 /* aarch64 */
typedef long double quad;
#else
__extension__ typedef __float128 quad;
#endif

static void against_quad(void) {
    uint64_t seed = 3;
    size_t wrong = 0;
    for (int trial = 0; trial < 5000; trial++) {
        exact_sum s = {0};
        quad q = 0; /* 113 bits: 24 + 60 places + 10 for the count */
        for (int i = 0; i < 1000; i++) {
            float x = (float)ldexp((double)roll_below(&seed, 1u << 24) - (1 << 23), (int)roll_below(&seed, 60) - 50);
            if (i % 3) exact_add(&s, x), q += (quad)x;
            else exact_subtract(&s, x), q -= (quad)x;
        }
        wrong += exact_value(&s) != (double)q;
    }
    check_is(wrong, 0, "5000 sums of 1000 signed floats equal __float128, rounded once");
}

static void integers(void) {
    uint64_t seed = 4;
    int64_t units = 0;
    exact_sum s = {0};
    size_t wrong = 0;
    for (int i = 0; i < 1000000; i++) {
        uint32_t k = roll_below(&seed, 1u << 23);
        bool minus = roll(&seed) & 1;
        units += minus ? -(int64_t)k : (int64_t)k;
        if (minus) exact_subtract(&s, float_from(k));
        else exact_add(&s, float_from(k));
        if (i % 1000 == 0) wrong += exact_value(&s) != ldexp((double)units, -149);
    }
    check_is(wrong, 0, "a million subnormals against whole numbers");
}

static void there_and_back(void) {
    enum { N = 20000 };
    uint64_t seed = 5;
    float *in = malloc(N * sizeof *in), *out = malloc(N * sizeof *out);
    if (!in || !out) abort();
    for (size_t i = 0; i < N; i++) in[i] = any_float(&seed);
    memcpy(out, in, N * sizeof *in);
    shuffle(out, N, &seed);
    exact_sum s = {0};
    size_t a = 0, b = 0;
    while (a < N || b < N) {
        if (b == N || (a < N && roll(&seed) & 1)) exact_add(&s, in[a++]);
        else exact_subtract(&s, out[b++]);
    }
    check(is_zero(&s), "20000 floats added and taken away in random order leave no bit");
    double first = sum_of(in, N);
    size_t wrong = 0;
    for (int k = 0; k < 20; k++) {
        shuffle(in, N, &seed);
        wrong += !same(sum_of(in, N), first);
    }
    check_is(wrong, 0, "20 orders of 20000 floats give one sum");
    free(in);
    free(out);
}

static void huge_and_tiny(void) {
    exact_sum s = {0};
    for (int i = 0; i < 1 << 20; i++) exact_add(&s, FLT_MAX);
    check(exact_value(&s) == (double)FLT_MAX * 0x1p20, "2^20 times the largest float");
    exact_add(&s, FLT_TRUE_MIN);
    for (int i = 0; i < 1 << 20; i++) exact_subtract(&s, FLT_MAX);
    check(exact_value(&s) == (double)FLT_TRUE_MIN, "the smallest float is still there when they are gone: found %g",
          exact_value(&s));
    for (int i = 0; i < 1 << 20; i++) exact_subtract(&s, FLT_MAX);
    check(exact_value(&s) == -(double)FLT_MAX * 0x1p20, "below zero, the smallest float is lost in rounding only");
    for (int i = 0; i < 1 << 20; i++) exact_add(&s, FLT_MAX);
    exact_subtract(&s, FLT_TRUE_MIN);
    check(is_zero(&s), "and nothing is left");
}

/* a = 2^(e+53), where doubles are 2^(e+1) apart, so that adding 2^e ends in a tie. */
static void ties(void) {
    size_t wrong = 0, cases = 0;
    for (int e = -148; e <= 73; e++)
        for (int sign = -1; sign <= 1; sign += 2)
            for (int odd = 0; odd < 2; odd++)
                for (int tiny = -1; tiny <= 1; tiny++) {
                    double a = ldexp(1, e + 53), expected = a;
                    exact_sum s = {0};
                    exact_add(&s, (float)(sign * a));
                    if (odd) { /* one double further: the tie must go up, to the even one */
                        exact_add(&s, (float)(sign * ldexp(1, e + 1)));
                        expected += ldexp(1, e + 1);
                    }
                    exact_add(&s, (float)(sign * ldexp(1, e)));
                    if (tiny > 0) exact_add(&s, (float)sign * FLT_TRUE_MIN);
                    if (tiny < 0) exact_subtract(&s, (float)sign * FLT_TRUE_MIN);
                    if (tiny > 0 || (tiny == 0 && odd)) expected += ldexp(1, e + 1);
                    wrong += exact_value(&s) != sign * expected;
                    cases++;
                }
    check_is(wrong, 0, "%zu ties at every place, and a hair above and below: to nearest even, both signs", cases);
}

int main(void) {
    single_values();
    against_reference();
    against_bins();
    against_quad();
    integers();
    there_and_back();
    huge_and_tiny();
    ties();
    return check_end();
}
