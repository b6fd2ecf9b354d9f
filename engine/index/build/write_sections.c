/* write_sections.c: statistics, postings and text to the file. */
#include "base/mem.h"
#include "base/path.h"
#include "index/build/logit_tables.h"
#include "index/build/outliers.h"
#include "index/build/write.h"
#include "index/format/decoder_codec.h"
#include "index/format/layout.h"
#include "index/format/section_names.h"
#include "index/format/table.h"
#include "io/label_file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(container_writer *w, const char *name, const void *bytes, uint64_t size) {
    container_begin(w, name);
    container_write(w, bytes, size);
}

/* The token text that holds most of the capture's norm, and its share. */
static void add_heaviest(const build_inputs *in, const build_capture *c, cJSON *item) {
    if (!c->piece_norm || !(c->norm > 0)) return;
    uint32_t best = 0;
    for (uint32_t p = 1; p < in->pieces.count; p++)
        if (c->piece_norm[p] > c->piece_norm[best]) best = p;
    cJSON_AddNumberToObject(item, "norm_piece", best);
    cJSON_AddNumberToObject(item, "norm_share", c->piece_norm[best] / c->norm);
}

static void add_side(cJSON *item, const char *key, uint64_t base, uint64_t other) {
    cJSON *pair = cJSON_AddArrayToObject(item, key);
    cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)base));
    cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)other));
}

/* pair_counts of a capture that is paired with the reference. */
static void add_pairs(const pair_counts *p, const char *key, cJSON *item) {
    cJSON *pairs = cJSON_AddObjectToObject(item, key);
    add_side(pairs, "tokens", p->tokens[0], p->tokens[1]);
    add_side(pairs, "paired", p->paired[0], p->paired[1]);
    add_side(pairs, "samples", p->samples[0], p->samples[1]);
    cJSON_AddNumberToObject(pairs, "paired_samples", (double)p->paired_samples);
    cJSON_AddNumberToObject(pairs, "by_text", (double)p->by_text);
    cJSON_AddNumberToObject(pairs, "elsewhere", (double)p->elsewhere);
    cJSON_AddNumberToObject(pairs, "misplaced", (double)p->misplaced);
}

/* With every reference that the capture's group has. */
static void add_all_pairs(const build_inputs *in, const build_capture *c, cJSON *item) {
    const size_t group = (size_t)(c->group < 0 ? -1 - c->group : (int)in->study->train_count + c->group);
    char key[CONTAINER_NAME];
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        scry_condition of = scry_reference_condition((scry_reference)r);
        if (c->condition == SCRY_BASE || c->condition == of || in->capture_of[group * SCRY_CONDITIONS + of] < 0)
            continue;
        add_pairs(&c->pairs[r], reference_key(key, "pairs", r), item);
    }
}

/* A path as the manifest has it. */
static const char *as_written(const scry_study *study, const char *path) {
    const size_t folder = strlen(study->folder);
    return strncmp(path, study->folder, folder) == 0 ? path + folder : path;
}

/* What is subtracted from the capture's rows. */
static void add_minus(const build_inputs *in, const study_capture *spec, cJSON *item) {
    if (!spec->minus) return;
    cJSON *list = cJSON_AddArrayToObject(item, "minus");
    for (size_t i = 0; i < spec->minus->file_count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(as_written(in->study, spec->minus->files[i])));
}

static cJSON *captures_json(const build_inputs *in) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < in->capture_count; i++) {
        const build_capture *c = &in->captures[i];
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
        if (!c->spec->features) cJSON_AddNumberToObject(item, "outliers", (double)c->outliers);
        if (c->outliers) {
            cJSON_AddNumberToObject(item, "outliers_first", (double)c->outliers_first);
            cJSON_AddNumberToObject(item, "outlier_variance", c->outlier_variance);
        }
        add_heaviest(in, c, item);
        cJSON_AddNumberToObject(item, "text", c->text);
        cJSON_AddNumberToObject(item, "identical", c->identical);
        if (c->padding.rows) cJSON_AddNumberToObject(item, "padding", (double)c->padding.rows);
        add_minus(in, c->spec, item);
        add_all_pairs(in, c, item);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *texts_json(const build_inputs *in) {
    cJSON *list = cJSON_CreateArray();
    uint64_t token = 0, sample = 0;
    for (size_t i = 0; i < in->text_count; i++) {
        const token_text *text = &in->texts[i].text;
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

static void add_source_pairs(const build_inputs *in, const statistics *s, size_t train, int reference, cJSON *pairs) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        size_t at = source_slot(in, reference, train, c);
        if (s->shift[at]) cJSON_AddNumberToObject(pairs, scry_condition_name((scry_condition)c), (double)s->pairs[at]);
    }
}

static void add_path(cJSON *item, const char *name, const scry_study *study, const char *path) {
    char key[40];
    if (!path) return;
    snprintf(key, sizeof key, "%s_path", name);
    cJSON_AddStringToObject(item, key, as_written(study, path));
}

static cJSON *trains_json(const build_inputs *in, const statistics *s) {
    cJSON *list = cJSON_CreateArray();
    for (size_t t = 0; t < in->study->train_count; t++) {
        cJSON *item = cJSON_CreateObject(), *pairs = cJSON_AddObjectToObject(item, "pairs");
        cJSON_AddStringToObject(item, "name", in->study->trains[t].name);
        for (int c = 1; c < SCRY_CONDITIONS; c++)
            add_path(item, scry_condition_name((scry_condition)c), in->study, in->study->trains[t].tuned_path[c]);
        add_source_pairs(in, s, t, SCRY_AGAINST_BASE, pairs);
        if (in->capture_of[t * SCRY_CONDITIONS + SCRY_CONTROL] >= 0)
            add_source_pairs(in, s, t, SCRY_AGAINST_CONTROL, cJSON_AddObjectToObject(item, "pairs_control"));
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

/* One number a training set, null where absent; no array where all are. */
static void add_by_train(cJSON *item, const char *key, const double *value, size_t trains) {
    bool known = false;
    for (size_t t = 0; t < trains; t++) known = known || !isnan(value[t]);
    if (!known && strcmp(key, "change") != 0) return;
    cJSON *list = cJSON_AddArrayToObject(item, key);
    for (size_t t = 0; t < trains; t++)
        cJSON_AddItemToArray(list, isnan(value[t]) ? cJSON_CreateNull() : cJSON_CreateNumber(value[t]));
}

static void add_known(cJSON *item, const char *key, double value) {
    if (!isnan(value)) cJSON_AddNumberToObject(item, key, value);
}

/* A list of the training sets' figures by measure. */
static void add_measured(cJSON *item, const scry_measured *measured, size_t trains) {
    if (!measured) return;
    cJSON *list = cJSON_AddArrayToObject(item, "measured");
    for (size_t t = 0; t < trains; t++) {
        cJSON *by_measure = cJSON_CreateObject();
        cJSON_AddItemToArray(list, by_measure);
        for (int m = 0; m < SCRY_MEASURES; m++) {
            const scry_measured *of = &measured[t * SCRY_MEASURES + (size_t)m];
            cJSON *figures = cJSON_CreateObject();
            add_known(figures, "base", of->base);
            add_known(figures, "tuned", of->tuned);
            add_known(figures, "change", of->change);
            add_known(figures, "se", of->change_se);
            add_known(figures, "n", of->n ? (double)of->n : NAN);
            add_known(figures, "samples", of->samples ? (double)of->samples : NAN);
            if (figures->child) cJSON_AddItemToObject(by_measure, scry_measures[m].name, figures);
            else cJSON_Delete(figures);
        }
    }
}

static cJSON *domains_json(const build_inputs *in, const statistics *s) {
    cJSON *list = cJSON_CreateArray();
    for (size_t d = 0; d < in->D; d++) {
        const study_group *domain = &in->study->domains[d];
        cJSON *item = cJSON_CreateObject();
        add_by_train(item, "change", domain->change, in->study->train_count);
        add_by_train(item, "change_se", domain->change_se, in->study->train_count);
        add_measured(item, domain->measured, in->study->train_count);
        cJSON_AddStringToObject(item, "name", domain->name);
        cJSON_AddBoolToObject(item, "icl", s->domain_icl[SCRY_AGAINST_BASE][d]);
        if (s->domain_icl[SCRY_AGAINST_CONTROL][d]) cJSON_AddBoolToObject(item, "icl_control", true);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

/* Chosen by the whole decoder even where a shard holds part of it. */
static decoder_codec decoder_form_of(const build_inputs *in) {
    return decoder_choose(in->sae.W_dec, (uint64_t)in->all_latents * in->sae.d_in);
}

/* By what outliers were judged, where there were residuals to judge. */
static void add_outlier_rule(const build_inputs *in, cJSON *meta) {
    bool any = false;
    for (size_t i = 0; i < in->capture_count; i++) any = any || !in->captures[i].spec->features;
    if (!any) return;
    cJSON_AddNumberToObject(meta, "max_norm_ratio", outliers_ratio(in));
    cJSON_AddBoolToObject(meta, "outliers_kept", in->options->keep_outliers);
}

/* Models and the SAE, from where the study is, and the settings of scry capture. */
static void add_model_keys(const scry_study *s, cJSON *meta) {
    add_path(meta, "model", s, s->model_path);
    add_path(meta, "sae", s, s->sae);
    if (s->sae_format) cJSON_AddStringToObject(meta, "sae_format", s->sae_format);
    if (s->capture_settings) cJSON_AddItemToObject(meta, "capture", cJSON_Parse(s->capture_settings));
    char *folder = study_names_folders(s) ? path_absolute(*s->folder ? s->folder : ".") : NULL;
    if (folder) cJSON_AddStringToObject(meta, "folder", folder);
    free(folder);
}

static char *meta_json(const build_inputs *in, const statistics *stats, const active_rows *rows) {
    cJSON *meta = cJSON_CreateObject();
    const scry_study *s = in->study;
    const char *texts[][2] = {{"name", s->name}, {"model", s->model}, {"hook", s->hook}};
    for (size_t i = 0; i < 3; i++) cJSON_AddStringToObject(meta, texts[i][0], texts[i][1] ? texts[i][1] : "");
    cJSON_AddStringToObject(meta, "sae", in->sae.description);
    add_model_keys(s, meta);
    cJSON_AddNumberToObject(meta, "d_sae", in->all_latents);
    if (in->options->shards > 1) cJSON_AddStringToObject(meta, "content", in->content);
    cJSON_AddNumberToObject(meta, "first_latent", in->first);
    cJSON_AddNumberToObject(meta, "latents", in->F);
    if (in->candidates.latent) {
        cJSON_AddNumberToObject(meta, "candidates", in->options->candidates);
        cJSON_AddNumberToObject(meta, "scored", in->candidates.count);
    }
    cJSON_AddNumberToObject(meta, "rows", rows->rows);
    cJSON_AddNumberToObject(meta, "k", in->sae.activation == SAE_TOPK ? in->sae.k : 0);
    cJSON_AddBoolToObject(meta, "folded", !in->has_sae || in->sae.folded);
    cJSON_AddNumberToObject(meta, "d_model", in->sae.d_in);
    if (in->sae.W_dec) cJSON_AddStringToObject(meta, "decoder", decoder_codec_name(decoder_form_of(in)));
    if (in->has_sae) cJSON_AddNumberToObject(meta, "input_scale", (double)in->sae.input_scale);
    if (in->has_sae) cJSON_AddStringToObject(meta, "input", sae_input_name(in->sae.input));
    add_outlier_rule(in, meta);
    cJSON_AddStringToObject(meta, "pairing", scry_pairing_name(in->pairing));
    cJSON_AddBoolToObject(meta, "signed", s->is_signed);
    if (in->logits) cJSON_AddNumberToObject(meta, "logit_ids", logit_tables_ids(in->logits));
    if (*logit_tables_model(in->logits)) cJSON_AddStringToObject(meta, "logit_model", logit_tables_model(in->logits));
    cJSON_AddItemToObject(meta, "trains", trains_json(in, stats));
    cJSON_AddItemToObject(meta, "domains", domains_json(in, stats));
    cJSON_AddItemToObject(meta, "captures", captures_json(in));
    cJSON_AddItemToObject(meta, "texts", texts_json(in));
    cJSON *warnings = cJSON_AddArrayToObject(meta, "notes");
    for (size_t i = 0; i < in->notes->count; i++)
        cJSON_AddItemToArray(warnings, cJSON_CreateString(in->notes->text[i]));
    char *text = cJSON_PrintUnformatted(meta);
    cJSON_Delete(meta);
    return text;
}

/* The largest number of tokens on which a latent of training set t can fire. */
static uint64_t most_fires(const build_inputs *in, const statistics *s, int reference, size_t t, int c) {
    size_t at = t * SCRY_CONDITIONS, of = at + scry_reference_condition((scry_reference)reference);
    if (in->pairing != SCRY_PAIR_SAMPLE) return s->pairs[source_slot(in, reference, t, c)];
    uint64_t base = in->captures[in->capture_of[of]].kept_count,
             other = in->captures[in->capture_of[at + (size_t)c]].kept_count;
    return base > other ? base : other;
}

static void put_statistics(const build_inputs *in, const statistics *s, const uint64_t *active, const active_rows *rows,
                           container_writer *w) {
    char name[CONTAINER_NAME];
    size_t F = in->F;
    put(w, "active", active, active_rows_words(F) * sizeof *active);
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        for (size_t t = 0; t < in->study->train_count; t++)
            for (int c = 0; c < SCRY_CONDITIONS; c++) {
                size_t at = source_slot(in, r, t, c);
                if (!s->shift[at]) continue;
                container_begin(w, source_section(name, "shift", t, c, r));
                for (int a = 0; a < SHIFT_ARRAYS; a++)
                    active_rows_write(w, rows, s->shift[at] + (size_t)a * F, sizeof(double));
                container_begin(w, source_section(name, "fires", t, c, r));
                for (int a = 0; a < 2; a++)
                    packed_uint_write_rows(w, rows, s->shift_fires[at] + (size_t)a * F, 1,
                                           packed_uint_width(most_fires(in, s, r, t, c)));
            }
        bool any_icl = false;
        for (size_t d = 0; d < in->D; d++) any_icl = any_icl || s->domain_icl[r][d];
        for (int k = 0; k < SCRY_SCORES; k++) {
            if (!s->contribution[r][k] || (scry_scores[k].condition != SCRY_BASE && !any_icl)) continue;
            container_begin(w, score_section(name, (scry_score)k, r));
            active_rows_write(w, rows, s->contribution[r][k], in->D * sizeof(float));
        }
    }
    for (size_t t = 0; t < in->study->train_count; t++) {
        snprintf(name, sizeof name, "base/%zu", t);
        container_begin(w, name);
        for (int a = 0; a < BASE_ARRAYS; a++) active_rows_write(w, rows, s->base[t] + (size_t)a * F, sizeof(double));
        snprintf(name, sizeof name, "base-fires/%zu", t);
        container_begin(w, name);
        packed_uint_write_rows(w, rows, s->base_fires[t], 1,
                               packed_uint_width(in->captures[in->capture_of[t * SCRY_CONDITIONS]].kept_count));
    }
}

static void put_samples(const build_inputs *in, container_writer *w) {
    size_t samples = 0, n = 0;
    for (size_t i = 0; i < in->text_count; i++) samples += in->texts[i].text.sample_count;
    layout_sample *out = mem_new(samples, sizeof *out);
    uint64_t at = 0;
    container_begin(w, "text/strings");
    for (size_t i = 0; i < in->text_count; i++)
        for (uint32_t s = 0; s < in->texts[i].text.sample_count; s++) {
            const token_sample *sample = &in->texts[i].text.samples[s];
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

/* Where responses begin, if any sample says so. */
static void put_responses(const build_inputs *in, container_writer *w) {
    bool any = false;
    for (int pass = 0; pass < 2; pass++) {
        if (pass && !any) return;
        if (pass) container_begin(w, "text/response");
        for (size_t i = 0; i < in->text_count; i++)
            for (uint32_t s = 0; s < in->texts[i].text.sample_count; s++) {
                const token_sample *sample = &in->texts[i].text.samples[s];
                any = any || sample->response != TOKEN_NO_RESPONSE;
                if (pass) container_write(w, &sample->response, sizeof sample->response);
            }
    }
}

static void put_text(const build_inputs *in, container_writer *w) {
    const string_pool *p = &in->pieces;
    uint64_t *at = mem_new((size_t)p->count + 1, sizeof *at);
    if (p->count) memcpy(at, p->at, p->count * sizeof *at);
    at[p->count] = p->used;
    put(w, "text/piece-at", at, ((uint64_t)p->count + 1) * sizeof *at);
    put(w, "text/piece-bytes", p->bytes, p->used);
    free(at);
    container_begin(w, "text/tokens");
    for (size_t i = 0; i < in->text_count; i++)
        packed_uint_write(w, in->texts[i].text.piece, in->texts[i].text.tokens, packed_uint_width(p->count));
    put_samples(in, w);
    put_responses(in, w);
}

static bool put_labels(const build_inputs *in, container_writer *w) {
    if (!in->study->labels) return true;
    char **label = mem_new(in->all_latents, sizeof *label);
    bool ok = labels_read(label, in->all_latents, in->study->labels, in->notes, in->err);
    uint64_t *at = mem_new(in->F, sizeof *at), used = 0;
    uint32_t *latent = mem_new(in->F, sizeof *latent), count = 0;
    if (ok) container_begin(w, "label/text");
    for (uint32_t j = 0; j < in->F && ok; j++) {
        const char *text = label[in->first + j];
        if (!text) continue;
        latent[count] = in->first + j;
        at[count++] = used;
        container_write(w, text, strlen(text) + 1);
        used += strlen(text) + 1;
    }
    if (ok) put(w, "label/latent", latent, count * sizeof *latent);
    if (ok) put(w, "label/at", at, count * sizeof *at);
    for (uint32_t j = 0; j < in->all_latents; j++) free(label[j]);
    free(label);
    free(latent);
    free(at);
    return ok;
}

/* A bit a latent that has a posting, or of which something may be known without one. The caller frees it. */
static uint64_t *active_latents(const build_inputs *in, const posting_store *store) {
    uint64_t *active = mem_new(active_rows_words(in->F), sizeof *active);
    for (uint32_t j = 0; j < in->F; j++)
        if (store->streams[j].count || in->candidates.latent) active[j / 64] |= (uint64_t)1 << (j % 64);
    return active;
}

static void put_decoder(const build_inputs *in, container_writer *w) {
    if (!in->sae.W_dec) return;
    container_begin(w, "dec/W");
    decoder_write(w, decoder_form_of(in), in->sae.W_dec + (uint64_t)in->first * in->sae.d_in,
                  (uint64_t)in->F * in->sae.d_in);
    put(w, "dec/b", in->sae.b_dec, (uint64_t)in->sae.d_in * sizeof(float));
}

static void put_meta(const build_inputs *in, const statistics *s, const active_rows *rows, container_writer *w) {
    put(w, "manifest", in->study->json, strlen(in->study->json));
    char *meta = meta_json(in, s, rows);
    put(w, "meta", meta, strlen(meta));
    cJSON_free(meta);
}

static bool go_on(const build_inputs *in) {
    const scry_build_options *o = in->options;
    return !o->progress || o->progress(o->context, "writing", in->tokens, in->tokens) ||
           scry_fail(in->err, "interrupted; nothing was written");
}

bool write_index(const build_inputs *in, const statistics *s, const residual_sums *residuals, posting_store *store,
                 const char *path) {
    container_writer *w = go_on(in) ? container_create(path, in->err) : NULL;
    if (!w) return false;
    uint64_t *active = active_latents(in, store);
    active_rows rows;
    active_rows_new(&rows, active, in->F);
    put_statistics(in, s, active, &rows, w);
    residual_sums_write(residuals, w);
    outliers_write(in, w);
    put_text(in, w);
    bool ok = put_labels(in, w);
    if (ok) put_decoder(in, w);
    ok = ok && write_postings(in, store, &rows, w) && logit_tables_write(in, in->logits, &rows, w);
    if (ok) put_meta(in, s, &rows, w);
    active_rows_free(&rows);
    free(active);
    if (ok && go_on(in)) return container_finish(w, in->err);
    container_abandon(w);
    return false;
}
