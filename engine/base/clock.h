/* base/clock.h: the clock for deadlines, double clicks and autosave. */
#ifndef SCRY_BASE_CLOCK_H
#define SCRY_BASE_CLOCK_H

/* Monotonic seconds, from an unspecified start. Any thread may call it. */
double clock_seconds(void);
/* For tests: use `source` instead of the system's clock; NULL: the system's again. No other thread may read the clock
 * meanwhile. */
void clock_replace(double (*source)(void));

#endif
