/* store/fingerprint.h: content fingerprint of an index's latents, independent of its path. */
#ifndef SCRY_STORE_FINGERPRINT_H
#define SCRY_STORE_FINGERPRINT_H

#include "scry.h"

/* Fingerprint of the latents, independent of the rest of the index: a hash of the SAE's decoder; without one, of the
 * mean activations of the first FINGERPRINT_LATENTS latents over the first training set's base. It stays the same when
 * domains, changes, labels or other captures change. 0 when nothing identifies them (a scores-only study, silent
 * latents). */
enum { FINGERPRINT_LATENTS = 65536 };
uint64_t scry_fingerprint_latents(const scry_index *index);

#endif
