/* token_list.c: the tokens of one piece of text. */
#include "model/tokenizer/token_list.h"
#include "base/mem.h"

#include <stdlib.h>

void token_list_add(token_list *list, uint32_t id, size_t end) {
    if (list->count == list->room) {
        list->room = 2 * list->room + 32;
        list->token = mem_resize(list->token, list->room, sizeof *list->token);
    }
    list->token[list->count++] = (piece_token){id, (uint32_t)end};
}

void token_list_free(token_list *list) {
    free(list->token);
    *list = (token_list){0};
}
