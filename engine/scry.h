/* scry.h: the public interface of the engine, which needs neither a terminal nor a command line.
 *
 * Data flows one way: a study's manifest is compiled into an index (scry_index_build, a .scry file); scry_open maps it;
 * scry_rank orders its latents by shift; a scry_set selects some of them; a scry_scorer adds up their contributions to
 * each domain, the STS; correlation.h relates the STS to the measured change. Beyond this chain stand analysis.h
 * (sweeps, bootstrap, attribution), baselines.h, latent.h (everything about one latent), sets.h (named sets), labels.h,
 * export.h, session.h (all of it with undo), train.h and synth.h.
 *
 * F is the number of latents (d_sae), D the number of domains; arrays are indexed by latent [F], by domain [D], or by
 * latent and domain [F][D]. A training set is a number below scry_info.trains, a source a condition other than base.
 *
 * Errors: a function that can fail takes a scry_error (may be NULL), and returns false or NULL after filling it; what
 * it would have allocated does not exist then. Ownership: what a _new, _open or _copy function returns belongs to the
 * caller and goes with the _free or _close of the same name; other pointers are borrowed from the index and valid until
 * scry_close. Threads: an open index may be read by any number of threads at once; everything else by one at a time.
 *
 * Formulas: "STS paper" is arXiv 2603.02908, "SAE as a Crystal Ball: Interpretable Features
 * Predict Cross-domain Transferability of LLMs without Training". */
#ifndef SCRY_H
#define SCRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "measures.h"
#include "metrics.h"
#include "scores.h"

/* ---- names ---------------------------------------------------------------------------------- */

/* The condition under which a capture was taken: base, the model as it is; or a source, which moves latents. icl:
 * demonstrations stand in front of the same text; sft, rl: the tuned models; control: as many tokens of unrelated text
 * stand in front. Manifests, names and help follow the table; a new source is its last row. */
#define SCRY_SOURCE_TABLE(SOURCE)                                                                                      \
    SOURCE(SCRY_ICL, "icl")                                                                                            \
    SOURCE(SCRY_SFT, "sft")                                                                                            \
    SOURCE(SCRY_RL, "rl")                                                                                              \
    SOURCE(SCRY_CONTROL, "control")

typedef enum scry_condition {
    SCRY_BASE,
#define SOURCE(id, name) id,
    SCRY_SOURCE_TABLE(SOURCE)
#undef SOURCE
        SCRY_CONDITIONS
} scry_condition;

/* "icl|sft|..." and "base|icl|...", for the values of options; &[1] leaves out the first bar. */
#define SCRY_SOURCE_BARRED(id, name) "|" name
#define SCRY_SOURCE_VALUES           (&SCRY_SOURCE_TABLE(SCRY_SOURCE_BARRED)[1])
#define SCRY_CONDITION_VALUES        "base" SCRY_SOURCE_TABLE(SCRY_SOURCE_BARRED)

/* A reference: what a source is compared with. base; or control, after which only what the demonstrations say is left
 * of icl, since any text in front moves every token. */
typedef enum scry_reference { SCRY_AGAINST_BASE, SCRY_AGAINST_CONTROL, SCRY_REFERENCES } scry_reference;
/* Its condition. */
scry_condition scry_reference_condition(scry_reference r);

/* How tokens of two conditions are paired: by text within a sample, by sample (means over it), or by row number. */
typedef enum scry_pairing { SCRY_PAIR_TOKEN, SCRY_PAIR_SAMPLE, SCRY_PAIR_ROW, SCRY_PAIRINGS } scry_pairing;

/* The short names used in files, commands and on the screen: "base", "icl", "sq", "act2", ... */
const char *scry_condition_name(scry_condition c);
const char *scry_pairing_name(scry_pairing p);
/* The enum's value for a name, or -1. */
int scry_condition_of(const char *name);
int scry_pairing_of(const char *name);
/* Writes the sources (the conditions other than base) or the pairings as "icl, sft or ...", each between quotes ("" for
 * none), and returns out. */
const char *scry_source_choices(char out[SCRY_CHOICES], const char *quote);
const char *scry_pairing_choices(char out[SCRY_CHOICES], const char *quote);
/* The same of all conditions, base among them. */
const char *scry_condition_choices(char out[SCRY_CHOICES], const char *quote);

/* The version of scry, "1.2.3". */
const char *scry_version(void);

/* ---- building an index ---------------------------------------------------------------------- */

/* Called periodically while an index is built, on the caller's thread; returns false to cancel. done and total are in
 * tokens; total 0: how much there is to do is not known. */
typedef bool (*scry_progress)(void *context, const char *step, uint64_t done, uint64_t total);

typedef struct scry_build_options {
    unsigned threads;       /* 0: all processors */
    uint64_t memory;        /* limit in bytes; 0: SCRY_MEMORY */
    uint32_t shard, shards; /* index only this shard of the latents, 1..shards; shards 0: all latents */
    uint32_t candidates;    /* N: encode the domains only on the candidates, see scry_is_scored; 0: on all latents */
    bool allow_nonfinite;   /* take NaN and infinity in the input as 0 instead of refusing it */
    bool keep_outliers;     /* count outlier rows of residuals like any other */
    double max_norm_ratio;  /* at least 1; 0: SCRY_MAX_NORM_RATIO */
    scry_progress progress; /* may be NULL */
    void *context;
} scry_build_options;

#define SCRY_MEMORY ((uint64_t)2 << 30)
/* A residual whose norm is above this many times the median norm of its capture is an outlier. */
#define SCRY_MAX_NORM_RATIO 10.0

typedef struct scry_build_result {
    uint32_t latents;
    uint64_t tokens;   /* rows read, over all captures */
    uint64_t nnz;      /* nonzero activations kept */
    uint64_t outliers; /* rows found by their norm, left out unless keep_outliers */
    double seconds;
} scry_build_result;

/* Compiles a study's manifest into an index at `out`, by atomic replacement: after an error, or when progress has
 * cancelled, an older file is as it was. Adds warnings to notes (may be NULL). */
bool scry_index_build(const char *study_path, const char *out, const scry_build_options *options,
                      scry_build_result *result, scry_notes *notes, scry_error *err);

/* Writes the place of an SAE as "sae" into a manifest, by atomic replacement; every other byte stays. An old value is
 * replaced. False and err when the manifest is no JSON object or cannot be written. */
bool scry_study_set_sae(const char *study_path, const char *sae, scry_error *err);
/* False and err where that would fail. */
bool scry_study_can_set_sae(const char *study_path, scry_error *err);

/* Merges the shards of one index, given in any order, into the very bytes that one run would have written. Where a
 * shard keeps no logits, or those of another model, the index keeps none (logits.h). */
bool scry_merge(char *const *paths, size_t count, const char *out, scry_error *err);

/* The path at which the index of a manifest is cached: $XDG_CACHE_HOME/scry/KEY.scry, where KEY is a hash of the
 * manifest and of every file that it names. NULL and err when a file is missing. The caller frees it. */
char *scry_cache_path(const char *study_path, scry_error *err);

/* True when the path lies in the folder of the cache: its name is a key. */
bool scry_is_cache_path(const char *path);

/* True when the file begins with the magic bytes of an index. */
bool scry_is_index(const char *path);

/* ---- an open index -------------------------------------------------------------------------- */

typedef struct scry_index scry_index;

/* How a capture and its group's base found each other; [0]: of base, [1]: of the capture. Demonstrations, and tokens
 * whose partner is left out by skip_first or exclude, are not counted. */
typedef struct scry_pair_counts {
    uint64_t tokens[2], paired[2];       /* tokens (paired by sample: of samples); those of them that have a partner */
    uint64_t samples[2], paired_samples; /* samples with such a token; 0 where rows are paired */
    uint64_t by_text;                    /* sample pairs that were made by their text, against or without their ids */
    uint64_t elsewhere;                  /* base samples without a partner whose text has another id in the capture */
    uint64_t misplaced; /* paired by sample: pairs of different text, where base's text has another id */
} scry_pair_counts;

typedef struct scry_capture_info {
    const char *name; /* "train.base", "math.icl" */
    scry_condition condition;
    int group;           /* domain number; of training set t: -1 - t */
    uint64_t rows, kept; /* tokens in the file; those left after skip_first, exclude and outliers */
    uint32_t samples;
    uint64_t nnz;
    double l0;       /* mean number of active latents per kept token; NaN where not all latents were encoded */
    bool has_tokens; /* the study has the text of its tokens */
    uint64_t negative, nonfinite; /* activations below 0; values that were taken as 0 */
    double norm_share;            /* residuals: largest share of the sum of |x|^2 held by one token text, */
    uint32_t norm_piece;          /* and the number of that text (scry_piece) */
    /* Residuals: rows whose norm is above scry_info.max_norm_ratio times the median norm of the capture. */
    bool outliers_known;               /* looked for: not in features, nor in an index of an earlier version */
    uint64_t outliers, outliers_first; /* how many; those at the first position of a sample */
    double outlier_variance;           /* their share of sum |x - mean|^2; NaN where there is none */
    uint64_t padding;                  /* rows of [samples, positions, width] that were left out as padding */
    bool identical[SCRY_CONDITIONS];   /* to its group's capture under that condition, to the bit, on all paired rows */
    bool has_pairs; /* false for base and the reference, and in an index that was made before pairs were counted */
    scry_pair_counts pairs; /* with its group's reference (scry_info.against) */
    const char *minus;      /* the first file whose rows were subtracted from the capture's, as the manifest has it, */
    size_t minus_files;     /* and how many files it is; "" and 0 for captures that are no differences */
} scry_capture_info;

typedef struct scry_train_info {
    const char *name;
    bool has[SCRY_CONDITIONS];       /* has[SCRY_ICL]: icl is a source that can be ranked; [SCRY_BASE]: base alone is */
    bool identical[SCRY_CONDITIONS]; /* it was captured, but is equal to the reference to the bit: it is no source */
    uint64_t pairs[SCRY_CONDITIONS]; /* tokens (or samples) paired with the reference */
    const char *tuned_path[SCRY_CONDITIONS]; /* folder of the model (or LoRA adapter) of sft and rl; "": not said */
} scry_train_info;

typedef struct scry_domain_info {
    const char *name;
    bool has_icl;            /* an icl capture that is not equal to the reference to the bit */
    double *change;          /* [trains] measured change in percentage points, NaN where absent */
    double *change_se;       /* [trains] its standard error, NaN where absent */
    scry_measured *measured; /* [trains][SCRY_MEASURES] all that was measured; NULL: nothing but the change */
} scry_domain_info;

/* The contents of an index. */
typedef struct scry_info {
    const char *path, *name, *model, *hook, *sae; /* "" where the manifest has none */
    const char *model_path; /* the model's folder, "": not said. Found from where the study was, else from where
                               the index is; it need not exist */
    const char *sae_path, *sae_format; /* the SAE's folder or file, found as model_path is, and the family that the
                                          study says it is of; "": not said, as in indexes of earlier versions */
    const char *capture_settings;      /* "capture" of the manifest, what scry capture says of itself, as JSON, or "" */
    uint32_t d_sae, d_model;           /* d_model 0 when the captures held features */
    scry_pairing pairing;
    bool is_signed;
    uint32_t candidates, scored_latents; /* candidates 0: every latent is scored; else see scry_is_scored */
    uint32_t k;                          /* of a TopK SAE, else 0 */
    bool folded;                         /* decoder rows have norm 1, or there is no SAE */
    double input_scale;                  /* the SAE reads residuals times this, and its decoder is in those units */
    const char *input;                   /* how the SAE normalises residuals: "", "constant norm", "layer norm" */
    bool difference;                     /* the captures are differences of paired residuals: latents are those of a
                                            dictionary of differences, which reads no stream */
    bool outliers_kept;                  /* outlier rows count like any other; else they are left out */
    double max_norm_ratio;               /* beyond which a row is one; NaN where none were looked for */
    size_t trains, domains, captures, notes;
    scry_train_info *train;
    scry_domain_info *domain;
    scry_capture_info *capture;
    const char **note; /* [notes] warnings from when it was built */
    uint64_t tokens, nnz, file_size;
    scry_reference against; /* what sources are compared with here: base, unless scry_index_against chose another */
} scry_info;

/* Maps an index. NULL and err for a foreign, cut or damaged file. verify: check the checksum of every section, which
 * reads the whole file; else only of those needed to open it. */
scry_index *scry_open(const char *path, bool verify, scry_error *err);
/* Closes an index; by way of any of its views, all of it. Accepts NULL. */
void scry_close(scry_index *index);
const scry_info *scry_index_info(const scry_index *index);

/* The same index with its sources compared with this reference, and all that follows from it: sources, pairs, shifts,
 * firing rates, the score icl, raw dimensions, and whatever reads them. Base is what scry_open gives. The view belongs
 * to the index, shares its file and labels, and costs nothing. NULL and err, which says what to do, where no training
 * set has a capture under the condition. */
scry_index *scry_index_against(const scry_index *index, scry_reference reference, scry_error *err);
/* True when that succeeds. */
bool scry_has_reference(const scry_index *index, scry_reference reference);
/* The reference of a name, "base" or "control", or -1; and all names as a choice, as scry_source_choices. */
int scry_reference_of(const char *name);
const char *scry_reference_name(scry_reference r);
const char *scry_reference_choices(char out[SCRY_CHOICES], const char *quote);
#define SCRY_REFERENCE_VALUES "base|control" /* for the help of options */

/* True for the manifest of a scores-only study: without "train", and with numbers ("sts") in its domains instead of
 * captures. It needs no index. */
bool scry_is_scores_only(const char *study_path);
/* Opens one as an index of domains with their scores and changes, without latents (d_sae 0) and captures, and with one
 * training set without a name. Functions that take a latent or a ranking must not be called with it. */
scry_index *scry_open_scores(const char *study_path, scry_error *err);
/* The scores that such a study gives [D], NaN where absent; NULL for an index, and for a score that no domain gives. */
const double *scry_given_scores(const scry_index *index, scry_score score);

/* Name and size of section i of the file, from 0; false past the last one. Sections, a header, the table of sections
 * and less than 64 bytes of padding after each add up to scry_info.file_size. */
bool scry_section(const scry_index *index, size_t i, const char **name, uint64_t *bytes);

/* Content fingerprint of an index, independent of its path: a hash of the names, sizes and checksums of its sections,
 * so that it costs nothing however large they are; of a scores-only study, of its manifest. */
uint64_t scry_fingerprint(const scry_index *index);

/* True when a tenth or more of the tokens or samples of either side has no partner. */
bool scry_pairs_lost(const scry_pair_counts *pairs);
/* The pairs with a reference as a sentence, "15 of 600 tokens, 1 of 40 samples"; where the sides hold different
 * numbers, both. Writes to out and returns it. */
enum { SCRY_PAIRS_TEXT = 240 };
const char *scry_pairs_text(const scry_pair_counts *pairs, scry_reference against, char out[SCRY_PAIRS_TEXT]);

/* Adds to notes the index's own, and then the usual signs of a wrong dump with their figures: L0 far from k, negative
 * features, density, one dominating token, decoder norms not folded, ties at rank 100, paired rows of different tokens.
 */
void scry_warnings(const scry_index *index, scry_notes *notes);

/* Writes the sources of a training set to out, in the order of the enum, and returns their number. */
int scry_train_sources(const scry_index *index, size_t train, scry_condition out[SCRY_CONDITIONS]);
/* False and err, which says why, when the training set has no such source: the condition was not captured, or is equal
 * to base. */
bool scry_require_source(const scry_index *index, size_t train, scry_condition source, scry_error *err);
/* Writes the source by which the training set is ranked unless another is asked for: the first there is, or SCRY_BASE
 * where none was captured. False and err when all are equal to base. */
bool scry_default_source(const scry_index *index, size_t train, scry_condition *source, scry_error *err);
/* The metric that goes with a source unless another is asked for: SCRY_MEAN of base alone, else SCRY_SQ. */
scry_metric scry_default_metric(scry_condition source);
/* A metric's title by what it ranks: scry_metrics[metric].title, or .base_title. */
const char *scry_metric_title(scry_metric metric, scry_condition source);
/* True when the index holds the score's contributions (or the study its numbers): not where no domain has the capture
 * that it needs, nor in an index that was made before there was such a score; of an estimate, when effect columns are
 * in use (effects.h). */
bool scry_has_score(const scry_index *index, scry_score score);
/* The same, with an error that gives the reason. */
bool scry_require_score(const scry_index *index, scry_score score, scry_error *err);
/* False and err, which says what to add, when the study has no domains: nothing can be scored then. */
bool scry_require_domains(const scry_index *index, scry_error *err);
/* True when the domain has the captures that the score needs. */
bool scry_domain_has_score(const scry_index *index, scry_score score, size_t domain);

/* Base as a source: the functions that take one take SCRY_BASE as well. It moves latents from 0, so that its shifts are
 * activations (scry_metrics[].base_definition), over all kept tokens of the training set's base; its mean_shifted and
 * rate_shifted are NaN. */

/* Shifts [F] of a training set and source; NULL when there is no such source. In the file, or (MEAN and RATE) computed
 * on first use and kept by the index. */
const double *scry_shift(const scry_index *index, size_t train, scry_condition source, scry_metric metric);
/* The shift of one latent, without computing the array; 0 when there is no such source. */
double scry_shift_of(const scry_index *index, size_t train, scry_condition source, scry_metric metric, uint32_t latent);
/* Over the pairs: mean activation under the reference and under the source, and the firing rates (share of tokens with
 * h > 0).
 */
double scry_mean_base(const scry_index *index, size_t train, scry_condition source, uint32_t latent);
double scry_mean_shifted(const scry_index *index, size_t train, scry_condition source, uint32_t latent);
double scry_rate_base(const scry_index *index, size_t train, scry_condition source, uint32_t latent);
double scry_rate_shifted(const scry_index *index, size_t train, scry_condition source, uint32_t latent);

struct scry_set;
/* A latent's contributions to the domains [D] (scores.h), of an estimate that of the latent alone; NULL when the index
 * has no such score. */
const float *scry_contribution(const scry_index *index, scry_score score, uint32_t latent);
/* True when the latent's contributions are known. An index made with candidates N has encoded the domains only on the
 * scry_info.scored_latents that are among the first N of a ranking by some metric, source and training set; of the
 * others the shifts are known, and the contributions are NaN. */
bool scry_is_scored(const scry_index *index, uint32_t latent);
/* False and err, which names a latent, when the set holds one that is not scored. */
bool scry_require_scored(const scry_index *index, const struct scry_set *set, scry_error *err);
/* Limits n to the number of ranks that are scored: F, or in an index made with candidates their number. */
uint32_t scry_clip_top(const scry_index *index, uint32_t n);
/* Firing rate of a latent on a domain, counted in its postings; NaN when it is not scored. */
double scry_domain_rate(const scry_index *index, uint32_t latent, size_t domain);

/* ---- decoder -------------------------------------------------------------------------------- */

/* Copies the latent's decoder row to out[d_model], as the SAE's files have it; false when the index has no decoder. */
bool scry_decoder_row(const scry_index *index, uint32_t latent, float *out);
/* b_dec [d_model]; NULL when the index has no decoder. */
const float *scry_decoder_bias(const scry_index *index);

/* ---- ranking -------------------------------------------------------------------------------- */

/* All latents by |shift| descending, ties by latent ascending. */
typedef struct scry_ranking {
    size_t train;
    scry_condition source;
    scry_metric metric;
    scry_reference against; /* what the source was compared with */
    uint32_t latents;
    uint32_t *order;     /* [F] latent at each rank, from 0 */
    uint32_t *rank;      /* [F] rank of each latent */
    const double *shift; /* [F] by latent, in the index */
    double total;        /* sum of |shift| */
    double *cumulative;  /* [summed] cache of scry_cumulative */
    uint32_t summed;
} scry_ranking;

/* NULL and err when the training set has no such source. */
scry_ranking *scry_rank(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                        scry_error *err);
/* Ranks any n values as if they were shifts. Borrows them for as long as the ranking lives. */
scry_ranking *scry_rank_values(const double *shift, uint32_t n);
/* Share of the total |shift| that the ranks 0..rank hold. Extends the ranking's cache: one thread at a time. */
double scry_cumulative(const scry_ranking *ranking, uint32_t rank);
/* Ranks a source for its overlap with another: against the index's reference, but sft and rl against base. A tuned
 * model has no text in front, and two shifts from the same control would share what only control does. */
scry_ranking *scry_rank_for_overlap(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                                    scry_error *err);
/* "icl", or "icl against control". Writes to out and returns it. */
enum { SCRY_SOURCE_TEXT = 40 };
const char *scry_source_text(scry_condition source, scry_reference against, char out[SCRY_SOURCE_TEXT]);
/* The same of a score: "act"; "icl", or "icl against control". */
const char *scry_score_text(scry_score score, scry_reference against, char out[SCRY_SOURCE_TEXT]);
/* The first source of the training set other than the ranking's, or the ranking's own where it is the only one. */
scry_condition scry_other_source(const scry_index *index, const scry_ranking *ranking);
void scry_ranking_free(scry_ranking *ranking); /* accepts NULL */

/* ---- selection ------------------------------------------------------------------------------ */

/* A set of latents as a bit vector. */
typedef struct scry_set {
    uint32_t latents, count;
    uint64_t *bits;
} scry_set;

/* The length of scry_set.bits. */
static inline size_t scry_set_words(uint32_t latents) {
    return ((size_t)latents + 63) / 64;
}
scry_set *scry_set_new(uint32_t latents); /* the empty set */
scry_set *scry_set_copy(const scry_set *set);
void scry_set_free(scry_set *set);
static inline bool scry_set_has(const scry_set *set, uint32_t latent) {
    return set->bits[latent / 64] >> (latent % 64) & 1;
}
/* Adds or removes one latent. */
void scry_set_put(scry_set *set, uint32_t latent, bool in);
bool scry_set_equal(const scry_set *a, const scry_set *b);
/* The latents of the set in order of rank, [set->count]. The caller frees them. */
uint32_t *scry_set_by_rank(const scry_set *set, const scry_ranking *ranking);

/* Adds or removes the latents of a list such as "3,17,90-120". After an error, the entries before it are applied. */
bool scry_set_list(scry_set *set, const char *list, bool in, scry_error *err);

/* Adds the latents that a file lists. It holds whole numbers between commas, blanks or lines, ranges such as 90-120
 * too; or CSV with the column latent, and where it has included, only the rows with 1 are added and those with 0
 * removed; or JSON: a list of numbers or objects, or an object with such a list under "latents" or "features", or with
 * one set under "sets". In objects the number is under "latent" or "index", as scry's own --json and .json have it.
 * Adds to `listed` (may be NULL) every latent that the file names, in or out. After an error, the latents before it are
 * applied. */
bool scry_set_read(scry_set *set, scry_set *listed, const char *path, scry_error *err);

/* ---- score ---------------------------------------------------------------------------------- */

/* The contributions of a set of latents to each domain, summed exactly: the sums do not depend on the order of updates.
 * Of an estimate (scry_score_info.is_effect) the sums behind it, which effects.h describes, are as exact. */
typedef struct scry_scorer scry_scorer;

/* A scorer of the empty set. Borrows the index. */
scry_scorer *scry_scorer_new(const scry_index *index, scry_score score);
void scry_scorer_free(scry_scorer *scorer);
/* Makes the scorer's set equal to `set`. */
void scry_scorer_load(scry_scorer *scorer, const scry_set *set);
/* Adds a latent that is not in the scorer's set, or removes one that is (the caller keeps track); O(D). */
void scry_scorer_put(scry_scorer *scorer, uint32_t latent, bool in);
/* Use bulk mode from this many updates on. */
enum { SCRY_BULK_FROM = 512 };
/* In bulk mode updates are cheap, and scry_scorer_value must not be called. Ending it when it was not begun does
 * nothing. */
void scry_scorer_begin_bulk(scry_scorer *scorer);
void scry_scorer_end_bulk(scry_scorer *scorer);
/* The domain's STS: the sum of the contributions, or their mean over the set (scores.h). NaN when the domain lacks the
 * captures for this score. */
double scry_scorer_value(const scry_scorer *scorer, size_t domain);

/* A latent's part of a domain's STS, where `contribution` is its own in that domain (scry_contribution): the
 * contribution itself, or of a score that is a mean over the set, divided by the number of latents in it. A latent
 * outside the set counts as one of them: the part that it would have once switched in. Of an estimate
 * (scry_score_info.is_effect) it is that of the latent alone, and parts do not add up. */
double scry_score_part(scry_score score, double contribution, const scry_set *set, uint32_t latent);

/* ---- tokens --------------------------------------------------------------------------------- */

/* An activation and its place. */
typedef struct scry_example {
    uint32_t capture, sample;
    uint32_t position; /* within the sample */
    uint64_t token;    /* row within the capture */
    float activation;
} scry_example;

/* The number of a group's capture (scry_capture_info.group) under a condition, or -1. */
int scry_find_capture(const scry_index *index, int group, scry_condition condition);
/* The number of a capture by name ("train.base", "math.icl", "math" for math.base), or -1. */
int scry_find_capture_named(const scry_index *index, const char *name);

/* Writes the `top` strongest activations of a latent to out[top], strongest first, ties by capture, then row, and
 * returns their number. capture -1: of all captures. distinct: at most one per sample. */
size_t scry_top_tokens(const scry_index *index, uint32_t latent, int capture, bool distinct, size_t top,
                       scry_example *out);
/* Writes the activations of a latent on rows from..from + count of a capture to out[count]. */
void scry_activations(const scry_index *index, uint32_t latent, size_t capture, uint64_t from, size_t count,
                      float *out);
/* Number of nonzero activations of a latent over all captures. */
uint64_t scry_postings(const scry_index *index, uint32_t latent);
/* Writes the latents that are active anywhere to out[F], ascending, and returns their number. */
uint32_t scry_active_latents(const scry_index *index, uint32_t *out);

/* A token's text; "" when the study has no tokens. */
const char *scry_token(const scry_index *index, size_t capture, uint64_t row);
#define SCRY_NO_RESPONSE UINT32_MAX
/* A sample of a capture: rows first..first + count. */
typedef struct scry_sample {
    const char *id;
    const char *metadata; /* the other keys of its line in the token file, as JSON, or "" */
    uint64_t first;
    uint32_t count;
    uint32_t cut;      /* tokens at its beginning that the manifest's "rows" left out */
    uint32_t response; /* its first token, from 0, that belongs to the response; SCRY_NO_RESPONSE: not said */
} scry_sample;
scry_sample scry_sample_at(const scry_index *index, size_t capture, uint32_t sample);

/* A latent's label, or NULL; an edited one (labels.h) overrides the study's. */
const char *scry_label(const scry_index *index, uint32_t latent);
/* The nth key token, from 0: the distinct token texts (pieces) that hold most of the latent's activation, strongest
 * first; NULL past the last. */
enum { SCRY_KEY_PIECES = 3 };
const char *scry_key_piece(const scry_index *index, uint32_t latent, int nth);
/* The same as numbers of pieces, SCRY_NO_PIECE past the last. */
#define SCRY_NO_PIECE UINT32_MAX
void scry_key_pieces(const scry_index *index, uint32_t latent, uint32_t out[SCRY_KEY_PIECES]);
/* The number of pieces, and the text of one. */
uint32_t scry_pieces(const scry_index *index);
const char *scry_piece(const scry_index *index, uint32_t piece);

#include "correlation.h"

#endif
