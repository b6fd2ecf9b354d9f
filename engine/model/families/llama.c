/* llama.c: Llama 1 to 3.x, SmolLM2 and what else calls itself so. */
#include "model/families/llama_names.h"

static const char *const stems[] = {"model.", "", NULL};

const model_family family_llama = {.name = "llama",
                                   LLAMA_KEYS,
                                   .act_key = "hidden_act",
                                   .act = "silu",
                                   .eps = 1e-6,
                                   .norm = NORM_RMS,
                                   .gated = true,
                                   .qkv_bias = BIAS_IF_SET,
                                   .out_bias = BIAS_IF_SET,
                                   .mlp_bias = BIAS_IF_SET,
                                   .rotary = true,
                                   .rope_theta = 10000,
                                   .stems = stems,
                                   .part = {LLAMA_PARTS}};
