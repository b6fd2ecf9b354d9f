/* small_study.h: makes small studies of random activations, written as files and kept as arrays. Variants: samples in
 * another order, samples missing on one side, demonstrations in front, tokens left out, residuals that an SAE reads. */
#ifndef SCRY_TESTS_UNIT_SMALL_STUDY_H
#define SCRY_TESTS_UNIT_SMALL_STUDY_H

#include "check.h"
#include "scry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { F = 60, D = 5, SAMPLES = 23, LONGEST = 9, ROWS = SAMPLES * (LONGEST + 2) };

typedef struct plan {
    const char *label, *pairing;
    bool demonstrations, shuffled, missing, no_tokens, no_icl;
    int skip, exclude; /* exclude: the token "x" */
    bool control;      /* the training set and the domains have control too, with text in front as icl has */
    bool residual;     /* h is a residual stream of F dimensions; the training set and the domains have sft too */
} plan;

typedef struct capture {
    int rows, samples, sample_id[SAMPLES], first[SAMPLES], count[SAMPLES];
    bool kept[ROWS], is_x[ROWS];
    double h[ROWS][F];
} capture;

typedef struct study {
    const plan *p;
    capture base[D], icl[D], train;
    capture sft[D], train_icl, train_sft; /* residual only */
    capture control[D], train_control;    /* control only */
    scry_index *x;
} study;

static inline int length_of(int domain, int sample) {
    uint64_t s = (uint64_t)(domain * 1000 + sample + 1) * 7919;
    roll(&s);
    return 1 + (int)roll_below(&s, LONGEST);
}

static inline void fill(const plan *p, capture *c, int domain, bool icl, uint64_t *seed) {
    int order[SAMPLES], n = 0;
    for (int s = 0; s < SAMPLES; s++)
        if (!p->missing || s % (icl ? 5 : 7) != 3) order[n++] = s;
    for (int i = n; i > 1 && p->shuffled && icl; i--) {
        int k = (int)roll_below(seed, (uint32_t)i), swap = order[i - 1];
        order[i - 1] = order[k], order[k] = swap;
    }
    *c = (capture){.samples = n};
    for (int i = 0; i < n; i++) {
        int front = p->demonstrations && icl ? order[i] % 3 : 0;
        c->sample_id[i] = order[i];
        c->first[i] = c->rows;
        c->count[i] = length_of(domain, order[i]) + front;
        for (int k = 0; k < c->count[i]; k++, c->rows++) {
            /* the query's tokens are those of base; the demonstrations' are others */
            uint64_t word = (uint64_t)(domain * 100 + order[i] + 1) * 131 + (uint64_t)(k - front + 50);
            roll(&word);
            c->is_x[c->rows] = k >= front && roll_below(&word, 6) == 0;
            c->kept[c->rows] = k >= p->skip && !(p->exclude && c->is_x[c->rows]);
            for (int j = 0; j < F; j++) {
                double h = roll_below(seed, 10) < 7 ? 0 : (double)roll_below(seed, 200) / 64;
                if (j % (D + 2) == domain + 1 && roll_below(seed, 3) == 0) h += 2 + domain; /* its own latents */
                c->h[c->rows][j] = j == 0 ? 0 : h;
            }
        }
    }
}

static inline const char *write_capture(const study *st, const capture *c, const char *folder, const char *name) {
    write_npy(text_of("%s/%s.npy", folder, name), F32, (size_t)c->rows, F, &c->h[0][0]);
    const plan *p = st->p;
    FILE *f = fopen(text_of("%s/%s.jsonl", folder, name), "w");
    if (!f) abort();
    for (int i = 0; i < c->samples; i++) {
        fprintf(f, "{\"id\": \"s%d\", \"tokens\": [", c->sample_id[i]);
        for (int k = 0; k < c->count[i]; k++)
            fprintf(f, "%s\"%s\"", k ? ", " : "", c->is_x[c->first[i] + k] ? "x" : "w");
        fprintf(f, "]}\n");
    }
    fclose(f);
    return text_of("{\"%s\": \"%s.npy\"%s%s%s}", p->residual ? "residual" : "features", name,
                   p->no_tokens ? "" : text_of(", \"tokens\": \"%s.jsonl\"", name),
                   p->skip ? text_of(", \"skip_first\": %d", p->skip) : "", p->exclude ? ", \"exclude\": [\"x\"]" : "");
}

enum { LATENTS = 40 };

/* A ReLU SAE whose decoder bias is taken from its input, so that what it reads is not the residual. */
static inline void write_sae(const char *folder, uint64_t *seed) {
    static double W[2 * F * LATENTS], b[LATENTS + F];
    for (int i = 0; i < 2 * F * LATENTS; i++) W[i] = roll_unit(seed) - 0.5;
    for (int i = 0; i < LATENTS + F; i++) b[i] = roll_unit(seed) - 0.5;
    write_sae_folder(folder, F, LATENTS, W, b, "\"architecture\": \"standard\", \"apply_b_dec_to_input\": true");
}

static inline bool study_make(study *st, const plan *p) {
    static int number;
    const char *folder = scratch_folder("resample%d", number++), *domains = "";
    uint64_t seed = 77 + (uint64_t)number;
    st->p = p;
    fill(p, &st->train, -1, false, &seed);
    const char *train = write_capture(st, &st->train, folder, "train"), *sources = "";
    if (p->residual) {
        write_sae(scratch_folder("resample%d/sae", number - 1), &seed);
        fill(p, &st->train_icl, -1, true, &seed);
        fill(p, &st->train_sft, -1, false, &seed);
        sources = text_of("\"icl\": %s, \"sft\": %s", write_capture(st, &st->train_icl, folder, "train-icl"),
                          write_capture(st, &st->train_sft, folder, "train-sft"));
    } else {
        uint64_t own = seed ^ 99; /* other values than base's: a source that is equal to it is none */
        fill(p, &st->train_icl, -1, true, &own);
        sources = text_of("\"icl\": %s", write_capture(st, &st->train_icl, folder, "train-icl"));
    }
    uint64_t other = seed ^ 1234;
    if (p->control) {
        fill(p, &st->train_control, -1, true, &other);
        sources =
            text_of("%s, \"control\": %s", sources, write_capture(st, &st->train_control, folder, "train-control"));
    }
    for (int d = 0; d < D; d++) {
        fill(p, &st->base[d], d, false, &seed);
        fill(p, &st->icl[d], d, true, &seed);
        const char *base = write_capture(st, &st->base[d], folder, text_of("b%d", d));
        const char *icl = write_capture(st, &st->icl[d], folder, text_of("i%d", d));
        const char *sft = "";
        if (p->residual) {
            fill(p, &st->sft[d], d, false, &seed);
            sft = text_of(", \"sft\": %s", write_capture(st, &st->sft[d], folder, text_of("s%d", d)));
        }
        if (p->control) {
            fill(p, &st->control[d], d, true, &other);
            sft = text_of("%s, \"control\": %s", sft, write_capture(st, &st->control[d], folder, text_of("c%d", d)));
        }
        domains = text_of("%s%s{\"name\": \"%s\", \"change\": %g, \"base\": %s%s%s}", domains, d ? ", " : "",
                          d == 4 ? "task" : text_of("d%d", d), (d - 1.7) * (d + 1), base,
                          p->no_icl && d == 2 ? "" : text_of(", \"icl\": %s", icl), sft);
    }
    const char *path = text_of("%s/study.json", folder), *out = text_of("%s/x.scry", folder);
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"%s\", %s\"train\": {\"name\": \"task\", \"base\": %s, %s}, "
               "\"domains\": [%s]}",
               p->pairing, p->residual ? "\"sae\": \"sae\", " : "", train, sources, domains);
    scry_error err = {0};
    st->x = scry_index_build(path, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    return check(st->x != NULL, "%s: indexed %s", p->label, err.text);
}

#endif
