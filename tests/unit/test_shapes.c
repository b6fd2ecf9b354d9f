/* test_shapes.c: captures of shape [samples, positions, width] give the index of the same rows written flat, wherever
 * the padding is and however it is told; what does not fit is refused. */
#include "check.h"
#include "scry.h"
#include "train/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 7, POSITIONS = 6, WIDTH = 10 };

static const char *folder;
static const int length_of[SAMPLES] = {6, 3, 5, 1, 6, 2, 4};

typedef enum layout { LAYOUT_NPY, LAYOUT_FORTRAN, LAYOUT_SAFETENSORS, LAYOUT_BATCHES } layout;

/* One capture, before and after padding. */
typedef struct plan {
    const char *label, *keys;     /* keys: more of each capture, such as ", \"padding\": \"left\"" */
    bool left, zeros, pad_tokens; /* padding is on the left; is all zero; is listed in the token file */
    layout layout;
    bool mask; /* written as mask.npy */
    bool residual;
} plan;

static double value_of(int capture, int s, int k, int j) {
    uint64_t seed = (uint64_t)(capture * 7777 + s * 613 + k * 41 + j + 1);
    roll(&seed);
    return (double)(float)(roll_unit(&seed) * 3);
}

/* The sample's position at which token k lies. */
static int position_of(const plan *p, int s, int k) {
    return p->left ? POSITIONS - length_of[s] + k : k;
}

static double *padded(const plan *p, int capture) {
    double *x = calloc(SAMPLES * POSITIONS * WIDTH, sizeof *x);
    if (!x) abort();
    for (int i = 0; i < SAMPLES * POSITIONS * WIDTH; i++) x[i] = p->zeros ? 0 : 100 + i % 13; /* would show */
    for (int s = 0; s < SAMPLES; s++)
        for (int k = 0; k < length_of[s]; k++)
            for (int j = 0; j < WIDTH; j++)
                x[(s * POSITIONS + position_of(p, s, k)) * WIDTH + j] = value_of(capture, s, k, j);
    return x;
}

static void write_floats(FILE *f, const double *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float value = (float)x[i];
        fwrite(&value, sizeof value, 1, f);
    }
}

static FILE *open_file(const char *name) {
    FILE *f = fopen(text_of("%s/%s", folder, name), "wb");
    if (!f) abort();
    return f;
}

static void npy_header(FILE *f, const char *type, bool fortran, const char *shape) {
    char header[118];
    int used = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type,
                        fortran ? "True" : "False", shape);
    memset(header + used, ' ', sizeof header - (size_t)used);
    header[117] = '\n';
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, f);
    fwrite(header, 1, sizeof header, f);
}

static void write_npy3(const char *name, const double *x, int samples, bool fortran) {
    FILE *f = open_file(name);
    npy_header(f, "<f4", fortran, text_of("(%d, %d, %d)", samples, POSITIONS, WIDTH));
    if (!fortran) write_floats(f, x, (size_t)(samples * POSITIONS * WIDTH));
    for (int j = 0; j < WIDTH && fortran; j++)
        for (int k = 0; k < POSITIONS; k++)
            for (int s = 0; s < samples; s++) write_floats(f, &x[(s * POSITIONS + k) * WIDTH + j], 1);
    fclose(f);
}

static void write_safetensors3(const char *name, const double *x) {
    char header[200];
    size_t bytes = SAMPLES * POSITIONS * WIDTH * sizeof(float);
    int used =
        snprintf(header, sizeof header, "{\"resid\":{\"dtype\":\"F32\",\"shape\":[%d,%d,%d],\"data_offsets\":[0,%zu]}}",
                 SAMPLES, POSITIONS, WIDTH, bytes);
    while (used % 8) header[used++] = ' ';
    uint64_t length = (uint64_t)used;
    FILE *f = open_file(name);
    fwrite(&length, sizeof length, 1, f);
    fwrite(header, 1, (size_t)used, f);
    write_floats(f, x, SAMPLES * POSITIONS * WIDTH);
    fclose(f);
}

static void write_tokens(const plan *p, const char *name, bool flat) {
    FILE *f = open_file(name);
    for (int s = 0; s < SAMPLES; s++) {
        fprintf(f, "{\"id\": \"s%d\", \"tokens\": [", s);
        int pad = !flat && p->pad_tokens ? POSITIONS - length_of[s] : 0, front = p->left ? pad : 0;
        for (int k = -front; k < length_of[s] + pad - front; k++)
            fprintf(f, "%s\"%s\"", k > -front ? ", " : "",
                    k < 0 || k >= length_of[s] ? "<|pad|>" : text_of("w%d.%d", s, k));
        fprintf(f, "]}\n");
    }
    fclose(f);
}

static void write_mask(const plan *p) {
    FILE *f = open_file("mask.npy");
    npy_header(f, "<i8", false, text_of("(%d, %d)", SAMPLES, POSITIONS));
    for (int s = 0; s < SAMPLES; s++)
        for (int k = 0; k < POSITIONS; k++) {
            int from = p->left ? POSITIONS - length_of[s] : 0;
            int64_t bit = k >= from && k < from + length_of[s];
            fwrite(&bit, sizeof bit, 1, f);
        }
    fclose(f);
}

/* Writes the capture; its files as a JSON value. */
static const char *write_capture(const plan *p, int capture) {
    double *x = padded(p, capture);
    const char *files = text_of("\"c%d.npy\"", capture);
    if (p->layout == LAYOUT_SAFETENSORS) {
        files = text_of("\"c%d.safetensors\"", capture);
        write_safetensors3(text_of("c%d.safetensors", capture), x);
    } else if (p->layout == LAYOUT_BATCHES) {
        files = text_of("[\"c%d.npy\", \"c%d.1.npy\"]", capture, capture);
        write_npy3(text_of("c%d.npy", capture), x, 3, false);
        write_npy3(text_of("c%d.1.npy", capture), x + 3 * POSITIONS * WIDTH, SAMPLES - 3, false);
    } else write_npy3(text_of("c%d.npy", capture), x, SAMPLES, p->layout == LAYOUT_FORTRAN);
    free(x);
    return files;
}

static const char *write_flat(int capture) {
    double x[SAMPLES * POSITIONS * WIDTH];
    int row = 0;
    for (int s = 0; s < SAMPLES; s++)
        for (int k = 0; k < length_of[s]; k++, row++)
            for (int j = 0; j < WIDTH; j++) x[row * WIDTH + j] = value_of(capture, s, k, j);
    write_npy(text_of("%s/f%d.npy", folder, capture), F32, (size_t)row, WIDTH, x);
    return text_of("\"f%d.npy\"", capture);
}

static const char *write_study(const plan *p, bool flat) {
    const char *tokens = flat ? "flat.jsonl" : "t.jsonl", *c[4],
               *path = text_of("%s/%s.json", folder, flat ? "flat" : "study");
    write_tokens(p, tokens, flat);
    for (int i = 0; i < 4; i++)
        c[i] = text_of("{\"%s\": %s, \"tokens\": \"%s\"%s%s}", p->residual ? "residual" : "features",
                       flat ? write_flat(i) : write_capture(p, i), tokens, flat ? "" : p->keys,
                       p->mask && !flat ? ", \"mask\": \"mask.npy\"" : "");
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"token\"%s, \"train\": {\"name\": \"T\", \"base\": %s, \"icl\": %s}, "
               "\"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": %s, \"icl\": %s}]}",
               p->residual ? ", \"sae\": \"sae\"" : "", c[0], c[1], c[2], c[3]);
    return path;
}

static scry_index *build(const char *study, const char *name, scry_error *err) {
    const char *out = text_of("%s/%s.scry", folder, name);
    *err = (scry_error){0};
    return scry_index_build(study, out, NULL, NULL, NULL, err) ? scry_open(out, true, err) : NULL;
}

static bool warned(const scry_index *x, const char *words) {
    scry_notes notes = {0};
    bool found = false;
    scry_warnings(x, &notes);
    for (size_t i = 0; i < notes.count; i++) found = found || strstr(notes.text[i], words);
    scry_notes_free(&notes);
    return found;
}

static void begin(const plan *p) {
    static int number;
    folder = scratch_folder("study%d", number++);
    if (p->mask) write_mask(p);
    if (!p->residual) return;
    static double W[2 * WIDTH * 12], b[12 + WIDTH];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof W / sizeof *W; i++) W[i] = roll_unit(&seed) - 0.5;
    write_sae_folder(scratch_folder("study%d/sae", number - 1), WIDTH, 12, W, b, "\"architecture\": \"standard\"");
}

/* The index of the padded captures and of the flat ones must agree to the bit. */
static void agrees(const plan *p) {
    scry_error err;
    begin(p);
    scry_index *x = build(write_study(p, false), "x", &err);
    if (!check(x != NULL, "%s: indexed %s", p->label, err.text)) return;
    scry_index *y = build(write_study(p, true), "y", &err);
    if (!y) abort();
    size_t wrong = 0;
    const uint32_t F = scry_index_info(y)->d_sae;
    for (uint32_t j = 0; j < F; j++) {
        wrong += scry_shift(x, 0, SCRY_ICL, SCRY_SQ)[j] != scry_shift(y, 0, SCRY_ICL, SCRY_SQ)[j];
        for (int s = 0; s < SCRY_SCORES; s++)
            wrong += scry_has_score(x, (scry_score)s) &&
                     *scry_contribution(x, (scry_score)s, j) != *scry_contribution(y, (scry_score)s, j);
    }
    check_is(wrong, 0, "%s: shifts and scores of the flat rows, %u latents", p->label, F);
    const scry_capture_info *c = scry_index_info(x)->capture, *d = scry_index_info(y)->capture;
    check(c->rows == d->rows && c->samples == SAMPLES && c->padding == SAMPLES * POSITIONS - d->rows,
          "%s: %d rows of padding left out", p->label, (int)c->padding);
    check(strcmp(scry_token(x, 0, 6), "w1.0") == 0 && strcmp(scry_token(x, 0, 8), "w1.2") == 0, "%s: tokens", p->label);
    bool told = p->left || p->zeros || p->mask || p->pad_tokens || *p->keys;
    check(warned(x, "nothing tells where the padding is") == !told, "%s: the side is %s", p->label,
          told ? "told" : "assumed");
    scry_close(x);
    scry_close(y);
}

static void refuses(const plan *p, const char *study, const char *const *words) {
    scry_error err;
    scry_index *x = build(study, "x", &err);
    if (check(x == NULL, "%s: refused", p->label)) check_says(err.text, words, "%s", p->label);
    scry_close(x);
}

static void wrong(void) {
    plan p = {.label = "left padding that the manifest calls right",
              .left = true,
              .zeros = true,
              .keys = ", \"padding\": \"right\""};
    begin(&p);
    refuses(&p, write_study(&p, false),
            SAYS("train.base.padding", "found \"right\"", "zero on the left", "expected \"left\""));
    p = (plan){.label = "another number of samples", .keys = ""};
    begin(&p);
    const char *study = write_study(&p, false);
    write_text(text_of("%s/t.jsonl", folder), "{\"tokens\": [\"a\", \"b\", \"c\"]}\n{\"tokens\": [\"a\"]}\n");
    refuses(&p, study, SAYS("train.base", "c0.npy", "found 7 samples", "expected 2", "t.jsonl"));
    p.label = "a sample that is longer than the positions";
    write_text(text_of("%s/t.jsonl", folder),
               "{\"tokens\": [\"a\"]}\n{\"id\": \"long\", \"tokens\": [1, 2, 3, 4, 5, 6, 7]}\n{\"tokens\": [1]}\n"
               "{\"tokens\": [1]}\n{\"tokens\": [1]}\n{\"tokens\": [1]}\n{\"tokens\": [1]}\n");
    refuses(&p, study, SAYS("train.base", "c0.npy", "\"long\"", "found 6 positions", "at least 7", "t.jsonl"));
    p = (plan){.label = "a mask of other lengths", .keys = "", .mask = true};
    begin(&p);
    study = write_study(&p, false);
    write_text(
        text_of("%s/t.jsonl", folder),
        "{\"tokens\": [1,2,3,4,5,6]}\n{\"id\": \"two\", \"tokens\": [1, 2]}\n{\"tokens\": [1]}\n{\"tokens\": [1]}\n"
        "{\"tokens\": [1]}\n{\"tokens\": [1]}\n{\"tokens\": [1]}\n");
    refuses(&p, study, SAYS("train.base.mask", "mask.npy", "\"two\"", "found 3 positions", "expected 2"));
    p.label = "a mask of another shape";
    FILE *f = open_file("mask.npy");
    static const int64_t ones[SAMPLES * 5] = {1};
    npy_header(f, "<i8", false, "(7, 5)");
    fwrite(ones, sizeof ones, 1, f);
    fclose(f);
    refuses(&p, study, SAYS("train.base.mask", "mask.npy", "found 5 positions", "expected 6"));
}

/* Without a token file nothing tells what is padding, and all rows are taken; with a mask it is known. */
static void without_tokens(void) {
    plan p = {.label = "no tokens", .keys = "", .mask = true};
    scry_error err;
    begin(&p);
    for (int i = 0; i < 2; i++) write_capture(&p, i);
    for (int mask = 0; mask < 2; mask++) {
        const char *more = mask ? ", \"mask\": \"mask.npy\"" : "", *study = text_of("%s/n.json", folder);
        write_text(
            study,
            "{\"scry_study\": 1, \"train\": {\"base\": {\"features\": \"c0.npy\"%s}, \"icl\": {\"features\": "
            "\"c1.npy\"%s}}, \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": {\"features\": \"c0.npy\"%s}}]}",
            more, more, more);
        scry_index *x = build(study, "n", &err);
        uint64_t rows = x ? scry_index_info(x)->capture[0].rows : 0;
        check(rows == (mask ? 27 : SAMPLES * POSITIONS) && warned(x, "padding included") == !mask,
              "no tokens, %s mask: %d rows %s", mask ? "a" : "no", (int)rows, err.text);
        scry_close(x);
    }
}

/* Training on a study leaves the padding out; the rows that it reads are the tokens'. */
static void trained_on(void) {
    plan p = {.label = "train", .keys = ", \"skip_first\": 1, \"padding\": \"left\"", .left = true, .residual = true};
    begin(&p);
    const char *study = write_study(&p, false);
    scry_train_input input = {.path = &study, .paths = 1, .condition = SCRY_BASE};
    train_data data = {.condition = SCRY_BASE};
    scry_error err = {0};
    if (check(data_open(&data, &input, NULL, &err), "train: opened %s", err.text)) {
        const data_source *s = &data.source[0];
        float x[WIDTH];
        size_t wrong = s->rows != 27, kept = 0, row = 0;
        for (int i = 0; i < SAMPLES && !wrong; i++)
            for (int k = 0; k < length_of[i]; k++, row++) {
                matrix_row(&s->m, s->first + row, x);
                for (int j = 0; j < WIDTH; j++) wrong += (double)x[j] != value_of(0, i, k, j);
                wrong += s->kept[row] != (k > 0);
                kept += s->kept[row];
            }
        check(!wrong && kept == 27 - SAMPLES, "train: %d rows, without padding, %d of them kept", (int)s->rows,
              (int)kept);
    }
    data_close(&data);
}

int main(void) {
    agrees(&(plan){.label = "padding on the right", .keys = ""});
    agrees(&(plan){.label = "on the right, of zeros", .keys = "", .zeros = true});
    agrees(&(plan){.label = "on the right, said", .keys = ", \"padding\": \"right\""});
    agrees(&(plan){.label = "on the left, said", .keys = ", \"padding\": \"left\"", .left = true});
    agrees(&(plan){.label = "on the left, of zeros", .keys = "", .left = true, .zeros = true});
    agrees(&(plan){.label = "on the left, by a mask", .keys = "", .left = true, .mask = true});
    agrees(&(plan){.label = "on the right, by a mask", .keys = "", .mask = true});
    agrees(&(plan){.label = "padding tokens in front", .keys = "", .left = true, .pad_tokens = true});
    agrees(&(plan){.label = "padding tokens behind", .keys = "", .pad_tokens = true});
    agrees(&(plan){.label = "padding tokens and a mask", .keys = "", .left = true, .pad_tokens = true, .mask = true});
    agrees(&(plan){.label = "column-major", .keys = ", \"padding\": \"left\"", .left = true, .layout = LAYOUT_FORTRAN});
    agrees(&(plan){.label = "safetensors", .keys = ", \"padding\": \"right\"", .layout = LAYOUT_SAFETENSORS});
    agrees(&(plan){
        .label = "a file for each batch", .keys = ", \"padding\": \"left\"", .left = true, .layout = LAYOUT_BATCHES});
    agrees(&(plan){.label = "residuals", .keys = ", \"padding\": \"left\"", .left = true, .residual = true});
    agrees(&(plan){
        .label = "residuals, column-major", .keys = "", .mask = true, .layout = LAYOUT_FORTRAN, .residual = true});
    without_tokens();
    trained_on();
    wrong();
    return check_end();
}
