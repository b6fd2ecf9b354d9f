/* token_model.c: the model of a tokenizer. */
#include "model/tokenizer/token_model.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "model/tokenizer/bpe.h"
#include "model/tokenizer/unigram.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef enum model_kind { MODEL_BPE, MODEL_UNIGRAM, MODEL_WORD_LEVEL, MODEL_KINDS } model_kind;
static const char *const kinds[] = {"BPE", "Unigram", "WordLevel"};

struct token_model {
    model_kind kind;
    char *path;
    vocabulary vocab;
    bpe_options options;
    char *unknown, *prefix, *suffix;
    bpe *bpe;
    unigram *unigram;
    uint32_t unknown_id; /* of Unigram and WordLevel */
};

typedef struct model_parts {
    json_part type, vocab, merges, unknown, unknown_id, prefix, suffix, fuse, fallback, ignore, dropout;
} model_parts;

static bool read_parts(json_part model, const char *path, model_parts *p, scry_error *err) {
    const struct {
        const char *key;
        json_part *to;
    } keys[] = {{"\"type\"", &p->type},
                {"\"vocab\"", &p->vocab},
                {"\"merges\"", &p->merges},
                {"\"unk_token\"", &p->unknown},
                {"\"unk_id\"", &p->unknown_id},
                {"\"continuing_subword_prefix\"", &p->prefix},
                {"\"end_of_word_suffix\"", &p->suffix},
                {"\"fuse_unk\"", &p->fuse},
                {"\"byte_fallback\"", &p->fallback},
                {"\"ignore_merges\"", &p->ignore},
                {"\"dropout\"", &p->dropout}};
    json_walk walk;
    json_part key, value;
    json_step step;
    *p = (model_parts){0};
    if (!json_walk_into(&walk, model) || walk.close != '}')
        return scry_fail(err, "%s: model: expected an object", path);
    while ((step = json_next(&walk, &key, &value)) == JSON_ITEM)
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (json_is(key, keys[i].key) && !json_is(value, "null")) *keys[i].to = value;
    return step == JSON_END || scry_fail(err, "%s: model: not JSON, or cut short", path);
}

/* The type of an older file, which does not name it. */
static const char *untyped(const model_parts *p) {
    if (p->merges.at) return "BPE";
    return p->vocab.at && *p->vocab.at == '[' ? "Unigram" : "no type";
}

/* The row of the type. */
static bool find_kind(const model_parts *p, const char *path, model_kind *kind, scry_error *err) {
    char *type = p->type.at ? json_text(p->type) : mem_copy_string(untyped(p));
    size_t i = 0;
    while (type && i < MODEL_KINDS && strcmp(type, kinds[i]) != 0) i++;
    char known[SCRY_CHOICES];
    bool ok = i < MODEL_KINDS ||
              scry_fail(err, "%s: model: found %.60s, expected %s", path, type ? type : "a type that is no text",
                        alternatives(known, sizeof known, kinds, sizeof *kinds, MODEL_KINDS));
    *kind = (model_kind)i;
    free(type);
    return ok;
}

/* {"piece": id, ...} */
static bool read_vocab(token_model *m, json_part vocab, scry_error *err) {
    json_walk walk;
    json_part key, value;
    json_step step;
    json_bytes token = {0};
    if (!json_walk_into(&walk, vocab) || walk.close != '}')
        return scry_fail(err, "%s: model.vocab: expected {\"piece\": id, ...}", m->path);
    bool ok = true;
    while (ok && (step = json_next(&walk, &key, &value)) != JSON_END) {
        uint32_t id;
        if (step == JSON_BROKEN || !json_string(key, &token))
            ok = scry_fail(err, "%s: model.vocab: not JSON, or cut short", m->path);
        else if (!json_id(value, &id))
            ok = scry_fail(err, "%s: model.vocab: %.*s: found %.*s, expected an id, a whole number from 0", m->path,
                           (int)(key.length < 60 ? key.length : 60), key.at,
                           (int)(value.length < 40 ? value.length : 40), value.at);
        else if (!vocabulary_add(&m->vocab, token.bytes, token.length, id, 0))
            ok = scry_fail(err, "%s: model.vocab: more than 4 GiB of tokens", m->path);
    }
    free(token.bytes);
    return ok;
}

static bool read_score(json_part value, double *score) {
    char text[64], *end;
    if (!value.at || !value.length || value.length >= sizeof text || !strchr("-0123456789", *value.at)) return false;
    memcpy(text, value.at, value.length);
    text[value.length] = 0;
    *score = strtod(text, &end);
    return !*end && *score >= -1e300 && *score <= 1e300;
}

/* [["piece", score], ...]: the id is the place in the list. */
static bool read_scored(token_model *m, json_part vocab, scry_error *err) {
    json_walk walk, pair;
    json_part value, piece, score;
    json_step step;
    json_bytes token = {0};
    if (!json_walk_into(&walk, vocab) || walk.close != ']')
        return scry_fail(err, "%s: model.vocab: expected [[\"piece\", score], ...]", m->path);
    bool ok = true;
    for (uint32_t id = 0; ok && (step = json_next(&walk, NULL, &value)) != JSON_END; id++) {
        double number;
        if (step == JSON_BROKEN) ok = scry_fail(err, "%s: model.vocab: not JSON, or cut short", m->path);
        else if (!json_walk_into(&pair, value) || pair.close != ']' || json_next(&pair, NULL, &piece) != JSON_ITEM ||
                 !json_string(piece, &token) || json_next(&pair, NULL, &score) != JSON_ITEM ||
                 !read_score(score, &number) || json_next(&pair, NULL, &score) != JSON_END)
            ok = scry_fail(err, "%s: model.vocab[%" PRIu32 "]: found %.*s, expected [\"piece\", score]", m->path, id,
                           (int)(value.length < 60 ? value.length : 60), value.at);
        else if (!vocabulary_add(&m->vocab, token.bytes, token.length, id, number))
            ok = scry_fail(err, "%s: model.vocab: more than 4 GiB of tokens", m->path);
    }
    free(token.bytes);
    return ok;
}

static char *text_or_null(json_part value) {
    return value.at ? json_text(value) : NULL;
}

static bool read_bpe(token_model *m, const model_parts *p, scry_error *err) {
    if (p->dropout.at && !json_is(p->dropout, "0.0") && !json_is(p->dropout, "0"))
        return scry_fail(err,
                         "%s: model.dropout: found %.*s, expected null: a tokenizer that draws at random gives no "
                         "fixed tokens",
                         m->path, (int)(p->dropout.length < 40 ? p->dropout.length : 40), p->dropout.at);
    m->unknown = text_or_null(p->unknown);
    m->prefix = text_or_null(p->prefix);
    m->suffix = text_or_null(p->suffix);
    m->options = (bpe_options){.merges = p->merges,
                               .unknown = m->unknown,
                               .prefix = m->prefix ? m->prefix : "",
                               .suffix = m->suffix ? m->suffix : "",
                               .fuse_unknown = json_is(p->fuse, "true"),
                               .byte_fallback = json_is(p->fallback, "true"),
                               .whole_words = json_is(p->ignore, "true")};
    return true;
}

static bool read_unigram(token_model *m, const model_parts *p, scry_error *err) {
    m->options.byte_fallback = json_is(p->fallback, "true");
    if (p->unknown_id.at && (!json_id(p->unknown_id, &m->unknown_id) || m->unknown_id >= m->vocab.count))
        return scry_fail(err, "%s: model.unk_id: found %.*s, expected the place of a piece in model.vocab", m->path,
                         (int)(p->unknown_id.length < 40 ? p->unknown_id.length : 40), p->unknown_id.at);
    return true;
}

static bool read_word_level(token_model *m, const model_parts *p, scry_error *err) {
    m->unknown = text_or_null(p->unknown);
    if (!m->unknown) return scry_fail(err, "%s: model.unk_token: expected a text", m->path);
    m->unknown_id = vocabulary_find(&m->vocab, m->unknown, strlen(m->unknown));
    return true;
}

static bool read_model(token_model *m, const model_parts *p, scry_error *err) {
    if (m->kind == MODEL_UNIGRAM) return read_scored(m, p->vocab, err) && read_unigram(m, p, err);
    return read_vocab(m, p->vocab, err) && (m->kind == MODEL_BPE ? read_bpe(m, p, err) : read_word_level(m, p, err));
}

token_model *token_model_new(json_part model, const char *path, scry_error *err) {
    model_parts p;
    token_model *m = mem_new(1, sizeof *m);
    m->path = mem_copy_string(path);
    m->unknown_id = NO_TOKEN;
    if (read_parts(model, path, &p, err) && find_kind(&p, path, &m->kind, err) && read_model(m, &p, err)) return m;
    token_model_free(m);
    return NULL;
}

bool token_model_takes_bytes(const token_model *m) {
    return m->kind == MODEL_BPE && bpe_takes_bytes(&m->options);
}

bool token_model_finish(token_model *m, bool bytes, scry_error *err) {
    m->options.bytes = bytes;
    if (m->kind == MODEL_UNIGRAM) m->unigram = unigram_new(&m->vocab, m->unknown_id, m->options.byte_fallback);
    if (m->kind != MODEL_BPE) return true;
    return (m->bpe = bpe_new(&m->vocab, &m->options, m->path, err)) != NULL;
}

void token_model_free(token_model *m) {
    if (!m) return;
    bpe_free(m->bpe);
    unigram_free(m->unigram);
    vocabulary_free(&m->vocab);
    free(m->path);
    free(m->unknown);
    free(m->prefix);
    free(m->suffix);
    free(m);
}

const vocabulary *token_model_vocabulary(const token_model *m) {
    return &m->vocab;
}

static bool encode_word(const token_model *m, const char *piece, size_t length, token_list *out, scry_error *err) {
    uint32_t id = vocabulary_find(&m->vocab, piece, length);
    if (id == NO_TOKEN) id = m->unknown_id;
    if (id == NO_TOKEN)
        return scry_fail(err, "%s: the vocabulary has no token for \"%.*s\" and no unknown token", m->path,
                         (int)(length < 40 ? length : 40), piece);
    token_list_add(out, id, length);
    return true;
}

bool token_model_encode(const token_model *m, const char *piece, size_t length, token_list *out, scry_error *err) {
    if (m->kind == MODEL_UNIGRAM) return unigram_encode(m->unigram, piece, length, out, err);
    if (m->kind == MODEL_WORD_LEVEL) return encode_word(m, piece, length, out, err);
    bpe_encode(m->bpe, piece, length, out);
    return true;
}
