/* differences.h: what two models say differently after each token of an index, and by it of each latent whether
 * anything is said differently where it fires.
 *
 * Of a token t with another behind it in its sample, KL(t) is KL(tuned || base) of the distributions of the next token,
 * given all up to t, and gain(t) the change of the log-likelihood of the token that follows (diff.h). Of a latent with
 * activations h over the tokens that the study counts,
 *
 *     KL lift   (sum of h KL / sum of h) / (mean of KL)       1: as anywhere; 2: twice as much where it fires
 *     gain      mean of gain(t) where h > 0
 *
 * They are kept in a file of their own next to the index, X.diff for X.scry, 4 bytes a token. */
#ifndef SCRY_DIFFERENCES_H
#define SCRY_DIFFERENCES_H

#include "diff.h"

typedef struct scry_differences_info {
    const char *path, *base, *tuned; /* the file; folders of the models */
    size_t train;                    /* the training set whose tuned model it is */
    uint64_t tokens, bytes;          /* tokens that count in the statistics of latents; of the file */
    double mean_kl, mean_gain;       /* over these */
} scry_differences_info;
/* False when the index has none. Texts are borrowed from the index. */
bool scry_differences_info_of(const scry_index *index, scry_differences_info *out);
/* Where they are kept, or would be. The caller frees it. */
char *scry_differences_path(const scry_index *index);
/* Why a file that is there could not be used; NULL: no such problem. */
const char *scry_differences_problem(const scry_index *index);
/* Puts a file in use: path NULL, the index's own. For all views of the index, whose other readers may go on meanwhile.
 * False and err for a file that is damaged or of another index; what was in use stays. */
bool scry_differences_attach(scry_index *index, const char *path, bool verify, scry_error *err);
/* Changes whenever a file is put in use. */
uint64_t scry_differences_version(const scry_index *index);

/* Runs both models over the base captures' texts of the training set and all domains, and writes the index's file,
 * which scry_differences_attach then puts in use; the index itself is only read, so that this may run on another
 * thread. Of the query index, study, train, model, tuned, threads and memory count. Results do not depend on threads or
 * memory. False and err as scry_diff_run, and when cancelled; an older file is then as it was. */
bool scry_differences_compute(const scry_diff_query *query, const scry_cancel *cancel, scry_notes *notes,
                              scry_error *err);

/* Of a row of a capture; NaN where it is not known. Any thread. */
float scry_row_kl(const scry_index *index, size_t capture, uint64_t row);
float scry_row_gain(const scry_index *index, size_t capture, uint64_t row);
/* Fill out[n] for the latents from..from + n; NaN where a latent fires on no token that counts, or nothing is kept. */
void scry_column_kl_lifts(const scry_index *index, uint32_t from, uint32_t n, double *out);
void scry_column_gains(const scry_index *index, uint32_t from, uint32_t n, double *out);

#endif
