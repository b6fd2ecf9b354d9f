/* synth/captures.c: captures of a planted study.
 *
 * How they are planted. Each latent fires once a capture, on token (latent + a shift) mod T, so that
 * every token has about F / T latents and an average over tokens is one value over T. A latent
 * fires a second time, on another token, where training moved it: the difference is then that value
 * itself, not what rounding leaves of a sum. Latents that fall have it in base and lose it. */
#include "synth/plan.h"
#include "base/mem.h"
#include "io/formats/safetensors_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 4 };

/* Activations that latents have on token (latent + shift) mod T. */
typedef struct layer {
    uint32_t shift;
    int only;           /* 1, -1: latents that rise, that fall; 0: all */
    const float *value; /* [F] by latent; NULL: SYNTH_BASE */
} layer;

typedef struct capture {
    char name[40];
    layer layer[MOST_LAYERS];
    int layers;
    uint32_t width; /* pairs a token */
} capture;

static void add_layer(const synth_plan *p, capture *c, uint32_t shift, int only, const float *value) {
    uint32_t falling = p->columns / 4;
    c->layer[c->layers++] = (layer){shift, only, value};
    c->width += only == 0 ? p->columns : only < 0 ? falling : p->columns - falling;
}

/* A token's pairs, latents ascending. The last column of latents may be short: the last pair is
 * then repeated with activation 0. Returns how many there are without those. */
static uint32_t fill_row(const synth_plan *p, const capture *c, uint32_t token, int32_t *index, float *value) {
    uint32_t first[MOST_LAYERS], n = 0;
    int order[MOST_LAYERS];
    for (int i = 0; i < c->layers; i++) {
        first[i] = (token + p->T - c->layer[i].shift) % p->T;
        int at = i;
        for (; at && first[order[at - 1]] > first[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    for (uint32_t column = 0; column < p->columns; column++) {
        int way = column % 4 == 3 ? -1 : 1;
        for (int i = 0; i < c->layers; i++) {
            const layer *l = &c->layer[order[i]];
            uint32_t latent = column * p->T + first[order[i]];
            if (latent >= p->F || (l->only && l->only != way)) continue;
            index[n] = (int32_t)latent;
            value[n++] = l->value ? l->value[latent] : (float)SYNTH_BASE;
        }
    }
    for (uint32_t i = n; i < c->width; i++) {
        index[i] = index[n - 1];
        value[i] = 0;
    }
    return n;
}

static bool write_capture(synth_plan *p, const capture *c) {
    char *path = mem_format("%s/acts/%s.safetensors", p->folder, c->name);
    safetensors_item items[] = {{"indices", TENSOR_I32, 2, {p->T, c->width}},
                                {"values", TENSOR_F32, 2, {p->T, c->width}}};
    safetensors_writer w;
    bool ok = safetensors_create(&w, path, items, 2, p->err);
    int32_t *index = mem_new(c->width, sizeof *index);
    float *value = mem_new(c->width, sizeof *value);
    for (uint32_t token = 0; token < p->T && ok; token++) {
        p->result.activations += fill_row(p, c, token, index, value);
        safetensors_put(&w, index, c->width * sizeof *index);
    }
    for (uint32_t token = 0; token < p->T && ok; token++) {
        fill_row(p, c, token, index, value);
        safetensors_put(&w, value, c->width * sizeof *value);
    }
    free(index);
    free(value);
    ok = ok && safetensors_finish(&w, p->err);
    if (!ok) {
        free(path);
        return false;
    }
    synth_add_file(p, path, w.size);
    p->result.tokens += p->T;
    p->result.captures++;
    uint64_t more = p->o->has_control, all = (uint64_t)p->T * (3 + more + (2 + more) * (uint64_t)p->D);
    return !p->o->progress || p->o->progress(p->o->context, "writing", p->result.tokens, all) ||
           scry_fail(p->err, "%s: cancelled", p->folder);
}

bool synth_write_train(synth_plan *p) {
    float *icl = mem_new(p->F, sizeof *icl), *sft = mem_new(p->F, sizeof *sft), *text = mem_new(p->F, sizeof *text);
    for (uint32_t r = 0; r < p->F; r++) {
        icl[synth_latent_at(p, r)] = synth_amplitude_at(r);
        sft[synth_latent_at(p, r)] = synth_amplitude_at(synth_swapped(p, r));
        text[synth_latent_at(p, r)] = synth_control_at(p, r);
    }
    uint32_t there = p->T / 3, beyond = 2 * there, near = p->T / 6;
    capture base = {.name = "train.base"}, by_icl = {.name = "train.icl"}, by_sft = {.name = "train.sft"},
            control = {.name = "train.control"};
    capture *all[] = {&base, &by_icl, &by_sft, &control};
    const size_t count = p->o->has_control ? 4 : 3;
    for (size_t i = 0; i < count; i++) add_layer(p, all[i], 0, 0, NULL);
    add_layer(p, &base, there, -1, icl);
    add_layer(p, &base, beyond, -1, sft);
    /* what rises is gained; what falls is lost, and keeps what the other training takes from it */
    add_layer(p, &by_icl, there, 1, icl);
    add_layer(p, &by_icl, beyond, -1, sft);
    add_layer(p, &by_sft, beyond, 1, sft);
    add_layer(p, &by_sft, there, -1, icl);
    add_layer(p, &control, there, -1, icl);
    add_layer(p, &control, beyond, -1, sft);
    if (p->o->has_control) add_layer(p, &by_icl, near, 0, text);
    add_layer(p, &control, near, 0, text);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) ok = write_capture(p, all[i]);
    free(icl);
    free(sft);
    free(text);
    return ok;
}

bool synth_write_domain(synth_plan *p, size_t domain) {
    float *base = mem_new(p->F, sizeof *base), *icl = mem_new(p->F, sizeof *icl);
    for (uint32_t r = 0; r < p->F; r++) {
        uint32_t latent = synth_latent_at(p, r);
        base[latent] = (float)synth_cell(p, false, domain, r);
        icl[latent] = (float)((double)base[latent] + sqrt(synth_cell(p, true, domain, r)));
    }
    uint32_t shift = (uint32_t)((domain + 1) * 37 % p->T);
    char name[24];
    synth_domain_name(p, domain, name);
    static const scry_condition conditions[] = {SCRY_BASE, SCRY_ICL, SCRY_CONTROL};
    const int count = p->o->has_control ? 3 : 2;
    bool ok = true;
    for (int i = 0; i < count && ok; i++) {
        capture c = {0};
        snprintf(c.name, sizeof c.name, "%s.%s", name, scry_condition_name(conditions[i]));
        add_layer(p, &c, shift, 0, conditions[i] == SCRY_ICL ? icl : base);
        if (p->o->has_control && i) add_layer(p, &c, (shift + p->T / 2) % p->T, 0, NULL); /* of any text in front */
        ok = write_capture(p, &c);
    }
    free(base);
    free(icl);
    return ok;
}
