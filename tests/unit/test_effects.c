/* test_effects.c: the score abl on effect columns of made-up numbers: against plain loops; toggles in any order, bit
 * for bit; what-if against recomputation; resamples and random sets; anchors; damaged files; the session and its file.
 */
#include "analysis.h"
#include "base/random.h"
#include "effect_example.h"
#include "effects.h"
#include "rho_context.h"
#include "sample.h"

#include <string.h>

enum { BARE = 2 }; /* the domain without samples */

static scry_set *random_set(const scry_index *x, uint32_t count, uint64_t *seed) {
    scry_set *set = scry_set_new(x->F);
    while (set->count < count) {
        uint32_t j = roll_below(seed, x->F);
        if (!scry_set_has(set, j)) scry_set_put(set, j, true);
    }
    return set;
}

static void values(const scry_index *x, const effect_example *e) {
    worst w = {.tolerance = 1e-12};
    uint64_t seed = 3;
    size_t none = 0;
    static const uint32_t sizes[] = {0, 1, 7, 100, 511, 512, 700};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        scry_set *set = random_set(x, sizes[k] < x->F ? sizes[k] : x->F, &seed);
        scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL);
        scry_scorer_load(scorer, set);
        for (size_t d = 0; d < x->D; d++) {
            double found = scry_scorer_value(scorer, d), plain = effect_example_value(e, set, d);
            if (d == BARE) none += isnan(found) ? 1 : 0;
            else worst_add(&w, found, plain, fabs(plain) + 1e-3, "%u latents, domain %zu", sizes[k], d);
        }
        scry_scorer_free(scorer);
        scry_set_free(set);
    }
    worst_line(&w, "the estimate is the definition's");
    check_is(none, sizeof sizes / sizeof *sizes, "a domain without samples has none");
}

static void alone(const scry_index *x, const effect_example *e) {
    worst w = {.tolerance = 1e-6};
    size_t same = 0, tried = 0;
    scry_set *set = scry_set_new(x->F);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL);
    for (uint32_t j = 0; j < x->F; j++) {
        scry_set_put(set, j, true);
        scry_scorer_put(scorer, j, true);
        const float *own = scry_contribution(x, SCRY_ABL, j);
        for (size_t d = 0; d < x->D; d++) {
            if (d == BARE) continue;
            double plain = effect_example_value(e, set, d);
            worst_add(&w, (double)own[d], plain, fabs(plain) + 1e-6, "latent %u, domain %zu", j, d);
            same += own[d] == (float)scry_scorer_value(scorer, d);
            tried++;
        }
        scry_set_put(set, j, false);
        scry_scorer_put(scorer, j, false);
    }
    worst_line(&w, "a latent's contribution is the estimate of removing it alone");
    check_is(same, tried, "which are the scorer's bits of the set of one");
    scry_scorer_free(scorer);
    scry_set_free(set);
}

static bool same_values(const scry_index *x, const scry_scorer *a, const scry_scorer *b) {
    bool same = true;
    for (size_t d = 0; d < x->D; d++) {
        double one = scry_scorer_value(a, d), other = scry_scorer_value(b, d);
        same = same && memcmp(&one, &other, sizeof one) == 0;
    }
    return same;
}

/* Random toggles, some of them in bulk; after each stretch the same bits as a fresh load of the set. */
static void toggles(const scry_index *x) {
    uint64_t seed = 9;
    scry_set *set = random_set(x, 60, &seed);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL), *fresh = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_load(scorer, set);
    size_t same = 0, tried = 0;
    for (int round = 0; round < 200; round++) {
        bool bulk = round % 5 == 4;
        if (bulk) scry_scorer_begin_bulk(scorer);
        for (uint32_t k = 1 + roll_below(&seed, bulk ? 300 : 6); k > 0; k--) {
            uint32_t j = roll_below(&seed, x->F);
            bool in = !scry_set_has(set, j);
            scry_set_put(set, j, in);
            scry_scorer_put(scorer, j, in);
        }
        if (bulk) scry_scorer_end_bulk(scorer);
        scry_scorer_load(fresh, set);
        same += same_values(x, scorer, fresh);
        tried++;
    }
    check_is(same, tried, "stretches of toggles after which every bit is that of a fresh load");
    scry_scorer_free(scorer);
    scry_scorer_free(fresh);
    scry_set_free(set);
}

static double rho_of(const scry_index *x, const scry_scorer *scorer, const scry_scope *scope) {
    scry_result r;
    scry_result_fit(&r, x, scorer, scope);
    double rho = r.fit.pearson;
    scry_result_free(&r);
    return rho;
}

static void what_if(const scry_index *x, const scry_anchor *anchor, const char *what) {
    uint64_t seed = 21;
    scry_error err = {0};
    scry_scope scope = {0};
    if (!check(scry_scope_read(&scope, x, 0, "all", true, &err), "scope %s", err.text)) return;
    scry_set *set = random_set(x, 50, &seed);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_set_anchor(scorer, anchor);
    scry_scorer_load(scorer, set);
    float *found = calloc(x->F, sizeof *found);
    scry_what_if(x, scorer, set, &scope, NULL, x->F, found);
    worst w = {.tolerance = 2e-5};
    for (uint32_t j = 0; j < x->F; j++) {
        bool in = !scry_set_has(set, j);
        scry_scorer_put(scorer, j, in);
        worst_add(&w, (double)found[j], rho_of(x, scorer, &scope), 1, "latent %u", j);
        scry_scorer_put(scorer, j, !in);
    }
    worst_line(&w, "%s: rho after every toggle is that of the toggled set", what);
    free(found);
    scry_scorer_free(scorer);
    scry_set_free(set);
    scry_scope_free(&scope);
}

static void resamples(const scry_index *x) {
    uint64_t seed = 2;
    scry_error err = {0};
    scry_set *set = random_set(x, 30, &seed);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_load(scorer, set);
    scry_blocks *b = scry_blocks_new(x, SCRY_ABL, set, SCRY_SAMPLES, NULL, &err);
    if (check(b != NULL, "samples %s", err.text)) {
        worst w = {.tolerance = 1e-12};
        for (size_t d = 0; d < x->D; d++) {
            worst_add(&w, scry_blocks_sts(b, d), scry_scorer_value(scorer, d), 1, "domain %zu", d);
            if (d == 0) check_is(b->first[1], EXAMPLE_EACH, "a block for each sample");
        }
        worst_line(&w, "the samples together are the score");
        scry_result r;
        scry_scope scope = {0};
        if (scry_scope_read(&scope, x, 0, "all", true, &err)) {
            scry_result_fit(&r, x, scorer, &scope);
            check(scry_result_finish(&r, x, SCRY_ABL, set, set, &scope, NULL) && r.ci_low < r.fit.pearson &&
                      r.fit.pearson < r.ci_high && r.random_sd > 0 && r.context.matched_sd > 0 &&
                      !isnan(r.context.cv_r2),
                  "the interval, random and matched sets and the prediction of left-out domains are there");
            scry_result_free(&r);
            scry_scope_free(&scope);
        }
    }
    scry_blocks_free(b);
    check(!scry_blocks_new(x, SCRY_ABL, set, SCRY_TOKENS, NULL, &err), "not by token");
    check_says(err.text, SAYS("abl", "sample", "token"), "which it says");
    scry_scorer_free(scorer);
    scry_set_free(set);
}

/* rho of random sets, against sets that are drawn by the same rule and scored one by one. */
static void random_sets(const scry_index *x) {
    double change[64], few[40], many[40];
    for (size_t d = 0; d < x->D; d++) change[d] = d == BARE ? NAN : x->info.domain[d].change[0];
    uint32_t active[1 << 16], count = scry_active_latents(x, active);
    uint32_t drawn = scry_random_rhos(x, SCRY_ABL, change, 25, 40, 8, NULL, few, NULL);
    check_is(drawn, 40, "random sets have a rho");
    check_is(scry_random_rhos(x, SCRY_ABL, change, count - 3, 40, 8, NULL, many, NULL), 40, "large ones too");
    /* Of all but 3 latents the same draw gives the 3: rho by their complement. */
    uint64_t seed = 8;
    scry_scope scope = {0};
    scry_error err = {0};
    if (!check(scry_scope_read(&scope, x, 0, "all", true, &err), "scope %s", err.text)) return;
    worst w = {.tolerance = 1e-9};
    for (int k = 0; k < 40; k++) {
        static const struct {
            uint32_t size;
            bool left_out;
        } kinds[] = {{25, false}, {3, true}};
        uint64_t own = random_next(&seed);
        for (int kind = 0; kind < 2; kind++) {
            uint64_t state = own;
            scry_set *drawn_set = scry_set_new(x->F), *set = scry_set_new(x->F);
            while (drawn_set->count < kinds[kind].size) {
                uint32_t at = active[random_below(&state, count)];
                if (!scry_set_has(drawn_set, at)) scry_set_put(drawn_set, at, true);
            }
            for (uint32_t i = 0; i < count; i++)
                if (scry_set_has(drawn_set, active[i]) != kinds[kind].left_out) scry_set_put(set, active[i], true);
            scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL);
            scry_scorer_load(scorer, set);
            worst_add(&w, (kind ? many : few)[k], rho_of(x, scorer, &scope), 1, "set %d, kind %d", k, kind);
            scry_scorer_free(scorer);
            scry_set_free(set);
            scry_set_free(drawn_set);
        }
    }
    worst_line(&w, "each is that of the set scored by itself");
    scry_scope_free(&scope);
}

static void anchors(const scry_index *x) {
    uint64_t seed = 4;
    scry_set *set = random_set(x, 40, &seed);
    double exact[64];
    for (size_t d = 0; d < x->D; d++) exact[d] = d == 1 ? NAN : 0.01 * (double)(d + 1) / 3;
    scry_anchor *anchor = scry_anchor_new(set, exact, x->D);
    scry_scorer *bare = scry_scorer_new(x, SCRY_ABL), *held = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_load(bare, set);
    scry_scorer_load(held, set);
    double at[64];
    for (size_t d = 0; d < x->D; d++) at[d] = scry_scorer_value(bare, d);
    scry_scorer_set_anchor(held, anchor);
    size_t same = 0;
    for (size_t d = 0; d < x->D; d++) same += scry_scorer_value(held, d) == exact[d];
    check_is(same, x->D - 2, "at its anchor the score is the exact run's, to the bit");
    check(isnan(scry_scorer_value(held, 1)), "without an exact difference there is none");
    worst w = {.tolerance = 1e-12};
    for (int k = 0; k < 30; k++) {
        uint32_t j = roll_below(&seed, x->F);
        bool in = !scry_set_has(set, j);
        scry_set_put(set, j, in);
        scry_scorer_put(held, j, in);
        scry_scorer_put(bare, j, in);
        for (size_t d = 0; d < x->D; d++)
            if (d != 1 && d != BARE)
                worst_add(&w, scry_scorer_value(held, d), exact[d] + scry_scorer_value(bare, d) - at[d], 1,
                          "toggle %d, domain %zu", k, d);
    }
    worst_line(&w, "abl(D') = exact(D) + estimate(D') - estimate(D)");
    check(scry_set_equal(scry_scorer_anchor(held)->set, anchor->set), "it says at which set");
    scry_scorer_load(held, anchor->set);
    same = 0;
    for (size_t d = 0; d < x->D; d++) same += scry_scorer_value(held, d) == exact[d];
    check_is(same, x->D - 2, "back at the anchor, the same bits");
    what_if(x, anchor, "anchored");
    scry_scorer_set_anchor(held, NULL);
    scry_scorer_load(bare, anchor->set);
    check(!scry_scorer_anchor(held) && same_values(x, held, bare), "without the anchor it is the bare estimate again");
    scry_scorer_free(bare);
    scry_scorer_free(held);
    scry_anchor_free(anchor);
    scry_set_free(set);
}

static char *written(const scry_session *s, size_t *length) {
    enum { ROOM = 1 << 16 };
    char *text = calloc(ROOM, 1);
    FILE *f = fmemopen(text, ROOM, "w");
    scry_session_write(s, f);
    fclose(f);
    *length = strlen(text);
    return text;
}

static bool read_back(scry_session *s, char *text, size_t length, scry_error *err) {
    FILE *f = fmemopen(text, length, "r");
    bool ok = f && scry_session_read(s, f, err);
    if (f) fclose(f);
    return ok;
}

static bool same_anchor(const scry_anchor *a, const scry_anchor *b) {
    return a && b && a->domains == b->domains && scry_set_equal(a->set, b->set) &&
           memcmp(a->exact, b->exact, a->domains * sizeof *a->exact) == 0;
}

static void sessions(const scry_index *x) {
    scry_error err = {0};
    uint64_t seed = 12;
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 20, SCRY_ACT, &err);
    scry_session *t = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 20, SCRY_ACT, &err);
    if (!check(s && t && scry_session_set_score(s, SCRY_ABL, &err), "a session by abl %s", err.text)) return;
    double exact[64];
    for (size_t d = 0; d < x->D; d++) exact[d] = d == BARE ? (double)NAN : 0.1 / (double)(d + 3);
    scry_anchor *anchor = scry_anchor_new(scry_session_set(s), exact, x->D);
    uint64_t version = scry_session_version(s);
    scry_session_set_anchor(s, anchor);
    check(scry_session_version(s) != version && scry_session_result(s)->anchored &&
              scry_session_result(s)->sts[0] == exact[0],
          "an anchor is a change of its result");
    const scry_result *r = scry_session_statistics(s);
    check(!isnan(r->p_value) && isnan(r->random_sd) && isnan(r->ci_low),
          "its statistics are those of the values: random sets and resamples have no anchor");
    size_t same = 0;
    scry_scorer *fresh = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_set_anchor(fresh, anchor);
    for (int k = 0; k < 60; k++) {
        uint32_t some[2] = {roll_below(&seed, x->F / 2), x->F / 2 + roll_below(&seed, x->F / 2)};
        if (k % 7 == 3) scry_session_undo(s);
        else if (k % 11 == 5) scry_session_set_n(s, roll_below(&seed, 600));
        else scry_session_toggle(s, some, 2);
        if (k == 30) scry_session_set_score(s, SCRY_ACT, &err);
        if (k == 33) scry_session_set_score(s, SCRY_ABL, &err);
        scry_scorer_load(fresh, scry_session_set(s));
        same += scry_session_score(s) != SCRY_ABL || same_values(x, scry_session_scorer(s), fresh);
    }
    check_is(same, 60, "steps of a session after which every bit is that of a fresh load with the same anchor");
    scry_scorer_free(fresh);
    size_t length;
    char *text = written(s, &length);
    check(read_back(t, text, length, &err) && same_anchor(scry_session_anchor(t), anchor) &&
              scry_session_score(t) == SCRY_ABL &&
              memcmp(scry_session_result(s)->sts, scry_session_result(t)->sts, x->D * sizeof(double)) == 0,
          "the session's file names the set and its exact differences %s", err.text);
    char *at = strstr(text, "anchor ");
    static const char *const wrong[] = {"anchor x", "anchor 1 1", "anchor 999999999", "anchor : 1", "anchor"};
    size_t refused = 0;
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        char *line = strchr(at, '\n');
        const char *broken = text_of("%.*s%s%s", (int)(at - text), text, wrong[k], line);
        char *own = strdup(broken);
        refused += !read_back(t, own, strlen(own), &err) && strstr(err.text, "anchor");
        free(own);
    }
    check_is(refused, sizeof wrong / sizeof *wrong, "wrong anchors are refused");
    free(text);
    scry_anchor_free(anchor);
    scry_session_free(s);
    scry_session_free(t);
}

/* Without columns, and with those of another index: as before there was this score, and with words. */
static void missing(const char *path) {
    scry_error err = {0};
    scry_index *x = scry_open(path, true, &err);
    if (!check(x != NULL, "it opens without columns %s", err.text)) return;
    check(!scry_has_score(x, SCRY_ABL) && !scry_contribution(x, SCRY_ABL, 0) && !scry_domain_has_score(x, SCRY_ABL, 0),
          "no columns, no score");
    check(!scry_require_score(x, SCRY_ABL, &err), "it is refused");
    check_says(err.text, SAYS("abl", "scry effects"), "with what to do");
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 20, SCRY_ACT, &err);
    char *own = strdup(text_of("scry-session 1 %u %s\nscore abl\nscope absolute all\nstart icl sq 20\ndone 0\nend\n",
                               x->F, x->info.train[0].name));
    check(s && read_back(s, own, strlen(own), &err) && scry_session_score(s) == SCRY_ACT,
          "a session that was saved with it goes on with act %s", err.text);
    free(own);
    scry_session_free(s);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_put(scorer, 3, true);
    check(isnan(scry_scorer_value(scorer, 0)), "a scorer of it knows nothing");
    scry_scorer_free(scorer);
    scry_close(x);
}

static double read_all(const scry_index *x) {
    uint64_t seed = 1;
    scry_set *set = random_set(x, 40, &seed);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ABL);
    double sum = 0;
    scry_scorer_load(scorer, set);
    for (uint32_t j = 0; j < x->F; j++) scry_scorer_put(scorer, j, !scry_set_has(set, j));
    for (size_t d = 0; d < x->D; d++)
        sum += scry_scorer_value(scorer, d) + (double)scry_contribution(x, SCRY_ABL, 7)[d];
    scry_error err;
    scry_blocks *b = scry_blocks_new(x, SCRY_ABL, set, SCRY_SAMPLES, NULL, &err);
    if (b) sum += scry_blocks_sts(b, 0);
    scry_blocks_free(b);
    float rho[64];
    scry_scope scope = {0};
    if (scry_scope_read(&scope, x, 0, "all", true, &err)) {
        scry_what_if(x, scorer, set, &scope, NULL, 64, rho);
        scry_scope_free(&scope);
    }
    scry_scorer_free(scorer);
    scry_set_free(set);
    return sum + (double)rho[3];
}

static void damage(scry_index *x, const char *path) {
    size_t size;
    uint8_t *bytes = read_bytes(path, &size), *copy = malloc(size);
    const char *other = scratch("damaged.effects");
    size_t taken = 0, refused = 0, verified = 0, tried = 0;
    uint64_t seed = 31;
    double sum = 0;
    for (int k = 0; k < 400; k++) {
        memcpy(copy, bytes, size);
        size_t at = k % 2 ? roll_below(&seed, 4096 < size ? 4096 : (uint32_t)size) : roll_below(&seed, (uint32_t)size);
        uint8_t bit = (uint8_t)(1u << roll_below(&seed, 8));
        copy[at] ^= bit;
        if (k % 5 == 0) copy[at] = 0xff;
        size_t length = k % 10 == 9 ? roll_below(&seed, (uint32_t)size) : size;
        if (memcmp(copy, bytes, length) == 0 && length == size) continue;
        write_bytes(other, copy, length);
        scry_error err = {0};
        tried++;
        verified += !scry_effects_attach(x, other, true, &err) && *err.text;
        if (scry_effects_attach(x, other, false, &err)) taken++, sum += read_all(x);
        else refused++;
    }
    check_is(verified, tried, "damaged files are refused when checksums are read");
    check(taken + refused == tried && refused > 0, "without, %zu are refused and %zu give some numbers%s", refused,
          taken, isnan(sum) ? " (NaN)" : "");
    free(bytes);
    free(copy);
}

/* Files whose checksums are right and whose numbers are not. */
static void lies(scry_index *x) {
    const uint32_t D = (uint32_t)x->D;
    uint32_t *first = calloc(D + 2, sizeof *first), *counts = calloc(D + 1, sizeof *counts);
    uint64_t *tokens = calloc(D + 1, sizeof *tokens);
    const char *path = scratch("lies.effects");
    size_t refused = 0;
    enum { KINDS = 9 };
    for (int kind = 0; kind < KINDS + 1; kind++) { /* the last one tells the truth */
        first[0] = 0;
        for (uint32_t d = 0; d < D; d++) first[d + 1] = d + 1, counts[d] = 1, tokens[d] = 5;
        effect_source source = {.meta = {.index = scry_fingerprint(x),
                                         .draws = 2,
                                         .domains = D,
                                         .latents = x->F,
                                         .rows = x->rows.rows,
                                         .samples = D},
                                .model_path = "",
                                .first = first,
                                .tokens = tokens,
                                .sample_tokens = counts,
                                .sample_number = counts};
        effect_meta *m = &source.meta;
        if (kind == 0) first[1] = 3;
        if (kind == 1) first[0] = 1;
        if (kind == 2) first[D] = D - 1;
        if (kind == 3) tokens[1] = 0;
        if (kind == 4) m->draws = 65;
        if (kind == 5) m->index++;
        if (kind == 6) m->latents--;
        if (kind == 7) m->rows--;
        if (kind == 8) m->domains--;
        scry_error err = {0};
        if (!effect_columns_write(path, &source, &err)) check(false, "written: %s", err.text);
        bool taken = scry_effects_attach(x, path, true, &err);
        if (kind < KINDS) refused += !taken && strstr(err.text, "lies.effects");
        else check(taken, "columns without an entry are taken %s", err.text);
    }
    check_is(refused, KINDS, "files of wrong numbers are refused");
    check(scry_has_score(x, SCRY_ABL) && (double)scry_contribution(x, SCRY_ABL, 3)[0] == 0, "no entry, no effect");
    free(first);
    free(counts);
    free(tokens);
}

int main(void) {
    scry_error err = {0};
    const char *path = sample_index();
    missing(path);
    scry_index *x = scry_open(path, true, &err);
    effect_example e;
    char *own = x ? scry_effects_path(x) : NULL;
    if (!check(x && x->D <= 64 && x->F <= 1 << 16, "the sample opens %s", err.text)) return check_end();
    check(strcmp(own, scratch("sample.effects")) == 0, "columns lie next to the index: %s", own);
    if (check(effect_example_write(&e, x, own, BARE, 0.2, 5, &err), "columns are written %s", err.text) &&
        check(scry_effects_attach(x, NULL, true, &err), "and put in use %s", err.text)) {
        scry_effects_info info;
        check(scry_effects_info_of(x, &info) && info.draws == EXAMPLE_DRAWS && info.model == 77 &&
                  strcmp(info.model_path, "models/base") == 0 && info.samples == e.samples && info.entries > 0,
              "they say what they are");
        scry_close(x);
        x = scry_open(path, true, &err);
        check(x && scry_effects_info_of(x, &info), "an index finds its own when it is opened");
        values(x, &e);
        alone(x, &e);
        toggles(x);
        what_if(x, NULL, "bare");
        resamples(x);
        random_sets(x);
        anchors(x);
        sessions(x);
        damage(x, own);
        lies(x);
        scry_close(x);
        size_t size;
        uint8_t *bytes = read_bytes(own, &size);
        write_bytes(own, bytes, size / 2);
        free(bytes);
        x = scry_open(path, true, &err);
        check(x && !scry_has_score(x, SCRY_ABL) && scry_effects_problem(x), "a cut file leaves the index as it is");
        check(x && !scry_require_score(x, SCRY_ABL, &err) && strstr(err.text, "cut"), "and says why: %s", err.text);
        effect_example_free(&e);
    }
    free(own);
    scry_close(x);
    return check_end();
}
