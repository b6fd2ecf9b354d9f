/* test_sets.c: set expressions against one bool for each latent, and the file of named sets. */
#include "check.h"
#include "sample.h"
#include "sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { F = 131, NAMED = 4, DEEP = 5 };

static uint64_t seed = 5;
static uint32_t draw(uint32_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % below);
}

static bool named[NAMED][F];
static const char *const names[NAMED] = {"a", "core", "_x.9", "Noise"};

static bool lookup(const void *context, const char *name, scry_set *out) {
    (void)context;
    for (int i = 0; i < NAMED; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        for (uint32_t j = 0; j < F; j++) scry_set_put(out, j, named[i][j]);
        return true;
    }
    return false;
}

/* A random expression as text, and what it means, latent by latent. Always in brackets, so that the
 * twin needs no rule of precedence. */
static size_t random_one(char *text, bool *in, int depth) {
    bool right[F];
    uint32_t kind = depth ? draw(7) : draw(3);
    if (kind == 0) {
        uint32_t i = draw(NAMED);
        memcpy(in, named[i], F);
        return (size_t)sprintf(text, "%s", names[i]);
    }
    if (kind == 1) {
        uint32_t from = draw(F), to = from + draw(F - from), one = draw(F);
        for (uint32_t j = 0; j < F; j++) in[j] = (j >= from && j <= to) || j == one;
        return (size_t)sprintf(text, "%u-%u,%u", from, to, one);
    }
    if (kind == 2) {
        bool all = draw(2);
        memset(in, all, F);
        return (size_t)sprintf(text, "%s", all ? "all" : "none");
    }
    if (kind == 3) {
        size_t n = (size_t)sprintf(text, draw(2) ? "!" : "! ");
        n += random_one(text + n, in, depth - 1);
        for (uint32_t j = 0; j < F; j++) in[j] = !in[j];
        return n;
    }
    static const char *const ops[] = {" + ", "|", " - ", "&"};
    uint32_t op = draw(4);
    size_t n = (size_t)sprintf(text, "(");
    n += random_one(text + n, in, depth - 1);
    n += (size_t)sprintf(text + n, "%s", ops[op]);
    n += random_one(text + n, right, depth - 1);
    for (uint32_t j = 0; j < F; j++)
        in[j] = op < 2 ? in[j] || right[j] : op == 2 ? in[j] && !right[j] : in[j] && right[j];
    return n + (size_t)sprintf(text + n, ")");
}

static bool equal(const scry_set *set, const bool *in) {
    uint32_t count = 0;
    for (uint32_t j = 0; j < F; j++) {
        if (scry_set_has(set, j) != in[j]) return false;
        count += in[j];
    }
    return set->count == count;
}

static void random_expressions(void) {
    size_t right = 0, listed = 0;
    static char text[1 << 16];
    for (int i = 0; i < 4000; i++) {
        bool in[F];
        scry_error err = {0};
        random_one(text, in, DEEP);
        scry_set *set = scry_set_expression(text, F, lookup, NULL, &err);
        if (!set || !equal(set, in)) {
            check(false, "%s: %s", text, set ? "found another set" : err.text);
            return;
        }
        right++;
        char *list = scry_set_text(set);
        scry_set *back = scry_set_new(F);
        listed += scry_set_list(back, list, true, &err) && scry_set_equal(set, back);
        scry_set_free(back);
        free(list);
        scry_set_free(set);
    }
    check_is(right, 4000, "random expressions mean what they say");
    check_is(listed, 4000, "their latents as text are read back");
}

static void precedence(void) {
    static const struct {
        const char *text, *same;
    } pairs[] = {{"a + core & Noise", "a + (core & Noise)"},
                 {"a - core - Noise", "(a - core) - Noise"},
                 {"!a & core", "(!a) & core"},
                 {"a-core", "a - core"},
                 {"5 - 3", "5 & !3"},
                 {"3,17,90-120&90-95", "90-95"},
                 {"  a\t", "a"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        scry_error err = {0};
        scry_set *x = scry_set_expression(pairs[i].text, F, lookup, NULL, &err);
        scry_set *y = scry_set_expression(pairs[i].same, F, lookup, NULL, &err);
        check(x && y && scry_set_equal(x, y), "\"%s\" is \"%s\" %s", pairs[i].text, pairs[i].same, err.text);
        scry_set_free(x);
        scry_set_free(y);
    }
}

static void refused(void) {
    static const char *const texts[][2] = {
        {"", "at its end"},        {"a +", "at its end"},     {"a core", "column 3"},
        {"(a", "closing bracket"}, {"a)", "column 2"},        {"nobody", "no set \"nobody\""},
        {"131", "does not exist"}, {"9-3", "runs backwards"}, {"a ^ core", "found \"^ core\""},
        {"& a", "column 1"},       {"!!", "at its end"},      {"\x1b[31m", "column 1"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scry_error err = {0};
        scry_set *set = scry_set_expression(texts[i][0], F, lookup, NULL, &err);
        check(!set && err.status == 2 && strstr(err.text, texts[i][1]), "\"%s\" is refused: %s", texts[i][0], err.text);
        scry_set_free(set);
    }
    char deep[400];
    memset(deep, '(', 300);
    deep[300] = 0;
    scry_error err = {0};
    check(!scry_set_expression(deep, F, lookup, NULL, &err), "300 brackets: %s", err.text);
    for (int i = 0; i < 20000; i++) {
        static const char letters[] = "a c!&|+-(),0123 _.all";
        char text[24];
        uint32_t n = draw(23);
        for (uint32_t k = 0; k < n; k++) text[k] = letters[draw(sizeof letters - 1)];
        text[n] = 0;
        scry_error why = {0};
        scry_set *set = scry_set_expression(text, F, lookup, NULL, &why);
        if (!set && !why.text[0]) check(false, "\"%s\" is refused without a word", text);
        scry_set_free(set);
    }
}

static void relation(void) {
    scry_error err = {0};
    scry_set *a = scry_set_expression("0-9", F, NULL, NULL, &err),
             *b = scry_set_expression("5-24", F, NULL, NULL, &err);
    scry_set_relation r = scry_set_relate(a, b);
    check(r.a == 10 && r.b == 20 && r.both == 5 && r.only_a == 5 && r.only_b == 15, "how two sets lie to each other");
    check_near(r.jaccard, 5.0 / 25, 1e-15, "their Jaccard index");
    scry_set_free(a);
    scry_set_free(b);
}

/* ---- the file ------------------------------------------------------------------------------- */

static void kept(const char *path) {
    scry_error err = {0};
    scry_index *x = scry_open(path, true, &err);
    scry_named_sets *s = x ? scry_named_sets_open(x, &err) : NULL;
    if (!check(s && s->count == 0, "no sets at first %s", err.text)) return;
    scry_set *set = scry_set_new(s->latents);
    scry_set_list(set, "3,17,90-120", true, NULL);
    check(scry_named_sets_save(s, "core", set, &err), "a set is kept %s", err.text);
    scry_set_list(set, "17", false, NULL);
    check(scry_named_sets_save(s, "less", set, &err) && scry_named_sets_save(s, "core", set, &err),
          "one is replaced %s", err.text);
    scry_named_sets_free(s);
    s = scry_named_sets_open(x, &err);
    check(s && s->count == 2 && strcmp(s->item[0].name, "core") == 0 && scry_set_equal(s->item[0].set, set),
          "both are there again %s", err.text);
    scry_error other_err = {0};
    scry_named_sets *other = scry_named_sets_open(x, &other_err);
    check(other && scry_named_sets_save(other, "theirs", set, &other_err), "another explorer keeps one %s",
          other_err.text);
    check(s && scry_named_sets_save(s, "ours", set, &err) && scry_named_sets_find(s, "theirs") &&
              scry_named_sets_find(s, "core"),
          "what another kept meanwhile stays");
    check(other && scry_named_sets_delete(other, "theirs", &other_err) && scry_named_sets_find(other, "ours"),
          "and ours stays");
    scry_named_sets_free(other);
    check(s && scry_named_sets_delete(s, "ours", &err) && !scry_named_sets_find(s, "theirs"),
          "what was dropped there is gone here");
    check(s && scry_named_sets_delete(s, "core", &err) && s->count == 1 && !scry_named_sets_find(s, "core"),
          "one is forgotten");
    check(s && !scry_named_sets_delete(s, "core", &err), "not twice: %s", err.text);
    static const char *const bad[] = {"",    "9a",      "a b", "top",      "top50",
                                      "all", "current", "a-b", "\xc3\xa9", "a123456789012345678901234567890123456789"};
    for (size_t i = 0; s && i < sizeof bad / sizeof *bad; i++) {
        scry_error why = {0};
        check(!scry_named_sets_save(s, bad[i], set, &why) && why.status == 2, "name refused: %s", why.text);
    }
    check(s && scry_named_sets_save(s, "topic", set, &err), "a name that only begins with top %s", err.text);
    scry_named_sets_free(s);
    scry_set_free(set);
    scry_close(x);
}

static void damaged(const char *path, const char *file) {
    static const char *const texts[][2] = {
        {"", "scry_sets"},
        {"[]", "scry_sets"},
        {"{\"scry_sets\": 2}", "scry_sets"},
        {"{\"scry_sets\": 1, \"d_sae\": 7, \"sets\": []}", "found 7, expected 2048"},
        {"{\"scry_sets\": 1, \"d_sae\": 2048, \"sets\": [{\"name\": 3}]}", "sets[0]"},
        {"{\"scry_sets\": 1, \"d_sae\": 2048, \"sets\": [{\"name\": \"a\", \"latents\": \"9999\"}]}",
         "sets[0].latents"},
        {"{\"scry_sets\": 1, \"d_sae\": 2048, \"sets\": [{\"name\": \"a b\", \"latents\": \"9\"}]}", "a b"},
    };
    scry_error err = {0};
    scry_index *x = scry_open(path, true, &err);
    for (size_t i = 0; x && i < sizeof texts / sizeof *texts; i++) {
        FILE *f = fopen(file, "we");
        if (f) fputs(texts[i][0], f), fclose(f);
        scry_error why = {0};
        scry_named_sets *s = scry_named_sets_open(x, &why);
        check(!s && strstr(why.text, texts[i][1]), "damaged: %s", why.text);
        scry_named_sets_free(s);
    }
    scry_close(x);
}

int main(void) {
    for (int i = 0; i < NAMED; i++)
        for (uint32_t j = 0; j < F; j++) named[i][j] = draw(3) == 0;
    random_expressions();
    precedence();
    refused();
    relation();
    const char *path = sample_index();
    kept(path);
    damaged(path, scratch("sample.sets.json"));
    return check_end();
}
