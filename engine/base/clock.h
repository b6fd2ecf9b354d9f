/* base/clock.h: the clock by which the program decides anything: deadlines, double clicks, when to save. */
#ifndef SCRY_BASE_CLOCK_H
#define SCRY_BASE_CLOCK_H

/* Seconds since some moment before the program began; unaffected by changes of the time of day. */
double clock_seconds(void);
/* For tests: reads `source` instead of the system's clock, from now on; NULL: the system's again. Call it while no
 * other thread reads the clock. */
void clock_replace(double (*source)(void));

#endif
