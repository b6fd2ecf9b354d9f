/* diff_reader.h: single texts of an index by the base and the tuned model, token by token: what each expects behind a
 * token, how far the two differ (diff.h), and which latents fire there under each.
 *
 * Threads: a reader by one at a time, and it uses threads of its own; the index may be read by others meanwhile. */
#ifndef SCRY_DIFF_READER_H
#define SCRY_DIFF_READER_H

#include "prompt.h"

typedef struct scry_diff_reader scry_diff_reader;

typedef struct scry_diff_reader_options {
    const char *model, *tuned; /* as in scry_diff_query */
    const double *amplify;     /* the same */
    const char *sae;           /* as in scry_prompt_options */
    size_t train;              /* the training set whose tuned model it is, and whose texts stand first */
    unsigned threads;          /* 0: all processors */
    uint64_t memory;           /* limit in bytes; 0: SCRY_MEMORY */
} scry_diff_reader_options;

/* Opens both models and reads the texts of the base captures of the training set and the domains. Borrows the index.
 * NULL and err as scry_diff_run. Without the SAE there is a reader all the same, without latents. */
scry_diff_reader *scry_diff_reader_open(const scry_index *index, const scry_diff_reader_options *options,
                                        scry_notes *notes, scry_error *err);
void scry_diff_reader_close(scry_diff_reader *reader); /* accepts NULL */

typedef struct scry_diff_reader_info {
    const char *base, *tuned; /* folders; tuned may be an adapter's */
    const char *no_latents;   /* why latents cannot be told; NULL: they can */
    size_t texts;
} scry_diff_reader_info;
const scry_diff_reader_info *scry_diff_reader_info_of(const scry_diff_reader *reader);
/* The text of a token, as it stands in a text (may hold part of a character), or NULL. Borrowed. */
const char *scry_diff_reader_piece(const scry_diff_reader *reader, uint32_t id);

/* A text: the models read `before` tokens and then the rows first.. of a base capture, of which it is a sample. */
typedef struct scry_diff_text_place {
    size_t capture;
    uint32_t sample;
    const uint32_t *ids; /* [tokens], borrowed from the reader */
    size_t tokens, before;
    uint64_t first;
} scry_diff_text_place;
/* Text i of info.texts. */
scry_diff_text_place scry_diff_reader_text(const scry_diff_reader *reader, size_t i);
/* The text that is a sample of a base capture; false: it was left out. */
bool scry_diff_reader_find(const scry_diff_reader *reader, size_t capture, uint32_t sample, size_t *text);

typedef struct scry_diff_text {
    size_t text; /* its number in the reader */
    scry_diff_text_place at;
    uint32_t *ids; /* [at.tokens] */
    double *kl;    /* [at.tokens] KL(tuned || base) behind each token, in nats */
    double *gain;  /* [at.tokens] change of the log-likelihood of the token that follows; NaN of the last */
    uint32_t next; /* tokens of each prediction */
    scry_next_probability *predicted[2]; /* [at.tokens][next] by base and tuned, most probable first */
    scry_prompt_result *activations[2];  /* the latents under base and tuned; NULL: see info.no_latents */
} scry_diff_text;

/* Runs text i through both models; next: as in scry_prompt_query. NULL and err when memory does not suffice, and when
 * cancelled. Results do not depend on threads or memory. */
scry_diff_text *scry_diff_reader_run(scry_diff_reader *reader, size_t i, uint32_t next, const scry_cancel *cancel,
                                     scry_error *err);
void scry_diff_text_free(scry_diff_text *text); /* accepts NULL */

typedef struct scry_diff_latent {
    uint32_t latent;
    float base, tuned; /* activations */
} scry_diff_latent;
/* Writes the latents that fire on a token under either model, with the largest |tuned - base| first, or by_activation
 * the largest of the two; ties by latent ascending. Returns how many there are, of which out[most] has the first. */
size_t scry_diff_text_latents(const scry_diff_text *text, size_t token, bool by_activation, size_t most,
                              scry_diff_latent *out);

#endif
