/* write_sections.c: statistics, postings and text to the file. */
#include "base/mem.h"
#include "index/build/builder.h"
#include "index/format/container.h"
#include "index/format/decoder_codec.h"
#include "index/format/layout.h"
#include "index/format/packed_uint.h"
#include "index/build/residual_sums.h"
#include "io/label_file.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(container_writer *w, const char *name, const void *bytes, uint64_t size) {
    container_begin(w, name);
    container_write(w, bytes, size);
}

/* ---- meta ----------------------------------------------------------------------------------- */

/* The token text that holds most of the capture's norm, and its share. */
static void add_heaviest(const builder *b, const build_capture *c, cJSON *item) {
    if (!c->piece_norm || !(c->norm > 0)) return;
    uint32_t best = 0;
    for (uint32_t p = 1; p < b->pieces.count; p++)
        if (c->piece_norm[p] > c->piece_norm[best]) best = p;
    cJSON_AddNumberToObject(item, "norm_piece", best);
    cJSON_AddNumberToObject(item, "norm_share", c->piece_norm[best] / c->norm);
}

static cJSON *captures_json(const builder *b) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < b->capture_count; i++) {
        const build_capture *c = &b->captures[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", c->name);
        cJSON_AddStringToObject(item, "condition", scry_condition_name(c->condition));
        cJSON_AddNumberToObject(item, "group", c->group);
        cJSON_AddNumberToObject(item, "rows", (double)c->rows);
        cJSON_AddNumberToObject(item, "kept", (double)c->kept_count);
        cJSON_AddNumberToObject(item, "nnz", (double)c->nnz);
        cJSON_AddNumberToObject(item, "fires", (double)c->fires);
        cJSON_AddNumberToObject(item, "negative", (double)c->negative);
        cJSON_AddNumberToObject(item, "nonfinite", (double)c->nonfinite);
        add_heaviest(b, c, item);
        cJSON_AddNumberToObject(item, "text", c->text);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *texts_json(const builder *b) {
    cJSON *list = cJSON_CreateArray();
    uint64_t token = 0, sample = 0;
    for (size_t i = 0; i < b->text_count; i++) {
        const token_text *text = &b->texts[i].text;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "first_token", (double)token);
        cJSON_AddNumberToObject(item, "tokens", (double)text->tokens);
        cJSON_AddNumberToObject(item, "first_sample", (double)sample);
        cJSON_AddNumberToObject(item, "samples", (double)text->sample_count);
        cJSON_AddItemToArray(list, item);
        token += text->tokens;
        sample += text->sample_count;
    }
    return list;
}

static cJSON *trains_json(const builder *b) {
    cJSON *list = cJSON_CreateArray();
    for (size_t t = 0; t < b->study->train_count; t++) {
        cJSON *item = cJSON_CreateObject(), *pairs = cJSON_AddObjectToObject(item, "pairs");
        cJSON_AddStringToObject(item, "name", b->study->trains[t].name);
        for (size_t c = 1; c < SCRY_CONDITIONS; c++)
            if (b->shift[t * SCRY_CONDITIONS + c])
                cJSON_AddNumberToObject(pairs, scry_condition_name((scry_condition)c),
                                        (double)b->pairs[t * SCRY_CONDITIONS + c]);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *domains_json(const builder *b) {
    cJSON *list = cJSON_CreateArray();
    for (size_t d = 0; d < b->D; d++) {
        const study_group *domain = &b->study->domains[d];
        cJSON *item = cJSON_CreateObject(), *change = cJSON_AddArrayToObject(item, "change");
        cJSON_AddStringToObject(item, "name", domain->name);
        cJSON_AddBoolToObject(item, "icl", b->domain_icl[d]);
        for (size_t t = 0; t < b->study->train_count; t++)
            cJSON_AddItemToArray(change,
                                 isnan(domain->change[t]) ? cJSON_CreateNull() : cJSON_CreateNumber(domain->change[t]));
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

/* Chosen by the whole decoder, also where a shard holds a part. */
static decoder_codec decoder_form_of(const builder *b) {
    return decoder_choose(b->sae.W_dec, (uint64_t)b->all_latents * b->sae.d_in);
}

static char *meta_json(const builder *b) {
    cJSON *meta = cJSON_CreateObject();
    const scry_study *s = b->study;
    const char *texts[][2] = {{"name", s->name}, {"model", s->model}, {"hook", s->hook}};
    for (size_t i = 0; i < 3; i++) cJSON_AddStringToObject(meta, texts[i][0], texts[i][1] ? texts[i][1] : "");
    cJSON_AddStringToObject(meta, "sae", b->sae.description);
    cJSON_AddNumberToObject(meta, "d_sae", b->all_latents);
    if (b->options->shards > 1) cJSON_AddStringToObject(meta, "content", b->content);
    cJSON_AddNumberToObject(meta, "first_latent", b->first);
    cJSON_AddNumberToObject(meta, "latents", b->F);
    if (b->candidate) {
        cJSON_AddNumberToObject(meta, "candidates", b->options->candidates);
        cJSON_AddNumberToObject(meta, "scored", b->candidate_count);
    }
    cJSON_AddNumberToObject(meta, "rows", b->rows.rows);
    cJSON_AddNumberToObject(meta, "k", b->sae.activation == SAE_TOPK ? b->sae.k : 0);
    cJSON_AddBoolToObject(meta, "folded", !b->has_sae || b->sae.folded);
    cJSON_AddNumberToObject(meta, "d_model", b->sae.d_in);
    if (b->sae.W_dec) cJSON_AddStringToObject(meta, "decoder", decoder_codec_name(decoder_form_of(b)));
    static const char *const inputs[] = {"", "constant norm", "layer norm"};
    if (b->has_sae) cJSON_AddNumberToObject(meta, "input_scale", (double)b->sae.input_scale);
    if (b->has_sae) cJSON_AddStringToObject(meta, "input", inputs[b->sae.input]);
    cJSON_AddStringToObject(meta, "pairing", scry_pairing_name(b->pairing));
    cJSON_AddBoolToObject(meta, "signed", s->is_signed);
    cJSON_AddItemToObject(meta, "trains", trains_json(b));
    cJSON_AddItemToObject(meta, "domains", domains_json(b));
    cJSON_AddItemToObject(meta, "captures", captures_json(b));
    cJSON_AddItemToObject(meta, "texts", texts_json(b));
    cJSON *warnings = cJSON_AddArrayToObject(meta, "notes");
    for (size_t i = 0; i < b->notes->count; i++) cJSON_AddItemToArray(warnings, cJSON_CreateString(b->notes->text[i]));
    char *text = cJSON_PrintUnformatted(meta);
    cJSON_Delete(meta);
    return text;
}

/* ---- statistics ----------------------------------------------------------------------------- */

/* The largest number of tokens on which a latent of training set t can fire. */
static uint64_t most_fires(const builder *b, size_t t, size_t c) {
    size_t at = t * SCRY_CONDITIONS;
    if (b->pairing != SCRY_PAIR_SAMPLE) return b->pairs[at + c];
    uint64_t base = b->captures[b->capture_of[at]].kept_count, other = b->captures[b->capture_of[at + c]].kept_count;
    return base > other ? base : other;
}

static void put_statistics(const builder *b, container_writer *w) {
    char name[64];
    size_t F = b->F;
    put(w, "active", b->active, active_rows_words(F) * sizeof *b->active);
    for (size_t t = 0; t < b->study->train_count; t++)
        for (size_t c = 1; c < SCRY_CONDITIONS; c++) {
            size_t at = t * SCRY_CONDITIONS + c;
            if (!b->shift[at]) continue;
            snprintf(name, sizeof name, "shift/%zu/%s", t, scry_condition_name((scry_condition)c));
            container_begin(w, name);
            for (int a = 0; a < SHIFT_ARRAYS; a++)
                active_rows_write(w, &b->rows, b->shift[at] + (size_t)a * F, sizeof(double));
            snprintf(name, sizeof name, "fires/%zu/%s", t, scry_condition_name((scry_condition)c));
            container_begin(w, name);
            for (int a = 0; a < 2; a++)
                packed_uint_write_rows(w, &b->rows, b->shift_fires[at] + (size_t)a * F, 1,
                                       packed_uint_width(most_fires(b, t, c)));
        }
    bool any_icl = false;
    for (size_t d = 0; d < b->D; d++) any_icl = any_icl || b->domain_icl[d];
    for (int s = 0; s < SCRY_SCORES; s++) {
        if (scry_scores[s].condition != SCRY_BASE && !any_icl) continue;
        snprintf(name, sizeof name, "score/%s", scry_score_name((scry_score)s));
        container_begin(w, name);
        active_rows_write(w, &b->rows, b->contribution[s], b->D * sizeof(float));
    }
}

/* ---- text ----------------------------------------------------------------------------------- */

static void put_samples(const builder *b, container_writer *w) {
    size_t samples = 0, n = 0;
    for (size_t i = 0; i < b->text_count; i++) samples += b->texts[i].text.sample_count;
    layout_sample *out = mem_new(samples, sizeof *out);
    uint64_t at = 0;
    container_begin(w, "text/strings");
    for (size_t i = 0; i < b->text_count; i++)
        for (uint32_t s = 0; s < b->texts[i].text.sample_count; s++) {
            const token_sample *sample = &b->texts[i].text.samples[s];
            uint64_t id = strlen(sample->id) + 1, about = strlen(sample->about) + 1;
            out[n++] = (layout_sample){
                .first = sample->first, .count = sample->count, .cut = sample->cut, .id = at, .about = at + id};
            container_write(w, sample->id, id);
            container_write(w, sample->about, about);
            at += id + about;
        }
    put(w, "text/samples", out, samples * sizeof *out);
    free(out);
}

static void put_text(const builder *b, container_writer *w) {
    const string_pool *p = &b->pieces;
    uint64_t *at = mem_new((size_t)p->count + 1, sizeof *at);
    if (p->count) memcpy(at, p->at, p->count * sizeof *at);
    at[p->count] = p->used;
    put(w, "text/piece-at", at, ((uint64_t)p->count + 1) * sizeof *at);
    put(w, "text/piece-bytes", p->bytes, p->used);
    free(at);
    container_begin(w, "text/tokens");
    for (size_t i = 0; i < b->text_count; i++)
        packed_uint_write(w, b->texts[i].text.piece, b->texts[i].text.tokens, packed_uint_width(p->count));
    put_samples(b, w);
}

static bool put_labels(builder *b, container_writer *w) {
    if (!b->study->labels) return true;
    char **label = mem_new(b->all_latents, sizeof *label);
    bool ok = labels_read(label, b->all_latents, b->study->labels, b->notes, b->err);
    uint64_t *at = mem_new(b->F, sizeof *at), used = 0;
    uint32_t *latent = mem_new(b->F, sizeof *latent), count = 0;
    if (ok) container_begin(w, "label/text");
    for (uint32_t j = 0; j < b->F && ok; j++) {
        const char *text = label[b->first + j];
        if (!text) continue;
        latent[count] = b->first + j;
        at[count++] = used;
        container_write(w, text, strlen(text) + 1);
        used += strlen(text) + 1;
    }
    if (ok) put(w, "label/latent", latent, count * sizeof *latent);
    if (ok) put(w, "label/at", at, count * sizeof *at);
    for (uint32_t j = 0; j < b->all_latents; j++) free(label[j]);
    free(label);
    free(latent);
    free(at);
    return ok;
}

static void mark_active(builder *b) {
    b->active = mem_new(active_rows_words(b->F), sizeof *b->active);
    for (uint32_t j = 0; j < b->F; j++)
        if (b->streams[j].count || b->candidate) b->active[j / 64] |= (uint64_t)1 << (j % 64);
    active_rows_new(&b->rows, b->active, b->F);
}

bool write_index(builder *b, const char *path) {
    if (b->options->progress && !b->options->progress(b->options->context, "writing", b->tokens, b->tokens))
        return scry_fail(b->err, "interrupted; nothing was written");
    container_writer *w = container_create(path, b->err);
    if (!w) return false;
    mark_active(b);
    put_statistics(b, w);
    residual_sums_write(b, w);
    put_text(b, w);
    if (!put_labels(b, w)) {
        container_abandon(w);
        return false;
    }
    if (b->sae.W_dec) {
        container_begin(w, "dec/W");
        decoder_write(w, decoder_form_of(b), b->sae.W_dec + (uint64_t)b->first * b->sae.d_in,
                      (uint64_t)b->F * b->sae.d_in);
        put(w, "dec/b", b->sae.b_dec, (uint64_t)b->sae.d_in * sizeof(float));
    }
    if (!write_postings(b, w)) {
        container_abandon(w);
        return false;
    }
    put(w, "manifest", b->study->json, strlen(b->study->json));
    char *meta = meta_json(b);
    put(w, "meta", meta, strlen(meta));
    cJSON_free(meta);
    if (b->options->progress && !b->options->progress(b->options->context, "writing", b->tokens, b->tokens)) {
        container_abandon(w);
        return scry_fail(b->err, "interrupted; nothing was written");
    }
    return container_finish(w, b->err);
}
