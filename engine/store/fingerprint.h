/* store/fingerprint.h: which index this is, whatever its name and place. */
#ifndef SCRY_STORE_FINGERPRINT_H
#define SCRY_STORE_FINGERPRINT_H

#include "scry.h"

/* Which latents they are, whatever else the index holds: a hash of the SAE's decoder; without one, of the mean
 * activations over the first training set's base of the first FINGERPRINT_LATENTS latents. It stays when domains,
 * changes, labels or captures beside those are other than before. 0: nothing tells (a scores-only study, silent
 * latents). */
enum { FINGERPRINT_LATENTS = 65536 };
uint64_t scry_fingerprint_latents(const scry_index *index);

#endif
