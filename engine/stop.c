/* stop.c: a part of longer work. */
#include "stop.h"

static bool never(void *context) {
    (void)context;
    return false;
}

scry_stop scry_stop_part(const scry_stop *stop, double from, double to) {
    scry_stop part = stop ? *stop : (scry_stop){.now = never};
    bool all = part.from == 0 && part.to == 0;
    double begin = all ? 0 : part.from, length = all ? 1 : part.to - part.from;
    part.from = begin + from * length;
    part.to = begin + to * length;
    return part;
}
