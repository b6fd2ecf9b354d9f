/* format.h: what the readers of SAE files share: JSON settings, tensors in either orientation,
 * places beside a path. For engine/sae only. */
#ifndef SCRY_SAE_FORMAT_H
#define SCRY_SAE_FORMAT_H

#include "base/path.h"
#include "io/tensor_file.h"
#include "sae/sae.h"

#include <cjson/cJSON.h>

/* ---- places. The caller frees what is returned. */

/* name in the directory path, or beside the file path. */
char *path_beside(const char *path, const char *name);
bool path_has(const char *path, const char *name);
/* The same, and if it is not there, one directory further up; NULL when it is in neither. */
char *path_near(const char *path, const char *name);
/* path itself when it is a file that is not JSON; otherwise the first of names (NULL at the end) that
 * lies beside it, or just the first name when none does. */
char *path_weights(const char *path, const char *const *names);

/* ---- settings. Keys may reach into objects: "trainer.dict_class". Absent and null are the same. */

typedef struct config {
    char *path;
    cJSON *json;
} config;

bool config_open(config *c, const char *path, scry_error *err);
void config_close(config *c);
const cJSON *config_find(const config *c, const char *key);
/* NULL when absent. */
bool config_text(const config *c, const char *key, const char **out, scry_error *err);
bool config_flag(const config *c, const char *key, bool absent, bool *out, scry_error *err);
/* A whole number of 1 or more; 0 when absent. */
bool config_count(const config *c, const char *key, uint32_t *out, scry_error *err);
/* A number above 0; absent when absent. */
bool config_positive(const config *c, const char *key, double absent, double *out, scry_error *err);
/* What stands at the key, for messages: `"relu"`, `-3`, `nothing`. */
const char *config_shown(const config *c, const char *key, char *text, size_t size);

/* ---- weights */

typedef struct weights {
    tensor_file file;
    const char *prefix; /* before every name: "ae." where the weights are in a dict of a dict */
} weights;

/* How a family calls the four that all have. b_dec NULL: the family has none (zeros then); W_dec NULL:
 * this file has no decoder. */
typedef struct weight_names {
    const char *W_enc, *b_enc, *W_dec, *b_dec;
    bool W_enc_by_latent, W_dec_by_input; /* kept as [F, d] and [d, F]; asked only when d = F */
} weight_names;

bool weights_open(weights *w, const char *path, scry_error *err);
void weights_close(weights *w);
/* By exact name, else ignoring case; NULL when there is none. */
const tensor *weights_find(const weights *w, const char *name);
/* [length] as float; a tensor of one number is not spread. NULL and err when it is not that. */
float *weights_vector(const weights *w, const char *name, uint32_t length, scry_error *err);
/* The one number of a tensor with one element. */
bool weights_scalar(const weights *w, const char *name, double *out, scry_error *err);
/* d_in and d_sae from the lengths of the biases, then the four weights: W_enc as [F][d], W_dec as
 * [F][d], whichever way round the file has them. */
bool weights_load(sae *s, const weights *w, const weight_names *names, scry_error *err);
/* d_in and d_sae against what the settings say, where they say it; a key may be NULL. */
bool weights_agree(const sae *s, const config *c, const char *d_key, const char *F_key, scry_error *err);
/* |W_dec_j| for all j; the caller frees it. */
float *weights_decoder_norms(const sae *s);
/* Moves the decoder's norms into scale: rows of W_dec get norm 1, pre-activations are multiplied. */
void weights_fold_decoder(sae *s);
/* [d_sae] of one value. */
float *weights_constant(const sae *s, float value);

#endif
