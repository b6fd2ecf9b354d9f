/* test_baselines.c: sums over raw dimensions, and the rankings, scores and similarities made from them and from
 * latents, against plain loops over the values that were written, in every pairing. */
#include "baselines.h"
#include "check.h"
#include "../twin/twin_read.h"
#include "small_study.h"

#include <math.h>

/* ---- plain loops ----------------------------------------------------------------------------- */

static void slow_means(const capture *c, double mean[F], double square[F]) {
    double n = 0;
    for (int j = 0; j < F; j++) mean[j] = square[j] = 0;
    for (int r = 0; r < c->rows; r++) {
        if (!c->kept[r]) continue;
        n++;
        for (int j = 0; j < F; j++) {
            mean[j] += c->h[r][j];
            square[j] += c->h[r][j] * c->h[r][j];
        }
    }
    for (int j = 0; j < F; j++) {
        mean[j] /= n;
        square[j] /= n;
    }
}

static void add_square(double sum[F], const double *a, const double *b, double *n) {
    for (int j = 0; j < F; j++) sum[j] += (a[j] - b[j]) * (a[j] - b[j]);
    ++*n;
}

static bool sample_mean(const capture *c, int s, double mean[F]) {
    double n = 0;
    for (int j = 0; j < F; j++) mean[j] = 0;
    for (int r = c->first[s]; r < c->first[s] + c->count[s]; r++) {
        if (!c->kept[r]) continue;
        n++;
        for (int j = 0; j < F; j++) mean[j] += c->h[r][j];
    }
    for (int j = 0; j < F && n > 0; j++) mean[j] /= n;
    return n > 0;
}

/* Mean squared difference of a dimension between base and another capture of its group. */
static void slow_difference(const study *st, const capture *a, const capture *b, double out[F]) {
    double n = 0, one[F], two[F];
    for (int j = 0; j < F; j++) out[j] = 0;
    if (strcmp(st->p->pairing, "row") == 0) {
        for (int r = 0; r < a->rows && r < b->rows; r++)
            if (a->kept[r] && b->kept[r]) add_square(out, a->h[r], b->h[r], &n);
    } else {
        for (int i = 0; i < a->samples; i++)
            for (int k = 0; k < b->samples; k++) {
                if (a->sample_id[i] != b->sample_id[k]) continue;
                if (strcmp(st->p->pairing, "sample") == 0) {
                    if (sample_mean(a, i, one) && sample_mean(b, k, two)) add_square(out, one, two, &n);
                    continue;
                }
                int front = b->count[k] - a->count[i];
                for (int t = 0; t < a->count[i]; t++) {
                    int r = a->first[i] + t, q = b->first[k] + front + t;
                    if (a->kept[r] && b->kept[q]) add_square(out, a->h[r], b->h[q], &n);
                }
            }
    }
    for (int j = 0; j < F; j++) out[j] /= n;
}

static double slow_cosine(const double *a, const double *b, int n) {
    double ab = 0, aa = 0, bb = 0;
    for (int j = 0; j < n; j++) {
        ab += a[j] * b[j];
        aa += a[j] * a[j];
        bb += b[j] * b[j];
    }
    return ab / sqrt(aa * bb);
}

/* ---- the sums ------------------------------------------------------------------------------- */

static const double *raw(const study *st, const char *name, scry_residual_sum_kind array) {
    int c = scry_find_capture_named(st->x, name);
    return c < 0 ? NULL : scry_residual_sum(st->x, (size_t)c, array);
}

static void compare_capture(const study *st, const char *name, const capture *base, const capture *c, worst *w) {
    double mean[F], square[F], difference[F];
    const double *found[3];
    slow_means(c, mean, square);
    if (c != base) slow_difference(st, base, c, difference);
    for (int a = 0; a < 3; a++) found[a] = raw(st, name, (scry_residual_sum_kind)a);
    if (!found[0] || !found[1] || !found[2] != (c == base))
        check(false, "%s: %s: found sums %d %d %d, expected means, and differences but of base", st->p->label, name,
              found[0] != NULL, found[1] != NULL, found[2] != NULL);
    for (int j = 0; j < F && found[0] && found[1]; j++) {
        worst_add(w, found[0][j], mean[j], 1 + fabs(mean[j]), "%s, mean of dimension %d", name, j);
        worst_add(w, found[1][j], square[j], 1 + square[j], "%s, square of dimension %d", name, j);
        if (found[2]) worst_add(w, found[2][j], difference[j], 1 + difference[j], "%s, difference of %d", name, j);
    }
}

static void compare_sums(const study *st) {
    worst w = {.tolerance = 1e-13};
    compare_capture(st, "train.base", &st->train, &st->train, &w);
    compare_capture(st, "train.icl", &st->train, &st->train_icl, &w);
    compare_capture(st, "train.sft", &st->train, &st->train_sft, &w);
    for (int d = 0; d < D; d++) {
        const char *name = d == 4 ? "task" : text_of("d%d", d);
        compare_capture(st, name, &st->base[d], &st->base[d], &w);
        compare_capture(st, text_of("%s.sft", name), &st->base[d], &st->sft[d], &w);
        if (!st->p->no_icl || d != 2) compare_capture(st, text_of("%s.icl", name), &st->base[d], &st->icl[d], &w);
    }
    worst_line(&w, "%s: means, squares and paired differences of every dimension", st->p->label);
}

/* ---- rankings and rows ----------------------------------------------------------------------- */

static void slow_order(const double *shift, int order[F]) {
    for (int i = 0; i < F; i++) order[i] = i;
    for (int i = 1; i < F; i++)
        for (int k = i; k > 0 && shift[order[k]] > shift[order[k - 1]]; k--) {
            int swap = order[k];
            order[k] = order[k - 1], order[k - 1] = swap;
        }
}

static const scry_baseline *row_of(const scry_baselines *b, const char *name, const char *of, const char *score,
                                   const char *with) {
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->row[i].name, name) == 0 && strcmp(b->row[i].of, of) == 0 && strcmp(b->row[i].score, score) == 0 &&
            strcmp(b->row[i].with, with) == 0)
            return &b->row[i];
    check(false, "%s of %s, %s %s: found no row, expected one", name, of, score, with);
    return NULL;
}

static void compare_row(const study *st, const scry_baseline *row, const double expected[D], double tolerance) {
    worst w = {.tolerance = tolerance};
    if (!row) return;
    for (int d = 0; d < D; d++)
        worst_add(&w, row->result.sts[d], expected[d], isnan(expected[d]) ? 1 : fabs(expected[d]), "domain %d", d);
    worst_line(&w, "%s: %s of %s, %s %s: each domain's value", st->p->label, row->name, row->of, row->score, row->with);
    double x[D], y[D];
    size_t n = 0;
    for (int d = 0; d < D; d++) {
        if (isnan(expected[d])) continue;
        x[n] = expected[d];
        y[n++] = fabs((d - 1.7) * (d + 1));
    }
    check_near(row->result.fit.pearson, scry_fit_line(x, y, n).pearson, tolerance * 1e3, "%s: its rho", row->name);
    check_near(row->result.p_value, scry_permutation_p(x, y, n, 1, 1), 1e-12, "%s: its p", row->name);
}

/* The mean activations of a capture by asking the index for every latent and row. */
static void slow_latents(const study *st, const char *name, const capture *c, double mean[LATENTS]) {
    static float h[ROWS];
    int number = scry_find_capture_named(st->x, name), n = 0;
    for (int r = 0; r < c->rows; r++) n += c->kept[r];
    for (uint32_t j = 0; j < LATENTS; j++) {
        mean[j] = 0;
        scry_activations(st->x, j, (size_t)number, 0, (size_t)c->rows, h);
        for (int r = 0; r < c->rows; r++)
            if (c->kept[r]) mean[j] += (double)h[r] / n;
    }
}

static void compare_raw_rows(const study *st, const scry_baselines *b, uint32_t top) {
    double shift[F], mean[F], square[F], difference[F], value[3][D] = {{0}}, all[D] = {0};
    int order[F];
    slow_difference(st, &st->train, &st->train_icl, shift);
    slow_order(shift, order);
    for (int d = 0; d < D; d++) {
        bool icl = !st->p->no_icl || d != 2;
        slow_means(&st->base[d], mean, square);
        if (icl) slow_difference(st, &st->base[d], &st->icl[d], difference);
        else value[2][d] = NAN;
        for (uint32_t i = 0; i < top; i++) {
            value[0][d] += mean[order[i]];
            value[1][d] += square[order[i]] / top;
            if (icl) value[2][d] += difference[order[i]];
        }
        for (int j = 0; j < F; j++) all[d] += mean[j];
    }
    compare_row(st, row_of(b, "raw", "dimensions", "act", ""), value[0], 1e-12);
    compare_row(st, row_of(b, "raw", "dimensions", "act2", ""), value[1], 1e-12);
    compare_row(st, row_of(b, "raw", "dimensions", "icl", ""), value[2], 1e-12);
    compare_row(st, row_of(b, "all dimensions", "dimensions", "act", ""), all, 1e-12);
}

static void compare_similarities(const study *st, const scry_baselines *b) {
    double train[2][F], own[2][F], other[2][F], square[F], to_train[2][D], before[2][D], sum[D] = {0};
    slow_means(&st->train, train[0], square);
    slow_latents(st, "train.base", &st->train, train[1]);
    for (int d = 0; d < D; d++) {
        const char *name = d == 4 ? "task" : text_of("d%d", d);
        slow_means(&st->base[d], own[0], square);
        slow_means(&st->sft[d], other[0], square);
        slow_latents(st, name, &st->base[d], own[1]);
        slow_latents(st, text_of("%s.sft", name), &st->sft[d], other[1]);
        for (int k = 0; k < 2; k++) {
            to_train[k][d] = slow_cosine(own[k], train[k], k ? LATENTS : F);
            before[k][d] = slow_cosine(own[k], other[k], k ? LATENTS : F);
        }
        for (int j = 0; j < LATENTS; j++) sum[d] += own[1][j];
    }
    compare_row(st, row_of(b, "like training", "dimensions", "cosine", ""), to_train[0], 1e-12);
    compare_row(st, row_of(b, "like training", "latents", "cosine", ""), to_train[1], 1e-12);
    compare_row(st, row_of(b, "before and after", "dimensions", "cosine", "sft"), before[0], 1e-12);
    compare_row(st, row_of(b, "before and after", "latents", "cosine", "sft"), before[1], 1e-12);
    compare_row(st, row_of(b, "all latents", "latents", "act", ""), sum, 1e-6); /* contributions are single */
}

static void compare_rows(const study *st) {
    scry_error err = {0};
    const uint32_t top = 7;
    scry_scope scope;
    scry_ranking *r = scry_rank(st->x, 0, SCRY_ICL, SCRY_SQ, &err);
    if (!check(r && scry_scope_read(&scope, st->x, 0, "all", false, &err), "%s: a ranking %s", st->p->label, err.text))
        return;
    scry_baselines *b = scry_baselines_new(st->x, r, top, &scope, 1, NULL);
    scry_baselines *two = scry_baselines_new(st->x, r, top, &scope, 2, NULL);
    compare_raw_rows(st, b, top);
    compare_similarities(st, b);
    bool same = b->count == two->count;
    for (size_t i = 0; same && i < b->count; i++)
        same = memcmp(b->row[i].result.sts, two->row[i].result.sts, D * sizeof(double)) == 0;
    check(same, "%s: two threads give the bits of one", st->p->label);
    scry_scorer *scorer = scry_scorer_new(st->x, SCRY_ACT);
    scry_set *set = scry_set_new(LATENTS);
    for (uint32_t i = 0; i < top; i++) scry_set_put(set, r->order[i], true);
    scry_scorer_load(scorer, set);
    const scry_baseline *sts = row_of(b, "sts", "latents", "act", "");
    for (int d = 0; d < D && sts; d++)
        if (sts->result.sts[d] != scry_scorer_value(scorer, (size_t)d))
            check(false, "%s: domain %d: found another STS than the scorer's", st->p->label, d);
    scry_set_free(set);
    scry_scorer_free(scorer);
    scry_baselines_free(b);
    scry_baselines_free(two);
    scry_ranking_free(r);
    scry_scope_free(&scope);
}

/* ---- without residuals ------------------------------------------------------------------------ */

static void features_only(const study *st) {
    scry_error err = {0};
    scry_ranking *raw_ranking = scry_rank_residual(st->x, 0, SCRY_ICL, &err),
                 *r = scry_rank(st->x, 0, SCRY_ICL, SCRY_SQ, &err);
    check(!raw_ranking, "features: no ranking of raw dimensions");
    check_says(err.text, SAYS("residual captures", "train.icl", "features"), "features: says why");
    scry_scope scope;
    scry_scope_read(&scope, st->x, 0, "all", false, &err);
    scry_baselines *b = scry_baselines_new(st->x, r, 5, &scope, 0, NULL);
    bool any = b->has_raw;
    for (size_t i = 0; i < b->count; i++) any = any || strcmp(b->row[i].of, "latents") != 0;
    check(!any && b->count >= 4, "features: found %zu rows, all of latents", b->count);
    scry_baselines_free(b);
    scry_ranking_free(r);
    scry_scope_free(&scope);
}

/* ---- planted, and not ------------------------------------------------------------------------ */

enum { DIMS = 12, PLANTED = 3, READ = DIMS - PLANTED, EACH = 40, PLACES = 6 };

static const char *write_values(const char *folder, const char *name, const double level[DIMS], uint64_t *seed) {
    static double x[EACH * DIMS];
    for (int r = 0; r < EACH; r++)
        for (int j = 0; j < DIMS; j++)
            x[r * DIMS + j] = level[j] + (r % 2 ? 0.25 : -0.25) + 0.01 * (roll_unit(seed) - 0.5);
    write_npy(text_of("%s/%s.npy", folder, name), F32, EACH, DIMS, x);
    return text_of("{\"residual\": \"%s.npy\"}", name);
}

/* The first dimensions move in training and stand in each domain where its change says; the SAE reads only
 * the others, whose levels are without regard to it. */
static scry_index *planted_study(const double change[PLACES]) {
    const char *folder = scratch_folder("planted"), *domains = "";
    double W[2 * DIMS * READ] = {0}, b[READ + DIMS] = {0}, level[DIMS] = {0};
    uint64_t seed = 11;
    for (int j = 0; j < READ; j++) W[(PLANTED + j) * READ + j] = W[DIMS * READ + j * DIMS + PLANTED + j] = 1;
    write_sae_folder(scratch_folder("planted/sae"), DIMS, READ, W, b, "\"architecture\": \"standard\"");
    const char *base = write_values(folder, "base", level, &seed);
    for (int j = 0; j < DIMS; j++) level[j] = j < PLANTED ? 5 : 1 + 0.1 * j;
    const char *icl = write_values(folder, "icl", level, &seed);
    static const double unrelated[PLACES] = {1, -1, -1, 1, 1, -1}; /* to the changes below: rho 0 */
    for (int d = 0; d < PLACES; d++) {
        for (int j = 0; j < DIMS; j++) level[j] = j < PLANTED ? fabs(change[d]) : 5 + unrelated[d];
        domains = text_of("%s%s{\"name\": \"p%d\", \"change\": %g, \"base\": %s}", domains, d ? ", " : "", d, change[d],
                          write_values(folder, text_of("p%d", d), level, &seed));
    }
    const char *path = text_of("%s/study.json", folder);
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"row\", \"sae\": \"sae\", \"train\": {\"name\": \"t\", \"base\": %s, "
               "\"icl\": %s}, \"domains\": [%s]}",
               base, icl, domains);
    scry_error err = {0};
    scry_index *x = scry_index_build(path, text_of("%s.scry", path), NULL, NULL, NULL, &err)
                        ? scry_open(text_of("%s.scry", path), true, &err)
                        : NULL;
    check(x != NULL, "planted: indexed %s", err.text);
    return x;
}

static void planted(void) {
    const double change[PLACES] = {-3, -1, 5, 7, -8, 14}; /* sizes 3 1 5 7 8 14: mean of + and of - are not */
    scry_error err = {0};
    scry_index *x = planted_study(change);
    scry_scope scope;
    scry_ranking *r = x ? scry_rank(x, 0, SCRY_ICL, SCRY_SQ, &err) : NULL;
    if (!r || !scry_scope_read(&scope, x, 0, "all", false, &err)) return;
    scry_ranking *dims = scry_rank_residual(x, 0, SCRY_ICL, &err);
    bool first = true;
    for (int i = 0; i < PLANTED; i++) first = first && dims->order[i] < PLANTED;
    check(first, "planted: the dimensions that move are the first of the raw ranking");
    scry_baselines *b = scry_baselines_new(x, r, PLANTED, &scope, 0, NULL);
    const scry_baseline *found = row_of(b, "raw", "dimensions", "act", ""),
                        *sts = row_of(b, "sts", "latents", "act", "");
    double y[PLACES], unrelated[PLACES] = {1, -1, -1, 1, 1, -1};
    for (int d = 0; d < PLACES; d++) y[d] = fabs(change[d]);
    check(found && found->result.fit.pearson > 0.99999, "planted: raw dimensions find it");
    check_near(found ? found->result.p_value : 0, 1 / 720.0, 1e-12, "planted: one order in 720 is as extreme");
    double expected = scry_fit_line(unrelated, y, PLACES).pearson;
    check(sts && fabs(sts->result.fit.pearson - expected) < 0.01,
          "planted: latents that do not read it find %.4f, as made (%.4f)", sts ? sts->result.fit.pearson : 0,
          expected);
    scry_baselines_free(b);
    scry_ranking_free(dims);
    scry_ranking_free(r);
    scry_scope_free(&scope);
    scry_close(x);
}

/* ---- real captures ----------------------------------------------------------------------------- */

/* Captures longer than many tiles, whose token files pair row k with row k. */
static void real_capture(scry_index *x, const char *folder, const char *name, const char *file, const char *base,
                         worst *w) {
    twin_tensor m = twin_read_safetensors(text_of("%s/acts/%s.safetensors", folder, file), NULL, NULL);
    twin_tensor of = twin_read_safetensors(text_of("%s/acts/%s.safetensors", folder, base), NULL, NULL);
    int c = scry_find_capture_named(x, name);
    const double *mean = scry_residual_sum(x, (size_t)c, SCRY_RESIDUAL_MEAN),
                 *square = scry_residual_sum(x, (size_t)c, SCRY_RESIDUAL_SQUARE);
    const double *difference = scry_residual_sum(x, (size_t)c, SCRY_RESIDUAL_DIFFERENCE);
    for (int j = 0; j < m.columns && mean && square; j++) {
        double sum = 0, sum2 = 0, apart = 0;
        for (int r = 0; r < m.rows; r++) {
            double v = twin_value_at(&m, (size_t)r * (size_t)m.columns + (size_t)j);
            double d = v - twin_value_at(&of, (size_t)r * (size_t)m.columns + (size_t)j);
            sum += v;
            sum2 += v * v;
            apart += d * d;
        }
        worst_add(w, mean[j], sum / m.rows, sqrt(sum2 / m.rows), "%s, mean of dimension %d", name, j);
        worst_add(w, square[j], sum2 / m.rows, sum2 / m.rows, "%s, square of dimension %d", name, j);
        if (difference) worst_add(w, difference[j], apart / m.rows, apart / m.rows, "%s, difference of %d", name, j);
    }
    free(m.bytes);
    free(of.bytes);
}

static void real(const char *manifest, const char *folder, const char *label) {
    scry_error err = {0};
    const char *out = scratch("real.scry");
    scry_index *x = scry_index_build(manifest, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    if (!check(x != NULL, "%s: indexed %s", label, err.text)) return;
    worst w = {.tolerance = 1e-12};
    real_capture(x, folder, "train.base", "train.base", "train.base", &w);
    real_capture(x, folder, "train.sft", "train.sft", "train.base", &w);
    real_capture(x, folder, "train.icl", "train.icl", "train.base", &w);
    real_capture(x, folder, "law.icl", "law.icl", "law.base", &w);
    worst_line(&w, "%s: means, squares and paired differences of every dimension", label);
    scry_close(x);
}

int main(void) {
    static const plan plans[] = {
        {.label = "token", .pairing = "token", .residual = true},
        {.label = "token, shuffled",
         .pairing = "token",
         .residual = true,
         .shuffled = true,
         .missing = true,
         .demonstrations = true},
        {.label = "token, left out",
         .pairing = "token",
         .residual = true,
         .skip = 1,
         .exclude = 1,
         .demonstrations = true},
        {.label = "sample",
         .pairing = "sample",
         .residual = true,
         .shuffled = true,
         .missing = true,
         .demonstrations = true,
         .skip = 1},
        {.label = "row", .pairing = "row", .residual = true, .demonstrations = true},
        {.label = "row, no tokens", .pairing = "row", .residual = true, .no_tokens = true},
    };
    static study st;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        if (!study_make(&st, &plans[i])) continue;
        compare_sums(&st);
        compare_rows(&st);
        scry_close(st.x);
    }
    static const plan features = {.label = "features", .pairing = "token"};
    if (study_make(&st, &features)) {
        features_only(&st);
        scry_close(st.x);
    }
    planted();
    real("sample_data/study.json", "sample_data", "sample study");
    const char *pocket = study_path_of("mmlu-pocket");
    if (pocket) real(pocket, text_of("%.*s", (int)(strrchr(pocket, '/') - pocket), pocket), "mmlu-pocket");
    else check_skip("mmlu-pocket is not there");
    return check_end();
}
