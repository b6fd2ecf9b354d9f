/* row_order.c: the rows of a table in the order of a measure. */
#include "explorer/table/row_order.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 2048, WINDOW = 512, HALF = 1 << 16, ROOM_KEPT = 1 << 16 /* a larger one is given back */ };
#define LAST_KEY UINT32_MAX /* NaN */

void order_new(row_order *o, uint32_t latents) {
    *o = (row_order){.latents = latents, .rows = latents};
    o->latent = mem_new(latents, sizeof *o->latent);
    o->own_key = mem_new(latents, sizeof *o->own_key);
    o->counts = mem_new(HALF, sizeof *o->counts);
}

void order_free(row_order *o) {
    free(o->latent);
    free(o->own_key);
    free(o->own_rest);
    free(o->room);
    free(o->counts);
}

/* Floating-point numbers order as their bits do once negative ones are turned around; -0 is 0. */
static uint32_t key_of_single(double value) {
    float single = (float)value + 0.0F;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000U;
}

static uint64_t key_of_double(double value) {
    double number = value + 0.0;
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits >> 63 ? ~bits : bits | 0x8000000000000000U;
}

static void single_keys(row_order *o, uint32_t from, uint32_t n, const double *value, uint32_t turn) {
    for (uint32_t i = 0; i < n; i++) o->own_key[from + i] = isnan(value[i]) ? LAST_KEY : key_of_single(value[i]) ^ turn;
}

static void double_keys(row_order *o, uint32_t from, uint32_t n, const double *value, uint32_t turn) {
    for (uint32_t i = 0; i < n; i++) {
        uint64_t key = key_of_double(value[i]);
        o->own_key[from + i] = isnan(value[i]) ? LAST_KEY : (uint32_t)(key >> 32) ^ turn;
        o->own_rest[from + i] = isnan(value[i]) ? 0 : (uint32_t)key ^ turn;
    }
}

static bool fit_single(const double *value, uint32_t n) {
    bool fit = true;
    for (uint32_t i = 0; i < n; i++) fit &= (double)(float)value[i] == value[i] || isnan(value[i]);
    return fit;
}

/* Values that all fit single precision need one key; others take two, the halves of a double. */
static bool make_keys(row_order *o, order_values values, void *context, bool down, bool single) {
    double value[BLOCK];
    const uint32_t turn = down ? UINT32_MAX : 0;
    for (uint32_t from = 0; from < o->latents; from += BLOCK) {
        uint32_t n = o->latents - from < BLOCK ? o->latents - from : BLOCK;
        values(context, from, n, value);
        if (single && !fit_single(value, n)) return false;
        if (single) single_keys(o, from, n, value, turn);
        else double_keys(o, from, n, value, turn);
    }
    return true;
}

static void begin(row_order *o) {
    o->key = o->own_key;
    o->rest = o->given = NULL;
    o->from = o->to = 0;
}

void order_by(row_order *o, order_values values, void *context, bool down) {
    begin(o);
    if (make_keys(o, values, context, down, true)) return;
    if (!o->own_rest) o->own_rest = mem_new(o->latents, sizeof *o->own_rest);
    o->rest = o->own_rest;
    make_keys(o, values, context, down, false);
}

void order_by_place(row_order *o, const uint32_t *number, const uint32_t *given, bool down) {
    begin(o);
    for (uint32_t i = 0; i < o->latents && down; i++) o->own_key[i] = ~number[i];
    if (down) return;
    o->key = number;
    o->given = given;
}

void order_list(row_order *o, const uint32_t *list, uint32_t rows) {
    o->list = list;
    o->rows = list ? rows : o->latents;
    o->from = o->to = 0;
}

static int by_rest(const void *x, const void *y, void *context) {
    const row_order *o = context;
    uint32_t a = ((const radix_item *)x)->number, b = ((const radix_item *)y)->number;
    return order_before(o, a, b) ? -1 : order_before(o, b, a);
}

/* Room for one item more, and as many again to sort them. */
static void make_room_for(row_order *o, uint32_t n) {
    if (2 * ((size_t)n + 1) <= o->room_size) return;
    o->room_size = o->room_size ? 2 * o->room_size : 4 * WINDOW;
    o->room = mem_resize(o->room, o->room_size, sizeof *o->room);
}

/* Sorts n items of o->room, given by ascending latent, and puts them in place from `row` on. */
static void place_rows(row_order *o, uint32_t n, uint32_t row) {
    radix_item *a = radix_sort(o->room, o->room + n, n);
    for (size_t from = 0, to; from < n && o->rest; from = to) {
        bool in_order = true;
        for (to = from + 1; to < n && a[to].key == a[from].key; to++)
            in_order &= o->rest[a[to - 1].number] <= o->rest[a[to].number];
        if (!in_order) qsort_r(a + from, to - from, sizeof *a, by_rest, o);
    }
    for (uint32_t i = 0; i < n; i++) o->latent[row + i] = a[i].number;
    if (o->room_size <= ROOM_KEPT) return;
    free(o->room);
    o->room = NULL;
    o->room_size = 0;
}

static uint32_t listed(const row_order *o, uint32_t i) {
    return o->list ? o->list[i] : i;
}

/* How many rows have each leading half of a key. */
static void count_leads(row_order *o) {
    memset(o->counts, 0, HALF * sizeof *o->counts);
    if (o->list)
        for (uint32_t i = 0; i < o->rows; i++) o->counts[o->key[o->list[i]] >> 16]++;
    else
        for (uint32_t i = 0; i < o->rows; i++) o->counts[o->key[i] >> 16]++;
}

/* The leading half of the key at a row, and how many rows come before all that share it. */
static uint32_t lead_at(const row_order *o, uint32_t row, uint32_t *before) {
    uint32_t lead = 0;
    for (*before = 0; *before + o->counts[lead] <= row; lead++) *before += o->counts[lead];
    return lead;
}

typedef struct end {
    uint32_t key, before; /* before: rows with smaller keys */
} end;

/* The key at a row, from a count of the other halves of what shares its leading half. */
static end end_at(row_order *o, uint32_t row, uint32_t lead, uint32_t before) {
    memset(o->counts, 0, HALF * sizeof *o->counts);
    for (uint32_t i = 0; i < o->rows; i++) {
        uint32_t key = o->key[listed(o, i)];
        if (key >> 16 == lead) o->counts[key & (HALF - 1)]++;
    }
    uint32_t rest = 0;
    while (before + o->counts[rest] <= row) before += o->counts[rest++];
    return (end){lead << 16 | rest, before};
}

enum { TESTED = 64 }; /* keys that are looked at side by side */

/* Is any of n keys among the `span` keys that follow `low`, or low itself? */
static inline bool any_within(const uint32_t *key, uint32_t low, uint32_t span) {
    uint32_t any = 0;
    for (uint32_t i = 0; i < TESTED; i++) any |= key[i] - low <= span;
    return any;
}

/* The latents with keys from low to high. Where nothing but the latent decides between equal ones, those before row
 * `from` and from row `to` on are left out. Returns how many. */
static uint32_t gather(row_order *o, end low, end high, uint32_t from, uint32_t to) {
    const uint32_t span = high.key - low.key, enough = o->rest ? UINT32_MAX : to - from;
    uint32_t n = 0, skip = o->rest ? 0 : from - low.before, take = o->rest ? UINT32_MAX : to - high.before;
    if (!o->rest && low.key == high.key) take -= skip;
    for (uint32_t i = 0; i < o->rows && n < enough; i++) {
        if (!o->list && i % TESTED == 0)
            while (i + TESTED < o->rows && !any_within(o->key + i, low.key, span)) i += TESTED;
        uint32_t latent = listed(o, i), key = o->key[latent];
        if (key - low.key > span) continue;
        if (key == low.key && skip) {
            skip--;
            continue;
        }
        if (key == high.key) {
            if (!take) continue;
            take--;
        }
        make_room_for(o, n);
        o->room[n++] = (radix_item){key, latent};
    }
    return n;
}

static void place_window(row_order *o, uint32_t from, uint32_t to) {
    uint32_t lead[2], lower[2];
    end low = {0, 0}, high = {LAST_KEY, 0};
    count_leads(o);
    lead[0] = lead_at(o, from, &lower[0]);
    lead[1] = lead_at(o, to - 1, &lower[1]);
    if (from > 0) low = end_at(o, from, lead[0], lower[0]);
    high = end_at(o, to - 1, lead[1], lower[1]);
    uint32_t n = gather(o, low, high, from, to);
    o->from = o->rest ? low.before : from;
    o->to = o->from + n;
    place_rows(o, n, o->from);
}

uint32_t order_at(row_order *o, uint32_t row) {
    if (o->given && !o->list) return o->given[row];
    if (row < o->from || row >= o->to) {
        uint32_t from = row > WINDOW / 2 ? row - WINDOW / 2 : 0;
        place_window(o, from, o->rows - from > WINDOW ? from + WINDOW : o->rows);
    }
    return o->latent[row];
}

void order_finish(row_order *o) {
    if ((o->given && !o->list) || (o->from == 0 && o->to == o->rows)) return;
    for (uint32_t i = 0; i < o->rows; i++) {
        uint32_t latent = listed(o, i);
        make_room_for(o, i);
        o->room[i] = (radix_item){o->key[latent], latent};
    }
    place_rows(o, o->rows, 0);
    o->from = 0;
    o->to = o->rows;
}

/* Counted in one reading of the keys; a second one decides ties. */
uint32_t order_row_of(const row_order *o, uint32_t latent) {
    const uint32_t key = o->key[latent];
    if (o->given && !o->list) return key;
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
    for (uint32_t i = 0; i < o->rows && alike; i++) {
        uint32_t other = listed(o, i);
        before += o->key[other] == key && order_before(o, other, latent);
    }
    return before;
}
