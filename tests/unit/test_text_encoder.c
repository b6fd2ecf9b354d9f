/* test_text_encoder.c: text to ids, against Hugging Face's tokenizers. */
#include "check.h"
#include "model.h"

#include <stdio.h>
#include <string.h>

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
    check_small();
    return check_end();
}
