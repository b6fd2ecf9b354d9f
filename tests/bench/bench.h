/* bench.h: what the measures share.
 *
 * `bench ROW FOLDER TABLE` measures one group of rows of the table of targets, uses FOLDER for its files and appends
 * its rows to TABLE; tests/bench/run.sh runs the groups, removes the files and prints the table. Both sides of a ratio
 * are measured in one process, alternating, and the best of several runs counts: other load only adds time. */
#ifndef SCRY_TESTS_BENCH_BENCH_H
#define SCRY_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct bench_scale {
    const char *name;
    uint32_t dense_captures, dense_rows, dense_cols; /* row 1 */
    uint32_t reference_rows;                         /* row 2: ten files of these by 28,672 */
    uint32_t residual_rows;                          /* row 3: in all */
    uint32_t keys, key_seconds;                      /* row 7: of each kind, at most so long; half of it at rest */
    int repeats;
} bench_scale;

extern bench_scale scale; /* $BENCH_SCALE */
extern const char *folder, *scry;

double now(void); /* seconds */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *path_in(const char *format, ...) __attribute__((format(printf, 1, 2))); /* below folder; for the caller to free */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));      /* a line of detail */

/* One row of the table. reached: 1, 0, or -1 where there is no target. */
void row(const char *what, const char *measured, const char *other, const char *ratio, const char *target, int reached);
/* sprintf into one of a few rotating buffers */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A program run to its end. Its standard output goes to out (NULL: nowhere); it must succeed unless may_fail. */
typedef struct ran {
    double seconds, megabytes; /* wall time; peak resident */
    int status;
} ran;
ran run(char *const argv[], const char *out, bool may_fail);

/* The number under a key of the JSON object in a file, NaN where there is none. */
double number_in(const char *path, const char *key);

/* A [rows, cols] float32 .npy, written row by row: fill(context, row, out[cols]). */
void write_npy(const char *path, uint64_t rows, uint64_t cols, void (*fill)(void *, uint64_t, float *), void *context);

double uniform(uint64_t *state); /* above 0, below 1 */
float normal(uint64_t *state);   /* near enough: the sum of four uniform numbers */

/* Bytes an activation of an index, and in which sections they are. */
void size_row(const char *what, const char *index);

void bench_dense(void);
void bench_encode(void);
void bench_toggle(void);
void bench_frames(void);
void bench_size(void);
void bench_reference(void);
void bench_train(void);
void bench_model(void);
void bench_ablate(void);
void bench_causal(void);

#endif
