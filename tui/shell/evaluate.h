/* evaluate.h: measuring changes by models, for the commands that do so. */
#ifndef SCRY_SHELL_EVALUATE_H
#define SCRY_SHELL_EVALUATE_H

#include "evaluate.h"
#include "shell/options.h"

/* Reads the options of models, texts and measures into q, which borrows them and `files`. False and err for values that
 * are none. */
bool evaluate_read(const options *o, scry_evaluation_query *q, const char *files[OPTIONS_WORDS], scry_error *err);

/* Runs it, with progress on stderr, until Ctrl-C. NULL and err; owner: scry_evaluation_free. */
scry_evaluation *evaluate_run(scry_evaluation_query *q, scry_notes *notes, scry_error *err);

#endif
