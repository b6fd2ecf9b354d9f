/* test_tui_filter.c: the filter language against an evaluator that walks its own expression tree latent by latent;
 * errors and where they point; arbitrary text. */
#include "base/clock.h"
#include "table_fixture.h"

#include "explorer/table/filter.h"
#include "explorer/table/column_table.h"

#include <math.h>

/* ---- the slow side -------------------------------------------------------------------------- */

typedef struct facts {
    app *a;
    const scry_index *index;
    const scry_session *session;
    const scry_ranking *now, *before;
} facts;

static bool holds(const char *text, const char *needle) {
    char low[2][256];
    for (int k = 0; k < 2; k++) {
        size_t i = 0;
        for (const char *c = k ? needle : text; *c && i < 255; c++)
            low[k][i++] = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        low[k][i] = 0;
    }
    return strstr(low[0], low[1]) != NULL;
}

static bool token_holds(const facts *f, uint32_t j, const char *needle) {
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        const char *piece = scry_key_piece(f->index, j, k);
        if (piece && holds(piece, needle)) return true;
    }
    return false;
}

/* A term: how it is written, and whether it is so. */
typedef struct term {
    char text[64];
    int kind;
    double limit;
    uint32_t low, high;
    const char *word;
} term;

enum {
    SHIFT,
    SHARE,
    RANK,
    RATE,
    MEAN,
    WHAT_IF,
    STEP,
    MOVED,
    LIST,
    LABEL,
    NOT_LABEL,
    TOKEN,
    IN,
    OUT,
    MARKED,
    NAMED,
    NEW,
    FIRES,
    BARE,
    TERMS
};

static bool is_so(const facts *f, const term *t, uint32_t j) {
    float what_if;
    switch (t->kind) {
    case SHIFT:
        return f->now->shift[j] > t->limit;
    case SHARE:
        return fabs(f->now->shift[j]) / f->now->total >= t->limit;
    case RANK:
        return f->now->rank[j] + 1 <= t->limit;
    case RATE:
        return scry_rate_base(f->index, 0, f->now->source, j) < t->limit;
    case MEAN:
        return scry_shift(f->index, 0, f->now->source, SCRY_MEAN)[j] < t->limit;
    case WHAT_IF:
    case STEP:
        scry_what_if(f->index, scry_session_scorer(f->session), scry_session_set(f->session),
                     scry_session_scope(f->session), &j, 1, &what_if);
        if (t->kind == WHAT_IF) return (double)what_if > t->limit;
        return (double)what_if - scry_session_result(f->a->tab->session)->fit.pearson > t->limit;
    case MOVED:
        return f->before && (double)f->before->rank[j] - f->now->rank[j] >= t->limit;
    case LIST:
        return j == 3 || (j >= t->low && j <= t->high);
    case LABEL:
    case BARE:
        return scry_label(f->index, j) ? holds(scry_label(f->index, j), t->word) : token_holds(f, j, t->word);
    case NOT_LABEL:
        return !(scry_label(f->index, j) ? holds(scry_label(f->index, j), t->word) : token_holds(f, j, t->word));
    case TOKEN:
        return token_holds(f, j, t->word);
    case IN:
        return scry_set_has(scry_session_set(f->session), j);
    case OUT:
        return !scry_set_has(scry_session_set(f->session), j);
    case MARKED:
        return scry_set_has(f->a->tab->table->marks, j);
    case NAMED:
        return scry_label(f->index, j) != NULL;
    case NEW:
        return f->before && f->now->rank[j] < scry_session_n(f->session) &&
               f->before->rank[j] >= scry_session_n(f->session);
    default:
        return scry_domain_rate(f->index, j, 1) > t->limit;
    }
}

static term make_term(const facts *f, uint64_t *seed) {
    static const char *const words[] = {"rank", "SUM", "1", "planted", "cell", "zzz", "icl"};
    uint32_t j = roll_below(seed, f->now->latents);
    term t = {.kind = (int)roll_below(seed, TERMS), .word = words[roll_below(seed, 7)]};
    switch (t.kind) {
    case SHIFT:
        t.limit = f->now->shift[j];
        snprintf(t.text, sizeof t.text, "shift>%.17g", t.limit);
        break;
    case SHARE:
        t.limit = (double)(roll_below(seed, 20) + 1) / 100;
        snprintf(t.text, sizeof t.text, "share>=%.0f%%", 100 * t.limit);
        break;
    case RANK:
        t.limit = roll_below(seed, f->now->latents);
        snprintf(t.text, sizeof t.text, "rank<=%.0f", t.limit);
        break;
    case RATE:
        t.limit = scry_rate_base(f->index, 0, f->now->source, j);
        snprintf(t.text, sizeof t.text, "rate<%.17g", t.limit);
        break;
    case MEAN:
        snprintf(t.text, sizeof t.text, "mean<%.17g", t.limit = scry_shift(f->index, 0, f->now->source, SCRY_MEAN)[j]);
        break;
    case WHAT_IF:
        snprintf(t.text, sizeof t.text, "what-if>.7");
        t.limit = 0.7;
        break;
    case STEP:
        snprintf(t.text, sizeof t.text, "step>0");
        break;
    case MOVED:
        snprintf(t.text, sizeof t.text, "moved>=1e1");
        t.limit = 10;
        break;
    case LIST:
        t.low = j;
        t.high = j + roll_below(seed, 400);
        snprintf(t.text, sizeof t.text, "latent:3,%u-%u", t.low, t.high);
        break;
    case LABEL:
        snprintf(t.text, sizeof t.text, "label~%s", t.word);
        break;
    case NOT_LABEL:
        snprintf(t.text, sizeof t.text, "label!~\"%s\"", t.word);
        break;
    case TOKEN:
        snprintf(t.text, sizeof t.text, "token~%s", t.word);
        break;
    case BARE:
        t.word = "planted";
        snprintf(t.text, sizeof t.text, "planted");
        break;
    case FIRES:
        t.limit = 0.01;
        snprintf(t.text, sizeof t.text, "fires:%s>1%%", scry_index_info(f->index)->domain[1].name);
        break;
    default:
        snprintf(t.text, sizeof t.text, "%s",
                 t.kind == IN       ? "in:yes"
                 : t.kind == OUT    ? "in:no"
                 : t.kind == MARKED ? "marked:yes"
                 : t.kind == NAMED  ? "named:yes"
                                    : "new:yes");
    }
    return t;
}

/* Writes a random expression into text and its answers into bits[latents], going down `level`s. level 3: |, 2: blanks,
 * 1: commas, 0: a term. */
static void make_expression(const facts *f, int level, int deep, char *text, size_t size, bool *bits, uint64_t *seed) {
    uint32_t F = f->now->latents;
    if (level == 0) {
        bool negated = !roll_below(seed, 5), nested = deep < 2 && !roll_below(seed, 6);
        snprintf(text, size, "%s%s", negated ? "!" : "", nested ? "(" : "");
        size_t used = strlen(text);
        if (nested) {
            make_expression(f, 3, deep + 1, text + used, size - used - 2, bits, seed);
            strcat(text, ")");
        } else {
            term t = make_term(f, seed);
            snprintf(text + used, size - used, "%s", t.text);
            for (uint32_t j = 0; j < F; j++) bits[j] = is_so(f, &t, j);
        }
        for (uint32_t j = 0; j < F && negated; j++) bits[j] = !bits[j];
        return;
    }
    static const char *const joints[][2] = {{",", " , "}, {" ", "  "}, {" | ", "|"}};
    make_expression(f, level - 1, deep, text, size, bits, seed);
    bool *more = malloc(F);
    while (!roll_below(seed, 3) && strlen(text) + 200 < size) {
        strcat(text, joints[level - 1][roll_below(seed, 2)]);
        size_t used = strlen(text);
        make_expression(f, level - 1, deep, text + used, size - used, more, seed);
        for (uint32_t j = 0; j < F; j++) bits[j] = level == 2 ? bits[j] && more[j] : bits[j] || more[j];
    }
    free(more);
}

static facts facts_of(app *a) {
    return (facts){a, a->tab->index, a->tab->session, scry_session_ranking(a->tab->session),
                   scry_session_ranking_before(a->tab->session)};
}

static void against_slow(app *a, int turns) {
    uint64_t seed = 5;
    size_t wrong = 0, refused = 0, texts = 0;
    bool *bits = malloc(a->tab->info->d_sae);
    filter *before = NULL;
    char shown[2400] = "";
    for (int turn = 0; turn < turns; turn++) {
        facts f = facts_of(a);
        char text[2000];
        filter_error err;
        make_expression(&f, 3, 0, text, sizeof text - 8, bits, &seed);
        filter *made = filter_read(a, text, &err);
        texts += strlen(text) > 20;
        if (!made) { /* only for being long */
            if (!strstr(err.text, "more than") && !strstr(err.text, "too many")) {
                refused++;
                snprintf(shown, sizeof shown, "%s: %s", text, err.text);
            }
            continue;
        }
        while (!filter_prepare(made, a, before, clock_seconds() + 1e-5)) continue;
        uint64_t *found = calloc((a->tab->info->d_sae + 63) / 64, sizeof *found);
        uint32_t count = filter_run(made, a, found), expected = 0;
        bool differ = false;
        for (uint32_t j = 0; j < a->tab->info->d_sae; j++) {
            expected += bits[j];
            differ |= bits[j] != (found[j / 64] >> (j % 64) & 1);
        }
        if (differ || count != expected) {
            wrong++;
            snprintf(shown, sizeof shown, "%s: found %u, expected %u", text, count, expected);
        }
        free(found);
        filter_free(before);
        before = made;
    }
    filter_free(before);
    free(bits);
    check(wrong == 0 && refused == 0 && texts > (size_t)turns / 4,
          "%d random filters pass what plain loops pass; %zu differ, %zu refused %s", turns, wrong, refused, shown);
}

/* ---- errors --------------------------------------------------------------------------------- */

static void errors(app *a) {
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } cases[] = {
        {"labl~law", 0, "label"},
        {"rank<5 shft>1", 7, "shift"},
        {"rank<", 5, "number"},
        {"rank<x", 5, "number"},
        {"rank<5x", 6, "blank"},
        {"rank", 4, "rank"},
        {"rank~law", 4, "numbers"},
        {"sel>3", 3, "sel:yes"},
        {"in>3", 2, "in:yes"},
        {"in:ye", 3, "yes"},
        {"(rank<5", 0, "parenthesis"},
        {"rank<5)", 6, "closes nothing"},
        {"rank<5,", 7, "term"},
        {"|rank<5", 0, "term"},
        {"!", 1, "term"},
        {"label~", 6, "text"},
        {"label=\"law", 6, "quote"},
        {"latent:", 7, "3,17,90-120"},
        {"latent:9-3", 7, "ends before it begins"},
        {"latent:9-", 9, "last"},
        {"fires:domain-9>1", 6, "domain-"},
        {"fires:domain-02", 15, "expected <"},
        {"fires>1%", 5, "domain"},
        {"rank<1e999", 5, "number"},
        {"rank<nan", 5, "number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        filter_error err = {0};
        filter *f = filter_read(a, cases[i].text, &err);
        check(!f && err.at == cases[i].at && strstr(err.text, cases[i].says),
              "%s: at %zu \"%s\"; expected at %zu, \"%s\"", cases[i].text, err.at, f ? "no error" : err.text,
              cases[i].at, cases[i].says);
        filter_free(f);
    }
    filter_error err;
    filter *f = filter_read(a, "  ", &err);
    check(f && filter_is_empty(f), "a blank text lets all pass");
    filter_free(f);
}

/* Every column that has values can be filtered by, and each flag. */
static void every_name(app *a) {
    size_t unread = 0;
    for (int i = 0; i < column_count + flag_count; i++) {
        filter_error err = {0};
        const char *name = i < column_count ? columns[i].name : flags[i - column_count].name;
        bool flag = i >= column_count || flag_find(name) >= 0;
        const char *text = text_of(flag ? "%s:no" : columns[i].values ? "%s>=0" : "%s~a", name);
        filter *f = filter_read(a, text, &err);
        unread += !f;
        filter_free(f);
    }
    check(unread == 0, "all %d columns and %d flags can be filtered by; %zu cannot", column_count, flag_count, unread);
}

static void any_text(app *a, int turns) {
    static const char *const bits[] = {
        "rank", "label", "sel",      "fires:", "domain-01", "<",   ">=",
        "~",    "=",     "!",        "(",      ")",         "|",   ",",
        " ",    "\"",    ":",        "1e3",    "%",         "5-9", "-",
        "yes",  "\xff",  "\xe2\x82", "token",  "latent:",   "\t",  "99999999999999999999",
        "."};
    uint64_t seed = 23, *out = calloc((a->tab->info->d_sae + 63) / 64, sizeof *out);
    size_t read = 0, mute = 0, outside = 0;
    for (int turn = 0; turn < turns; turn++) {
        char text[512] = "";
        for (uint32_t k = roll_below(&seed, 14); k > 0; k--)
            strcat(text, bits[roll_below(&seed, sizeof bits / sizeof *bits)]);
        for (uint32_t k = roll_below(&seed, 3); k > 0 && text[0]; k--)
            text[roll_below(&seed, (uint32_t)strlen(text))] = (char)(1 + roll_below(&seed, 255));
        filter_error err = {0};
        filter *f = filter_read(a, text, &err);
        if (f) {
            read++;
            if (turn % 16 == 0) {
                filter_prepare(f, a, NULL, NO_DEADLINE);
                filter_run(f, a, out);
            }
        } else {
            mute += !err.text[0] || !err.length;
            outside += err.at > strlen(text);
        }
        filter_free(f);
    }
    free(out);
    char deep[400];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    filter_error err = {0};
    check(!filter_read(a, deep, &err) && strstr(err.text, "nested"), "399 parentheses: %s", err.text);
    memset(deep, '!', sizeof deep - 1);
    check(!filter_read(a, deep, &err), "399 exclamation marks: %s", err.text);
    check(read > 100 && mute == 0 && outside == 0,
          "%d texts of any kind: %zu can be read, %zu errors without words, %zu that point outside", turns, read, mute,
          outside);
}

int main(void) {
    app *a = open_table(2600);
    if (!a) return check_end();
    say_command(a, "mark 1-30,77,900-1400");
    say_command(a, "by-trained");
    say_command(a, "toggle 5,60");
    against_slow(a, SANITIZED ? 60 : 300);
    errors(a);
    every_name(a);
    any_text(a, SANITIZED ? 3000 : 20000);
    app_free(a);
    return check_end();
}
