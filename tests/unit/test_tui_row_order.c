/* test_tui_row_order.c: the order of rows by a column, against a sort of all values. */
#include "check.h"

#include "explorer/table/row_order.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sample {
    uint32_t n;
    double *value;
} sample;

static void values_of(void *context, uint32_t from, uint32_t n, double *out) {
    memcpy(out, ((sample *)context)->value + from, n * sizeof *out);
}

/* ---- the slow side -------------------------------------------------------------------------- */

static const double *sorted_values;
static bool sorted_down;

static int slowly(const void *x, const void *y) {
    uint32_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
    double a = sorted_values[i], b = sorted_values[j];
    if (isnan(a) != isnan(b)) return isnan(a) ? 1 : -1;
    if (!isnan(a) && a != b) return (a < b) == !sorted_down ? -1 : 1;
    return i < j ? -1 : i > j;
}

/* ---- kinds of values ------------------------------------------------------------------------ */

enum { SINGLE, DOUBLE, FEW, CLOSE, MIXED, WHOLE, KINDS };
static const char *const kinds[] = {
    "singles",      "doubles", "few values", "doubles that differ in the last bits", "zeros, NaN and infinities",
    "whole numbers"};

static double value_of(int kind, uint64_t *seed) {
    static const double odd[] = {0.0, -0.0, (double)NAN, (double)INFINITY, -(double)INFINITY, 1e-310, -1e300};
    switch (kind) {
    case SINGLE:
        return (double)(float)(roll_unit(seed) * 4 - 2);
    case DOUBLE:
        return (roll_unit(seed) - 0.5) * pow(10, (double)roll_below(seed, 20) - 10);
    case FEW:
        return (double)roll_below(seed, 3) / 3;
    case CLOSE:
        return 0.7 + (double)roll_below(seed, 1000) * 0x1p-52;
    case MIXED:
        return roll_below(seed, 3) ? roll_unit(seed) : odd[roll_below(seed, 7)];
    default:
        return (double)roll_below(seed, 5000);
    }
}

/* ---- one order ------------------------------------------------------------------------------ */

static size_t astray;

static void compare_rows(row_order *o, const uint32_t *expected, uint32_t rows, uint64_t *seed) {
    for (int k = 0; k < 12 && rows; k++) { /* windows in any order, before all is in place */
        uint32_t from = roll_below(seed, rows);
        for (uint32_t row = from; row < rows && row < from + 40; row++) astray += order_at(o, row) != expected[row];
    }
    for (int k = 0; k < 200 && rows; k++) {
        uint32_t row = roll_below(seed, rows);
        astray += order_row_of(o, expected[row]) != row;
        uint32_t other = roll_below(seed, rows);
        astray += order_before(o, expected[row], expected[other]) != (row < other);
    }
    if (rows) order_finish(o);
    for (uint32_t row = 0; row < rows; row++) astray += order_at(o, row) != expected[row];
}

static void one_order(sample *s, row_order *o, bool down, uint64_t *seed) {
    uint32_t *expected = malloc(s->n * sizeof *expected), *list = malloc(s->n * sizeof *list), listed = 0;
    for (uint32_t i = 0; i < s->n; i++) expected[i] = i;
    sorted_values = s->value;
    sorted_down = down;
    qsort(expected, s->n, sizeof *expected, slowly);
    order_by(o, values_of, s, down);
    order_list(o, NULL, 0);
    compare_rows(o, expected, s->n, seed);
    uint32_t one_in = 1 + roll_below(seed, 9);
    for (uint32_t i = 0; i < s->n; i++)
        if (!roll_below(seed, one_in)) list[listed++] = i;
    uint32_t rows = 0, hidden = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t latent = expected[i];
        bool in = false;
        for (uint32_t k = 0; k < listed && !in; k++) in = list[k] == latent;
        if (in) expected[rows++] = latent;
        else hidden = latent;
    }
    order_list(o, list, listed);
    astray += rows != listed;
    compare_rows(o, expected, rows, seed);
    if (rows < s->n) { /* one that is not in the list: where it would stand */
        uint32_t row = order_row_of(o, hidden);
        astray += row > 0 && !order_before(o, expected[row - 1], hidden);
        astray += row < rows && !order_before(o, hidden, expected[row]);
    }
    free(expected);
    free(list);
}

static void by_place(uint64_t *seed) {
    enum { N = 3000 };
    uint32_t number[N], given[N];
    for (uint32_t i = 0; i < N; i++) given[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t other = roll_below(seed, i + 1), swap = given[i];
        given[i] = given[other];
        given[other] = swap;
    }
    for (uint32_t i = 0; i < N; i++) number[given[i]] = i;
    row_order o;
    order_new(&o, N);
    for (int way = 0; way < 4; way++) {
        size_t wrong = 0;
        order_by_place(&o, number, way & 1 ? given : NULL, way & 2);
        order_list(&o, NULL, 0);
        for (uint32_t row = 0; row < N; row++) {
            uint32_t expected = given[way & 2 ? N - 1 - row : row];
            wrong += order_at(&o, row) != expected || order_row_of(&o, expected) != row;
        }
        check(wrong == 0, "by place, %s, %s: %zu rows astray", way & 1 ? "order given" : "order unknown",
              way & 2 ? "down" : "up", wrong);
    }
    order_free(&o);
}

int main(void) {
    static const uint32_t sizes[] = {1, 2, 17, 600, 2048, 5000};
    uint64_t seed = 11;
    for (int kind = 0; kind < KINDS; kind++) {
        astray = 0;
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            sample s = {sizes[i], malloc(sizes[i] * sizeof(double))};
            row_order o;
            order_new(&o, s.n);
            for (int turn = 0; turn < 4; turn++) {
                for (uint32_t j = 0; j < s.n; j++) s.value[j] = value_of(kind, &seed);
                one_order(&s, &o, turn % 2, &seed);
            }
            order_free(&o);
            free(s.value);
        }
        check(astray == 0, "%s: windows, all rows and places as a plain sort has them; %zu differ", kinds[kind],
              astray);
    }
    by_place(&seed);
    return check_end();
}
