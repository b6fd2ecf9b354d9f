/* evaluate/harness_samples.h: what lm-evaluation-harness logs of each sample (--log_samples), samples_TASK_DATE.jsonl:
 * a line for each document and filter, {"doc_id": 0, "doc_hash": "...", "filter": "none", "acc": 1.0, ...}. */
#ifndef SCRY_EVALUATE_HARNESS_SAMPLES_H
#define SCRY_EVALUATE_HARNESS_SAMPLES_H

#include "evaluate/harness_file.h"

/* The path of a task's samples: `place` is such a file, a folder of them, or NULL for the folder of the results. Of
 * several in a folder the one with the date of the results' name. NULL where there is none, or no such one; the caller
 * frees it. */
char *harness_samples_path(const harness_file *file, const char *place, const char *task);

/* The differences, tuned minus base, of a metric over the documents of two files, by doc_id. */
typedef struct harness_pairs {
    double *difference; /* [n] */
    size_t n;
    double base, tuned; /* means */
} harness_pairs;

/* Pairs two files. Owner: harness_pairs_free, also after a failure. False and err when a file cannot be read, a
 * document has no such metric or is there twice, the files hold different documents, or (doc_hash) documents of
 * different content. */
bool harness_pairs_read(const char *base, const char *tuned, const harness_metric *metric, harness_pairs *out,
                        scry_error *err);
void harness_pairs_free(harness_pairs *pairs);

#endif
