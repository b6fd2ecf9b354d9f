/* attachment.h: a file that belongs to an index and is put in use while others read: what it replaces stays valid until
 * the index is closed. {0} is none. */
#ifndef SCRY_INDEX_READ_ATTACHMENT_H
#define SCRY_INDEX_READ_ATTACHMENT_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdint.h>

typedef struct attached attached;
typedef struct attachment {
    _Atomic(attached *) now;
    atomic_uint_fast64_t version;
    scry_error problem; /* why a file that is there could not be put in use; status 0: no such problem */
} attachment;

/* The content in use; NULL: none. Any thread. */
const void *attachment_now(const attachment *a);
/* Puts content in use, which it owns from then on. One thread at a time, while others may read. */
void attachment_put(attachment *a, void *content);
/* Closes and frees all content that was ever in use. a may be NULL. */
void attachment_close(attachment *a, void (*close)(void *content));
/* Grows with every content put in use. */
uint64_t attachment_version(const attachment *a);
/* NULL: no problem. */
const char *attachment_problem(const attachment *a);

#endif
