/* evaluate/harness_file.h: a result file of EleutherAI's lm-evaluation-harness.
 *
 *     {"results": {"mmlu_pro_law": {"alias": "law", "acc,none": 0.31, "acc_stderr,none": 0.02, "sample_len": 500},
 * ...}, "group_subtasks": {"mmlu_pro": ["mmlu_pro_law", ...]}, "n-samples": {"mmlu_pro_law": {"effective": 500}},
 *      "higher_is_better": {"mmlu_pro_law": {"acc": true}}, ...}
 *
 * Before version 0.4 keys have no filter ("acc", "acc_stderr"). A standard error that is not known is "N/A". */
#ifndef SCRY_EVALUATE_HARNESS_FILE_H
#define SCRY_EVALUATE_HARNESS_FILE_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct harness_task {
    const char *name, *alias; /* in root; alias may be NULL */
    const cJSON *metrics;     /* in root */
    uint64_t n;               /* samples; 0: not said */
    const cJSON *subtasks;    /* of a group: their names; NULL: a task of its own */
} harness_task;

typedef struct harness_file {
    char *path;
    cJSON *root;
    harness_task *tasks; /* [count] in the file's order */
    size_t count;
} harness_file;

/* Reads a file, or the only results_*.json of a folder. Owner: harness_file_close, also after a failure. */
bool harness_file_open(harness_file *file, const char *path, scry_error *err);
void harness_file_close(harness_file *file);
/* The task of that name, or NULL. */
const harness_task *harness_task_find(const harness_file *file, const char *name);

/* A metric and its filter, as in "exact_match,custom-extract". */
enum { HARNESS_METRIC = 120 };
typedef struct harness_metric {
    char key[HARNESS_METRIC];    /* as in the file */
    char name[HARNESS_METRIC];   /* before the comma */
    char filter[HARNESS_METRIC]; /* behind it, "" without one */
} harness_metric;

/* Chooses a metric that both tasks have: the one that `wanted` names, with or without filter; wanted NULL: the first of
 * those that are known. Of several filters, "none" or the strictest. False where there is none. */
bool harness_metric_choose(const harness_task *a, const harness_task *b, const char *wanted, harness_metric *out);
/* Its value and standard error as shares, se NaN where the file has none. False and err for a value that is no share
 * from 0 to 1. */
bool harness_metric_value(const harness_file *file, const harness_task *task, const harness_metric *metric,
                          double *value, double *se, scry_error *err);
/* False when the file says that smaller values of the metric are better. */
bool harness_higher_is_better(const harness_file *file, const harness_task *task, const harness_metric *metric);
/* The metrics of a task as "acc,none, acc_norm,none", for messages. */
void harness_metric_list(const harness_task *task, char *out, size_t size);

#endif
