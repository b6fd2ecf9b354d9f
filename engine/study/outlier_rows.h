/* study/outlier_rows.h: residuals whose norm is far above that of the others.
 *
 * In many models the first position of a text, and a few other tokens, have a hundred times the norm of the rest
 * ("massive activations", Sun et al. 2024) and with it nearly all the variance. Here a row is an outlier when its norm
 * is above `ratio` times the median norm of its capture. The median is of the rows that count and are not 0, so that
 * padding has no say; of an even number it is the mean of the middle two. */
#ifndef SCRY_STUDY_OUTLIER_ROWS_H
#define SCRY_STUDY_OUTLIER_ROWS_H

#include "base/parallel.h"
#include "base/row_moments.h"
#include "io/matrix.h"

/* What a row is, in an array of a byte a row. */
enum { ROW_EXCLUDED, ROW_ORDINARY, ROW_OUTLIER };

typedef struct outlier_query {
    const matrix *m;
    uint64_t first, rows; /* of the matrix */
    double ratio;         /* at least 1 */
    bool allow_nonfinite; /* judge a row with NaN or infinity as it is read, with 0 in their place; else it is ordinary,
                             for those who read it to refuse */
    parallel *pool;
    const char *folder; /* for norms beyond a megabyte; NULL: in memory, 8 bytes a row */
    /* Polled about every 8 MB of input with the rows judged so far: false cancels. May be NULL. */
    bool (*go_on)(void *context, uint64_t rows);
    void *context;
} outlier_query;

typedef struct outlier_rows {
    uint64_t outliers; /* how many there are */
    double median;     /* norm; NaN where no row has one above 0 */
    row_moments all;   /* of the rows that were judged */
    row_moments outlier;
} outlier_rows;

/* Mark the rows: kept[query->rows] says ROW_EXCLUDED for those that do not take part, which stay as they are and are
 * not read; the others become ROW_ORDINARY or ROW_OUTLIER. Reads the matrix once, and the outliers again; holds a few
 * thousand rows at a time. The result does not depend on the number of threads. Owner: outlier_rows_free, also after a
 * failure: false and err when cancelled, or when the norms cannot be kept in the folder. */
bool outlier_rows_find(outlier_rows *found, uint8_t *kept, const outlier_query *query, scry_error *err);
void outlier_rows_free(outlier_rows *found);

/* The outliers' share of the sum of |x - mean|^2 over all rows; NaN where that is 0. */
double outlier_variance_share(const row_moments *all, const row_moments *outlier, uint32_t d);

/* Bytes that finding needs for rows of width d, without the norms. */
uint64_t outlier_rows_bytes(uint32_t d, unsigned threads);

#endif
