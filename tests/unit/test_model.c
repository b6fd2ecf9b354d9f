/* test_model.c: tiny models of every family give what transformers computes in float32 (make_models.py): the stream
 * after each block, hooks within a block, logits. Packing, prefixes, running on from a hook, threads and the memory
 * limit change nothing. */
#include "model_specimen.h"

#include <stdio.h>

#define FOLDER "tests/specimens/models/"

/* ---- one run -------------------------------------------------------------------------------------- */

static bool to_hook(scry_run *run, scry_hook hook, const scry_sequence *sequences, size_t count, float *out) {
    scry_error err = {0};
    char name[SCRY_HOOK_TEXT];
    return scry_run_to_hook(run, hook, sequences, count, out, &err) ||
           check(false, "%s: %s", scry_hook_text(hook, name), err.text);
}

static bool to_logits(scry_run *run, const scry_sequence *sequences, size_t count, const scry_hook *from,
                      const float *x, const bool *wanted, kept_logits *kept) {
    scry_error err = {0};
    return scry_run_logits(run, sequences, count, from, x, wanted, keep_row, kept, &err) ||
           check(false, "logits: %s", err.text);
}

/* Everything that is known of the specimen, for all sequences at once or one by one. */
static void compare_all(const scry_model *model, const model_specimen *s, scry_run *run, bool one_by_one,
                        const char *what) {
    uint32_t d = scry_model_info_of(model)->d_model;
    worst w = {.tolerance = SPECIMEN_TOLERANCE};
    float *x = mem_new(s->tokens, d * sizeof *x);
    kept_logits kept = keep_logits(model, s->tokens);
    size_t steps = one_by_one ? s->count : 1;
    for (size_t i = 0; i < steps; i++) {
        const scry_sequence *sequences = s->sequences + i;
        size_t count = one_by_one ? 1 : s->count, tokens = one_by_one ? sequences->count : s->tokens;
        for (size_t k = 0; k < s->file.count; k++) {
            scry_hook hook;
            const char *name = s->file.tensors[k].name;
            if (!scry_hook_parse(name, &hook, NULL)) continue;
            memset(x, 0xff, s->tokens * d * sizeof *x); /* NaN */
            if (to_hook(run, hook, sequences, count, x)) specimen_compare(s, name, x, s->first[i], tokens, &w);
        }
        if (to_logits(run, sequences, count, NULL, NULL, NULL, &kept))
            specimen_compare(s, "logits", kept.rows, s->first[i], tokens, &w);
    }
    worst_line(&w, "%s", what);
    kept_free(&kept);
    free(x);
}

/* ---- prefixes --------------------------------------------------------------------------------------- */

/* Splits a sequence after its tokens [0, a) and [a, b): two prefixes, one upon the other, then the rest. */
static void compare_split(const scry_model *model, const model_specimen *s, scry_run *run, size_t which, size_t a,
                          size_t b, worst *w) {
    scry_error err = {0};
    const scry_sequence *whole = &s->sequences[which];
    uint32_t d = scry_model_info_of(model)->d_model, layers = scry_model_info_of(model)->layers;
    scry_prefix *first = scry_prefix_new(run, NULL, whole->ids, a, NULL, &err);
    scry_prefix *second = first ? scry_prefix_new(run, first, whole->ids + a, b - a, NULL, &err) : NULL;
    scry_prefix_free(first); /* not borrowed */
    if (!second) {
        check(false, "prefix of %zu and %zu tokens: %s", a, b - a, err.text);
        return;
    }
    if (scry_prefix_length(second) != b) check(false, "a prefix of %zu tokens has %zu", b, scry_prefix_length(second));
    if (!scry_prefix_bytes(second)) check(false, "a prefix of %zu tokens has no bytes", b);
    size_t rest = whole->count - b;
    /* beside the sequence, one without prefix and the same once more */
    scry_sequence sequences[] = {{second, whole->ids + b, rest}, s->sequences[1], {second, whole->ids + b, rest}};
    size_t tokens = 2 * rest + s->sequences[1].count, again = rest + s->sequences[1].count;
    float *x = mem_new(tokens, d * sizeof *x);
    kept_logits kept = keep_logits(model, tokens);
    scry_hook last = {layers - 1, SCRY_RESID_POST};
    char name[SCRY_HOOK_TEXT];
    if (to_hook(run, last, sequences, 3, x)) {
        scry_hook_text(last, name);
        specimen_compare(s, name, x, s->first[which] + b, rest, w);
        specimen_compare(s, name, x + rest * d, s->first[1], s->sequences[1].count, w);
        specimen_compare(s, name, x + again * d, s->first[which] + b, rest, w);
    }
    if (to_logits(run, sequences, 3, NULL, NULL, NULL, &kept)) {
        specimen_compare(s, "logits", kept.rows, s->first[which] + b, rest, w);
        specimen_compare(s, "logits", kept.rows + again * kept.vocabulary, s->first[which] + b, rest, w);
    }
    /* and on from the first block, whose rows of the prefix are not computed again */
    scry_hook from = {0, SCRY_RESID_POST};
    if (to_hook(run, from, sequences, 3, x) && to_logits(run, sequences, 3, &from, x, NULL, &kept))
        specimen_compare(s, "logits", kept.rows, s->first[which] + b, rest, w);
    scry_prefix_free(second);
    kept_free(&kept);
    free(x);
}

/* A prefix up to a hook only. */
static void compare_short_prefix(const scry_model *model, const model_specimen *s, scry_run *run, worst *w) {
    scry_error err = {0};
    size_t which = s->count - 1, cut = s->sequences[which].count / 2;
    const scry_sequence *whole = &s->sequences[which];
    uint32_t d = scry_model_info_of(model)->d_model;
    for (size_t k = 0; k < s->file.count; k++) {
        scry_hook hook;
        const char *name = s->file.tensors[k].name;
        if (!scry_hook_parse(name, &hook, NULL)) continue;
        scry_prefix *prefix = scry_prefix_new(run, NULL, whole->ids, cut, &hook, &err);
        if (!prefix) {
            check(false, "prefix to %s: %s", name, err.text);
            return;
        }
        scry_sequence rest = {prefix, whole->ids + cut, whole->count - cut};
        float *x = mem_new(rest.count, d * sizeof *x);
        if (to_hook(run, hook, &rest, 1, x)) specimen_compare(s, name, x, s->first[which] + cut, rest.count, w);
        free(x);
        scry_prefix_free(prefix);
    }
}

static void test_prefixes(const scry_model *model, const model_specimen *s, scry_run *run, const char *name) {
    worst w = {.tolerance = SPECIMEN_TOLERANCE};
    for (size_t i = 0; i < s->count; i++) {
        size_t n = s->sequences[i].count;
        if (n < 4) continue;
        compare_split(model, s, run, i, 1, 2, &w);
        compare_split(model, s, run, i, n / 2 - 1, n / 2, &w);
        compare_split(model, s, run, i, 1, n - 1, &w);
        if (n > 6) compare_split(model, s, run, i, 3, 6, &w);
    }
    compare_short_prefix(model, s, run, &w);
    worst_line(&w, "%s: sequences after a prefix are those without", name);
}

/* ---- running on ------------------------------------------------------------------------------------- */

static void test_running_on(const scry_model *model, const model_specimen *s, scry_run *run, const char *name) {
    const scry_model_info *info = scry_model_info_of(model);
    float *x = mem_new(s->tokens, info->d_model * sizeof *x);
    kept_logits kept = keep_logits(model, s->tokens);
    worst w = {.tolerance = SPECIMEN_TOLERANCE};
    static const scry_hook_point points[] = {SCRY_RESID_PRE, SCRY_RESID_MID, SCRY_RESID_POST};
    for (uint32_t layer = 0; layer < info->layers; layer++)
        for (size_t p = 0; p < 3; p++) {
            scry_hook hook = {layer, points[p]};
            if (!scry_model_has_hook(model, hook, NULL)) continue;
            memset(kept.rows, 0, s->tokens * info->vocabulary * sizeof(float));
            if (to_hook(run, hook, s->sequences, s->count, x) &&
                to_logits(run, s->sequences, s->count, &hook, x, NULL, &kept))
                specimen_compare(s, "logits", kept.rows, 0, s->tokens, &w);
        }
    worst_line(&w, "%s: logits from every hook of the stream on are the whole's", name);
    /* x decides: another one gives other logits */
    scry_hook hook = {0, SCRY_RESID_POST};
    worst other = {.tolerance = SPECIMEN_TOLERANCE};
    if (to_hook(run, hook, s->sequences, s->count, x)) {
        for (size_t i = 0; i < s->tokens * info->d_model; i += 3) x[i] = -x[i];
        if (to_logits(run, s->sequences, s->count, &hook, x, NULL, &kept))
            specimen_compare(s, "logits", kept.rows, 0, s->tokens, &other);
        check(other.most > 0.1, "%s: a changed stream changes the logits", name);
    }
    kept_free(&kept);
    free(x);
}

/* attn_out + resid_pre = resid_mid; resid_mid + mlp_out = resid_post, and resid_pre is the resid_post before, in every
 * block; a parallel block adds both to resid_pre. */
static void test_sums(const scry_model *model, const model_specimen *s, scry_run *run, const char *name) {
    const scry_model_info *info = scry_model_info_of(model);
    size_t numbers = s->tokens * info->d_model;
    float *x[SCRY_HOOK_POINTS], *before = NULL;
    worst w = {.tolerance = 1e-5};
    for (uint32_t layer = 0; layer < info->layers; layer++) {
        for (int p = 0; p < SCRY_HOOK_POINTS; p++) {
            scry_hook hook = {layer, (scry_hook_point)p};
            x[p] = mem_new(numbers, sizeof **x);
            bool has = scry_model_has_hook(model, hook, NULL);
            if (has) to_hook(run, hook, s->sequences, s->count, x[p]);
            else
                for (size_t i = 0; i < numbers; i++) x[p][i] = x[SCRY_RESID_PRE][i] + x[SCRY_ATTN_OUT][i];
        }
        for (size_t i = 0; i < numbers; i++) {
            double pre = (double)x[SCRY_RESID_PRE][i], mid = (double)x[SCRY_RESID_MID][i],
                   post = (double)x[SCRY_RESID_POST][i], attn = (double)x[SCRY_ATTN_OUT][i],
                   mlp = (double)x[SCRY_MLP_OUT][i], scale = fabs(pre) + fabs(attn) + fabs(mlp) + 1;
            worst_add(&w, mid, pre + attn, scale, "block %u, resid_mid", layer);
            worst_add(&w, post, mid + mlp, scale, "block %u, resid_post", layer);
            if (before) worst_add(&w, pre, (double)before[i], scale, "block %u, resid_pre", layer);
        }
        free(before);
        before = x[SCRY_RESID_POST];
        for (int p = 0; p < SCRY_RESID_POST; p++) free(x[p]);
    }
    free(before);
    worst_line(&w, "%s: in every block the stream is the sum of what is added to it", name);
}

/* ---- what must not matter ----------------------------------------------------------------------------- */

static void test_wanted(const scry_model *model, const model_specimen *s, scry_run *run, const char *name) {
    kept_logits kept = keep_logits(model, s->tokens), all = keep_logits(model, s->tokens);
    bool *wanted = mem_new(s->tokens, sizeof *wanted);
    for (size_t i = 0; i < s->tokens; i++) wanted[i] = i % 3 == 1;
    size_t wrong = 0;
    worst w = {.tolerance = 1e-5};
    if (to_logits(run, s->sequences, s->count, NULL, NULL, wanted, &kept) &&
        to_logits(run, s->sequences, s->count, NULL, NULL, NULL, &all))
        for (size_t i = 0; i < s->tokens; i++) {
            wrong += kept.times[i] != wanted[i];
            wrong += all.times[i] != 1;
            for (size_t v = 0; v < kept.vocabulary && wanted[i]; v++)
                worst_add(&w, (double)kept.rows[i * kept.vocabulary + v], (double)all.rows[i * kept.vocabulary + v], 1,
                          "row %zu", i);
        }
    check_is(wrong, 0, "%s: rows that came to the sink once where they were wanted, else never; wrong", name);
    worst_line(&w, "%s: the logits of wanted rows are those of all", name);
    memset(wanted, 0, s->tokens * sizeof *wanted);
    memset(kept.times, 0, s->tokens * sizeof *kept.times);
    if (to_logits(run, s->sequences, s->count, NULL, NULL, wanted, &kept)) {
        size_t came = 0;
        for (size_t i = 0; i < s->tokens; i++) came += kept.times[i];
        check_is(came, 0, "%s: no row is wanted", name);
    }
    free(wanted);
    kept_free(&kept);
    kept_free(&all);
}

static void test_threads(const scry_model *model, const model_specimen *s, scry_run *one, const char *name) {
    const scry_model_info *info = scry_model_info_of(model);
    scry_run *two = run_of(model, 2, 0);
    size_t bytes = s->tokens * info->d_model * sizeof(float), row = info->vocabulary * sizeof(float);
    float *a = mem_new(bytes, 1), *b = mem_new(bytes, 1);
    kept_logits x = keep_logits(model, s->tokens), y = keep_logits(model, s->tokens);
    scry_hook last = {info->layers - 1, SCRY_RESID_POST};
    bool same = to_hook(one, last, s->sequences, s->count, a) && to_hook(two, last, s->sequences, s->count, b) &&
                to_logits(one, s->sequences, s->count, NULL, NULL, NULL, &x) &&
                to_logits(two, s->sequences, s->count, NULL, NULL, NULL, &y) && memcmp(a, b, bytes) == 0 &&
                memcmp(x.rows, y.rows, s->tokens * row) == 0;
    check(same, "%s: two threads give the bits of one", name);
    scry_run_free(two);
    kept_free(&x);
    kept_free(&y);
    free(a);
    free(b);
}

static void test_info(const scry_model *model, const model_specimen *s, const char *family, const char *folder) {
    const scry_model_info *info = scry_model_info_of(model);
    const tensor *stream = tensor_find(&s->file, "blocks.0.hook_resid_post"), *logits = tensor_find(&s->file, "logits");
    check(strcmp(info->family, family) == 0 && strcmp(info->path, folder) == 0 && !info->adapter, "%s: %s at %s",
          folder, info->family, info->path);
    check(stream && logits && info->d_model == stream->shape[1] && info->vocabulary == logits->shape[1],
          "%s: width %u, vocabulary %u", folder, info->d_model, info->vocabulary);
    const char *dtype = strstr(folder, "bf16") ? "BF16" : strstr(folder, "f16") ? "F16" : NULL;
    if (dtype) check(strcmp(info->dtype, dtype) == 0, "%s: %s", folder, info->dtype);
    check(info->parameters > 100 && info->bytes >= info->parameters * (dtype ? 2 : 2),
          "%s: %llu parameters, %llu bytes", folder, (unsigned long long)info->parameters,
          (unsigned long long)info->bytes);
}

static void test_specimen(const char *name, const char *family) {
    const char *folder = text_of(FOLDER "%s", name);
    model_specimen s = specimen_open(folder);
    scry_error err = {0};
    scry_notes notes = {0};
    scry_model *model = scry_model_open(folder, NULL, &notes, &err);
    if (check(model != NULL, "%s opens %s", name, err.text)) {
        check(notes.count == 0, "%s: no notes%s%s", name, notes.count ? ": " : "", notes.count ? notes.text[0] : "");
        test_info(model, &s, family, folder);
        scry_run *run = run_of(model, 1, 0), *narrow = run_of(model, 2, 8 << 20);
        check(scry_run_batch(run) > 0, "%s: a batch of %zu tokens", name, scry_run_batch(run));
        compare_all(model, &s, run, false, text_of("%s: as transformers, packed", name));
        compare_all(model, &s, run, true, text_of("%s: as transformers, one by one", name));
        compare_all(model, &s, narrow, false, text_of("%s: as transformers, in 8 MB", name));
        test_prefixes(model, &s, run, name);
        test_running_on(model, &s, run, name);
        test_sums(model, &s, run, name);
        test_wanted(model, &s, run, name);
        test_threads(model, &s, run, name);
        scry_run_free(run);
        scry_run_free(narrow);
        scry_model_close(model);
    }
    scry_notes_free(&notes);
    specimen_close(&s);
}

/* ---- next tokens ---------------------------------------------------------------------------------------- */

static void test_next_token(void) {
    float logits[5] = {1, 3, -2, 3, 0};
    double sum = 0;
    for (int i = 0; i < 5; i++) sum += exp((double)logits[i]);
    scry_next_token t = scry_next_token_of(logits, 5, 4);
    check_near(t.log_probability, 0 - log(sum), 1e-12, "log probability");
    check_is(t.top, 1, "the lowest of two most likely tokens");
    float large[3] = {10000, 9999, -10000};
    t = scry_next_token_of(large, 3, 1);
    check_near(t.log_probability, -1 - log1p(exp(-1)), 1e-9, "log probability of large logits");
    t = scry_next_token_of(large, 3, 2);
    check_near(t.log_probability, -20000 - log1p(exp(-1)), 1e-9, "log probability far below the top");
}

int main(void) {
    test_next_token();
    size_t size;
    char *list = (char *)read_bytes(FOLDER "list.tsv", &size), *next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line;) {
        const char *name = strsep(&line, "\t");
        test_specimen(name, line);
    }
    free(list);
    return check_end();
}
