/* recovery_result.h: KL won back by an SAE's difference, as JSON, and the columns of its table. */
#ifndef SCRY_RESULTS_RECOVERY_RESULT_H
#define SCRY_RESULTS_RECOVERY_RESULT_H

#include "recovery.h"
#include "results/results.h"

/* {"base", "tuned", "rows", "sae", "kind", "reads", "hook", "all": {...}, "domains": [...], "seed"}. The caller deletes
 * it. */
cJSON *recovery_result(const scry_recovery *recovery, bool all_tokens);
/* The columns of "domains". */
extern const result_column recovery_columns[];
/* The text above the table. The caller frees it. */
char *recovery_head(const scry_recovery *recovery, bool all_tokens);
/* [SCRY_READS_COUNT] */
extern const char *const scry_reads_names[];

#endif
