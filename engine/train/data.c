/* train/data.c: captures to rows. */
#include "train/data.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/path.h"
#include "base/text_file.h"
#include "io/tokenfile.h"
#include "study/kept_rows.h"
#include "study/minus_rows.h"
#include "study/outlier_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Takes ownership of the name. */
static data_source *add_source(train_data *data, char *name) {
    data->source = mem_resize(data->source, data->sources + 1, sizeof *data->source);
    data->source[data->sources] = (data_source){.name = name};
    return &data->source[data->sources++];
}

/* Once its matrix is open. */
static bool check_width(train_data *data, const data_source *s, scry_error *err) {
    if (data->d && s->m.cols != data->d)
        return scry_fail(err, "%s: found %" PRIu64 " columns, expected %u as in %s", s->name, s->m.cols, data->d,
                         data->source[0].name);
    if (s->rows == 0) return scry_fail(err, "%s: found no rows, expected residuals [tokens, width]", s->name);
    data->d = (uint32_t)s->m.cols;
    return true;
}

/* FILE, or FILE:TENSOR where no file has the whole name. */
static bool open_matrix_of(matrix *m, const char *path, const char *key, scry_error *err) {
    char *file = mem_copy_string(path), *colon = access(path, F_OK) == 0 ? NULL : strrchr(file, ':');
    const char *inside = NULL;
    if (colon) {
        *colon = 0;
        if (access(file, F_OK) == 0) inside = colon + 1;
        else *colon = ':';
    }
    const bool ok = matrix_open(m, &file, 1, inside, key, err);
    free(file);
    return ok;
}

/* minus (may be NULL): the file whose rows are subtracted. */
static bool open_file(train_data *data, const char *path, const char *minus, scry_error *err) {
    char *name = minus ? mem_format("%s minus %s", path, minus) : mem_copy_string(path);
    data_source *s = add_source(data, name);
    matrix other;
    if (!open_matrix_of(&s->m, path, "capture", err)) return false;
    if (minus && (!open_matrix_of(&other, minus, "--minus", err) || !matrix_subtract(&s->m, &other, "--minus", err)))
        return false;
    s->rows = s->m.rows;
    return check_width(data, s, err);
}

/* Set s->kept. */
static bool mark_rows(data_source *s, const study_capture *spec, const scry_study *study, const tokenizer *tok,
                      scry_error *err) {
    string_pool pieces = {0};
    token_text text = {0};
    bool ok = token_text_read(&text, spec->tokens, spec->key, &pieces, tok, err);
    if (ok) padding_trim(&s->padding, &text);
    if (ok && text.tokens == s->m.rows) kept_rows_slice(&text, s->first, s->first + s->rows);
    if (ok && text.tokens != s->rows)
        ok = scry_fail(err, "%s: %s.tokens: %s: found %" PRIu64 " tokens, expected %" PRIu64 ", one a row", study->path,
                       spec->key, spec->tokens, text.tokens, s->rows);
    if (ok) {
        s->kept = mem_new(s->rows, 1);
        kept_rows_mark(s->kept, &spec->keep, &text, kept_rows_pool_text, &pieces);
    }
    token_text_free(&text);
    string_pool_free(&pieces);
    return ok;
}

static bool open_capture(train_data *data, const scry_study *study, const study_capture *spec, const tokenizer *tok,
                         scry_error *err) {
    const char *of = spec->minus ? study_minus_file(spec) : NULL;
    char *name =
        of ? mem_format("%s: %s minus %s", study->path, spec->key, of) : mem_format("%s: %s", study->path, spec->key);
    data_source *s = add_source(data, name);
    if (!matrix_open(&s->m, spec->files, spec->file_count, spec->tensor, spec->key, err)) return false;
    if (!minus_rows_open(&s->m, spec, study->path, tok, NULL, err)) return false;
    if (!padding_find(&s->padding, &s->m, spec, study->path, tok, err)) return false;
    padding_remove(&s->padding, &s->m);
    s->rows = s->m.rows;
    if (spec->has_rows) {
        if (spec->row_to > s->m.rows)
            return scry_fail(err, "%s.rows: found [%" PRIu64 ", %" PRIu64 "], expected at most %" PRIu64 " rows",
                             s->name, spec->row_from, spec->row_to, s->m.rows);
        s->first = spec->row_from;
        s->rows = spec->row_to - spec->row_from;
    }
    if (!check_width(data, s, err)) return false;
    if (kept_rule_keeps_all(&spec->keep)) return true;
    if (!spec->tokens)
        return scry_fail(err, "%s: \"skip_first\" and \"exclude\" need \"tokens\", which is missing", s->name);
    return mark_rows(s, spec, study, tok, err);
}

static bool open_group(train_data *data, const scry_study *study, const study_group *group, const tokenizer *tok,
                       scry_error *err) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        const study_capture *spec = &group->capture[c];
        bool wanted = spec->present && !spec->features && (data->condition < 0 || data->condition == c);
        if (wanted && !open_capture(data, study, spec, tok, err)) return false;
    }
    return true;
}

/* The captures of a group less its capture under another condition. */
static bool open_group_minus(train_data *data, const scry_study *study, const study_group *group, int minus,
                             const tokenizer *tok, scry_error *err) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        const study_capture *spec = &group->capture[c], *base = &group->capture[minus];
        bool wanted = c != minus && spec->present && !spec->features && (data->condition < 0 || data->condition == c);
        if (!wanted) continue;
        if (!base->present || base->features)
            return scry_fail(err,
                             "%s: %s: found no residual capture under the condition %s in its group, expected the one "
                             "that --minus subtracts",
                             study->path, spec->key, scry_condition_name((scry_condition)minus));
        if (spec->minus || base->minus)
            return scry_fail(
                err, "%s: %s: found \"minus\", expected none with --minus %s: the captures are differences already",
                study->path, spec->minus ? spec->key : base->key, scry_condition_name((scry_condition)minus));
        if (spec->has_rows != base->has_rows || spec->row_from != base->row_from || spec->row_to != base->row_to)
            return scry_fail(err,
                             "%s: %s.rows: found other rows than %s has, expected the same, so that rows are pairs",
                             study->path, spec->key, base->key);
        study_minus of = {
            .files = base->files, .file_count = base->file_count, .tensor = base->tensor, .tokens = base->tokens};
        study_capture difference = *spec;
        difference.minus = &of;
        if (!open_capture(data, study, &difference, tok, err)) return false;
    }
    return true;
}

static bool open_group_of(train_data *data, const scry_study *study, const study_group *group, int minus,
                          const tokenizer *tok, scry_error *err) {
    return minus < 0 ? open_group(data, study, group, tok, err) : open_group_minus(data, study, group, minus, tok, err);
}

/* Two studies of different models have no name together, which "" keeps in mind until data_open ends. */
static void merge_name(char **name, const char *found) {
    if (!found || !*found || (*name && strcmp(*name, found) == 0)) return;
    char *now = mem_copy_string(*name ? "" : found);
    free(*name);
    *name = now;
}

/* minus (may be NULL): the condition whose captures are subtracted. */
static bool open_study(train_data *data, const char *path, const char *minus, scry_notes *notes, scry_error *err) {
    const int other = minus ? scry_condition_of(minus) : -1;
    if (minus && other < 0)
        return scry_misuse(err,
                           "--minus: found \"%.60s\", expected %s or base: %s is a study, of which each capture is "
                           "taken less the one under that condition",
                           minus, scry_source_choices((char[SCRY_CHOICES]){""}, ""), path);
    scry_study *study = scry_study_read(path, notes, err);
    if (!study) return false;
    size_t before = data->sources;
    tokenizer tok = {0};
    bool ok = !study->tokenizer || tokenizer_open(&tok, study->tokenizer, "tokenizer", err);
    for (size_t t = 0; t < study->train_count && ok; t++)
        ok = open_group_of(data, study, &study->trains[t], other, &tok, err);
    for (size_t k = 0; k < study->domain_count && ok; k++)
        ok = open_group_of(data, study, &study->domains[k], other, &tok, err);
    if (ok && data->sources == before)
        ok = scry_fail(err, "%s: found no residual capture%s%s%s%s, expected at least one", path,
                       data->condition < 0 ? "" : " under the condition ",
                       data->condition < 0 ? "" : scry_condition_name((scry_condition)data->condition),
                       minus ? " to subtract those under the condition from: " : "", minus ? minus : "");
    merge_name(&data->model, study->model);
    merge_name(&data->hook, study->hook);
    tokenizer_free(&tok);
    scry_study_free(study);
    return ok;
}

/* A JSON object with "scry_study" near its beginning; the index of a sharded safetensors set is JSON too. */
static bool is_study(const char *path) {
    if (!path_ends_with(path, ".json")) return false;
    FILE *f = text_file_open(path, NULL);
    char *text = mem_new(1 << 16, 1);
    size_t n = f ? fread(text, 1, (1 << 16) - 1, f) : 0;
    if (f) fclose(f);
    bool study = n > 0 && strstr(text, "\"scry_study\"");
    free(text);
    return study;
}

static void drop_empty(char **name) {
    if (!*name || **name) return;
    free(*name);
    *name = NULL;
}

/* An SAE reads the stream or differences of it, not both. */
static bool check_differences(train_data *data, scry_error *err) {
    for (size_t i = 1; i < data->sources; i++)
        if (!data->source[i].m.minus != !data->source[0].m.minus)
            return scry_fail(
                err, "%s: found %s, expected %s as in %s: an SAE reads the stream or differences of it, not both",
                data->source[i].name, data->source[i].m.minus ? "differences" : "residuals",
                data->source[i].m.minus ? "residuals" : "differences", data->source[0].name);
    data->difference = data->sources && data->source[0].m.minus;
    return true;
}

bool data_open(train_data *data, const scry_train_input *input, scry_notes *notes, scry_error *err) {
    double ratio = input->max_norm_ratio > 0 ? input->max_norm_ratio : SCRY_MAX_NORM_RATIO;
    *data = (train_data){.condition = input->condition,
                         .allow_nonfinite = input->allow_nonfinite,
                         .outliers = {.max_norm_ratio = ratio, .kept = input->keep_outliers}};
    data->path = mem_new(input->paths, sizeof *data->path);
    if (input->minus) data->minus = mem_new(input->paths, sizeof *data->minus);
    char here[4096];
    if (!getcwd(here, sizeof here)) *here = 0;
    for (size_t i = 0; i < input->paths; i++) {
        const char *path = input->path[i], *minus = input->minus ? input->minus[i] : NULL;
        const bool study = is_study(path);
        data->path[data->paths++] = path_join(here, path);
        if (minus) data->minus[i] = study ? mem_copy_string(minus) : path_join(here, minus);
        if (!(study ? open_study(data, path, minus, notes, err) : open_file(data, path, minus, err))) return false;
    }
    if (!check_differences(data, err)) return false;
    drop_empty(&data->model);
    drop_empty(&data->hook);
    return true;
}

void data_close(train_data *data) {
    for (size_t i = 0; i < data->sources; i++) {
        free(data->source[i].name);
        free(data->source[i].kept);
        padding_free(&data->source[i].padding);
        matrix_close(&data->source[i].m);
    }
    for (size_t i = 0; i < data->paths; i++) {
        free(data->path[i]);
        if (data->minus) free(data->minus[i]);
    }
    free(data->source);
    free(data->minus);
    free(data->path);
    free(data->model);
    free(data->hook);
    free(data->train.chunk);
    free(data->held.chunk);
    *data = (train_data){0};
}

typedef struct judging {
    bool (*progress)(void *context, uint64_t rows, uint64_t total);
    void *context;
    uint64_t done, total;
} judging;

static bool judge_on(void *context, uint64_t rows) {
    const judging *j = context;
    return !j->progress || j->progress(j->context, j->done + rows, j->total);
}

static bool judge_source(train_data *data, data_source *s, parallel *pool, judging *j, row_moments sums[2],
                         scry_error *err) {
    if (!s->kept) {
        s->kept = mem_new(s->rows, 1);
        memset(s->kept, ROW_ORDINARY, s->rows);
    }
    const outlier_query q = {.m = &s->m,
                             .first = s->first,
                             .rows = s->rows,
                             .ratio = data->outliers.max_norm_ratio,
                             .allow_nonfinite = data->allow_nonfinite,
                             .pool = pool,
                             .go_on = judge_on,
                             .context = j};
    outlier_rows found;
    bool ok = outlier_rows_find(&found, s->kept, &q, err);
    data->outliers.outliers += found.outliers;
    row_moments_merge(&sums[0], &found.all, data->d);
    row_moments_merge(&sums[1], &found.outlier, data->d);
    outlier_rows_free(&found);
    j->done += s->rows;
    return ok;
}

static void note_outliers(const scry_outliers *o, scry_notes *notes) {
    if (!o->outliers || !notes) return;
    char held[64] = "";
    if (isfinite(o->variance_share))
        snprintf(held, sizeof held, "; they hold %.4g%% of the variance", 100 * o->variance_share);
    scry_notes_add(notes,
                   "%" PRIu64 " of %" PRIu64
                   " rows (%.3g%%) have a norm above %g times the median norm of their capture%s, and are %s",
                   o->outliers, o->rows, 100.0 * (double)o->outliers / (double)o->rows, o->max_norm_ratio, held,
                   o->kept ? "kept: figures with them say little about the others"
                           : "left out; --keep-outliers keeps them");
}

bool data_judge(train_data *data, parallel *pool, bool (*progress)(void *context, uint64_t rows, uint64_t total),
                void *context, scry_notes *notes, scry_error *err) {
    row_moments sums[2] = {row_moments_new(data->d), row_moments_new(data->d)};
    judging j = {.progress = progress, .context = context};
    for (size_t i = 0; i < data->sources; i++) j.total += data->source[i].rows;
    bool ok = true;
    for (size_t i = 0; i < data->sources && ok; i++) ok = judge_source(data, &data->source[i], pool, &j, sums, err);
    data->outliers.rows = sums[0].rows;
    data->outliers.variance_share = outlier_variance_share(&sums[0], &sums[1], data->d);
    for (int k = 0; k < 2; k++) row_moments_free(&sums[k]);
    if (ok) note_outliers(&data->outliers, notes);
    return ok;
}

static void add_chunk(data_chunks *to, uint32_t source, uint64_t row, uint32_t length) {
    if (!length) return;
    if (to->count == to->room) {
        to->room = to->room ? to->room * 2 : 256;
        to->chunk = mem_resize(to->chunk, to->room, sizeof *to->chunk);
    }
    to->chunk[to->count++] = (data_chunk){row, source, length};
    to->rows += length;
}

/* May a row that is marked so be used for this? */
static bool is_of_kind(const train_data *data, uint8_t mark, enum data_kind kind) {
    if (kind == DATA_USED) return mark == ROW_ORDINARY || (mark == ROW_OUTLIER && data->outliers.kept);
    return mark == (kind == DATA_OUTLIERS ? ROW_OUTLIER : ROW_ORDINARY);
}

/* The rows of a kind in [from, end). */
static void add_rows(const train_data *data, data_chunks *to, uint32_t source, uint64_t from, uint64_t end,
                     enum data_kind kind) {
    const data_source *s = &data->source[source];
    uint64_t begin = from;
    for (uint64_t row = from; row <= end; row++) {
        if (row < end && is_of_kind(data, s->kept ? s->kept[row] : ROW_ORDINARY, kind)) continue;
        add_chunk(to, source, begin, (uint32_t)(row - begin));
        begin = row + 1;
    }
}

enum { LARGE_ROUND = 20, ASK_BLOCKS = 1 << 12 };

/* Of each round of so many blocks some are held out: one, or where that is far from the share, so many of twenty. */
typedef struct split_rule {
    uint64_t seed, round;
    uint32_t held;
} split_rule;

static split_rule split_by(double share, uint64_t seed) {
    split_rule rule = {.seed = seed};
    if (!(share > 0)) return rule;
    bool one = share <= 0.2;
    rule.round = one ? (uint64_t)fmin(UINT32_MAX, rint(1 / share)) : LARGE_ROUND;
    rule.held = one ? 1 : (uint32_t)rint(share * LARGE_ROUND);
    return rule;
}

/* Draws the round's held blocks until it comes to this one or has them all. */
static bool is_held(const split_rule *rule, uint64_t block) {
    if (!rule->round) return false;
    uint64_t state = rule->seed ^ block / rule->round << 20;
    uint32_t drawn[LARGE_ROUND];
    for (uint32_t count = 0; count < rule->held;) {
        uint32_t at = random_below(&state, (uint32_t)rule->round), k = 0;
        while (k < count && drawn[k] != at) k++;
        if (at == block % rule->round) return true;
        if (k == count) drawn[count++] = at;
    }
    return false;
}

bool data_goes_on(const train_data *data, scry_error *err) {
    data_watch *w = data->watch;
    if (!w) return true;
    const double time = clock_seconds();
    if (!w->stopped && time - w->asked >= 0.1) {
        w->asked = time;
        w->stopped = !w->goes_on(w->context);
    }
    if (w->stopped && err) scry_fail(err, "interrupted");
    return !w->stopped;
}

data_chunks data_select(const train_data *data, bool held, enum data_kind kind) {
    const split_rule rule = split_by(data->share, data->seed);
    data_chunks chunks = {0};
    for (size_t i = 0; i < data->sources; i++) {
        const data_source *s = &data->source[i];
        uint64_t block = CHUNK_ROWS; /* short captures have shorter ones */
        while (rule.round && block > 1 && block * rule.round > s->rows) block /= 2;
        for (uint64_t b = 0; b * block < s->rows; b++) {
            uint64_t end = (b + 1) * block;
            if (b % ASK_BLOCKS == 0 && !data_goes_on(data, NULL)) return chunks;
            if (is_held(&rule, b) != held) continue;
            add_rows(data, &chunks, (uint32_t)i, b * block, end < s->rows ? end : s->rows, kind);
        }
    }
    return chunks;
}

bool data_split(train_data *data, double share, uint64_t seed, scry_error *err) {
    data->share = share;
    data->seed = seed;
    data->train = data_select(data, false, DATA_USED);
    data->held = data_select(data, true, DATA_USED);
    return !data->watch || !data->watch->stopped || data_goes_on(data, err);
}

typedef struct read_job {
    const train_data *data;
    const data_chunk *chunks;
    uint64_t *first, *bad; /* [n] row of out; values that are not finite */
    float *out;
} read_job;

static void read_chunk(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const read_job *job = context;
    const data_chunk *c = &job->chunks[piece];
    const data_source *s = &job->data->source[c->source];
    for (uint32_t k = 0; k < c->length; k++)
        job->bad[piece] +=
            matrix_row(&s->m, s->first + c->row + k, job->out + (size_t)(job->first[piece] + k) * job->data->d);
}

bool data_finite(const train_data *data, const data_chunk *chunk, uint64_t bad, scry_error *err) {
    return !bad || data->allow_nonfinite ||
           scry_fail(err,
                     "%s: rows %" PRIu64 " to %" PRIu64 ": found %" PRIu64
                     " values that are NaN or infinite, expected numbers; --allow-nonfinite takes them as 0",
                     data->source[chunk->source].name, chunk->row, chunk->row + chunk->length - 1, bad);
}

/* A few chunks at a time, so that the files' pages do not stay in memory. */
bool data_read(const train_data *data, parallel *threads, const data_chunk *chunks, size_t n, float *out,
               scry_error *err) {
    enum { SLICE = 32 };
    bool ok = true;
    for (size_t from = 0; from < n && ok; from += SLICE) {
        uint64_t first[SLICE] = {0}, bad[SLICE] = {0};
        size_t count = n - from < SLICE ? n - from : SLICE;
        if (!data_goes_on(data, err)) return false;
        read_job job = {data, chunks + from, first, bad, out};
        for (size_t i = 1; i < count; i++) first[i] = first[i - 1] + job.chunks[i - 1].length;
        parallel_for(threads, count, read_chunk, &job);
        out += (size_t)(first[count - 1] + job.chunks[count - 1].length) * data->d;
        for (size_t i = 0; i < count && ok; i++) ok = data_finite(data, &job.chunks[i], bad[i], err);
        data_release(data);
    }
    return ok;
}

void data_release(const train_data *data) {
    for (size_t i = 0; i < data->sources; i++) matrix_drop_pages(&data->source[i].m);
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) hash = (hash ^ at[i]) * 0x100000001b3u; /* FNV-1a */
    return hash;
}

uint64_t data_fingerprint(const train_data *data) {
    enum { SAMPLES = 256 };
    uint64_t hash = mix(0xcbf29ce484222325u, &data->d, sizeof data->d);
    float *row = mem_new(data->d, sizeof *row);
    for (size_t i = 0; i < data->sources; i++) {
        const data_source *s = &data->source[i];
        uint64_t samples = s->rows < SAMPLES ? s->rows : SAMPLES;
        hash = mix(hash, &s->rows, sizeof s->rows);
        for (uint64_t k = 0; k < samples; k++) {
            matrix_row(&s->m, s->first + k * (s->rows / samples), row);
            hash = mix(hash, row, data->d * sizeof *row);
            if (k % 16 == 15) data_release(data);
        }
    }
    free(row);
    return hash;
}
