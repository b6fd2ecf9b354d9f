/* test_diagnostics.c: each diagnostic appears, with its figure, for a study made for it, and not for a sound study that
 * differs in nothing else. */
#include "index_compare.h"

enum { ROWS = 300, LATENTS = 130, WIDTH = 16, KEEP = 5 };

typedef double (*filler)(const char *capture, size_t row, size_t col);

/* ---- a sound study ----------------------------------------------------------------------------- */

static uint64_t mixed(const char *capture, size_t row, size_t col) {
    uint64_t h = 1469598103934665603u;
    for (const char *c = capture; *c; c++) h = (h ^ (uint8_t)*c) * 1099511628211u;
    h = (h ^ row) * 1099511628211u;
    h = (h ^ col) * 1099511628211u;
    roll(&h);
    return roll(&h) >> 20;
}

/* KEEP latents of each row, none of them negative; shifts differ from latent to latent. */
static double sound(const char *capture, size_t row, size_t col) {
    size_t first = mixed("which", row, 0) % LATENTS;
    bool on = (col + LATENTS - first) % LATENTS % 26 == 0; /* 5 of 130 */
    if (!on) return 0;
    return 1 + (double)(mixed(capture, row, col) % 1000) / (strcmp(capture, "icl") == 0 ? 200 : 500);
}

static double sound_residual(const char *capture, size_t row, size_t col) {
    return (double)(mixed(capture, row, col) % 2001) / 1000 - 1;
}

typedef struct plan {
    const char *label;
    filler fill;
    bool residual, no_tokens, other_tokens, bos; /* bos: "<bos>" is the first token of each sample */
    const char *pairing, *sae, *rest;            /* rest: more keys of every capture */
    const char *before;                          /* what each token's text begins with */
} plan;

static const char *write_tokens(const char *folder, const char *capture, const plan *p) {
    const char *path = text_of("%s/%s.jsonl", folder, capture);
    FILE *f = fopen(path, "w");
    if (!f) abort();
    for (size_t r = 0; r < ROWS; r++) {
        bool first = r % 10 == 0;
        fprintf(f, "%s", first ? text_of("{\"id\": %zu, \"tokens\": [", r / 10) : ", ");
        if (first && p->bos) fprintf(f, "\"<bos>\"");
        else
            fprintf(f, "\"%sw%llu\"", p->before ? p->before : "",
                    (unsigned long long)(mixed(p->other_tokens ? capture : "", r, 0) % 40));
        if (r % 10 == 9) fprintf(f, "]}\n");
    }
    fclose(f);
    return path;
}

/* Base and icl of a training set, and a domain. */
static const char *write_study(const plan *p) {
    static int number;
    static const char *const captures[] = {"base", "icl", "domain"};
    const char *folder = scratch_folder("study%d", number++), *json[3];
    size_t cols = p->residual ? WIDTH : LATENTS;
    double *values = malloc(ROWS * cols * sizeof *values);
    if (!values) abort();
    for (int c = 0; c < 3; c++) {
        for (size_t i = 0; i < ROWS * cols; i++) values[i] = p->fill(captures[c], i / cols, i % cols);
        write_npy(text_of("%s/%s.npy", folder, captures[c]), F32, ROWS, cols, values);
        json[c] = text_of("{\"%s\": \"%s.npy\"%s%s}", p->residual ? "residual" : "features", captures[c],
                          p->no_tokens ? "" : text_of(", \"tokens\": \"%s\"", write_tokens(folder, captures[c], p)),
                          p->rest ? p->rest : "");
    }
    free(values);
    const char *path = text_of("%s/study.json", folder);
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"%s\"%s, \"train\": {\"base\": %s, \"icl\": %s}, "
               "\"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": %s}]}",
               p->pairing ? p->pairing : "token", p->sae ? text_of(", \"sae\": \"%s\"", p->sae) : "", json[0], json[1],
               json[2]);
    return path;
}

/* A SAELens TopK SAE whose decoder rows have this norm. */
static const char *write_sae(const char *name, double norm, uint32_t k) {
    const char *folder = scratch_folder("%s", name);
    uint64_t seed = 3;
    double *W = malloc((size_t)2 * WIDTH * LATENTS * sizeof *W), *b = calloc(LATENTS + WIDTH, sizeof *b);
    if (!W || !b) abort();
    for (size_t i = 0; i < (size_t)2 * WIDTH * LATENTS; i++) W[i] = roll_unit(&seed) - 0.5;
    double *dec = W + (size_t)WIDTH * LATENTS;
    for (size_t j = 0; j < LATENTS; j++) {
        double sum = 0;
        for (size_t i = 0; i < WIDTH; i++) sum += dec[j * WIDTH + i] * dec[j * WIDTH + i];
        for (size_t i = 0; i < WIDTH; i++) dec[j * WIDTH + i] *= norm / sqrt(sum);
    }
    write_sae_folder(folder, WIDTH, LATENTS, W, b,
                     text_of("\"architecture\": \"topk\", \"k\": %u, \"apply_b_dec_to_input\": false", k));
    free(W);
    free(b);
    return folder;
}

/* ---- what is warned of --------------------------------------------------------------------------- */

static scry_notes warnings_of(const plan *p, const scry_build_options *options) {
    scry_notes notes = {0};
    scry_index *x = index_of(write_study(p), options, p->label);
    if (x) scry_warnings(x, &notes);
    scry_close(x);
    return notes;
}

/* The notes that hold the word. */
static size_t noted(const scry_notes *notes, const char *word, const char **text) {
    size_t n = 0;
    for (size_t i = 0; i < notes->count; i++)
        if (strstr(notes->text[i], word)) {
            if (!n++ && text) *text = notes->text[i];
        }
    return n;
}

/* `count` notes hold `word`, and the first of them says all of the words; there are `all` notes. */
static void warns(const plan *p, const scry_build_options *options, const char *word, size_t count, size_t all,
                  const char *const *words) {
    scry_notes notes = warnings_of(p, options);
    const char *text = "nothing of it";
    check_is(noted(&notes, word, &text), count, "%s: warnings of \"%s\"", p->label, word);
    if (count) check_says(text, words, "%s: %s", p->label, text);
    if (notes.count != all)
        for (size_t i = 0; i < notes.count; i++) printf("# %s\n", notes.text[i]);
    check_is(notes.count, all, "%s: warnings in all", p->label);
    scry_notes_free(&notes);
}

static void silent(const plan *p) {
    scry_notes notes = warnings_of(p, NULL);
    check(notes.count == 0, "%s: no warning%s%s", p->label, notes.count ? ": " : "", notes.count ? notes.text[0] : "");
    scry_notes_free(&notes);
}

/* ---- fillers --------------------------------------------------------------------------------------- */

static double sixteen(const char *capture, size_t row, size_t col) {
    return sound(capture, row, col) + sound(capture, row, (col + 1) % LATENTS) +
           sound(capture, row, (col + 2) % LATENTS) + (col == 3 ? 1 : 0);
}

static double two_only(const char *capture, size_t row, size_t col) {
    return col < 52 ? sound(capture, row, col) : 0;
}

static double eight(const char *capture, size_t row, size_t col) {
    size_t first = mixed("which", row, 0) % LATENTS, at = (col + LATENTS - first) % LATENTS;
    return sound(capture, row, col) + (at == 1 || at == 2 ? 1.5 : 0); /* 7 of 130: within half of k more */
}

static double negative(const char *capture, size_t row, size_t col) {
    double h = sound(capture, row, col);
    return row == 7 || row == 8 ? -h : h; /* 10 of 1500 */
}

static double dense(const char *capture, size_t row, size_t col) {
    return mixed("on", row, col) % 100 < 60 ? 1 + (double)(mixed(capture, row, col) % 1000) / 500 : 0;
}

static double less_dense(const char *capture, size_t row, size_t col) {
    return mixed("on", row, col) % 100 < 40 ? 1 + (double)(mixed(capture, row, col) % 1000) / 500 : 0;
}

static double not_finite(const char *capture, size_t row, size_t col) {
    if (strcmp(capture, "icl") == 0 && row == 4 && col == 9) return (double)NAN;
    if (strcmp(capture, "icl") == 0 && row == 5 && col < 2) return col ? (double)INFINITY : -(double)INFINITY;
    return sound(capture, row, col);
}

/* "<bos>" has nine tenths of the activation, and of the shift. */
static double on_bos(const char *capture, size_t row, size_t col) {
    double h = 0.05 * sound(capture, row, col);
    return row % 10 ? h : 5 + (double)(mixed(capture, row, col) % 1000) / 100;
}

static double big_bos(const char *capture, size_t row, size_t col) {
    return sound_residual(capture, row, col) * (row % 10 ? 1 : 7);
}

static double huge_bos(const char *capture, size_t row, size_t col) {
    return sound_residual(capture, row, col) * (row % 10 ? 1 : 100);
}

static double small_bos(const char *capture, size_t row, size_t col) {
    return sound_residual(capture, row, col) * (row % 10 ? 1 : 2);
}

/* Shifts: 90 latents differ, 20 are alike, 20 stay. */
static double tied(const char *capture, size_t row, size_t col) {
    if (row != 5 && row != 105) return sound("same", row, col);
    bool icl = strcmp(capture, "icl") == 0;
    if (col < 90) return 1 + (icl ? 2 + (double)col / 64 : 0);
    return col < 110 ? (icl ? 2 : 1) : 1;
}

/* The cut falls between two shifts. */
static double not_tied(const char *capture, size_t row, size_t col) {
    if (row != 5 && row != 105) return sound("same", row, col);
    return 1 + (strcmp(capture, "icl") == 0 ? 2 + (double)col / 64 : 0);
}

/* ---- the warnings ---------------------------------------------------------------------------------- */

static void test_sound(void) {
    silent(&(plan){.label = "sound features", .fill = sound});
    silent(&(plan){.label = "sound features with their SAE", .fill = sound, .sae = write_sae("unit", 1, KEEP)});
    silent(&(plan){
        .label = "sound residuals", .fill = sound_residual, .residual = true, .sae = write_sae("unit", 1, KEEP)});
    silent(&(plan){.label = "sound features paired by sample", .fill = sound, .pairing = "sample"});
    silent(&(plan){.label = "samples that begin with <bos>, no more active than others", .fill = sound, .bos = true});
}

static void test_activations(void) {
    const char *unit = write_sae("unit", 1, KEEP);
    warns(&(plan){.label = "L0 of 16, k of 5", .fill = sixteen, .sae = unit}, NULL, "L0", 3, 3,
          SAYS("train.base", "L0 1", "k = 5"));
    warns(&(plan){.label = "L0 of 2, k of 5", .fill = two_only, .sae = unit}, NULL, "L0 2.0", 3, 4, SAYS("k = 5"));
    silent(&(plan){.label = "L0 of 7, k of 5", .fill = eight, .sae = unit});
    silent(&(plan){.label = "L0 of 16, no k", .fill = sixteen});
    warns(&(plan){.label = "ten negative features a capture", .fill = negative}, NULL, "negative", 3, 3,
          SAYS("train.base: 10 negative features", "0.67%"));
    warns(&(plan){.label = "features of 60% density", .fill = dense}, NULL, "density", 3, 3,
          SAYS("train.base: density 0.60", "78 of 130 latents"));
    silent(&(plan){.label = "features of 40% density", .fill = less_dense});
    warns(&(plan){.label = "three values not finite", .fill = not_finite},
          &(scry_build_options){.allow_nonfinite = true}, "NaN", 1, 1, SAYS("train.icl: 3 values", "taken as 0"));
    index_refused(write_study(&(plan){.label = "", .fill = not_finite}), NULL,
                  SAYS("train.icl", "icl.npy", "3 values", "row 4", "--allow-nonfinite"), "three values not finite");
}

static void test_pieces(void) {
    plan bpe = {.label = "vocabulary", .fill = sound, .before = "\xc4\xa0"};
    plan pieces = {.label = "pieces", .fill = sound, .before = "\xe2\x96\x81"};
    plan words = {.label = "words", .fill = sound, .before = " "};
    warns(&bpe, NULL, "40 of 40 token texts begin with \"\xc4\xa0\"", 1, 1,
          (const char *[]){"byte-level", "tokenizer", NULL});
    warns(&pieces, NULL, "40 of 40 token texts begin with \"\xe2\x96\x81\"", 1, 1,
          (const char *[]){"SentencePiece", NULL});
    silent(&words);
}

static void test_tokens(void) {
    const char *unit = write_sae("unit", 1, KEEP);
    warns(&(plan){.label = "<bos> has most of the top latents", .fill = on_bos, .bos = true}, NULL, "of the top", 1, 1,
          SAYS("by icl: ", " of the top 100 latents", "80%", "\"<bos>\"", "skip_first"));
    silent(&(plan){.label = "the same with skip_first", .fill = on_bos, .bos = true, .rest = ", \"skip_first\": 1"});
    silent(
        &(plan){.label = "the same with exclude", .fill = on_bos, .bos = true, .rest = ", \"exclude\": [\"<bos>\"]"});
    warns(&(plan){.label = "<bos> has the norm of the residuals",
                  .fill = big_bos,
                  .bos = true,
                  .residual = true,
                  .sae = unit},
          NULL, "squared norm", 3, 3, SAYS("train.base: the token \"<bos>\" holds 8", "% of the squared norm"));
    const plan outliers = {
        .label = "<bos> is an outlier", .fill = huge_bos, .bos = true, .residual = true, .sae = unit};
    warns(&outliers, NULL, "above 10 times", 1, 1,
          SAYS("90 of 900 residuals (10%), in 3 captures", "90 of them at the beginning of a text", "left out of all"));
    warns(&outliers, &(scry_build_options){.keep_outliers = true}, "above 10 times", 1, 5, SAYS("they are kept"));
    silent(&(plan){.label = "<bos> has some of it", .fill = small_bos, .bos = true, .residual = true, .sae = unit});
    silent(&(plan){.label = "<bos> has the norm, but is skipped",
                   .fill = big_bos,
                   .bos = true,
                   .residual = true,
                   .sae = unit,
                   .rest = ", \"skip_first\": 1"});
}

static void test_ranking(void) {
    warns(&(plan){.label = "decoder rows of norm 2",
                  .fill = sound_residual,
                  .residual = true,
                  .sae = write_sae("two", 2, KEEP)},
          NULL, "norm 1", 1, 1, SAYS("decoder rows", "folded"));
    silent(&(plan){.label = "decoder rows of norm 1.0005",
                   .fill = sound_residual,
                   .residual = true,
                   .sae = write_sae("close", 1.0005, KEEP)});
    warns(&(plan){.label = "ties at rank 100", .fill = tied}, NULL, "same shift", 1, 1,
          SAYS("by icl: 20 latents have the same shift", "only 10 are among the first 100"));
    silent(&(plan){.label = "no ties at rank 100", .fill = not_tied});
}

static void test_pairing(void) {
    warns(&(plan){.label = "rows of different tokens", .fill = sound, .other_tokens = true, .pairing = "row"}, NULL,
          "different tokens", 2, 2, SAYS("paired by number"));
    warns(&(plan){.label = "rows of different tokens, one note", .fill = sound, .other_tokens = true, .pairing = "row"},
          NULL, "train.base and train.icl", 1, 2, SAYS("paired by row", "% of the rows hold different tokens"));
    warns(&(plan){.label = "rows of the same tokens", .fill = sound, .pairing = "row"}, NULL,
          "train.base and train.icl", 0, 1, NULL);
    warns(&(plan){.label = "rows without tokens", .fill = sound, .pairing = "row", .no_tokens = true}, NULL,
          "paired by number", 1, 1, SAYS("order of rows"));
    silent(&(plan){.label = "tokens paired by token", .fill = sound});
}

/* What was noticed while reading is kept in the index. */
static void test_kept(void) {
    plan p = {.label = "an unknown key", .fill = sound, .rest = ", \"skip_frist\": 1"};
    warns(&p, NULL, "unknown key", 3, 3, SAYS("train.base", "skip_frist"));
}

/* A figure in a note is what the study has. */
static void test_figures(void) {
    plan p = {.label = "figures", .fill = sixteen, .sae = write_sae("unit", 1, KEEP)};
    scry_index *x = index_of(write_study(&p), NULL, p.label);
    if (!x) return;
    scry_notes notes = {0};
    scry_warnings(x, &notes);
    size_t active = 0;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t j = 0; j < LATENTS; j++) active += sixteen("base", r, j) != 0;
    const char *expected = text_of("train.base: L0 %.1f,", (double)active / ROWS);
    check(noted(&notes, expected, NULL) == 1, "figures: \"%s\" as counted here, found \"%s\"", expected,
          notes.count ? notes.text[0] : "nothing");
    scry_notes_free(&notes);
    scry_close(x);
}

int main(void) {
    test_sound();
    test_activations();
    test_tokens();
    test_pieces();
    test_ranking();
    test_pairing();
    test_kept();
    test_figures();
    return check_end();
}
