/* text_index.h: the texts of latents, their labels or else their key tokens, sorted and searched a
 * little at a time, so that a million of them never hold a key up. */
#ifndef SCRY_EXPLORER_TABLE_TEXT_INDEX_H
#define SCRY_EXPLORER_TABLE_TEXT_INDEX_H

#include "scry.h"

#include <stdbool.h>

/* Work goes on until clock_seconds() passes a deadline. */
#define NO_DEADLINE 1e300

typedef struct text_work text_work;

/* Labels first, then key tokens, then what has neither; letters in either case alike. Owner: text_order_free. */
typedef struct text_order {
    const scry_index *index; /* borrowed */
    uint32_t *rank;          /* [latents] place by text, ties by latent; NULL until all is done */
    uint64_t labels;         /* scry_label_version of the rank */
    text_work *work;
} text_order;

void text_order_free(text_order *o);
/* True when there is no rank yet, or one of outdated labels. */
bool text_order_waits(const text_order *o);
/* True when o->rank is there, of the labels as they are. What there was before is kept until then. */
bool text_order_step(text_order *o, double deadline);

typedef enum text_kind {
    TEXT_SHOWN, /* the label, or a key token where there is none, holds the needle */
    TEXT_LABEL, /* the label is the needle */
    TEXT_TOKEN, /* a key token holds it */
    TEXT_TOKEN_IS
} text_kind;

enum { NEEDLE_MOST = 128 };

/* Which latents match. Letters A to Z match in either case. Owner: text_match_free. */
typedef struct text_match {
    const scry_index *index;
    text_kind kind;
    char needle[NEEDLE_MOST];
    uint64_t *bits;                  /* [words of the latents] */
    uint8_t *wanted;                 /* [pieces + 1] which token texts match; the last is of no piece */
    uint32_t at_piece, at, labelled; /* labelled: the next latent with a label that is not looked at yet */
    uint64_t labels;                 /* scry_label_version that it was begun with */
    bool done, narrows;
} text_match;

/* Begins; where `m` held a finished match that this one narrows, only the token texts that matched are looked at
 * again. */
void text_match_begin(text_match *m, const scry_index *index, text_kind kind, const char *needle);
/* True when done. Where labels are other than when it was begun, it begins anew. */
bool text_match_step(text_match *m, double deadline);
void text_match_free(text_match *m);
/* Where the needle stands in a text, its bytes in *length; NULL where it does not. */
const char *text_find(const char *text, const char *needle, size_t *length);

#endif
