/* gemma3_text.c: Gemma 3 and its text part in multimodal folders: Gemma 2 with norms of each head of q and k instead of
 * caps, and positions of their own for the layers with a window, which are five of six. */
#include "model/families/llama_names.h"

static const char *const stems[] = {"model.", "", "language_model.model.", "model.language_model.", NULL};

const model_family family_gemma3_text = {.name = "gemma3_text",
                                         LLAMA_KEYS,
                                         .act_key = "hidden_activation",
                                         .act = "gelu_pytorch_tanh",
                                         .eps = 1e-6,
                                         .heads = 8,
                                         .vocabulary = 262208,
                                         .context = 131072,
                                         .kv_heads = 4,
                                         .head_dim = 256,
                                         .tied = true,
                                         .norm = NORM_RMS_PLUS_ONE,
                                         .gated = true,
                                         .qk_norm = true,
                                         .post_norm = true,
                                         .scale_embedding = true,
                                         .query_scalar = true,
                                         .caps = true,
                                         .qkv_bias = BIAS_IF_SET,
                                         .out_bias = BIAS_IF_SET,
                                         .window = WINDOW_ALTERNATING,
                                         .sliding_window = 4096,
                                         .window_pattern = 6,
                                         .rotary = true,
                                         .rope_theta = 1e6,
                                         .rope_local_theta = 1e4,
                                         .rope_local_theta_key = "rope_local_base_freq",
                                         .stems = stems,
                                         .part = {GEMMA_PARTS, LLAMA_QK_NORMS},
                                         .only = "use_bidirectional_attention=false",
                                         .harmless = "hidden_act cache_implementation"};
