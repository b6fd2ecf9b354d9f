/* test_tokenizer.c: ids to text, against Hugging Face's tokenizers (tests/specimens/tokenizer). */
#include "check.h"
#include "base/mem.h"
#include "io/mapped_file.h"
#include "io/tokenfile.h"
#include "io/tokenizer.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "tests/specimens/tokenizer"
#define POCKET "../shared/pocket-llama/base/tokenizer.json"
#define ACTS   "../shared/studies/mmlu-pocket/acts"

static const char *write_scratch(const char *name, const void *bytes, size_t length) {
    const char *path = scratch("%s", name);
    write_bytes(path, bytes, length);
    return path;
}

static const char *write_words(const char *name, const char *words) {
    return write_scratch(name, words, strlen(words));
}

/* ---- specimens ---- */

static unsigned hex(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static char *from_hex(const char *text) {
    size_t n = strspn(text, "0123456789abcdef") / 2;
    char *bytes = mem_new(n + 1, 1);
    for (size_t i = 0; i < n; i++) bytes[i] = (char)(hex(text[2 * i]) << 4 | hex(text[2 * i + 1]));
    return bytes;
}

/* The line "text HEX ID ID ...": the ids' pieces join to the text. */
static bool joins(const tokenizer *tok, char *line, char **found) {
    char *expected = from_hex(line + 5), *ids = strchr(line + 5, ' ');
    *found = mem_copy_string("");
    while (ids && *ids == ' ') {
        const char *piece = tokenizer_piece(tok, (uint32_t)strtoul(ids, &ids, 10));
        char *longer = mem_format("%s%s", *found, piece ? piece : "(none)");
        free(*found);
        *found = longer;
    }
    bool same = strcmp(expected, *found) == 0;
    free(expected);
    return same;
}

static void check_specimen(const char *name) {
    char path[200];
    tokenizer tok;
    scry_error err;
    snprintf(path, sizeof path, FOLDER "/%s.json", name);
    if (!tokenizer_open(&tok, path, "tokenizer", &err)) {
        check(false, "%s opens: %s", name, err.text);
        return;
    }
    snprintf(path, sizeof path, FOLDER "/%s.pieces", name);
    FILE *f = fopen(path, "r");
    if (!f) abort();
    char *line = NULL, *text = NULL;
    size_t room = 0, lines = 0, wrong = 0;
    bool joined = false;
    while (getline(&line, &room, f) > 0) {
        if (strncmp(line, "text ", 5) == 0) {
            joined = joins(&tok, line, &text);
            continue;
        }
        uint32_t id = (uint32_t)strtoul(line, NULL, 10);
        char *expected = from_hex(strchr(line, ' ') + 1);
        const char *piece = tokenizer_piece(&tok, id);
        if (!piece || strcmp(piece, expected) != 0) {
            if (wrong++ < 5)
                printf("# id %" PRIu32 ": \"%s\", expected \"%s\"\n", id, piece ? piece : "(none)", expected);
        }
        free(expected);
        lines++;
    }
    fclose(f);
    check(lines > 20 && wrong == 0 && tok.count == lines, "%s: %zu of %zu pieces as the library's (%zu read)", name,
          lines - wrong, lines, tok.count);
    check(joined, "%s: the pieces of an encoded text join to it", name);
    if (!joined) printf("# \"%s\"\n", text ? text : "");
    check(!tokenizer_piece(&tok, (uint32_t)lines) && !tokenizer_piece(&tok, UINT32_MAX), "%s: no piece beyond the last",
          name);
    free(line);
    free(text);
    tokenizer_free(&tok);
}

static void check_old(void) {
    tokenizer tok, whole;
    scry_error err = {0};
    bool ok = tokenizer_open(&tok, FOLDER "/bytelevel_old.json", NULL, &err) &&
              tokenizer_open(&whole, FOLDER "/bytelevel.json", NULL, &err);
    if (!check(ok, "a file without decoder, added_tokens and the model's type opens %s", err.text)) return;
    size_t wrong = 0;
    for (uint32_t id = 0; id < 300; id++) wrong += strcmp(tokenizer_piece(&tok, id), tokenizer_piece(&whole, id)) != 0;
    check(wrong == 0 && tok.count == 300, "... and reads as the whole one: %zu of %zu differ", wrong, tok.count);
    tokenizer_free(&tok);
    tokenizer_free(&whole);
}

/* ---- small ones ---- */

/* JSON of a tokenizer, an id, the piece (NULL: none). */
static const struct small {
    const char *what, *json;
    uint32_t id;
    const char *piece;
} smalls[] = {
    {"gaps and any order", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"b\":90,\"a\":7},\"merges\":[]}}", 7, "a"},
    {"a gap has no piece", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"b\":90,\"a\":7},\"merges\":[]}}", 8, NULL},
    {"the largest id", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"b\":4294967295,\"a\":7}}}", 4294967295u, "b"},
    {"of two pieces with one id the later", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"b\":1,\"a\":1}}}", 1, "a"},
    {"added tokens before the vocabulary, wherever they stand",
     "{\"added_tokens\":[{\"id\":1,\"content\":\"<s>\"}],\"model\":{\"vocab\":[[\"a\",0],[\"b\",-1.5]]}}", 1, "<s>"},
    {"a NUL byte, byte-level",
     "{\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"vocab\":{\"a\\u0100\\u0120b\":0},\"merges\":[]}}", 0,
     "a\xe2\x90\x80 b"},
    {"a NUL byte, as <0x00>", "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{\"<0x00>\":0}}}", 0,
     "\xe2\x90\x80"},
    {"a literal <0x41> without byte_fallback", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"<0x41>\":0}}}", 0, "<0x41>"},
    {"a literal <0x41> where byte_fallback is false",
     "{\"model\":{\"type\":\"Unigram\",\"byte_fallback\":false,\"vocab\":[[\"<0x41>\",0]]}}", 0, "<0x41>"},
    {"a byte where byte_fallback follows the vocabulary",
     "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"<0x41>\":0},\"byte_fallback\":true}}", 0, "A"},
    {"a byte where only the decoder falls back to bytes",
     "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteFallback\"}]},\"model\":{\"type\":\"BPE\","
     "\"vocab\":{\"<0x41>\":0}}}",
     0, "A"},
    {"an added token <0x41> without byte_fallback",
     "{\"added_tokens\":[{\"id\":1,\"content\":\"<0x41>\"}],\"model\":{\"type\":\"BPE\",\"vocab\":{\"b\":0}}}", 1,
     "<0x41>"},
    {"a NUL escaped in the JSON", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\\u0000\\\\u0000\":0}}}", 0,
     "a\xe2\x90\x80\\u0000"},
    {"half a surrogate pair", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\\ud83d \\ud83d\\ude42\":0}}}", 0,
     "\xef\xbf\xbd \xf0\x9f\x99\x82"},
    {"a lower-case byte", "{\"model\":{\"type\":\"Unigram\",\"byte_fallback\":true,\"vocab\":[[\"<0xe2>\",0]]}}", 0,
     "\xe2"},
    {"what only looks like a byte", "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{\"<0xG0>\":0}}}", 0,
     "<0xG0>"},
    {"a byte's name stays in byte-level vocabularies",
     "{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"vocab\":{\"<0x0A>\":0},\"merges\":[]}}", 0, "<0x0A>"},
    {"letters outside the byte alphabet stand for themselves",
     "{\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"vocab\":{\"\\u0120\\u732b\":0},\"merges\":[]}}", 0,
     "\xc4\xa0\xe7\x8c\xab"},
    {"another space mark",
     "{\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"_\"},\"model\":{\"vocab\":[[\"_a_b\",0]]}}", 0, " a b"},
    {"ByteLevel deep in a sequence",
     "{\"decoder\":null,\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Digits\"},{\"type\":"
     "\"ByteLevel\"}]},\"model\":{\"vocab\":{\"\\u0120a\":0},\"merges\":[]}}",
     0, " a"},
    {"WordPiece without a type", "{\"model\":{\"continuing_subword_prefix\":\"##\",\"vocab\":{\"##ing\":0,\"go\":1}}}",
     0, "ing"},
    {"... its words begin with a space",
     "{\"model\":{\"continuing_subword_prefix\":\"##\",\"vocab\":{\"##ing\":0,\"go\":1}}}", 1, " go"},
    {"a byte order mark", "\xef\xbb\xbf{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}", 0, "a"},
    {"an empty piece", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\":0}}}", 0, ""},
};

static void check_small(void) {
    for (size_t i = 0; i < sizeof smalls / sizeof *smalls; i++) {
        const struct small *s = &smalls[i];
        tokenizer tok;
        scry_error err;
        if (!tokenizer_open(&tok, write_words("small.json", s->json), NULL, &err)) {
            check(false, "%s: %s", s->what, err.text);
            continue;
        }
        const char *piece = tokenizer_piece(&tok, s->id);
        bool same = piece && s->piece ? strcmp(piece, s->piece) == 0 : piece == s->piece;
        check(same, "%s%s%s", s->what, same ? "" : ": found ", same ? "" : piece ? piece : "none");
        tokenizer_free(&tok);
    }
}

static const struct refusal {
    const char *what, *json, *words[3];
} refusals[] = {
    {"no JSON", "hello", {"not JSON", "tokenizer.json"}},
    {"an empty file", "", {"not JSON"}},
    {"cut short", "{\"model\":{\"vocab\":{\"a\":0", {"cut short"}},
    {"a vocab.json", "{\"a\":0}", {"no \"model\" object", "vocab.json"}},
    {"more behind the object", "{\"model\":{\"vocab\":{\"a\":0}}} {}", {"not JSON"}},
    {"no vocabulary", "{\"model\":{\"type\":\"BPE\"}}", {"model.vocab: found none", "expected"}},
    {"a number for a vocabulary", "{\"model\":{\"vocab\":3}}", {"model.vocab", "neither"}},
    {"no pieces", "{\"model\":{\"vocab\":{}}}", {"no pieces"}},
    {"a broken vocabulary", "{\"model\":{\"vocab\":{\"a\" 0}}}", {"model.vocab: not JSON"}},
    {"a negative id", "{\"model\":{\"vocab\":{\"a\":-1}}}", {"\"a\": found -1", "expected an id"}},
    {"an id beyond 32 bits", "{\"model\":{\"vocab\":{\"a\":4294967296}}}", {"found 4294967296"}},
    {"an id that is text", "{\"model\":{\"vocab\":{\"a\":\"0\"}}}", {"found \"0\""}},
    {"a list of other things", "{\"model\":{\"vocab\":[[\"a\",0],\"b\"]}}", {"model.vocab[1]", "[\"piece\", score]"}},
    {"an added token without id",
     "{\"added_tokens\":[{\"content\":\"a\"}],\"model\":{\"vocab\":{\"a\":0}}}",
     {"added_tokens[0]", "\"id\""}},
    {"added_tokens that are no list",
     "{\"added_tokens\":7,\"model\":{\"vocab\":{\"a\":0}}}",
     {"added_tokens: found 7"}},
    {"a decoder that is no JSON",
     "{\"decoder\":{\"type\":Byte},\"model\":{\"vocab\":{\"a\":0}}}",
     {"decoder: not JSON"}},
};

static void check_refusals(void) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *s = &refusals[i];
        tokenizer tok;
        scry_error err = {0};
        bool opened = tokenizer_open(&tok, write_words("bad.json", s->json), "tokenizer", &err);
        bool said = strstr(err.text, "tokenizer: ") && strstr(err.text, "bad.json");
        for (int w = 0; w < 3 && s->words[w]; w++) said = said && strstr(err.text, s->words[w]);
        check(!opened && said, "refused: %s: %s", s->what, err.text);
        if (opened) tokenizer_free(&tok);
    }
}

/* ---- token files ---- */

static void check_tokenfile(void) {
    tokenizer tok;
    scry_error err = {0};
    if (!tokenizer_open(&tok, FOLDER "/llama.json", "tokenizer", &err)) {
        check(false, "llama opens: %s", err.text);
        return;
    }
    string_pool pieces = {0};
    token_text text;
    char expected[16];
    snprintf(expected, sizeof expected, "%s", tokenizer_piece(&tok, 13));
    const char *path =
        write_words("a.jsonl", "{\"id\":\"a\",\"ids\":[13,1],\"text\":\"t\"}\n\n{\"tokens\":[\"x\\u0000y\",2]}\n");
    bool ok = token_text_read(&text, path, "train.base.tokens", &pieces, &tok, &err);
    check(ok && text.tokens == 4 && strcmp(string_pool_text(&pieces, text.piece[0]), "\n") == 0 &&
              strcmp(expected, "\n") == 0 && strcmp(string_pool_text(&pieces, text.piece[1]), "<s>") == 0 &&
              strcmp(string_pool_text(&pieces, text.piece[2]), "x\xe2\x90\x80y") == 0 &&
              strcmp(string_pool_text(&pieces, text.piece[3]), "</s>") == 0,
          "token file: ids become their pieces, texts stay %s", err.text);
    if (ok) token_text_free(&text);
    for (int empty = 0; empty < 2; empty++) {
        tokenizer none = {0};
        ok = token_text_read(&text, path, "k", &pieces, empty ? &none : NULL, &err);
        check(ok && strcmp(string_pool_text(&pieces, text.piece[0]), "#13") == 0,
              "token file: without a tokenizer, #13");
        if (ok) token_text_free(&text);
    }
    static const struct {
        const char *line, *words[4];
    } wrong[] = {
        {"{\"ids\":[1]}\n{\"ids\":[1,2,99999]}\n", {"line 2", "token 2", "id 99999", "llama.json"}},
        {"{\"ids\":[-1]}\n", {"line 1", "token 0", "id -1"}},
        {"{\"ids\":[1.5]}\n", {"line 1", "id 1.5"}},
        {"{\"ids\":[1e300]}\n", {"line 1", "id 1.0000000000000001e+300"}},
        {"{\"ids\":[NaN]}\n", {"line 1", "token 0", "neither text nor a number"}},
        {"{\"ids\":[1]", {"line 1", "not a JSON object"}},
        {"{\"1\":1,", {"line 1", "not a JSON object"}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err.text[0] = 0;
        ok = token_text_read(&text, write_words("b.jsonl", wrong[i].line), "train.base.tokens", &pieces, &tok, &err);
        bool said = strstr(err.text, "train.base.tokens: ") && strstr(err.text, "b.jsonl");
        for (int w = 0; w < 4 && wrong[i].words[w]; w++) said = said && strstr(err.text, wrong[i].words[w]);
        check(!ok && said, "token file refused: %s", err.text);
        if (ok) token_text_free(&text);
    }
    string_pool_free(&pieces);
    tokenizer_free(&tok);
}

/* ---- the pocket model: ids written for its token files read back as the same pieces ---- */

typedef struct pocket {
    tokenizer tok;
    string_pool vocabulary;
    uint32_t *id_of; /* by number in the vocabulary */
    uint64_t tokens, wrong, lossy;
} pocket;

/* The file's tokens as ids, in scratch/ids.jsonl. Pieces that were written as U+FFFD, being parts
 * of characters, are lost in the token file: 0 stands for them. */
static void write_ids(pocket *p, const token_text *text, const string_pool *pieces, const char *path) {
    FILE *f = fopen(path, "w");
    if (!f) abort();
    for (uint32_t s = 0; s < text->sample_count; s++) {
        fprintf(f, "{\"id\":\"%" PRIu32 "\",\"ids\":[", s);
        for (uint32_t t = 0; t < text->samples[s].count; t++) {
            const char *piece = string_pool_text(pieces, text->piece[text->samples[s].first + t]);
            uint32_t number = string_pool_add(&p->vocabulary, piece);
            bool known = number < p->tok.count, lost = strstr(piece, "\xef\xbf\xbd");
            if (!known && !lost && p->wrong++ < 5) printf("# no token is \"%s\"\n", piece);
            fprintf(f, "%s%" PRIu32, t ? "," : "", known ? p->id_of[number] : 0);
        }
        fputs("]}\n", f);
    }
    fclose(f);
}

static void check_acts(pocket *p, const char *name) {
    char path[300];
    string_pool pieces = {0};
    token_text text, again;
    scry_error err;
    snprintf(path, sizeof path, ACTS "/%s", name);
    if (!token_text_read(&text, path, "acts", &pieces, NULL, &err)) abort();
    const char *ids = scratch("ids.jsonl");
    write_ids(p, &text, &pieces, ids);
    if (!token_text_read(&again, ids, "ids", &pieces, &p->tok, &err)) {
        printf("# %s\n", err.text);
        p->wrong++;
    } else {
        for (uint64_t t = 0; t < text.tokens && t < again.tokens; t++) {
            bool lost = strstr(string_pool_text(&pieces, text.piece[t]), "\xef\xbf\xbd");
            p->lossy += lost;
            p->wrong += !lost && text.piece[t] != again.piece[t];
        }
        p->wrong += again.tokens != text.tokens;
        token_text_free(&again);
    }
    p->tokens += text.tokens;
    token_text_free(&text);
    string_pool_free(&pieces);
}

static void check_pocket(void) {
    if (access(POCKET, R_OK) != 0 || access(ACTS, R_OK) != 0) {
        check_skip("the pocket model is not here");
        return;
    }
    pocket p = {0};
    scry_error err;
    if (!tokenizer_open(&p.tok, POCKET, NULL, &err)) {
        check(false, "the pocket model's opens: %s", err.text);
        return;
    }
    p.id_of = mem_new(p.tok.count, sizeof *p.id_of);
    for (size_t i = 0; i < p.tok.count; i++)
        p.id_of[string_pool_add(&p.vocabulary, tokenizer_piece(&p.tok, p.tok.entry[i].id))] = p.tok.entry[i].id;
    check(p.tok.count == 4096 && p.vocabulary.count == 4096, "the pocket model has 4096 pieces: %zu", p.tok.count);
    DIR *dir = opendir(ACTS);
    for (const struct dirent *e; dir && (e = readdir(dir));)
        if (strstr(e->d_name, ".tokens.jsonl")) check_acts(&p, e->d_name);
    if (dir) closedir(dir);
    check(p.tokens > 1000 && p.wrong == 0 && p.lossy * 100 < p.tokens,
          "pocket model: %" PRIu64 " ids give the token files' pieces, %" PRIu64 " wrong (%" PRIu64
          " lost there as U+FFFD)",
          p.tokens, p.wrong, p.lossy);
    string_pool_free(&p.vocabulary);
    free(p.id_of);
    tokenizer_free(&p.tok);
}

/* ---- damage ---- */

static void check_damage(const char *name) {
    char path[200];
    snprintf(path, sizeof path, FOLDER "/%s.json", name);
    mapped_file map;
    scry_error err;
    if (!mapped_file_open(&map, path, NULL, &err)) abort();
    size_t size = (size_t)map.size, opened = 0, refused = 0;
    uint8_t *bytes = mem_new(size, 1);
    uint64_t seed = 7;
    for (int round = 0; round < 400; round++) {
        memcpy(bytes, map.data, size);
        size_t length = round % 4 ? size : roll(&seed) % size;
        static const char spice[] = "\"\"\\[]{}:,0-N\0\xff\xc4\xe2";
        for (int k = 0; round % 4 && k < round % 4; k++)
            bytes[roll(&seed) % size] = (uint8_t)spice[roll(&seed) % sizeof spice];
        tokenizer tok;
        if (tokenizer_open(&tok, write_scratch("damaged.json", bytes, length), NULL, &err)) {
            opened++;
            for (size_t i = 0; i < tok.count; i++)
                if (!tokenizer_piece(&tok, tok.entry[i].id)) abort();
            tokenizer_free(&tok);
        } else refused++;
    }
    check(opened + refused == 400 && refused > 100, "damaged %s: %zu read, %zu refused", name, opened, refused);
    free(bytes);
    mapped_file_close(&map);
}

/* A hundred thousand brackets, and a number of as many digits. */
static void check_depth(void) {
    size_t n = 100000;
    char *deep = mem_new(2 * n + 200, 1);
    int at = sprintf(deep, "{\"decoder\":");
    memset(deep + at, '[', n);
    memset(deep + at + (int)n, ']', n);
    strcpy(deep + at + 2 * n, ",\"model\":{\"vocab\":{\"a\":0}}}");
    tokenizer tok;
    scry_error err;
    check(!tokenizer_open(&tok, write_words("deep.json", deep), NULL, &err),
          "a decoder a hundred thousand deep is refused");
    memset(deep, 0, 2 * n);
    at = sprintf(deep, "{\"model\":{\"vocab\":{\"a\":");
    memset(deep + at, '1', n);
    strcpy(deep + at + n, "}}}");
    check(!tokenizer_open(&tok, write_words("deep.json", deep), NULL, &err) && strlen(err.text) < 300,
          "an id of a hundred thousand digits is refused: %s", err.text);
    free(deep);
}

int main(void) {
    static const char *const names[] = {"bytelevel", "llama", "unigram", "wordpiece", "wordlevel", "clip"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) check_specimen(names[i]);
    check_old();
    check_small();
    check_refusals();
    check_tokenfile();
    check_pocket();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) check_damage(names[i]);
    check_depth();
    return check_end();
}
