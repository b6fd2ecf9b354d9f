/* padding.c: rows of padding, told by the token file, the attention mask, or the manifest. */
#include "study/padding.h"
#include "base/mem.h"
#include "io/tensor.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct finder {
    capture_padding *out;
    const matrix *m;
    const study_capture *spec;
    const char *study_path;
    token_text text; /* samples NULL: the capture has no token file */
    string_pool pieces;
    uint64_t samples;
    size_t piece;   /* of the sample that was asked for last, */
    uint64_t first; /* and the first sample of that piece */
    scry_error *err;
} finder;

/* Positions of a sample; quick when samples are asked for in order. */
static uint64_t positions_of(finder *f, uint64_t s) {
    if (s < f->first) f->piece = f->first = 0;
    while (s - f->first >= f->m->piece[f->piece].dense->shape[0]) f->first += f->m->piece[f->piece++].dense->shape[0];
    return f->m->piece[f->piece].dense->shape[1];
}

static void keep(finder *f, uint64_t sample, uint64_t from, uint64_t count) {
    capture_padding *p = f->out;
    if (!count) return;
    if ((p->spans & (p->spans - 1)) == 0) p->span = mem_resize(p->span, p->spans ? p->spans * 2 : 1, sizeof *p->span);
    p->span[p->spans++] = (matrix_span){sample, from, count};
}

/* "<pad>", "[PAD]", "<|finetune_right_pad_id|>". */
static bool is_padding_token(const finder *f, uint64_t row) {
    const char *text = string_pool_text(&f->pieces, f->text.piece[row]);
    size_t length = strlen(text);
    if (length < 5 || !((text[0] == '<' && text[length - 1] == '>') || (text[0] == '[' && text[length - 1] == ']')))
        return false;
    for (size_t i = 1; i + 3 < length; i++)
        if (tolower((unsigned char)text[i]) == 'p' && tolower((unsigned char)text[i + 1]) == 'a' &&
            tolower((unsigned char)text[i + 2]) == 'd')
            return !isalpha((unsigned char)text[i - 1]) && !isalpha((unsigned char)text[i + 3]);
    return false;
}

static const token_sample *sample_of(const finder *f, uint64_t s) {
    return &f->text.samples[s];
}

/* True when count rows of the matrix from `row` on are all zero. */
static bool zero_rows(const finder *f, float *x, uint64_t row, uint64_t count) {
    for (uint64_t r = row; r < row + count; r++) {
        if (matrix_row(f->m, r, x)) return false;
        for (uint64_t i = 0; i < f->m->cols; i++)
            if (x[i] != 0) return false;
    }
    return true;
}

/* On which side of the short samples the rows are all zero, where this is so of one side only. */
static study_padding side_of_zeros(finder *f) {
    float *x = mem_new(f->m->cols, sizeof *x);
    bool left = true, right = true, any = false;
    for (uint64_t s = 0, row = 0; s < f->samples && (left || right); row += positions_of(f, s++)) {
        uint64_t positions = positions_of(f, s), tokens = sample_of(f, s)->count, pad = positions - tokens;
        if (!pad || !tokens) continue;
        any = true;
        left = left && zero_rows(f, x, row, pad);
        right = right && zero_rows(f, x, row + tokens, pad);
    }
    free(x);
    return !any || left == right ? PADDING_UNSAID : left ? PADDING_LEFT : PADDING_RIGHT;
}

static const char *side_name(study_padding side) {
    return side == PADDING_LEFT ? "left" : "right";
}

/* On which side short samples are padded. */
static bool choose_side(finder *f, study_padding *side) {
    study_padding zeros = side_of_zeros(f);
    *side = f->spec->padding;
    if (*side == PADDING_UNSAID) *side = zeros;
    if (*side == PADDING_UNSAID) f->out->assumed = true;
    if (zeros != PADDING_UNSAID && zeros != *side)
        return scry_fail(
            f->err,
            "%s: %s.padding: found \"%s\", but in %s the rows of short samples are zero on the %s; expected "
            "\"%s\"",
            f->study_path, f->spec->key, side_name(*side), f->spec->files[0], side_name(zeros), side_name(zeros));
    return true;
}

static bool check_samples(const finder *f) {
    if (f->text.sample_count == f->samples) return true;
    return scry_fail(f->err,
                     "%s: %s: %s: found %" PRIu64 " samples (of shape [samples, positions, width]), expected %" PRIu32
                     ", one for each line of %s",
                     f->study_path, f->spec->key, f->spec->files[0], f->samples, f->text.sample_count, f->spec->tokens);
}

static bool check_length(finder *f, uint64_t s) {
    uint64_t positions = positions_of(f, s);
    const token_sample *sample = sample_of(f, s);
    if (sample->count <= positions) return true;
    return scry_fail(f->err,
                     "%s: %s: %s: sample \"%.60s\": found %" PRIu64 " positions, expected at least %" PRIu32
                     ", the number of its tokens in %s",
                     f->study_path, f->spec->key, f->spec->files[0], sample->id, positions, sample->count,
                     f->spec->tokens);
}

/* By the lengths and padding tokens of the token file. */
static bool find_by_tokens(finder *f) {
    study_padding side = PADDING_RIGHT;
    bool is_short = false;
    for (uint64_t s = 0; s < f->samples; s++) {
        if (!check_length(f, s)) return false;
        is_short = is_short || sample_of(f, s)->count < positions_of(f, s);
    }
    if (is_short && !choose_side(f, &side)) return false;
    for (uint64_t s = 0; s < f->samples; s++) {
        const token_sample *sample = sample_of(f, s);
        uint64_t positions = positions_of(f, s), from = 0, end = sample->count;
        if (end < positions) {
            keep(f, s, side == PADDING_LEFT ? positions - end : 0, end);
            f->out->rows += positions - end;
            continue;
        }
        while (from < end && is_padding_token(f, sample->first + from)) from++;
        while (end > from && is_padding_token(f, sample->first + end - 1)) end--;
        keep(f, s, from, end - from);
        f->out->rows += positions - (end - from);
        f->out->trims = f->out->trims || end - from < positions;
    }
    return true;
}

/* One sample of a mask: count numbers, 0 where there is padding. */
static bool keep_masked(finder *f, uint64_t s, const float *mask, uint64_t positions, const char *path) {
    uint64_t tokens = 0;
    for (uint64_t k = 0, end; k < positions; k = end + 1) {
        end = k;
        while (end < positions && mask[end] != 0) end++;
        keep(f, s, k, end - k);
        tokens += end - k;
    }
    f->out->rows += positions - tokens;
    const token_sample *sample = f->text.path ? sample_of(f, s) : NULL;
    if (!sample || sample->count == tokens) return true;
    f->out->trims = true;
    return sample->count == positions ||
           scry_fail(f->err,
                     "%s: %s.mask: %s: sample \"%.60s\": found %" PRIu64 " positions that are not 0, expected %" PRIu32
                     ", the number of its tokens in %s",
                     f->study_path, f->spec->key, path, sample->id, tokens, sample->count, f->spec->tokens);
}

/* "attention_mask", "mask", or the file's only tensor of two dimensions. */
static const tensor *mask_tensor(const tensor_file *file, const char *key, scry_error *err) {
    const tensor *found = tensor_find(file, "attention_mask");
    if (!found) found = tensor_find(file, "mask");
    size_t count = found != NULL;
    for (size_t i = 0; i < file->count && !tensor_find(file, "attention_mask") && !tensor_find(file, "mask"); i++)
        if (file->tensors[i].dims == 2) {
            found = &file->tensors[i];
            count++;
        }
    if (count == 1 && found->dims == 2 && tensor_size(found->dtype)) return found;
    tensor_fail(file, key, err,
                "found %zu tensors that may be the mask, expected one of numbers [samples, positions], called "
                "attention_mask where there are several",
                count);
    return NULL;
}

static bool add_mask(finder *f, const tensor_file *file, const char *key, uint64_t *sample) {
    const tensor *t = mask_tensor(file, key, f->err);
    if (!t) return false;
    for (uint64_t s = 0; s < t->shape[0]; s++, ++*sample) {
        if (*sample >= f->samples)
            return tensor_fail(file, key, f->err, "found more samples than the %" PRIu64 " of %s", f->samples,
                               f->spec->files[0]);
        uint64_t positions = positions_of(f, *sample);
        if (t->shape[1] != positions)
            return tensor_fail(file, key, f->err, "found %" PRIu64 " positions, expected %" PRIu64 " as in %s",
                               t->shape[1], positions, f->spec->files[0]);
        float *mask = mem_new(positions + 1, sizeof *mask);
        tensor_floats(t, (uint64_t)((int64_t)s * t->stride[0]), t->stride[1], positions, mask);
        bool ok = keep_masked(f, *sample, mask, positions, file->map.path);
        free(mask);
        if (!ok) return false;
    }
    return true;
}

static bool find_by_mask(finder *f) {
    char *key = mem_format("%s: %s.mask", f->study_path, f->spec->key);
    uint64_t sample = 0;
    bool ok = true;
    for (size_t i = 0; i < f->spec->mask_count && ok; i++) {
        tensor_file file;
        ok = tensor_file_open(&file, f->spec->mask[i], key, f->err);
        if (!ok) break;
        ok = add_mask(f, &file, key, &sample);
        tensor_file_close(&file);
    }
    if (ok && sample != f->samples)
        ok = scry_fail(f->err, "%s: %s: found %" PRIu64 " samples, expected %" PRIu64 " as in %s", key,
                       f->spec->mask[0], sample, f->samples, f->spec->files[0]);
    free(key);
    return ok;
}

/* Samples of one each, such as one prompt a file with a batch dimension of 1: their rows follow each other as the
 * tokens do. */
static bool is_plain(const finder *f) {
    for (size_t i = 0; i < f->m->pieces; i++)
        if (f->m->piece[i].dense->shape[0] != 1) return false;
    return f->text.sample_count != f->samples && f->text.tokens == f->m->rows;
}

static bool find(finder *f) {
    if (f->spec->mask_count) return (!f->text.path || check_samples(f)) && find_by_mask(f);
    if (!f->text.path) {
        f->out->unknown = true;
        return true;
    }
    return is_plain(f) || (check_samples(f) && find_by_tokens(f));
}

bool padding_find(capture_padding *p, const matrix *m, const study_capture *spec, const char *study_path,
                  const tokenizer *tok, scry_error *err) {
    *p = (capture_padding){0};
    if (!matrix_has_samples(m))
        return !spec->mask_count ||
               scry_fail(err, "%s: %s.mask: %s has rows of tokens; expected shape [samples, positions, width]",
                         study_path, spec->key, spec->files[0]);
    if (m->rows > UINT32_MAX) return true; /* more than any index takes; refused later */
    finder f = {.out = p, .m = m, .spec = spec, .study_path = study_path, .samples = matrix_samples(m), .err = err};
    bool ok = true;
    if (spec->tokens) {
        char *key = mem_format("%s.tokens", spec->key);
        ok = token_text_read(&f.text, spec->tokens, key, &f.pieces, tok, err);
        free(key);
    }
    ok = ok && find(&f);
    p->removes = ok && p->rows > 0;
    token_text_free(&f.text);
    string_pool_free(&f.pieces);
    if (!ok) padding_free(p);
    return ok;
}

void padding_remove(const capture_padding *p, matrix *m) {
    if (p->removes) matrix_keep_spans(m, p->span, p->spans);
}

void padding_trim(const capture_padding *p, token_text *text) {
    if (!p->trims) return;
    size_t next = 0;
    uint64_t kept = 0;
    for (uint32_t s = 0; s < text->sample_count; s++) {
        token_sample *sample = &text->samples[s];
        uint64_t first = kept, tokens = 0;
        uint32_t response = 0;
        size_t end = next;
        while (end < p->spans && p->span[end].sample == s) tokens += p->span[end++].count;
        bool whole = tokens == sample->count; /* it lists no padding */
        if (whole) {
            memmove(text->piece + kept, text->piece + sample->first, tokens * sizeof *text->piece);
            kept += tokens;
        }
        for (size_t i = next; i < end && !whole; i++) {
            memmove(text->piece + kept, text->piece + sample->first + p->span[i].from,
                    p->span[i].count * sizeof *text->piece);
            kept += p->span[i].count;
            if (sample->response > p->span[i].from)
                response += sample->response - p->span[i].from < p->span[i].count
                                ? (uint32_t)(sample->response - p->span[i].from)
                                : (uint32_t)p->span[i].count;
        }
        if (sample->response != TOKEN_NO_RESPONSE && !whole) sample->response = response;
        sample->first = first;
        sample->count = (uint32_t)(kept - first);
        next = end;
    }
    text->tokens = kept;
}

void padding_free(capture_padding *p) {
    free(p->span);
    p->span = NULL;
}
