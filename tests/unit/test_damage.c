/* test_damage.c: the bytes of an index do not depend on when or with how many threads it is built; NaN in the input is
 * refused; a damaged index is refused, or at least never crashes scry. */
#include "check.h"
#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- a small study -------------------------------------------------------------------------- */

enum { ROWS = 60, LATENTS = 90 };
static const char *folder;

static const char *small_study(const char *name, double special, bool in_domain) {
    double *x = malloc(ROWS * LATENTS * sizeof *x);
    if (!x) abort();
    uint64_t seed = 61;
    for (int c = 0; c < 4; c++) {
        for (int i = 0; i < ROWS * LATENTS; i++) x[i] = roll_below(&seed, 4) ? 0 : roll_below(&seed, 1000) / 8.0;
        if (c == (in_domain ? 2 : 1) && special != 0)
            x[7 * LATENTS + 3] = x[9 * LATENTS] = isinf(special) && c == 2 ? -special : special;
        write_npy(text_of("%s/%s.%d.npy", folder, name, c), F32, ROWS, LATENTS, x);
    }
    free(x);
    const char *tokens = "";
    for (int s = 0; s < 6; s++)
        tokens = text_of("%s{\"id\": \"q%d\", \"n\": %d, \"tokens\": [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\" "
                         "h\",\"\\n\",\"\\u001b[31m\"]}\n",
                         tokens, s, s);
    write_text(text_of("%s/t.jsonl", folder), "%s", tokens);
    write_text(text_of("%s/l.jsonl", folder),
               "{\"latent\": 1, \"label\": \"one\"}\n{\"latent\": 80, \"label\": \"eighty\"}\n");
    const char *study = text_of("%s/%s.json", folder, name);
    FILE *f = fopen(study, "w");
    if (!f) abort();
    fprintf(f,
            "{\"scry_study\": 1, \"labels\": \"l.jsonl\", \"train\": {\"base\": {\"features\": \"%s.0.npy\", "
            "\"tokens\": \"t.jsonl\"}, "
            "\"icl\": {\"features\": \"%s.1.npy\", \"tokens\": \"t.jsonl\"}}, \"domains\": [",
            name, name);
    for (int d = 0; d < 4; d++)
        fprintf(
            f,
            "%s{\"name\": \"d%d\", \"change\": %d, \"base\": {\"features\": \"%s.2.npy\", \"tokens\": \"t.jsonl\"}, "
            "\"icl\": {\"features\": \"%s.3.npy\", \"tokens\": \"t.jsonl\"}}",
            d ? ", " : "", d, d * d - 2, name, name);
    fprintf(f, "]}\n");
    fclose(f);
    return study;
}

/* ---- the same bytes ------------------------------------------------------------------------- */

static void same_bytes(const char *name, const char *study) {
    if (!study) {
        check_skip("%s: not here, or too slow under the sanitizers", name);
        return;
    }
    static const unsigned threads[] = {1, 3, 3, 7};
    const char *first = NULL;
    for (size_t i = 0; i < (strcmp(name, "mmlu-pocket") ? 4 : 2); i++) {
        const char *out = scratch("%s.%zu.scry", name, i);
        scry_error err = {0};
        scry_build_options options = {.threads = threads[i]};
        if (!scry_index_build(study, out, &options, NULL, NULL, &err)) {
            check(false, "%s with %u threads: %s", name, threads[i], err.text);
            return;
        }
        if (!first) first = out;
        else check(same_content(first, out), "%s: %u threads give the bytes that 1 gives", name, threads[i]);
        if (i) remove(out);
    }
    scry_error err = {0};
    scry_build_result result = {0};
    if (!check(scry_index_build(study, first, NULL, &result, NULL, &err), "%s: an index is replaced %s", name,
               err.text))
        return;
    scry_index *x = scry_open(first, true, &err);
    if (!x) return;
    const scry_info *info = scry_index_info(x);
    uint64_t postings = 0, kept = 0, in_captures = 0;
    for (uint32_t j = 0; j < info->d_sae; j++) postings += scry_postings(x, j);
    for (size_t i = 0; i < info->captures; i++) kept += info->capture[i].nnz, in_captures += info->capture[i].rows;
    check(result.nnz == postings && kept == postings && info->nnz == postings && result.tokens == in_captures &&
              info->tokens == in_captures,
          "%s: %llu activations, %llu tokens, however counted", name, (unsigned long long)postings,
          (unsigned long long)in_captures);
    scry_close(x);
}

/* ---- NaN and infinity ----------------------------------------------------------------------- */

static bool stop_at_once(void *context, const char *step, uint64_t done, uint64_t total) {
    (void)step;
    return done <= total && ++*(int *)context < 2;
}

static void nonfinite(void) {
    static const double specials[] = {NAN, INFINITY, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        bool domain = i >= 2;
        const char *name = text_of("nan%d", i), *study = small_study(name, specials[i], domain),
                   *out = text_of("%s/%s.scry", folder, name);
        const char *key = domain ? "domains[0].base" : "train.icl", *file = text_of("%s.%d.npy", name, domain ? 2 : 1);
        scry_error err = {0};
        check(!scry_index_build(study, out, NULL, NULL, NULL, &err), "%g in %s", specials[i], key);
        check_says(err.text, SAYS(key, file, "found 2", "row 7", "expected", "--allow-nonfinite"),
                   "is refused with its place and the way out");
        check_is(count_names(folder, text_of("%s.scry", name)), 0, "and nothing is left behind");
        scry_notes notes = {0};
        scry_build_options allow = {.allow_nonfinite = true};
        bool ok = scry_index_build(study, out, &allow, NULL, NULL, &err), noted = false;
        scry_index *index = ok ? scry_open(out, true, &err) : NULL;
        if (index) scry_warnings(index, &notes);
        scry_close(index);
        for (size_t k = 0; k < notes.count; k++)
            noted = noted || (strstr(notes.text[k], "NaN") && strstr(notes.text[k], "2"));
        check(ok && noted, "allowed, it is taken and noted %s", ok ? "" : err.text);
        scry_notes_free(&notes);
        scry_index *x = ok ? scry_open(out, true, &err) : NULL;
        if (!x) continue;
        float h[2] = {1, 1};
        int at = scry_find_capture_named(x, domain ? "d0" : "train.icl");
        scry_activations(x, 3, (size_t)at, 7, 1, h);
        scry_activations(x, 0, (size_t)at, 9, 1, h + 1);
        bool finite = h[0] == 0 && h[1] == 0;
        for (uint32_t j = 0; j < LATENTS; j++)
            for (int m = 0; m < SCRY_METRICS; m++)
                finite = finite && isfinite(scry_shift(x, 0, SCRY_ICL, (scry_metric)m)[j]);
        for (uint32_t j = 0; j < LATENTS; j++)
            for (size_t d = 0; d < scry_index_info(x)->domains; d++)
                finite = finite && isfinite(scry_contribution(x, SCRY_ACT2, j)[d]);
        check(finite, "as 0, and every figure is finite");
        scry_close(x);
    }
    const char *study = small_study("stop", 0, false), *out = text_of("%s/stop.scry", folder);
    int calls = 0;
    scry_error err = {0};
    scry_build_options options = {.progress = stop_at_once, .context = &calls};
    check(!scry_index_build(study, out, &options, NULL, NULL, &err) && strstr(err.text, "interrupted"),
          "interrupted: %s", err.text);
    check_is(count_names(folder, "stop.scry"), 0, "leaves nothing behind");
    err = (scry_error){0};
    check(!scry_index_build(study, text_of("%s/no/x.scry", folder), NULL, NULL, NULL, &err) &&
              strstr(err.text, "x.scry"),
          "a place that is not there: %s", err.text);
    check(!scry_index_build(study, folder, NULL, NULL, NULL, &err) && strstr(err.text, folder),
          "a folder in its place: %s", err.text);
    check_is(count_names(folder, ".tmp"), 0, "leaves no temporary file");
}

/* ---- damage --------------------------------------------------------------------------------- */

/* Everything that can be read of an index. The sum is there so that nothing is optimised away. */
static double read_all(const scry_index *x) {
    const scry_info *info = scry_index_info(x);
    double sum = 0;
    scry_example top[8];
    float h[16];
    for (uint32_t j = 0; j < info->d_sae; j++) {
        for (int capture = -1; capture < (int)info->captures && capture < 3; capture++) {
            size_t n = scry_top_tokens(x, j, capture, capture == -1, 8, top);
            for (size_t k = 0; k < n; k++) {
                const scry_example *e = &top[k];
                if (e->capture >= info->captures) abort();
                sum += (double)strlen(scry_token(x, e->capture, e->token));
                scry_sample s = scry_sample_at(x, e->capture, e->sample);
                sum += (double)(strlen(s.id) + strlen(s.metadata) + s.count);
            }
        }
        scry_activations(x, j, j % info->captures, j % 50, 16, h);
        sum += (double)h[0] + scry_domain_rate(x, j, j % info->domains) + (double)scry_postings(x, j);
        for (int k = 0; k < SCRY_KEY_PIECES; k++)
            sum += scry_key_piece(x, j, k) ? (double)strlen(scry_key_piece(x, j, k)) : 0;
        sum += scry_label(x, j) ? (double)strlen(scry_label(x, j)) : 0;
    }
    for (size_t i = 0; i < info->captures; i++) {
        for (uint32_t s = 0; s < info->capture[i].samples; s += 1 + info->capture[i].samples / 50)
            sum += (double)strlen(scry_sample_at(x, i, s).id);
        for (uint64_t r = 0; r < info->capture[i].rows; r += 1 + info->capture[i].rows / 50)
            sum += (double)strlen(scry_token(x, i, r));
    }
    scry_error err;
    scry_condition source[SCRY_CONDITIONS];
    for (size_t t = 0; t < info->trains; t++)
        for (int c = 0; c < scry_train_sources(x, t, source); c++)
            for (int score = 0; score < SCRY_SCORES; score++) {
                scry_session *s = scry_session_new(x, t, source[c], SCRY_D, 20, (scry_score)score, &err);
                if (!s) continue;
                sum += scry_session_result(s)->fit.pearson;
                scry_what_if(x, scry_session_scorer(s), scry_session_set(s), scry_session_scope(s), (uint32_t[]){0, 1},
                             2, h);
                scry_session_free(s);
            }
    return sum;
}

typedef struct damage {
    size_t refused, missed, unnamed, opened;
    uint64_t first_missed;
} damage;

static void one(damage *d, const char *path, const uint8_t *bytes, size_t size, uint64_t place, bool unverified) {
    scry_error err = {0};
    write_bytes(path, bytes, size);
    scry_index *x = scry_open(path, true, &err);
    if (!x) d->refused++;
    else if (!d->missed++) d->first_missed = place;
    if (!x) d->unnamed += !strstr(err.text, path);
    scry_close(x);
    x = unverified ? scry_open(path, false, &err) : NULL;
    if (!x) return;
    d->opened++;
    volatile double sum = read_all(x);
    (void)sum;
    scry_close(x);
}

static void damaged(const char *name, const char *index, int places, int unverified) {
    size_t size;
    uint8_t *bytes = read_bytes(index, &size);
    const char *path = scratch("hurt.scry");
    uint64_t seed = 62;
    damage flips = {0}, cuts = {0};
    for (int i = 0; i < places; i++) {
        uint64_t at = roll(&seed) % size;
        uint8_t bit = (uint8_t)(1u << roll_below(&seed, 8));
        bytes[at] ^= bit;
        one(&flips, path, bytes, size, at, i < unverified);
        bytes[at] ^= bit;
        one(&cuts, path, bytes,
            i < 100 && (size_t)i < size ? (i < 50 ? (size_t)i * 2 : size - 1 - (size_t)(i - 50))
                                        : (size_t)(roll(&seed) % size),
            0, true);
    }
    check(flips.missed == 0 && flips.unnamed == 0,
          "%s: a bit flipped in %d places: refused %zu times by the file's name, %zu times missed; read without "
          "verifying %zu times%s",
          name, places, flips.refused, flips.missed, flips.opened,
          flips.missed ? text_of("; first missed at byte %llu of %zu", (unsigned long long)flips.first_missed, size)
                       : "");
    check(cuts.missed == 0 && cuts.unnamed == 0 && cuts.opened == 0,
          "%s: cut at %d places: refused %zu times, opened %zu times", name, places, cuts.refused,
          cuts.missed + cuts.opened);
    free(bytes);
}

static void every_byte(const char *index) {
    size_t size;
    uint8_t *bytes = read_bytes(index, &size);
    const char *path = scratch("every.scry");
    size_t missed = 0, zeros = 0;
    uint64_t first = 0, step = SANITIZED ? 29 : 7;
    for (uint64_t at = 0; at < size; at += at < 4096 || at + 4096 > size ? 1 : step) {
        bytes[at] ^= 0x10;
        write_bytes(path, bytes, size);
        scry_error err;
        scry_index *x = scry_open(path, true, &err);
        if (x && !missed++) first = at;
        zeros += x && bytes[at] == 0x10;
        scry_close(x);
        bytes[at] ^= 0x10;
    }
    check(missed == 0,
          "a changed byte anywhere in %zu is refused: %zu missed (first at %llu; %zu were zero, as padding is)", size,
          missed, (unsigned long long)first, zeros);
    free(bytes);
}

/* An attacker repairs the checksums: the figures in the meta data are changed
 * and everything else made to fit. The layout is that of index/format/container.h. */
static void mended(const char *index, int tries) {
    size_t size;
    uint8_t *whole = read_bytes(index, &size), *hurt = malloc(size);
    if (!hurt) abort();
    const char *path = scratch("mended.scry");
    uint64_t table, seed = 63;
    uint32_t sections;
    memcpy(&table, whole + 24, 8);
    memcpy(&sections, whole + 32, 4);
    size_t opened = 0, refused = 0, unnamed = 0;
    for (int i = 0; i < tries; i++) {
        memcpy(hurt, whole, size);
        uint32_t section = i % 2 ? roll_below(&seed, sections) : sections - 1;
        for (uint32_t s = 0; s < sections && i % 2 == 0; s++)
            if (strcmp((char *)hurt + table + s * 64, "meta") == 0) section = s;
        uint8_t *entry = hurt + table + section * 64;
        uint64_t offset, length;
        memcpy(&offset, entry + 40, 8);
        memcpy(&length, entry + 48, 8);
        if (i % 16 == 15) { /* the table itself: another size or place */
            uint64_t other = roll_below(&seed, 2) ? roll(&seed) >> roll_below(&seed, 60)
                                                  : roll_below(&seed, (uint32_t)size) / 64 * 64;
            memcpy(entry + (roll(&seed) & 1 ? 40 : 48), &other, 8);
            memcpy(&offset, entry + 40, 8);
            memcpy(&length, entry + 48, 8);
        } else if (i % 2) { /* any section: big or small numbers, 4 bytes at a time */
            for (uint32_t k = 1 + roll_below(&seed, 4); k && length >= 4; k--) {
                uint64_t at = offset + (roll(&seed) % (length / 4)) * 4;
                uint32_t value = roll(&seed) & 1   ? (uint32_t)roll(&seed)
                                 : roll(&seed) & 1 ? UINT32_MAX
                                                   : roll_below(&seed, 300);
                memcpy(hurt + at, &value, 4);
            }
        } else { /* the meta data: digits, or a letter, or a quote */
            for (uint32_t k = 1 + roll_below(&seed, 3), turn = 0; k && turn < 10000; turn++) {
                uint8_t *c = hurt + offset + roll(&seed) % length;
                if (*c < '0' || *c > '9') {
                    if (roll_below(&seed, 40)) continue;
                    *c = (uint8_t) "-,]}\"9e."[roll_below(&seed, 8)];
                } else *c = (uint8_t) "0123456789-e.9"[roll_below(&seed, 14)];
                k--;
            }
        }
        if (offset <= size && length <= size - offset) {
            uint64_t hash = XXH3_64bits(hurt + offset, length);
            memcpy(entry + 56, &hash, 8);
        }
        uint64_t hash = XXH3_64bits(hurt + table, (size_t)sections * 64);
        memcpy(hurt + 40, &hash, 8);
        hash = XXH3_64bits(hurt, 56);
        memcpy(hurt + 56, &hash, 8);
        write_bytes(path, hurt, size);
        scry_error err = {0};
        scry_index *x = scry_open(path, true, &err);
        if (!x) {
            refused++;
            unnamed += !strstr(err.text, path);
            continue;
        }
        opened++;
        volatile double sum = read_all(x);
        (void)sum;
        scry_close(x);
    }
    check(opened > 0 && refused > 0 && unnamed == 0,
          "%d indexes falsified with right checksums: %zu refused, %zu read from end to end; %zu errors without a name",
          tries, refused, opened, unnamed);
    free(whole);
    free(hurt);
}

static void foreign(void) {
    static const char *const texts[] = {"", "SCRYIDX\n", "{\"scry_study\": 1}",
                                        "SCRYIDX\nSCRYIDX\nSCRYIDX\nSCRYIDX\nSCRYIDX\nSCRYIDX\nSCRYIDX\nSCRYIDX\n"};
    const char *path = scratch("foreign.scry");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scry_error err = {0};
        write_text(path, "%s", texts[i]);
        scry_index *x = scry_open(path, false, &err);
        check(!x && strstr(err.text, path), "not an index: %s", err.text);
        check(scry_is_index(path) == (strncmp(texts[i], "SCRYIDX\n", 8) == 0), "told apart by its first bytes");
        scry_close(x);
    }
    scry_error err = {0};
    check(!scry_open(scratch("gone.scry"), true, &err) && strstr(err.text, "gone.scry"), "no file: %s", err.text);
    check(!scry_open(folder, true, &err) && strstr(err.text, "directory"), "a folder: %s", err.text);
}

int main(void) {
    folder = scratch_folder("damage");
    const char *study = small_study("small", 0, false), *mmlu = SANITIZED ? NULL : study_path_of("mmlu-pocket");
    same_bytes("small", study);
    same_bytes("sample", study_path_of("sample"));
    same_bytes("mmlu-pocket", mmlu);
    nonfinite();
    foreign();
    const char *small = scratch("small.0.scry"), *sample = scratch("sample.0.scry");
    if (file_exists(small)) {
        damaged("small", small, 400, 400);
        every_byte(small);
        mended(small, SANITIZED ? 1000 : 3000);
    }
    if (file_exists(sample)) damaged("sample", sample, 200, SANITIZED ? 5 : 30);
    return check_end();
}
