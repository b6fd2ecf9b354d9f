/* evaluate/measured_text.h: putting a domain's texts together. */
#ifndef SCRY_EVALUATE_MEASURED_TEXT_H
#define SCRY_EVALUATE_MEASURED_TEXT_H

#include "evaluate/texts.h"

/* Appends an empty domain. Copies the name. */
measured_texts *measured_domains_add(measured_domains *domains, const char *name);
/* Appends an empty text, which has no sequences until measured_text_set. */
measured_text *measured_texts_add(measured_texts *domain);
/* Takes the domain's last text back. */
void measured_texts_drop(measured_texts *domain);

/* Makes room for a response (or none) and this many options. */
void measured_text_room(measured_text *text, bool has_response, size_t options);
/* Sets sequence k: head in front of own, copied, own tokens from..to counting. False when none counts, or there is no
 * token before the first that does. */
bool measured_text_set(measured_text *text, size_t k, const uint32_t *head, size_t head_count, const uint32_t *own,
                       size_t from, size_t to);

/* True when the right option has the largest ln p (by_byte: over its bytes) of sequences [options]; the first of equal
 * ones counts. */
bool measured_text_is_right(const measured_text *text, const scored_sequence *sequences, bool by_byte);

/* How many samples something is true of, over all domains. */
typedef struct sample_tally {
    uint64_t count;
    size_t domains;
    char first[80]; /* the name of a domain with one */
} sample_tally;
void sample_tally_add(sample_tally *tally, const char *domain, uint64_t count);
/* "3 of 40 samples of law", "16 of 336 samples (10 domains, such as law)"; of: all samples. Returns out. */
enum { SAMPLE_TALLY_TEXT = 200 };
const char *sample_tally_text(const sample_tally *tally, uint64_t of, const char *samples, char out[SAMPLE_TALLY_TEXT]);

/* A domain's own seed, so that its figures do not depend on the other domains. */
uint64_t domain_seed(uint64_t seed, const char *name);
/* Numbers of `most` of `count` things, drawn by the seed, ascending; all of them for most 0 or not below count. Returns
 * how many; the caller frees *out. */
size_t draw_samples(size_t count, size_t most, uint64_t seed, const char *name, size_t **out);

#endif
