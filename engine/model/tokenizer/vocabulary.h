/* vocabulary.h: tokens by their spelling in a tokenizer.json. */
#ifndef SCRY_MODEL_TOKENIZER_VOCABULARY_H
#define SCRY_MODEL_TOKENIZER_VOCABULARY_H

#include "io/json.h"

#include <stdint.h>

#define NO_TOKEN UINT32_MAX

typedef struct vocabulary_entry {
    uint32_t at, length; /* in bytes */
    uint32_t id;
    double score; /* of a Unigram */
} vocabulary_entry;

typedef struct vocabulary {
    char *bytes;
    size_t used, room;
    vocabulary_entry *entry;
    size_t count, entry_room;
    uint32_t *slot; /* hash table of entry numbers + 1 */
    size_t slots;
} vocabulary;

/* Adds a token; a spelling that is there already gets the new id and score. False when all spellings together would
 * take 4 GiB. */
bool vocabulary_add(vocabulary *v, const char *token, size_t length, uint32_t id, double score);
/* Returns the id, or NO_TOKEN. */
uint32_t vocabulary_find(const vocabulary *v, const char *token, size_t length);
void vocabulary_free(vocabulary *v);

/* The id of the byte's token, "<0x0A>", or NO_TOKEN. */
uint32_t vocabulary_byte(const vocabulary *v, unsigned char byte);

/* A growing buffer for json_string. */
typedef struct json_bytes {
    char *bytes;
    size_t length, room;
} json_bytes;
/* Reads a JSON string into out, with whatever characters it holds, NUL among them; half a surrogate pair becomes
 * U+FFFD. False for any other value or an unknown escape. */
bool json_string(json_part value, json_bytes *out);
/* A whole number from 0 to UINT32_MAX - 1. */
bool json_id(json_part value, uint32_t *id);

uint64_t hash_bytes(const char *bytes, size_t length);

#endif
