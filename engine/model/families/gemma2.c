/* gemma2.c: Gemma 2: four norms a block, capped scores and logits, every second layer with a window. */
#include "model/families/llama_names.h"

static const char *const stems[] = {"model.", "", NULL};

const model_family family_gemma2 = {.name = "gemma2",
                                    LLAMA_KEYS,
                                    .act_key = "hidden_activation",
                                    .act = "gelu_pytorch_tanh",
                                    .eps = 1e-6,
                                    .kv_heads = 4,
                                    .head_dim = 256,
                                    .tied = true,
                                    .norm = NORM_RMS_PLUS_ONE,
                                    .gated = true,
                                    .post_norm = true,
                                    .scale_embedding = true,
                                    .query_scalar = true,
                                    .caps = true,
                                    .attention_cap = 50,
                                    .logit_cap = 30,
                                    .qkv_bias = BIAS_IF_SET,
                                    .out_bias = BIAS_IF_SET,
                                    .window = WINDOW_ALTERNATING,
                                    .sliding_window = 4096,
                                    .window_pattern = 2,
                                    .rotary = true,
                                    .rope_theta = 10000,
                                    .stems = stems,
                                    .part = {GEMMA_PARTS},
                                    .only = "use_bidirectional_attention=false",
                                    .harmless = "hidden_act cache_implementation"};
