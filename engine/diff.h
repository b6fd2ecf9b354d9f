/* diff.h: where a tuned model speaks differently from the base model, token by token.
 *
 * Both models read the same texts. With p the tuned model's distribution of the next token and q the base model's,
 * each given all before it, a token that counts has
 *
 *     KL     sum over the vocabulary of p ln (p / q), in nats: KL(tuned || base)
 *     gain   ln p - ln q of the token that stands there: the change of its log-likelihood
 *     differs  1 where p and q have another most likely token (the lowest of equal ones), else 0
 *
 * A group is the texts of a training set or a domain: its figures are means over the tokens that count, those of
 * responses (where a text does not say where its response begins, all tokens but the first), or all but the first, each
 * with the standard error of a ratio over its samples (stats/ratio_error.h).
 *
 * Distributions are compared in double, as many tokens at a time as memory allows; what depends on the vocabulary is
 * kept as sums. Results do not depend on threads or memory. A scry_diff is read by any thread. */
#ifndef SCRY_DIFF_H
#define SCRY_DIFF_H

#include "base/cancel.h"
#include "correlation.h"
#include "model.h"

/* What makes a place great. BY(enumerator, name, help) */
#define SCRY_DIFF_BY_TABLE(BY)                                                                                         \
    BY(SCRY_DIFF_KL, "kl", "the largest KL")                                                                           \
    BY(SCRY_DIFF_LOSS, "loss", "the largest change of the log-likelihood of the token that stands there, up or down")
typedef enum scry_diff_by {
#define BY(id, ...) id,
    SCRY_DIFF_BY_TABLE(BY)
#undef BY
        SCRY_DIFF_BYS
} scry_diff_by;

typedef struct scry_diff_query {
    const scry_index *index;  /* whose texts are read: those of the training set and the domains. NULL: files */
    const char *study;        /* the manifest or its folder, where token files are; NULL: as the index knows it */
    size_t train;             /* the training set */
    const bool *domains;      /* [D] those to read; NULL: all */
    const char *const *files; /* [file_count] "NAME=FILE", or FILE with a group for each of its categories */
    size_t file_count;
    const char *chat_template; /* of files, as in scry_evaluation_query */
    scry_bos bos;
    const char *model;     /* the base model's folder; NULL: scry_info.model_path */
    const char *tuned;     /* the tuned model's, or a LoRA adapter's; NULL: that of the training set's sft, else rl */
    const double *amplify; /* scry_model_amplify of the tuned model; NULL: as it is */
    bool all_tokens;       /* all tokens but the first of a text count, instead of its response's */
    size_t samples;        /* of a group, at most, drawn by the seed; 0: all */
    uint64_t seed;
    scry_diff_by by;
    uint32_t places;  /* that are kept, at most */
    unsigned threads; /* 0: all processors */
    uint64_t memory;  /* limit in bytes; 0: SCRY_MEMORY */
} scry_diff_query;

typedef struct scry_diff_group {
    const char *name;
    bool is_train;
    size_t samples, left_out; /* that were read, and that the models cannot read */
    uint64_t tokens;          /* that count */
    double kl, kl_se, gain, gain_se, differs, differs_se;
    double loss_base, loss_tuned; /* nats a token */
} scry_diff_group;

enum { SCRY_DIFF_NEXT = 3 };
/* A token that counts. */
typedef struct scry_diff_place {
    size_t group;
    uint32_t sample;     /* within the group's texts, as they lie in the study or file */
    const uint32_t *ids; /* [count] the text as the models read it */
    size_t count, at;    /* ids[at] is the token that stands there */
    double kl, gain;
    struct {
        uint32_t id;
        double probability;
    } next[2][SCRY_DIFF_NEXT]; /* of base and tuned, most probable first */
} scry_diff_place;

typedef struct scry_diff {
    const char *base, *tuned; /* folders; tuned may be an adapter's */
    size_t groups;
    scry_diff_group *group; /* [groups] the training set's first, if it has texts; then domains that were asked for */
    size_t place_count;
    scry_diff_place *place; /* [place_count] the greatest first; ties as the texts lie */
    uint64_t seed;
} scry_diff;

/* Runs both models over the texts. NULL and err, which says what is missing and how to name it, where no model or no
 * tuned model is named, their vocabularies differ, there is no text, or memory does not suffice; and when cancelled.
 * Notes (may be NULL) receive texts that were left out, and why. Borrows the index. */
scry_diff *scry_diff_run(const scry_diff_query *query, const scry_cancel *cancel, scry_notes *notes, scry_error *err);
void scry_diff_free(scry_diff *diff); /* accepts NULL */
/* The text of a token, as it stands in a text (may hold part of a character), or NULL. Borrowed. */
const char *scry_diff_piece(const scry_diff *diff, uint32_t id);

/* A token of the vocabulary, over the tokens that count of a group. */
typedef struct scry_diff_word {
    uint32_t id;
    double probability; /* mean of p - q */
    double pushed;      /* share of tokens at which it is among the SCRY_DIFF_PUSHED largest differences of logits,
                           tuned minus base */
} scry_diff_word;
enum { SCRY_DIFF_PUSHED = 20 };
#define SCRY_DIFF_ALL SIZE_MAX /* in place of a group: all of them together, each token alike */
/* Writes the tokens that gained most to gained[most], and those that lost most to lost[most], by probability, ties by
 * id; returns how many each has, at most the vocabulary. */
size_t scry_diff_vocabulary(const scry_diff *diff, size_t group, size_t most, scry_diff_word *gained,
                            scry_diff_word *lost);

/* Correlates the domains' KL (SCRY_DIFF_KL) or the fall of their log-likelihood (SCRY_DIFF_LOSS: -gain) with the
 * measured change, as scry_result_fit does with a score, and adds what scry_result_finish_values adds. It is after the
 * fact: it needs the tuned model. Owner: scry_result_free. */
void scry_diff_result(scry_result *r, const scry_diff *diff, scry_diff_by by, const scry_index *index,
                      const scry_scope *scope);

#endif
