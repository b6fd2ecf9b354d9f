/* explorer_pty.h: the explorer on a pseudo-terminal, and how long its frames take.
 *
 * A frame is complete when the program has read all keys, has written something, sleeps, and has nothing left to write;
 * its time is that of its last byte. Threads beside the first may go on working. */
#ifndef SCRY_TESTS_BENCH_EXPLORER_PTY_H
#define SCRY_TESTS_BENCH_EXPLORER_PTY_H

#include <stddef.h>
#include <sys/types.h>

enum { PTY_ROWS = 50, PTY_COLS = 160 };

typedef struct pty {
    int master, slave;
    pid_t pid;
    char seen[1 << 16]; /* since the last key */
    size_t seen_length;
} pty;

void pty_start(pty *p, char *const argv[]);
/* Presses q, and ends what does not end then. */
void pty_stop(pty *p);
/* When the frame's last byte came; 0 when no frame comes. holding: what must have been written; NULL: anything. */
double pty_frame(pty *p, const char *holding);
/* Takes in what comes until this text has been written; returns when, 0: not within so many seconds. */
double pty_await(pty *p, const char *holding, double seconds);
/* Takes in what comes within the time. */
void pty_rest(pty *p, double milliseconds);
/* Until nothing is written and the program sleeps for some time. */
void pty_until_idle(pty *p);
/* Until no thread of the program has worked for some time. Returns when the last byte came, 0: none came; worked (may
 * be NULL): when a thread last worked, as far as the clock's ticks tell. */
double pty_until_still(pty *p, double *worked);
/* Milliseconds from the key to its frame; NaN without one. */
double pty_press(pty *p, const char *key);

/* Megabytes of a line of /proc/PID/status. */
double pty_resident(pid_t pid, const char *key);
/* Processor time of all threads, in clock ticks. */
unsigned long pty_ticks(pid_t pid);

/* What the program's first thread, which draws, has had so far: milliseconds on a processor, and of waiting for one
 * while others had them all. NaN where the system does not tell. */
typedef struct pty_share {
    double own, waited;
} pty_share;
pty_share pty_first_thread(pid_t pid);

enum { TIMES_MOST = 4096 };
typedef struct times {
    double value[TIMES_MOST];
    size_t count, none;
} times;
/* NaN counts as none. */
void times_add(times *t, double value);
/* Sorts values; the share of them that is at most the result. NaN for n 0. */
double times_quantile(double *values, size_t n, double share);

#endif
