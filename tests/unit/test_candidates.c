/* test_candidates.c: an index with candidates holds for these what a full index holds, bit for bit; it reports other
 * latents as unknown, and refuses what needs them. The expected candidates are found here by sorting. */
#include "check.h"
#include "index_compare.h"
#include "scry.h"
#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a study ---------------------------------------------------------------------------------- */

enum { D = 24, F = 1300, ROWS = 900 };

/* Residuals, one a training set under three conditions, and an SAE of the architecture named; five pieces
 * of text so that pairing by sample has samples. */
static const char *make_study(const char *architecture, const char *pairing) {
    const char *folder = scratch_folder("%s-%s", architecture, pairing);
    uint64_t seed = 11;
    double *W = malloc((size_t)2 * D * F * sizeof *W), *b = calloc(3 * F + D, sizeof *b),
           *x = malloc((size_t)ROWS * D * sizeof *x);
    if (!W || !b || !x) abort();
    for (size_t i = 0; i < (size_t)2 * D * F; i++) W[i] = roll_unit(&seed) - 0.5;
    for (size_t j = 0; j < F; j++) {
        b[j] = -1.5 - roll_unit(&seed);
        b[F + D + j] = 0.3 * roll_unit(&seed);
    }
    specimen all[] = {{"W_enc", F32, D, F, W},
                      {"b_enc", F32, F, 0, b},
                      {"W_dec", F32, F, D, W + D * F},
                      {"b_dec", F32, D, 0, b + F},
                      {"threshold", F32, F, 0, b + F + D}};
    write_safetensors(text_of("%s/sae_weights.safetensors", folder), all, strcmp(architecture, "jumprelu") ? 4 : 5);
    write_text(text_of("%s/cfg.json", folder),
               "{\"architecture\": \"%s\", \"d_in\": %d, \"d_sae\": %d, %s\"normalize_activations\": "
               "\"none\", \"apply_b_dec_to_input\": false}",
               architecture, D, F, strcmp(architecture, "topk") ? "" : "\"k\": 30, ");
    for (int c = 0; c < 5; c++) {
        for (size_t i = 0; i < (size_t)ROWS * D; i++) x[i] = 4 * roll_unit(&seed) - 2;
        write_npy(text_of("%s/%d.npy", folder, c), F32, ROWS, D, x);
    }
    FILE *f = fopen(text_of("%s/t.jsonl", folder), "w");
    if (!f) abort();
    for (int s = 0; s < ROWS / 90; s++) {
        fprintf(f, "{\"id\": \"s%d\", \"tokens\": [", s);
        for (int t = 0; t < 90; t++) fprintf(f, "%s\"w%d\"", t ? ", " : "", (s * 7 + t) % 31);
        fprintf(f, "]}\n");
    }
    fclose(f);
    free(W);
    free(b);
    free(x);
    const char *path = text_of("%s/study.json", folder);
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"%s\", \"sae\": \".\",\n"
               " \"train\": {\"base\": {\"residual\": \"0.npy\", \"tokens\": \"t.jsonl\"}, \"icl\": {\"residual\": "
               "\"1.npy\", \"tokens\": \"t.jsonl\"}, \"sft\": {\"residual\": \"2.npy\", \"tokens\": \"t.jsonl\"}},\n"
               " \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": {\"residual\": \"3.npy\", \"tokens\": "
               "\"t.jsonl\"}, \"icl\": {\"residual\": \"4.npy\", \"tokens\": \"t.jsonl\"}},\n"
               " {\"name\": \"e\", \"change\": -2, \"base\": {\"residual\": \"4.npy\", \"tokens\": \"t.jsonl\"}},\n"
               " {\"name\": \"f\", \"change\": 4, \"base\": {\"residual\": \"1.npy\", \"tokens\": \"t.jsonl\"}}]}",
               pairing);
    return path;
}

/* The sample study in a folder that can be written to. */
static const char *sample_study(void) {
    char here[2048];
    size_t size;
    const char *folder = scratch_folder("sample");
    if (!getcwd(here, sizeof here)) abort();
    static const char *const parts[] = {"acts", "text", "sae"};
    for (size_t i = 0; i < 3; i++)
        if (symlink(text_of("%s/sample_data/%s", here, parts[i]), text_of("%s/%s", folder, parts[i])) != 0) abort();
    uint8_t *manifest = read_bytes("sample_data/study.json", &size);
    const char *path = text_of("%s/study.json", folder);
    write_bytes(path, manifest, size);
    free(manifest);
    return path;
}

/* ---- which -------------------------------------------------------------------------------------- */

typedef struct sized {
    double size;
    uint32_t latent;
} sized;

static int larger(const void *a, const void *b) {
    const sized *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return x->latent < y->latent ? -1 : 1;
}

/* expected[j]: is j among the first n of any ranking? */
static bool *expected_of(const scry_index *x, uint32_t n) {
    uint32_t latents = scry_index_info(x)->d_sae;
    bool *is = calloc(latents, sizeof *is);
    sized *list = malloc(latents * sizeof *list);
    if (!is || !list) abort();
    for (size_t t = 0; t < scry_index_info(x)->trains; t++)
        for (int source = 1; source < SCRY_CONDITIONS; source++)
            for (int metric = 0; metric < SCRY_METRICS; metric++) {
                const double *shift = scry_shift(x, t, (scry_condition)source, (scry_metric)metric);
                for (uint32_t j = 0; shift && j < latents; j++) list[j] = (sized){fabs(shift[j]), j};
                if (shift) qsort(list, latents, sizeof *list, larger);
                for (uint32_t i = 0; shift && i < n && i < latents; i++) is[list[i].latent] = true;
            }
    free(list);
    return is;
}

/* ---- the same ------------------------------------------------------------------------------------ */

static void check_shifts(const char *label, const scry_index *x, const scry_index *all) {
    size_t compared = 0, wrong = 0;
    for (size_t t = 0; t < scry_index_info(all)->trains; t++)
        for (int source = 1; source < SCRY_CONDITIONS; source++)
            for (int metric = 0; metric < SCRY_METRICS; metric++) {
                const double *a = scry_shift(all, t, (scry_condition)source, (scry_metric)metric);
                const double *b = scry_shift(x, t, (scry_condition)source, (scry_metric)metric);
                if (!a) continue;
                compared++;
                wrong += !b || memcmp(a, b, scry_index_info(all)->d_sae * sizeof *a) != 0;
            }
    check(compared && !wrong, "%s: every shift of every latent, bit for bit: %zu arrays, %zu differ", label, compared,
          wrong);
}

static void check_scores(const char *label, const scry_index *x, const scry_index *all, const bool *expected) {
    size_t domains = scry_index_info(all)->domains, compared = 0, wrong = 0, known = 0, which = 0;
    uint32_t scored = 0;
    for (uint32_t j = 0; j < scry_index_info(all)->d_sae; j++) {
        scored += expected[j];
        which += scry_is_scored(x, j) != expected[j];
        for (int s = 0; s < SCRY_SCORES; s++) {
            if (!scry_has_score(all, (scry_score)s)) continue;
            const float *a = scry_contribution(all, (scry_score)s, j);
            const float *b = scry_contribution(x, (scry_score)s, j);
            compared += expected[j];
            if (expected[j]) wrong += memcmp(a, b, domains * sizeof *a) != 0;
            for (size_t d = 0; d < domains && !expected[j]; d++) known += isnan(b[d]) ? 0 : 1;
        }
        for (size_t d = 0; d < domains; d++) {
            double rate = scry_domain_rate(x, j, d);
            if (expected[j]) wrong += rate != scry_domain_rate(all, j, d);
            else known += isnan(rate) ? 0 : 1;
        }
    }
    check_is(which, 0, "%s: the candidates are the first of every ranking", label);
    check_is(scry_index_info(x)->scored_latents, scored, "%s: latents scored", label);
    check(compared && !wrong, "%s: contributions and rates of candidates, bit for bit: %zu compared, %zu differ", label,
          compared, wrong);
    check_is(known, 0, "%s: figures of other latents that are not NaN", label);
}

static void check_tokens(const char *label, const scry_index *x, const scry_index *all, const bool *expected) {
    size_t compared = 0, wrong = 0;
    for (uint32_t j = 0; j < scry_index_info(all)->d_sae; j++)
        for (size_t c = 0; c < scry_index_info(all)->captures; c++) {
            enum { TOP = 12 };
            scry_example a[TOP] = {0}, b[TOP] = {0};
            bool known = expected[j] || scry_index_info(all)->capture[c].group < 0;
            size_t n = scry_top_tokens(all, j, (int)c, false, TOP, a), m = scry_top_tokens(x, j, (int)c, false, TOP, b);
            compared += n;
            if (!known) wrong += m != 0;
            else {
                wrong += n != m;
                for (size_t i = 0; i < n && i < m; i++)
                    wrong += a[i].token != b[i].token || a[i].activation != b[i].activation;
            }
        }
    check(compared > 1000 && !wrong, "%s: top tokens of every latent and capture: %zu compared, %zu differ", label,
          compared, wrong);
}

static void check_captures(const char *label, const scry_index *x, const scry_index *all) {
    size_t wrong = 0;
    for (size_t c = 0; c < scry_index_info(all)->captures; c++) {
        const scry_capture_info *a = &scry_index_info(all)->capture[c], *b = &scry_index_info(x)->capture[c];
        wrong += a->group < 0 ? a->l0 != b->l0 || a->nnz != b->nnz : isnan(b->l0) == 0;
    }
    check_is(wrong, 0, "%s: L0 is as it was for training sets and unknown for domains; captures where not", label);
}

/* ---- a person's work ----------------------------------------------------------------------------- */

static uint32_t outside(const bool *expected) {
    uint32_t j = 0;
    while (expected[j]) j++;
    return j;
}

static void check_session(const char *label, const scry_index *x, const bool *expected, uint32_t n) {
    scry_error err = {0};
    uint32_t latents = scry_index_info(x)->d_sae, other = outside(expected);
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 3 * n, SCRY_ACT, &err);
    if (!check(s != NULL, "%s: session opens %s", label, err.text)) return;
    check_is(scry_session_n(s), n, "%s: N is clipped to the candidates", label);
    check(!scry_session_set_n(s, n + 1) && scry_session_n(s) == n, "%s: and stays so", label);
    check(!scry_session_toggle(s, &other, 1) && !scry_set_has(scry_session_set(s), other),
          "%s: latent %u is not put in", label, other);
    for (int metric = 0; metric < SCRY_METRICS; metric++)
        for (int source = SCRY_ICL; source <= SCRY_SFT; source++) {
            scry_session_rank_by(s, (scry_condition)source, (scry_metric)metric, &err);
            const scry_result *r = scry_session_result(s);
            size_t absent = 0;
            for (size_t d = 0; d < r->domains; d++) absent += isnan(r->sts[d]) ? 1 : 0;
            if (scry_session_set(s)->count != n || absent)
                check(false, "%s: %s %s: %u latents, %zu domains without a score", label,
                      scry_condition_name((scry_condition)source), scry_metric_name((scry_metric)metric),
                      scry_session_set(s)->count, absent);
        }
    scry_set *every = scry_set_new(latents);
    for (uint32_t j = 0; j < latents; j++) scry_set_put(every, j, true);
    scry_session_adopt(s, every);
    check_is(scry_session_set(s)->count, scry_index_info(x)->scored_latents,
             "%s: of all latents, those that are scored are taken", label);
    float *rho = malloc(latents * sizeof *rho);
    if (!rho) abort();
    scry_what_if(x, scry_session_scorer(s), scry_session_set(s), scry_session_scope(s), NULL, latents, rho);
    size_t wrong = 0;
    for (uint32_t j = 0; j < latents; j++) wrong += isnan(rho[j]) == expected[j];
    check_is(wrong, 0, "%s: what-if is known where the latent is scored, and only there", label);
    check(isnan(scry_session_statistics(s)->random_mean), "%s: no random sets are drawn from the shifted ones", label);
    scry_error why = {0};
    char number[32];
    snprintf(number, sizeof number, "latent %u ", other);
    bool all_scored = scry_require_scored(x, every, &why);
    if (all_scored) check(false, "%s: all latents scored", label);
    else check_says(why.text, SAYS(number, "--candidates", "index again"), "%s: a set with another latent", label);
    check_is((uint64_t)why.status, 2, "%s: its exit status", label);
    free(rho);
    scry_set_free(every);
    scry_session_free(s);
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static void check_study(const char *label, const char *study, uint32_t n) {
    const char *part = text_of("%s.part", study), *again = text_of("%s.again", study);
    scry_index *all = index_of(study, NULL, label);
    scry_error err = {0};
    scry_build_options o = {.candidates = n, .threads = 3}, one = {.candidates = n, .threads = 1};
    bool ok =
        scry_index_build(study, part, &o, NULL, NULL, &err) && scry_index_build(study, again, &one, NULL, NULL, &err);
    scry_index *x = ok ? scry_open(part, true, &err) : NULL;
    if (check(x && all, "%s: with %u candidates: is indexed and opened %s", label, n, err.text)) {
        bool *expected = expected_of(all, n);
        check_is(scry_index_info(x)->candidates, n, "%s: the index knows it", label);
        check_shifts(label, x, all);
        check_scores(label, x, all, expected);
        check_tokens(label, x, all, expected);
        check_captures(label, x, all);
        if (n < scry_index_info(all)->d_sae) check_session(label, x, expected, n);
        free(expected);
        size_t a, b;
        uint8_t *first = read_bytes(part, &a), *second = read_bytes(again, &b);
        check(a == b && memcmp(first, second, a) == 0, "%s: the same bytes by one thread and by three", label);
        free(first);
        free(second);
    }
    scry_close(x);
    scry_close(all);
}

int main(void) {
    const char *jump = make_study("jumprelu", "token");
    check_study("JumpReLU by token", jump, 40);
    check_study("JumpReLU by token, more candidates than a block", jump, 250);
    check_study("JumpReLU by token, all latents", jump, F + 7);
    check_study("ReLU by sample", make_study("standard", "sample"), 25);
    check_study("ReLU by row", make_study("standard", "row"), 1);
    check_study("the sample study", sample_study(), 60);

    scry_build_options o = {.candidates = 20};
    const char *topk = make_study("topk", "token");
    index_refused(topk, &o, SAYS("--candidates", "TopK", "ReLU", "index without"), "a TopK SAE");
    scry_build_options shard = {.candidates = 20, .shard = 1, .shards = 2};
    index_refused(jump, &shard, SAYS("--candidates", "--shard"), "candidates of a shard");
    double values[4 * F] = {0};
    write_npy(text_of("%s/../features.npy", scratch_folder("jumprelu-token/x")), F32, 4, F, values);
    const char *mixed = text_of("%s/mixed.json", scratch("jumprelu-token"));
    write_text(mixed, "{\"scry_study\": 1, \"pairing\": \"row\", \"sae\": \".\", \"train\": {\"base\": {\"residual\": "
                      "\"0.npy\"}, \"icl\": {\"residual\": \"1.npy\"}}, \"domains\": [{\"name\": \"d\", \"base\": "
                      "{\"features\": \"features.npy\"}}]}");
    index_refused(mixed, &o, SAYS("--candidates", "features", "residuals"), "a domain of features");
    return check_end();
}
