/* capture/sae_hook.h: the hook that an SAE reads. */
#ifndef SCRY_CAPTURE_SAE_HOOK_H
#define SCRY_CAPTURE_SAE_HOOK_H

#include "model.h"

/* Looks for the hook of an SAE's folder or file: in its settings (SAELens, Llama Scope, sparsify, dictionary_learning),
 * or in its path (Gemma Scope's layer_20, EleutherAI's layers.10). *has: it was found. False and err for a path that
 * does not exist and, where it is required, for an SAE that does not say. */
bool sae_hook(const char *path, bool required, scry_hook *hook, bool *has, scry_error *err);

#endif
