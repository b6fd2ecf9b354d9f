/* causal/causal_texts.h: the texts of an index's domains, and of its training sets where they are asked for, as a model
 * reads them, and the rows of captures on which their tokens lie. */
#ifndef SCRY_CAUSAL_CAUSAL_TEXTS_H
#define SCRY_CAUSAL_CAUSAL_TEXTS_H

#include "ablate.h"
#include "model.h"
#include "study/study.h"

/* A sample of a group's base capture. The model reads `count` tokens; their residuals are packed, sample after sample.
 * Token t lies on row first + t - before of the capture (t >= before). Tokens from..to count for the loss, each given
 * all before it: 0 < from < to == count + 1, so that the last one is predicted and not read. */
typedef struct causal_sample {
    uint32_t capture, sample; /* numbers in the index */
    uint32_t *ids;            /* [to] owned */
    uint32_t before;          /* tokens in front of the capture's rows */
    uint32_t count, from, to;
    uint64_t first; /* row of the capture */
    size_t at;      /* packed row of its first token */
} causal_sample;

typedef struct causal_texts {
    causal_sample *samples; /* group after group, ascending in each */
    size_t count;
    size_t tokens;               /* packed rows */
    size_t longest;              /* the largest count of a sample */
    size_t domains;              /* groups: D, and behind them all training sets where any were asked for */
    size_t *first;               /* [domains + 1] the first sample of each group */
    int *capture;                /* [domains] the number of its base capture */
    scry_causal_domain *summary; /* [domains] */
    bool *from_file;             /* [domains] its ids come from its token file, unchanged, and not from the index */
} causal_texts;

typedef struct causal_texts_query {
    const scry_tokenizer *tok;
    const char *study;   /* as in scry_causal_options */
    const bool *domains; /* [D] those to read; NULL: all */
    const bool *trains;  /* [T] training sets to read as well; NULL: none, and none is a group */
    bool all_tokens;     /* all tokens but the first count, instead of responses */
    size_t most_tokens;  /* that the model reads of one sample */
    size_t samples;      /* of a domain, drawn by the seed; 0: all */
    uint64_t seed;
} causal_texts_query;

/* Reads the texts of all groups: ids from the study's token files where they are found and are those that were
 * indexed; else the index's token texts, joined and encoded. Samples that do not encode to as many tokens, begin in
 * the middle of a text that is not at hand, or have no token that counts, are left out; notes say how many. False and
 * err where no domain has a sample, and for captures with padding. Owner: causal_texts_free, also after a failure. */
bool causal_texts_read(causal_texts *texts, const scry_index *index, const causal_texts_query *query, scry_notes *notes,
                       scry_error *err);
void causal_texts_free(causal_texts *texts);

/* The manifest in the index, its paths as written there; NULL: it cannot be read. The caller frees it. */
scry_study *causal_study(const scry_index *index);
/* Where a path of that manifest may be, by the study's place (as in scry_causal_options) or the index's. The caller
 * frees it. */
char *causal_find_path(const scry_index *index, const char *study, const char *path);

#endif
