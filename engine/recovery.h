/* recovery.h: how much of what a tuned model says differently an SAE holds: the KL that is won back when the base model
 * gets the SAE's difference.
 *
 * With b and t the streams of base and tuned at the hook, and D(x) what the SAE makes of x, the base model is run on
 * from the hook with
 *
 *     an SAE of differences    b + D(t - b)
 *     an SAE of the stream     b + D(t) - D(b)
 *
 * in place of b, at every token that it reads. Over the tokens that count (diff.h)
 *
 *     won back  1 - sum KL(tuned || patched base) / sum KL(tuned || base)
 *
 * with the standard error of a ratio over samples (stats/ratio_error.h). An SAE without an error wins back no more than
 * `most`: the same with t itself in place of b, which the base model's own blocks after the hook limit; 1 where the two
 * models differ up to the hook only. Below 0, the patched base is farther from tuned than base. */
#ifndef SCRY_RECOVERY_H
#define SCRY_RECOVERY_H

#include "diff.h"

/* What the SAE reads. BY(enumerator, name, help) */
#define SCRY_READS_TABLE(BY)                                                                                           \
    BY(SCRY_READS_STREAM, "stream", "the residual stream of either model")                                             \
    BY(SCRY_READS_DIFFERENCE, "difference", "differences of paired residuals, tuned - base")
typedef enum scry_reads {
#define BY(id, ...) id,
    SCRY_READS_TABLE(BY)
#undef BY
        SCRY_READS_COUNT
} scry_reads;

typedef struct scry_recovery_query {
    const scry_diff_query *diff; /* models and texts; its places and by say nothing here */
    const char *sae;             /* folder or file; NULL: scry_info.sae_path */
    int reads;                   /* a scry_reads; -1: as the SAE's files, or the study's "minus", say */
} scry_recovery_query;

/* kl: nats a token, KL(tuned || base), of base as it is, patched with the SAE's difference, and with all of it. */
typedef struct scry_recovery_group {
    const char *name; /* NULL: all of them together */
    bool is_train;
    size_t samples, left_out;
    uint64_t tokens; /* that count */
    double kl, kl_patched, kl_exact;
    double won_back, won_back_se, most; /* NaN where KL is 0 */
} scry_recovery_group;

typedef struct scry_recovery {
    const char *base, *tuned, *sae; /* folders */
    const char *kind;               /* the SAE's family, kind and size */
    scry_hook hook;
    scry_reads reads;
    size_t groups;
    scry_recovery_group *group; /* [groups] as of scry_diff */
    scry_recovery_group all;
    uint64_t seed;
} scry_recovery;

/* NULL and err as scry_diff_run, and where no SAE or hook is named, the SAE is of another width or hook, or reads
 * what its files do not say; and when cancelled. Results do not depend on threads or memory. */
scry_recovery *scry_recovery_run(const scry_recovery_query *query, const scry_cancel *cancel, scry_notes *notes,
                                 scry_error *err);
void scry_recovery_free(scry_recovery *recovery); /* accepts NULL */

#endif
