/* token_list.h: the tokens of one piece of text. */
#ifndef SCRY_MODEL_TOKENIZER_TOKEN_LIST_H
#define SCRY_MODEL_TOKENIZER_TOKEN_LIST_H

#include <stddef.h>
#include <stdint.h>

typedef struct piece_token {
    uint32_t id;
    uint32_t end; /* bytes of the piece that are read once it is */
} piece_token;

typedef struct token_list {
    piece_token *token;
    size_t count, room;
} token_list;

void token_list_add(token_list *list, uint32_t id, size_t end);
void token_list_free(token_list *list);

#endif
