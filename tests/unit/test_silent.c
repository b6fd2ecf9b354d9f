/* test_silent.c: studies in which most latents, some, or all but a few blocks are silent: every figure against the slow
 * twin, merged shards, and the space that silent latents save. */
#include "twin_compare.h"

#include <unistd.h>

enum { ROWS = 60, LATENTS = 1600, DOMAINS = 3 };

/* Is a latent ever active? A share of them, spread; none before `first`, so that whole shards are silent. */
static bool speaks(int j, int of_ten, int first) {
    return j >= first && (j * 7 + j / 100) % 10 < of_ten;
}

static const char *study_of(const char *name, int of_ten, int first) {
    const char *folder = scratch_folder("%s", name), *study = text_of("%s/study.json", folder);
    double *x = malloc(ROWS * LATENTS * sizeof *x);
    uint64_t seed = 81;
    FILE *f = fopen(study, "w");
    if (!x || !f) abort();
    for (int c = 0; c < 2 + 2 * DOMAINS; c++) {
        for (int i = 0; i < ROWS * LATENTS; i++)
            x[i] = speaks(i % LATENTS, of_ten, first) && roll_below(&seed, 12) == 0 ? roll_unit(&seed) * 5 : 0;
        write_npy(text_of("%s/%d.npy", folder, c), F32, ROWS, LATENTS, x);
    }
    free(x);
    fprintf(f, "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": {\"name\": \"t\", \"base\": {\"features\": "
               "\"0.npy\"}, \"icl\": {\"features\": \"1.npy\"}}, \"domains\": [");
    for (int d = 0; d < DOMAINS; d++)
        fprintf(f,
                "%s{\"name\": \"d%d\", \"change\": %d, \"base\": {\"features\": \"%d.npy\"}, \"icl\": "
                "{\"features\": \"%d.npy\"}}",
                d ? ", " : "", d, d * d - 5, 2 + 2 * d, 3 + 2 * d);
    fprintf(f, "]}");
    fclose(f);
    return study;
}

static uint64_t size_of_section(const scry_index *x, const char *name) {
    const char *here;
    uint64_t bytes;
    for (size_t i = 0; scry_section(x, i, &here, &bytes); i++)
        if (strcmp(here, name) == 0) return bytes;
    return UINT64_MAX;
}

static void merged(const char *name, const char *study, const char *whole, uint32_t shards) {
    char *paths[8];
    scry_error err = {0};
    for (uint32_t s = 0; s < shards; s++) {
        paths[s] = (char *)(uintptr_t)scratch("%s.%u.scry", name, s);
        scry_build_options o = {.shard = s + 1, .shards = shards};
        if (!scry_index_build(study, paths[s], &o, NULL, NULL, &err)) {
            check(false, "%s: shard: %s", name, err.text);
            return;
        }
    }
    const char *out = scratch("%s.merged.scry", name);
    if (!scry_merge(paths, shards, out, &err)) {
        check(false, "%s: merged: %s", name, err.text);
        return;
    }
    size_t one, two;
    uint8_t *a = read_bytes(whole, &one), *b = read_bytes(out, &two);
    check(one == two && memcmp(a, b, one) == 0, "%s: %u shards are merged to the bytes of a single run", name, shards);
    free(a);
    free(b);
}

static void one(const char *name, int of_ten, int first) {
    static const char *const captures[] = {"train.base", "train.icl", "d1.icl", NULL};
    const char *study = study_of(name, of_ten, first), *path = scratch("%s.scry", name);
    scry_index *x = built(study, path, name);
    if (!x) return;
    against_twin(name, study, x, 1e-6, false, captures);
    uint64_t active = 0, wrong = 0;
    for (int j = 0; j < LATENTS; j++) active += speaks(j, of_ten, first);
    uint64_t rows = active * 2 < LATENTS ? active : LATENTS;
    check_is(size_of_section(x, "score/act"), rows * DOMAINS * sizeof(float), "%s: rows of a score", name);
    uint64_t shifts = size_of_section(x, "shift/0/icl");
    check(rows ? shifts % (rows * sizeof(double)) == 0 && shifts / rows < 64 : shifts == 0, "%s: rows of the shifts",
          name);
    for (uint32_t j = 0; j < LATENTS; j++) {
        if (speaks((int)j, of_ten, first)) continue;
        wrong += scry_postings(x, j) != 0;
        for (int m = 0; m < SCRY_METRICS; m++) {
            wrong += scry_shift_of(x, 0, SCRY_ICL, (scry_metric)m, j) != 0;
            wrong += scry_shift(x, 0, SCRY_ICL, (scry_metric)m)[j] != 0;
        }
        for (int s = 0; s < SCRY_SCORES; s++)
            for (int d = 0; d < DOMAINS && !scry_scores[s].is_effect; d++)
                wrong += (double)scry_contribution(x, (scry_score)s, j)[d] != 0;
    }
    check(wrong == 0, "%s: figures of the silent latents are 0 (%llu are not)", name, (unsigned long long)wrong);
    scry_close(x);
    merged(name, study, path, 2);
    merged(name, study, path, 4);
}

int main(void) {
    one("few-speak", 2, 0);
    one("most-speak", 7, 0);
    one("all-speak", 10, 0);
    one("a-block-silent", 10, 512);
    one("two-blocks-silent", 10, 1024);
    one("none-speaks", 0, 0);
    return check_end();
}
