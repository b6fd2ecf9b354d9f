/* pickle.h: the contents of a pickle as data. Nothing is called, imported or built: a call in the pickle
 * becomes a value that names the callable and its arguments. */
#ifndef SCRY_IO_FORMATS_PICKLE_H
#define SCRY_IO_FORMATS_PICKLE_H

#include <stdint.h>
#include "base/error.h"

typedef enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,   /* number 0 or 1 */
    PICKLE_INT,    /* number */
    PICKLE_OTHER,  /* a float, bytes, or an integer of more than 64 bits */
    PICKLE_TEXT,   /* text */
    PICKLE_TUPLE,  /* items */
    PICKLE_LIST,   /* items; sets too */
    PICKLE_DICT,   /* items: key, value, key, value, ... */
    PICKLE_GLOBAL, /* text "module name" */
    PICKLE_CALL,   /* of the value callee, on the tuple args; items as a dict's, if any were set */
    PICKLE_STORED  /* a persistent id: the value callee is the id */
} pickle_kind;

typedef struct pickle_value {
    pickle_kind kind;
    int64_t number;
    char *text;
    uint32_t callee, args;
    uint32_t *items;
    uint32_t count, room;
} pickle_value;

typedef struct pickle {
    pickle_value *values; /* [count], referred to by number; value 0 is None */
    uint32_t count, room;
    uint32_t root;
} pickle;

/* May the global "module name" be in the file? */
typedef bool pickle_allows(const char *global);

/* Reads a pickle of protocol 2 to 5. where: "key: file", for messages. refused: advice after the name of a
 * global that is not allowed. Owner: the caller, by pickle_free; on failure p is empty. */
bool pickle_read(pickle *p, const uint8_t *data, uint64_t size, pickle_allows *allows, const char *where,
                 const char *refused, scry_error *err);
void pickle_free(pickle *p);

#endif
