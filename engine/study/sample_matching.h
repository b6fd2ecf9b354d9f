/* sample_matching.h: which sample of a condition's token file is the partner of which sample of base's.
 *
 * Ids propose partners, and texts decide: a partner's text must be base's, or end with it (demonstrations stand in
 * front). Rows that the manifest leaves out are not compared. Where ids contradict the texts, or no id is in both
 * files, samples are paired by their text instead, where that leaves no doubt. */
#ifndef SCRY_STUDY_SAMPLE_MATCHING_H
#define SCRY_STUDY_SAMPLE_MATCHING_H

#include "io/tokenfile.h"

#define NO_SAMPLE UINT32_MAX

/* A condition's samples. */
typedef struct matching_side {
    const token_text *text;
    const uint8_t *compared; /* [rows] 0: the row's text may differ. NULL: none may */
} matching_side;

typedef struct sample_matching {
    uint32_t *match;           /* [base samples] the partner, NO_SAMPLE: none */
    uint8_t *claimed;          /* [other samples] 1: some base sample's partner */
    uint32_t by_text;          /* pairs that only the texts made */
    uint32_t elsewhere;        /* base samples without a partner whose text is that of a sample without one */
    uint32_t misplaced;        /* pairs by id that differ in text, where base's text stands under another id */
    uint32_t bad, bad_partner; /* the first pair by id that differs in text and was not resolved, NO_SAMPLE: none */
} sample_matching;

typedef enum matching_rule {
    MATCH_BY_TEXT, /* texts decide; a pair that they refute is no pair */
    MATCH_BY_ID,   /* ids decide, and texts only between samples that share an id */
} matching_rule;

/* Pair the samples. Owner: the caller, by sample_matching_free. */
void sample_matching_make(sample_matching *m, const matching_side *base, const matching_side *other,
                          matching_rule rule);
void sample_matching_free(sample_matching *m);

/* The token of the other sample at which base's tokens begin, behind the demonstrations; -1 when it is shorter or its
 * end differs from base's text in a row that is compared. *differs (may be NULL): the first such token of base's, or
 * -1 where lengths rule a comparison out. */
int64_t sample_text_start(const matching_side *base, uint32_t base_sample, const matching_side *other, uint32_t sample,
                          int64_t *differs);

/* How many distinct ids stand before more than one sample; *first: one such sample. */
uint32_t repeated_ids(const token_text *text, uint32_t *first);

#endif
