/* columns.h: one statistic of many latents at once, by which a table sorts and filters a million rows. Each number is
 * bit for bit the one that scry.h gives of a single latent. */
#ifndef SCRY_COLUMNS_H
#define SCRY_COLUMNS_H

#include "scry.h"

/* Fill out[n] for the latents from..from + n, with 0 where there is no such source: shifts by a metric; mean
 * activations over the pairs and firing rates (0 to 1), in base or (shifted) in the source; numbers of nonzero
 * activations in all captures. */
void scry_column_shifts(const scry_index *index, size_t train, scry_condition source, scry_metric metric, uint32_t from,
                        uint32_t n, double *out);
void scry_column_means(const scry_index *index, size_t train, scry_condition source, bool shifted, uint32_t from,
                       uint32_t n, double *out);
void scry_column_rates(const scry_index *index, size_t train, scry_condition source, bool shifted, uint32_t from,
                       uint32_t n, double *out);
void scry_column_postings(const scry_index *index, uint32_t from, uint32_t n, double *out);

/* Mark the latents that have a wanted key piece: bit i of out[ceil(n / 64)] is latent from + i. wanted[scry_pieces + 1]
 * is 1 or 0 for each piece; the last, for a missing piece, is 0. */
void scry_latents_with_piece(const scry_index *index, const uint8_t *wanted, uint32_t from, uint32_t n, uint64_t *out);
/* The first latent from `from` on that has a label; scry_info.d_sae when there is none. */
uint32_t scry_next_labelled(const scry_index *index, uint32_t from);

/* Drop the file's pages from memory, after reading through all latents. They come back as they are read again. */
void scry_drop_pages(const scry_index *index);
/* Ask the system to read a few megabytes of the tables that columns come from, from byte `from` of the file on (0 to
 * begin), without waiting. Returns the byte to continue from; 0 when everything was requested. */
uint64_t scry_prefetch(const scry_index *index, uint64_t from);
/* The same for a few latents' rows, by one source and one score, so that a disk reads them in parallel. */
void scry_prefetch_latents(const scry_index *index, size_t train, scry_condition source, scry_score score,
                           const uint32_t *latents, size_t n);

#endif
