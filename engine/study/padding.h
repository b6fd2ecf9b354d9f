/* padding.h: which rows of captures of shape [samples, positions, width] hold tokens.
 *
 * A sample of the token file with fewer tokens than positions was padded: on the right, unless the manifest's "padding"
 * says "left" or the padded rows are all zero on the left only. "mask", an attention mask [samples, positions], says it
 * position by position. A sample whose token list is as long as its positions has no padding, but for tokens at its
 * ends that are a tokenizer's padding token, such as "<pad>" or "[PAD]". */
#ifndef SCRY_STUDY_PADDING_H
#define SCRY_STUDY_PADDING_H

#include "io/matrix.h"
#include "io/tokenfile.h"
#include "study/study.h"

typedef struct capture_padding {
    matrix_span *span; /* [spans] owned: rows that hold tokens, where not all do */
    size_t spans;
    bool removes;  /* some rows are padding */
    bool trims;    /* the token file lists tokens at such rows */
    bool assumed;  /* on the right only for want of a sign */
    bool unknown;  /* neither tokens nor a mask: padding may be among the rows */
    uint64_t rows; /* that are padding */
} capture_padding;

/* Find the padding of a matrix of three dimensions, from the token file and the mask that the capture names. False and
 * err when they do not fit its shape, or contradict each other. Other matrices have none. Owner of the spans:
 * padding_free. */
bool padding_find(capture_padding *p, const matrix *m, const study_capture *spec, const char *study_path,
                  const tokenizer *tok, scry_error *err);
/* Leave the padding's rows out of the matrix. */
void padding_remove(const capture_padding *p, matrix *m);
/* Leave its tokens out of the token file's text. */
void padding_trim(const capture_padding *p, token_text *text);
void padding_free(capture_padding *p);

#endif
