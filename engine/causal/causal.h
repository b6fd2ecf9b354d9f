/* causal/causal.h: an open scry_causal, for the engine's own files. The public interface is ablate.h. */
#ifndef SCRY_CAUSAL_CAUSAL_H
#define SCRY_CAUSAL_CAUSAL_H

#include "causal/causal_texts.h"

/* What the model makes of a sample: over its counted tokens, the sum of -ln p, and how many were the most likely. */
typedef struct sample_figures {
    double loss;
    uint32_t hits;
} sample_figures;

struct scry_causal {
    const scry_index *index;
    scry_model *model;
    scry_tokenizer *tok;
    scry_run *run;
    scry_hook hook;
    size_t d; /* width of the stream */
    uint64_t memory;
    causal_texts texts;
    scry_precision precision;
    float *x;              /* [texts.tokens][d] the stream at the hook */
    double *x_float64;     /* the same before it was rounded to x; NULL: it was computed in float */
    uint32_t **token;      /* [D] -> [rows of the base capture] packed row + 1; 0: the model does not read it */
    uint8_t **kept;        /* [D] -> [the same] 1: the study counts it; NULL: not asked yet */
    float *reconstruction; /* [texts.tokens][d] with the SAE's in place of x; NULL: not asked yet, or in double: */
    double *reconstruction_float64;
    sample_figures *unablated[2]; /* [texts.count] run from x, and from reconstruction; NULL: not run yet */
    const scry_cancel *cancel;    /* of the call under way */
};

/* The token's norm by which the SAE divided what it read, over input_scale: what its decoder's part is multiplied by.
 * *mean (may be NULL): what it subtracted before. */
double causal_decoder_factor(const scry_causal *causal, const float *x, double *mean);
/* Fills in causal->kept[domain]. False and err where the index does not say which rows count. */
bool causal_keep_rows(scry_causal *causal, size_t domain, scry_error *err);

/* Writes a sample's stream at the hook to x [count][d]. It is rounded to float where the model is run in float. */
typedef void (*causal_stream)(void *context, size_t sample, double *x);
/* Runs samples [count] on from the hook; writes the figures of each to out [count]. Reports progress to cancel (may be
 * NULL), and fails when cancelled. */
bool causal_run_on(scry_causal *causal, const size_t *samples, size_t count, causal_stream stream, void *context,
                   sample_figures *out, const scry_cancel *cancel, scry_error *err);

/* Fills in causal->reconstruction, or that in double. False and err where memory, or an index made with candidates,
 * does not allow it, or when cancelled. */
bool causal_reconstruct(scry_causal *causal, const scry_cancel *cancel, scry_error *err);

#endif
