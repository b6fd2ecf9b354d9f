/* mistral.c: Mistral 7B and Nemo: a Llama whose layers may all see only a window. */
#include "model/families/llama_names.h"

static const char *const stems[] = {"model.", "", NULL};

const model_family family_mistral = {.name = "mistral",
                                     LLAMA_KEYS,
                                     .act_key = "hidden_act",
                                     .act = "silu",
                                     .eps = 1e-6,
                                     .kv_heads = 8,
                                     .norm = NORM_RMS,
                                     .gated = true,
                                     .window = WINDOW_ALL,
                                     .sliding_window = 4096,
                                     .rotary = true,
                                     .rope_theta = 10000,
                                     .stems = stems,
                                     .part = {LLAMA_PARTS}};
