/* test_identical.c: captures that are equal to the bit are named, and no ranking is made of them: residuals, dense and
 * sparse features, by token, sample and row, in shards, and one number that differs. */
#include "check.h"
#include "scry.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 90, WIDTH = 24, LATENTS = 1600 };

/* Which captures are copies of base: bit c for the training set's condition c, DOMAIN for the domain's icl. */
enum { ICL = 1 << SCRY_ICL, SFT = 1 << SCRY_SFT, SAME_SOURCES = 1 << 6, DOMAIN = 1 << 7, LAST_DIFFERS = 1 << 8 };

typedef struct plan {
    const char *label, *pairing;
    int copies;
    bool residual, sparse;
} plan;

static const char *folder;
static int cols_of(const plan *p) {
    return p->residual ? WIDTH : LATENTS;
}

/* The indices and values of up to K latents a row, as a .safetensors file. */
static void write_sparse(const char *path, const double *x, int cols) {
    enum { K = 8 };
    static long long index[ROWS * K];
    static float value[ROWS * K];
    for (int r = 0; r < ROWS; r++) {
        int n = 0;
        for (int j = 0; j < cols && n < K; j++)
            if (x[r * cols + j] != 0) index[r * K + n] = j, value[r * K + n++] = (float)x[r * cols + j];
        for (; n < K; n++) index[r * K + n] = n, value[r * K + n] = 0;
    }
    char header[400];
    int used = snprintf(header, sizeof header,
                        "{\"indices\":{\"dtype\":\"I64\",\"shape\":[%d,%d],\"data_offsets\":[0,%zu]},\"values\":{"
                        "\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[%zu,%zu]}}",
                        ROWS, K, sizeof index, ROWS, K, sizeof index, sizeof index + sizeof value);
    while (used % 8) header[used++] = ' ';
    uint64_t length = (uint64_t)used;
    FILE *f = fopen(path, "wb");
    if (!f) abort();
    fwrite(&length, sizeof length, 1, f);
    fwrite(header, 1, (size_t)used, f);
    fwrite(index, sizeof index, 1, f);
    fwrite(value, sizeof value, 1, f);
    fclose(f);
}

static const char *write_one(const plan *p, const char *name, uint64_t seed, bool change_last) {
    int cols = cols_of(p), nonzero = 0;
    double *x = calloc((size_t)(ROWS * cols), sizeof *x);
    if (!x) abort();
    for (int i = 0; i < ROWS * cols; i++) {
        nonzero = i % cols ? nonzero : 0;
        if (p->residual) x[i] = roll_unit(&seed) - 0.5;
        else if (roll_below(&seed, 40) == 0 && nonzero < 7 + 100 * !p->sparse) x[i] = roll_unit(&seed), nonzero++;
    }
    if (change_last) x[ROWS * cols - 1] += 0.25;
    const char *file = text_of("%s.%s", name, p->sparse ? "safetensors" : "npy");
    if (p->sparse) write_sparse(text_of("%s/%s", folder, file), x, cols);
    else write_npy(text_of("%s/%s", folder, file), F32, ROWS, (size_t)cols, x);
    free(x);
    return text_of("{\"%s\": \"%s\", \"tokens\": \"t.jsonl\"}", p->residual ? "residual" : "features", file);
}

static const char *write_study(const plan *p) {
    folder = scratch_folder("study");
    static double W[2 * WIDTH * 40], b[40 + WIDTH];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof W / sizeof *W; i++) W[i] = roll_unit(&seed) - 0.5;
    write_sae_folder(scratch_folder("study/sae"), WIDTH, 40, W, b,
                     "\"architecture\": \"standard\", \"apply_b_dec_to_input\": true");
    FILE *f = fopen(text_of("%s/t.jsonl", folder), "w");
    if (!f) abort();
    for (int r = 0; r < ROWS; r++)
        fprintf(f, "%s\"w%d\"%s", r % 6 ? ", " : text_of("{\"id\": %d, \"tokens\": [", r / 6), r,
                r % 6 == 5 ? "]}\n" : "");
    fclose(f);
    bool last = p->copies & LAST_DIFFERS;
    const char *base = write_one(p, "base", 1, false);
    const char *icl = write_one(p, "icl", p->copies & ICL ? 1 : 2, last);
    const char *sft = write_one(p, "sft", p->copies & SFT ? 1 : p->copies & SAME_SOURCES ? 2 : 3, last);
    const char *domain = write_one(p, "d", 4, false),
               *domain_icl = write_one(p, "di", p->copies & DOMAIN ? 4 : 6, last);
    const char *path = text_of("%s/study.json", folder);
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"%s\"%s, \"train\": {\"name\": \"T\", \"base\": %s, \"icl\": %s, "
               "\"sft\": %s}, \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": %s, \"icl\": %s}, {\"name\": "
               "\"e\", \"change\": 2, \"base\": %s}, {\"name\": \"f\", \"change\": 4, \"base\": %s}]}",
               p->pairing, p->residual ? ", \"sae\": \"sae\"" : "", base, icl, sft, domain, domain_icl, base, sft);
    return path;
}

static bool warned(const scry_index *x, const char *words) {
    scry_notes notes = {0};
    bool found = false;
    scry_warnings(x, &notes);
    for (size_t i = 0; i < notes.count; i++) found = found || strstr(notes.text[i], words);
    scry_notes_free(&notes);
    return found;
}

/* A source that is equal to base is refused everywhere; others are ranked. */
static void check_sources(const scry_index *x, const plan *p) {
    const scry_train_info *train = &scry_index_info(x)->train[0];
    scry_error err = {0};
    for (int c = SCRY_ICL; c <= SCRY_SFT; c++) {
        bool same = p->copies >> c & 1 && !(p->copies & LAST_DIFFERS);
        const char *name = scry_condition_name((scry_condition)c);
        check(train->has[c] == !same && train->identical[c] == same, "%s: %s is %s", p->label, name,
              same ? "no source" : "a source");
        check(warned(x, text_of("train.%s is equal to train.base to the bit", name)) == same, "%s: %s %s", p->label,
              name, same ? "is named" : "is not named");
        scry_ranking *r = scry_rank(x, 0, (scry_condition)c, SCRY_SQ, &err);
        check(!r == same, "%s: ranking by %s: %s", p->label, name, same ? "refused" : err.text);
        if (same)
            check_says(err.text, SAYS(text_of("train.%s", name), "train.base", "to the bit", "again"), "%s: says why",
                       p->label);
        if (!same && r) check(r->total > 0, "%s: %s: a shift", p->label, name);
        scry_ranking_free(r);
    }
}

static void check_session(const scry_index *x, const plan *p) {
    if (p->copies != SFT) return;
    scry_error err = {0};
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 10, SCRY_ACT, &err);
    if (!check(s != NULL, "%s: a session by icl %s", p->label, err.text)) return;
    err = (scry_error){0};
    check(!scry_session_rank_by(s, SCRY_SFT, SCRY_SQ, &err) && err.status == 1 &&
              scry_session_ranking(s)->source == SCRY_ICL,
          "%s: a session stays with icl: %s", p->label, err.text);
    scry_session_free(s);
    check(!scry_session_new(x, 0, SCRY_SFT, SCRY_SQ, 10, SCRY_ACT, &err), "%s: no session by sft", p->label);
}

static void check_index(const scry_index *x, const plan *p) {
    bool last = p->copies & LAST_DIFFERS;
    check_sources(x, p);
    check_session(x, p);
    bool same = last ? p->copies & SFT && p->copies & ICL : p->copies & SAME_SOURCES;
    check(warned(x, "train.sft is equal to train.icl to the bit") == same, "%s: sft and icl", p->label);
    bool domain = p->copies & DOMAIN && !last;
    check(warned(x, "d.icl is equal to d.base to the bit") == domain, "%s: a domain's icl", p->label);
    check(scry_domain_has_score(x, SCRY_SCORE_ICL, 0) == !domain && scry_has_score(x, SCRY_SCORE_ICL) == !domain,
          "%s: the score by icl is %s", p->label, domain ? "not given" : "given");
}

static void one(const plan *p) {
    const char *study = write_study(p), *out = text_of("%s/x.scry", folder);
    scry_error err = {0};
    scry_index *x = scry_index_build(study, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    if (!check(x != NULL, "%s: indexed %s", p->label, err.text)) return;
    check_index(x, p);
    scry_close(x);
}

/* Each shard sees its own latents; the last latent alone differs. */
static void shards(const plan *p) {
    const char *study = write_study(p);
    char *paths[3];
    scry_error err = {0};
    for (uint32_t s = 0; s < 3; s++) {
        paths[s] = (char *)(uintptr_t)text_of("%s/%u.scry", folder, s);
        scry_build_options o = {.shard = s + 1, .shards = 3};
        if (!check(scry_index_build(study, paths[s], &o, NULL, NULL, &err), "%s: shard %s", p->label, err.text)) return;
    }
    const char *out = text_of("%s/merged.scry", folder), *whole = text_of("%s/whole.scry", folder);
    bool ok = scry_merge(paths, 3, out, &err) && scry_index_build(study, whole, NULL, NULL, NULL, &err);
    scry_index *x = ok ? scry_open(out, true, &err) : NULL;
    if (!check(x != NULL, "%s: merged %s", p->label, err.text)) return;
    check_index(x, p);
    scry_close(x);
    size_t size[2];
    uint8_t *bytes[2] = {read_bytes(out, &size[0]), read_bytes(whole, &size[1])};
    check(size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0, "%s: the bytes of a single run", p->label);
    free(bytes[0]);
    free(bytes[1]);
}

int main(void) {
    static const char *const pairings[] = {"token", "sample", "row"};
    for (int i = 0; i < 3; i++) {
        const char *w = pairings[i];
        one(&(plan){text_of("residuals by %s, all different", w), w, 0, true, false});
        one(&(plan){text_of("residuals by %s, sft copied", w), w, SFT, true, false});
        one(&(plan){text_of("residuals by %s, sft copied but for one number", w), w, SFT | ICL | DOMAIN | LAST_DIFFERS,
                    true, false});
        one(&(plan){text_of("features by %s, icl copied", w), w, ICL, false, false});
        one(&(plan){text_of("features by %s, sources equal", w), w, SAME_SOURCES, false, false});
        one(&(plan){text_of("features by %s, all copied but for one number", w), w, SFT | ICL | DOMAIN | LAST_DIFFERS,
                    false, false});
        one(&(plan){text_of("sparse by %s, sft copied", w), w, SFT, false, true});
        one(&(plan){text_of("features by %s, a domain's icl copied", w), w, DOMAIN, false, false});
    }
    one(&(plan){"both copied", "token", SFT | ICL, true, false});
    shards(&(plan){"shards, sft copied", "token", SFT, false, false});
    shards(&(plan){"shards, the last latent differs", "token", SFT | ICL | DOMAIN | LAST_DIFFERS, false, false});
    return check_end();
}
