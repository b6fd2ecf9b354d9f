/* evaluate.h: how much each domain changes from a base model to a tuned one, measured.
 *
 * Two sources: the two models themselves, run over the responses of a domain's texts (scry_evaluate_models); and result
 * files of lm-evaluation-harness (scry_evaluate_harness). Both give the same figures with standard errors, and
 * scry_evaluation_write puts them into a study: of each domain "change" and "change_se", which rho uses, and next to
 * them, by the measures' names, all that was measured:
 *
 *     "measured": {"accuracy": {"base": 62.1, "tuned": 69.3, "change": 7.2, "se": 1.4, "n": 1136, "samples": 20},
 *                  "loss": {"base": 1.78, "tuned": 1.52, "change": 4.9, "se": 1.1, "n": 1136, "samples": 20}, ...}
 *
 * In a study with several training sets "measured" is an object by training set, as "change" is. */
#ifndef SCRY_EVALUATE_H
#define SCRY_EVALUATE_H

#include "base/error.h"
#include "measures.h"
#include "model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what was measured ---------------------------------------------------------------------- */

typedef struct scry_domain_evaluation {
    char *name;
    scry_measured measured[SCRY_MEASURES];
    double loss_fall, loss_fall_se; /* loss of base minus that of tuned, in nats */
    uint64_t left_out;              /* samples in which nothing could be measured */
    char *metric;                   /* benchmark: its name in the results, "acc,none"; else NULL */
    char **tasks;                   /* benchmark: [task_count] the tasks that make up the domain */
    size_t task_count;
    bool paired; /* change_se is that of the differences on the same samples */
} scry_domain_evaluation;

typedef struct scry_evaluation {
    scry_measure chosen; /* the one that is the domains' change */
    char *train;         /* the training set whose tuned model it is; NULL: a study's only one, or no study */
    char *base, *tuned;  /* models or result files; tuned NULL: only the base model was measured */
    size_t count;
    scry_domain_evaluation *domains; /* [count] */
    uint32_t draws;                  /* of the bootstrap, and its seed; 0: of result files */
    uint64_t seed;
    uint64_t tokens; /* that the models were run on */
    double seconds;
} scry_evaluation;

void scry_evaluation_free(scry_evaluation *e); /* accepts NULL */

/* ---- from result files of lm-evaluation-harness --------------------------------------------- */

typedef struct scry_harness_query {
    const char *results[2]; /* of the base and the tuned model: a file, or a folder that holds one results_*.json */
    const char *samples[2]; /* the folder of its samples_*.jsonl, or such a file; NULL: next to the results */
    const char *metric;     /* "acc", "acc,none", ...; NULL: the first known one that both have */
    const char *study;      /* a manifest, whose domains are looked for among the tasks; NULL: every task is a domain */
    const char *const *tasks; /* [task_count] "DOMAIN=TASK,TASK": tasks of a domain, instead of those found by name */
    size_t task_count;
    const char *train; /* the study's training set; NULL: its only one */
} scry_harness_query;

/* Reads both files and pairs their samples where they have them. Domains without a task, and errors that could not be
 * paired, are told in notes. NULL and err for files that are no results, for a metric that they lack, for a domain that
 * fits several tasks, and when no domain has a task. */
scry_evaluation *scry_evaluate_harness(const scry_harness_query *query, scry_notes *notes, scry_error *err);

/* ---- from models ---------------------------------------------------------------------------- */

typedef struct scry_evaluation_query {
    const char *model;        /* folder of the base model; NULL: the study's model_path */
    const char *tuned;        /* of the tuned model; NULL with adapter NULL: the study's sft_path, or rl_path, if any */
    const char *adapter;      /* a LoRA adapter of the base model, in the place of tuned */
    const double *amplify;    /* scry_model_amplify of the tuned model; NULL: as it is */
    const char *study;        /* a manifest, whose domains' token files are the texts; NULL: files */
    const char *const *files; /* [file_count] "NAME=FILE", or FILE with a domain for each of its categories */
    size_t file_count;
    const char *into, *out;    /* what scry_evaluation_write will be asked for, so that it is checked before the models
                                  run; NULL: nothing */
    const char *train;         /* the study's training set; NULL: its only one */
    const char *chat_template; /* "none", a template's name, or NULL: one where lines are messages */
    scry_bos bos;
    scry_measure change; /* the measure that is the domains' change */
    uint32_t max_length; /* tokens of the longest sequence; 0: the models' context */
    uint32_t samples;    /* of each domain, drawn by the seed; 0: all */
    uint32_t draws;      /* of the bootstrap; 0: SCRY_DRAWS of analysis.h */
    uint64_t seed;
    unsigned threads; /* as in scry_run_options */
    uint64_t memory;
    bool (*progress)(void *context, const char *step, uint64_t done, uint64_t total); /* as scry_progress */
    void *context;
} scry_evaluation_query;

/* Runs the base model, then the tuned one, over the responses of the texts, and over the options of multiple-choice
 * questions in their place. Errors are those of the bootstrap over texts, the same ones for both models
 * (stats/paired.h); without a tuned model the figures are those of base alone. Texts that were cut or left out are told
 * in notes. NULL and err for models and texts that cannot be read, models whose tokenizers differ, a measure that some
 * domain does not have, and when cancelled. */
scry_evaluation *scry_evaluate_models(const scry_evaluation_query *query, scry_notes *notes, scry_error *err);

/* ---- into a study --------------------------------------------------------------------------- */

/* Writes the manifest `study` with the changes to `out` (which may be the same file, replaced atomically). Of each
 * domain of that name it sets "change", "change_se" (removed where it is not known) and "measured"; all other bytes
 * stay as they are. Notes tell of domains that keep the change they had. False and err when the study lacks a domain of
 * the evaluation, or nothing was measured for one. */
bool scry_evaluation_write(const scry_evaluation *e, const char *study, const char *out, scry_notes *notes,
                           scry_error *err);

#endif
