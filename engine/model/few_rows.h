/* few_rows.h: products of a few rows with weights, as when a text grows a token at a time: each row of W is read once,
 * as it lies, and multiplied with every row of x. What bounds it is reading the weights. */
#ifndef SCRY_MODEL_FEW_ROWS_H
#define SCRY_MODEL_FEW_ROWS_H

#include "model/linear.h"

enum { FEW_ROWS = 4 };

/* True when few_rows_run takes it: at most FEW_ROWS rows of x, and weights whose rows lie together. */
bool few_rows_fit(const linear *l);
/* As linear_run, but for the order of sums: numbers differ by rounding. The same bits whatever the threads. */
void few_rows_run(const linear *l, parallel *pool, linear_scratch *scratch);

#endif
