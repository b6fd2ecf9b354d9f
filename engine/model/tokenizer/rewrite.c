/* rewrite.c: a text's characters replaced by others. */
#include "model/tokenizer/rewrite.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>

void new_characters_add(new_characters *n, uint32_t code, int32_t change) {
    if (n->count == n->room) {
        n->room = 2 * n->room + 64;
        n->list = mem_resize(n->list, n->room, sizeof *n->list);
    }
    n->list[n->count++] = (new_character){code, change};
}

void new_characters_free(new_characters *n) {
    free(n->list);
    *n = (new_characters){0};
}

void rewrite_characters(const aligned_text *from, size_t at, size_t end, const new_characters *n, aligned_text *to) {
    for (size_t i = 0; i < n->count; i++) {
        int32_t change = n->list[i].change;
        bool old = change <= 0 && at < end; /* an old character is left */
        aligned_text_add_code(to, n->list[i].code, old ? from->from[at] : aligned_text_before(from, at));
        for (int32_t gone = old ? 1 - change : 0; gone > 0 && at < end; gone--) {
            unsigned size;
            utf8_decode_valid(from->text + at, &size);
            at += size;
        }
    }
}
