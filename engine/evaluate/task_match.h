/* evaluate/task_match.h: which tasks of a result file are about a domain, by their names. */
#ifndef SCRY_EVALUATE_TASK_MATCH_H
#define SCRY_EVALUATE_TASK_MATCH_H

#include "evaluate/harness_file.h"

/* A name in the form that is compared: "Computer science", "computer-science" and " - computer_science" are
 * computer_science; "harness|hendrycksTest-law|5" is hendryckstest_law; mathematics and maths are math. The caller
 * frees it. */
char *task_name_normalize(const char *name);
/* What a normalised name is about: the name without its benchmark's ("mmlu_pro_law", "leaderboard_mmlu_pro_law",
 * "hendryckstest_law": law). Inside name. */
const char *task_subject(const char *name);
/* The field of an MMLU task by its normalised name ("mmlu_abstract_algebra", "mmlu_flan_n_shot_loglikelihood_...":
 * "math"), or NULL. */
const char *task_mmlu_field(const char *name);

/* Finds the tasks of a domain among those that both files have and that `only` (may be NULL) allows, the beginning of
 * their names. In this order: a task whose name or alias is the domain's; whose subject is; all MMLU subjects of the
 * field; a task whose name ends with the domain's. Writes them to out[files' tasks] as numbers in a, and returns how
 * many; 0: none. More than one that is not MMLU's: *several, which does not fit one domain. */
size_t task_match(const harness_file *a, const harness_file *b, const char *domain, const char *only, size_t *out,
                  bool *several);

#endif
