/* test_tui_train_set.c: a study with two training sets: changing the set is a step of the session, ranking and rho
 * follow it (against plain loops), and the session file restores it; the explorer's :train-set. */
#include "check.h"
#include "explorer_parts.h"
#include "session.h"
#include "explorer/panes/prompt.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOMAINS = 7 };
static const char *const domain[DOMAINS] = {"law", "math", "physics", "history", "biology", "health", "business"};
static const double change[2][DOMAINS] = {{-9, 6, -5, -8, 1, 2, 3.5}, {1, -2, 4, 9, NAN, NAN, NAN}};

static const char *capture_of(const char *condition, const char *file) {
    static char acts[PATH_MAX];
    if (!realpath("sample_data/acts", acts)) abort();
    return text_of("\"%s\": {\"residual\": \"%s/%s.safetensors\", \"tokens\": \"%s/%.*s.tokens.jsonl\"}", condition,
                   acts, file, acts, (int)strcspn(file, "."), file);
}

/* math has icl and sft, other icl and rl; other's change is known of four domains. */
static scry_index *open_study(void) {
    scry_error err = {0};
    const char *domains = "", *path = scratch("two.json"), *out = scratch("two.scry");
    for (int d = 0; d < DOMAINS; d++) {
        const char *other = isnan(change[1][d]) ? "" : text_of(", \"other\": %g", change[1][d]);
        domains = text_of("%s%s{\"name\": \"%s\", \"change\": {\"math\": %g%s}, %s, %s}", domains, d ? ", " : "",
                          domain[d], change[0][d], other, capture_of("base", text_of("%s.base", domain[d])),
                          capture_of("icl", text_of("%s.icl", domain[d])));
    }
    char sae[PATH_MAX];
    if (!realpath("sample_data/sae", sae)) abort();
    write_text(path,
               "{\"scry_study\": 1, \"sae\": \"%s\", \"train\": [{\"name\": \"math\", %s, %s, %s}, {\"name\": "
               "\"other\", %s, %s, %s}], \"domains\": [%s]}",
               sae, capture_of("base", "train.base"), capture_of("icl", "train.icl"), capture_of("sft", "train.sft"),
               capture_of("base", "train.base"), capture_of("icl", "train.sft"), capture_of("rl", "train.icl"),
               domains);
    bool there = scry_index_build(path, out, NULL, NULL, NULL, &err);
    scry_index *x = there ? scry_open(out, true, &err) : NULL;
    if (!check(x != NULL, "a study with two training sets opens %s", err.text)) exit(check_end());
    return x;
}

static scry_session *begin(const scry_index *x, size_t train) {
    scry_error err = {0};
    scry_session *s = scry_session_new(x, train, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err);
    if (!check(s != NULL, "a session %s", err.text)) exit(check_end());
    return s;
}

/* Pearson's rho of the summed contributions with the size of the set's change, by plain loops. */
static double rho_of(const scry_index *x, const scry_set *set, size_t train) {
    double sts[DOMAINS], y[DOMAINS], mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    int n = 0;
    for (int d = 0; d < DOMAINS; d++) {
        if (isnan(change[train][d])) continue;
        sts[n] = 0;
        for (uint32_t j = 0; j < set->latents; j++)
            if (scry_set_has(set, j)) sts[n] += (double)scry_contribution(x, SCRY_ACT, j)[d];
        y[n++] = fabs(change[train][d]);
    }
    for (int i = 0; i < n; i++) mean_x += sts[i] / n, mean_y += y[i] / n;
    for (int i = 0; i < n; i++) {
        xx += (sts[i] - mean_x) * (sts[i] - mean_x);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
        xy += (sts[i] - mean_x) * (y[i] - mean_y);
    }
    return xy / sqrt(xx * yy);
}

static void is_of(scry_session *s, size_t train, scry_condition source, uint32_t n, const char *scope,
                  const char *when) {
    const scry_index *x = scry_session_index(s);
    const scry_ranking *r = scry_session_ranking(s);
    scry_ranking *plain = scry_rank(x, train, source, SCRY_SQ, NULL);
    check(r->train == train && r->source == source && scry_session_n(s) == n && plain &&
              memcmp(r->order, plain->order, r->latents * sizeof *r->order) == 0,
          "%s: ranked by training set %zu and its %s, N %u", when, train, scry_condition_name(source), n);
    size_t right = 0;
    for (uint32_t rank = 0; rank < n; rank++) right += scry_set_has(scry_session_set(s), plain->order[rank]);
    check(right == n && scry_session_set(s)->count == n, "%s: the first %u are the selection", when, n);
    check(scry_session_scope(s)->train == train && strcmp(scry_session_scope_spec(s), scope) == 0,
          "%s: the domains %s, by the set's change", when, scope);
    double rho = scry_session_result(s)->fit.pearson, slow = rho_of(x, scry_session_set(s), train);
    if (strcmp(scope, "all") == 0) check(fabs(rho - slow) < 1e-9, "%s: rho %.12f is that of plain loops", when, rho);
    scry_ranking_free(plain);
}

static void test_steps(const scry_index *x) {
    scry_error err = {0};
    scry_session *s = begin(x, 0);
    is_of(s, 0, SCRY_ICL, 100, "all", "at first");
    check(!scry_session_train_on(s, 0, &err) && !err.status, "the set that it is: nothing changes");
    check(scry_session_train_on(s, 1, &err), "on to the other");
    is_of(s, 1, SCRY_ICL, 100, "all", "other");
    check(scry_session_ranking_before(s)->train == 0, "the ranking before is that of the first");
    scry_session_set_n(s, 60);
    scry_session_rank_by(s, SCRY_RL, SCRY_SQ, &err);
    is_of(s, 1, SCRY_RL, 60, "all", "by rl");
    scry_session_train_on(s, 0, &err);
    is_of(s, 0, SCRY_ICL, 60, "all", "back, where there is no rl");
    scry_session_rescope(s, "extremes:3", false, &err);
    scry_session_train_on(s, 1, &err);
    is_of(s, 1, SCRY_ICL, 60, "all", "too few domains for extremes:3");
    scry_session_undo(s);
    is_of(s, 0, SCRY_ICL, 60, "extremes:3", "undone");
    scry_session_undo(s);
    scry_session_undo(s);
    is_of(s, 1, SCRY_RL, 60, "all", "undone to rl");
    while (scry_session_undo(s)) continue;
    is_of(s, 0, SCRY_ICL, 100, "all", "all undone");
    while (scry_session_redo(s)) continue;
    is_of(s, 1, SCRY_ICL, 60, "all", "all done again");
    scry_session_free(s);
}

/* ---- the file ---- */

static void step_at_random(scry_session *s, uint64_t *seed) {
    static const char *const scopes[] = {"all", "extremes:2", "extremes:3", "law,math,history"};
    scry_error err = {0};
    uint32_t latent = roll_below(seed, scry_index_info(scry_session_index(s))->d_sae);
    switch (roll_below(seed, 7)) {
    case 0:
        scry_session_train_on(s, roll_below(seed, 2), &err);
        break;
    case 1:
        scry_session_rank_by(s, SCRY_ICL + (scry_condition)roll_below(seed, 3), SCRY_SQ, &err);
        break;
    case 2:
        scry_session_set_n(s, roll_below(seed, 200));
        break;
    case 3:
        scry_session_rescope(s, scopes[roll_below(seed, 4)], roll_below(seed, 2), &err);
        break;
    case 4:
        scry_session_undo(s);
        break;
    case 5:
        scry_session_redo(s);
        break;
    default:
        scry_session_toggle(s, &latent, 1);
    }
}

static bool same(scry_session *a, scry_session *b) {
    const scry_ranking *r = scry_session_ranking(a), *q = scry_session_ranking(b);
    const scry_ranking *rb = scry_session_ranking_before(a), *qb = scry_session_ranking_before(b);
    const scry_scope *v = scry_session_scope(a), *w = scry_session_scope(b);
    double rho[2] = {scry_session_result(a)->fit.pearson, scry_session_result(b)->fit.pearson};
    return r->train == q->train && r->source == q->source && r->metric == q->metric && v->train == r->train &&
           w->train == v->train && !rb == !qb && (!rb || (rb->train == qb->train && rb->source == qb->source)) &&
           strcmp(scry_session_scope_spec(a), scry_session_scope_spec(b)) == 0 &&
           scry_set_equal(scry_session_set(a), scry_session_set(b)) && memcmp(rho, rho + 1, sizeof *rho) == 0;
}

static bool comes_back(const scry_index *x, scry_session *s, size_t train) {
    char *text = NULL;
    size_t length;
    scry_error err = {0};
    FILE *f = open_memstream(&text, &length);
    scry_session_write(s, f);
    fclose(f);
    scry_session *t = begin(x, train);
    f = fmemopen(text, length, "r");
    bool ok = scry_session_read(t, f, &err) && same(s, t);
    fclose(f);
    while (ok && scry_session_undo(s)) {
        ok = scry_session_undo(t);
        const scry_ranking *r = scry_session_ranking(s), *q = scry_session_ranking(t);
        ok = ok && r->train == q->train && r->source == q->source && scry_session_scope(s)->train == r->train &&
             strcmp(scry_session_scope_spec(s), scry_session_scope_spec(t)) == 0 &&
             scry_set_equal(scry_session_set(s), scry_session_set(t));
    }
    if (!ok) printf("# %s\n%.1500s\n", err.text, text);
    while (scry_session_redo(s)) continue;
    scry_session_free(t);
    free(text);
    return ok;
}

static void test_file(const scry_index *x) {
    uint64_t seed = 5;
    scry_session *s = begin(x, 0);
    size_t right = 0, tried = 0, others = 0;
    for (int i = 0; i < 600; i++) {
        step_at_random(s, &seed);
        if (i % 6) continue;
        others += scry_session_ranking(s)->train;
        right += comes_back(x, s, (size_t)(i / 6 % 2));
        tried++;
    }
    check(right == tried && others > tried / 5, "%zu of %zu sessions come back, %zu of them on the second set", right,
          tried, others);
    scry_session_free(s);
}

/* ---- the explorer ---- */

static void says(app *a, const char *line, const char *words) {
    app_command(a, line);
    app_draw(a);
    check(strstr(a->message, words) != NULL, "%s: says \"%s\", expected \"%s\"", line, a->message, words);
}

static bool title_has(app *a, const char *words) {
    char line[200] = "";
    for (int x = 0; x < a->grid->cols; x++) {
        uint32_t c = a->grid->cells[x].code[0];
        line[x] = c > 0 && c < 128 ? (char)c : ' ';
    }
    return strstr(line, words) != NULL;
}

static void test_explorer(app *a) {
    says(a, "by-trained", "by sft sq");
    says(a, "train-set other", "other, ranked by icl, as it has no sft: 100 latents");
    check(title_has(a, "other -> 7 domains"), "the title shows it");
    check(a->tab->table->order.rows &&
              order_at(&a->tab->table->order, 0) == scry_session_ranking(a->tab->session)->order[0],
          "the rows are sorted anew");
    says(a, "undo", "undone: training set math");
    check(title_has(a, "math -> 7 domains"), "and the title again");
    says(a, "redo", "redone: training set other");
    says(a, "train-set", "math, ranked by icl");
    says(a, "train-set oth", "other, ranked by icl");
    says(a, "train-set otter", "no training set \"otter\"; did you mean other?");
    says(a, "train-set xyzzyx", "no training set \"xyzzyx\"; expected math, other");
    says(a, "train-set other", "nothing changed");
    completion c;
    completion_find(a, "[TRAIN]", "o", 1, &c);
    check(c.count >= 1 && strcmp(c.candidate[0].text, "other") == 0, "its name is completed");
}

static void test_kept(app *a) {
    const char *path = scratch("kept.session");
    autosave_begin(a, a->tab, path);
    says(a, "top 70", "N 70");
    autosave_save(a, true);
    scry_index *x = scry_open(scratch("two.scry"), true, NULL);
    app *b = app_new(x, begin(x, 0), 24, 80, false, false);
    autosave_begin(b, b->tab, path);
    check(autosave_restore(b, b->tab), "the session is there again: %s", b->message);
    app_draw(b);
    check(same(a->tab->session, b->tab->session) && title_has(b, "other -> 7 domains") &&
              scry_session_n(b->tab->session) == 70,
          "on the training set on which it was left");
    app_free(b);
}

int main(void) {
    scry_index *x = open_study();
    test_steps(x);
    test_file(x);
    app *a = app_new(x, begin(x, 0), 24, 80, false, false);
    test_explorer(a);
    test_kept(a);
    app_free(a);
    return check_end();
}
