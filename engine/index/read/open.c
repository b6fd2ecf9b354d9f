/* open.c: open an index: every section's size is checked against the meta data. */
#include "index/read/index.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "index/read/relations.h"
#include "io/json.h"
#include "study/study.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static uint64_t number_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 0x1p63 ? (uint64_t)item->valuedouble
                                                                                        : 0;
}

static size_t length_of(const cJSON *object, const char *key) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;
}

static bool damaged(const scry_index *x, const char *what, scry_error *err) {
    return scry_fail(err, "%s: meta data: %s; the index is damaged, make it again with scry index", x->file.map.path,
                     what);
}

static double *by_train(const scry_index *x, const cJSON *item, const char *key) {
    double *out = mem_new(x->info.trains, sizeof *out);
    const cJSON *value = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(item, key), 0);
    for (size_t t = 0; t < x->info.trains; t++, value = value ? value->next : NULL)
        out[t] = cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
    return out;
}

static void read_domains(scry_index *x, const cJSON *meta) {
    size_t d = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(meta, "domains")) {
        scry_domain_info *domain = &x->info.domain[d++];
        domain->name = text_of(item, "name");
        domain->change = by_train(x, item, "change");
        domain->change_se = by_train(x, item, "change_se");
    }
}

static bool read_texts(scry_index *x, const cJSON *meta, scry_error *err) {
    x->text_count = length_of(meta, "texts");
    x->texts = mem_new(x->text_count, sizeof *x->texts);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(meta, "texts")) {
        index_text *text = &x->texts[i++];
        *text = (index_text){number_of(item, "first_token"), number_of(item, "tokens"), number_of(item, "first_sample"),
                             number_of(item, "samples")};
        if (text->first_token != x->token_total || text->first_sample != x->sample_total || text->tokens > UINT32_MAX ||
            text->samples > UINT32_MAX)
            return damaged(x, "texts do not follow each other", err);
        x->token_total += text->tokens;
        x->sample_total += text->samples;
    }
    return true;
}

static bool is_whole(const cJSON *item) {
    return cJSON_IsNumber(item) && fabs(item->valuedouble) < INT32_MAX && item->valuedouble == (double)item->valueint;
}

static void read_identical(scry_capture_info *c, const cJSON *item) {
    uint64_t identical = number_of(item, "identical");
    for (int k = 0; k < SCRY_CONDITIONS; k++) c->identical[k] = identical >> k & 1;
    c->padding = number_of(item, "padding");
}

static void read_minus(scry_index *x, scry_capture_info *c, const cJSON *item) {
    const cJSON *minus = cJSON_GetObjectItemCaseSensitive(item, "minus");
    c->minus = cJSON_IsArray(minus) && cJSON_IsString(minus->child) ? minus->child->valuestring : "";
    c->minus_files = *c->minus ? (size_t)cJSON_GetArraySize(minus) : 0;
    x->info.difference = x->info.difference || *c->minus;
}

static bool read_captures(scry_index *x, const cJSON *meta, scry_error *err) {
    char field[INDEX_FIELD];
    size_t n = x->info.captures, i = 0;
    x->capture_text = mem_new(n, sizeof *x->capture_text);
    x->capture_of = mem_new((x->info.trains + x->D) * SCRY_CONDITIONS, sizeof *x->capture_of);
    const cJSON *item;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(meta, "captures")) {
        scry_capture_info *c = &x->info.capture[i];
        int condition = scry_condition_of(text_of(item, "condition"));
        const cJSON *group = cJSON_GetObjectItemCaseSensitive(item, "group");
        const cJSON *share = cJSON_GetObjectItemCaseSensitive(item, "norm_share");
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, "text");
        int number = is_whole(text) ? text->valueint : -1;
        if (!is_whole(group) || (text && !is_whole(text)))
            return index_refuse(x, err, index_capture_field(i, text_of(item, "name"), field),
                                "group or text is no whole number");
        *c = (scry_capture_info){.name = text_of(item, "name"),
                                 .condition = (scry_condition)condition,
                                 .group = group->valueint,
                                 .rows = number_of(item, "rows"),
                                 .kept = number_of(item, "kept"),
                                 .nnz = number_of(item, "nnz"),
                                 .negative = number_of(item, "negative"),
                                 .nonfinite = number_of(item, "nonfinite"),
                                 .norm_share = cJSON_IsNumber(share) ? share->valuedouble : 0,
                                 .norm_piece = (uint32_t)number_of(item, "norm_piece"),
                                 .has_tokens = number >= 0};
        const cJSON *outliers = cJSON_GetObjectItemCaseSensitive(item, "outliers");
        const cJSON *variance = cJSON_GetObjectItemCaseSensitive(item, "outlier_variance");
        c->outliers_known = cJSON_IsNumber(outliers);
        c->outliers = number_of(item, "outliers");
        c->outliers_first = number_of(item, "outliers_first");
        c->outlier_variance = cJSON_IsNumber(variance) ? variance->valuedouble : c->outliers ? (double)NAN : 0;
        c->l0 = c->kept ? (double)number_of(item, "fires") / (double)c->kept : 0;
        if (c->group >= 0 && x->info.candidates) c->l0 = (double)NAN;
        if (condition < 0 || c->rows > UINT32_MAX || c->group >= (int)x->D || c->group < -(int)x->info.trains)
            return index_refuse(x, err, index_capture_field(i, c->name, field),
                                "condition, rows or group is not of this study");
        if (number >= (int)x->text_count || (number >= 0 && x->texts[number].tokens != c->rows))
            return index_refuse(x, err, index_capture_field(i, c->name, field),
                                "its text is not there, or has not as many tokens as it has rows");
        int *known = &x->capture_of[(size_t)(c->group + (int)x->info.trains) * SCRY_CONDITIONS + (size_t)condition];
        if (*known)
            return index_refuse(x, err, index_capture_field(i, c->name, field),
                                "its group has captures[%d] under \"%s\" already, expected one", *known - 1,
                                scry_condition_name(c->condition));
        *known = (int)i + 1;
        read_identical(c, item);
        read_minus(x, c, item);
        x->capture_text[i] = number;
        if (number >= 0) c->samples = (uint32_t)x->texts[number].samples;
        x->info.tokens += c->rows;
        x->info.nnz += c->nnz;
        i++;
    }
    return true;
}

static bool read_meta(scry_index *x, scry_error *err) {
    uint64_t size;
    const char *text = container_find(&x->file, "meta", &size);
    cJSON *meta = text ? json_parse_prefix(text, (size_t)size, NULL) : NULL;
    x->meta = meta;
    if (!cJSON_IsObject(meta)) return damaged(x, "missing or not JSON", err);
    scry_info *info = &x->info;
    info->path = x->file.map.path;
    info->file_size = x->file.map.size;
    info->name = text_of(meta, "name");
    info->model = text_of(meta, "model");
    info->hook = text_of(meta, "hook");
    info->sae = text_of(meta, "sae");
    uint64_t F = number_of(meta, "d_sae"), d = number_of(meta, "d_model");
    int pairing = scry_pairing_of(text_of(meta, "pairing"));
    info->trains = length_of(meta, "trains");
    info->domains = x->D = length_of(meta, "domains");
    info->captures = length_of(meta, "captures");
    info->notes = length_of(meta, "notes");
    if (!F || F > UINT32_MAX / 2 || d > UINT32_MAX / 2 || pairing < 0 || !info->trains || !info->captures ||
        !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(meta, "domains")))
        return damaged(x, "sizes or names are missing", err);
    if (info->domains > STUDY_MOST_CHANGES / info->trains)
        return damaged(x, "more training sets and domains than a study can have", err);
    info->d_sae = x->F = (uint32_t)F;
    info->k = (uint32_t)number_of(meta, "k");
    info->candidates = (uint32_t)number_of(meta, "candidates");
    info->scored_latents = info->candidates ? (uint32_t)number_of(meta, "scored") : info->d_sae;
    info->folded = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(meta, "folded"));
    if (number_of(meta, "latents") != F)
        return scry_fail(err,
                         "%s: this is a shard, latents %" PRIu64 " to %" PRIu64 " of %" PRIu64
                         "; put the shards together with scry merge",
                         x->file.map.path, number_of(meta, "first_latent"),
                         number_of(meta, "first_latent") + number_of(meta, "latents") - 1, F);
    info->d_model = (uint32_t)d;
    const cJSON *scale = cJSON_GetObjectItemCaseSensitive(meta, "input_scale");
    info->input_scale = cJSON_IsNumber(scale) && scale->valuedouble > 0 ? scale->valuedouble : 1;
    info->input = text_of(meta, "input");
    info->pairing = (scry_pairing)pairing;
    const cJSON *ratio = cJSON_GetObjectItemCaseSensitive(meta, "max_norm_ratio");
    info->max_norm_ratio = cJSON_IsNumber(ratio) ? ratio->valuedouble : (double)NAN;
    info->outliers_kept = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(meta, "outliers_kept"));
    info->is_signed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(meta, "signed"));
    info->train = mem_new(info->trains, sizeof *info->train);
    info->domain = mem_new(info->domains, sizeof *info->domain);
    info->capture = mem_new(info->captures, sizeof *info->capture);
    info->note = mem_new(info->notes, sizeof *info->note);
    for (size_t i = 0; i < info->notes; i++) {
        const cJSON *w = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(meta, "notes"), (int)i);
        info->note[i] = cJSON_IsString(w) ? w->valuestring : "";
    }
    read_domains(x, meta);
    if (!read_texts(x, meta, err) || !read_captures(x, meta, err)) return false;
    index_sources_read(x);
    if (!index_relations_check(x, err)) return false;
    index_read_models(x);
    return true;
}

static bool open_rows(scry_index *x, scry_error *err) {
    const uint64_t *active = container_get(&x->file, "active", active_rows_words(x->F) * sizeof *active, err);
    if (!active) return false;
    if (x->F % 64 && active[x->F / 64] >> (x->F % 64)) return damaged(x, "latents that are not there", err);
    active_rows_new(&x->rows, active, x->F);
    x->silent = mem_new(x->D, sizeof *x->silent);
    return number_of(x->meta, "rows") == x->rows.rows || damaged(x, "rows do not fit the active latents", err);
}

static bool open_postings(scry_index *x, scry_error *err) {
    uint64_t groups = ((uint64_t)x->F + GROUP_LATENTS - 1) / GROUP_LATENTS;
    x->groups = container_get(&x->file, "post/at", (groups + 1) * sizeof *x->groups, err);
    x->lengths = container_find(&x->file, "post/length", &x->lengths_size);
    x->post_data = container_find(&x->file, "post/data", &x->post_size);
    if (!x->groups) return false;
    if (!x->lengths || !x->post_data || x->post_size < POSTING_CODEC_SPARE) return damaged(x, "no postings", err);
    x->post_size -= POSTING_CODEC_SPARE;
    if (!index_postings_check(x, err)) return false;
    x->first_token = mem_new(x->info.captures + 1, sizeof *x->first_token);
    for (size_t i = 0; i < x->info.captures; i++) x->first_token[i + 1] = x->first_token[i] + x->info.capture[i].rows;
    if (x->first_token[x->info.captures] > UINT32_MAX) return damaged(x, "more than 2^32 tokens", err);
    x->count_width = packed_uint_width(x->first_token[x->info.captures]);
    x->counts = container_get(&x->file, "post/count", (uint64_t)x->rows.rows * x->count_width, err);
    return x->counts != NULL;
}

static bool open_outliers(scry_index *x, scry_error *err) {
    uint64_t rows = 0;
    for (size_t i = 0; i < x->info.captures && !x->info.outliers_kept; i++) rows += x->info.capture[i].outliers;
    x->outliers = rows ? container_get(&x->file, "outlier/rows", rows * sizeof *x->outliers, err) : NULL;
    return !rows || x->outliers;
}

static bool open_labels(scry_index *x, scry_error *err) {
    x->label_text = container_find(&x->file, "label/text", &x->label_size);
    if (!x->label_text) return true;
    uint64_t size;
    x->label_latent = container_find(&x->file, "label/latent", &size);
    x->labels = size / sizeof *x->label_latent;
    x->label_at = container_get(&x->file, "label/at", x->labels * sizeof *x->label_at, err);
    if (!x->label_at) return false;
    if (!x->label_latent || (x->label_size && x->label_text[x->label_size - 1]))
        return damaged(x, "labels are not closed", err);
    return true;
}

static bool open_text(scry_index *x, scry_error *err) {
    uint64_t size;
    x->piece_at = container_find(&x->file, "text/piece-at", &size);
    if (!x->piece_at || size < sizeof(uint64_t) || size % sizeof(uint64_t)) return damaged(x, "no pieces", err);
    x->pieces = size / sizeof(uint64_t) - 1;
    x->piece_width = packed_uint_width(x->pieces);
    x->piece_bytes = container_find(&x->file, "text/piece-bytes", &x->piece_size);
    x->tokens = container_get(&x->file, "text/tokens", x->token_total * x->piece_width, err);
    if (!x->tokens) return false;
    x->samples = container_get(&x->file, "text/samples", x->sample_total * sizeof(layout_sample), err);
    x->strings = container_find(&x->file, "text/strings", &x->strings_size);
    if (!x->samples) return false;
    if (container_find(&x->file, "text/response", &size) &&
        !(x->responses = container_get(&x->file, "text/response", x->sample_total * sizeof *x->responses, err)))
        return false;
    if ((x->piece_size && x->piece_bytes[x->piece_size - 1]) || (x->strings_size && x->strings[x->strings_size - 1]))
        return damaged(x, "text is not closed", err);
    if (!x->pieces) return true;
    x->key_pieces =
        container_get(&x->file, "key/pieces", (uint64_t)x->rows.rows * SCRY_KEY_PIECES * x->piece_width, err);
    return x->key_pieces != NULL;
}

static bool open_decoder(scry_index *x, scry_error *err) {
    const char *name = text_of(x->meta, "decoder");
    if (!*name) return true;
    int form = decoder_codec_find(name);
    if (form < 0) return damaged(x, "the decoder is of an unknown form", err);
    uint64_t d = x->info.d_model;
    x->decoder_codec = (decoder_codec)form;
    x->decoder = container_get(&x->file, "dec/W", x->F * d * decoder_width(x->decoder_codec), err);
    x->decoder_bias = x->decoder ? container_get(&x->file, "dec/b", d * sizeof(float), err) : NULL;
    return x->decoder_bias != NULL;
}

/* Absent where no capture holds residuals. */
static bool open_residual_sums(scry_index *x, scry_error *err) {
    uint64_t size;
    if (!container_find(&x->file, "raw/sums", &size)) return true;
    const uint64_t one = (uint64_t)x->info.captures * x->info.d_model * sizeof(double);
    x->raw = container_get(&x->file, "raw/sums", RESIDUAL_SUMS * one, err);
    if (!container_find(&x->file, "raw/control", &size)) return x->raw != NULL;
    x->raw_control = x->raw ? container_get(&x->file, "raw/control", one, err) : NULL;
    return x->raw_control != NULL;
}

scry_index *index_open(const char *path, bool verify, scry_error *err) {
    scry_index *x = mem_new(1, sizeof *x);
    index_effects_new(x);
    index_differences_new(x);
    bool ok = container_open(&x->file, path, verify, err);
    ok = ok && (verify || container_check(&x->file, "meta", err)) && read_meta(x, err) && open_rows(x, err) &&
         index_sources_open(x, err) && open_postings(x, err) && open_text(x, err) && open_outliers(x, err) &&
         open_labels(x, err) && open_decoder(x, err) && open_residual_sums(x, err) &&
         index_logits_open(x, (uint32_t)number_of(x->meta, "logit_ids"), err) && index_views_open(x, err);
    if (ok) return x;
    index_close(x);
    return NULL;
}

void index_close(scry_index *x) {
    index_models_free(x);
    for (size_t d = 0; x->info.domain && d < x->info.domains; d++) {
        free(x->info.domain[d].change);
        free(x->info.domain[d].change_se);
    }
    index_views_close(x);
    index_effects_free(x);
    index_differences_free(x);
    index_sources_close(x);
    active_rows_free(&x->rows);
    void *owned[] = {x->info.train, x->info.domain, x->info.capture, (void *)x->info.note, x->silent,
                     x->zeros,      x->texts,       x->capture_text, x->capture_of,        x->first_token};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    index_given_free(x->given);
    cJSON_Delete(x->meta);
    container_close(&x->file);
    free(x);
}

bool scry_section(const scry_index *x, size_t i, const char **name, uint64_t *bytes) {
    if (i >= x->file.sections) return false;
    *name = x->file.section[i].name;
    *bytes = x->file.section[i].size;
    return true;
}

bool scry_is_index(const char *path) {
    return atomic_file_is_index(path);
}
