/* test_text_encoder.c: text to ids, against Hugging Face's tokenizers (tests/specimens/text_encoder). */
#include "check.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "model.h"
#include "model/tokenizer/pattern.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/specimens/text_encoder"

/* ---- specimens ---- */

typedef struct line {
    char *text;
    size_t length;
} line;

typedef struct lines {
    line *list;
    size_t count;
} lines;

static unsigned hex(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static lines read_lines(void) {
    lines all = {0};
    FILE *f = fopen(FOLDER "/lines.hex", "r");
    if (!f) abort();
    char *row = NULL;
    size_t room = 0;
    while (getline(&row, &room, f) > 0) {
        size_t n = strspn(row, "0123456789abcdef") / 2;
        line l = {mem_new(n + 1, 1), n};
        for (size_t i = 0; i < n; i++) l.text[i] = (char)(hex(row[2 * i]) << 4 | hex(row[2 * i + 1]));
        all.list = mem_resize(all.list, all.count + 1, sizeof *all.list);
        all.list[all.count++] = l;
    }
    free(row);
    fclose(f);
    return all;
}

static void free_lines(lines *all) {
    for (size_t i = 0; i < all->count; i++) free(all->list[i].text);
    free(all->list);
}

/* The tokens as in the specimens, "ID+N ...": N more bytes are read. The caller frees. */
static char *tokens_text(const scry_tokens *tokens) {
    size_t used = 0;
    char *text = mem_new(tokens->count + 1, 40);
    for (size_t i = 0; i < tokens->count; i++)
        used += (size_t)sprintf(text + used, "%s%" PRIu32 "+%zu", i ? " " : "", tokens->ids[i],
                                tokens->end[i] - (i ? tokens->end[i - 1] : 0));
    return text;
}

static bool line_holds(const scry_tokenizer *tok, const line *l, const char *expected) {
    scry_tokens tokens = {0};
    scry_error err = {0};
    bool ok = scry_tokenizer_encode(tok, l->text, l->length, &tokens, &err);
    char *found = tokens_text(&tokens);
    ok = ok && strcmp(found, expected) == 0;
    if (!ok) printf("# found    %.300s %s\n# expected %.300s\n", found, err.text, expected);
    free(found);
    scry_tokens_free(&tokens);
    return ok;
}

/* The pieces of ids join to the text. */
static bool joins(const scry_tokenizer *tok, const line *l) {
    scry_tokens tokens = {0};
    size_t at = 0;
    bool ok = scry_tokenizer_encode(tok, l->text, l->length, &tokens, NULL);
    for (size_t i = 0; ok && i < tokens.count; i++) {
        const char *piece = scry_tokenizer_piece(tok, tokens.ids[i]);
        size_t length = piece ? strlen(piece) : 0;
        ok = piece && length <= l->length - at && memcmp(l->text + at, piece, length) == 0;
        at += length;
    }
    scry_tokens_free(&tokens);
    return ok && at == l->length;
}

static void check_specimen(const char *name, const lines *all) {
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(text_of(FOLDER "/%s.json", name), &err);
    if (!check(tok != NULL, "%s opens: %s", name, err.text)) return;
    FILE *f = fopen(text_of(FOLDER "/%s.ids", name), "r");
    if (!f) abort();
    char *row = NULL;
    size_t room = 0, count = 0, wrong = 0;
    ssize_t length;
    while ((length = getline(&row, &room, f)) > 0 && count < all->count) {
        row[length - 1] = 0;
        wrong += !line_holds(tok, &all->list[count++], row);
    }
    fclose(f);
    free(row);
    check(count == all->count && wrong == 0, "%s: %zu lines have the library's ids and ends: %zu differ", name, count,
          wrong);
    /* those that neither change texts nor lack tokens; a NUL byte is shown as another character */
    static const char *const exact[] = {"gpt2", "llama3", "gpt4o", "cl100k", "deepseek", "smollm"};
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        if (strcmp(name, exact[i]) != 0) continue;
        size_t apart = 0;
        for (size_t k = 0; k < all->count; k++)
            apart += !memchr(all->list[k].text, 0, all->list[k].length) && !joins(tok, &all->list[k]);
        check(apart == 0, "%s: pieces of the ids join to the text: %zu lines do not", name, apart);
    }
    scry_tokenizer_close(tok);
}

static int in_order(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_specimens(void) {
    lines all = read_lines();
    char *names[64];
    size_t count = 0;
    DIR *folder = opendir(FOLDER);
    if (!folder) abort();
    for (struct dirent *e; (e = readdir(folder)) && count < 64;) {
        size_t length = strlen(e->d_name);
        if (length > 5 && strcmp(e->d_name + length - 5, ".json") == 0)
            names[count++] = mem_copy_bytes(e->d_name, length - 5);
    }
    closedir(folder);
    qsort(names, count, sizeof *names, in_order);
    check(count >= 22 && all.count > 200, "there are specimens of %zu tokenizers, %zu lines", count, all.count);
    for (size_t i = 0; i < count; i++) {
        check_specimen(names[i], &all);
        free(names[i]);
    }
    free_lines(&all);
}

/* ---- several threads ---- */

typedef struct shared {
    const scry_tokenizer *tok;
    const lines *all;
    char **expected;
    atomic_size_t wrong;
} shared;

static void encode_shared(void *context, size_t piece, unsigned worker) {
    (void)worker;
    shared *s = context;
    size_t i = piece % s->all->count;
    if (!line_holds(s->tok, &s->all->list[i], s->expected[i])) s->wrong++;
}

static void check_threads(void) {
    lines all = read_lines();
    scry_error err = {0};
    scry_tokenizer *one = scry_tokenizer_open(FOLDER "/qwen2.json", &err),
                   *fresh = scry_tokenizer_open(FOLDER "/qwen2.json", &err);
    if (!one || !fresh) abort();
    shared s = {.tok = fresh, .all = &all, .expected = mem_new(all.count, sizeof *s.expected)};
    for (size_t i = 0; i < all.count; i++) {
        scry_tokens tokens = {0};
        scry_tokenizer_encode(one, all.list[i].text, all.list[i].length, &tokens, &err);
        s.expected[i] = tokens_text(&tokens);
        scry_tokens_free(&tokens);
    }
    parallel *pool = parallel_start(4);
    parallel_for(pool, 4 * all.count, encode_shared, &s);
    parallel_stop(pool);
    check(s.wrong == 0, "four threads get the same tokens from one tokenizer");
    for (size_t i = 0; i < all.count; i++) free(s.expected[i]);
    free(s.expected);
    free_lines(&all);
    scry_tokenizer_close(one);
    scry_tokenizer_close(fresh);
}

/* ---- long pieces ---- */

/* A piece of any length is merged in the same order: by the heap as by looking at all. */
static void check_long(void) {
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(FOLDER "/llama3.json", &err);
    if (!tok) abort();
    enum { LONG = 200000 };
    char *text = mem_new(LONG + 1, 1);
    for (size_t i = 0; i < LONG; i++) text[i] = "theinontheatan"[i % 14];
    scry_tokens few = {0}, many = {0};
    bool ok = scry_tokenizer_encode(tok, text, LONG, &many, &err) && scry_tokenizer_encode(tok, text, 60, &few, &err);
    size_t same = 0;
    while (same < few.count && few.ids[same] == many.ids[same]) same++;
    check(ok && same + 8 >= few.count && many.end[many.count - 1] == LONG,
          "a word of 200,000 letters is merged like a short one");
    memset(text, ' ', LONG);
    many.count = 0;
    check(scry_tokenizer_encode(tok, text, LONG, &many, &err) && many.end[many.count - 1] == LONG,
          "so are 200,000 blanks: %s", err.text);
    free(text);
    scry_tokens_free(&few);
    scry_tokens_free(&many);
    scry_tokenizer_close(tok);
}

/* ---- patterns ---- */

static void check_pattern(const char *expression, const char *expected) {
    scry_error err = {0};
    char *found = pattern_translate(expression, &err);
    check(found && strcmp(found, expected) == 0, "%s becomes %s", expression, found ? found : err.text);
    free(found);
}

static void check_refused(const char *expression, const char *what) {
    scry_error err = {0};
    char *found = pattern_translate(expression, &err);
    check(!found && strstr(err.text, what), "%s is refused: %s", expression, found ? found : err.text);
    free(found);
}

static void check_patterns(void) {
    check_pattern("\\p{N}{1,3}+x", "(?:\\p{N}{1,3})+x");
    check_pattern("(?:ab|c){2,}+", "(?:(?:ab|c){2,})+");
    check_pattern("a++b*+c?+", "a++b*+c?+");
    check_pattern("(?m:.)\\h[\\h]", "(?s:.)[0-9A-Fa-f][0-9A-Fa-f]");
    check_pattern("\\u00e9\\x{41}\\p{^L}\\P{^L}", "\\x{00e9}\\x{41}\\P{L}\\p{L}");
    check_pattern("{x}[[:digit:][:xdigit:]]", "{x}[\\p{Nd}0-9A-Fa-f]");
    check_refused("[a&&b]", "intersection");
    check_refused("[a[b]]", "class inside");
    check_refused("[^\\W]", "\\W");
    check_refused("[[:alpha:]]", "POSIX class");
    check_refused("(?<!a)(?i)b|c", "kind of group");
    check_refused("(*SKIP)a", "verb");
    check_refused("a{2}+?", "repetition");
    check_refused("a)", "parenthesis");
    check_refused("[a", "end");
    check_refused("\\K", "\\K");
}

/* ---- what is in front ---- */

static void check_bos(const char *name, const char *post, const char *config, int expected, const char *what) {
    const char *folder = scratch_folder("%s", name);
    write_text(text_of("%s/tokenizer.json", folder),
               "{\"post_processor\": %s, \"model\": {\"type\": \"BPE\", \"vocab\": {\"<s>\": 0, \"a\": 1, \"</s>\": "
               "2}, \"merges\": []}}",
               post);
    if (config) write_text(text_of("%s/tokenizer_config.json", folder), "%s", config);
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(folder, &err);
    if (!check(tok != NULL, "%s opens: %s", name, err.text)) return;
    const uint32_t *ids;
    size_t count;
    bool ok = scry_tokenizer_bos(tok, SCRY_BOS_AUTO, &ids, &count, &err);
    check(ok && (expected < 0 ? count == 0 && !ids : count == 1 && ids[0] == (uint32_t)expected), "auto: %s", what);
    check(scry_tokenizer_bos(tok, SCRY_BOS_NO, &ids, &count, &err) && count == 0, "no: nothing in front");
    ok = scry_tokenizer_bos(tok, SCRY_BOS_YES, &ids, &count, &err);
    if (config && strstr(config, "bos_token\"")) check(ok && count == 1 && ids[0] == 0, "yes: the token of the config");
    else if (expected < 0) check(!ok && strstr(err.text, "bos_token"), "yes without one fails: %s", err.text);
    scry_tokenizer_close(tok);
}

static void check_front(void) {
#define TEMPLATE                                                                                                       \
    "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\", \"type_id\": 0}}, "          \
    "{\"Sequence\": "                                                                                                  \
    "{\"id\": \"A\"}}, {\"SpecialToken\": {\"id\": \"</s>\"}}], \"special_tokens\": {\"<s>\": {\"ids\": [0]}, "        \
    "\"</s>\": {\"ids\": [2]}}}"
    check_bos("template", TEMPLATE, NULL, 0, "what the post-processor writes first");
    check_bos("sequence", "{\"type\": \"Sequence\", \"processors\": [{\"type\": \"ByteLevel\"}, " TEMPLATE "]}", NULL,
              0, "also within a sequence");
    check_bos("none", "null", "{\"bos_token\": \"<s>\"}", -1, "nothing without a post-processor");
    check_bos("config", "null", "{\"bos_token\": {\"content\": \"<s>\"}, \"add_bos_token\": true}", 0,
              "what add_bos_token says");
    check_bos("against", TEMPLATE, "{\"bos_token\": \"<s>\", \"add_bos_token\": false}", -1,
              "add_bos_token decides against the post-processor, as in transformers");
    check_bos("bare", "null", NULL, -1, "nothing");
}

/* ---- files that are refused ---- */

static void refused(const char *json, const char *const *words, const char *what) {
    const char *path = scratch("refused.json");
    write_text(path, "%s", json);
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(path, &err);
    check(!tok && err.status == 1, "%s is refused", what);
    check_says(err.text, words, "by name: %s", err.text);
    scry_tokenizer_close(tok);
}

static void check_refusals(void) {
#define BPE "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1}, \"merges\": []}"
    refused("{", SAYS("refused.json", "not JSON"), "half a file");
    refused("{\"normalizer\": {\"type\": \"BertNormalizer\"}, " BPE "}",
            SAYS("normalizer", "BertNormalizer", "NFC", "or Sequence"), "a normalizer");
    refused("{\"pre_tokenizer\": {\"type\": \"UnicodeScripts\"}, " BPE "}",
            SAYS("pre_tokenizer", "UnicodeScripts", "Metaspace"), "a pre-tokenizer");
    refused("{\"post_processor\": {\"type\": \"BertProcessing\"}, " BPE "}",
            SAYS("post_processor", "BertProcessing", "TemplateProcessing"), "a post-processor");
    refused("{\"model\": {\"type\": \"WordPiece\", \"vocab\": {}}}",
            SAYS("model", "WordPiece", "BPE, Unigram or WordLevel"), "a model");
    refused("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}",
            SAYS("merges[0]", "a b", "model.vocab"), "a merge without its token");
    refused("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}", SAYS("model.vocab", "-1", "id"),
            "a negative id");
    refused("{\"model\": {\"type\": \"BPE\", \"dropout\": 0.1, \"vocab\": {}, \"merges\": []}}", SAYS("dropout", "0.1"),
            "dropout");
    refused("{\"model\": {\"type\": \"Unigram\", \"unk_id\": 7, \"vocab\": [[\"a\", 0]]}}", SAYS("unk_id", "7"),
            "an unknown token beyond the vocabulary");
    refused("{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"a\", \"x\"]]}}", SAYS("vocab[0]", "score"),
            "a score that is no number");
    refused("{\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"[a&&b]\"}, \"behavior\": "
            "\"Isolated\"}, " BPE "}",
            SAYS("pre_tokenizer", "Split", "[a&&b]"), "a pattern");
    refused("{\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"String\": \"x\"}, \"behavior\": \"Kept\"}, " BPE
            "}",
            SAYS("Kept", "Contiguous"), "a behavior");
    refused("{\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAA\"}, " BPE "}",
            SAYS("Precompiled", "charsmap"), "a table");
}

static void check_unknown(void) {
    scry_error err = {0};
    scry_tokens tokens = {0};
    write_text(scratch("unk.json"), "%s", "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"a\", -1.0]]}}");
    scry_tokenizer *tok = scry_tokenizer_open(scratch("unk.json"), &err);
    if (!tok) abort();
    check(!scry_tokenizer_encode(tok, "aab", 3, &tokens, &err) && tokens.count == 0,
          "what the vocabulary lacks is an error where there is no unknown token: %s", err.text);
    scry_tokens_free(&tokens);
    scry_tokenizer_close(tok);
}

/* ---- a tokenizer by hand ---- */

/* A byte-level BPE with the bytes, two merges and an added token. */
static const char *small_tokenizer(void) {
    const char *path = scratch("small.json");
    char vocab[8192], *at = vocab;
    for (int byte = 'a'; byte <= 'z'; byte++) at += sprintf(at, "\"%c\": %d, ", byte, byte - 'a');
    write_text(path,
               "{\"added_tokens\": [{\"id\": 30, \"content\": \"<|x|>\", \"special\": true, \"normalized\": false}],"
               "\"normalizer\": null, \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false},"
               "\"post_processor\": null, \"model\": {\"type\": \"BPE\", \"vocab\": {%s\"\xc4\xa0\": 26, \"ab\": 27,"
               "\"abc\": 28, \"\xc4\xa0"
               "a\": 29}, \"merges\": [\"a b\", [\"ab\", \"c\"], \"\xc4\xa0 a\"]}}",
               vocab);
    return path;
}

static void check_small(void) {
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(small_tokenizer(), &err);
    if (!check(tok != NULL, "a small tokenizer opens: %s", err.text)) return;
    scry_tokens tokens = {0};
    check(scry_tokenizer_encode(tok, "abcab abc<|x|> z", 16, &tokens, &err), "it encodes: %s", err.text);
    /* " abc" is " " "a" "b" "c": "a b" has the lowest rank, then "ab c" */
    static const uint32_t ids[] = {28, 27, 26, 28, 30, 26, 25};
    static const size_t end[] = {3, 5, 6, 9, 14, 15, 16};
    check(tokens.count == 7 && memcmp(tokens.ids, ids, sizeof ids) == 0, "its ids are those of its merges");
    check(tokens.count == 7 && memcmp(tokens.end, end, sizeof end) == 0, "its tokens end where they should");
    check(!scry_tokenizer_encode(tok, "ab\xff", 3, &tokens, &err) && tokens.count == 7,
          "text that is not UTF-8 is refused, and adds nothing");
    check_says(err.text, SAYS("byte 2", "0xff", "UTF-8"), "the message names the place: %s", err.text);
    check(!scry_tokenizer_encode(tok, "ab\xe2\x82", 4, &tokens, &err) && strstr(err.text, "byte 2"),
          "a character that is cut short is refused: %s", err.text);
    check_is((uint64_t)scry_tokenizer_id(tok, "<|x|>"), 30, "the added token's id");
    check_is((uint64_t)scry_tokenizer_id(tok, "abc"), 28, "a piece's id");
    check(scry_tokenizer_id(tok, "none") == -1, "an unknown piece has no id");
    check(strcmp(scry_tokenizer_piece(tok, 29), " a") == 0, "a piece is text");
    check_is(scry_tokenizer_size(tok), 31, "the size is one more than the largest id");
    scry_tokens_free(&tokens);
    scry_tokenizer_close(tok);
}

int main(void) {
    check_specimens();
    check_threads();
    check_long();
    check_patterns();
    check_front();
    check_refusals();
    check_unknown();
    check_small();
    return check_end();
}
