/* causal/stream_check.h: is a model the one that a study was captured from? Its stream at the hook is compared with the
 * captured residuals of the same tokens.
 *
 * A token's distance is |x - c| / |c - mean|, with c its captured residual and `mean` that of the domain's compared
 * tokens; a model's is the median over tokens. Measured on models of 3 and 135 million parameters: captures in float16
 * and passes in float16 or float32 0.0002 to 0.003, passes or captures in bfloat16 0.007 after 4 blocks and 0.021 after
 * 30, weights rounded to 8 bits 0.006, to 4 bits 0.10; the residuals of the block before or after 0.31 to 0.42, a tuned
 * model 0.53, an adapter merged twice 0.93. */
#ifndef SCRY_CAUSAL_STREAM_CHECK_H
#define SCRY_CAUSAL_STREAM_CHECK_H

#include "causal/causal_texts.h"
#include "sae/sae.h"

/* Above the first a note tells of the distance, above the second the model is refused. */
#define STREAM_DISTANCE_NOTED   0.05
#define STREAM_DISTANCE_REFUSED 0.25

typedef struct stream_distance {
    double median; /* NaN: nothing could be compared */
    size_t tokens;
    const char *domain; /* the first that was compared; borrowed from the index */
    bool by_latents;    /* by the SAE's activations, for lack of captures */
} stream_distance;

/* Compares x [texts->tokens][d], the stream at the study's hook, with the captured residuals of some hundred tokens of
 * up to three domains whose texts come from their token files. Where the captures are not where the study says, what
 * the SAE makes of x is compared with what the index's activations make, in the same units: s is that SAE (NULL: loaded
 * from where the index knows it, if it takes no more than `memory` bytes). Nothing can be compared where that is not
 * there either; it is no error. study: as in scry_causal_options. */
stream_distance stream_distance_of(const scry_index *index, const char *study, const causal_texts *texts,
                                   const float *x, const sae *s, uint64_t memory);

/* Refuses a model by its distance, or notes it (notes may be NULL). model: its folder. */
bool stream_check(const scry_index *index, const stream_distance *distance, const char *model, scry_hook hook,
                  scry_notes *notes, scry_error *err);

/* Reads the beginning of one text of the study, by tok, and runs it to the hook: what a caller needs who has not run
 * the study's texts. {0} where there is none. *x [texts->tokens][d] is the caller's to free, and texts by
 * causal_texts_free. */
typedef struct stream_probe {
    causal_texts texts;
    float *x; /* [texts.tokens][d] */
} stream_probe;
/* True with texts.count 0 where the study has no text whose captured residuals are known. False and err when the run
 * fails. Owner: stream_probe_free, also after a failure. */
bool stream_probe_run(stream_probe *probe, const scry_index *index, scry_run *run, const scry_tokenizer *tok,
                      scry_hook hook, scry_error *err);
void stream_probe_free(stream_probe *probe);

#endif
