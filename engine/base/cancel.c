/* base/cancel.c: cancelling and progress of a part of longer work. */
#include "base/cancel.h"

static bool never(void *context) {
    (void)context;
    return false;
}

scry_cancel scry_cancel_part(const scry_cancel *cancel, double from, double to) {
    scry_cancel part = cancel ? *cancel : (scry_cancel){.is_cancelled = never};
    bool all = part.from == 0 && part.to == 0;
    double begin = all ? 0 : part.from, length = all ? 1 : part.to - part.from;
    part.from = begin + from * length;
    part.to = begin + to * length;
    return part;
}
