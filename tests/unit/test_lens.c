/* test_lens.c: mean differences against plain loops over the captures, the share of decoder rows against fresh
 * calculations after toggles in any order, what is kept, and what is refused. */
#include "check.h"
#include "lens.h"
#include "sample.h"
#include "small_study.h"

#include "base/mem.h"
#include "diff/lens_store.h"
#include "index/format/container.h"
#include "io/json.h"
#include "latent.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <unistd.h>

/* ---- mean differences ----------------------------------------------------------------------- */

enum { POSITIONS = 6 };

typedef struct expected {
    uint64_t pairs;
    double mean[F], reference, change;
} expected;

static const capture *capture_of(const study *st, int domain, scry_condition c) {
    switch (c) {
    case SCRY_BASE:
        return domain < 0 ? &st->train : &st->base[domain];
    case SCRY_ICL:
        return domain < 0 ? &st->train_icl : &st->icl[domain];
    case SCRY_SFT:
        return domain < 0 ? &st->train_sft : &st->sft[domain];
    default:
        return domain < 0 ? &st->train_control : &st->control[domain];
    }
}

static int sample_by_id(const capture *c, int id) {
    for (int s = 0; s < c->samples; s++)
        if (c->sample_id[s] == id) return s;
    return -1;
}

static void add_pair(expected *e, const double *reference, const double *of) {
    double square = 0, size = 0;
    for (int i = 0; i < F; i++) {
        e->mean[i] += of[i] - reference[i];
        square += (of[i] - reference[i]) * (of[i] - reference[i]);
        size += reference[i] * reference[i];
    }
    e->change += sqrt(square);
    e->reference += sqrt(size);
    e->pairs++;
}

/* The row of a capture that holds token k of base's sample s, or -1. */
static int partner(const study *st, const capture *base, int s, int k, const capture *c) {
    if (strcmp(st->p->pairing, "row") == 0) return base->first[s] + k < c->rows ? base->first[s] + k : -1;
    int other = sample_by_id(c, base->sample_id[s]);
    return other < 0 ? -1 : c->first[other] + c->count[other] - base->count[s] + k;
}

static void twin_tokens(const study *st, int domain, scry_condition of, scry_condition against, expected *e) {
    const capture *base = capture_of(st, domain, SCRY_BASE), *a = capture_of(st, domain, against),
                  *b = capture_of(st, domain, of);
    for (int s = 0; s < base->samples; s++)
        for (int k = 0; k < base->count[s]; k++) {
            int row[2] = {partner(st, base, s, k, a), partner(st, base, s, k, b)};
            if (row[0] < 0 || row[1] < 0 || !a->kept[row[0]] || !b->kept[row[1]]) continue;
            add_pair(&e[0], a->h[row[0]], b->h[row[1]]);
            if (k < POSITIONS) add_pair(&e[1 + k], a->h[row[0]], b->h[row[1]]);
        }
}

static int sample_mean(const capture *c, int s, double mean[F], double *norm) {
    int n = 0;
    memset(mean, 0, F * sizeof *mean);
    *norm = 0;
    for (int r = c->first[s]; s >= 0 && r < c->first[s] + c->count[s]; r++) {
        double square = 0;
        if (!c->kept[r]) continue;
        for (int i = 0; i < F; i++) {
            mean[i] += c->h[r][i];
            square += c->h[r][i] * c->h[r][i];
        }
        *norm += sqrt(square);
        n++;
    }
    for (int i = 0; i < F && n; i++) mean[i] /= n;
    if (n) *norm /= n;
    return n;
}

static void twin_samples(const study *st, int domain, scry_condition of, scry_condition against, expected *e) {
    const capture *base = capture_of(st, domain, SCRY_BASE), *a = capture_of(st, domain, against),
                  *b = capture_of(st, domain, of);
    for (int s = 0; s < base->samples; s++) {
        double mean[2][F], norm[2];
        int at[2] = {sample_by_id(a, base->sample_id[s]), sample_by_id(b, base->sample_id[s])};
        if (at[0] < 0 || at[1] < 0 || !sample_mean(a, at[0], mean[0], &norm[0]) ||
            !sample_mean(b, at[1], mean[1], &norm[1]))
            continue;
        double before = e->reference;
        add_pair(e, mean[0], mean[1]);
        e->reference = before + norm[0];
    }
}

static void compare(const study *st, scry_lens *lens, int domain, scry_condition of, scry_reference against, worst *w,
                    size_t *wrong) {
    static expected e[1 + POSITIONS];
    bool by_sample = strcmp(st->p->pairing, "sample") == 0;
    size_t count = by_sample || st->p->no_tokens ? 1 : 1 + POSITIONS;
    scry_lens_query q = {.domain = domain, .of = of, .against = against, .positions = (uint32_t)count - 1};
    scry_lens_means m;
    scry_error err = {0};
    memset(e, 0, sizeof e);
    if (by_sample) twin_samples(st, domain, of, scry_reference_condition(against), e);
    else twin_tokens(st, domain, of, scry_reference_condition(against), e);
    if (!scry_lens_read(lens, &q, &m, NULL, NULL, &err)) {
        check(false, "%s, domain %d, %s: %s", st->p->label, domain, scry_condition_name(of), err.text);
        return;
    }
    *wrong += m.count != count || m.source != SCRY_LENS_CAPTURES;
    for (size_t i = 0; i < m.count && i < count; i++) {
        const scry_lens_mean *one = &m.mean[i];
        double n = (double)e[i].pairs, square = 0;
        *wrong += one->pairs != e[i].pairs || one->position != (int)i - 1 || (one->mean != NULL) != (e[i].pairs > 0);
        for (int k = 0; k < F && one->mean; k++) {
            worst_add(w, one->mean[k], e[i].mean[k] / n, 1, "%s, domain %d, %s, row %zu, %d", st->p->label, domain,
                      scry_condition_name(of), i, k);
            square += e[i].mean[k] / n * (e[i].mean[k] / n);
        }
        worst_add(w, one->norm, n > 0 ? sqrt(square) : NAN, 1, "norm of row %zu", i);
        worst_add(w, one->reference_norm, n > 0 ? e[i].reference / n : NAN, 1, "norm of the reference, row %zu", i);
        worst_add(w, one->difference_norm, n > 0 ? e[i].change / n : NAN, 1, "norm of differences, row %zu", i);
    }
}

static void compare_all(const study *st, scry_lens *lens, const char *how) {
    worst w = {.tolerance = 1e-12};
    size_t wrong = 0;
    for (int domain = -1; domain < D; domain++)
        for (int c = SCRY_ICL; c < SCRY_CONDITIONS; c++)
            for (int r = 0; r < SCRY_REFERENCES; r++) {
                if (c == SCRY_RL || (scry_condition)c == scry_reference_condition((scry_reference)r)) continue;
                compare(st, lens, domain, (scry_condition)c, (scry_reference)r, &w, &wrong);
            }
    check_is(wrong, 0, "%s, %s: pairs, positions and source of each mean", st->p->label, how);
    worst_line(&w, "%s, %s: means and norms are those of plain loops", st->p->label, how);
}

/* The captures are gone, and the file has it all. */
static void reopen(const study *st) {
    const scry_info *info = scry_index_info(st->x);
    scry_error err = {0};
    char *folder = mem_copy_string(info->path);
    *strrchr(folder, '/') = 0;
    check(file_exists(text_of("%s/x.lens", folder)), "%s: the file stands next to the index", st->p->label);
    check(rename(text_of("%s/train-sft.npy", folder), text_of("%s/gone", folder)) == 0, "a capture goes");
    scry_lens *lens = scry_lens_open(st->x, NULL, &err);
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
    scry_lens_means m;
    check(scry_lens_at_hand(lens, &q) && scry_lens_read(lens, &q, &m, NULL, NULL, &err) && m.was_kept,
          "%s: kept means need no captures %s", st->p->label, err.text);
    compare_all(st, lens, "from the file");
    scry_lens_close(lens);
    unlink(text_of("%s/x.lens", folder));
    lens = scry_lens_open(st->x, NULL, &err);
    check(!scry_lens_read(lens, &q, &m, NULL, NULL, &err), "%s: without both they are not there", st->p->label);
    check_says(err.text, SAYS("train-sft.npy"), "and the file is named");
    scry_lens_close(lens);
    rename(text_of("%s/gone", folder), text_of("%s/train-sft.npy", folder));
    free(folder);
}

static void differences(void) {
    static const plan plans[] = {
        {.label = "token",
         .pairing = "token",
         .demonstrations = true,
         .shuffled = true,
         .control = true,
         .residual = true},
        {.label = "left out",
         .pairing = "token",
         .demonstrations = true,
         .missing = true,
         .skip = 1,
         .exclude = 1,
         .control = true,
         .residual = true},
        {.label = "sample",
         .pairing = "sample",
         .demonstrations = true,
         .shuffled = true,
         .missing = true,
         .exclude = 1,
         .control = true,
         .residual = true},
        {.label = "row", .pairing = "row", .no_tokens = true, .control = true, .residual = true}};
    static study st;
    scry_error err = {0};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        if (!study_make(&st, &plans[i])) continue;
        scry_lens *lens = scry_lens_open(st.x, NULL, &err);
        if (check(lens != NULL, "%s: opens %s", plans[i].label, err.text)) compare_all(&st, lens, "from captures");
        scry_lens_close(lens);
        if (lens) reopen(&st);
        scry_close(st.x);
    }
}

/* ---- the span of decoder rows --------------------------------------------------------------- */

/* The share by modified Gram-Schmidt over the set's rows, each orthogonalised twice. */
static double fresh_share(const scry_index *x, const scry_set *set, const double *m, uint32_t *rank) {
    const size_t d = scry_index_info(x)->d_model;
    double *q = mem_new((size_t)set->count + 1, d * sizeof *q), sum = 0, square = 0;
    float *row = mem_new(d, sizeof *row);
    *rank = 0;
    for (uint32_t j = 0; j < set->latents; j++) {
        if (!scry_set_has(set, j)) continue;
        double *v = q + (size_t)*rank * d, length = 0, left = 0, along;
        scry_decoder_row(x, j, row);
        for (size_t i = 0; i < d; i++) v[i] = (double)row[i];
        for (size_t i = 0; i < d; i++) length += v[i] * v[i];
        for (int pass = 0; pass < 2; pass++)
            for (uint32_t k = 0; k < *rank; k++) {
                along = 0;
                for (size_t i = 0; i < d; i++) along += q[k * d + i] * v[i];
                for (size_t i = 0; i < d; i++) v[i] -= along * q[k * d + i];
            }
        for (size_t i = 0; i < d; i++) left += v[i] * v[i];
        if (!(sqrt(left) > 1e-6 * sqrt(length))) continue;
        for (size_t i = 0; i < d; i++) v[i] /= sqrt(left);
        ++*rank;
    }
    for (size_t i = 0; i < d; i++) square += m[i] * m[i];
    for (uint32_t k = 0; k < *rank; k++) {
        double along = 0;
        for (size_t i = 0; i < d; i++) along += q[k * d + i] * m[i];
        sum += along * along;
    }
    free(q);
    free(row);
    return sum / square;
}

/* The share by the normal equations (W W^T) a = W m, for independent rows: a . W m / |m|^2. */
static double normal_share(const scry_index *x, const scry_set *set, const double *m) {
    const size_t d = scry_index_info(x)->d_model, n = set->count;
    long double *a = mem_new(n * (n + 1), sizeof *a), *b = mem_new(n, sizeof *b);
    float *w = mem_new(n, d * sizeof *w);
    size_t at = 0;
    for (uint32_t j = 0; j < set->latents; j++)
        if (scry_set_has(set, j)) scry_decoder_row(x, j, w + at++ * d);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++)
            for (size_t c = 0; c < d; c++) a[i * (n + 1) + k] += (long double)w[i * d + c] * (long double)w[k * d + c];
        for (size_t c = 0; c < d; c++) b[i] += (long double)w[i * d + c] * m[c];
        a[i * (n + 1) + n] = b[i];
    }
    for (size_t i = 0; i < n; i++) /* a Gram matrix needs no pivots */
        for (size_t k = i + 1; k < n; k++) {
            long double times = a[k * (n + 1) + i] / a[i * (n + 1) + i];
            for (size_t c = i; c <= n; c++) a[k * (n + 1) + c] -= times * a[i * (n + 1) + c];
        }
    long double share = 0, square = 0;
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) a[i * (n + 1) + n] -= a[i * (n + 1) + k] * a[k * (n + 1) + n];
        a[i * (n + 1) + n] /= a[i * (n + 1) + i];
        share += a[i * (n + 1) + n] * b[i];
    }
    for (size_t c = 0; c < d; c++) square += (long double)m[c] * m[c];
    free(a);
    free(b);
    free(w);
    return (double)(share / square);
}

static void random_toggles(scry_set *set, uint32_t count, uint64_t *seed) {
    while (count--) {
        uint32_t j = roll_below(seed, set->latents);
        scry_set_put(set, j, !scry_set_has(set, j));
    }
}

/* A dozen toggles in any order, one by one and in jumps; most: latents of a jump. */
static void toggles(const scry_index *x, const double *m, uint32_t start, uint32_t most, const char *label) {
    const uint32_t latents = scry_index_info(x)->d_sae;
    scry_error err = {0};
    scry_span *span = scry_span_new(x, &err);
    scry_set *set = scry_set_new(latents);
    uint64_t seed = 5;
    worst w = {.tolerance = 1e-6}, normal = {.tolerance = 1e-6};
    size_t wrong = 0;
    if (!check(span != NULL, "%s: a span %s", label, err.text)) return;
    check(scry_span_share(span, m) == 0 && scry_span_rank(span) == 0, "%s: no latent spans nothing", label);
    random_toggles(set, start, &seed);
    for (int step = 0; step < 12; step++) {
        uint32_t rank;
        scry_span_work(span, set, 0);
        double fresh = fresh_share(x, set, m, &rank);
        worst_add(&w, scry_span_share(span, m), fresh, 1, "%s, step %d, %u latents", label, step, set->count);
        wrong += scry_span_rank(span) != rank;
        if (rank == set->count && step % 4 == 0)
            worst_add(&normal, scry_span_share(span, m), normal_share(x, set, m), 1, "%s, step %d", label, step);
        random_toggles(set, step % 3 == 2 ? 1 + roll_below(&seed, most) : 1, &seed);
    }
    check_is(wrong, 0, "%s: the rank after each toggle", label);
    worst_line(&w, "%s: the share after toggles is that of a fresh basis", label);
    if (normal.compared) worst_line(&normal, "%s: and that of the normal equations", label);
    /* slices of time come to the same */
    scry_set *none = scry_set_new(latents);
    double whole = scry_span_share(span, m), sliced;
    uint32_t rank;
    scry_span_work(span, none, 0);
    random_toggles(set, most, &seed);
    while (!scry_span_work(span, set, 1e-9)) {}
    sliced = scry_span_share(span, m);
    check_near(sliced, fresh_share(x, set, m, &rank), 1e-9, "%s: in slices too (%g before)", label, whole);
    scry_set_free(none);
    scry_set_free(set);
    scry_span_free(span);
}

/* Rows that are equal, multiples, sums, and 0. */
static void dependent_rows(void) {
    enum { d = 12, L = 40 };
    static double W[2 * d * L], b[L + d], x[8 * d];
    uint64_t seed = 11;
    for (int j = 0; j < 8; j++)
        for (int i = 0; i < d; i++) W[d * L + j * d + i] = (double)roll_below(&seed, 64) - 32;
    for (int j = 8; j < L; j++)
        for (int i = 0; i < d; i++) {
            const double *row = W + d * L;
            W[d * L + j * d + i] = j % 4 == 0 ? 2 * row[(j % 8) * d + i]
                                   : j == 9
                                       ? 0
                                       : row[(j % 8) * d + i] + row[((j + 3) % 8) * d + i] - row[((j / 8) % 8) * d + i];
        }
    for (int i = 0; i < d * L; i++) W[i] = roll_unit(&seed) - 0.5;
    for (int i = 0; i < 8 * d; i++) x[i] = roll_unit(&seed) - 0.5;
    const char *folder = scratch_folder("dependent");
    write_sae_folder(scratch_folder("dependent/sae"), d, L, W, b,
                     "\"architecture\": \"standard\", \"apply_b_dec_to_input\": false");
    write_npy(text_of("%s/a.npy", folder), F32, 4, d, x);
    write_npy(text_of("%s/b.npy", folder), F32, 4, d, x + 4 * d);
    write_text(text_of("%s/study.json", folder),
               "{\"scry_study\": 1, \"pairing\": \"row\", \"sae\": \"sae\", \"train\": {\"name\": \"t\", \"base\": "
               "{\"residual\": \"a.npy\"}, \"sft\": {\"residual\": \"b.npy\"}}, \"domains\": []}");
    scry_error err = {0};
    const char *out = text_of("%s/x.scry", folder);
    scry_index *index = scry_index_build(text_of("%s/study.json", folder), out, NULL, NULL, NULL, &err)
                            ? scry_open(out, true, &err)
                            : NULL;
    if (!check(index != NULL, "dependent rows are indexed %s", err.text)) return;
    double m[d];
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
    check(scry_lens_direction(index, NULL, &q, m, NULL, &err), "its mean difference %s", err.text);
    check_near(m[3], ((x[51] + x[63] + x[75] + x[87]) - (x[3] + x[15] + x[27] + x[39])) / 4, 1e-6, "one number of it");
    toggles(index, m, 6, 4, "dependent rows, few");
    toggles(index, m, 30, 30, "dependent rows, many");
    q.positions = 1;
    scry_lens *lens = scry_lens_open(index, NULL, &err);
    scry_lens_means means;
    check(!scry_lens_read(lens, &q, &means, NULL, NULL, &err), "rows without samples have no positions");
    check_says(err.text, SAYS("tokens", "--positions"), "and it says so");
    scry_lens_close(lens);
    scry_close(index);
}

/* Each set spans what it spans alone: their mean and deviation by the textbook. The sets' sizes show in ranks. */
static void random_sets(const scry_index *x, const double *m) {
    const double *const vectors[2] = {m, NULL};
    double mean[2], sd[2], one[6], first[2], sum = 0, square = 0, none;
    scry_error err = {0};
    uint32_t *active = mem_new(scry_index_info(x)->d_sae, sizeof *active), count = scry_active_latents(x, active);
    check(scry_span_random(x, 30, 6, 9, vectors, 2, mean, sd, NULL, &err), "random sets %s", err.text);
    for (uint64_t k = 0; k < 6; k++) {
        scry_span_random(x, 30, 1, 9 + k, &m, 1, &one[k], &none, NULL, &err);
        sum += one[k];
    }
    for (int k = 0; k < 6; k++) square += (one[k] - sum / 6) * (one[k] - sum / 6);
    check_near(mean[0], sum / 6, 1e-12, "random sets: their mean");
    check_near(sd[0], sqrt(square / 5), 1e-9, "random sets: their standard deviation");
    check(isnan(mean[1]) && isnan(sd[1]) && isnan(none), "random sets: nothing of no vector, no deviation of one set");
    check(one[0] > 0.05 && one[0] < 1 && fabs(one[0] - one[1]) > 1e-6, "random sets: %g and %g are two sets", one[0],
          one[1]);
    scry_set *all = scry_set_new(scry_index_info(x)->d_sae);
    scry_span *span = scry_span_new(x, &err);
    for (uint32_t i = 0; i < count; i++) scry_set_put(all, active[i], true);
    scry_span_work(span, all, 0);
    scry_span_random(x, count, 2, 1, &m, 1, first, first + 1, NULL, &err);
    check_near(first[0], scry_span_share(span, m), 1e-9, "random sets: all active latents are one set");
    scry_span_random(x, count + 1, 2, 1, &m, 1, first, first + 1, NULL, &err);
    check(isnan(first[0]), "random sets: not of more than are active");
    scry_span_free(span);
    scry_set_free(all);
    free(active);
}

static void shares(const scry_index *sample) {
    double *m = mem_new(scry_index_info(sample)->d_model, sizeof *m);
    scry_error err = {0};
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
    check(scry_lens_direction(sample, NULL, &q, m, NULL, &err), "the sample's mean difference %s", err.text);
    toggles(sample, m, 20, 60, "sample");
    random_sets(sample, m);
    toggles(sample, m, 240, 200, "sample, more latents than dimensions");
    free(m);
    dependent_rows();
}

/* ---- numpy and transformers ----------------------------------------------------------------- */

enum { TOP = 5 };

static cJSON *read_json(const char *path) {
    size_t size;
    char *text = (char *)read_bytes(path, &size);
    cJSON *json = text ? json_parse(text, size) : NULL;
    free(text);
    return json;
}

static double number(const cJSON *of, const char *key) {
    return cJSON_GetNumberValue(cJSON_GetObjectItem(of, key));
}

/* A list of [number, value] against what was found. */
static size_t compare_list(const cJSON *list, const uint32_t *id, const double *value, worst *w) {
    size_t wrong = 0, i = 0;
    const cJSON *one;
    cJSON_ArrayForEach (one, list) {
        wrong += id[i] != (uint32_t)cJSON_GetArrayItem(one, 0)->valuedouble;
        worst_add(w, value[i], cJSON_GetArrayItem(one, 1)->valuedouble, 1, "place %zu", i);
        i++;
    }
    return wrong + (i != TOP);
}

static size_t compare_tokens(const cJSON *list, const scry_token_logit *tokens, worst *w) {
    uint32_t id[TOP];
    double logit[TOP];
    for (size_t i = 0; i < TOP; i++) {
        id[i] = tokens[i].id;
        logit[i] = (double)tokens[i].logit;
    }
    return compare_list(list, id, logit, w);
}

static size_t compare_latents(const scry_index *x, const cJSON *lists, const double *m, worst *w) {
    size_t wrong = 0;
    scry_decoder_neighbours *n = scry_decoder_neighbours_of(x, m, 1, NULL);
    scry_decoder_neighbours_work(n, 0);
    for (int side = 0; side < 2; side++) {
        scry_neighbour found[TOP];
        uint32_t id[TOP];
        double cosine[TOP];
        size_t count = scry_decoder_neighbours_list(n, side == 1, TOP, found);
        for (size_t i = 0; i < count; i++) {
            id[i] = found[i].latent;
            cosine[i] = found[i].cosine;
        }
        wrong += count != TOP || compare_list(cJSON_GetObjectItem(lists, side ? "opposite" : "nearest"), id, cosine, w);
    }
    scry_decoder_neighbours_free(n);
    return wrong;
}

/* tolerance: of norms and means, relative to the residual's norm: what models compute in float. */
static void compare_specimen(scry_lens *lens, const scry_index *x, const cJSON *all, const char *key, const char *name,
                             const scry_lens_query *q, scry_lens_source source, double tolerance) {
    scry_lens_means means;
    scry_error err = {0};
    if (!check(scry_lens_read(lens, q, &means, NULL, NULL, &err), "%s is read %s", name, err.text)) return;
    check(means.source == source, "%s comes from the %s", name, scry_lens_source_name(source));
    scry_set *set = scry_set_new(scry_index_info(x)->d_sae);
    scry_span *span = scry_span_new(x, &err);
    const cJSON *one;
    cJSON_ArrayForEach (one, cJSON_GetObjectItem(all, "latents")) scry_set_put(set, (uint32_t)one->valuedouble, true);
    scry_span_work(span, set, 0);
    worst norms = {.tolerance = tolerance}, shares = {.tolerance = tolerance < 1e-6 ? 1e-6 : tolerance},
          logits = {.tolerance = 2e-4}, cosines = {.tolerance = 1e-5};
    size_t wrong = 0, i = 0;
    cJSON_ArrayForEach (one, cJSON_GetObjectItem(all, key)) {
        const scry_lens_mean *m = &means.mean[i++];
        scry_token_logit tokens[SCRY_LENS_THROUGHS][SCRY_LOGIT_SIDES][TOP];
        wrong += m->pairs != (uint64_t)number(one, "pairs");
        worst_add(&norms, m->norm, number(one, "norm"), m->reference_norm, "norm, row %zu", i);
        worst_add(&norms, m->reference_norm, number(one, "reference_norm"), m->reference_norm, "residual's, row %zu",
                  i);
        worst_add(&norms, m->difference_norm, number(one, "difference_norm"), m->reference_norm, "a pair's, row %zu",
                  i);
        for (int k = 0; k < 8; k++)
            worst_add(&norms, m->mean[k], cJSON_GetArrayItem(cJSON_GetObjectItem(one, "mean"), k)->valuedouble,
                      m->reference_norm, "mean, row %zu, %d", i, k);
        worst_add(&shares, scry_span_share(span, m->mean), number(one, "share"), 1, "row %zu", i);
        for (int t = 0; t < SCRY_LENS_THROUGHS; t++)
            if (!scry_lens_tokens(lens, (scry_lens_through)t, 0, &m->mean, 1, TOP, tokens[t][0], NULL, &err))
                check(false, "tokens through %s: %s", scry_lens_through_name((scry_lens_through)t), err.text);
        wrong += compare_tokens(cJSON_GetObjectItem(one, "promoted"), tokens[0][SCRY_PROMOTED], &logits);
        wrong += compare_tokens(cJSON_GetObjectItem(one, "suppressed"), tokens[0][SCRY_SUPPRESSED], &logits);
        wrong += compare_tokens(cJSON_GetObjectItem(one, "promoted_tuned"), tokens[1][SCRY_PROMOTED], &logits);
        wrong += compare_latents(x, one, m->mean, &cosines);
    }
    check_is(i, 1 + SCRY_LENS_POSITIONS, "%s: positions", name);
    check_is(wrong, 0, "%s: pairs, and which tokens and latents", name);
    worst_line(&norms, "%s: norms and means are numpy's", name);
    worst_line(&shares, "%s: shares are those of least squares", name);
    worst_line(&logits, "%s: logits are those of transformers' weights", name);
    worst_line(&cosines, "%s: cosines are numpy's", name);
    scry_set_free(set);
    scry_span_free(span);
}

static void specimens(const scry_index *x) {
    scry_error err = {0};
    cJSON *all = read_json("tests/specimens/lens/expected.json");
    scry_lens *lens = scry_lens_open(x, NULL, &err);
    if (!check(all && lens, "the specimen and the lens %s", err.text)) return;
    const scry_info *info = scry_index_info(x);
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT, .positions = SCRY_LENS_POSITIONS};
    compare_specimen(lens, x, all, "sft", "sft", &q, SCRY_LENS_CAPTURES, 1e-9);
    q.of = SCRY_ICL;
    compare_specimen(lens, x, all, "icl", "icl", &q, SCRY_LENS_CAPTURES, 1e-9);
    q.of = SCRY_SFT;
    for (size_t d = 0; d < info->domains; d++)
        if (strcmp(info->domain[d].name, "math") == 0) q.domain = (int)d;
    compare_specimen(lens, x, all, "math", "math, by the models", &q, SCRY_LENS_MODELS, 1e-5);
    scry_lens_close(lens);
    cJSON_Delete(all);
}

/* ---- the file, and what is refused ---------------------------------------------------------- */

/* Where a file is damaged or another index's, all is computed again; what is read never differs. */
static void damaged_files(const scry_index *x) {
    const char *path = scratch("sample.lens");
    size_t size, wrong = 0, read = 0;
    uint8_t *whole = read_bytes(path, &size);
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
    double *m = mem_new(scry_index_info(x)->d_model, 2 * sizeof *m), *again = m + scry_index_info(x)->d_model;
    uint64_t seed = 3;
    check(whole && scry_lens_direction(x, NULL, &q, m, NULL, NULL), "the file of the sample");
    for (int i = 0; i < 40; i++) {
        uint8_t *bytes = mem_new(size, 1);
        memcpy(bytes, whole, size);
        size_t cut = i % 3 == 0 ? 1 + roll_below(&seed, (uint32_t)size - 1) : size;
        bytes[roll_below(&seed, (uint32_t)size)] ^= (uint8_t)(1 + roll_below(&seed, 255));
        write_bytes(path, bytes, cut);
        bool ok = scry_lens_direction(x, NULL, &q, again, NULL, NULL);
        read += ok;
        wrong += ok && memcmp(m, again, scry_index_info(x)->d_model * sizeof *m) != 0;
        free(bytes);
    }
    check_is(wrong, 0, "a damaged file gives no other numbers");
    check_is(read, 40, "and is made again");
    write_bytes(path, whole, size);
    free(whole);
    free(m);
}

static void write_part(container_writer *w, const char *name, const void *bytes, uint64_t size) {
    container_begin(w, name);
    container_write(w, bytes, size);
}

/* Files whose checksums are right and whose contents are not: each is passed over, and made again. */
static void hostile_files(const scry_index *x) {
    static const container_kind kind = {"SCRYLNS\n", 1, "file", "a file", "scry lens"};
    enum { GOOD, MANY_RECORDS, MANY_ROWS, MANY_POSITIONS, NO_DOMAIN, NO_SOURCE, NO_END, NOT_FINITE, SHORT, HOSTILE };
    const char *path = scratch("sample.lens");
    const uint32_t d = scry_index_info(x)->d_model;
    double *means = mem_new(d, sizeof *means), *m = mem_new(d, 2 * sizeof *m), *again = m + d;
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
    unlink(path);
    check(scry_lens_direction(x, NULL, &q, m, NULL, NULL), "the sample's means are made");
    for (int kind_of = GOOD; kind_of < HOSTILE; kind_of++) {
        lens_meta meta = {.index = scry_fingerprint(x), .d_model = d, .entries = 1, .rows = 1};
        lens_record record = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
        uint64_t pairs = 1;
        double norms[2] = {1, 1};
        for (uint32_t i = 0; i < d; i++) means[i] = 1;
        if (kind_of == MANY_RECORDS) meta.entries = UINT32_MAX;
        if (kind_of == MANY_ROWS) meta.rows = UINT64_MAX / d / 8 + 2;
        if (kind_of == MANY_POSITIONS) record.positions = UINT32_MAX;
        if (kind_of == NO_DOMAIN) record.domain = 1 << 30;
        if (kind_of == NO_SOURCE) record.source = 99;
        if (kind_of == NOT_FINITE) means[3] = NAN;
        container_writer *w = container_create_kind(&kind, path, NULL);
        write_part(w, "meta", &meta, sizeof meta);
        write_part(w, "entries", &record, sizeof record);
        write_part(w, "pairs", &pairs, sizeof pairs);
        write_part(w, "norms", norms, sizeof norms);
        write_part(w, "means", means, (kind_of == SHORT ? d - 1 : d) * sizeof *means);
        write_part(w, "folders", "\0\0", kind_of == NO_END ? 1 : 2);
        container_finish(w, NULL);
        bool ok = scry_lens_direction(x, NULL, &q, again, NULL, NULL), ones = ok && again[0] == 1 && again[d - 1] == 1;
        if (kind_of == GOOD) check(ones, "a file as it should be is read");
        else check(ok && !ones && memcmp(m, again, d * sizeof *m) == 0, "hostile file %d is not", kind_of);
    }
    free(means);
    free(m);
}

/* An index whose captures hold other numbers by now. */
static void changed_captures(void) {
    static const plan p = {.label = "changed", .pairing = "token", .residual = true};
    static study st;
    scry_error err = {0};
    scry_lens_means means;
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
    if (!study_make(&st, &p)) return;
    char *folder = mem_copy_string(scry_index_info(st.x)->path);
    *strrchr(folder, '/') = 0;
    st.train_sft.h[5][7] += 1;
    write_npy(text_of("%s/train-sft.npy", folder), F32, (size_t)st.train_sft.rows, F, &st.train_sft.h[0][0]);
    scry_lens *lens = scry_lens_open(st.x, NULL, &err);
    check(!scry_lens_read(lens, &q, &means, NULL, NULL, &err), "captures with another mean are refused");
    check_says(err.text, SAYS("train.sft", "another mean", "scry index"), "and named");
    write_npy(text_of("%s/train-sft.npy", folder), F32, (size_t)st.train_sft.rows - 1, F, &st.train_sft.h[0][0]);
    check(!scry_lens_read(lens, &q, &means, NULL, NULL, &err), "captures with fewer rows are refused");
    check_says(err.text, SAYS("train.sft", "rows of width"), "and named");
    check(!file_exists(text_of("%s/x.lens", folder)), "nothing is kept of them");
    q.of = SCRY_RL;
    check(!scry_lens_can(lens, &q) && !scry_lens_read(lens, &q, &means, NULL, NULL, &err), "rl was not captured");
    check_says(err.text, SAYS("rl"), "and it says so");
    q.of = SCRY_BASE;
    check(!scry_lens_read(lens, &q, &means, NULL, NULL, &err), "base against base is refused");
    q = (scry_lens_query){.domain = 2, .of = SCRY_CONTROL};
    check(!scry_lens_read(lens, &q, &means, NULL, NULL, &err), "control was not captured");
    check_says(err.text, SAYS("d2", "control", "scry capture"), "what is missing");
    const double *m = NULL;
    check(!scry_lens_tokens(lens, SCRY_THROUGH_BASE, 0, &m, 1, 3, NULL, NULL, &err), "no model is named");
    check_says(err.text, SAYS("--model DIR", "model_path"), "and how to name one");
    scry_lens_close(lens);
    scry_close(st.x);
    free(folder);
}

static bool always(void *context) {
    (void)context;
    return true;
}

static void cancelled(const scry_index *x) {
    scry_error err = {0};
    scry_lens_means means;
    scry_cancel cancel = {.is_cancelled = always};
    scry_lens *lens = scry_lens_open(x, NULL, &err);
    scry_lens_query q = {.domain = 0, .of = SCRY_ICL};
    for (int i = 0; i < 2; i++, q.of = SCRY_SFT) {
        check(!scry_lens_read(lens, &q, &means, &cancel, NULL, &err), "%s is cancelled", scry_condition_name(q.of));
        check_says(err.text, SAYS("cancelled"), "and says so");
        check(scry_lens_read(lens, &q, &means, NULL, NULL, &err) && !means.was_kept, "and then read %s", err.text);
    }
    scry_lens_close(lens);
}

int main(void) {
    differences();
    changed_captures();
    scry_error err = {0};
    scry_index *sample = scry_open(sample_index(), true, &err);
    if (check(sample != NULL, "the sample opens %s", err.text)) {
        shares(sample);
        specimens(sample);
        cancelled(sample);
        damaged_files(sample);
        hostile_files(sample);
    }
    scry_close(sample);
    return check_end();
}
