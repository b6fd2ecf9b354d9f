/* study/minus_rows.h: "minus" of a capture: its rows become differences. */
#ifndef SCRY_STUDY_MINUS_ROWS_H
#define SCRY_STUDY_MINUS_ROWS_H

#include "io/matrix.h"
#include "io/tokenizer.h"
#include "study/study.h"

/* The first file that a capture with "minus" subtracts. */
static inline const char *study_minus_file(const study_capture *spec) {
    return spec->minus->files[0];
}

/* Make the rows of an open capture differences where it has "minus"; before padding is removed. Where "minus" names its
 * tokens, they must be the capture's. folder: as in matrix_open_in. False and err, which names both files, where they
 * are not of one shape, dtype and text; m is as it was then. */
bool minus_rows_open(matrix *m, const study_capture *spec, const char *study_path, const tokenizer *tok,
                     const char *folder, scry_error *err);

#endif
