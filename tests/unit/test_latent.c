/* test_latent.c: everything that latent.h tells of one latent, against plain loops over the numbers that the study was
 * made from. */
#include "check.h"
#include "latent.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the study, kept as arrays ---------------------------------------------------------------- */

enum { LATENTS = 48, SAMPLES = 23, GROUPS = 3, CONDITIONS = 3, ROWS_MOST = 600, WIDTH = 36 };

typedef struct row {
    int group, condition, sample, position; /* position -1 and below: a demonstration */
    char token[16];
    bool counts;
    float h[LATENTS];
} row;

typedef struct capture {
    bool is;
    int rows, index; /* index: its number in the index */
    row row[ROWS_MOST];
} capture;

static capture world[GROUPS][CONDITIONS]; /* group 0: training; 1, 2: domains */
static const char *const conditions[] = {"base", "icl", "sft"}, *const groups[] = {"train", "law", "math"};

static int length_of(int group, int sample) {
    return 1 + (sample * 7 + group * 3) % 11;
}

/* Multiples of 1/64 that a float holds exactly; ties are plenty. */
static void fill(row *r) {
    uint64_t same = (uint64_t)(r->group * 1000003 + r->sample * 1009 + r->position + 50), own;
    for (int i = 0; i < 3; i++) roll(&same);
    own = same + (uint64_t)r->condition * 77;
    for (int j = 0; j < LATENTS; j++) {
        int h = roll_below(&same, 10) < 6 ? 0 : (int)roll_below(&same, 200);
        if (r->condition && roll_below(&own, 4) == 0) h = roll_below(&own, 3) ? (int)roll_below(&own, 200) : 0;
        if (j == 0) h = 0;
        if (j == 1) h = 96;
        if (j % 5 == 4 && roll_below(&own, 50)) h = 0; /* rare */
        r->h[j] = r->counts ? (float)h / 64 : 0;
    }
}

/* icl holds its samples backwards, and demonstrations in front of some; sft reads base's token file. */
static void make_capture(int g, int c) {
    capture *w = &world[g][c];
    w->is = true;
    for (int i = 0; i < SAMPLES; i++) {
        int sample = c == 1 ? SAMPLES - 1 - i : i;
        if (c == 1 && sample % 6 == 2) continue; /* missing under icl */
        for (int k = c == 1 ? -(sample % 3) : 0; k < length_of(g, sample); k++) {
            row *r = &w->row[w->rows++];
            *r = (row){.group = g, .condition = c, .sample = sample, .position = k};
            bool bos = k >= 0 && (sample + k) % 9 == 4;
            snprintf(r->token, sizeof r->token, k < 0 ? "demo" : bos ? "<bos>" : " w%d", (sample * k + g) % 13);
            int first = c == 1 ? -(sample % 3) : 0;
            r->counts = !bos && (g != 2 || k > first); /* math: skip_first 1 */
            fill(r);
        }
    }
}

static const char *write_one(const char *folder, int g, int c) {
    const capture *w = &world[g][c];
    double *values = calloc((size_t)w->rows * LATENTS, sizeof *values);
    if (!values) abort();
    /* what does not count must not be seen: large numbers there */
    for (int r = 0; r < w->rows; r++)
        for (int j = 0; j < LATENTS; j++)
            values[r * LATENTS + j] = w->row[r].counts ? (double)w->row[r].h[j] : 1000 + j;
    const char *name = text_of("%s.%s", groups[g], conditions[c]);
    write_npy(text_of("%s/%s.npy", folder, name), F32, (size_t)w->rows, LATENTS, values);
    free(values);
    FILE *f = fopen(text_of("%s/%s.jsonl", folder, name), "w");
    if (!f) abort();
    for (int r = 0; r < w->rows; r++) {
        bool begins = r == 0 || w->row[r].sample != w->row[r - 1].sample;
        if (begins) fprintf(f, "%s{\"id\": \"%s-%d\", \"tokens\": [", r ? "]}\n" : "", groups[g], w->row[r].sample);
        fprintf(f, "%s\"%s\"", begins ? "" : ", ", w->row[r].token);
    }
    fprintf(f, "]}\n");
    fclose(f);
    return text_of("{\"features\": \"%s.npy\", \"tokens\": \"%s.%s.jsonl\", \"exclude\": [\"<bos>\"]%s}", name,
                   groups[g], conditions[c == 2 ? 0 : c], g == 2 ? ", \"skip_first\": 1" : "");
}

static scry_index *build(const char *study, const char *label) {
    scry_error err = {0};
    const char *out = text_of("%s.scry", study);
    scry_index *x = scry_index_build(study, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    if (!x) check(false, "%s is indexed: %s", label, err.text);
    return x;
}

static scry_index *make_world(void) {
    const char *folder = scratch_folder("world"), *domains = "";
    for (int g = 0; g < GROUPS; g++)
        for (int c = 0; c < CONDITIONS; c++)
            if (g == 0 || c == 0 || (c == 1 && g == 2)) make_capture(g, c);
    for (int g = 1; g < GROUPS; g++)
        domains =
            text_of("%s%s{\"name\": \"%s\", \"change\": %d, \"base\": %s%s}", domains, g > 1 ? ", " : "", groups[g], g,
                    write_one(folder, g, 0), world[g][1].is ? text_of(", \"icl\": %s", write_one(folder, g, 1)) : "");
    const char *study = text_of("%s/study.json", folder);
    write_text(study, "{\"scry_study\": 1, \"train\": {\"base\": %s, \"icl\": %s, \"sft\": %s}, \"domains\": [%s]}",
               write_one(folder, 0, 0), write_one(folder, 0, 1), write_one(folder, 0, 2), domains);
    scry_index *x = build(study, "the small study");
    for (int g = 0; x && g < GROUPS; g++)
        for (int c = 0; c < CONDITIONS; c++)
            if (world[g][c].is)
                world[g][c].index = scry_find_capture_named(x, text_of("%s.%s", groups[g], conditions[c]));
    return x;
}

/* The capture of a number in the index. */
static capture *capture_at(int index) {
    for (int g = 0; g < GROUPS; g++)
        for (int c = 0; c < CONDITIONS; c++)
            if (world[g][c].is && world[g][c].index == index) return &world[g][c];
    abort();
}

/* ---- activations, partners ------------------------------------------------------------------- */

static void test_fires(const scry_index *x) {
    size_t wrong = 0, seen = 0;
    for (uint32_t j = 0; j < LATENTS; j++) {
        scry_latent_activations *f = scry_latent_activations_read(x, j);
        for (size_t i = 0; i < scry_index_info(x)->captures; i++) {
            const capture *w = capture_at((int)i);
            for (int r = 0; r < w->rows; r++, seen++)
                wrong += scry_latent_activations_at(f, i, (uint64_t)r) != w->row[r].h[j];
            wrong += scry_latent_activations_at(f, i, (uint64_t)w->rows) != 0;
        }
        scry_latent_activations_free(f);
    }
    check(wrong == 0 && seen > 30000, "every activation of every latent, %zu wrong of %zu", wrong, seen);
}

/* The row of `to` that is the same sample's same token. */
static int partner(const row *r, const capture *to) {
    for (int k = 0; k < to->rows; k++)
        if (to->row[k].sample == r->sample && to->row[k].position == r->position && r->position >= 0) return k;
    return -1;
}

static void test_pairs(const scry_index *x) {
    scry_token_pairing *p = scry_token_pairing_new(x);
    size_t wrong = 0, paired = 0, uncounted = 0, captures = scry_index_info(x)->captures;
    for (size_t i = 0; i < captures; i++)
        for (size_t k = 0; k < captures; k++) {
            const capture *from = capture_at((int)i), *to = capture_at((int)k);
            if (from->row[0].group != to->row[0].group) continue;
            for (int r = 0; r < from->rows; r++) {
                int64_t expected = i == k ? r : partner(&from->row[r], to);
                /* a demonstration has no partner, also not in its own capture: base has no such row */
                if (i == k && from->row[r].condition == 1 && partner(&from->row[r], &world[from->row[r].group][0]) < 0)
                    expected = -1;
                wrong += scry_paired_row(p, i, (uint64_t)r, k) != expected;
                paired += expected >= 0;
            }
        }
    for (size_t i = 0; i < captures; i++) {
        const capture *w = capture_at((int)i);
        uint64_t both = 0;
        for (int r = 0; r < w->rows; r++) {
            wrong += scry_row_is_kept(p, i, (uint64_t)r) != w->row[r].counts;
            uncounted += !w->row[r].counts;
            const capture *base = &world[w->row[r].group][0];
            int b = partner(&w->row[r], base);
            both += b >= 0 && w->row[r].counts && base->row[b].counts;
        }
        check_is(scry_paired_count(p, i), both, "%s: tokens that count here and in base",
                 scry_index_info(x)->capture[i].name);
    }
    check(wrong == 0 && paired > 1000 && uncounted > 50, "partners of all rows, and which count: %zu wrong", wrong);
    check(scry_paired_row(p, 0, 1 << 20, 0) == -1 && !scry_row_is_kept(p, 0, 1 << 20),
          "a row that is not there has none");
    scry_token_pairing_free(p);
}

/* ---- examples -------------------------------------------------------------------------------- */

typedef struct spot {
    int capture, row;
    double key;
    float h;
} spot;

static int larger(const void *a, const void *b) {
    const spot *p = a, *q = b;
    if (p->key != q->key) return p->key > q->key ? -1 : 1;
    if (p->capture != q->capture) return p->capture - q->capture;
    return p->row - q->row;
}

/* Base and sft share a token file, icl has its own. */
static int text_number(int index) {
    const row *r = capture_at(index)->row;
    return r->group * 2 + (r->condition == 1);
}

/* Sorted, then the first of each sample. */
static size_t one_a_sample(spot *list, size_t n, size_t top) {
    size_t kept = 0;
    qsort(list, n, sizeof *list, larger);
    for (size_t i = 0; i < n; i++) {
        bool again = false;
        for (size_t k = 0; k < kept && !again; k++)
            again = text_number(list[k].capture) == text_number(list[i].capture) &&
                    capture_at(list[k].capture)->row[list[k].row].sample ==
                        capture_at(list[i].capture)->row[list[i].row].sample;
        if (!again) list[kept++] = list[i];
    }
    return kept < top ? kept : top;
}

/* All positive activations of the captures: -1 all. */
static size_t positives(const scry_index *x, uint32_t j, int only, spot *list) {
    size_t n = 0;
    for (int i = 0; i < (int)scry_index_info(x)->captures; i++)
        for (int r = 0; (only < 0 || i == only) && r < capture_at(i)->rows; r++) {
            float h = capture_at(i)->row[r].h[j];
            if (h > 0) list[n++] = (spot){i, r, (double)h, h};
        }
    return n;
}

static size_t differing(const scry_index *x, const scry_example *e, const spot *f, size_t n) {
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        const capture *w = capture_at(f[i].capture);
        const row *r = &w->row[f[i].row];
        int before = 0;
        while (before < f[i].row && w->row[f[i].row - before - 1].sample == r->sample) before++;
        wrong += (int)e[i].capture != f[i].capture || (int)e[i].token != f[i].row || e[i].activation != f[i].h ||
                 (int)e[i].position != before ||
                 strcmp(scry_sample_at(x, e[i].capture, e[i].sample).id, text_of("%s-%d", groups[r->group], r->sample));
    }
    return wrong;
}

static void test_top(const scry_index *x, spot *list) {
    size_t wrong = 0, compared = 0;
    scry_example e[40];
    for (uint32_t j = 0; j < LATENTS; j++)
        for (int only = -1; only < (int)scry_index_info(x)->captures; only++) {
            scry_latent_activations *f = scry_latent_activations_read(x, j);
            scry_example_query pick = {.order = SCRY_TOP, .capture = only};
            size_t n = scry_example_query_run(x, NULL, f, &pick, 40, e), m = positives(x, j, only, list);
            m = one_a_sample(list, m, 40);
            wrong += n != m || differing(x, e, list, n);
            compared += n;
            scry_latent_activations_free(f);
        }
    check(wrong == 0 && compared > 4000, "top: the strongest of each sample, any capture, %zu wrong", wrong);
}

static void test_quantiles(const scry_index *x, spot *list) {
    size_t wrong = 0, drawn = 0, inside = 0, all = 0;
    scry_example e[400];
    for (uint32_t j = 0; j < LATENTS; j++) {
        scry_latent_activations *f = scry_latent_activations_read(x, j);
        size_t n = positives(x, j, -1, list);
        qsort(list, n, sizeof *list, larger);
        for (uint32_t part = 1; part <= 5; part++) {
            /* list is descending: the i-th smallest is list[n - 1 - i] */
            size_t a = n * (part - 1) / 5, b = n * part / 5;
            double low = n ? list[n - 1 - a].key : 0, high = n && part < 5 ? list[n - 1 - b].key : 1e9;
            if (part == 1) low = 0;
            spot part_of[4000];
            size_t m = 0;
            for (size_t i = 0; i < n; i++)
                if (list[i].key >= low && list[i].key < high) part_of[m++] = list[i];
            inside += m;
            m = one_a_sample(part_of, m, 400);
            scry_example_query pick = {.order = SCRY_QUANTILE, .part = part, .parts = 5, .seed = 9, .capture = -1};
            size_t k = scry_example_query_run(x, NULL, f, &pick, 400, e);
            wrong += k != m;
            drawn += k;
            for (size_t i = 0; i < k; i++) wrong += (double)e[i].activation < low || (double)e[i].activation >= high;
        }
        all += n;
        scry_latent_activations_free(f);
    }
    check(wrong == 0 && drawn > 1000, "q1 to q5: as many samples as have an activation there, none outside, %zu wrong",
          wrong);
    check_is(inside, all, "the five parts hold every activation once");
}

/* From and below two activations: as many samples as have one there, against all positives. */
static void test_between(const scry_index *x, spot *list) {
    static const double limits[][2] = {{0, 0.5}, {0.5, 1.25}, {1.25, 1e9}, {0.75, 0.7500001}};
    scry_example e[400];
    size_t wrong = 0, drawn = 0;
    for (uint32_t j = 0; j < 20; j++) {
        scry_latent_activations *f = scry_latent_activations_read(x, j);
        size_t n = positives(x, j, -1, list);
        for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
            spot part_of[4000];
            size_t m = 0;
            double low = limits[l][0], high = limits[l][1];
            for (size_t i = 0; i < n; i++)
                if (list[i].key >= low && list[i].key < high) part_of[m++] = list[i];
            m = one_a_sample(part_of, m, 400);
            scry_example_query pick = {.order = SCRY_BETWEEN, .seed = 9, .capture = -1, .low = low, .high = high};
            size_t k = scry_example_query_run(x, NULL, f, &pick, 400, e);
            wrong += k != m;
            drawn += k;
            for (size_t i = 0; i < k; i++) wrong += (double)e[i].activation < low || (double)e[i].activation >= high;
        }
        scry_latent_activations_free(f);
    }
    check(wrong == 0 && drawn > 100, "between two activations: %zu drawn, %zu wrong", drawn, wrong);
}

/* By their fields: what pads them is anything. */
static bool same_examples(const scry_example *a, const scry_example *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (a[i].capture != b[i].capture || a[i].sample != b[i].sample || a[i].position != b[i].position ||
            a[i].token != b[i].token || a[i].activation != b[i].activation)
            return false;
    return true;
}

/* Each activation equally often first; and the same draws from the same seed. */
static void test_random(const scry_index *x, spot *list) {
    enum { DRAWS = 20000 };
    uint32_t j = 2;
    int only = world[1][0].index;
    scry_latent_activations *f = scry_latent_activations_read(x, j);
    size_t n = positives(x, j, only, list), hits[ROWS_MOST] = {0};
    scry_example e[30], again[30];
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        scry_example_query pick = {.order = SCRY_RANDOM, .seed = seed, .capture = only};
        if (scry_example_query_run(x, NULL, f, &pick, 1, e) == 1) hits[e[0].token]++;
    }
    double expected = (double)DRAWS / (double)n, chi = 0;
    for (size_t i = 0; i < n; i++)
        chi += ((double)hits[list[i].row] - expected) * ((double)hits[list[i].row] - expected) / expected;
    /* chi-square of n - 1 degrees lies within 5 deviations of its mean */
    double most = (double)(n - 1) + 5 * sqrt(2 * (double)(n - 1));
    check(n > 20 && chi < most, "random: every activation as often, chi-square %.1f of %zu, at most %.1f", chi, n - 1,
          most);
    scry_example_query pick = {.order = SCRY_RANDOM, .seed = 5, .capture = -1};
    size_t a = scry_example_query_run(x, NULL, f, &pick, 30, e),
           b = scry_example_query_run(x, NULL, f, &pick, 30, again);
    check(a == 30 && b == 30 && same_examples(e, again, 30), "random: the same seed gives the same draw");
    pick.seed = 6;
    scry_example_query_run(x, NULL, f, &pick, 30, again);
    check(!same_examples(e, again, 30), "random: another seed gives another");
    pick.seed = 5;
    scry_example_query_run(x, NULL, f, &pick, 12, again);
    check(same_examples(e, again, 12), "random: the first of many are the draw of few");
    scry_latent_activations_free(f);
}

static void test_moved(const scry_index *x, spot *list) {
    scry_token_pairing *p = scry_token_pairing_new(x);
    size_t wrong = 0, compared = 0, silent = 0;
    scry_example e[50];
    for (uint32_t j = 0; j < LATENTS; j++)
        for (int c = 1; c < CONDITIONS; c++)
            for (int only = -1; only < GROUPS; only++) {
                size_t n = 0;
                for (int g = 0; g < GROUPS; g++) {
                    const capture *w = &world[g][c], *base = &world[g][0];
                    if (!w->is || (only >= 0 && only != g)) continue;
                    for (int r = 0; r < w->rows; r++) {
                        int b = partner(&w->row[r], base);
                        if (b < 0 || !w->row[r].counts || !base->row[b].counts) continue;
                        double moved = fabs((double)w->row[r].h[j] - (double)base->row[b].h[j]);
                        if (moved > 0) list[n++] = (spot){w->index, r, moved, w->row[r].h[j]};
                    }
                }
                n = one_a_sample(list, n, 50);
                scry_latent_activations *f = scry_latent_activations_read(x, j);
                scry_example_query pick = {.order = SCRY_MOVED, .versus = c == 1 ? SCRY_ICL : SCRY_SFT};
                pick.capture = only < 0 ? -1 : world[only][0].index;
                size_t m = scry_example_query_run(x, p, f, &pick, 50, e);
                wrong += n != m || differing(x, e, list, n < m ? n : m);
                for (size_t i = 0; i < m; i++) silent += e[i].activation == 0;
                compared += m;
                scry_latent_activations_free(f);
            }
    check(wrong == 0 && compared > 2000 && silent > 100,
          "moved: largest |h_x - h_base| over pairs, one a sample, %zu wrong of %zu (%zu fell silent)", wrong, compared,
          silent);
    scry_token_pairing_free(p);
}

static void test_words(void) {
    scry_error err = {0};
    scry_example_query pick = {.seed = 3, .capture = 2};
    char text[SCRY_EXAMPLE_ORDER_TEXT];
    static const char *const words[] = {"top", "q1", "q5", "random", "moved", "1.5-2.5", "3-", "0-0.25", "1e-05-2e+10"};
    size_t wrong = 0;
    for (size_t i = 0; i < 9; i++)
        wrong += !scry_example_query_read(&pick, words[i], &err) ||
                 strcmp(scry_example_query_text(&pick, text), words[i]) != 0;
    check(wrong == 0 && pick.seed == 3 && pick.capture == 2, "an interval's word is read and said again");
    check(!scry_example_query_read(&pick, "q6", &err) && err.status == 2, "q6 is refused");
    check_says(err.text, SAYS("q6", "q1", "q5", "random", "moved", "1.5-2.5"), "with what would do");
    static const char *const no[] = {"2-1", "1-1", "-2", "1.5", "1-2-3", "a-b", "", "1-x"};
    size_t taken = 0;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) taken += scry_example_query_read(&pick, no[i], NULL);
    check_is(taken, 0, "limits that are none are refused");
}

/* ---- spread, domains ------------------------------------------------------------------------- */

static void test_spread(const scry_index *x, spot *list) {
    worst w = {.tolerance = 1e-12};
    size_t wrong = 0, captures = scry_index_info(x)->captures;
    bool use[16] = {false};
    for (size_t i = 0; i < captures; i++) use[i] = i % 2 == 0;
    for (uint32_t j = 0; j < LATENTS; j++) {
        scry_latent_activations *f = scry_latent_activations_read(x, j);
        size_t n = 0, tokens = 0;
        double sum = 0;
        for (size_t i = 0; i < captures; i += 2)
            for (int r = 0; r < capture_at((int)i)->rows; r++) {
                const row *at = &capture_at((int)i)->row[r];
                tokens += at->counts;
                if (at->h[j] > 0) list[n++] = (spot){(int)i, r, (double)at->h[j], 0};
                sum += (double)at->h[j];
            }
        qsort(list, n, sizeof *list, larger);
        scry_distribution s = scry_distribution_of(x, f, use);
        wrong += s.tokens != tokens || s.fires != n;
        worst_add(&w, s.mean, sum / (double)tokens, 1, "mean of %u", j);
        worst_add(&w, s.mean_firing, n ? sum / (double)n : (double)NAN, 1, "mean when firing of %u", j);
        worst_add(&w, s.most, n ? list[0].key : (double)NAN, 1, "most of %u", j);
        worst_add(&w, s.least, n ? list[n - 1].key : (double)NAN, 1, "least of %u", j);
        for (int q = 0; q < SCRY_QUANTILES && n; q++) {
            double at = scry_quantile_at[q] * (double)(n - 1), part = at - floor(at);
            double low = list[n - 1 - (size_t)floor(at)].key, high = list[n - 1 - (size_t)ceil(at)].key;
            worst_add(&w, s.quantile[q], low * (1 - part) + high * part, 1, "quantile %d of %u", q, j);
        }
        for (int kind = 0; kind < 2 && n; kind++) {
            scry_bins bins = {kind == 1, 7, kind ? s.least : 0, s.most};
            uint64_t counts[7], total = 0;
            scry_histogram(x, f, use, &bins, counts);
            for (uint32_t b = 0; b < 7; b++) {
                uint64_t expected = 0;
                for (size_t i = 0; i < n; i++)
                    expected +=
                        list[i].key >= scry_bin_edge(&bins, b) && (list[i].key < scry_bin_edge(&bins, b + 1) || b == 6);
                /* one value: all bins are that value, and the last has it */
                if (bins.low < bins.high) wrong += counts[b] != expected;
                total += counts[b];
                double edge = kind ? exp(log(bins.low) + (log(bins.high) - log(bins.low)) * b / 7) : bins.high * b / 7;
                worst_add(&w, scry_bin_edge(&bins, b), edge, 1, "edge %u", b);
            }
            wrong += total != n;
        }
        scry_latent_activations_free(f);
    }
    worst_line(&w, "mean, extremes, quantiles and edges of %d latents over some captures", LATENTS);
    check(wrong == 0, "counts of tokens, of those with h > 0, and of each bin, linear and logarithmic: %zu wrong",
          wrong);
}

static void test_profile(const scry_index *x) {
    worst w = {.tolerance = 1e-12}, act = {.tolerance = 1e-6};
    scry_token_pairing *p = scry_token_pairing_new(x);
    for (uint32_t j = 0; j < LATENTS; j++) {
        scry_latent_activations *f = scry_latent_activations_read(x, j);
        scry_profile found[GROUPS - 1];
        scry_profile_of(x, p, f, found);
        for (int g = 1; g < GROUPS; g++) {
            double sum[2] = {0, 0}, fires[2] = {0, 0}, n[2] = {0, 0}, difference = 0, pairs = 0;
            for (int c = 0; c < 2; c++)
                for (int r = 0; r < world[g][c].rows; r++) {
                    const row *at = &world[g][c].row[r];
                    sum[c] += (double)at->h[j];
                    fires[c] += at->h[j] > 0;
                    n[c] += at->counts;
                    int b = partner(at, &world[g][0]);
                    if (c == 0 || b < 0 || !at->counts || !world[g][0].row[b].counts) continue;
                    difference += (double)at->h[j] - (double)world[g][0].row[b].h[j];
                    pairs++;
                }
            const scry_profile *q = &found[g - 1];
            worst_add(&w, q->mean, sum[0] / n[0], 1, "mean of %u", j);
            worst_add(&w, q->rate, fires[0] / n[0], 1, "rate of %u", j);
            worst_add(&w, q->mean_icl, n[1] > 0 ? sum[1] / n[1] : (double)NAN, 1, "mean under icl of %u", j);
            worst_add(&w, q->rate_icl, n[1] > 0 ? fires[1] / n[1] : (double)NAN, 1, "rate under icl of %u", j);
            worst_add(&w, q->difference, pairs > 0 ? difference / pairs : (double)NAN, 1, "difference of %u", j);
            worst_add(&act, q->mean, (double)scry_contribution(x, SCRY_ACT, j)[g - 1], 1, "latent %u in %s", j,
                      groups[g]);
        }
        scry_latent_activations_free(f);
    }
    worst_line(&w, "each domain's mean, rate and icl difference");
    worst_line(&act, "the mean is the contribution to STS act");
    scry_token_pairing_free(p);
}

/* ---- together -------------------------------------------------------------------------------- */

typedef struct mate {
    uint32_t latent;
    double both, fires, jaccard, pmi, key;
} mate;

static int larger_mate(const void *a, const void *b) {
    const mate *p = a, *q = b;
    if (p->key != q->key) return p->key > q->key ? -1 : 1;
    return p->latent < q->latent ? -1 : 1;
}

static void test_together(const scry_index *x) {
    worst w = {.tolerance = 1e-12};
    size_t astray = 0, listed = 0, captures = scry_index_info(x)->captures;
    for (uint32_t j = 0; j < LATENTS; j++)
        for (int only = -1; only < (int)captures; only++) {
            double T = 0, own = 0, both[LATENTS] = {0}, each[LATENTS] = {0};
            for (size_t i = 0; i < captures; i++) {
                const capture *c = capture_at((int)i);
                if (only >= 0 ? (int)i != only : c->row[0].condition != 0) continue;
                for (int r = 0; r < c->rows; r++) {
                    T += c->row[r].counts;
                    own += c->row[r].h[j] > 0;
                    for (int k = 0; k < LATENTS; k++) {
                        each[k] += c->row[r].h[k] > 0;
                        both[k] += c->row[r].h[k] > 0 && c->row[r].h[j] > 0;
                    }
                }
            }
            scry_coactivation *t = scry_coactivation_start(x, j, only, 1 + j % 3);
            while (!scry_coactivation_work(t, only % 2 ? 1e-9 : 0)) {}
            uint64_t fires;
            astray += scry_coactivation_tokens(t, &fires) != (uint64_t)T || fires != (uint64_t)own;
            for (int order = 0; order < SCRY_COACTIVE_ORDERS; order++) {
                mate all[LATENTS];
                size_t n = 0;
                for (uint32_t k = 0; k < LATENTS; k++) {
                    if (k == j || both[k] < (order == SCRY_BY_PMI ? 5 : 1)) continue;
                    mate m = {
                        k, both[k], each[k], both[k] / (own + each[k] - both[k]), log2(T * both[k] / (own * each[k])),
                        0};
                    m.key = order == SCRY_BY_PMI ? m.pmi : order == SCRY_BY_BOTH ? m.both : m.jaccard;
                    all[n++] = m;
                }
                qsort(all, n, sizeof *all, larger_mate);
                scry_coactive found[10];
                size_t m = scry_coactivation_list(t, (scry_coactive_order)order, 10, found);
                astray += m != (n < 10 ? n : 10);
                for (size_t i = 0; i < m && i < n; i++) {
                    astray += found[i].latent != all[i].latent;
                    worst_add(&w, found[i].both, all[i].both, 1, "both");
                    worst_add(&w, found[i].fires, all[i].fires, 1, "fires");
                    worst_add(&w, found[i].jaccard, all[i].jaccard, 1, "jaccard");
                    worst_add(&w, found[i].pmi, all[i].pmi, 1, "pmi");
                }
                listed += m;
            }
            scry_coactivation_free(t);
        }
    worst_line(&w, "latents that fire together: counts, jaccard, pmi");
    check(astray == 0 && listed > 1000, "their order, by each of three: %zu astray of %zu", astray, listed);
}

/* ---- neighbours ------------------------------------------------------------------------------ */

static int larger_cosine(const void *a, const void *b) {
    const mate *p = a, *q = b;
    return larger_mate(p, q);
}

/* A decoder of 5,000 latents: several rounds of several blocks, the last one cut short. */
static void test_neighbours(const scry_index *without) {
    enum { F = 5000 };
    const char *folder = scratch_folder("decoder"), *study = text_of("%s/study.json", folder);
    uint64_t seed = 4;
    double *W = calloc(2 * WIDTH * F, sizeof *W), *b = calloc(F + WIDTH, sizeof *b), acts[2 * WIDTH];
    mate *all = calloc(F, sizeof *all);
    if (!W || !b || !all) abort();
    for (size_t i = 0; i < 2 * WIDTH * F; i++) W[i] = (double)(float)(roll_unit(&seed) - 0.5);
    double *D = W + WIDTH * F; /* [F][WIDTH] */
    for (int k = 0; k < WIDTH; k++) D[7 * WIDTH + k] = 0, D[30 * WIDTH + k] = -2 * D[3 * WIDTH + k];
    for (int k = 0; k < WIDTH; k++) D[4999 * WIDTH + k] = 4 * D[3 * WIDTH + k];
    for (size_t i = 0; i < 2 * WIDTH; i++) acts[i] = roll_unit(&seed);
    write_sae_folder(folder, WIDTH, F, W, b,
                     "\"architecture\": \"standard\", \"activation_fn_str\": \"relu\", \"apply_b_dec_to_input\": true");
    write_npy(text_of("%s/a.npy", folder), F32, 2, WIDTH, acts);
    write_text(study,
               "{\"scry_study\": 1, \"sae\": \".\", \"train\": {\"base\": {\"residual\": \"a.npy\"}, \"sft\": "
               "{\"residual\": \"a.npy\"}}, \"domains\": [{\"name\": \"d\", \"base\": {\"residual\": \"a.npy\"}}]}");
    scry_index *x = build(study, "a study with an SAE");
    if (!x) return;
    scry_error err = {0};
    worst w = {.tolerance = 2e-6};
    size_t astray = 0, torn = 0;
    static const uint32_t latents[] = {0, 3, 4999, 1234};
    for (size_t l = 0; l < 4; l++) {
        uint32_t j = latents[l];
        scry_neighbour found[2][20], other[20];
        scry_decoder_neighbours *n = scry_decoder_neighbours_start(x, j, 3, &err),
                                *again = scry_decoder_neighbours_start(x, j, 1, &err);
        int slices = 1;
        while (!scry_decoder_neighbours_work(n, 1e-9)) slices++;
        torn += slices < 4 || !scry_decoder_neighbours_work(again, 0) || scry_decoder_neighbours_share(n) != 1;
        for (int opposite = 0; opposite < 2; opposite++) {
            size_t count = 0;
            for (uint32_t k = 0; k < F; k++) {
                double dot = 0, a = 0, c = 0;
                for (int i = 0; i < WIDTH; i++) {
                    dot += D[j * WIDTH + (uint32_t)i] * D[k * WIDTH + (uint32_t)i];
                    a += D[j * WIDTH + (uint32_t)i] * D[j * WIDTH + (uint32_t)i];
                    c += D[k * WIDTH + (uint32_t)i] * D[k * WIDTH + (uint32_t)i];
                }
                if (k != j && c > 0)
                    all[count++] =
                        (mate){.latent = k, .both = dot / sqrt(a * c), .key = (opposite ? -1 : 1) * dot / sqrt(a * c)};
            }
            qsort(all, count, sizeof *all, larger_cosine);
            size_t m = scry_decoder_neighbours_list(n, opposite, 20, found[opposite]);
            torn += m != 20 || scry_decoder_neighbours_list(again, opposite, 20, other) != 20;
            for (size_t i = 0; i < 20; i++)
                torn += other[i].latent != found[opposite][i].latent || other[i].cosine != found[opposite][i].cosine;
            for (size_t i = 0; i < m; i++) {
                worst_add(&w, found[opposite][i].cosine, all[i].both, 1, "latent %u, %zu", j, i);
                astray +=
                    found[opposite][i].latent != all[i].latent && fabs(all[i].both - found[opposite][i].cosine) > 1e-6;
            }
        }
        if (j == 3)
            check(found[0][0].latent == 4999 && fabs(found[0][0].cosine - 1) < 1e-6 && found[1][0].latent == 30 &&
                      fabs(found[1][0].cosine + 1) < 1e-6,
                  "a row four times as long has cosine 1, one turned around -1: found %u %g, %u %g", found[0][0].latent,
                  found[0][0].cosine, found[1][0].latent, found[1][0].cosine);
        scry_decoder_neighbours_free(n);
        scry_decoder_neighbours_free(again);
    }
    worst_line(&w, "cosines of the 20 nearest and most opposite of 4 latents");
    check(astray == 0, "their order, %zu astray", astray);
    check(torn == 0, "the same bits by stretches on three threads and at once on one");
    check(!scry_decoder_neighbours_start(x, 7, 1, &err) && strstr(err.text, "zero"),
          "a row of zeros has no direction: %s", err.text);
    scry_close(x);
    check(!scry_decoder_neighbours_start(without, 0, 1, &err) && strstr(err.text, "no decoder"),
          "features have none: %s", err.text);
    free(W);
    free(b);
    free(all);
}

int main(void) {
    scry_index *x = make_world();
    spot *list = calloc(GROUPS * CONDITIONS * ROWS_MOST, sizeof *list);
    if (!list) abort();
    if (x) {
        test_fires(x);
        test_pairs(x);
        test_top(x, list);
        test_quantiles(x, list);
        test_between(x, list);
        test_random(x, list);
        test_moved(x, list);
        test_spread(x, list);
        test_profile(x);
        test_together(x);
        test_neighbours(x);
    }
    test_words();
    free(list);
    scry_close(x);
    return check_end();
}
