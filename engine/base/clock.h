/* clock.h: seconds that have passed. */
#ifndef SCRY_CLOCK_H
#define SCRY_CLOCK_H

#include <time.h>

/* Since some moment before the program began; goes on whatever is done to the time of day. */
static inline double clock_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#endif
