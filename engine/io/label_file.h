/* labels.h: text for latents. The file's content says which of these it is:
 *
 *     {"latent": 17, "label": "..."}                JSON Lines of our own
 *     latent,label                                  CSV with this header
 *     {"index": "17", "description": "...", ...}    explanations exported from Neuronpedia
 *     {"features": [{"feature_index": 17, "pos_str": [" a", ...], ...}]}    SAEDashboard's batches
 *
 * JSON may also be one list of such records, and each may be gzip'd; a folder stands for its
 * batch-*.json, .jsonl and .gz. A latent with several texts gets them all, joined by " | ". SAEDashboard
 * explains nothing: the label is the first three tokens that the latent promotes, joined by " / ",
 * without the spaces around them (a token of blanks alone is shown as signs for them). */
#ifndef SCRY_IO_LABEL_FILE_H
#define SCRY_IO_LABEL_FILE_H

#include <stdint.h>
#include "base/error.h"

/* label[latents] receives allocated texts (NULL where none; what is there already is added to);
 * the caller frees them, also on failure. What was left out, and why, goes to notes. */
bool labels_read(char **label, uint32_t latents, const char *path, scry_notes *notes, scry_error *err);

#endif
