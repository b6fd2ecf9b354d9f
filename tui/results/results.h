/* results.h: results that the shell, the explorer and the report share, and the columns of their tables.
 *
 * Unless said otherwise a function may run on any thread, as long as nobody changes what it is given, and the caller
 * deletes the JSON, or frees the text, that it returns. */
#ifndef SCRY_RESULTS_RESULTS_H
#define SCRY_RESULTS_RESULTS_H

#include "ablate.h"
#include "analysis.h"
#include "differences.h"
#include "effect_agreement.h"
#include "evaluate.h"
#include "latent.h"
#include "choices.h"
#include "logits.h"
#include "results/result_table.h"
#include "train.h"

/* A selection of latents and what is asked of it. A study of scores alone has no ranking (NULL) and an empty set. Owned
 * by whoever fills it. */
typedef struct selection_context {
    scry_index *index;
    size_t train;
    scry_ranking *ranking;
    scry_set *set;
    scry_set *untouched; /* the top N that `set` was edited from; NULL: not known */
    scry_score score;
    const struct scry_anchor *anchor; /* borrowed: the exact run around which abl estimates; NULL: none */
} selection_context;

/* Scores the selection and fits the score to the change of the domains in scope; without the statistics of rho. The
 * caller frees the result. */
void selection_fit(scry_result *r, const selection_context *s, const scry_scope *scope);
/* Adds a latent's "kl_lift" and "loss_change" (differences.h) where the index has differences of two models, and copies
 * columns, with those for them in front of the names, to out, which has room for two more. Returns their number. */
void add_differences(cJSON *item, const scry_index *index, uint32_t latent);
size_t differences_columns(const scry_index *index, const result_column *columns, result_column *out);
/* Adds what a latent is called: "label" (null without) and "key_tokens", a list of texts, and columns for both. */
void add_names(cJSON *item, const scry_index *index, uint32_t latent);
/* clang-format off */
#define NAME_COLUMNS {"label", "label", NULL, 0}, {"key_tokens", "key tokens", NULL, 0}
/* clang-format on */
/* The STS of every domain, and rho with its statistics, of a finished result. baseline NULL: not looked for. */
cJSON *score_result(const selection_context *s, const scry_result *r, const scry_best_baseline *baseline);
/* Adds what score_result has of rho: from "points" on. */
void add_rho(cJSON *facts, const scry_info *info, const scry_result *r, const scry_best_baseline *baseline);
/* The context of a rho, a sentence per line, from the JSON of score_result; "" where it has no rho. */
char *rho_context_text(const cJSON *facts);
/* The same in short, for files that a selection is exported to. */
char *rho_summary_text(const cJSON *facts);
/* The first `top` latents of a ranking. */
cJSON *rank_result(const scry_index *index, const scry_ranking *r, uint32_t top);

/* {"text", "capture", "tokens", "matches", "latents": [...]}: at most `top` latents that fire on the text, strongest
 * first. NULL and err, which says what was searched, where there are none. */
cJSON *fires_on_result(const scry_index *index, const scry_text_query *query, unsigned threads, uint32_t top,
                       scry_error *err);
extern const result_column fires_on_columns[];
/* False and err where no token is marked: what was searched, and where a looser search finds the text. */
bool fires_on_check(const scry_index *index, const scry_text_query *query, const scry_text_matches *found,
                    const scry_cancel *cancel, scry_error *err);

/* What an example's tokens are compared with; versus -1: nothing, and then pairs may be NULL. */
typedef struct tokens_query {
    const scry_index *index;
    scry_token_pairing *pairs;
    scry_latent_activations *fires;
    scry_example_query pick;
    int versus; /* condition, -1: none */
    uint32_t top, around;
} tokens_query;

/* e[n], each with up to q->around tokens on either side. */
cJSON *tokens_query_result(const tokens_query *q, const scry_example *e, size_t n);
/* The same of a latent's strongest tokens, compared with nothing. */
cJSON *tokens_result(const scry_index *index, uint32_t latent, const scry_example *e, size_t n, uint32_t around);

/* {"latent", "positive": [{"token", "logit", "id"}], "negative": [...]}, of tokens [SCRY_LOGIT_SIDES][top]. */
cJSON *logits_result(const scry_index *index, uint32_t latent, const scry_token_logit *tokens, size_t top);
/* Adds to an object, under the key `list`, that result as rows of a table with both sides next to each other; or as
 * rows of a token each, for CSV; and the columns for them. */
void logits_add_rows(cJSON *to, const char *list, const cJSON *facts);
extern const result_column logits_columns[];
void logits_add_csv_rows(cJSON *to, const char *list, const cJSON *facts);
extern const result_column logits_csv_columns[];

/* {"train", "by", "n", "signed", "latents", "dimensions", "seed", "tops": [...], "baselines": [...]}; NULL when
 * cancelled. */
cJSON *baselines_result(const scry_index *index, const scry_ranking *ranking, uint32_t top, const scry_scope *scope,
                        unsigned threads, const scry_cancel *cancel);
extern const result_column baselines_columns[];
/* The columns of "tops"; their titles are written into `titles`. */
enum { TOPS_COLUMNS = 10, TOPS_TITLE = SCRY_SOURCE_TEXT + 12 };
typedef struct tops_table {
    char titles[4][TOPS_TITLE];
    result_column columns[TOPS_COLUMNS];
} tops_table;
void baselines_tops(const cJSON *facts, tops_table *out);
/* The text above the table of baselines, with the table of tops in it; `mark` stands before that one. */
char *baselines_head(const cJSON *facts, const char *mark);

/* Whether a domain's change is at least twice its standard error. */
typedef enum change_doubt { CHANGE_UNKNOWN, CHANGE_CLEAR, CHANGE_IN_DOUBT } change_doubt;
change_doubt change_doubt_of(const scry_info *info, size_t domain, size_t train);
/* True when the measure's changes are the domains' changes. */
bool measure_is_chosen(const scry_info *info, size_t train, scry_measure measure);
/* Writes the measures that some domain has and that are not the chosen one, and returns their number. */
size_t measures_beyond_change(const scry_info *info, size_t train, scry_measure out[SCRY_MEASURES]);
/* A domain's change by a measure, with its standard error; NaN where it was not measured. */
double measured_change(const scry_info *info, size_t domain, size_t train, scry_measure measure, double *se);
/* Adds to a domain's object "change_se" and "change_note" where errors are known, and of each other measure M
 * "M_change" and "M_change_se". */
void add_measured_changes(cJSON *item, const scry_info *info, size_t domain, size_t train);
/* The columns of these: of the change's error, and of the other measures. Those that there are not have no key. Zero
 * it first; keys stay in it. */
typedef struct measured_columns {
    char key[SCRY_MEASURES][2][40];
    result_column error[3], others[2 * SCRY_MEASURES + 1];
} measured_columns;
void measured_columns_of(const scry_info *info, size_t train, measured_columns *out);

/* What an index holds. */
cJSON *info_result(const scry_index *index);
/* The columns of the list in it that is shown as a table; returns the list's key: "captures", or "domains" for a study
 * of scores alone, where a score that it does not give stays empty. */
typedef struct info_columns {
    result_column columns[SCRY_SCORES + 7];
} info_columns;
const char *info_list(const scry_index *index, info_columns *out);
/* The pairs of an index: [{"base", "capture", "tokens": [of base, of the capture], "paired", "samples",
 * "paired_samples", "by_text", "identical"}], empty in an index that was made before they were counted. */
cJSON *pairs_list(const scry_index *index);
/* Calls line once for each pair of a training set's captures, and for those of a domain's that lost a token. */
typedef void pairs_line(const char *text, void *context);
void pairs_lines(const scry_index *index, pairs_line *line, void *context);
/* The text above that table. */
char *info_head(const scry_index *index);
/* All of it as text; `mark` stands before the table. */
char *info_text(const scry_index *index, const char *mark);

/* One index of a comparison, with the name of its file as given and that of its study, its selection being s->set, the
 * first `top` of the ranking. NULL when cancelled. */
cJSON *compare_row(const selection_context *s, const char *file, const char *study, uint32_t top,
                   const scry_scope *scope, const scry_cancel *cancel);
extern const result_column compare_columns[];
/* The text above the table; row: the first one. */
char *compare_head(const cJSON *row, const char *metric, uint32_t top, bool is_signed);

/* What was measured: {"base", "tuned", "change": the chosen measure, "clear": how many changes are at least twice their
 * error, ..., "domains": [{"name", "n", "samples", "change", "change_se", "clear", "accuracy_base", "accuracy_base_se",
 * "accuracy_tuned", "accuracy_tuned_se", "accuracy_change", "accuracy_change_se", the same of the other measures,
 * "perplexity_base", "perplexity_tuned", "loss_fall", "loss_fall_se", "left_out", "paired", "metric", "tasks"}]}; what
 * was not measured is null. */
cJSON *evaluation_result(const scry_evaluation *e);
/* The columns of "domains": all of them (CSV), or those of a table. Their keys and titles are written into it. */
enum { EVALUATION_COLUMNS = 64, EVALUATION_KEY = 40 };
typedef struct evaluation_columns {
    char keys[EVALUATION_COLUMNS][EVALUATION_KEY];
    result_column columns[EVALUATION_COLUMNS + 1];
    size_t count;
} evaluation_columns;
void evaluation_columns_all(evaluation_columns *out);
/* Adds to each domain the texts that the table shows of measures other than the chosen one. */
void evaluation_columns_table(cJSON *facts, const scry_evaluation *e, evaluation_columns *out);
/* The text above the table. */
char *evaluation_head(const scry_evaluation *e);

/* What a set does in the model: effects [D] of the selection, their correlation r, and those of random sets (NULL: none
 * were drawn). {"n", "value", "error", "scale", "precision", "domains": [{"name", "samples", "tokens", "left_out",
 * "loss", "loss_ablated", "difference", "se", "accuracy", "accuracy_ablated", "change", "fitted", "residual",
 * "random_mean", "random_sd", "random_rank"}], "mean_difference", then as add_rho has it, "random_without_train_mean"
 * and the like, "random_sets", "random_size", "match"}; the random sets' numbers at the end are of rho. With questions
 * each domain has "questions" and of each measure M of multiple choice (choice, choice_norm, letter) "M", "M_ablated",
 * "M_difference", "M_se". */
typedef struct ablation_facts {
    const selection_context *of;
    const scry_causal *causal;
    const scry_ablation *how;
    const scry_domain_effect *effects;
    const scry_result *result;
    const scry_random_ablation *random;
    bool match_rate;
    const scry_domain_choices *choices; /* [D]; NULL: no questions were asked */
} ablation_facts;
cJSON *ablation_result(const ablation_facts *a);
/* The columns of "domains". estimate: with that of abl, which the JSON has where there are effect columns; choices:
 * with multiple choice by likelihood. */
enum { ABLATION_COLUMNS = 18 };
void ablation_columns(bool random, bool estimate, bool choices, result_column out[ABLATION_COLUMNS]);
/* The text above the table. */
char *ablation_head(const cJSON *facts, bool is_signed);
/* "zeroed", "set to twice ...": how a set is ablated, for heads: "100 latents removed, the SAE's error kept". */
char *ablation_words(const scry_ablation *how, scry_precision precision, uint32_t latents);
/* Adds "value", "error", "scale" and "precision". */
void ablation_add_how(cJSON *facts, const scry_ablation *how, scry_precision precision);
/* {"over": "n", "value", ..., "points": [{"n", "difference", "accuracy_change", "random_mean", "random_sd",
 * "random_accuracy_change", "points", "pearson", "r2", "spearman", "p_value"}]}, and its columns. */
cJSON *ablation_points_result(const scry_ablation *how, scry_precision precision, const scry_ablation_point *points,
                              size_t count);
extern const result_column ablation_points_columns[], ablation_points_random_columns[];

/* How estimates of ablation follow exact runs: adds "top", "sets" and "agreement": [{"n", "toggles", "sets",
 * "estimate", "estimate_least", "slope", "first_order", "anchored", "anchored_least", "change"}], whose columns these
 * are. */
void add_effect_agreement(cJSON *facts, const scry_effect_agreement *rows, size_t count);
extern const result_column effect_agreement_columns[];

/* Adds how well an SAE reconstructs: l0, explained_variance, fvu, mse, cosine, dead, dense; and the columns for them.
 */
void add_quality(cJSON *facts, const scry_sae_quality *q);
/* Adds max_norm_ratio, outliers, outlier_share, outlier_variance_share, outliers_kept; and "without_outliers" and
 * "with_outliers", two objects with tokens and what add_quality adds; and the columns for the numbers. */
void add_outliers(cJSON *facts, const scry_sae_evaluation *e);
/* clang-format off */
#define OUTLIER_COLUMNS                                                                                                \
    {"outliers", "outliers", "%.0f", 0}, {"outlier_share", "outlier share", "%.4f", 0},                                \
    {"outlier_variance_share", "outlier variance", "%.4f", 0}
/* clang-format on */
/* Writes the explained variance as text into `out`, and returns it. */
enum { QUALITY_EXPLAINED = 64 };
const char *quality_explained(const scry_sae_quality *q, char out[QUALITY_EXPLAINED]);
/* clang-format off */
#define QUALITY_COLUMNS                                                                                                \
    {"l0", "L0", "%.2f", 0}, {"explained_variance", "explained variance", "%.4f", 0}, {"fvu", "FVU", "%.4f", 0},       \
    {"mse", "MSE", "%.4g", 0}, {"cosine", "cosine", "%.4f", 0}, {"dead", "dead", "%.4f", 0}, {"dense", "dense", "%.4f", 0}
/* clang-format on */

#endif
