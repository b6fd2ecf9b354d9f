/* qwen3.c: Qwen 3: norms of each head of q and k. */
#include "model/families/llama_names.h"

static const char *const stems[] = {"model.", "", NULL};

const model_family family_qwen3 = {.name = "qwen3",
                                   LLAMA_KEYS,
                                   .act_key = "hidden_act",
                                   .act = "silu",
                                   .eps = 1e-6,
                                   .kv_heads = 32,
                                   .head_dim = 128,
                                   .norm = NORM_RMS,
                                   .gated = true,
                                   .qk_norm = true,
                                   .qkv_bias = BIAS_IF_SET,
                                   .out_bias = BIAS_IF_SET,
                                   .window = WINDOW_IF_USED,
                                   .sliding_window = 4096,
                                   .rotary = true,
                                   .rope_theta = 10000,
                                   .stems = stems,
                                   .part = {LLAMA_PARTS, LLAMA_QK_NORMS}};
