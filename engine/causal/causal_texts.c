/* causal/causal_texts.c: texts of an index's domains and training sets, from the study's token files or from the index
 * itself. */
#include "causal/causal_texts.h"
#include "base/mem.h"
#include "base/path.h"
#include "evaluate/measured_text.h"
#include "evaluate/study_samples.h"
#include "index/read/index.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is true of a sample that is not read as it is. */
typedef enum reason { UNLIKE, HEADLESS, SILENT, CUT, REASONS } reason;
static const char *const reasons[REASONS] = {
    [UNLIKE] = "do not encode to as many tokens as the study has, and are left out",
    [HEADLESS] = "begin in the middle of a text whose token file is not found, and are left out",
    [SILENT] = "have no token that counts, and are left out",
    [CUT] = "are longer than the model's context; tokens behind it do not count",
};

typedef struct reader {
    const scry_index *x;
    const causal_texts_query *query;
    scry_study *study;   /* the manifest in the index, its paths as written there; NULL: it cannot be read */
    study_samples *file; /* of the domain; NULL: its texts are encoded again */
    size_t *line;        /* [samples of the capture] lines of `file` */
    const uint32_t *bos;
    size_t bos_count;
    causal_texts *texts;
    uint64_t count[REASONS];     /* samples of the domain, */
    sample_tally tally[REASONS]; /* and of all */
    size_t changed, absent;      /* domains whose token file is not that which was indexed, or is not there */
    uint64_t drawn;              /* samples */
    scry_error *err;
} reader;

/* ---- a domain's token file ------------------------------------------------------------------ */

static const study_capture *capture_spec(const reader *r, size_t d) {
    const size_t D = r->x->info.domains;
    if (!r->study) return NULL;
    if (d < D) return d < r->study->domain_count ? &r->study->domains[d].capture[SCRY_BASE] : NULL;
    return d - D < r->study->train_count ? &r->study->trains[d - D].capture[SCRY_BASE] : NULL;
}

static const char *group_name(const reader *r, size_t d) {
    const scry_info *info = &r->x->info;
    return d < info->domains ? info->domain[d].name : info->train[d - info->domains].name;
}

static bool is_wanted(const reader *r, size_t d) {
    const size_t D = r->x->info.domains;
    return d < D ? !r->query->domains || r->query->domains[d] : r->query->trains[d - D];
}

scry_study *causal_study(const scry_index *x) {
    uint64_t size;
    const char *json = container_find(&x->file, "manifest", &size);
    return json ? scry_study_parse("", json, (size_t)size, NULL, NULL) : NULL;
}

char *causal_find_path(const scry_index *x, const char *study, const char *path) {
    if (!study) return index_find_path(x, path);
    char *folder = path_is_directory(study) ? mem_copy_string(study) : path_folder(study);
    char *found = path_join(folder, path);
    free(folder);
    return found;
}

static bool same_tokens(const reader *r, const study_line *line, size_t capture, const scry_sample *sample) {
    const cJSON *text, *list = cJSON_GetObjectItemCaseSensitive(line->json, "tokens");
    uint32_t t = 0;
    cJSON_ArrayForEach (text, list) {
        bool in = t >= sample->cut && t - sample->cut < sample->count;
        if (in && cJSON_IsString(text) &&
            strcmp(text->valuestring, scry_token(r->x, capture, sample->first + t - sample->cut)) != 0)
            return false;
        t++;
    }
    return true;
}

/* Finds the line of each sample. False where the file is not the one that was indexed. */
static bool match_lines(reader *r, const study_samples *file, size_t capture) {
    const scry_capture_info *info = &r->x->info.capture[capture];
    uint64_t from = file->sliced ? file->row_from : 0, to = file->sliced ? file->row_to : file->rows;
    if (to > file->rows || from > to || to - from != info->rows) return false;
    uint32_t sample = 0;
    for (size_t i = 0; i < file->count; i++) {
        const study_line *line = &file->lines[i];
        uint64_t begin = line->first > from ? line->first : from;
        uint64_t end = line->first + line->count < to ? line->first + line->count : to;
        scry_sample s = scry_sample_at(r->x, capture, sample);
        if (begin >= end && (file->sliced || s.count)) continue;
        if (sample == info->samples) return false;
        if (s.count != (begin < end ? end - begin : 0) || (s.count && s.first != begin - from) ||
            s.cut != begin - line->first || !same_tokens(r, line, capture, &s))
            return false;
        r->line[sample++] = i;
    }
    return sample == info->samples;
}

/* Opens the domain's token file as r->file where it is the one that was indexed. False and err where a model cannot
 * read the capture's rows. */
static bool open_file(reader *r, size_t d, study_samples *file) {
    const study_capture *spec = capture_spec(r, d);
    const char *name = group_name(r, d);
    r->file = NULL;
    if (spec && (spec->padding != PADDING_UNSAID || spec->mask_count))
        return scry_fail(r->err,
                         "%s: %s: its capture has padding or a mask, expected rows of texts one after another; capture "
                         "it without padding to run the model on",
                         r->x->info.path, name);
    if (!spec || !spec->tokens) return true;
    study_capture found = *spec;
    found.tokens = causal_find_path(r->x, r->query->study, spec->tokens);
    scry_error unread = {0};
    bool there = access(found.tokens, F_OK) == 0;
    bool ok = there && study_samples_open(file, r->x->info.path, name, &found, r->query->tok, SCRY_BOS_AUTO, &unread);
    free(found.tokens);
    r->absent += !there;
    r->changed += there && !ok;
    if (!ok) return true;
    size_t capture = (size_t)r->texts->capture[d];
    r->line = mem_new(r->x->info.capture[capture].samples, sizeof *r->line);
    if (match_lines(r, file, capture)) r->file = file;
    else {
        r->changed++;
        study_samples_close(file);
    }
    return true;
}

static void close_file(reader *r) {
    if (r->file) study_samples_close(r->file);
    free(r->line);
    r->file = NULL;
    r->line = NULL;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* The sample's token texts in the index, joined and encoded, as if its line stood in a file. */
static void encode_again(const reader *r, size_t capture, const scry_sample *s, study_sample *out) {
    size_t length = 0;
    *out = (study_sample){.count = s->count, .response = s->response == SCRY_NO_RESPONSE ? 1 : s->response};
    for (uint32_t k = 0; k < s->count; k++) length += strlen(scry_token(r->x, capture, s->first + k));
    char *text = mem_new(length + 1, 1), *at = text;
    for (uint32_t k = 0; k < s->count; k++) at = stpcpy(at, scry_token(r->x, capture, s->first + k));
    out->own = mem_new(out->count + 1, sizeof *out->own);
    out->alike = study_text_encode(r->query->tok, text, length, out->count, out->own);
    free(text);
    out->head_count = study_bos_missing(r->bos, r->bos_count, out->own, out->count);
    out->head = mem_new(out->head_count + 1, sizeof *out->head);
    if (out->head_count) memcpy(out->head, r->bos, out->head_count * sizeof *out->head);
}

/* Adds what of the sample the model can read. */
static void add_sample(reader *r, size_t d, uint32_t number, const scry_sample *s, const study_sample *own) {
    causal_texts *texts = r->texts;
    size_t before = own->head_count + s->cut, end = before + s->count;
    size_t from = own->head_count + (r->query->all_tokens ? 1 : own->response);
    if (from < before) from = before;
    if (!from) from = 1;
    bool counts = own->alike && from < end;
    if (end > r->query->most_tokens + 1) end = r->query->most_tokens + 1;
    r->count[UNLIKE] += !own->alike;
    r->count[SILENT] += own->alike && from >= end;
    r->count[CUT] += counts && from < end && end < before + s->count;
    if (!counts || from >= end) {
        texts->summary[d].left_out++;
        return;
    }
    causal_sample *c = &texts->samples[texts->count++];
    *c = (causal_sample){.capture = (uint32_t)texts->capture[d],
                         .sample = number,
                         .before = (uint32_t)before,
                         .count = (uint32_t)end - 1,
                         .from = (uint32_t)from,
                         .to = (uint32_t)end,
                         .first = s->first,
                         .at = texts->tokens};
    c->ids = mem_new(end, sizeof *c->ids);
    if (own->head_count) memcpy(c->ids, own->head, (own->head_count < end ? own->head_count : end) * sizeof *c->ids);
    if (end > own->head_count) memcpy(c->ids + own->head_count, own->own, (end - own->head_count) * sizeof *c->ids);
    texts->tokens += c->count;
    if (c->count > texts->longest) texts->longest = c->count;
    texts->summary[d].samples++;
    texts->summary[d].tokens += end - from;
}

static bool read_sample(reader *r, size_t d, uint32_t number) {
    size_t capture = (size_t)r->texts->capture[d];
    scry_sample s = scry_sample_at(r->x, capture, number);
    study_sample own;
    if (!r->file && s.cut) { /* what stands in front of its rows is not in the index */
        r->count[HEADLESS]++;
        r->texts->summary[d].left_out++;
        return true;
    }
    if (!r->file) encode_again(r, capture, &s, &own);
    else if (!study_sample_read(r->file, r->line[number], &own, r->err)) return false;
    add_sample(r, d, number, &s, &own);
    study_sample_free(&own);
    return true;
}

/* Samples lie one after another, as they are written. */
static bool check_samples(const reader *r, size_t capture) {
    uint64_t end = 0;
    for (uint32_t k = 0; k < r->x->info.capture[capture].samples; k++) {
        scry_sample s = scry_sample_at(r->x, capture, k);
        if (s.count && s.first < end)
            return scry_fail(r->err,
                             "%s: %s: sample %u begins before row %llu, the end of the one before it; the index "
                             "is damaged, make it again with scry index",
                             r->x->info.path, r->x->info.capture[capture].name, k, (unsigned long long)end);
        if (s.count) end = s.first + s.count;
    }
    return true;
}

static bool read_domain(reader *r, size_t d) {
    const size_t D = r->x->info.domains;
    const int capture = scry_find_capture(r->x, d < D ? (int)d : -1 - (int)(d - D), SCRY_BASE);
    r->texts->capture[d] = capture;
    if (capture < 0 || !r->x->info.capture[capture].has_tokens || !is_wanted(r, d)) return true;
    const scry_capture_info *info = &r->x->info.capture[capture];
    study_samples file;
    if (!check_samples(r, (size_t)capture) || !open_file(r, d, &file)) return false;
    r->texts->from_file[d] = r->file;
    size_t *drawn, count = draw_samples(info->samples, r->query->samples, r->query->seed, group_name(r, d), &drawn);
    r->texts->samples = mem_resize(r->texts->samples, r->texts->count + count, sizeof *r->texts->samples);
    bool ok = true;
    memset(r->count, 0, sizeof r->count);
    for (size_t i = 0; ok && i < count; i++) ok = read_sample(r, d, (uint32_t)drawn[i]);
    for (int i = 0; i < REASONS; i++) sample_tally_add(&r->tally[i], group_name(r, d), r->count[i]);
    free(drawn);
    close_file(r);
    r->drawn += count;
    return ok;
}

/* ---- all domains ---------------------------------------------------------------------------- */

static void add_notes(const reader *r, scry_notes *notes) {
    char text[SAMPLE_TALLY_TEXT];
    for (int i = 0; i < REASONS; i++)
        if (r->tally[i].count)
            scry_notes_add(notes, "%s %s", sample_tally_text(&r->tally[i], r->drawn, "samples", text), reasons[i]);
    if (r->absent)
        scry_notes_add(notes,
                       "%zu of %zu domains: the token file is not found; the index's texts are encoded again, without "
                       "what may have stood in front of them",
                       r->absent, r->texts->domains);
    if (r->changed)
        scry_notes_add(notes,
                       "%zu of %zu domains: the token file is not the one that was indexed; the index's texts are "
                       "encoded again instead",
                       r->changed, r->texts->domains);
}

static bool read_all(reader *r) {
    bool any_text = false;
    for (size_t d = 0; d < r->texts->domains; d++) {
        if (!read_domain(r, d)) return false;
        r->texts->first[d + 1] = r->texts->count;
        int capture = r->texts->capture[d];
        any_text = any_text || (capture >= 0 && r->x->info.capture[capture].has_tokens);
    }
    if (r->texts->count) return true;
    return scry_fail(r->err,
                     any_text ? "%s: found no sample of a domain%s that the model can read%s"
                              : "%s: no domain%s has \"tokens\", expected the texts of its base capture, which "
                                "the model has to read%s",
                     r->x->info.path, r->query->trains ? " or training set" : "",
                     any_text ? "; is the tokenizer the one of the study?" : "");
}

bool causal_texts_read(causal_texts *texts, const scry_index *x, const causal_texts_query *query, scry_notes *notes,
                       scry_error *err) {
    const size_t groups = x->info.domains + (query->trains ? x->info.trains : 0);
    *texts = (causal_texts){.domains = groups};
    texts->first = mem_new(groups + 1, sizeof *texts->first);
    texts->capture = mem_new(groups + 1, sizeof *texts->capture);
    texts->summary = mem_new(groups + 1, sizeof *texts->summary);
    texts->from_file = mem_new(groups + 1, sizeof *texts->from_file);
    reader r = {.x = x, .query = query, .texts = texts, .err = err};
    if ((!query->trains && !scry_require_domains(x, err)) ||
        !scry_tokenizer_bos(query->tok, SCRY_BOS_AUTO, &r.bos, &r.bos_count, err))
        return false;
    r.study = causal_study(x);
    bool ok = read_all(&r);
    add_notes(&r, notes);
    scry_study_free(r.study);
    return ok;
}

void causal_texts_free(causal_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) free(texts->samples[i].ids);
    free(texts->samples);
    free(texts->first);
    free(texts->capture);
    free(texts->summary);
    free(texts->from_file);
    *texts = (causal_texts){0};
}
