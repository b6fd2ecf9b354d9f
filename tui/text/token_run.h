/* token_run.h: byte-level tokenizers split characters: the tokens that make whole characters together. */
#ifndef SCRY_TEXT_TOKEN_RUN_H
#define SCRY_TEXT_TOKEN_RUN_H

#include <stdint.h>

/* The text of token i. */
typedef const char *token_text(const void *context, uint64_t i);

/* Tokens from..end - 1. */
typedef struct token_run {
    uint64_t from, end;
} token_run;

/* The tokens from `from` on, below `end`, that make whole characters: one where it does so alone, or none do. */
uint64_t token_run_end(token_text *text, const void *context, uint64_t from, uint64_t end);
/* The run that holds token `at`, of the tokens first..end - 1. */
token_run token_run_around(token_text *text, const void *context, uint64_t at, uint64_t first, uint64_t end);

#endif
