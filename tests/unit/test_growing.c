/* test_growing.c: a text that grows a token at a time has the logits of the whole text run at once, in every family;
 * so has one whose stream is changed on the way; and what is refused leaves it as it was. */
#include "model_specimen.h"

#define FOLDER "tests/specimens/models/"

static double scale_of(const float *row, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += (double)row[i] * (double)row[i];
    return sqrt(sum / n) + 1e-9;
}

static bool keep_as_it_is(void *context, size_t first, size_t count, float *x, scry_error *err) {
    size_t *seen = context;
    (void)x, (void)err;
    if (*seen == first) *seen = first + count; /* in order, each token once */
    return true;
}

/* Parts of `step` tokens, the first of `begin`. */
static void grow(scry_run *run, const model_specimen *s, size_t which, size_t begin, size_t step, const scry_hook *at,
                 const kept_logits *whole, worst *w) {
    const scry_sequence *text = &s->sequences[which];
    const uint32_t V = whole->vocabulary;
    scry_error err = {0};
    float *logits = mem_new(V, sizeof *logits);
    size_t seen = 0;
    scry_growing *g = scry_growing_new(run, text->count, &err);
    if (!check(g != NULL, "a text that grows %s", err.text)) return;
    for (size_t i = 0, n; i < text->count; i += n) {
        n = i ? step : begin;
        if (n > text->count - i) n = text->count - i;
        if (!scry_growing_add(g, text->ids + i, n, at ? *at : (scry_hook){0}, at ? keep_as_it_is : NULL, &seen, logits,
                              &err)) {
            check(false, "added: %s", err.text);
            break;
        }
        const float *expected = whole->rows + (s->first[which] + i + n - 1) * V;
        const double scale = scale_of(expected, V);
        for (uint32_t v = 0; v < V; v++)
            worst_add(w, (double)logits[v], (double)expected[v], scale, "sequence %zu, token %zu", which, i + n);
    }
    if (at && seen != text->count) check(false, "the stream was changed up to token %zu of %zu", seen, text->count);
    scry_growing_free(g);
    free(logits);
}

static void test_specimen(const char *name) {
    scry_error err = {0};
    scry_notes notes = {0};
    const char *folder = text_of(FOLDER "%s", name);
    scry_model *model = scry_model_open(folder, NULL, &notes, &err);
    if (!check(model != NULL, "%s opens %s", name, err.text)) return;
    model_specimen s = specimen_open(folder);
    scry_run *run = run_of(model, 2, 0);
    kept_logits whole = keep_logits(model, s.tokens);
    worst w = {.tolerance = 2e-5}, edited = {.tolerance = 2e-5};
    if (scry_run_logits(run, s.sequences, s.count, NULL, NULL, NULL, keep_row, &whole, &err)) {
        for (size_t i = 0; i < s.count; i++) {
            grow(run, &s, i, 1, 1, NULL, &whole, &w);
            grow(run, &s, i, 3, 2, NULL, &whole, &w);
            static const scry_hook_point points[] = {SCRY_RESID_PRE, SCRY_RESID_MID, SCRY_RESID_POST};
            for (uint32_t layer = 0; layer < scry_model_info_of(model)->layers; layer++)
                for (size_t p = 0; p < 3 && i == 0; p++) {
                    scry_hook at = {layer, points[p]};
                    if (scry_model_has_hook(model, at, NULL)) grow(run, &s, i, 2, 1, &at, &whole, &edited);
                }
        }
    } else check(false, "%s", err.text);
    worst_line(&w, "%s: a token at a time, the logits of the whole", name);
    worst_line(&edited, "%s: by way of every hook of the stream", name);
    kept_free(&whole);
    scry_run_free(run);
    specimen_close(&s);
    scry_model_close(model);
    scry_notes_free(&notes);
}

/* ---- what changes the stream, and what is refused ----------------------------------------------- */

typedef struct push {
    const float *direction;
    uint32_t d;
    double times;
} push;

static bool add_direction(void *context, size_t first, size_t count, float *x, scry_error *err) {
    const push *p = context;
    (void)first, (void)err;
    for (size_t t = 0; t < count; t++)
        for (uint32_t i = 0; i < p->d; i++) x[t * p->d + i] += (float)(p->times * (double)p->direction[i]);
    return true;
}

static bool refuse(void *context, size_t first, size_t count, float *x, scry_error *err) {
    (void)context, (void)first, (void)count, (void)x;
    return scry_fail(err, "refused");
}

/* The same by scry_run_to_hook and scry_run_logits from there. */
static void test_changed(void) {
    scry_error err = {0};
    scry_model *model = scry_model_open("sample_data/models/base", NULL, NULL, &err);
    const scry_model_info *info = scry_model_info_of(model);
    scry_run *run = run_of(model, 1, 0);
    const scry_hook at = {1, SCRY_RESID_POST};
    uint32_t ids[12];
    for (uint32_t i = 0; i < 12; i++) ids[i] = (i * 379 + 5) % info->vocabulary;
    float *direction = mem_new(info->d_model, sizeof *direction), *x = mem_new(12, info->d_model * sizeof *x);
    for (uint32_t i = 0; i < info->d_model; i++) direction[i] = (float)sin(i + 1.0);
    push p = {direction, info->d_model, 0.7};
    scry_sequence s = {NULL, ids, 12};
    kept_logits whole = keep_logits(model, 12);
    bool ok = scry_run_to_hook(run, at, &s, 1, x, &err) && add_direction(&p, 0, 12, x, &err) &&
              scry_run_logits(run, &s, 1, &at, x, NULL, keep_row, &whole, &err);
    check(ok, "the whole text %s", err.text);
    float *logits = mem_new(info->vocabulary, sizeof *logits);
    worst w = {.tolerance = 2e-5};
    scry_growing *g = scry_growing_new(run, 12, &err);
    for (uint32_t i = 0; i < 12; i++) {
        if (!scry_growing_add(g, ids + i, 1, at, add_direction, &p, logits, &err)) check(false, "%s", err.text);
        const float *expected = whole.rows + (size_t)i * info->vocabulary;
        for (uint32_t v = 0; v < info->vocabulary; v++)
            worst_add(&w, (double)logits[v], (double)expected[v], scale_of(expected, info->vocabulary), "token %u", i);
    }
    worst_line(&w, "a stream that is changed at every token");
    check(!scry_growing_add(g, ids, 1, at, NULL, NULL, logits, &err) && strstr(err.text, "room"), "no more room: %s",
          err.text);
    scry_growing_free(g);
    g = scry_growing_new(run, 12, &err);
    uint32_t wrong = info->vocabulary;
    check(scry_growing_add(g, ids, 5, at, NULL, NULL, logits, &err), "five tokens %s", err.text);
    float *again = mem_new(info->vocabulary, sizeof *again);
    check(!scry_growing_add(g, &wrong, 1, at, NULL, NULL, again, &err) &&
              !scry_growing_add(g, ids + 5, 2, at, refuse, NULL, again, &err) &&
              !scry_growing_add(g, ids + 5, 1, (scry_hook){0, SCRY_MLP_OUT}, refuse, NULL, again, &err) &&
              scry_growing_length(g) == 5,
          "what fails leaves the text as it was: %s", err.text);
    scry_growing *other = scry_growing_new(run, 12, &err);
    bool same = scry_growing_add(g, ids + 5, 1, at, NULL, NULL, logits, &err) &&
                scry_growing_add(other, ids, 5, at, NULL, NULL, again, &err) &&
                scry_growing_add(other, ids + 5, 1, at, NULL, NULL, again, &err) &&
                memcmp(logits, again, info->vocabulary * sizeof *logits) == 0;
    check(same, "and it goes on as if nothing had been");
    check(!scry_growing_new(run, 1000000000, &err), "too much room: %s", err.text);
    size_t ends;
    check(scry_model_ends(model, &ends) || !ends, "%zu ids end a text", ends);
    scry_growing_free(other);
    scry_growing_free(g);
    kept_free(&whole);
    free(logits);
    free(again);
    free(direction);
    free(x);
    scry_run_free(run);
    scry_model_close(model);
}

int main(void) {
    size_t size;
    char *list = (char *)read_bytes(FOLDER "list.tsv", &size), *next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line;) test_specimen(strsep(&line, "\t"));
    free(list);
    test_changed();
    return check_end();
}
