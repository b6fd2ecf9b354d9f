/* pattern.h: what a tokenizer.json searches for in a text: a string, or a regular expression as Oniguruma reads it,
 * which is translated for PCRE2. */
#ifndef SCRY_MODEL_TOKENIZER_PATTERN_H
#define SCRY_MODEL_TOKENIZER_PATTERN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct pattern pattern;
/* Room for the searches of one thread; may be used with several patterns. */
typedef struct pattern_search pattern_search;

/* Compiles an expression. NULL and err, whose text says only what is wrong with it, when it uses what is not known
 * here. */
pattern *pattern_new(const char *expression, scry_error *err);
/* A pattern that finds the bytes themselves. An empty string finds nothing. */
pattern *pattern_literal(const char *bytes, size_t length);
void pattern_free(pattern *p); /* accepts NULL */

pattern_search *pattern_search_new(void);
void pattern_search_free(pattern_search *search); /* accepts NULL */

/* Finds the first match in text[from..length), which is valid UTF-8; lookbehind sees what is before. Returns 1 and the
 * match's bytes, 0 for none, -1 and err when the search takes too long. */
int pattern_find(const pattern *p, pattern_search *search, const char *text, size_t length, size_t from, size_t *begin,
                 size_t *end, scry_error *err);

/* The expression for PCRE2 with the options that pattern_new compiles it with; the caller frees it. NULL and err for a
 * construct that PCRE2 reads differently and that is not translated. */
char *pattern_translate(const char *expression, scry_error *err);

#endif
