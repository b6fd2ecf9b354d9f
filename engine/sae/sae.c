/* sae.c: finds the family of a path, and finishes the SAE that it loads; copies some latents. */
#include "sae/families/families.h"
#include "base/mem.h"
#include "base/name_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct family {
    const char *format, *title, *files;
    bool (*detect)(const char *path);
    bool (*load)(sae *s, const char *path, scry_notes *notes, scry_error *err);
} families[] = {
#define SAE_FAMILY(name, format, title, files) {format, title, files, name##_detect, name##_load},
#include "sae/families/families.def"
#undef SAE_FAMILY
};
enum { FAMILIES = sizeof families / sizeof *families };
typedef struct family family;

static const family *family_by_name(const char *format, scry_error *err) {
    char expected[300];
    for (int i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].format, format) == 0) return &families[i];
    scry_misuse(err, "sae: format: found \"%.40s\", expected %s", format,
                alternatives(expected, sizeof expected, &families[0].format, sizeof *families, FAMILIES));
    return NULL;
}

/* Weights without settings, or of no family. */
static bool refuse_bare(const char *path, scry_error *err) {
    weights w;
    if (!weights_open(&w, path, err)) return false;
    bool bare = weights_find(&w, "W_enc") && weights_find(&w, "b_enc");
    size_t count = w.file.count;
    const char *first = count ? w.file.tensors[0].name : "";
    char expected[300];
    if (bare)
        scry_fail(
            err,
            "sae: %s: found W_enc and b_enc but no settings: the activation, its k, and whether b_dec is "
            "subtracted are missing; expected a cfg.json next to it, such as {\"architecture\": \"topk\", \"k\": 50, "
            "\"apply_b_dec_to_input\": false} (Qwen-Scope; k is the number after L0_ in its name)",
            path);
    else
        scry_fail(err,
                  "sae: %s: found %zu tensors, the first named \"%.60s\", in an unknown layout; expected %s; name it "
                  "with \"format\" if it is one of them",
                  path, count, first,
                  alternatives(expected, sizeof expected, &families[0].title, sizeof *families, FAMILIES));
    weights_close(&w);
    return false;
}

static const family *detect(const char *path, scry_error *err) {
    struct stat st;
    if (stat(path, &st) != 0) {
        scry_fail(err, "sae: %s: no such file or directory; expected an SAE's directory or file", path);
        return NULL;
    }
    for (int i = 0; i < FAMILIES; i++)
        if (families[i].detect(path)) return &families[i];
    if (!S_ISDIR(st.st_mode)) {
        refuse_bare(path, err);
        return NULL;
    }
    char files[600], one[160];
    for (size_t i = 0; i < FAMILIES; i++) {
        snprintf(one, sizeof one, "%s (%s)", families[i].files, families[i].title);
        alternatives_add(files, sizeof files, i, FAMILIES, one);
    }
    scry_fail(err, "sae: %s: found none of %s; expected one of them", path, files);
    return NULL;
}

static bool has_unit_rows(const sae *s) {
    if (!s->W_dec) return false;
    float *norms = weights_decoder_norms(s);
    bool unit = true;
    for (uint32_t j = 0; j < s->d_sae && unit; j++) unit = fabsf(norms[j] - 1) <= 1e-3F;
    free(norms);
    return unit;
}

static bool check_k(const sae *s, const char *path, scry_error *err) {
    if (s->activation != SAE_TOPK || (s->k >= 1 && s->k <= s->d_sae)) return true;
    return scry_fail(err, "sae: %s: k: found %u, expected 1 to %u, the number of latents", path, s->k, s->d_sae);
}

static void describe(sae *s) {
    static const char *const names[] = {"ReLU", "tanh ReLU", "JumpReLU", "gated", "TopK"};
    char kind[sizeof s->description], k[24] = "";
    snprintf(kind, sizeof kind, "%s", s->description);
    if (s->activation == SAE_TOPK) snprintf(k, sizeof k, ", k %u", s->k);
    snprintf(s->description, sizeof s->description, "%.90s (%s%s), %u -> %u", kind, names[s->activation], k, s->d_in,
             s->d_sae);
}

bool sae_load(sae *s, const char *path, const char *format, scry_notes *notes, scry_error *err) {
    *s = (sae){.input_scale = 1};
    const family *found = format ? family_by_name(format, err) : detect(path, err);
    if (!found) return false;
    snprintf(s->format, sizeof s->format, "%s", found->format);
    if (!found->load(s, path, notes, err) || !check_k(s, path, err)) {
        sae_free(s);
        return false;
    }
    s->folded = has_unit_rows(s);
    describe(s);
    return true;
}

void sae_free(sae *s) {
    float *const owned[] = {s->W_enc,     s->b_enc, s->W_dec, s->b_dec,    s->threshold,
                            s->exp_r_mag, s->b_mag, s->scale, s->out_scale};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *s = (sae){0};
}

/* v[latents[i]], or NULL where there is no v. */
static float *pick(const float *v, const uint32_t *latents, uint32_t count) {
    if (!v) return NULL;
    float *out = mem_new(count, sizeof *out);
    for (uint32_t i = 0; i < count; i++) out[i] = v[latents[i]];
    return out;
}

void sae_subset(sae *to, const sae *from, const uint32_t *latents, uint32_t count) {
    *to = *from;
    to->d_sae = count;
    const size_t d = from->d_in;
    to->W_enc = mem_resize(NULL, d * count, sizeof *to->W_enc);
    for (uint32_t i = 0; i < count; i++) memcpy(to->W_enc + i * d, from->W_enc + latents[i] * d, d * sizeof *to->W_enc);
    to->b_enc = pick(from->b_enc, latents, count);
    to->threshold = pick(from->threshold, latents, count);
    to->exp_r_mag = pick(from->exp_r_mag, latents, count);
    to->b_mag = pick(from->b_mag, latents, count);
    to->scale = pick(from->scale, latents, count);
    to->out_scale = pick(from->out_scale, latents, count);
    to->W_dec = NULL;
    to->b_dec = NULL;
}
