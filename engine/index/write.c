/* write.c: statistics, postings and text to the file. */
#include "base/mem.h"
#include "index/build.h"
#include "index/container.h"
#include "index/layout.h"
#include "index/raw.h"
#include "io/labels.h"

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
    cJSON_AddNumberToObject(meta, "k", b->sae.activation == SAE_TOPK ? b->sae.k : 0);
    cJSON_AddBoolToObject(meta, "folded", !b->has_sae || b->sae.folded);
    cJSON_AddNumberToObject(meta, "d_model", b->sae.d_in);
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

static void put_statistics(const builder *b, container_writer *w) {
    char name[64];
    size_t F = b->F, cells = F * b->D;
    for (size_t t = 0; t < b->study->train_count; t++)
        for (size_t c = 1; c < SCRY_CONDITIONS; c++) {
            const double *shift = b->shift[t * SCRY_CONDITIONS + c];
            snprintf(name, sizeof name, "shift/%zu/%s", t, scry_condition_name((scry_condition)c));
            if (shift) put(w, name, shift, F * SHIFT_ARRAYS * sizeof *shift);
        }
    bool any_icl = false;
    for (size_t d = 0; d < b->D; d++) any_icl = any_icl || b->domain_icl[d];
    for (int s = 0; s < SCRY_SCORES; s++) {
        if (s == SCRY_SCORE_ICL && !any_icl) continue;
        snprintf(name, sizeof name, "score/%s", scry_score_name((scry_score)s));
        put(w, name, b->contribution[s], cells * sizeof(float));
    }
    put(w, "fires", b->domain_fires, cells * sizeof *b->domain_fires);
}

/* ---- postings and key pieces ---------------------------------------------------------------- */

typedef struct key_worker {
    double *mass;      /* [pieces] */
    uint32_t *touched; /* [pieces] */
} key_worker;

typedef struct key_job {
    const builder *b;
    key_worker *workers;
    uint32_t *out;       /* [F][SCRY_KEY_PIECES] */
    float *share;        /* [F] */
    uint32_t first, end; /* latents of the block in work */
} key_job;

static void key_pieces(const builder *b, uint32_t latent, key_worker *w, uint32_t *out, float *share) {
    const posting_stream *s = &b->streams[latent];
    posting_cursor cursor = postings_read(s->bytes, s->used);
    uint32_t touched = 0;
    double total = 0;
    while (postings_segment(&cursor)) {
        int text = b->captures[cursor.capture].text;
        if (text < 0) continue;
        const uint32_t *pieces = b->texts[text].text.piece;
        while (postings_next(&cursor)) {
            uint32_t piece = pieces[cursor.row];
            if (!(cursor.activation > 0)) continue;
            if (w->mass[piece] == 0) w->touched[touched++] = piece;
            w->mass[piece] += (double)cursor.activation;
            total += (double)cursor.activation;
        }
    }
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        uint32_t best = NO_PIECE;
        for (uint32_t i = 0; i < touched; i++) {
            uint32_t p = w->touched[i];
            bool better = best == NO_PIECE || w->mass[p] > w->mass[best] || (w->mass[p] == w->mass[best] && p < best);
            if (w->mass[p] > 0 && better) best = p;
        }
        out[k] = best;
        if (k == 0) *share = best == NO_PIECE ? 0 : (float)(w->mass[best] / total);
        if (best != NO_PIECE) w->mass[best] = -1; /* taken */
    }
    for (uint32_t i = 0; i < touched; i++) w->mass[w->touched[i]] = 0;
}

static void key_part(void *context, size_t part, unsigned worker) {
    key_job *job = context;
    enum { PART = 32 };
    uint32_t first = job->first + (uint32_t)part * PART;
    for (uint32_t j = first; j < first + PART && j < job->end; j++)
        key_pieces(job->b, j, &job->workers[worker], job->out + (size_t)j * SCRY_KEY_PIECES, &job->share[j]);
}

/* Postings and key pieces together, a block of latents at a time: a latent's stream is whole in
 * memory only here. */
static bool put_postings(builder *b, container_writer *w) {
    unsigned threads = parallel_threads(b->pool);
    uint64_t *start = mem_new((size_t)b->F + 1, sizeof *start);
    uint32_t *count = mem_new(b->F, sizeof *count);
    key_job job = {.b = b, .workers = mem_new(threads, sizeof(key_worker))};
    job.out = mem_new((size_t)b->F * SCRY_KEY_PIECES, sizeof *job.out);
    job.share = mem_new(b->F, sizeof *job.share);
    for (unsigned i = 0; i < threads; i++)
        job.workers[i] =
            (key_worker){mem_new(b->pieces.count, sizeof(double)), mem_new(b->pieces.count, sizeof(uint32_t))};
    container_begin(w, "post/data");
    spill_reader reader;
    spill_begin(&reader, &b->spill);
    bool ok = true;
    for (job.first = 0; job.first < b->F && ok; job.first = job.end) {
        job.end = b->F - job.first < BLOCK_LATENTS ? b->F : job.first + BLOCK_LATENTS;
        for (uint32_t j = job.first; j < job.end && ok; j++) ok = spill_restore(&reader, j, &b->streams[j], b->err);
        if (!ok) break;
        parallel_for(b->pool, (job.end - job.first + 31) / 32, key_part, &job);
        for (uint32_t j = job.first; j < job.end; j++) {
            posting_stream *stream = &b->streams[j];
            start[j + 1] = start[j] + stream->used;
            count[j] = stream->count;
            container_write(w, stream->bytes, stream->used);
            free(stream->bytes);
            *stream = (posting_stream){0};
        }
    }
    spill_end(&reader);
    put(w, "post/start", start, ((uint64_t)b->F + 1) * sizeof *start);
    put(w, "post/count", count, (uint64_t)b->F * sizeof *count);
    put(w, "key/pieces", job.out, (uint64_t)b->F * SCRY_KEY_PIECES * sizeof *job.out);
    put(w, "key/share", job.share, (uint64_t)b->F * sizeof *job.share);
    free(job.share);
    for (unsigned i = 0; i < threads; i++) {
        free(job.workers[i].mass);
        free(job.workers[i].touched);
    }
    free(job.workers);
    free(job.out);
    free(start);
    free(count);
    return ok;
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
    const pool *p = &b->pieces;
    uint64_t *at = mem_new((size_t)p->count + 1, sizeof *at);
    if (p->count) memcpy(at, p->at, p->count * sizeof *at);
    at[p->count] = p->used;
    put(w, "text/piece-at", at, ((uint64_t)p->count + 1) * sizeof *at);
    put(w, "text/piece-bytes", p->bytes, p->used);
    free(at);
    container_begin(w, "text/tokens");
    for (size_t i = 0; i < b->text_count; i++)
        container_write(w, b->texts[i].text.piece, b->texts[i].text.tokens * sizeof(uint32_t));
    put_samples(b, w);
}

static bool put_labels(builder *b, container_writer *w) {
    if (!b->study->labels) return true;
    char **label = mem_new(b->all_latents, sizeof *label);
    bool ok = labels_read(label, b->all_latents, b->study->labels, b->notes, b->err);
    uint64_t *at = mem_new(b->F, sizeof *at), used = 0;
    if (ok) container_begin(w, "label/text");
    for (uint32_t j = 0; j < b->F && ok; j++) {
        const char *text = label[b->first + j];
        at[j] = text ? used : NO_LABEL;
        if (!text) continue;
        container_write(w, text, strlen(text) + 1);
        used += strlen(text) + 1;
    }
    if (ok) put(w, "label/at", at, b->F * sizeof *at);
    for (uint32_t j = 0; j < b->all_latents; j++) free(label[j]);
    free(label);
    free(at);
    return ok;
}

bool write_index(builder *b, const char *path) {
    if (b->options->progress && !b->options->progress(b->options->context, "writing", b->tokens, b->tokens))
        return scry_fail(b->err, "interrupted; nothing was written");
    container_writer *w = container_create(path, b->err);
    if (!w) return false;
    put_statistics(b, w);
    raw_write(b, w);
    put_text(b, w);
    if (!put_labels(b, w)) {
        container_abandon(w);
        return false;
    }
    if (b->sae.W_dec) {
        put(w, "dec/W", b->sae.W_dec + (uint64_t)b->first * b->sae.d_in, (uint64_t)b->F * b->sae.d_in * sizeof(float));
        put(w, "dec/b", b->sae.b_dec, (uint64_t)b->sae.d_in * sizeof(float));
    }
    if (!put_postings(b, w)) {
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
