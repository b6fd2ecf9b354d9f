/* result_table.h: what a command found, as JSON, and the columns by which a list in it is shown as a table. */
#ifndef SCRY_RESULTS_RESULT_TABLE_H
#define SCRY_RESULTS_RESULT_TABLE_H

#include <cjson/cJSON.h>
#include <stdio.h>
#include "scry.h"

/* A column of a table. A list of columns ends with one whose key is NULL. */
typedef struct result_column {
    const char *key; /* in the objects of the list */
    const char *title;
    const char *format; /* printf's, for a number ("%.4f"); NULL: text */
    double scale;       /* a number is multiplied by it in tables; 0: by 1 */
} result_column;

typedef struct result_value {
    const char *key;
    double value;
} result_value;

/* Adds a number to an object: null for NaN and infinity. */
void result_number(cJSON *object, const char *key, double value);
/* Adds numbers in order, each as {key, value}. */
#define result_numbers(object, ...)                                                                                    \
    result_add_numbers(object, (const result_value[]){__VA_ARGS__},                                                    \
                       sizeof(const result_value[]){__VA_ARGS__} / sizeof(result_value))
void result_add_numbers(cJSON *object, const result_value *values, size_t count);
/* Adds text to an object: null for NULL; broken UTF-8 becomes U+FFFD. */
void result_text(cJSON *object, const char *key, const char *text);
/* Adds a list of texts, each as above; a table and CSV show it as they show a list of tokens: in quotes, with blanks
 * between. */
void result_texts(cJSON *object, const char *key, const char *const *texts, size_t count);
/* The same as a string of its own. The caller deletes it. */
cJSON *result_string(const char *text);
/* Adds "by" and "against": what the ranking is by, and what its source is compared with (null for base alone). */
void result_source(cJSON *object, const scry_ranking *ranking);
/* Reads a source and its reference under two such keys as scry_source_text; NULL where there is no source. The caller
 * frees it. */
char *result_source_words(const cJSON *object, const char *by, const char *against);
/* Appends an empty object to a list and returns it; the list owns it. */
cJSON *result_row(cJSON *list);

/* Reads a number; NaN where there is none. */
double result_get_number(const cJSON *object, const char *key);
/* Reads text, which the object owns; NULL where there is none. */
const char *result_get_text(const cJSON *object, const char *key);
const cJSON *result_get(const cJSON *object, const char *key);

/* A list of texts as one text: each in quotes (base/escape.h), a blank between. The caller frees it. */
char *result_quoted(const cJSON *list);

/* Writes a cell as the table shows it into text[size], without control characters. */
void result_cell(const cJSON *cell, const result_column *column, char *text, size_t size);
/* Prints a list's rows below the titles, columns aligned. At most 32 columns. */
void result_table(FILE *f, const cJSON *list, const result_column *columns);

/* Chooses columns for a narrow table: "key,key=title,...", in that order, with three decimals at most. All keys must be
 * among the columns. The titles stay in `keys`, cut there; out has room for them all and the end. */
void result_columns_choose(const result_column *columns, char *keys, result_column *out);

#endif
