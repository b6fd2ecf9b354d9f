/* lora_settings.h: adapter_config.json of a LoRA adapter. */
#ifndef SCRY_MODEL_LORA_SETTINGS_H
#define SCRY_MODEL_LORA_SETTINGS_H

#include "io/config.h"

#define LORA_MERGE "merge it with PEFT's merge_and_unload and name the merged folder as the model"

/* False and err unless the adapter is a LoRA of low-rank changes alone. */
bool lora_check_kind(const config *c, scry_error *err);
/* The scale of a module's change of that rank: alpha / r, or alpha / sqrt(r). False and err for settings that cannot be
 * read, or that say another rank. */
bool lora_scale(const config *c, const char *module, uint64_t rank, float *scale, scry_error *err);
/* After all else was read: a note for keys that are not known, err where one of them is switched on. */
bool lora_check_rest(const config *c, scry_notes *notes, scry_error *err);
/* Is name `end`, or does it end with it after a dot? */
bool lora_name_ends(const char *name, const char *end);

#endif
