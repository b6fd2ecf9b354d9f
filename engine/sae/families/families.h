/* families.h: the readers of the families of SAE files, one file each. */
#ifndef SCRY_SAE_FAMILIES_FAMILIES_H
#define SCRY_SAE_FAMILIES_FAMILIES_H

#include "sae/format.h"

/* NAME_detect: is this file or directory of the family?
 * NAME_load: fills s, which has only input_scale set, from it, but for format and folded, and asks weights_check_rest
 * and config_check_rest about what it did not read; on failure the caller frees s. In description it writes its name
 * and what is special; sae_load adds the activation and the sizes. */
#define SAE_FAMILY(name, format, title, files, tensors, keys)                                                          \
    bool name##_detect(const char *path);                                                                              \
    bool name##_load(sae *s, const char *path, const sae_harmless *harmless, scry_notes *notes, scry_error *err);
#include "sae/families/families.def"
#undef SAE_FAMILY

#endif
