/* test_columns.c: figures of all latents as columns, against the same figures latent by latent: in a study in which all
 * latents are active, in one in which most are silent, and with labels from the study and from the label store. */
#include "twin_compare.h"

#include "columns.h"
#include "labels.h"

enum { ROWS = 40, LATENTS = 1000 };

/* Dense captures; `every`: each how many-th latent is ever active. Five texts, so that key pieces repeat. */
static const char *study_of(const char *name, int every) {
    const char *folder = scratch_folder("%s", name), *study = text_of("%s/study.json", folder);
    double *x = calloc((size_t)ROWS * LATENTS, sizeof *x);
    FILE *words = fopen(text_of("%s/tokens.jsonl", folder), "w"), *labels = fopen(text_of("%s/l.jsonl", folder), "w");
    FILE *f = fopen(study, "w");
    uint64_t seed = 5;
    if (!x || !f || !words || !labels) abort();
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < ROWS * LATENTS; i++)
            x[i] = i % LATENTS % every == 0 && roll_below(&seed, 9) == 0 ? roll_unit(&seed) * 4 : 0;
        write_npy(text_of("%s/%d.npy", folder, c), F32, ROWS, LATENTS, x);
    }
    fprintf(words, "{\"id\":\"s\",\"tokens\":[");
    for (int i = 0; i < ROWS; i++) fprintf(words, "%s\"w%d\"", i ? "," : "", i % 5);
    fprintf(words, "]}\n");
    for (int j = 3; j < LATENTS; j += 37) fprintf(labels, "{\"latent\":%d,\"label\":\"label %d\"}\n", j, j);
    fprintf(f, "{\"scry_study\":1,\"pairing\":\"row\",\"labels\":\"l.jsonl\",\"train\":{\"name\":\"t\","
               "\"base\":{\"features\":\"0.npy\",\"tokens\":\"tokens.jsonl\"},"
               "\"sft\":{\"features\":\"1.npy\",\"tokens\":\"tokens.jsonl\"}},"
               "\"domains\":[{\"name\":\"d\",\"change\":1,\"base\":{\"features\":\"2.npy\"}}]}");
    fclose(words);
    fclose(labels);
    fclose(f);
    free(x);
    return study;
}

/* Windows at odd places, so that no boundary of 64 is the only one tried. */
static const struct {
    uint32_t from, n;
} windows[] = {{0, LATENTS}, {0, 1}, {64, 128}, {7, 900}, {LATENTS - 1, 1}, {500, 63}};
enum { WINDOWS = sizeof windows / sizeof *windows };

static void figures(const char *name, const scry_index *x) {
    static double many[LATENTS];
    uint64_t wrong = 0, there = 0;
    for (int w = 0; w < WINDOWS; w++) {
        uint32_t from = windows[w].from, n = windows[w].n;
        for (int m = 0; m < SCRY_METRICS; m++) {
            scry_column_shifts(x, 0, SCRY_SFT, (scry_metric)m, from, n, many);
            for (uint32_t i = 0; i < n; i++) {
                wrong += many[i] != scry_shift_of(x, 0, SCRY_SFT, (scry_metric)m, from + i);
                there += many[i] != 0;
            }
        }
        for (int shifted = 0; shifted < 2; shifted++) {
            scry_column_means(x, 0, SCRY_SFT, shifted, from, n, many);
            for (uint32_t i = 0; i < n; i++)
                wrong += many[i] != (shifted ? scry_mean_shifted : scry_mean_base)(x, 0, SCRY_SFT, from + i);
            scry_column_rates(x, 0, SCRY_SFT, shifted, from, n, many);
            for (uint32_t i = 0; i < n; i++)
                wrong += many[i] != (shifted ? scry_rate_shifted : scry_rate_base)(x, 0, SCRY_SFT, from + i);
        }
        scry_column_postings(x, from, n, many);
        for (uint32_t i = 0; i < n; i++) wrong += many[i] != (double)scry_postings(x, from + i);
        scry_column_means(x, 0, SCRY_ICL, false, from, n, many);
        for (uint32_t i = 0; i < n; i++) wrong += many[i] != 0;
    }
    check(wrong == 0 && there > 100, "%s: shifts, means, rates and counts are those of one at a time: %llu are not",
          name, (unsigned long long)wrong);

    uint64_t fires = 0, counted = 0;
    scry_column_postings(x, 0, LATENTS, many);
    for (uint32_t j = 0; j < LATENTS; j++) counted += (uint64_t)many[j];
    for (size_t c = 0; c < scry_index_info(x)->captures; c++) fires += scry_index_info(x)->capture[c].nnz;
    check(counted == fires && fires > 100, "%s: the counts add up to what fires: %llu", name,
          (unsigned long long)counted);
}

static bool holds(const scry_index *x, uint32_t latent, const uint8_t *wanted) {
    uint32_t piece[SCRY_KEY_PIECES];
    scry_key_pieces(x, latent, piece);
    for (int k = 0; k < SCRY_KEY_PIECES; k++)
        if (piece[k] != SCRY_NO_PIECE && wanted[piece[k]]) return true;
    return false;
}

static void pieces(const char *name, const scry_index *x) {
    uint32_t count = scry_pieces(x);
    uint8_t *wanted = calloc(count + 1, 1);
    uint64_t bits[(LATENTS + 63) / 64], wrong = 0, hits = 0;
    for (uint32_t which = 0; which <= count; which++) { /* each alone, and at last none */
        if (which) wanted[which - 1] = 0;
        if (which < count) wanted[which] = 1;
        for (int w = 0; w < WINDOWS; w++) {
            scry_latents_with_piece(x, wanted, windows[w].from, windows[w].n, bits);
            for (uint32_t i = 0; i < windows[w].n; i++) {
                bool has = bits[i / 64] >> (i % 64) & 1;
                wrong += has != holds(x, windows[w].from + i, wanted);
                hits += has;
            }
        }
    }
    check(wrong == 0 && hits > 20, "%s: latents with a key piece: %llu wrong of %llu", name, (unsigned long long)wrong,
          (unsigned long long)hits);
    free(wanted);
}

static void labels(const char *name, scry_index *x) {
    uint32_t wrong = 0, found = 0;
    for (uint32_t from = 0; from <= LATENTS; from++) {
        uint32_t j = from;
        while (j < LATENTS && !scry_label(x, j)) j++;
        wrong += scry_next_labelled(x, from) != j;
        found += j < LATENTS;
    }
    check(wrong == 0 && found > 500, "%s: the next latent with a label, from each: %u wrong", name, wrong);
}

static void one(const char *name, int every) {
    const char *path = scratch("%s.scry", name);
    scry_index *x = built(study_of(name, every), path, name);
    scry_error err = {0};
    if (!x) return;
    figures(name, x);
    pieces(name, x);
    labels(name, x);
    bool edited = scry_label_set(x, 3, "", &err) && scry_label_set(x, 40, "another", &err) &&
                  scry_label_set(x, 999, "the last", &err) && scry_label_set(x, 0, "the first", &err);
    check(edited, "%s: labels by hand %s", name, err.text);
    labels(text_of("%s, edited", name), x);
    uint64_t from = 0, steps = 0;
    while (steps++ < 1000 && (from = scry_prefetch(x, from)) != 0) continue;
    check(steps > 5 && steps < 1000, "%s: read ahead to its end, in %llu steps", name, (unsigned long long)steps);
    scry_prefetch_latents(x, 0, SCRY_SFT, SCRY_ACT, (const uint32_t[]){0, 1, 2, LATENTS - 1}, 4);
    scry_prefetch_latents(x, 0, SCRY_ICL, SCRY_SCORE_ICL, (const uint32_t[]){0, 1}, 2); /* no such source */
    scry_drop_pages(x);
    figures(text_of("%s, after letting go", name), x);
    scry_close(x);
}

int main(void) {
    one("all-active", 1);
    one("most-silent", 3);
    one("some-silent", 2);
    return check_end();
}
