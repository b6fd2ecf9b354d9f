/* order.c: the rows of a table in the order of a measure. */
#include "table/order.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 2048, WINDOW = 512, HALF = 1 << 16 };
#define LAST_KEY UINT32_MAX /* NaN */

void order_new(row_order *o, uint32_t latents) {
    *o = (row_order){.latents = latents, .rows = latents};
    o->latent = mem_new(latents, sizeof *o->latent);
    o->key = mem_new(latents, sizeof *o->key);
    o->room = mem_new(2 * (size_t)latents, sizeof *o->room);
    o->counts = mem_new(HALF, sizeof *o->counts);
}

void order_free(row_order *o) {
    free(o->latent);
    free(o->key);
    free(o->room);
    free(o->counts);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* Floating-point numbers order as their bits do once negative ones are turned around. */
static uint32_t key_of_single(double value) {
    float single = (float)value + 0.0F; /* -0 is 0 */
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000U;
}

static uint32_t key_of_double(double value) {
    double number = value + 0.0;
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return (uint32_t)((bits >> 63 ? ~bits : bits | 0x8000000000000000U) >> 32);
}

/* False: the values do not fit single precision, so that keys made that way would tell fewer apart. */
static bool make_keys(row_order *o, bool single) {
    double value[BLOCK];
    const uint32_t turn = o->down ? UINT32_MAX : 0;
    for (uint32_t from = 0; from < o->latents; from += BLOCK) {
        uint32_t n = o->latents - from < BLOCK ? o->latents - from : BLOCK;
        o->values(o->context, from, n, value);
        bool fits = true;
        for (uint32_t i = 0; i < n && single; i++) fits &= (double)(float)value[i] == value[i] || isnan(value[i]);
        if (!fits) return false;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t key = (single ? key_of_single(value[i]) : key_of_double(value[i])) ^ turn;
            o->key[from + i] = isnan(value[i]) ? LAST_KEY : key;
        }
    }
    return true;
}

void order_by(row_order *o, order_values values, void *context, bool down) {
    o->values = values;
    o->context = context;
    o->down = down;
    o->from = o->to = 0;
    o->exact = make_keys(o, true);
    if (!o->exact) make_keys(o, false);
}

void order_list(row_order *o, const uint32_t *list, uint32_t rows) {
    o->list = list;
    o->rows = list ? rows : o->latents;
    o->from = o->to = 0;
}

static double value_of(const row_order *o, uint32_t latent) {
    double value;
    o->values(o->context, latent, 1, &value);
    return value;
}

/* Below 0 when a stands before b, both with the same key. */
static int compare_equal_keys(const row_order *o, uint32_t a, uint32_t b) {
    if (!o->exact && o->key[a] != LAST_KEY) {
        double x = value_of(o, a), y = value_of(o, b);
        if (x != y) return (x < y) != o->down ? -1 : 1;
    }
    return a < b ? -1 : a > b;
}

bool order_before(const row_order *o, uint32_t a, uint32_t b) {
    return o->key[a] != o->key[b] ? o->key[a] < o->key[b] : compare_equal_keys(o, a, b) < 0;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static int by_value(const void *x, const void *y, void *context) {
    return compare_equal_keys(context, ((const radix_item *)x)->number, ((const radix_item *)y)->number);
}

/* Sorts n items of o->room, given by ascending latent, and puts them in place from `row` on. */
static void place_rows(row_order *o, uint32_t n, uint32_t row) {
    radix_item *a = radix_sort(o->room, o->room + n, n);
    for (size_t from = 0, to; from < n && !o->exact; from = to) {
        bool in_order = true;
        for (to = from + 1; to < n && a[to].key == a[from].key; to++)
            if (in_order && by_value(&a[to - 1], &a[to], o) > 0) in_order = false;
        if (!in_order) qsort_r(a + from, to - from, sizeof *a, by_value, o);
    }
    for (uint32_t i = 0; i < n; i++) o->latent[row + i] = a[i].number;
}

static uint32_t listed(const row_order *o, uint32_t i) {
    return o->list ? o->list[i] : i;
}

/* The key at a row: its leading half from one count, the other half from a second count of what shares it. */
static uint32_t key_at(row_order *o, uint32_t row) {
    memset(o->counts, 0, HALF * sizeof *o->counts);
    if (o->list)
        for (uint32_t i = 0; i < o->rows; i++) o->counts[o->key[o->list[i]] >> 16]++;
    else
        for (uint32_t i = 0; i < o->rows; i++) o->counts[o->key[i] >> 16]++;
    uint32_t before = 0, lead = 0, rest = 0;
    while (before + o->counts[lead] <= row) before += o->counts[lead++];
    memset(o->counts, 0, HALF * sizeof *o->counts);
    for (uint32_t i = 0; i < o->rows; i++) {
        uint32_t key = o->key[listed(o, i)];
        if (key >> 16 == lead) o->counts[key & (HALF - 1)]++;
    }
    while (before + o->counts[rest] <= row) before += o->counts[rest++];
    return lead << 16 | rest;
}

static void place_window(row_order *o, uint32_t from, uint32_t to) {
    uint32_t least = key_at(o, from), most = key_at(o, to - 1), before = 0, n = 0;
    for (uint32_t i = 0; i < o->rows; i++) {
        uint32_t latent = listed(o, i), key = o->key[latent];
        before += key < least;
        o->room[n] = (radix_item){key, latent};
        n += key >= least && key <= most;
    }
    place_rows(o, n, before);
    o->from = before;
    o->to = before + n;
}

uint32_t order_at(row_order *o, uint32_t row) {
    if (row < o->from || row >= o->to) {
        uint32_t from = row > WINDOW / 2 ? row - WINDOW / 2 : 0;
        place_window(o, from, o->rows - from > WINDOW ? from + WINDOW : o->rows);
    }
    return o->latent[row];
}

bool order_finish(row_order *o) {
    if (o->from == 0 && o->to == o->rows) return false;
    for (uint32_t i = 0; i < o->rows; i++) {
        uint32_t latent = listed(o, i);
        o->room[i] = (radix_item){o->key[latent], latent};
    }
    place_rows(o, o->rows, 0);
    o->from = 0;
    o->to = o->rows;
    return true;
}

uint32_t order_row_of(const row_order *o, uint32_t latent) {
    const uint32_t key = o->key[latent];
    uint32_t before = 0, alike = 0;
    if (o->list)
        for (uint32_t i = 0; i < o->rows; i++) {
            before += o->key[o->list[i]] < key;
            alike += o->key[o->list[i]] == key;
        }
    else
        for (uint32_t i = 0; i < o->rows; i++) {
            before += o->key[i] < key;
            alike += o->key[i] == key;
        }
    if (!alike) return before;
    for (uint32_t i = 0; i < o->rows; i++) {
        uint32_t other = listed(o, i);
        before += o->key[other] == key && compare_equal_keys(o, other, latent) < 0;
    }
    return before;
}
