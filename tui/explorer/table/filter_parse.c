/* filter_parse.c: reads the language of the table's filter. */
#include "base/mem.h"
#include "explorer/table/column_table.h"
#include "explorer/table/filter_program.h"
#include "text/suggest.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct reader {
    app *a;
    const char *text;
    size_t at;
    int nested;
    filter *f;
    filter_error *err;
} reader;

static bool wrong(reader *r, size_t at, size_t length, const char *format, ...) __attribute__((format(printf, 4, 5)));
static bool read_any(reader *r);

static bool wrong(reader *r, size_t at, size_t length, const char *format, ...) {
    va_list args;
    va_start(args, format);
    r->err->at = at;
    r->err->length = length ? length : 1;
    vsnprintf(r->err->text, sizeof r->err->text, format, args);
    va_end(args);
    return false;
}

static bool add(reader *r, filter_step step) {
    if (r->f->steps == STEPS_MOST) return wrong(r, r->at, 1, "too many terms; at most %d", STEPS_MOST / 2);
    r->f->step[r->f->steps++] = step;
    return true;
}

enum { WORD_MOST = 96 };

typedef struct word {
    size_t at, length; /* with its quotes */
    bool quoted;
    char text[WORD_MOST];
} word;

static void past_blanks(reader *r) {
    while (r->text[r->at] == ' ' || r->text[r->at] == '\t') r->at++;
}

static bool is_sign(char c) {
    return strchr(" \t()|,<>=~!:\"", c) != NULL; /* the end of the text too */
}

/* "words with blanks", or all up to a sign; empty where there is none. */
static bool read_word(reader *r, word *w, const char *also) {
    *w = (word){.at = r->at};
    size_t n = 0;
    if (r->text[r->at] == '"') {
        w->quoted = true;
        for (r->at++; r->text[r->at] && r->text[r->at] != '"'; r->at++)
            if (n + 1 < WORD_MOST) w->text[n++] = r->text[r->at];
        if (!r->text[r->at]) return wrong(r, w->at, r->at - w->at, "the quote is not closed");
        r->at++;
    } else {
        for (; !is_sign(r->text[r->at]) || (r->text[r->at] && strchr(also, r->text[r->at])); r->at++)
            if (n + 1 < WORD_MOST) w->text[n++] = r->text[r->at];
    }
    w->text[n] = 0;
    w->length = r->at - w->at;
    if (w->length > WORD_MOST) return wrong(r, w->at, w->length, "longer than %d bytes", WORD_MOST - 1);
    return true;
}

/* <  <=  >  >=  =  != */
static bool read_comparison(reader *r, comparison *how) {
    const char *at = r->text + r->at;
    bool equal = at[0] && at[1] == '=';
    if (at[0] == '<') *how = equal ? AT_MOST : LESS;
    else if (at[0] == '>') *how = equal ? AT_LEAST : MORE;
    else if (at[0] == '=') *how = EQUAL, equal = false;
    else if (at[0] == '!' && equal) *how = UNEQUAL;
    else return false;
    r->at += equal ? 2 : 1;
    return true;
}

static bool read_number(reader *r, const char *after, double *value) {
    size_t length = strspn(r->text + r->at, "+-.0123456789eE");
    char digits[64], *end = digits;
    snprintf(digits, sizeof digits, "%.*s", (int)(length < 60 ? length : 60), r->text + r->at);
    *value = strtod(digits, &end);
    size_t used = (size_t)(end - digits);
    if (!used || !isfinite(*value))
        return wrong(r, r->at, length ? length : strcspn(r->text + r->at, " "), "expected a number after %s", after);
    r->at += used;
    if (r->text[r->at] == '%') {
        *value /= 100;
        r->at++;
    }
    if (!is_sign(r->text[r->at])) return wrong(r, r->at, 1, "expected a blank after the number");
    return true;
}

static const char *const texts[] = {"label", "token"};

enum { NAMES_MOST = COLUMNS_MOST + 16 };

/* All that can stand before a sign, each once. */
static int all_names(const char *names[NAMES_MOST]) {
    int n = column_names(names);
    for (int i = 0; i < flag_count; i++)
        if (column_find(flags[i].name) < 0) names[n++] = flags[i].name;
    for (int i = 0; i < domain_measure_count; i++)
        if (column_find(domain_measures[i].name) < 0) names[n++] = domain_measures[i].name;
    names[n++] = "token";
    return n;
}

static const char *nearest_name(const char *name) {
    const char *names[NAMES_MOST];
    return suggest_nearest(name, names, (size_t)all_names(names));
}

bool filter_is_unfinished(const char *text, char *list, size_t size) {
    const char *names[NAMES_MOST], *last = text + strlen(text);
    while (last > text && !is_sign(last[-1])) last--;
    size_t length = strlen(last), used = 0;
    int n = all_names(names);
    bool after = last > text && strchr("<>=~:\"", last[-1]);
    list[0] = 0;
    for (int i = 0; i < n && length && !after; i++)
        if (strncmp(names[i], last, length) == 0 && used < size)
            used += (size_t)snprintf(list + used, size - used, "%s%s", used ? "  " : "", names[i]);
    return used > 0;
}

static bool no_such(reader *r, const word *w) {
    const char *near = nearest_name(w->text);
    return wrong(r, w->at, w->length, "no column \"%s\"%s%s%s", w->text,
                 near ? "; did you mean " : "; :help lists them", near ? near : "", near ? "?" : "");
}

static bool add_text(reader *r, text_kind kind, const char *needle) {
    filter *f = r->f;
    if (f->texts == TEXTS_MOST) return wrong(r, r->at, 1, "more than %d texts", TEXTS_MOST);
    f->text[f->texts].kind = kind;
    if (kind == TEXT_SHOWN || kind == TEXT_LABEL) f->on |= ON_LABELS;
    snprintf(f->text[f->texts].needle, NEEDLE_MOST, "%s", needle);
    return add(r, (filter_step){.kind = TEXT_IS, .number = f->texts++});
}

/* label~x  label!~x  label=x  label!=x */
static bool read_text_term(reader *r, bool token) {
    bool negated = r->text[r->at] == '!';
    r->at += negated;
    char sign = r->text[r->at];
    if (sign != '~' && sign != '=') return wrong(r, r->at, 1, "expected ~ or = after %s", texts[token]);
    r->at++;
    word w;
    if (!read_word(r, &w, ":!<>=~")) return false;
    if (!w.text[0]) return wrong(r, r->at, 1, "expected a text after %s%c", texts[token], sign);
    text_kind kind = token ? (sign == '~' ? TEXT_TOKEN : TEXT_TOKEN_IS) : (sign == '~' ? TEXT_SHOWN : TEXT_LABEL);
    return add_text(r, kind, w.text) && (!negated || add(r, (filter_step){.kind = NOT}));
}

static bool read_flag(reader *r, int i) {
    static const char *const answers[] = {"yes", "no"};
    word w;
    r->at++;
    if (!read_word(r, &w, "")) return false;
    bool yes = strcasecmp(w.text, "yes") == 0;
    if (!yes && strcasecmp(w.text, "no") != 0)
        return wrong(r, w.at, w.length, "%s:%s: expected yes or no%s%s", flags[i].name, w.text,
                     suggest_nearest(w.text, answers, 2) ? "; nearest is " : "",
                     suggest_nearest(w.text, answers, 2) ? suggest_nearest(w.text, answers, 2) : "");
    r->f->on |= flags[i].on;
    return add(r, (filter_step){.kind = FLAG_IS, .number = i}) && (yes || add(r, (filter_step){.kind = NOT}));
}

/* 3,17,90-120: a comma goes on with the list where a digit follows. */
static bool read_list(reader *r, int column) {
    filter *f = r->f;
    filter_step step = {.kind = COLUMN_AMONG, .number = column, .first = f->ranges};
    do {
        r->at++;
        char *end;
        if (!isdigit((unsigned char)r->text[r->at]))
            return wrong(r, r->at, 1, "expected numbers such as 3,17,90-120 after %s:", columns[column].name);
        if (f->ranges == RANGES_MOST) return wrong(r, r->at, 1, "more than %d ranges", RANGES_MOST);
        filter_range range = {.low = (double)strtoull(r->text + r->at, &end, 10)};
        size_t first = r->at;
        range.high = range.low;
        if (*end == '-') {
            if (!isdigit((unsigned char)end[1]))
                return wrong(r, (size_t)(end + 1 - r->text), 1, "expected the range's last number");
            range.high = (double)strtoull(end + 1, &end, 10);
        }
        r->at = (size_t)(end - r->text);
        if (range.high < range.low) return wrong(r, first, r->at - first, "the range ends before it begins");
        f->range[f->ranges++] = range;
        step.count++;
    } while (r->text[r->at] == ',' && isdigit((unsigned char)r->text[r->at + 1]));
    if (!is_sign(r->text[r->at])) return wrong(r, r->at, 1, "expected a comma or a blank after the number");
    return add(r, step);
}

/* A place for values that take their time; the same measure twice is looked for once. */
static bool add_slow(reader *r, int measure, filter_step *step) {
    filter *f = r->f;
    for (step->slow = 0; step->slow < f->slows; step->slow++)
        if (f->slow[step->slow].measure == measure && f->slow[step->slow].domain == step->domain) return true;
    if (f->slows == SLOW_MOST)
        return wrong(r, r->at, 1, "%s of more than %d domains", domain_measures[measure].name, SLOW_MOST);
    f->slow[f->slows].measure = measure;
    f->slow[f->slows++].domain = step->domain;
    return true;
}

static bool read_domain_term(reader *r, int measure) {
    word w;
    r->at++;
    if (!read_word(r, &w, "")) return false;
    const scry_info *info = r->a->tab->info;
    if (!info->domains) return wrong(r, r->at, 1, "this study has no domains");
    filter_step step = {.kind = DOMAIN_IS, .number = measure, .domain = info->domains, .slow = -1};
    const char **names = mem_new(info->domains, sizeof *names);
    for (size_t d = 0; d < info->domains; d++) {
        names[d] = info->domain[d].name;
        if (strcmp(names[d], w.text) == 0) step.domain = d;
    }
    const char *near = w.text[0] ? suggest_nearest(w.text, names, info->domains) : NULL;
    free(names);
    if (step.domain == info->domains)
        return wrong(r, w.at, w.length, "no domain \"%s\"; %s %s", w.text, near ? "did you mean" : "one is",
                     near ? near : info->domain[0].name);
    if (!read_comparison(r, &step.how))
        return wrong(r, r->at, 1, "expected < <= > >= = or != after %s:%s", domain_measures[measure].name, w.text);
    r->f->on |= domain_measures[measure].on;
    if (domain_measures[measure].slow && !add_slow(r, measure, &step)) return false;
    return read_number(r, domain_measures[measure].name, &step.value) && add(r, step);
}

static bool read_column_term(reader *r, int column) {
    filter_step step = {.kind = COLUMN_IS, .number = column};
    r->f->on |= columns[column].on;
    if (r->text[r->at] == ':') return read_list(r, column);
    if (!read_comparison(r, &step.how))
        return wrong(r, r->at, 1, "expected < <= > >= = != or : after %s", columns[column].name);
    return read_number(r, columns[column].name, &step.value) && add(r, step);
}

/* A name and what follows it; or a text alone. */
static bool read_named(reader *r) {
    word w;
    if (!read_word(r, &w, "")) return false;
    char sign = r->text[r->at], next = sign ? r->text[r->at + 1] : 0;
    bool follows = !w.quoted && sign && (strchr("<>=~:", sign) || (sign == '!' && next && strchr("=~", next)));
    if (!follows && !w.quoted && (column_find(w.text) >= 0 || flag_find(w.text) >= 0 || measure_find(w.text) >= 0))
        return wrong(r, r->at, 1, "%s needs %s", w.text,
                     flag_find(w.text) >= 0      ? ":yes or :no"
                     : measure_find(w.text) >= 0 ? ":DOMAIN"
                                                 : "< > = or ~");
    if (!follows) {
        if (!w.text[0]) return wrong(r, r->at, 1, sign ? "expected a term before %c" : "expected a term", sign);
        return add_text(r, TEXT_SHOWN, w.text);
    }
    int column = column_find(w.text), flag = flag_find(w.text), measure = measure_find(w.text);
    if (strcmp(w.text, "label") == 0 || strcmp(w.text, "token") == 0) return read_text_term(r, w.text[0] == 't');
    if (sign == ':' && flag >= 0) return read_flag(r, flag);
    if (sign == ':' && measure >= 0) return read_domain_term(r, measure);
    if (flag >= 0) return wrong(r, r->at, 1, "expected %s:yes or %s:no", w.text, w.text);
    if (column >= 0 && columns[column].values && sign != '~' && next != '~') return read_column_term(r, column);
    if (column >= 0) return wrong(r, r->at, 1, "%s holds numbers; expected < <= > >= = or !=", w.text);
    if (measure >= 0 && !r->a->tab->info->domains) return wrong(r, r->at, 1, "this study has no domains");
    if (measure >= 0)
        return wrong(r, r->at, 1, "expected a domain: %s:%s>1%%", w.text, r->a->tab->info->domain[0].name);
    return no_such(r, &w);
}

static bool read_term(reader *r) {
    past_blanks(r);
    char c = r->text[r->at];
    if (c != '!' && c != '(') return read_named(r);
    if (++r->nested > NESTED_MOST) return wrong(r, r->at, 1, "nested more than %d deep", NESTED_MOST);
    size_t open = r->at++;
    bool ok;
    if (c == '!') {
        ok = read_term(r) && add(r, (filter_step){.kind = NOT});
    } else {
        ok = read_any(r);
        if (ok && r->text[r->at] != ')') ok = wrong(r, open, 1, "the parenthesis is not closed");
        r->at += ok;
    }
    r->nested--;
    return ok;
}

static bool read_clause(reader *r) {
    if (!read_term(r)) return false;
    for (past_blanks(r); r->text[r->at] == ','; past_blanks(r)) {
        r->at++;
        if (!read_term(r) || !add(r, (filter_step){.kind = EITHER})) return false;
    }
    return true;
}

static bool read_all(reader *r) {
    if (!read_clause(r)) return false;
    for (past_blanks(r); r->text[r->at] && r->text[r->at] != '|' && r->text[r->at] != ')'; past_blanks(r))
        if (!read_clause(r) || !add(r, (filter_step){.kind = BOTH})) return false;
    return true;
}

static bool read_any(reader *r) {
    if (!read_all(r)) return false;
    for (past_blanks(r); r->text[r->at] == '|'; past_blanks(r)) {
        r->at++;
        if (!read_all(r) || !add(r, (filter_step){.kind = EITHER})) return false;
    }
    return true;
}

filter *filter_read(app *a, const char *text, filter_error *err) {
    reader r = {.a = a, .text = text, .f = mem_new(1, sizeof *r.f), .err = err};
    r.f->index = a->tab->index;
    past_blanks(&r);
    if (!text[r.at]) return r.f;
    bool ok = read_any(&r);
    if (ok && text[r.at]) ok = wrong(&r, r.at, 1, "\"%c\" closes nothing", text[r.at]);
    if (ok) return r.f;
    filter_free(r.f);
    return NULL;
}
