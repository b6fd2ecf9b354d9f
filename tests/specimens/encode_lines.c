/* encode_lines.c: the tokens of texts, for tests/specimens/check_tokenizers.py.
 *
 *   encode_lines TOKENIZER [REPEATS]
 *
 * Reads a JSON string a line; prints "ID:END ID:END ..." a line, or "error: ...". With REPEATS, encodes all lines so
 * often on one thread and prints the number of tokens and seconds. */
#include "base/clock.h"
#include "base/error.h"
#include "model.h"
#include "model/tokenizer/vocabulary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_tokens(const scry_tokenizer *tok, const char *text, size_t length) {
    scry_tokens tokens = {0};
    scry_error err = {0};
    if (!scry_tokenizer_encode(tok, text, length, &tokens, &err)) printf("error: %s", err.text);
    for (size_t i = 0; i < tokens.count; i++) printf("%s%" PRIu32 ":%zu", i ? " " : "", tokens.ids[i], tokens.end[i]);
    putchar('\n');
    scry_tokens_free(&tokens);
}

int main(int argc, char **argv) {
    scry_error err = {0};
    scry_tokenizer *tok = argc > 1 ? scry_tokenizer_open(argv[1], &err) : NULL;
    if (!tok) {
        fprintf(stderr, "encode_lines: %s\n", argc > 1 ? err.text : "expected TOKENIZER [REPEATS]");
        return 2;
    }
    int repeats = argc > 2 ? atoi(argv[2]) : 0;
    char *line = NULL;
    size_t room = 0, count = 0, lines_room = 0;
    json_bytes *lines = NULL;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) > 0) {
        if (line[length - 1] == '\n') length--;
        json_bytes text = {0};
        if (!json_string((json_part){line, (size_t)length}, &text)) return 2;
        if (!repeats) {
            print_tokens(tok, text.bytes, text.length);
            free(text.bytes);
            continue;
        }
        if (count == lines_room) {
            lines_room = 2 * lines_room + 64;
            lines = realloc(lines, lines_room * sizeof *lines);
            if (!lines) return 2;
        }
        lines[count++] = text;
    }
    if (repeats) {
        double begin = clock_seconds();
        uint64_t tokens = 0;
        for (int r = 0; r < repeats; r++)
            for (size_t i = 0; i < count; i++) {
                scry_tokens all = {0};
                if (!scry_tokenizer_encode(tok, lines[i].bytes, lines[i].length, &all, &err)) return 1;
                tokens += all.count;
                scry_tokens_free(&all);
            }
        printf("%" PRIu64 " %.6f\n", tokens, clock_seconds() - begin);
    }
    for (size_t i = 0; i < count; i++) free(lines[i].bytes);
    free(lines);
    free(line);
    scry_tokenizer_close(tok);
    return 0;
}
