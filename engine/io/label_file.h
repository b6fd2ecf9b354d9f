/* label_file.h: reads labels of latents. The content tells the format:
 *
 *     {"latent": 17, "label": "..."}                JSON Lines of our own
 *     latent,label                                  CSV with this header
 *     {"index": "17", "description": "...", ...}    explanations exported from Neuronpedia
 *     {"custom_id": "latent-17", "response": {...}}  a language model's answer (label_answer.h)
 *     {"features": [{"feature_index": 17, "pos_str": [" a", ...], ...}]}    SAEDashboard's batches
 *
 * JSON may also be one list of such records, and each file may be compressed with gzip; a folder stands for
 * its batch-*.json, .jsonl and .gz. Several texts of one latent are joined by " | ". SAEDashboard has no
 * explanations: the label is the three tokens that the latent promotes most, trimmed and joined by " / " (blanks
 * in a token of blanks are shown as visible signs). */
#ifndef SCRY_IO_LABEL_FILE_H
#define SCRY_IO_LABEL_FILE_H

#include <stdint.h>
#include "base/error.h"

/* Adds the file's labels to label[latents]: allocated texts, NULL without a label. The caller frees them, also on
 * failure. Notes receive how many records were ignored, and why. */
bool labels_read(char **label, uint32_t latents, const char *path, scry_notes *notes, scry_error *err);

#endif
