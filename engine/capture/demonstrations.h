/* capture/demonstrations.h: what stands in front of the texts of a training set or domain, drawn by a seed. */
#ifndef SCRY_CAPTURE_DEMONSTRATIONS_H
#define SCRY_CAPTURE_DEMONSTRATIONS_H

#include "capture/item_encoding.h"

/* Where the draws for a group begin: depends on the seed and the group's name alone (FNV-1a), not on other groups. */
uint64_t demonstrations_seed(uint64_t seed, const char *name);

/* Draws k of the numbers 0..n-1, k <= n, all different, to out[k]: a Fisher-Yates shuffle that ends after k. */
void demonstrations_draw(uint64_t seed, size_t n, size_t k, size_t *out);

/* Unrelated text of exactly `count` tokens: samples of the groups other[others], drawn by the seed, as
 * item_encode_in_front writes them, the first of which loses its front. Samples for which the rule has no place are
 * passed over. False and err when no group has one. */
bool unrelated_tokens(const text_rule *rule, const corpus_group *const *other, size_t others, const char *separator,
                      uint64_t seed, size_t count, scry_tokens *out, scry_error *err);

#endif
