/* capture.h: from models and texts to a study: the residual stream at one hook, under several conditions.
 *
 * Conditions of a training set, over the same texts, one row a token:
 *
 *     base     the model reads the text alone
 *     icl      with demonstrations in front: other samples of the same file, drawn by the seed, the same for all texts
 * of a training set or domain, and never among its rows control  with as many tokens of unrelated text in front, of the
 * other domains sft, rl  the tuned models read the text alone
 *
 * and of a domain base, icl and control. Only a text's own tokens become rows: neither what stands in front, nor the
 * beginning-of-text token, nor a chat's system message. The forms of a line are those of capture/corpus.h, which
 * scry_capture_forms lists.
 *
 * Without a chat template demonstrations stand in front as texts, each closed by the separator; in a chat they are
 * earlier turns. As many of them are kept as leave room for the longest text; one is always kept, and texts are cut at
 * their end where there is no room left.
 *
 * A folder holds study.json, acts/NAME.CONDITION.safetensors (tensor "residual", [tokens][d]; its metadata are the
 * settings that it depends on and a hash of its bytes) and acts/NAME.tokens.jsonl ("id", "tokens", "ids", "response",
 * the line's other keys; "before": the ids in front of the rows when the text is read alone; and, where only the
 * response has rows, "prompt"). */
#ifndef SCRY_CAPTURE_H
#define SCRY_CAPTURE_H

#include "model.h"
#include "scry.h"

typedef enum scry_capture_dtype {
    SCRY_CAPTURE_F16,
    SCRY_CAPTURE_BF16,
    SCRY_CAPTURE_F32,
    SCRY_CAPTURE_DTYPES
} scry_capture_dtype;
/* The value for "f16", "bf16" or "f32", or -1; its name; all of them as "f16, bf16 or f32". */
int scry_capture_dtype_of(const char *name);
const char *scry_capture_dtype_name(scry_capture_dtype dtype);
const char *scry_capture_dtype_choices(char out[SCRY_CHOICES]);
#define SCRY_CAPTURE_DTYPE_VALUES "f16|bf16|f32" /* for the help of options */

/* "{"prompt", "response"}, ... or {"text"}" */
const char *scry_capture_forms(char out[SCRY_CHOICES]);

enum { SCRY_DEMOS = 2, SCRY_DOMAIN_DEMOS = 5 };
#define SCRY_SEPARATOR "\n\n"

typedef struct scry_capture_progress {
    const char *capture;     /* the one that is computed: "train.base", "law.icl" */
    size_t number, captures; /* it is the number-th, from 1, of those that this call computes */
    uint64_t rows;           /* of it */
    uint64_t done, total;    /* tokens that the models have read, of those that they will read in this call */
} scry_capture_progress;

typedef struct scry_capture_options {
    const char *model;          /* folder */
    const char *tuned, *rl;     /* folders of tuned models, or of LoRA adapters; NULL: none */
    const char *adapter;        /* instead of tuned: a LoRA adapter's folder; NULL: none */
    const char *hook, *layer;   /* "blocks.3.hook_resid_post", or "3" for that one; NULL: the SAE's */
    const char *sae;            /* named in the study, and says the hook; NULL: none */
    const char *name;           /* of the study; NULL: made from model, texts and hook */
    const char *model_name;     /* in the study; NULL: the folder's */
    const char *train;          /* "[NAME=]FILE"; NULL: none */
    const char *const *domains; /* [domain_count] "NAME=FILE", or "FILE" with a category in each line */
    size_t domain_count;
    const char *const *demos_files; /* [demos_file_count] "NAME=FILE": demonstrations of a training set or domain */
    size_t demos_file_count;
    uint32_t demos, domain_demos; /* demonstrations of the training set, and of each domain; 0: no icl */
    bool demos_previous;          /* those before each text in the file, cyclically, instead of drawn ones; where they
                                     are too long, their front is left out */
    bool control, rows_response;  /* rows_response: only the response's tokens become rows */
    const char *chat_template;    /* of scry_chat_template_of, or "none"; NULL: guessed for messages */
    const char *separator;        /* NULL: SCRY_SEPARATOR */
    scry_bos bos;
    scry_capture_dtype dtype;
    uint32_t max_length;      /* longest sequence; 0: the models' context */
    uint64_t tokens, samples; /* of a capture, at most (tokens: the sample that passes it is the last); 0: all */
    uint64_t seed;
    uint32_t shard, shards; /* compute only each shards-th capture, from the shard-th, 1..shards; shards 0: all */
    bool force;             /* compute again what was captured with other settings */
    unsigned threads;       /* 0: all processors */
    uint64_t memory;        /* limit in bytes; 0: SCRY_MEMORY */
    bool (*progress)(void *context, const scry_capture_progress *progress); /* false: cancel. May be NULL */
    void *context;
} scry_capture_options;

typedef struct scry_capture_done {
    char *name; /* "train.base" */
    const char *condition;
    uint64_t tokens; /* rows */
    uint64_t samples;
    bool kept;      /* was there already, with these settings */
    double seconds; /* 0 where kept */
} scry_capture_done;

typedef struct scry_capture_result {
    char *study;   /* path of study.json */
    bool complete; /* all captures are there, and study.json with them; false: other shards have to follow */
    size_t count;
    scry_capture_done *capture; /* [count] those of this shard */
    double tokens_per_second;   /* that the models read; 0 where everything was kept */
} scry_capture_result;

/* Captures into a folder, which is made. Finished captures that have these settings and whose bytes match their hash
 * are kept, so that the same call goes on after it was cancelled or killed, to the same bytes; other settings are an
 * error that names the first difference. A capture appears whole, by atomic replacement; study.json once all are there.
 * Keys that others have added to study.json stay. result: owner scry_capture_result_free, also after an error. */
bool scry_capture(const char *folder, const scry_capture_options *options, scry_capture_result *result,
                  scry_notes *notes, scry_error *err);
void scry_capture_result_free(scry_capture_result *result);

#endif
