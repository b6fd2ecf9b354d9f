/* pickle.h: what a pickle says, as data. Nothing is called, imported or built: a call in the pickle
 * becomes a value that names what would have been called. */
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
    PICKLE_CALL,   /* of what, on the tuple args; items as a dict's, if any were put into it */
    PICKLE_STORED  /* a persistent id: what is the id */
} pickle_kind;

typedef struct pickle_value {
    pickle_kind kind;
    int64_t number;
    char *text;
    uint32_t what, args;
    uint32_t *items;
    uint32_t count, room;
} pickle_value;

typedef struct pickle {
    pickle_value *values; /* [count]; all references are numbers in here; 0 is None */
    uint32_t count, room;
    uint32_t root;
} pickle;

/* Is this global, "module name", one that may be in the file? */
typedef bool pickle_allows(const char *global);

/* Reads protocols 2 to 5. where: "key: file", for messages. refused: what to say after the name of
 * a global that is not allowed. */
bool pickle_read(pickle *p, const uint8_t *data, uint64_t size, pickle_allows *allows, const char *where,
                 const char *refused, scry_error *err);
void pickle_free(pickle *p);

#endif
