/* token_model.c: the model of a tokenizer. */
#include "model/tokenizer/token_model.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "model/tokenizer/bpe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef enum model_kind { MODEL_BPE, MODEL_KINDS } model_kind;
static const char *const kinds[] = {"BPE"};

struct token_model {
    model_kind kind;
    char *path;
    vocabulary vocab;
    bpe_options options;
    char *unknown, *prefix, *suffix;
    bpe *bpe;
};

typedef struct model_parts {
    json_part type, vocab, merges, unknown, prefix, suffix, fuse, fallback, ignore, dropout;
} model_parts;

static bool read_parts(json_part model, const char *path, model_parts *p, scry_error *err) {
    const struct {
        const char *key;
        json_part *to;
    } keys[] = {{"\"type\"", &p->type},
                {"\"vocab\"", &p->vocab},
                {"\"merges\"", &p->merges},
                {"\"unk_token\"", &p->unknown},
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

/* The row of the type; older files do not name it. */
static bool find_kind(const model_parts *p, const char *path, model_kind *kind, scry_error *err) {
    char *type = p->type.at ? json_text(p->type) : mem_copy_string(p->merges.at ? "BPE" : "no type");
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

token_model *token_model_new(json_part model, const char *path, scry_error *err) {
    model_parts p;
    token_model *m = mem_new(1, sizeof *m);
    m->path = mem_copy_string(path);
    if (read_parts(model, path, &p, err) && find_kind(&p, path, &m->kind, err) && read_vocab(m, p.vocab, err) &&
        read_bpe(m, &p, err))
        return m;
    token_model_free(m);
    return NULL;
}

bool token_model_takes_bytes(const token_model *m) {
    return m->kind == MODEL_BPE && bpe_takes_bytes(&m->options);
}

bool token_model_finish(token_model *m, bool bytes, scry_error *err) {
    m->options.bytes = bytes;
    return (m->bpe = bpe_new(&m->vocab, &m->options, m->path, err)) != NULL;
}

void token_model_free(token_model *m) {
    if (!m) return;
    bpe_free(m->bpe);
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

bool token_model_encode(const token_model *m, const char *piece, size_t length, token_list *out, scry_error *err) {
    (void)err;
    bpe_encode(m->bpe, piece, length, out);
    return true;
}
