/* labels.h: text for latents: JSON Lines {"latent": 17, "label": "..."} or CSV latent,label. */
#ifndef SCRY_LABELS_H
#define SCRY_LABELS_H

#include <stdint.h>
#include "base/error.h"

/* label[latents] receives allocated texts (NULL where none); the caller frees them, also on
 * failure. Labels of latents that do not exist go to notes. */
bool labels_read(char **label, uint32_t latents, const char *path, scry_notes *notes, scry_error *err);

#endif
