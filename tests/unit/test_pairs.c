/* test_pairs.c: samples are paired by ids that agree with the texts, by the texts where ids do not serve, and refused
 * where a doubt remains; what was lost is counted. Shifts are compared with a plain loop over the right pairs. */
#include "check.h"
#include "latent.h"
#include "scry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATENTS = 12, MOST_SAMPLES = 40, LENGTH = 5 };

/* A token file and its features. Sample i has the text of `words[i]`, word by word, behind `front` other tokens. */
typedef struct side {
    int samples, front, text[MOST_SAMPLES];
    const char *id[MOST_SAMPLES];
    double h[MOST_SAMPLES * (LENGTH + 3)][LATENTS];
} side;

static const char *folder;
static side base, other;

/* Activations depend on the text and the side, so that a wrong pair shows. */
static void fill(side *s, double factor) {
    for (int i = 0, row = 0; i < s->samples; i++)
        for (int k = -s->front; k < LENGTH; k++, row++)
            for (int j = 0; j < LATENTS; j++) {
                uint64_t seed = (uint64_t)(s->text[i] * 1000 + (k + 10) * 50 + j + 1) * 7919;
                roll(&seed);
                s->h[row][j] = k < 0 ? 9 : roll_unit(&seed) * factor;
            }
}

static void write_side(const side *s, const char *name) {
    FILE *f = fopen(text_of("%s/%s.jsonl", folder, name), "w");
    if (!f) abort();
    for (int i = 0; i < s->samples; i++) {
        fprintf(f, "{\"id\": \"%s\", \"tokens\": [", s->id[i]);
        for (int k = -s->front; k < LENGTH; k++)
            fprintf(f, "%s\" %s%d.%d\"", k > -s->front ? ", " : "", k < 0 ? "demo" : "w", k < 0 ? i : s->text[i], k);
        fprintf(f, "]}\n");
    }
    fclose(f);
    write_npy(text_of("%s/%s.npy", folder, name), F32, (size_t)(s->samples * (LENGTH + s->front)), LATENTS,
              &s->h[0][0]);
}

static scry_index *build(const char *pairing, const char *keys, scry_error *err) {
    folder = scratch_folder("study");
    fill(&base, 1);
    fill(&other, 1.01);
    write_side(&base, "base");
    write_side(&other, "icl");
    write_text(text_of("%s/study.json", folder),
               "{\"scry_study\": 1, \"pairing\": \"%s\", \"train\": {\"name\": \"T\", \"base\": {\"features\": "
               "\"base.npy\", \"tokens\": \"base.jsonl\"%s}, \"icl\": {\"features\": \"icl.npy\", \"tokens\": "
               "\"icl.jsonl\"%s}}, \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": {\"features\": "
               "\"base.npy\", \"tokens\": \"base.jsonl\"}}]}",
               pairing, keys, keys);
    *err = (scry_error){0};
    const char *out = text_of("%s/x.scry", folder);
    return scry_index_build(text_of("%s/study.json", folder), out, NULL, NULL, NULL, err) ? scry_open(out, true, err)
                                                                                          : NULL;
}

/* The total of mean squared differences over pairs of equal text, each base sample with the nth other of its text. */
static double total_by_text(int *pairs) {
    double total = 0;
    bool taken[MOST_SAMPLES] = {0};
    *pairs = 0;
    for (int i = 0; i < base.samples; i++)
        for (int o = 0; o < other.samples; o++) {
            if (taken[o] || other.text[o] != base.text[i]) continue;
            taken[o] = true;
            ++*pairs;
            for (int k = 0; k < LENGTH; k++)
                for (int j = 0; j < LATENTS; j++) {
                    double b = (double)(float)base.h[i * (LENGTH + base.front) + base.front + k][j];
                    double x = (double)(float)other.h[o * (LENGTH + other.front) + other.front + k][j];
                    total += (x - b) * (x - b);
                }
            break;
        }
    return total / (*pairs * LENGTH);
}

static bool warned(const scry_index *x, const char *words) {
    scry_notes notes = {0};
    bool found = false;
    scry_warnings(x, &notes);
    for (size_t i = 0; i < notes.count; i++) found = found || strstr(notes.text[i], words);
    scry_notes_free(&notes);
    return found;
}

static const scry_pair_counts *counts_of(const scry_index *x) {
    return &scry_index_info(x)->capture[scry_find_capture_named(x, "train.icl")].pairs;
}

/* Pairs by token, and compares with the loop; by_text: pairs that ids did not give. */
static void pairs(const char *what, uint64_t by_text) {
    scry_error err;
    scry_index *x = build("token", "", &err);
    if (!check(x != NULL, "%s: indexed %s", what, err.text)) return;
    int expected;
    double total = total_by_text(&expected);
    scry_ranking *r = scry_rank(x, 0, SCRY_ICL, SCRY_SQ, &err);
    check_near(r->total, total, 1e-12 * total, "%s: total shift", what);
    const scry_pair_counts *p = counts_of(x);
    check_is(p->paired_samples, (uint64_t)expected, "%s: samples paired", what);
    check_is(p->paired[0], (uint64_t)(expected * LENGTH), "%s: tokens paired", what);
    check_is(p->by_text, by_text, "%s: of them by text", what);
    check(warned(x, "samples were paired by their text") == (by_text > 0), "%s: a warning says so", what);
    scry_ranking_free(r);
    scry_close(x);
}

static void refuses(const char *what, const char *const *words) {
    scry_error err;
    scry_index *x = build("token", "", &err);
    if (!check(x == NULL, "%s: refused", what)) {
        scry_close(x);
        return;
    }
    check_says(err.text, words, "%s", what);
}

/* n samples of texts 0.. with ids s0.. */
static void plain(side *s, int n) {
    *s = (side){.samples = n};
    for (int i = 0; i < n; i++) {
        s->text[i] = i;
        s->id[i] = text_of("s%d", i);
    }
}

static void fresh(int n) {
    plain(&base, n);
    plain(&other, n);
}

static void turn(int by) {
    for (int i = 0; i < other.samples; i++) other.text[i] = (i + by) % other.samples;
}

static void misaligned(void) {
    fresh(8);
    pairs("ids and texts agree", 0);
    turn(3);
    pairs("contexts shuffled under the same ids", 8);
    turn(3);
    other.front = 2;
    pairs("shuffled, with demonstrations in front", 8);
    fresh(8);
    other.text[2] = 5, other.text[5] = 2;
    pairs("two contexts exchanged, the others as they were", 2);
    fresh(6);
    for (int i = 0; i < 6; i++) other.id[i] = text_of("icl-%d", i);
    turn(2);
    pairs("no id in both files", 6);
    fresh(6);
    turn(1);
    base.text[1] = base.text[4] = other.text[0] = other.text[3] = 77; /* the same context twice on each side */
    pairs("a context that is there twice, shuffled", 6);
    fresh(6);
    other.text[4] = 90;
    refuses("a context that the other file lacks", SAYS("train.icl", "icl.jsonl", "\"s4\"", "token 0",
                                                        "found \" w90.0\"", "expected \" w4.0\"", "train.base"));
    fresh(6);
    turn(1);
    other.text[5] = 91;
    scry_error err;
    scry_index *x = build("token", "", &err);
    check(x && counts_of(x)->paired_samples == 5 && counts_of(x)->samples[0] == 6,
          "shuffled, and one context lost: 5 of 6 paired %s", err.text);
    check(x && warned(x, "only 25 of 30 tokens, 5 of 6 samples"), "and named");
    scry_close(x);
}

static void tokens_left_out(void) {
    fresh(4);
    scry_error err;
    /* the text of the first token differs on all samples, which skip_first leaves out */
    folder = scratch_folder("study");
    scry_index *x = build("token", ", \"skip_first\": 1", &err);
    check(x && counts_of(x)->paired[0] == 4 * (LENGTH - 1) && counts_of(x)->tokens[0] == 4 * (LENGTH - 1),
          "skip_first: %s", err.text);
    scry_close(x);
    for (int i = 0; i < 2; i++)
        write_text(text_of("%s/%s.jsonl", folder, i ? "icl" : "base"),
                   "{\"id\": 1, \"tokens\": [\"%s\", \"a\", \"b\", \"c\", \"d\"]}\n", i ? "<s>" : "<bos>");
    for (int i = 0; i < 2; i++)
        write_npy(text_of("%s/%s.npy", folder, i ? "icl" : "base"), F32, LENGTH, LATENTS,
                  i ? &other.h[0][0] : &base.h[5][0]);
    const char *out = text_of("%s/x.scry", folder), *study = text_of("%s/study.json", folder);
    bool ok = scry_index_build(study, out, NULL, NULL, NULL, &err);
    x = ok ? scry_open(out, true, &err) : NULL;
    check(x && counts_of(x)->paired[0] == LENGTH - 1 && counts_of(x)->tokens[0] == LENGTH - 1,
          "a first token that differs and is skipped is not compared %s", err.text);
    scry_token_pairing *p = x ? scry_token_pairing_new(x) : NULL;
    if (p) {
        size_t from = (size_t)scry_find_capture_named(x, "train.base"),
               to = (size_t)scry_find_capture_named(x, "train.icl");
        check_is((uint64_t)scry_paired_row(p, from, 3, to), 3, "and the open index pairs the rows behind it");
    }
    scry_token_pairing_free(p);
    scry_close(x);
}

static void repeated(void) {
    fresh(6);
    base.id[1] = base.id[4] = other.id[1] = other.id[4] = "twice";
    other.text[1] = 4, other.text[4] = 1;
    pairs("an id twice, texts in the other order", 2);
    scry_error err;
    scry_index *x = build("token", "", &err);
    check(x && warned(x, "base.jsonl: the id \"twice\" occurs more than once") &&
              warned(x, "icl.jsonl: the id \"twice\" occurs more than once"),
          "and the id is named for each file");
    scry_close(x);
    other.text[1] = 1, other.text[4] = 4;
    pairs("an id twice, texts in order", 0);
    for (int i = 0; i < 6; i++) base.id[i] = other.id[i] = "all";
    turn(2);
    pairs("one id for all", 6);
    fresh(6);
    base.id[3] = "s2";
    other.id[3] = "s2";
    other.text[2] = 3, other.text[3] = 92;
    x = build("token", "", &err);
    check(x && counts_of(x)->paired_samples == 5, "an id twice, one of its texts on one side only: 5 of 6 paired %s",
          err.text);
    scry_close(x);
}

static void partial(const char *pairing) {
    char text[SCRY_PAIRS_TEXT];
    scry_error err;
    fresh(40);
    for (int i = 1; i < 40; i++) other.id[i] = text_of("x%d", i);
    scry_index *x = build(pairing, "", &err);
    if (!check(x != NULL, "%s: 1 of 40 ids in both: indexed %s", pairing, err.text)) return;
    scry_pairs_text(counts_of(x), SCRY_AGAINST_BASE, text);
    check(strcmp(text, "5 of 200 tokens, 1 of 40 samples") == 0 && counts_of(x)->elsewhere == 39,
          "%s: 1 of 40 ids in both: %s", pairing, text);
    check(warned(x, "only 5 of 200 tokens, 1 of 40 samples") && warned(x, "39 samples"), "%s: and a warning", pairing);
    scry_close(x);
    fresh(40);
    other.samples = 37;
    x = build(pairing, "", &err);
    check(x && counts_of(x)->samples[0] == 40 && counts_of(x)->samples[1] == 37 && !warned(x, "were paired;"),
          "%s: 3 of 40 lost are counted, without a warning %s", pairing, err.text);
    scry_close(x);
    other.samples = 36;
    x = build(pairing, "", &err);
    check(x && warned(x, "only 180 of 200 tokens of base and 180 of 180, 36 of 40 samples of base and 36 of 36"),
          "%s: a tenth lost is a warning %s", pairing, err.text);
    scry_close(x);
    fresh(40);
    base.samples = 10;
    other.front = 3;
    x = build(pairing, "", &err);
    check(x && counts_of(x)->samples[1] == 40 && counts_of(x)->paired_samples == 10 && warned(x, "10 of 40"),
          "%s: lost on the other side is a warning too %s", pairing, err.text);
    scry_close(x);
}

static void by_row(void) {
    scry_error err;
    fresh(40);
    other.samples = 30;
    scry_index *x = build("row", "", &err);
    char text[SCRY_PAIRS_TEXT];
    check(x && strcmp(scry_pairs_text(counts_of(x), SCRY_AGAINST_BASE, text),
                      "150 of 200 rows of base and 150 of 150") == 0,
          "row: surplus rows are counted: %s", x ? text : err.text);
    check(x && warned(x, "only 150 of 200 rows"), "row: and a warning");
    scry_close(x);
    fresh(8);
    turn(1);
    x = build("row", "", &err);
    check(x && warned(x, "100% of the rows hold different tokens"), "row: different tokens warn");
    scry_close(x);
}

static void by_sample(void) {
    scry_error err;
    fresh(8);
    turn(3);
    scry_index *x = build("sample", "", &err);
    check(x && counts_of(x)->misplaced == 8 && warned(x, "of 8 of 8 samples that share an id the text differs"),
          "sample: contexts shuffled under the same ids are named %s", err.text);
    scry_close(x);
    fresh(8);
    for (int i = 0; i < 8; i++) other.text[i] = 100 + i;
    x = build("sample", "", &err);
    check(x && counts_of(x)->paired_samples == 8 && counts_of(x)->misplaced == 0 && !warned(x, "share an id"),
          "sample: other texts are as they should be %s", err.text);
    scry_close(x);
    fresh(8);
    base.id[2] = base.id[5] = other.id[2] = other.id[5] = "twice";
    other.text[2] = 5, other.text[5] = 2;
    x = build("sample", "", &err);
    int expected;
    double total = 0, right = 0;
    total_by_text(&expected);
    for (int i = 0; x && i < 8; i++)
        for (int o = 0; o < 8; o++)
            for (int j = 0; j < LATENTS && other.text[o] == base.text[i]; j++) {
                double sum = 0;
                for (int k = 0; k < LENGTH; k++)
                    sum += (double)(float)other.h[o * LENGTH + k][j] - (double)(float)base.h[i * LENGTH + k][j];
                right += sum / LENGTH * (sum / LENGTH) / 8;
            }
    scry_ranking *r = x ? scry_rank(x, 0, SCRY_ICL, SCRY_SQ, &err) : NULL;
    if (r) total = r->total;
    check_near(total, right, 1e-9 * right, "sample: an id twice is told apart by its text");
    scry_ranking_free(r);
    scry_close(x);
}

int main(void) {
    misaligned();
    tokens_left_out();
    repeated();
    partial("token");
    partial("sample");
    by_row();
    by_sample();
    return check_end();
}
