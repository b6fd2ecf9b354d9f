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
    uint32_t count; /* of items, which have room for the next power of two */
    union {
        int64_t number; /* PICKLE_BOOL, PICKLE_INT */
        char *text;     /* PICKLE_TEXT, PICKLE_GLOBAL */
        struct {
            uint32_t callee, args; /* PICKLE_CALL, PICKLE_STORED */
        };
    };
    uint32_t *items;
} pickle_value;

typedef struct pickle {
    pickle_value *values; /* [count], referred to by number; value 0 is None */
    uint32_t count, room;
    uint32_t root;
} pickle;

/* May the global "module name" be in the file? */
typedef bool pickle_allows(const char *global);

/* Longest pickle that is read. */
enum { PICKLE_MOST_BYTES = 1 << 26 };

/* Reads a pickle of protocol 2 to 5. stored: bytes that it takes in its file, fewer than size where it is compressed;
 * its values may take 16 times as many, and 32 MB. where: "key: file", for messages. refused: advice after the name of
 * a global that is not allowed. Owner: the caller, by pickle_free; on failure p is empty. */
/* Bytes of memory that a pickle of so many stored bytes may take. */
uint64_t pickle_memory(uint64_t stored);
bool pickle_read(pickle *p, const uint8_t *data, uint64_t size, uint64_t stored, pickle_allows *allows,
                 const char *where, const char *refused, scry_error *err);
void pickle_free(pickle *p);

#endif
