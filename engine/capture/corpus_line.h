/* capture/corpus_line.h: one line of a corpus, by the table of forms that a line may have. */
#ifndef SCRY_CAPTURE_CORPUS_LINE_H
#define SCRY_CAPTURE_CORPUS_LINE_H

#include "capture/corpus.h"

#include <cjson/cJSON.h>

/* Reads all of an item but its id. line may be NULL, which is no JSON. False and err, which names the key but neither
 * file nor line; item is empty then. Owner: corpus_item_free. */
bool corpus_line_read(const cJSON *line, corpus_item *item, scry_error *err);
/* The id of a line, which the caller frees, or NULL. */
char *corpus_line_id(const cJSON *line);
/* Borrowed from the line; NULL when there is none. */
const char *corpus_line_category(const cJSON *line);

#endif
