/* base/cancel.h: how long work is cancelled, and how it reports its progress. */
#ifndef SCRY_BASE_CANCEL_H
#define SCRY_BASE_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

/* Polled by work that takes longer than a frame; NULL instead of one: not cancellable, and no progress. Both functions
 * may be called from several threads at once. */
typedef struct scry_cancel {
    bool (*is_cancelled)(void *context);
    void *context;
    void (*report_progress)(void *context, double share); /* of the work done, 0 to 1; NULL: no report */
    double from, to; /* the range of the whole work that 0 to 1 of this part stand for; both 0: all of it */
} scry_cancel;

static inline bool scry_cancelled(const scry_cancel *cancel) {
    return cancel && cancel->is_cancelled(cancel->context);
}

static inline void scry_report_progress(const scry_cancel *cancel, double share) {
    if (!cancel || !cancel->report_progress) return;
    bool all = cancel->from == 0 && cancel->to == 0;
    cancel->report_progress(cancel->context, all ? share : cancel->from + share * (cancel->to - cancel->from));
}

/* The same for a part of the work, whose own 0 to 1 are from..to of the whole. cancel NULL: never cancelled. */
scry_cancel scry_cancel_part(const scry_cancel *cancel, double from, double to);

#endif
