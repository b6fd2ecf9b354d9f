/* train/evaluate.h: reconstruction quality of an SAE. */
#ifndef SCRY_TRAIN_EVALUATE_H
#define SCRY_TRAIN_EVALUATE_H

#include "sae/sae.h"
#include "train/data.h"

/* Measure an SAE on the rows of the chunks; it has a decoder and reads data->d numbers. Sums are in double precision
 * and in one order whatever the number of threads. False when a row is not finite, or when progress says so. */
bool evaluate(const sae *s, const train_data *data, const data_chunks *chunks, parallel *pool, scry_progress progress,
              void *context, scry_sae_quality *quality, scry_error *err);

#endif
