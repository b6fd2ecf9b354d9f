/* session/session_file.c: writes and reads a session's selection, score and history as lines of text.
 *
 *     scry-session 1 LATENTS TRAIN_NAME        the current training set
 *     score act
 *     anchor 3 17 : 0.25 nan                   the latents of the set that abl is anchored at, if any, and each
 *                                              domain's exact difference
 *     scope absolute extremes:4
 *     train TRAIN_NAME                         where the rankings that follow are of another one than those before
 *     start icl sq 100 17:1 90:2              the ranking, N and pins before the first step
 *     step sft sq 100 3:0:2 ...               ranking and N after it, and pins: latent, before, after
 *     from absolute all                        where the step changed the domains: those before it,
 *     to absolute extremes:4                   and those after it
 *     label {"latent":17,"before":"","after":"law"}   where the step changed a label; a line for each
 *     done 12                                  steps in effect; those after them can be redone
 *     before icl sq                            the previous ranking, if any; " of TRAIN_NAME" where that is not the
 *                                              current training set
 *     end
 *
 * A source that is compared with another reference than base is written with it: icl/control.
 *
 * Names of training sets and lists of domains are escaped as in line_escape.h. */
#include "base/escape.h"
#include "base/mem.h"
#include "io/json.h"
#include "session/session_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Only the most recent steps with at most this many changed pins are saved; LABEL_BYTES of labels count as one. */
enum { MAX_PINS = 1 << 20, LABEL_BYTES = 16 };

static void write_key(FILE *f, ranking_key by) {
    fprintf(f, " %s", scry_condition_name(by.source));
    if (by.against != SCRY_AGAINST_BASE) fprintf(f, "/%s", scry_reference_name(by.against));
    fprintf(f, " %s", scry_metric_name(by.metric));
}

static void write_spec(FILE *f, ranking_spec p) {
    write_key(f, p.by);
    fprintf(f, " %" PRIu32, p.n);
}

static void write_train_name(const scry_session *s, FILE *f, size_t train) {
    line_escape(f, scry_index_info(s->index)->train[train].name);
}

/* Where the training set is not *current, which it becomes. */
static void write_train(const scry_session *s, FILE *f, size_t train, size_t *current) {
    if (train == *current) return;
    fprintf(f, "\ntrain ");
    write_train_name(s, f, train);
    *current = train;
}

static void write_scope(FILE *f, const char *keyword, bool is_signed, const char *spec) {
    if (!spec) return;
    fprintf(f, "\n%s %s ", keyword, is_signed ? "signed" : "absolute");
    line_escape(f, spec);
}

static void write_label(FILE *f, const scry_relabel *label) {
    cJSON *record = cJSON_CreateObject();
    cJSON_AddNumberToObject(record, "latent", label->latent);
    cJSON_AddStringToObject(record, "before", label->before);
    cJSON_AddStringToObject(record, "after", label->after);
    char *text = mem_check(cJSON_PrintUnformatted(record));
    fprintf(f, "\nlabel %s", text);
    cJSON_free(text);
    cJSON_Delete(record);
}

static void write_anchor(FILE *f, const scry_anchor *a) {
    fputs("\nanchor", f);
    for (uint32_t j = 0; j < a->set->latents; j++)
        if (scry_set_has(a->set, j)) fprintf(f, " %" PRIu32, j);
    fputs(" :", f);
    for (size_t d = 0; d < a->domains; d++) fprintf(f, " %.17g", a->exact[d]);
}

static size_t size_of(const step *t) {
    size_t bytes = 0;
    for (size_t k = 0; k < t->labels.count; k++)
        bytes += LABEL_BYTES + strlen(t->labels.change[k].before) + strlen(t->labels.change[k].after);
    return t->count + bytes / LABEL_BYTES;
}

/* The oldest step that is saved. */
static size_t first_saved(const scry_session *s) {
    size_t first = s->step_count, pins = 0;
    while (first > 0 && (pins += size_of(&s->steps[first - 1])) <= MAX_PINS) first--;
    return first < s->done ? first : s->done;
}

void scry_session_write(const scry_session *s, FILE *f) {
    size_t first = first_saved(s);
    size_t train = s->spec.by.train;
    ranking_spec start = s->done > first ? s->steps[first].before : s->spec;
    fprintf(f, "scry-session 1 %" PRIu32 " ", s->F);
    write_train_name(s, f, train);
    fprintf(f, "\nscore %s", scry_score_name(s->score));
    if (s->anchor) write_anchor(f, s->anchor);
    write_scope(f, "scope", s->scope.is_signed, s->scope_spec);
    write_train(s, f, start.by.train, &train);
    fprintf(f, "\nstart");
    write_spec(f, start);
    uint8_t *pin = mem_new(s->F, 1);
    memcpy(pin, s->pin, s->F);
    for (size_t i = s->done; i-- > first;)
        for (uint32_t k = 0; k < s->steps[i].count; k++) pin[s->steps[i].pins[k].latent] = s->steps[i].pins[k].before;
    for (uint32_t j = 0; j < s->F; j++)
        if (pin[j]) fprintf(f, " %" PRIu32 ":%d", j, pin[j]);
    free(pin);
    for (size_t i = first; i < s->step_count; i++) {
        const step *t = &s->steps[i];
        write_train(s, f, t->after.by.train, &train);
        fprintf(f, "\nstep");
        write_spec(f, t->after);
        for (uint32_t k = 0; k < t->count; k++)
            fprintf(f, " %" PRIu32 ":%d:%d", t->pins[k].latent, t->pins[k].before, t->pins[k].after);
        write_scope(f, "from", t->scope_before.is_signed, t->scope_before.spec);
        write_scope(f, "to", t->scope_after.is_signed, t->scope_after.spec);
        for (size_t k = 0; k < t->labels.count; k++) write_label(f, &t->labels.change[k]);
    }
    fprintf(f, "\ndone %zu\n", s->done - first);
    const scry_ranking *b = s->before;
    if (b) fprintf(f, "before");
    if (b) write_key(f, (ranking_key){b->train, b->source, b->metric, b->against});
    if (b && b->train != s->spec.by.train) {
        fprintf(f, " of ");
        write_train_name(s, f, b->train);
    }
    fprintf(f, "%send\n", b ? "\n" : "");
}

typedef struct reader {
    FILE *f;
    char *line;
    size_t room;
    int number;
    const scry_session *s;
    size_t train; /* of the rankings that follow */
    scry_error *err;
} reader;

static bool syntax_error(reader *r, const char *expected) {
    return scry_fail(r->err, "session: line %d: found \"%.40s\", expected %s", r->number, r->line ? r->line : "",
                     expected);
}

/* Points *rest to what follows the keyword at the start of the line; false when the line begins otherwise. */
static bool has_keyword(char *line, const char *keyword, char **rest) {
    size_t n = strlen(keyword);
    if (strncmp(line, keyword, n) != 0 || (line[n] && line[n] != ' ')) return false;
    *rest = line + n + (line[n] == ' ');
    return true;
}

/* Reads the next line into r->line; false at the end. */
static bool next_line(reader *r) {
    r->number++;
    if (mem_line(&r->line, &r->room, r->f) <= 0) return scry_fail(r->err, "session: truncated at line %d", r->number);
    r->line[strcspn(r->line, "\n")] = 0;
    return true;
}

/* Reads the next line, which begins with the keyword, and points *rest to what follows it. */
static bool next(reader *r, const char *keyword, char **rest) {
    return next_line(r) && (has_keyword(r->line, keyword, rest) || syntax_error(r, keyword));
}

static bool read_number(const char *text, uint32_t max, uint32_t *out) {
    char *end;
    unsigned long long value = text ? strtoull(text, &end, 10) : 0;
    if (!text || *text < '0' || *text > '9' || *end || value > max) return false;
    *out = (uint32_t)value;
    return true;
}

/* Finds a training set by name, which it unescapes. */
static bool find_train(const reader *r, char *name, size_t *out) {
    const scry_info *info = scry_index_info(r->s->index);
    line_unescape(name);
    for (*out = 0; *out < info->trains; ++*out)
        if (strcmp(info->train[*out].name, name) == 0) return true;
    return false;
}

static bool read_train(reader *r, char *name) {
    return find_train(r, name, &r->train) || syntax_error(r, "a training set that this index has");
}

/* "icl" or "icl/control", which it cuts, and a metric: a ranking that the index has. */
static bool read_key(const reader *r, char *source, const char *metric, size_t train, ranking_key *out) {
    char *against = strchr(source, '/');
    if (against) *against++ = 0;
    int reference = against ? scry_reference_of(against) : SCRY_AGAINST_BASE, condition = scry_condition_of(source);
    int m = metric ? scry_metric_of(metric) : -1;
    const scry_index *view = reference < 0 ? NULL : scry_index_against(r->s->index, (scry_reference)reference, NULL);
    if (!view || condition < SCRY_BASE || m < 0 || !scry_index_info(view)->train[train].has[condition]) return false;
    *out = (ranking_key){train, (scry_condition)condition, (scry_metric)m, (scry_reference)reference};
    return true;
}

static bool read_spec(reader *r, char **at, ranking_spec *out) {
    char *source = strsep(at, " ");
    const char *metric = *at ? strsep(at, " ") : NULL, *n = *at ? strsep(at, " ") : NULL;
    return (read_key(r, source, metric, r->train, &out->by) && read_number(n, r->s->F, &out->n)) ||
           syntax_error(r, "a source, a metric and N that this index has");
}

/* "17:0:2": latent and two pins. */
static bool read_pin(char *text, uint32_t F, pin_change *out) {
    char *at = text;
    uint32_t value[2];
    const char *latent = strsep(&at, ":"), *before = at ? strsep(&at, ":") : NULL;
    if (!read_number(latent, F - 1, &out->latent) || !read_number(before, PINNED_OUT, &value[0]) ||
        !read_number(at, PINNED_OUT, &value[1]))
        return false;
    out->before = (uint8_t)value[0];
    out->after = (uint8_t)value[1];
    return true;
}

static bool read_start(reader *r, scry_session *s, ranking_spec *at, uint8_t *pin) {
    char *rest, *field;
    if (!next_line(r)) return false;
    if (has_keyword(r->line, "train", &rest) && !(read_train(r, rest) && next_line(r))) return false;
    if (!has_keyword(r->line, "start", &rest)) return syntax_error(r, "start");
    if (!read_spec(r, &rest, at)) return false;
    while (rest && (field = strsep(&rest, " "))) {
        char *value = field;
        uint32_t latent, p;
        const char *first = strsep(&value, ":");
        if (!read_number(first, s->F - 1, &latent) || !read_number(value, PINNED_OUT, &p))
            return syntax_error(r, "pins, LATENT:PIN");
        pin[latent] = (uint8_t)p;
    }
    return true;
}

static bool read_step(reader *r, char *rest, scry_session *s, ranking_spec before) {
    s->steps = mem_resize(s->steps, s->step_count + 1, sizeof *s->steps);
    s->step_room = s->step_count + 1;
    step *t = &s->steps[s->step_count++];
    *t = (step){.before = before};
    if (!read_spec(r, &rest, &t->after)) return false;
    char *field;
    while (rest && (field = strsep(&rest, " "))) {
        t->pins = mem_resize(t->pins, t->count + 1, sizeof *t->pins);
        if (!read_pin(field, r->s->F, &t->pins[t->count])) return syntax_error(r, "pins, LATENT:BEFORE:AFTER");
        t->count++;
    }
    return true;
}

/* "before", if there was a previous ranking, and "end". */
static bool read_end(reader *r, size_t current_train, ranking_spec *before) {
    if (!next_line(r)) return false;
    if (strcmp(r->line, "end") == 0) return true;
    char source[32], metric[16], *rest;
    char *of = strstr(r->line, " of ");
    size_t train = current_train;
    if (sscanf(r->line, "before %31s %15s", source, metric) != 2 || (of && !find_train(r, of + 4, &train)) ||
        !read_key(r, source, metric, train, &before->by))
        return syntax_error(r, "before SOURCE METRIC, or end");
    return next(r, "end", &rest);
}

/* "absolute extremes:4", which the index must accept. */
static bool read_scope(reader *r, char *rest, size_t train, scope_view *view) {
    const char *kind = strsep(&rest, " ");
    if (!rest || (strcmp(kind, "signed") != 0 && strcmp(kind, "absolute") != 0))
        return syntax_error(r, "signed or absolute, and domains");
    scry_scope scope = {0};
    bool is_signed = strcmp(kind, "signed") == 0;
    if (!scry_scope_read(&scope, r->s->index, train, line_unescape(rest), is_signed, r->err)) return false;
    scry_scope_free(&scope);
    *view = (scope_view){mem_copy_string(rest), is_signed};
    return true;
}

/* After "from ...": it and the line "to ...". */
static bool read_scope_change(reader *r, char *rest, scry_session *s) {
    step *t = s->step_count ? &s->steps[s->step_count - 1] : NULL;
    if (!t || t->scope_before.spec) return syntax_error(r, "step or done");
    return read_scope(r, rest, t->before.by.train, &t->scope_before) && next(r, "to", &rest) &&
           read_scope(r, rest, t->after.by.train, &t->scope_after);
}

/* The text after "label", which belongs to the last step. */
static bool read_label(reader *r, const char *text, scry_session *s) {
    step *t = s->step_count ? &s->steps[s->step_count - 1] : NULL;
    if (!t) return syntax_error(r, "step or done");
    cJSON *record = json_parse(text, strlen(text));
    const cJSON *latent = cJSON_GetObjectItemCaseSensitive(record, "latent"),
                *before = cJSON_GetObjectItemCaseSensitive(record, "before"),
                *after = cJSON_GetObjectItemCaseSensitive(record, "after");
    bool ok = cJSON_IsNumber(latent) && latent->valuedouble >= 0 && latent->valuedouble < s->F &&
              cJSON_IsString(before) && cJSON_IsString(after);
    if (ok) {
        scry_relabels *l = &t->labels;
        if ((l->count & (l->count - 1)) == 0)
            l->change = mem_resize(l->change, l->count ? 2 * l->count : 1, sizeof *l->change);
        l->change[l->count++] = (scry_relabel){(uint32_t)latent->valuedouble, mem_copy_string(before->valuestring),
                                               mem_copy_string(after->valuestring)};
    }
    cJSON_Delete(record);
    return ok || syntax_error(r, "{\"latent\": NUMBER, \"before\": TEXT, \"after\": TEXT}");
}

/* Steps up to "done", and the rest of the file. */
static bool read_steps(reader *r, scry_session *s, size_t current_train, ranking_spec start, ranking_spec *before) {
    char *rest;
    for (;;) {
        bool ok = next_line(r);
        if (ok && has_keyword(r->line, "done", &rest)) break;
        if (!ok) return false;
        if (has_keyword(r->line, "train", &rest)) ok = read_train(r, rest);
        else if (has_keyword(r->line, "from", &rest)) ok = read_scope_change(r, rest, s);
        else if (has_keyword(r->line, "label", &rest)) ok = read_label(r, rest, s);
        else if (has_keyword(r->line, "step", &rest))
            ok = read_step(r, rest, s, s->step_count ? s->steps[s->step_count - 1].after : start);
        else ok = syntax_error(r, "step or done");
        if (!ok) return false;
    }
    uint32_t done;
    if (!read_number(rest, (uint32_t)s->step_count, &done)) return syntax_error(r, "a number of steps");
    s->done = done;
    if ((done ? s->steps[done - 1].after : start).by.train != current_train)
        return syntax_error(r, "steps that end with the training set of the first line");
    return read_end(r, current_train, before);
}

static bool read_anchor_values(char *rest, double *exact, size_t domains) {
    char *end;
    for (size_t d = 0; d < domains; d++, rest = end) {
        exact[d] = strtod(rest, &end);
        if (end == rest || isinf(exact[d])) return false;
    }
    return !*rest;
}

/* After "anchor": latents, a colon, and a number for each domain. */
static bool read_anchor(reader *r, char *rest, const scry_session *s, scry_anchor **out) {
    const size_t D = scry_index_info(s->index)->domains;
    scry_set *set = scry_set_new(s->F);
    double *exact = mem_new(D, sizeof *exact);
    char *field = NULL;
    bool ok = true;
    while (ok && rest && (field = strsep(&rest, " ")) && strcmp(field, ":") != 0) {
        uint32_t latent;
        ok = read_number(field, s->F - 1, &latent) && !scry_set_has(set, latent);
        if (ok) scry_set_put(set, latent, true);
    }
    ok = ok && field && rest && read_anchor_values(rest, exact, D);
    if (ok) *out = scry_anchor_new(set, exact, D);
    scry_set_free(set);
    free(exact);
    return ok || syntax_error(r, "an anchor: latents, a colon, and a number for each domain");
}

/* Which reference the score is against the lines that follow say. */
static bool any_view_has(const scry_session *s, scry_score score) {
    bool any = false;
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        const scry_index *view = scry_index_against(s->index, (scry_reference)r, NULL);
        any = any || (view && scry_has_score(view, score));
    }
    return any;
}

static bool read_all(reader *r, scry_session *s, uint8_t *pin, ranking_spec *start, scry_score *score,
                     scry_scope *scope, char **spec, scry_anchor **anchor, ranking_spec *before) {
    char *rest, *train, *kind;
    uint32_t F;
    if (!next(r, "scry-session 1", &rest)) return false;
    train = rest;
    const char *latents = strsep(&train, " ");
    if (!read_number(latents, UINT32_MAX, &F) || F != s->F || !train || !find_train(r, train, &r->train))
        return scry_fail(r->err, "session: it is of another index or training set");
    size_t current_train = r->train;
    if (!next(r, "score", &rest)) return false;
    int found = scry_score_of(rest);
    if (found >= 0 && scry_scores[found].is_effect && !any_view_has(s, (scry_score)found))
        found = SCRY_ACT; /* its columns, a file of their own, are gone */
    if (found < 0 || !any_view_has(s, (scry_score)found)) return syntax_error(r, "a score that this index has");
    *score = (scry_score)found;
    if (!next_line(r)) return false;
    if (has_keyword(r->line, "anchor", &rest) && !(read_anchor(r, rest, s, anchor) && next_line(r))) return false;
    if (!has_keyword(r->line, "scope", &rest)) return syntax_error(r, "scope");
    kind = strsep(&rest, " ");
    if (!rest) return syntax_error(r, "a scope");
    if (!scry_scope_read(scope, s->index, current_train, line_unescape(rest), strcmp(kind, "signed") == 0, r->err))
        return false;
    *spec = mem_copy_string(rest);
    return read_start(r, s, start, pin) && read_steps(r, s, current_train, *start, before);
}

/* The index has the score against the reference of the ranking that is in effect. */
static bool fits(const scry_session *s, ranking_spec start, scry_score score, scry_error *err) {
    scry_reference against = (s->done ? s->steps[s->done - 1].after : start).by.against;
    return scry_require_score(scry_index_against(s->index, against, NULL), score, err);
}

bool scry_session_read(scry_session *s, FILE *f, scry_error *err) {
    reader r = {.f = f, .s = s, .err = err};
    uint8_t *pin = mem_new(s->F, 1);
    ranking_spec at, before = {.by = {.source = SCRY_CONDITIONS}};
    scry_score score = s->score;
    scry_scope scope = {0};
    char *spec = NULL;
    scry_anchor *anchor = NULL;
    session_drop_steps(s, 0);
    bool ok = read_all(&r, s, pin, &at, &score, &scope, &spec, &anchor, &before) && fits(s, at, score, err);
    free(r.line);
    if (!ok) {
        session_drop_steps(s, 0);
        scry_scope_free(&scope);
        scry_anchor_free(anchor);
        free(spec);
        free(pin);
        return false;
    }
    for (size_t i = 0; i < s->done; i++) {
        at = s->steps[i].after;
        for (uint32_t k = 0; k < s->steps[i].count; k++) pin[s->steps[i].pins[k].latent] = s->steps[i].pins[k].after;
    }
    session_restore(s, at, before, pin, scope, spec);
    scry_session_set_anchor(s, anchor);
    scry_anchor_free(anchor);
    if (score != s->score) scry_session_set_score(s, score, NULL);
    return true;
}
