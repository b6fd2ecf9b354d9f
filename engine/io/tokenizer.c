/* tokenizer.c: the texts of token ids. */
#include "io/tokenizer.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/byte_alphabet.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SPACE_MARK "\xe2\x96\x81" /* U+2581 */
#define NUL_SHOWN  "\xe2\x90\x80" /* U+2400 */

/* The sections of the file that define the spelling of pieces. */
typedef struct sections {
    json_part model, added, normalizer, pre_tokenizer, decoder;
    json_part type, vocab, merges, prefix, suffix, byte_fallback; /* of the model */
} sections;

/* How a piece of the vocabulary becomes bytes. */
typedef struct spelling {
    bool bytes;                     /* byte-level: each code point is a byte */
    int16_t byte_of[BYTE_ALPHABET]; /* -1: none */
    bool marks;                     /* SentencePiece: space_mark */
    bool byte_fallback;             /* <0x0A> is a byte, and not six characters */
    char *space_mark;
    char *prefix; /* of a piece that continues a word; "" when there is none */
    char *suffix; /* of a piece that ends a word; "" when there is none */
    bool spaced;  /* a piece without the prefix begins a word */
} spelling;

typedef struct reader {
    tokenizer *tok;
    const char *key, *colon, *path;
    scry_error *err;
    size_t room;
    spelling how;
} reader;

/* The bytes that the alphabet's letters stand for; false when raw holds any other letter. */
static bool from_alphabet(const int16_t byte_of[BYTE_ALPHABET], const char *raw, char *out, size_t *length) {
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)raw; *c; c++) {
        unsigned code = *c;
        if (code >= 0xc2 && code <= 0xc5 && utf8_is_continuation((char)c[1])) code = (code & 0x1f) << 6 | (*++c & 0x3f);
        else if (code >= 0x80) return false;
        if (code >= BYTE_ALPHABET || byte_of[code] < 0) return false;
        out[n++] = (char)byte_of[code];
    }
    *length = n;
    return true;
}

static int hex_digit(char c) {
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The byte of "<0x0A>", or -1. */
static int byte_piece(const char *raw) {
    if (strlen(raw) != 6 || strncmp(raw, "<0x", 3) != 0 || raw[5] != '>') return -1;
    int high = hex_digit(raw[3]), low = hex_digit(raw[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* raw with every mark replaced by a space. */
static size_t from_marks(const char *mark, const char *raw, char *out) {
    size_t n = 0, size = strlen(mark);
    while (*raw) {
        bool here = strncmp(raw, mark, size) == 0;
        out[n++] = here ? ' ' : *raw;
        raw += here ? size : 1;
    }
    return n;
}

/* Adds the bytes, which may hold NUL, to the pool; returns the number there. */
static uint32_t add_piece(tokenizer *tok, const char *bytes, size_t length) {
    size_t nuls = 0;
    for (size_t i = 0; i < length; i++) nuls += bytes[i] == 0;
    char *text = mem_new(length + 2 * nuls + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i]) text[n++] = bytes[i];
        else memcpy(text + n, NUL_SHOWN, 3), n += 3;
    }
    uint32_t number = string_pool_add(&tok->pieces, text);
    free(text);
    return number;
}

/* Added tokens are spelled as in the text, but for SentencePiece's space marks. */
static uint32_t spell(reader *r, const char *raw, bool added) {
    const spelling *how = &r->how;
    size_t length = strlen(raw), prefix = strlen(how->prefix), suffix = strlen(how->suffix);
    char *out = mem_new(length + 2, 1);
    size_t n = 0;
    bool begins = !added && how->spaced, ends = false;
    if (!added && prefix && strncmp(raw, how->prefix, prefix) == 0) {
        raw += prefix, length -= prefix;
        begins = false;
    }
    if (!added && suffix && length >= suffix && strcmp(raw + length - suffix, how->suffix) == 0) {
        length -= suffix;
        ends = true;
    }
    char *word = mem_copy_bytes(raw, length);
    if (begins) out[n++] = ' ';
    size_t size = length;
    int byte = how->marks && how->byte_fallback ? byte_piece(word) : -1;
    if (byte >= 0) out[n] = (char)byte, size = 1;
    else if (how->marks) size = from_marks(how->space_mark, word, out + n);
    else if (added || !how->bytes || !from_alphabet(how->byte_of, word, out + n, &size)) memcpy(out + n, word, length);
    n += size;
    if (ends) out[n++] = ' ';
    uint32_t number = add_piece(r->tok, out, n);
    free(word);
    free(out);
    return number;
}

static void add_entry(reader *r, uint32_t id, const char *raw, bool added) {
    tokenizer *tok = r->tok;
    if (tok->count == r->room) {
        r->room = r->room ? r->room * 2 : 1024;
        tok->entry = mem_resize(tok->entry, r->room, sizeof *tok->entry);
    }
    tok->entry[tok->count] = (tokenizer_entry){.id = id, .piece = spell(r, raw, added), .order = (uint32_t)tok->count};
    tok->count++;
}

static bool broken(reader *r, const char *place) {
    return scry_fail(r->err, "%s%s%s: %s: not JSON, or cut short; expected a tokenizer.json of Hugging Face", r->key,
                     r->colon, r->path, place);
}

/* A whole number as an id. */
static bool id_of(json_part value, uint32_t *id) {
    uint64_t number = 0;
    if (!value.at || value.length == 0 || value.length > 10) return false;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') return false;
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    }
    *id = (uint32_t)number;
    return number <= UINT32_MAX;
}

static bool read_model(reader *r, sections *s) {
    json_walk walk;
    json_part key, value;
    json_step step;
    if (!json_walk_into(&walk, s->model))
        return scry_fail(r->err,
                         "%s%s%s: found no \"model\" object, expected a tokenizer.json of Hugging Face (a "
                         "SentencePiece .model or a vocab.json has to be converted to one)",
                         r->key, r->colon, r->path);
    while ((step = json_next(&walk, &key, &value)) == JSON_ITEM) {
        if (json_is(key, "\"type\"")) s->type = value;
        if (json_is(key, "\"vocab\"")) s->vocab = value;
        if (json_is(key, "\"merges\"")) s->merges = value;
        if (json_is(key, "\"continuing_subword_prefix\"")) s->prefix = value;
        if (json_is(key, "\"end_of_word_suffix\"")) s->suffix = value;
        if (json_is(key, "\"byte_fallback\"")) s->byte_fallback = value;
    }
    return step == JSON_END || broken(r, "model");
}

static bool read_sections(reader *r, const mapped_file *map, sections *s) {
    *s = (sections){0};
    json_walk walk = json_walk_text((const char *)map->data, (size_t)map->size);
    json_part root = {0}, key, value;
    if (json_next(&walk, NULL, &root) != JSON_ITEM || *root.at != '{' || json_next(&walk, NULL, &value) != JSON_END ||
        !json_walk_into(&walk, root))
        return broken(r, "the file");
    json_step step;
    while ((step = json_next(&walk, &key, &value)) == JSON_ITEM) {
        if (json_is(key, "\"model\"")) s->model = value;
        if (json_is(key, "\"added_tokens\"")) s->added = value;
        if (json_is(key, "\"normalizer\"")) s->normalizer = value;
        if (json_is(key, "\"pre_tokenizer\"")) s->pre_tokenizer = value;
        if (json_is(key, "\"decoder\"")) s->decoder = value;
    }
    return step == JSON_END ? read_model(r, s) : broken(r, "the file");
}

/* The first object, at any depth, whose "type" this is. */
static const cJSON *find_type(const cJSON *item, const char *type) {
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(item, "type");
    if (cJSON_IsString(own) && strcmp(own->valuestring, type) == 0) return item;
    const cJSON *child, *found = NULL;
    cJSON_ArrayForEach (child, item)
        if ((cJSON_IsObject(child) || cJSON_IsArray(child)) && (found = find_type(child, type))) return found;
    return NULL;
}

static char *text_or(json_part value, const char *otherwise) {
    char *text = json_text(value);
    return text ? text : mem_copy_string(otherwise);
}

/* Finds the spelling from the steps around the model. */
static bool read_spelling(reader *r, const sections *s) {
    static const char *const names[] = {"decoder", "pre_tokenizer", "normalizer"};
    const json_part parts[] = {s->decoder, s->pre_tokenizer, s->normalizer};
    spelling *how = &r->how;
    for (int i = 0; i < 3; i++) {
        if (!parts[i].at) continue;
        cJSON *item = json_parse(parts[i].at, parts[i].length);
        if (!item) return broken(r, names[i]);
        if (find_type(item, "ByteLevel")) how->bytes = true;
        if (find_type(item, "ByteFallback")) how->byte_fallback = true;
        const cJSON *mark = cJSON_GetObjectItemCaseSensitive(find_type(item, "Metaspace"), "replacement");
        if (cJSON_IsString(mark) && *mark->valuestring && !how->space_mark)
            how->space_mark = mem_copy_string(mark->valuestring);
        cJSON_Delete(item);
    }
    if (!how->space_mark) how->space_mark = mem_copy_string(SPACE_MARK);
    byte_alphabet_bytes(how->byte_of);
    how->byte_fallback = how->byte_fallback || json_is(s->byte_fallback, "true");
    /* older files do not name the model */
    bool listed = s->vocab.at && *s->vocab.at == '[';
    bool wordpiece = json_is(s->type, "\"WordPiece\"") || (!s->type.at && !listed && !s->merges.at && s->prefix.at);
    bool wordlevel = json_is(s->type, "\"WordLevel\"") || (!s->type.at && !listed && !s->merges.at && !s->prefix.at);
    how->prefix = text_or(s->prefix, wordpiece ? "##" : "");
    how->suffix = text_or(s->suffix, "");
    how->spaced = *how->prefix || (wordlevel && (!s->decoder.at || json_is(s->decoder, "null")));
    how->marks = !how->bytes && !wordpiece && !wordlevel;
    return true;
}

/* {"piece": id, ...} */
static bool read_vocab_object(reader *r, json_part vocab) {
    json_walk walk;
    json_part key, value;
    json_step step;
    json_walk_into(&walk, vocab);
    while ((step = json_next(&walk, &key, &value)) == JSON_ITEM) {
        uint32_t id;
        char *raw = json_text(key);
        if (!raw) return broken(r, "model.vocab");
        bool ok = id_of(value, &id);
        if (ok) add_entry(r, id, raw, false);
        else
            scry_fail(r->err, "%s%s%s: model.vocab: \"%.60s\": found %.*s, expected an id, a whole number from 0",
                      r->key, r->colon, r->path, raw, (int)(value.length < 40 ? value.length : 40), value.at);
        free(raw);
        if (!ok) return false;
    }
    return step == JSON_END || broken(r, "model.vocab");
}

/* [["piece", score], ...]: the id is the place in the list. */
static bool read_vocab_list(reader *r, json_part vocab) {
    json_walk walk, pair;
    json_part value, piece;
    json_step step;
    json_walk_into(&walk, vocab);
    for (uint32_t id = 0; (step = json_next(&walk, NULL, &value)) == JSON_ITEM; id++) {
        char *raw = NULL;
        if (json_walk_into(&pair, value) && pair.close == ']' && json_next(&pair, NULL, &piece) == JSON_ITEM)
            raw = json_text(piece);
        if (!raw)
            return scry_fail(r->err, "%s%s%s: model.vocab[%" PRIu32 "]: found %.*s, expected [\"piece\", score]",
                             r->key, r->colon, r->path, id, (int)(value.length < 40 ? value.length : 40), value.at);
        add_entry(r, id, raw, false);
        free(raw);
    }
    return step == JSON_END || broken(r, "model.vocab");
}

/* [{"id": 0, "content": "<s>", ...}, ...] */
static bool read_added(reader *r, json_part added) {
    if (!added.at || json_is(added, "null")) return true;
    json_walk walk;
    if (!json_walk_into(&walk, added) || walk.close != ']')
        return scry_fail(r->err, "%s%s%s: added_tokens: found %.*s, expected a list", r->key, r->colon, r->path,
                         (int)(added.length < 40 ? added.length : 40), added.at);
    json_part value;
    json_step step;
    for (size_t i = 0; (step = json_next(&walk, NULL, &value)) == JSON_ITEM; i++) {
        json_walk token;
        json_part key, field, id_part = {0};
        char *content = NULL;
        uint32_t id;
        bool whole = json_walk_into(&token, value) && token.close == '}';
        while (whole && json_next(&token, &key, &field) == JSON_ITEM) {
            if (json_is(key, "\"id\"")) id_part = field;
            if (json_is(key, "\"content\"")) free(content), content = json_text(field);
        }
        bool ok = content && id_of(id_part, &id);
        if (ok) add_entry(r, id, content, true);
        else
            scry_fail(r->err,
                      "%s%s%s: added_tokens[%zu]: found %.*s, expected {\"id\": number, \"content\": text, ...}",
                      r->key, r->colon, r->path, i, (int)(value.length < 60 ? value.length : 60), value.at);
        free(content);
        if (!ok) return false;
    }
    return step == JSON_END || broken(r, "added_tokens");
}

static int by_id(const void *a, const void *b) {
    const tokenizer_entry *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_entries(tokenizer *tok) {
    qsort(tok->entry, tok->count, sizeof *tok->entry, by_id);
    size_t kept = 0;
    for (size_t i = 0; i < tok->count; i++) {
        if (kept && tok->entry[kept - 1].id == tok->entry[i].id) kept--;
        tok->entry[kept++] = tok->entry[i];
    }
    tok->count = kept;
}

static bool read_all(reader *r, const mapped_file *map) {
    sections s;
    if (!read_sections(r, map, &s)) return false;
    if (!s.vocab.at || (*s.vocab.at != '{' && *s.vocab.at != '['))
        return scry_fail(r->err,
                         "%s%s%s: model.vocab: found %s, expected {\"piece\": id, ...} or [[\"piece\", score], ...]",
                         r->key, r->colon, r->path, s.vocab.at ? "neither an object nor a list" : "none");
    if (!read_spelling(r, &s)) return false;
    if (!(*s.vocab.at == '{' ? read_vocab_object(r, s.vocab) : read_vocab_list(r, s.vocab))) return false;
    if (!read_added(r, s.added)) return false;
    if (r->tok->count == 0)
        return scry_fail(r->err, "%s%s%s: model.vocab: found no pieces, expected one at least", r->key, r->colon,
                         r->path);
    sort_entries(r->tok);
    return true;
}

bool tokenizer_open(tokenizer *tok, const char *path, const char *key, scry_error *err) {
    *tok = (tokenizer){0};
    mapped_file map;
    if (!mapped_file_open(&map, path, key, err)) return false;
    tok->path = mem_copy_string(path);
    reader r = {.tok = tok, .key = key ? key : "", .colon = key ? ": " : "", .path = path, .err = err};
    bool ok = read_all(&r, &map);
    mapped_file_close(&map);
    free(r.how.space_mark);
    free(r.how.prefix);
    free(r.how.suffix);
    if (!ok) tokenizer_free(tok);
    return ok;
}

static int compare_id(const void *id, const void *entry) {
    uint32_t wanted = *(const uint32_t *)id, found = ((const tokenizer_entry *)entry)->id;
    return wanted < found ? -1 : wanted > found;
}

const char *tokenizer_piece(const tokenizer *tok, uint32_t id) {
    if (id < tok->count && tok->entry[id].id == id) return string_pool_text(&tok->pieces, tok->entry[id].piece);
    if (!tok->count) return NULL;
    const tokenizer_entry *found = bsearch(&id, tok->entry, tok->count, sizeof *found, compare_id);
    return found ? string_pool_text(&tok->pieces, found->piece) : NULL;
}

void tokenizer_free(tokenizer *tok) {
    string_pool_free(&tok->pieces);
    free(tok->entry);
    free(tok->path);
    *tok = (tokenizer){0};
}
