/* diff/diff_check.h: whether the base of a pair of models is the one that a study was captured from. */
#ifndef SCRY_DIFF_DIFF_CHECK_H
#define SCRY_DIFF_DIFF_CHECK_H

#include "evaluate/model_pair.h"
#include "scry.h"

/* Compares the base model's stream with the study's captures (causal/stream_check.h). index NULL, or without a hook:
 * true. study: as in scry_diff_query; base: a run of the pair's base; memory: in bytes. False and err where it is not
 * the study's model. */
bool diff_check_base(const scry_index *index, const char *study, const model_pair *pair, scry_run *base,
                     uint64_t memory, scry_notes *notes, scry_error *err);

#endif
