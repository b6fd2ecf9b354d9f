/* lens_result.h: mean differences and what they say, as JSON, and the columns of its tables. */
#ifndef SCRY_RESULTS_LENS_RESULT_H
#define SCRY_RESULTS_LENS_RESULT_H

#include "latent.h"
#include "lens.h"
#include "results/results.h"

/* What is told of the means from `first` on. */
typedef struct lens_view {
    const selection_context *of; /* whose set spans a share */
    const scry_lens_query *query;
    const scry_lens_means *means;
    const size_t *row; /* [rows] those of means->mean that are told */
    size_t rows;
    size_t top;                       /* tokens and latents of each list */
    const scry_token_logit *tokens;   /* [rows][SCRY_LOGIT_SIDES][top]; NULL: no model */
    scry_lens_through through;        /* of the tokens */
    const char *output_model;         /* its folder; NULL with tokens */
    const scry_neighbour *neighbours; /* [rows][2][top]: nearest, then opposite; NULL: no decoder */
    const size_t *neighbour_count;    /* [rows][2] */
    const double *share;              /* [rows] */
    uint32_t rank;
    uint32_t random_sets;                  /* 0: none were drawn */
    uint64_t seed;                         /* of them */
    const double *random_mean, *random_sd; /* [rows] */
} lens_view;

/* {"train", "domain", "of", "against", "source", "model", "tuned", "kept", "through", "output_model", "n", "by",
 * "rank", "chance", "random_sets", "seed", "positions": [{"position", "pairs", "norm", "reference_norm", "ratio",
 * "difference_norm", "consistency", "share", "random_mean", "random_sd", "promoted": [{"token", "logit", "id"}],
 * "suppressed", "nearest": [{"latent", "cosine", "in_set", "label", "key_tokens"}], "opposite"}]}; position null: all
 * of them. domain null: the training set. ratio: norm / reference_norm; consistency: norm / difference_norm, 1 where
 * all differences are the same. chance: the share that a random subspace of this rank is expected to have; random: the
 * share of random sets of as many latents. */
cJSON *lens_result(const lens_view *v);
/* The text above the table: what was compared, and a table of the positions. */
char *lens_head(const cJSON *facts);
/* Adds the list "lines": ranks of all positions, tokens and latents side by side; csv: with the position's figures. */
void lens_add_lines(cJSON *facts, bool csv);
extern const result_column lens_columns[], lens_latent_columns[], lens_csv_columns[]; /* latent: without tokens */
/* "all", "0", "1", ... */
const char *lens_position_text(double position, char out[16]);

#endif
