/* diff/recovery_internal.h: a recovery under way, for its own files. */
#ifndef SCRY_DIFF_RECOVERY_INTERNAL_H
#define SCRY_DIFF_RECOVERY_INTERNAL_H

#include "diff/diff_internal.h"
#include "recovery.h"
#include "sae/sae.h"

/* What the base model goes on with from the hook. */
enum { AS_IT_IS, PATCHED, EXACT, STREAMS };

typedef struct recovery {
    scry_recovery out; /* first: what the caller holds */
    const scry_recovery_query *query;
    diff d;
    sae sae;
    char *sae_path;
    double *kl[STREAMS]; /* [texts] sums over the tokens of each that count */
} recovery;

/* Opens models, texts and the SAE, and finds the hook. */
bool recovery_open(recovery *r, scry_notes *notes, scry_error *err);
/* Runs both models; fills in the sums. */
bool recovery_run(recovery *r, const scry_cancel *cancel, scry_notes *notes, scry_error *err);

#endif
