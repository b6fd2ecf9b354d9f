/* results.h: the facts of commands that have more than one reader: the shell, the explorer and the report. */
#ifndef SCRY_RESULTS_RESULTS_H
#define SCRY_RESULTS_RESULTS_H

#include "analysis.h"
#include "shell/output.h"
#include "shell/cli_context.h"
#include "train.h"

/* What scry score, rank and tokens give as JSON, without repeats. The caller deletes. */
cJSON *score_result(const cli_context *s, const scry_result *r);
cJSON *rank_result(const scry_index *index, const scry_ranking *r, uint32_t top);
cJSON *tokens_result(const scry_index *index, uint32_t latent, const scry_example *e, size_t n, uint32_t around);

/* {"train", "by", "n", "signed", "latents", "dimensions", "seed", "tops": [...], "baselines": [...]}; NULL
 * when stopped. The caller deletes. */
cJSON *baselines_result(const scry_index *index, const scry_ranking *ranking, uint32_t top, const scry_scope *scope,
                        unsigned threads, const scry_cancel *stop);
/* The words above the table of facts (the caller frees), and the table's columns. mark: before the small table among
 * them. */
char *baselines_head(const cJSON *facts, const char *mark);
extern const output_column baselines_columns[];

/* All that scry info says, as text; `mark` stands before the table of captures. The caller frees. */
char *info_text(const scry_index *index, const char *mark);

/* One index of scry compare, its selection being s->set, the first `top` of the ranking. NULL when stopped. The caller
 * deletes. */
cJSON *compare_row(const cli_context *s, const char *name, uint32_t top, const scry_scope *scope,
                   const scry_cancel *stop);
/* beside NULL: there is no second source. */
void compare_head(char *head, size_t size, const char *by, const char *beside, const char *metric, uint32_t top,
                  bool is_signed);
extern const output_column compare_columns[];

/* How well an SAE does: l0, explained_variance, fvu, mse, cosine, dead, dense; and the columns for them. */
void add_quality(cJSON *facts, const scry_sae_quality *q);
/* The explained variance in words, into `out`, which it gives back. */
enum { QUALITY_EXPLAINED = 64 };
const char *quality_explained(const scry_sae_quality *q, char out[QUALITY_EXPLAINED]);
/* clang-format off */
#define QUALITY_COLUMNS                                                                                                \
    {"l0", "L0", "%.2f", 0}, {"explained_variance", "explained variance", "%.4f", 0}, {"fvu", "FVU", "%.4f", 0},       \
    {"mse", "MSE", "%.4g", 0}, {"cosine", "cosine", "%.4f", 0}, {"dead", "dead", "%.4f", 0}, {"dense", "dense", "%.4f", 0}
/* clang-format on */

#endif
