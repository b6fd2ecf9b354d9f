/* evaluate/evaluation_internal.h: what the ways to an evaluation share. */
#ifndef SCRY_EVALUATE_EVALUATION_INTERNAL_H
#define SCRY_EVALUATE_EVALUATION_INTERNAL_H

#include "evaluate.h"
#include "study/study.h"

/* A domain in which nothing is measured yet. Copies the name. */
scry_domain_evaluation evaluation_domain(const char *name);

/* The number of the study's training set with that name, or of its only one (NULL), and the name as evaluation.train
 * has it (NULL for an only one), which the caller frees. study NULL: none. False and err where there is no such one, or
 * several and no name. */
bool evaluation_train(const scry_study *study, const char *name, size_t *number, char **train, scry_error *err);

/* False and err where scry_evaluation_write would refuse. */
bool evaluation_check_write(const scry_evaluation *e, const char *study, const char *out, scry_error *err);

#endif
