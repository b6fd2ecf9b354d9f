/* test_lens.c: mean differences against plain loops over the captures, the share of decoder rows against fresh
 * calculations after toggles in any order, what is kept, and what is refused. */
#include "check.h"
#include "lens.h"
#include "sample.h"
#include "small_study.h"

#include "base/mem.h"

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

static void shares(const scry_index *sample) {
    double *m = mem_new(scry_index_info(sample)->d_model, sizeof *m);
    scry_error err = {0};
    scry_lens_query q = {.domain = SCRY_LENS_TRAIN, .of = SCRY_SFT};
    check(scry_lens_direction(sample, NULL, &q, m, NULL, &err), "the sample's mean difference %s", err.text);
    toggles(sample, m, 20, 60, "sample");
    toggles(sample, m, 240, 200, "sample, more latents than dimensions");
    free(m);
    dependent_rows();
}

int main(void) {
    differences();
    scry_error err = {0};
    scry_index *sample = scry_open(sample_index(), true, &err);
    if (check(sample != NULL, "the sample opens %s", err.text)) shares(sample);
    scry_close(sample);
    return check_end();
}
