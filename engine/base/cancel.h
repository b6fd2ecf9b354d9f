/* base/cancel.h: how long work is given up when nobody wants it any more, and how it says how far it has come. */
#ifndef SCRY_BASE_CANCEL_H
#define SCRY_BASE_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

/* Asked now and then by work that takes more than a frame; true: give up. NULL in its place: never. May be asked
 * from several threads at once. */
typedef struct scry_cancel {
    bool (*now)(void *context);
    void *context;
    void (*tell)(void *context, double share); /* how much is done, 0 to 1. NULL: nobody asks */
    double from, to;                           /* what 0 and 1 of this part are of the whole; both 0: all of it */
} scry_cancel;

static inline bool scry_cancelled(const scry_cancel *stop) {
    return stop && stop->now(stop->context);
}

static inline void scry_report_progress(const scry_cancel *stop, double share) {
    if (!stop || !stop->tell) return;
    bool all = stop->from == 0 && stop->to == 0;
    stop->tell(stop->context, all ? share : stop->from + share * (stop->to - stop->from));
}

/* The same for a part of the work, whose own 0 to 1 are from..to of the whole. Without a stop, one that never is. */
scry_cancel scry_cancel_part(const scry_cancel *stop, double from, double to);

#endif
