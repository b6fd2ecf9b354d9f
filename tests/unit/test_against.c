/* test_against.c: an index against control: a planted effect of text in front, blocks, dimensions of the residual
 * stream by plain loops, sessions that change the reference and come back, and refusals. Shifts and scores are compared
 * with the slow twin in test_studies.c. */
#include "analysis.h"
#include "baselines.h"
#include "latent.h"
#include "session.h"
#include "small_study.h"
#include "synth.h"

#include <math.h>

static scry_index *planted(const char *name, bool control, uint32_t latents) {
    scry_error err = {0};
    const char *folder = scratch("%s", name);
    synth_options o = {.latents = latents, .domains = 5, .tokens = 64, .seed = 5, .rho = 0.8, .has_control = control};
    const char *out = text_of("%s.scry", folder);
    bool ok = scry_synth(folder, &o, NULL, &err) &&
              scry_index_build(text_of("%s/study.json", folder), out, NULL, NULL, NULL, &err);
    scry_index *x = ok ? scry_open(out, true, &err) : NULL;
    check(x != NULL, "%s is planted and indexed %s", name, err.text);
    return x;
}

/* Against base the effect of any text in front is in icl too; against control only what was planted. */
static void by_formula(void) {
    enum { LATENTS_PLANTED = 300 };
    scry_index *x = planted("planted", true, LATENTS_PLANTED);
    scry_index *c = x ? scry_index_against(x, SCRY_AGAINST_CONTROL, NULL) : NULL;
    if (!check(c && scry_index_info(c)->against == SCRY_AGAINST_CONTROL, "a view against control")) return;
    check(scry_index_against(c, SCRY_AGAINST_BASE, NULL) == x &&
              scry_index_against(c, SCRY_AGAINST_CONTROL, NULL) == c &&
              scry_index_against(x, SCRY_AGAINST_BASE, NULL) == x,
          "views lead to each other");
    scry_ranking *icl = scry_rank(c, 0, SCRY_ICL, SCRY_SQ, NULL), *both = scry_rank(x, 0, SCRY_ICL, SCRY_SQ, NULL),
                 *text = scry_rank(x, 0, SCRY_CONTROL, SCRY_SQ, NULL);
    worst shifts = {.tolerance = 1e-6};
    uint32_t reversed = 0;
    for (uint32_t r = 0; r < LATENTS_PLANTED; r++) {
        uint32_t j = icl->order[r];
        double own = 256.0 / (r + 1) / 64, front = 256.0 / (LATENTS_PLANTED - r) / 64;
        worst_add(&shifts, icl->shift[j], own, own, "icl against control, rank %u", r);
        worst_add(&shifts, text->shift[j], front, front, "control, rank %u", r);
        worst_add(&shifts, both->shift[j], own + front, own + front, "icl against base, rank %u", r);
        reversed += text->rank[j] == LATENTS_PLANTED - 1 - r;
    }
    worst_line(&shifts, "shifts of the planted study by its formulas");
    check_is(reversed, LATENTS_PLANTED, "control ranks in the reverse order");
    worst scores = {.tolerance = 1e-6};
    for (uint32_t j = 0; j < LATENTS_PLANTED; j++)
        for (size_t d = 0; d < 5; d++) {
            double of = (double)scry_contribution(c, SCRY_SCORE_ICL, j)[d] + 1.0 / 64;
            worst_add(&scores, (double)scry_contribution(x, SCRY_SCORE_ICL, j)[d], of, of, "latent %u", j);
            worst_add(&scores, (double)scry_contribution(x, SCRY_ACT, j)[d],
                      (double)scry_contribution(c, SCRY_ACT, j)[d], 1, "act of latent %u", j);
        }
    worst_line(&scores, "icl against base is what it is against control and the text in front");
    check(icl->against == SCRY_AGAINST_CONTROL && both->against == SCRY_AGAINST_BASE,
          "rankings say what they are against");
    scry_ranking *sft = scry_rank_for_overlap(c, 0, SCRY_SFT, SCRY_SQ, NULL),
                 *own = scry_rank_for_overlap(c, 0, SCRY_ICL, SCRY_SQ, NULL);
    size_t n;
    scry_overlap_point *points = scry_overlap(own, sft, 50, &n);
    check(sft->against == SCRY_AGAINST_BASE && own->against == SCRY_AGAINST_CONTROL, "an overlap has sft against base");
    check_is(points[n - 1].overlap, 25, "the overlap at 50 that was planted");
    free(points);
    check(scry_fingerprint(c) == scry_fingerprint(x), "one fingerprint");
    char of[SCRY_SOURCE_TEXT];
    check(strcmp(scry_source_text(SCRY_ICL, SCRY_AGAINST_CONTROL, of), "icl against control") == 0 &&
              strcmp(scry_score_text(SCRY_SCORE_ICL, SCRY_AGAINST_CONTROL, of), "icl against control") == 0 &&
              strcmp(scry_score_text(SCRY_ACT, SCRY_AGAINST_CONTROL, of), "act") == 0 &&
              strcmp(scry_source_text(SCRY_SFT, SCRY_AGAINST_BASE, of), "sft") == 0,
          "names of sources and scores");
    scry_ranking *all[] = {icl, both, text, sft, own};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) scry_ranking_free(all[i]);
    scry_close(c); /* by way of the view */
}

/* ---- sessions ------------------------------------------------------------------------------- */

static char *text_of_session(const scry_session *s) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    scry_session_write(s, f);
    fclose(f);
    return text;
}

static bool is_like(scry_session *s, scry_reference against, scry_condition source, uint32_t n) {
    const scry_ranking *r = scry_session_ranking(s);
    scry_scorer *fresh = scry_scorer_new(scry_session_index(s), scry_session_score(s));
    scry_scorer_load(fresh, scry_session_set(s));
    bool same = r->against == against && r->source == source && scry_session_n(s) == n &&
                scry_index_info(scry_session_index(s))->against == against;
    for (size_t d = 0; d < 5; d++)
        same = same && scry_scorer_value(fresh, d) == scry_scorer_value(scry_session_scorer(s), d);
    scry_scorer_free(fresh);
    return same;
}

static void sessions(void) {
    scry_index *x = planted("session", true, 200);
    if (!x) return;
    scry_error err = {0};
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_ABS, 20, SCRY_SCORE_ICL, &err);
    uint32_t by_hand[] = {scry_session_ranking(s)->order[150], scry_session_ranking(s)->order[3]};
    scry_session_toggle(s, by_hand, 2);
    scry_set *before = scry_set_copy(scry_session_set(s));
    uint64_t version = scry_session_version(s), key = scry_session_baseline_key(s);
    check(scry_session_compare_with(s, SCRY_AGAINST_CONTROL, &err) && is_like(s, SCRY_AGAINST_CONTROL, SCRY_ICL, 20),
          "a session against control %s", err.text);
    check(scry_session_version(s) != version && scry_session_baseline_key(s) != key,
          "what depends on the reference is out of date");
    check(scry_session_pin(s, by_hand[0]) && scry_session_pin(s, by_hand[1]), "pins stay");
    check(!scry_session_compare_with(s, SCRY_AGAINST_CONTROL, &err) && !err.status, "no step without a change");
    scry_set *after = scry_set_copy(scry_session_set(s));
    check(!scry_set_equal(before, after), "another selection");
    check(scry_session_undo(s) && is_like(s, SCRY_AGAINST_BASE, SCRY_ICL, 20) &&
              scry_set_equal(scry_session_set(s), before),
          "undone");
    check(scry_session_redo(s) && is_like(s, SCRY_AGAINST_CONTROL, SCRY_ICL, 20) &&
              scry_set_equal(scry_session_set(s), after),
          "redone");
    scry_session_rank_by(s, SCRY_SFT, SCRY_SQ, &err);
    check(is_like(s, SCRY_AGAINST_CONTROL, SCRY_SFT, 20), "another source keeps the reference");
    char *text = text_of_session(s);
    check(strstr(text, "icl/control abs 20") && strstr(text, "sft/control sq 20"),
          "a session file names the reference");
    scry_session *again = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 7, SCRY_ACT, &err);
    FILE *f = fmemopen(text, strlen(text), "r");
    check(scry_session_read(again, f, &err) && is_like(again, SCRY_AGAINST_CONTROL, SCRY_SFT, 20) &&
              scry_session_score(again) == SCRY_SCORE_ICL &&
              scry_set_equal(scry_session_set(again), scry_session_set(s)),
          "read back %s", err.text);
    fclose(f);
    check(scry_session_undo(again) && scry_session_undo(again) && is_like(again, SCRY_AGAINST_BASE, SCRY_ICL, 20),
          "and undone there");
    /* control itself is no source against control: the first that is takes its place */
    scry_session_rank_by(again, SCRY_CONTROL, SCRY_SQ, &err);
    check(scry_session_compare_with(again, SCRY_AGAINST_CONTROL, &err) &&
              is_like(again, SCRY_AGAINST_CONTROL, SCRY_ICL, 20),
          "control is replaced by icl %s", err.text);
    scry_index *plain = planted("plain", false, 200);
    scry_session *other = scry_session_new(plain, 0, SCRY_ICL, SCRY_SQ, 7, SCRY_ACT, &err);
    f = fmemopen(text, strlen(text), "r");
    check(!scry_session_read(other, f, &err) && is_like(other, SCRY_AGAINST_BASE, SCRY_ICL, 7),
          "an index without control refuses it: %s", err.text);
    fclose(f);
    err = (scry_error){0};
    check(!scry_session_compare_with(other, SCRY_AGAINST_CONTROL, &err) &&
              strstr(err.text, "scry capture --control makes one"),
          "and says what to do: %s", err.text);
    free(text);
    scry_set_free(before);
    scry_set_free(after);
    scry_session_free(s);
    scry_session_free(again);
    scry_session_free(other);
    scry_close(x);
    scry_close(plain);
}

/* ---- blocks and dimensions ------------------------------------------------------------------ */

static int sample_at(const capture *c, int id) {
    for (int s = 0; s < c->samples; s++)
        if (c->sample_id[s] == id) return s;
    return -1;
}

typedef struct means {
    double square, difference, largest; /* of x - x_control; the last its largest size */
} means;

/* Of a dimension or latent, over the tokens that base's samples pair. */
static means means_by_token(const capture *base, const capture *control, const capture *x, int i) {
    means m = {0};
    int pairs = 0;
    for (int s = 0; s < base->samples; s++) {
        int c = sample_at(control, base->sample_id[s]), k = sample_at(x, base->sample_id[s]);
        for (int t = 0; c >= 0 && k >= 0 && t < base->count[s]; t++) {
            int row = control->first[c] + control->count[c] - base->count[s] + t,
                other = x->first[k] + x->count[k] - base->count[s] + t;
            if (!control->kept[row] || !x->kept[other]) continue;
            double change = (double)(float)x->h[other][i] - (double)(float)control->h[row][i];
            m.square += change * change;
            m.difference += change;
            m.largest = fmax(m.largest, fabs(change));
            pairs++;
        }
    }
    m.square /= pairs;
    m.difference /= pairs;
    return m;
}

static void dimensions(const study *st) {
    scry_index *c = scry_index_against(st->x, SCRY_AGAINST_CONTROL, NULL);
    scry_ranking *r = scry_rank_residual(c, 0, SCRY_ICL, NULL);
    if (!check(r != NULL, "%s: dimensions are ranked against control", st->p->label)) return;
    worst w = {.tolerance = 1e-9};
    for (int i = 0; i < F; i++) {
        double expected = means_by_token(&st->train, &st->train_control, &st->train_icl, i).square;
        worst_add(&w, r->shift[i], expected, expected, "train, dimension %d", i);
        for (int d = 0; d < D; d++) {
            int icl = scry_find_capture(c, d, SCRY_ICL);
            expected = means_by_token(&st->base[d], &st->control[d], &st->icl[d], i).square;
            worst_add(&w, scry_residual_sum(c, (size_t)icl, SCRY_RESIDUAL_DIFFERENCE)[i], expected, expected,
                      "domain %d, dimension %d", d, i);
        }
    }
    worst_line(&w, "%s: dimensions against control", st->p->label);
    check(!scry_residual_sum(c, (size_t)scry_find_capture(c, 0, SCRY_CONTROL), SCRY_RESIDUAL_DIFFERENCE) &&
              scry_residual_sum(st->x, (size_t)scry_find_capture(c, 0, SCRY_CONTROL), SCRY_RESIDUAL_DIFFERENCE),
          "%s: control differs from base, not from itself", st->p->label);
    scry_ranking_free(r);
}

/* A domain's STS from its blocks is the scorer's: the same tokens were paired. */
static void blocks(const study *st) {
    const scry_index *c = scry_index_against(st->x, SCRY_AGAINST_CONTROL, NULL);
    uint32_t latents = scry_index_info(c)->d_sae;
    scry_set *set = scry_set_new(latents);
    for (uint32_t j = 0; j < latents; j += 3) scry_set_put(set, j, true);
    scry_scorer *scorer = scry_scorer_new(c, SCRY_SCORE_ICL);
    scry_scorer_load(scorer, set);
    worst w = {.tolerance = 1e-5};
    for (int unit = 0; unit < 2; unit++) {
        scry_error err = {0};
        scry_blocks *b = scry_blocks_new(c, SCRY_SCORE_ICL, set, (scry_sampling_unit)unit, NULL, &err);
        if (!check(b != NULL, "%s: blocks %s", st->p->label, err.text)) break;
        for (size_t d = 0; d < D; d++) {
            double of = scry_scorer_value(scorer, d);
            worst_add(&w, scry_blocks_sts(b, d), of, fabs(of), "unit %d, domain %zu", unit, d);
        }
        scry_blocks_free(b);
    }
    worst_line(&w, "%s: the STS against control from its blocks", st->p->label);
    scry_scorer_free(scorer);
    scry_set_free(set);
}

/* A domain's profile, and the token that moved most, against control. */
static void latents(const study *st) {
    const scry_index *c = scry_index_against(st->x, SCRY_AGAINST_CONTROL, NULL);
    scry_token_pairing *pairs = scry_token_pairing_new(c);
    worst w = {.tolerance = 1e-6};
    for (uint32_t j = 1; j < F; j += 7) {
        scry_latent_activations *f = scry_latent_activations_read(c, j);
        scry_profile profile[D];
        scry_profile_of(c, pairs, f, profile);
        for (int d = 0; d < D; d++) {
            means m = means_by_token(&st->base[d], &st->control[d], &st->icl[d], (int)j);
            worst_add(&w, profile[d].difference, m.difference, 1, "difference of latent %u, domain %d", j, d);
            scry_example_query q = {.order = SCRY_MOVED, .versus = SCRY_ICL};
            scry_example e;
            q.capture = scry_find_capture(c, d, SCRY_BASE);
            if (!scry_example_query_run(c, pairs, f, &q, 1, &e)) continue;
            size_t control = (size_t)scry_find_capture(c, d, SCRY_CONTROL);
            int64_t row = scry_paired_row(pairs, e.capture, e.token, control);
            double moved =
                (double)e.activation - (row < 0 ? 0 : (double)scry_latent_activations_at(f, control, (uint64_t)row));
            worst_add(&w, fabs(moved), m.largest, 1, "most moved of latent %u, domain %d", j, d);
        }
        scry_latent_activations_free(f);
    }
    worst_line(&w, "%s: profile and tokens moved against control", st->p->label);
    scry_token_pairing_free(pairs);
}

static void small(void) {
    static const plan plans[] = {
        {.label = "token", .pairing = "token", .demonstrations = true, .shuffled = true, .control = true, .skip = 1},
        {.label = "sample",
         .pairing = "sample",
         .demonstrations = true,
         .missing = true,
         .control = true,
         .exclude = 1},
        {.label = "row", .pairing = "row", .demonstrations = true, .no_tokens = true, .control = true},
        {.label = "residuals",
         .pairing = "token",
         .demonstrations = true,
         .shuffled = true,
         .missing = true,
         .exclude = 1,
         .control = true,
         .residual = true}};
    static study st;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        if (!study_make(&st, &plans[i])) continue;
        blocks(&st);
        if (plans[i].residual) dimensions(&st);
        if (i == 0) latents(&st);
        scry_close(st.x);
    }
}

int main(void) {
    by_formula();
    sessions();
    small();
    return check_end();
}
