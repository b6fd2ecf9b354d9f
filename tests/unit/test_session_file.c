/* test_session_file.c: a session that is written and read back is the same, with its whole history; truncated or
 * damaged lines are refused or give a valid session, never a crash. */
#include "check.h"
#include "odd_names.h"
#include "sample.h"
#include "session.h"
#include "base/name_list.h"

#include <stdlib.h>
#include <string.h>

static uint64_t seed = 11;
static uint32_t draw(uint32_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % below);
}

static scry_session *fresh(const scry_index *x) {
    scry_error err = {0};
    return scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err);
}

/* One label by hand, or an import of several. */
static void relabel(scry_session *s, uint32_t F) {
    char *const texts[] = {"", "two\nlines, \"quoted\"", "caf\xc3\xa9"};
    scry_relabel changes[5];
    size_t count = draw(2) ? 1 : draw(6);
    for (size_t i = 0; i < count; i++) changes[i] = (scry_relabel){draw(F), texts[draw(3)], texts[draw(3)]};
    scry_session_relabelled(s, changes, count);
}

static void one_step(scry_session *s, uint32_t F) {
    uint32_t few[3] = {draw(F / 3), F / 3 + draw(F / 3), 2 * (F / 3) + draw(F / 3)};
    scry_error err = {0};
    static const char *const scopes[] = {"all", "extremes:4", "law,math,biology,history"};
    switch (draw(10)) {
    case 0:
        scry_session_set_n(s, draw(300));
        break;
    case 1:
        scry_session_rank_by(s, draw(2) ? SCRY_ICL : SCRY_SFT, (scry_metric)draw(SCRY_METRICS), &err);
        break;
    case 2:
        scry_session_undo(s);
        break;
    case 3:
        scry_session_redo(s);
        break;
    case 4:
        scry_session_set_score(s, (scry_score)draw(SCRY_SCORES), &err);
        break;
    case 5:
        scry_session_rescope(s, scopes[draw(3)], draw(2), &err);
        break;
    case 6:
        relabel(s, F);
        break;
    default:
        scry_session_toggle(s, few, 1 + draw(3));
    }
}

static bool same_labels(const scry_relabels *a, const scry_relabels *b) {
    if (!a || !b) return !a && !b;
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        const scry_relabel *one = &a->change[i], *other = &b->change[i];
        same = one->latent == other->latent && strcmp(one->before, other->before) == 0 &&
               strcmp(one->after, other->after) == 0;
    }
    return same;
}

static bool same(scry_session *a, scry_session *b) {
    size_t undo[2], redo[2];
    scry_session_history(a, &undo[0], &redo[0]);
    scry_session_history(b, &undo[1], &redo[1]);
    const scry_result *r = scry_session_result(a), *q = scry_session_result(b);
    return undo[0] == undo[1] && redo[0] == redo[1] && scry_set_equal(scry_session_set(a), scry_session_set(b)) &&
           scry_session_n(a) == scry_session_n(b) && scry_session_score(a) == scry_session_score(b) &&
           scry_session_ranking(a)->source == scry_session_ranking(b)->source &&
           scry_session_ranking(a)->metric == scry_session_ranking(b)->metric &&
           strcmp(scry_session_scope_spec(a), scry_session_scope_spec(b)) == 0 &&
           scry_session_scope(a)->is_signed == scry_session_scope(b)->is_signed &&
           same_labels(scry_session_undoes_labels(a), scry_session_undoes_labels(b)) &&
           same_labels(scry_session_redoes_labels(a), scry_session_redoes_labels(b)) &&
           memcmp(r->sts, q->sts, r->domains * sizeof *r->sts) == 0;
}

static char *written(const scry_session *s, size_t *length) {
    char *text = NULL;
    FILE *f = open_memstream(&text, length);
    scry_session_write(s, f);
    fclose(f);
    return text;
}

static bool read_back(scry_session *s, char *text, size_t length, scry_error *err) {
    FILE *f = fmemopen(text, length, "r");
    bool ok = f && scry_session_read(s, f, err);
    if (f) fclose(f);
    return ok;
}

/* Back to the beginning and forward to the end, step by step, both alike. */
static bool same_history(scry_session *a, scry_session *b) {
    bool ok = true;
    while (ok && scry_session_undo(a)) ok = scry_session_undo(b) && same(a, b);
    while (ok && scry_session_redo(a)) ok = scry_session_redo(b) && same(a, b);
    return ok;
}

static void round_trips(const scry_index *x) {
    uint32_t F = scry_index_info(x)->d_sae;
    size_t equal = 0, tried = 0;
    scry_session *s = fresh(x);
    for (int i = 0; i < 600; i++) {
        one_step(s, F);
        if (i % 40) continue;
        size_t length;
        scry_error err = {0};
        char *text = written(s, &length);
        scry_session *t = fresh(x);
        bool ok = read_back(t, text, length, &err) && same(s, t) && same_history(s, t);
        equal += ok;
        tried++;
        if (!ok) check(false, "after %d steps: %s", i, err.text);
        scry_session_free(t);
        free(text);
    }
    check(equal == tried, "%zu of %zu sessions come back with their history", equal, tried);
    scry_session_free(s);
}

/* Whatever the names of training sets and domains hold. */
static void odd(void) {
    scry_error err = {0};
    scry_index *x = scry_open(odd_index(), true, &err);
    const scry_info *info = scry_index_info(x);
    char *quoted[3];
    for (size_t d = 0; d < 3; d++) quoted[d] = scry_name_list_quote(info->domain[d].name);
    const char *spec = text_of("%s,%s,%s", quoted[0], quoted[1], quoted[2]);
    for (size_t train = 0; train < 2; train++) {
        scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 10, SCRY_ACT, &err);
        scry_session *t = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 10, SCRY_ACT, &err);
        scry_session_set_n(s, 7);
        check(scry_session_rescope(s, spec, true, &err) && scry_session_train_on(s, 1, &err) &&
                  scry_session_rescope(s, "all", true, &err) && (train || scry_session_train_on(s, 0, &err)) &&
                  scry_session_rescope(s, spec, false, &err),
              "steps over odd names %s", err.text);
        size_t length;
        char *text = written(s, &length);
        check(read_back(t, text, length, &err) && same(s, t) && same_history(s, t),
              "odd names, at training set %zu: the session comes back with its history %s", train, err.text);
        free(text);
        scry_session_free(s);
        scry_session_free(t);
    }
    for (size_t d = 0; d < 3; d++) free(quoted[d]);
    scry_close(x);
}

static void damage(const scry_index *x) {
    uint32_t F = scry_index_info(x)->d_sae;
    scry_session *s = fresh(x);
    for (int i = 0; i < 40; i++) one_step(s, F);
    size_t length, refused = 0, taken = 0;
    char *text = written(s, &length), *copy = malloc(length + 1);
    scry_set *before = scry_set_copy(scry_session_set(s));
    bool kept = true;
    for (size_t cut = 0; cut + 1 < length; cut++) {
        scry_error err = {0};
        memcpy(copy, text, length);
        scry_session *t = fresh(x);
        scry_set *set = scry_set_copy(scry_session_set(t));
        /* fmemopen refuses a length of 0 */
        bool ok = cut > 0 && read_back(t, copy, cut, &err);
        refused += !ok;
        bool left = ok || (scry_set_equal(set, scry_session_set(t)) && (cut == 0 || err.text[0]));
        if (!left && kept) check(false, "cut at %zu: \"%s\"", cut, err.text);
        kept = kept && left;
        scry_set_free(set);
        scry_session_free(t);
    }
    check(refused + 1 == length, "cut at each of %zu places: %zu are refused", length - 1, refused);
    check(kept, "what is refused leaves the selection, and says why");
    for (int i = 0; i < 3000; i++) {
        scry_error err = {0};
        memcpy(copy, text, length);
        for (int k = 0; k < 3; k++) copy[draw((uint32_t)length)] = (char)(i % 2 ? draw(256) : '0' + draw(10));
        scry_session *t = fresh(x);
        taken += read_back(t, copy, length, &err);
        scry_session_result(t);
        while (scry_session_undo(t)) {}
        scry_session_free(t);
    }
    check(taken < 3000, "3,000 damaged sessions: %zu are taken, none breaks anything", taken);
    scry_set_free(before);
    free(copy);
    free(text);
    scry_session_free(s);
}

int main(void) {
    scry_error err = {0};
    scry_index *x = scry_open(sample_index(), true, &err);
    if (check(x != NULL, "it opens %s", err.text)) {
        round_trips(x);
        odd();
        damage(x);
        scry_close(x);
    }
    return check_end();
}
