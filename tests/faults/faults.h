/* faults.h: what the parts of the fault injector share. */
#ifndef SCRY_TESTS_FAULTS_FAULTS_H
#define SCRY_TESTS_FAULTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* getpriority of this kind, which does not exist, marks the beginning of main for a tracer. */
enum { FAULT_MARK = 0x5eed };

/* How a run ended. */
typedef struct run_end {
    int status; /* of wait */
    bool late;  /* it was killed, as it did not end in time */
} run_end;

/* Where a run goes, and what it is given. */
typedef struct run_place {
    const char *folder, *out, *said; /* its working directory; files for its standard output and error */
    char **argv;
} run_place;

/* In the child of a fork: goes to the place and runs the program. Never returns. */
_Noreturn void run_here(const run_place *place);
/* Waits for the child, SECONDS at most. */
run_end run_wait(pid_t child);

/* Runs with the file call number `at` failing, by an error or (ERROR_SHORT) doing only half; at 0: none, and *calls and
 * names (a line for each: number, name) are filled. False where this machine cannot trace. */
enum { ERROR_SHORT = -1 };
bool run_traced(const run_place *place, long at, int error, long *calls, const char *names, run_end *end);

#endif
