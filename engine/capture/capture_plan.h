/* capture/capture_plan.h: what will be captured: the texts of each group as ids, what stands in front of them, and the
 * captures in their order. Nothing of it depends on memory, threads, shards, or what is there already. */
#ifndef SCRY_CAPTURE_CAPTURE_PLAN_H
#define SCRY_CAPTURE_CAPTURE_PLAN_H

#include "capture.h"
#include "capture/item_encoding.h"

/* CONDITION(enumerator, condition, model, of training sets only)  in the order in which a group is captured */
#define CAPTURE_CONDITION_TABLE(CONDITION)                                                                             \
    CONDITION(CAPTURE_BASE, SCRY_BASE, CAPTURE_MODEL, false)                                                           \
    CONDITION(CAPTURE_ICL, SCRY_ICL, CAPTURE_MODEL, false)                                                             \
    CONDITION(CAPTURE_CONTROL, SCRY_CONTROL, CAPTURE_MODEL, false)                                                     \
    CONDITION(CAPTURE_SFT, SCRY_SFT, CAPTURE_TUNED, true)                                                              \
    CONDITION(CAPTURE_RL, SCRY_RL, CAPTURE_TUNED_RL, true)

typedef enum capture_condition {
#define CONDITION(id, ...) id,
    CAPTURE_CONDITION_TABLE(CONDITION)
#undef CONDITION
        CAPTURE_CONDITIONS
} capture_condition;
/* As scry_condition_name. */
const char *capture_condition_name(capture_condition condition);

/* The last part of a folder's path, whatever it is written as; the caller frees it. */
char *capture_folder_name(const char *path);

typedef enum capture_model_role { CAPTURE_MODEL, CAPTURE_TUNED, CAPTURE_TUNED_RL, CAPTURE_MODELS } capture_model_role;

typedef struct capture_model {
    char *folder, *adapter; /* folder NULL: there is none; adapter may be NULL */
    uint64_t fingerprint;
    uint32_t context, d_model;
} capture_model;

/* A text of which tokens become rows. */
typedef struct capture_sample {
    size_t item;              /* in the group's file */
    uint32_t *ids;            /* [count] its own tokens, cut */
    uint32_t count, response; /* response: its first token, count: none */
    uint32_t first;           /* token that becomes the first row */
    uint32_t head;            /* number in the group's heads */
} capture_sample;

typedef struct capture_group {
    const corpus_group *texts; /* borrowed from the plan's list */
    char *stem;                /* of its files */
    bool is_train;
    text_rule rule;
    capture_sample *sample;
    size_t count;
    uint64_t rows;
    uint32_t longest;  /* of the samples */
    scry_tokens *head; /* [heads] what stands in front of everything: distinct ones */
    size_t heads;
    size_t demos;      /* demonstrations in front; 0: no icl */
    scry_tokens shown; /* their tokens, in order; none where they are those before each text */
    scry_tokens control;
    size_t *at;      /* demos_previous: [texts->count + 1] where each of the file's texts begins in `all` */
    scry_tokens all; /* demos_previous: every text of the file as it stands in front of others */
} capture_group;

typedef struct capture_unit {
    size_t group;
    capture_condition condition;
    char *name, *path; /* "train.base"; acts/train.base.safetensors within the folder */
} capture_unit;

typedef struct capture_plan {
    const scry_capture_options *options;
    scry_notes *notes;
    scry_hook hook;
    scry_tokenizer *tok;
    capture_model model[CAPTURE_MODELS];
    uint32_t limit; /* longest sequence */
    corpus_groups train, domains, demos;
    capture_group *group; /* [groups] the training set first */
    size_t groups;
    capture_unit *unit;
    size_t units;
} capture_plan;

/* Reads the texts, asks the models what they are, and decides. False and err, after which it is empty. Owner:
 * capture_plan_free. */
bool capture_plan_make(capture_plan *plan, const scry_capture_options *options, scry_notes *notes, scry_error *err);
void capture_plan_free(capture_plan *plan);

/* The model that a condition needs. */
capture_model_role capture_condition_model(capture_condition condition);

/* Fills in a group whose texts and rule are set: which samples, their ids, and what stands in front. */
bool capture_group_fill(const capture_plan *plan, capture_group *group, scry_error *err);
void capture_group_free(capture_group *group);

/* Tokens of the demonstrations in front of sample i of the group: *count of them. Borrowed. */
const uint32_t *capture_group_front(const capture_plan *plan, const capture_group *group, capture_condition condition,
                                    size_t i, size_t *count);

#endif
