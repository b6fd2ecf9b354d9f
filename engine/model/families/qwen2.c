/* qwen2.c: Qwen 2 and 2.5: a Llama with biases of q, k and v. */
#include "model/families/llama_names.h"

static const char *const stems[] = {"model.", "", NULL};

const model_family family_qwen2 = {.name = "qwen2",
                                   LLAMA_KEYS,
                                   .act_key = "hidden_act",
                                   .act = "silu",
                                   .eps = 1e-6,
                                   .kv_heads = 32,
                                   .norm = NORM_RMS,
                                   .gated = true,
                                   .qkv_bias = BIAS_ALWAYS,
                                   .window = WINDOW_IF_USED,
                                   .sliding_window = 4096,
                                   .rotary = true,
                                   .rope_theta = 10000,
                                   .stems = stems,
                                   .part = {LLAMA_PARTS}};
