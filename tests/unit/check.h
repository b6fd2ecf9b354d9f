/* check.h: checks, a scratch folder, random numbers, and writers of the files that scry reads, which share no code with
 * the engine. A check prints one line, "ok - what" or "not ok - what"; a test program ends with
 * `return check_end();`. */
#ifndef SCRY_TESTS_UNIT_CHECK_H
#define SCRY_TESTS_UNIT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* everything is several times slower, and takes more memory */
#else
#define SANITIZED 0
#endif

/* ---- checks --------------------------------------------------------------------------------- */

/* Prints the line; returns ok. Say what was found and expected in the text when it fails. */
bool check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* |found - expected| <= relative * |expected|; two NaN are equal. */
bool check_near(double found, double expected, double relative, const char *what, ...)
    __attribute__((format(printf, 4, 5)));
/* Whole numbers. */
bool check_is(uint64_t found, uint64_t expected, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* The text holds every one of the words, which end with a NULL. */
bool check_says(const char *text, const char *const *words, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
#define SAYS(...) ((const char *const[]){__VA_ARGS__, NULL})
void check_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Removes the scratch folder; the program's exit status. */
int check_end(void);

/* Many comparisons, one line: the worst is remembered, with where it was. */
typedef struct worst {
    size_t compared, beyond; /* beyond: deviations above the tolerance given to worst_line */
    double most, found, expected, tolerance;
    char where[120];
} worst;

/* Deviation |found - expected| / scale (0 when both are equal, also both 0 or both NaN). */
void worst_add(worst *w, double found, double expected, double scale, const char *where, ...)
    __attribute__((format(printf, 5, 6)));
/* Prints the line: ok when no deviation was above w->tolerance. */
bool worst_line(const worst *w, const char *what, ...) __attribute__((format(printf, 2, 3)));

/* ---- scratch folder ------------------------------------------------------------------------- */

/* A text that lives until check_end. */
const char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A path in the program's scratch folder, which is made on the first call. */
const char *scratch(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* scratch(), made as a folder. */
const char *scratch_folder(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Names in a folder that contain the text. */
size_t count_names(const char *folder, const char *part);
bool file_exists(const char *path);
/* A study that is there, or NULL. */
const char *study_path_of(const char *name);

void write_bytes(const char *path, const void *bytes, size_t size);
void write_text(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The whole file and a NUL behind it; the caller frees. */
uint8_t *read_bytes(const char *path, size_t *size);
/* Do two files hold the same bytes? */
bool same_content(const char *a, const char *b);

/* ---- random numbers ------------------------------------------------------------------------- */

uint64_t roll(uint64_t *state);
uint32_t roll_below(uint64_t *state, uint32_t n);
double roll_unit(uint64_t *state); /* [0, 1) */

/* ---- specimens ------------------------------------------------------------------------------ */

/* Values are given as doubles, row by row, and rounded to the type (to nearest even). */
typedef enum number_type { F16, BF16, F32, F64 } number_type;
uint16_t half_bits(double x);
double half_value(uint16_t bits);

void write_npy(const char *path, number_type type, size_t rows, size_t cols, const double *values);
/* version 1 to 3; fortran: column by column in the file. */
void write_npy_as(const char *path, number_type type, int version, bool fortran, size_t rows, size_t cols,
                  const double *values);

typedef struct specimen {
    const char *name;
    number_type type;
    size_t rows, cols; /* cols 0: one dimension */
    const double *values;
} specimen;
void write_safetensors(const char *path, const specimen *tensors, size_t count);
/* The raw file: header text and data. */
void write_safetensors_raw(const char *path, const char *header, const void *data, size_t size);

/* A SAELens folder in single precision: W_enc [d][F] and W_dec [F][d] one after the other in W, b_enc [F] and b_dec [d]
 * in b; cfg.json with d_in, d_sae, no normalization, and `more`: "\"architecture\": ..., ...". */
void write_sae_folder(const char *folder, size_t d, size_t F, const double *W, const double *b, const char *more);

#endif
