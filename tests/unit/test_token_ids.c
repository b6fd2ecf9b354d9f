/* test_token_ids.c: a study whose token files hold ids shows the tokenizer's text for them; ids that it does not have
 * are errors that name the file and the line. */
#include "index_compare.h"

#include <cjson/cJSON.h>
#include <unistd.h>

#define FOLDER "tests/specimens/tokenizer"
#define POCKET "../shared/pocket-llama/base/tokenizer.json"

static char here[2048];

enum { LATENTS = 4, EACH = 7 }; /* tokens a sample */

/* Features of one latent a row, so that each token can be found. */
static const char *write_features(size_t rows) {
    const char *path = scratch("%zu.npy", rows);
    double *h = calloc(rows * LATENTS, sizeof *h);
    if (!h) abort();
    for (size_t r = 0; r < rows; r++) h[r * LATENTS + r % LATENTS] = (double)(r + 1) / 8;
    write_npy(path, F32, rows, LATENTS, h);
    free(h);
    return path;
}

/* ids as they stand, EACH a sample; key "ids" or "tokens". */
static const char *write_ids(const char *name, const char *const *ids, size_t count, const char *key) {
    const char *path = scratch("%s.jsonl", name);
    FILE *f = fopen(path, "w");
    if (!f) abort();
    for (size_t i = 0; i < count; i++)
        fprintf(f, "%s%s%s", i % EACH ? ", " : text_of("{\"id\": \"s%zu\", \"%s\": [", i / EACH, key), ids[i],
                i % EACH == EACH - 1 || i + 1 == count ? "]}\n" : "");
    fclose(f);
    return path;
}

static const char *write_study(const char *name, const char *ids, size_t rows, const char *tokenizer,
                               const char *rest) {
    const char *path = scratch("%s.json", name), *h = write_features(rows);
    const char *capture = text_of("{\"features\": \"%s\", \"tokens\": \"%s\"%s}", h, ids, rest);
    write_text(path,
               "{\"scry_study\": 1%s, \"train\": {\"base\": %s, \"icl\": %s}, \"domains\": [{\"name\": \"d\", "
               "\"base\": %s}]}",
               tokenizer ? text_of(", \"tokenizer\": \"%s\"", tokenizer) : "", capture, capture, capture);
    return path;
}

/* ---- vocabularies ------------------------------------------------------------------------------- */

typedef struct piece {
    const char *id, *text;
} piece;

static unsigned hex(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The lines "ID HEX" of a .pieces file, which Hugging Face's library wrote. */
static size_t read_pieces(const char *path, piece *out, size_t room) {
    FILE *f = fopen(path, "r");
    char line[4000];
    size_t n = 0;
    while (f && n < room && fgets(line, sizeof line, f)) {
        char *space = strchr(line, ' '), bytes[2000];
        if (line[0] < '0' || line[0] > '9' || !space) continue;
        size_t length = strspn(space + 1, "0123456789abcdef") / 2;
        for (size_t i = 0; i < length; i++) bytes[i] = (char)(hex(space[1 + 2 * i]) << 4 | hex(space[2 + 2 * i]));
        bytes[length] = 0;
        out[n].id = text_of("%.*s", (int)(space - line), line);
        out[n++].text = text_of("%s", bytes);
    }
    if (f) fclose(f);
    return n;
}

/* Every token of every capture is the piece of its id. */
static void shown(const scry_index *x, const char *label, const piece *const *order, size_t rows) {
    const scry_info *info = scry_index_info(x);
    size_t wrong = 0, first = 0;
    for (size_t c = 0; c < info->captures; c++)
        for (size_t r = 0; r < rows; r++)
            if (strcmp(scry_token(x, c, r), order[r]->text) != 0 && !wrong++) first = r;
    check(wrong == 0 && info->capture[0].rows == rows, "%s: %zu tokens are their pieces%s", label, rows,
          wrong ? text_of(": %zu are not; row %zu, id %s: found \"%s\", expected \"%s\"", wrong, first,
                          order[first]->id, scry_token(x, 0, first), order[first]->text)
                : "");
    /* and where a latent's strongest tokens are listed */
    scry_example e[3];
    size_t n = scry_top_tokens(x, (uint32_t)((rows - 1) % LATENTS), 0, false, 3, e);
    size_t astray = n != 3;
    for (size_t i = 0; i < n; i++) {
        size_t row = rows - 1 - LATENTS * i;
        astray += e[i].token != row || e[i].sample != row / EACH || e[i].position != row % EACH ||
                  strcmp(scry_token(x, 0, e[i].token), order[row]->text) != 0;
    }
    check(astray == 0, "%s: the strongest tokens, %zu astray", label, astray);
}

static void test_vocabulary(const char *label, const char *file, const piece *pieces, size_t count) {
    enum { MOST = 900 };
    const piece *order[MOST];
    const char *ids[MOST];
    uint64_t seed = count;
    size_t rows = count * 2 < MOST ? count * 2 : MOST;
    for (size_t i = 0; i < rows; i++) {
        order[i] = &pieces[rows < MOST && i < count ? i : roll_below(&seed, (uint32_t)count)];
        ids[i] = order[i]->id;
    }
    const char *path = write_ids(label, ids, rows, "ids");
    scry_index *x = index_of(write_study(label, path, rows, file, ""), NULL, label);
    if (x) {
        shown(x, label, order, rows);
        const char *key = scry_key_piece(x, 0, 0);
        check(key != NULL && *key, "%s: a latent's key piece is \"%s\"", label, key ? key : "");
    }
    scry_close(x);
    /* ids under "tokens" are ids, too */
    x = index_of(write_study(label, write_ids(label, ids, rows, "tokens"), rows, file, ""), NULL, label);
    if (x) shown(x, text_of("%s, under \"tokens\"", label), order, rows);
    scry_close(x);
    /* without a tokenizer they are numbers */
    x = index_of(write_study(label, path, rows, NULL, ""), NULL, label);
    size_t wrong = 0;
    for (size_t r = 0; x && r < rows; r++) wrong += strcmp(scry_token(x, 0, r), text_of("#%s", ids[r])) != 0;
    if (x) check(wrong == 0, "%s: without tokenizer, %zu of %zu are not #id", label, wrong, rows);
    scry_close(x);
    /* exclude takes the piece's text, not the id */
    size_t out = 0;
    for (size_t i = 0; i < rows; i++) out += strcmp(order[i]->text, order[2]->text) == 0;
    const char *text = order[2]->text, *quoted = "";
    for (const char *c = text; *c; c++)
        quoted = (uint8_t)*c < 32 || *c == '"' || *c == '\\' ? text_of("%s\\u%04x", quoted, (unsigned)(uint8_t)*c)
                                                             : text_of("%s%c", quoted, *c);
    x = index_of(write_study(label, path, rows, file, text_of(", \"exclude\": [\"%s\"]", quoted)), NULL, label);
    if (x) check_is(scry_index_info(x)->capture[0].kept, rows - out, "%s: exclude \"%s\"", label, quoted);
    scry_close(x);
}

static void test_specimen(const char *name) {
    static piece pieces[20000];
    size_t count = read_pieces(text_of(FOLDER "/%s.pieces", name), pieces, 20000);
    if (check(count > 20, "%s: %zu pieces to compare with", name, count))
        test_vocabulary(name, text_of("%s/" FOLDER "/%s.json", here, name), pieces, count);
}

/* ---- the sample study's text as ids ------------------------------------------------------------- */

/* A piece in the alphabet of byte-level vocabularies: bytes that are no printable Latin-1 are U+0100 on. */
static const char *byte_level(const char *text) {
    char out[800], *at = out;
    for (const uint8_t *c = (const uint8_t *)text; *c && at < out + sizeof out - 3; c++) {
        unsigned code = *c, before = 0;
        bool plain = (*c > 32 && *c < 127) || (*c > 160 && *c != 173);
        for (unsigned k = 0; k < *c; k++) before += !((k > 32 && k < 127) || (k > 160 && k != 173));
        if (!plain) code = 256 + before;
        if (code < 128) *at++ = (char)code;
        else *at++ = (char)(0xc0 | code >> 6), *at++ = (char)(0x80 | (code & 63));
    }
    *at = 0;
    return text_of("%s", out);
}

/* The numbers that the vocabulary has for the sample's tokens show as those tokens. */
static void test_pocket(void) {
    if (!file_exists(POCKET)) {
        check_skip("token ids: no pocket-llama here");
        return;
    }
    size_t size;
    char *json = (char *)read_bytes(POCKET, &size);
    cJSON *root = cJSON_Parse(json);
    const cJSON *vocab = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "model"), "vocab");
    FILE *in = fopen("sample_data/acts/train.tokens.jsonl", "r"), *f = fopen(scratch("pocket.jsonl"), "w");
    char *line = NULL;
    size_t room = 0, rows = 0, unknown = 0, samples = 0;
    static const char *texts[20000];
    if (!in || !f) abort();
    while (getline(&line, &room, in) > 0) {
        cJSON *sample = cJSON_Parse(line);
        const cJSON *item;
        size_t n = 0;
        cJSON_ArrayForEach (item, cJSON_GetObjectItem(sample, "tokens")) {
            const cJSON *id = cJSON_GetObjectItemCaseSensitive(vocab, byte_level(item->valuestring));
            unknown += !id;
            if (id && rows < 20000) {
                fprintf(f, "%s%d", n++ ? ", " : text_of("{\"id\": \"p%zu\", \"ids\": [", samples), id->valueint);
                texts[rows++] = text_of("%s", item->valuestring);
            }
        }
        if (n) fprintf(f, "], \"subject\": \"math\"}\n");
        samples += n > 0;
        cJSON_Delete(sample);
    }
    free(line);
    free(json);
    fclose(in);
    fclose(f);
    cJSON_Delete(root);
    check(rows > 2000 && unknown == 0, "pocket-llama: %zu tokens of the sample have ids, %zu have none", rows, unknown);
    scry_index *x = index_of(write_study("pocket", scratch("pocket.jsonl"), rows, text_of("%s/%s", here, POCKET), ""),
                             NULL, "pocket-llama");
    if (!x) return;
    size_t wrong = 0, first = 0;
    for (size_t r = 0; r < rows; r++)
        if (strcmp(scry_token(x, 0, r), texts[r]) != 0 && !wrong++) first = r;
    check(wrong == 0, "pocket-llama: ids show as the text they came from, %zu do not%s", wrong,
          wrong ? text_of("; row %zu: found \"%s\", expected \"%s\"", first, scry_token(x, 0, first), texts[first])
                : "");
    check(scry_index_info(x)->capture[0].samples == samples && strstr(scry_sample_at(x, 0, 1).metadata, "\"math\"") &&
              strcmp(scry_sample_at(x, 0, 1).id, "p1") == 0,
          "pocket-llama: %zu samples with their ids and keys", samples);
    scry_close(x);
}

/* ---- errors --------------------------------------------------------------------------------------- */

/* One line of a token file is wrong; the error says which. */
static void test_wrong(void) {
    const char *file = text_of("%s/" FOLDER "/wordlevel.json", here);
    static piece pieces[20000];
    size_t count = read_pieces(FOLDER "/wordlevel.pieces", pieces, 20000);
    const char *last = pieces[count - 1].id;
    static const struct {
        const char *what, *id;
    } cases[] = {{"an id beyond the vocabulary", NULL},
                 {"a negative id", "-1"},
                 {"an id with a fraction", "1.5"},
                 {"an id of more than 32 bits", "4294967297"},
                 {"a huge id", "1e300"},
                 {"true for an id", "true"},
                 {"null for an id", "null"},
                 {"a list for an id", "[3]"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *ids[3 * EACH];
        for (size_t k = 0; k < 3 * EACH; k++) ids[k] = pieces[k].id;
        ids[EACH + 3] = cases[i].id ? cases[i].id : text_of("%zu", count);
        const char *path = write_ids("wrong", ids, 3 * EACH, "ids");
        bool number = ids[EACH + 3][0] != 't' && ids[EACH + 3][0] != 'n' && ids[EACH + 3][0] != '[';
        index_refused(write_study("wrong", path, 3 * EACH, file, ""), NULL,
                      SAYS("train.base.tokens", "wrong.jsonl", "line 2", "token 3",
                           number ? "wordlevel.json" : "neither text nor a number", number ? last : ""),
                      cases[i].what);
    }
    /* more and fewer ids than rows */
    const char *ids[EACH];
    for (size_t k = 0; k < EACH; k++) ids[k] = pieces[k].id;
    const char *path = write_ids("few", ids, EACH, "ids");
    index_refused(write_study("few", path, EACH + 1, file, ""), NULL, SAYS("few.jsonl", "found 7", "expected 8"),
                  "fewer ids than rows");
    index_refused(write_study("few", path, EACH - 1, file, ""), NULL, SAYS("few.jsonl", "found 7", "expected 6"),
                  "more ids than rows");
    write_text(path, "{\"id\": 1, \"ids\": [1, 2, 3, 4, 5, 6, 7]}\n{\"id\": 2}\n");
    index_refused(write_study("few", path, EACH, file, ""), NULL, SAYS("few.jsonl", "line 2", "\"ids\""), "no ids");
    /* the tokenizer itself */
    write_ids("few", ids, EACH, "ids");
    index_refused(write_study("few", path, EACH, "nowhere.json", ""), NULL,
                  SAYS("tokenizer", "nowhere.json", "cannot be opened"), "no tokenizer");
    index_refused(write_study("few", path, EACH, text_of("%s/sample_data/study.json", here), ""), NULL,
                  SAYS("tokenizer", "study.json"), "a tokenizer that is none");
    /* text needs none of its ids */
    const char *words[EACH] = {"\"a\"", "\"b\"", "\" c\"", "\"d\"", "\"e\"", "\"f\"", "\"#3\""};
    scry_index *x = index_of(write_study("few", write_ids("few", words, EACH, "tokens"), EACH, file, ""), NULL, "text");
    if (x)
        check(strcmp(scry_token(x, 0, 2), " c") == 0 && strcmp(scry_token(x, 0, 6), "#3") == 0,
              "text next to ids stays");
    scry_close(x);
}

int main(void) {
    if (!getcwd(here, sizeof here)) return 1;
    static const char *const names[] = {"bytelevel", "clip", "llama", "unigram", "wordlevel", "wordpiece"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) test_specimen(names[i]);
    test_pocket();
    test_wrong();
    return check_end();
}
