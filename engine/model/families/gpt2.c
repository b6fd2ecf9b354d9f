/* gpt2.c: GPT-2: learned positions, layer norms with biases, linear layers stored as [in, out]. */
#include "model/family.h"

static const char *const stems[] = {"transformer.", "", NULL};

const model_family family_gpt2 = {.name = "gpt2",
                                  .d_model_key = "n_embd",
                                  .layers_key = "n_layer",
                                  .heads_key = "n_head",
                                  .d_mlp_key = "n_inner",
                                  .d_mlp_factor = 4,
                                  .context_key = "n_positions",
                                  .eps_key = "layer_norm_epsilon",
                                  .eps = 1e-5,
                                  .act_key = "activation_function",
                                  .act = "gelu_new",
                                  .tied = true,
                                  .norm = NORM_LAYER,
                                  .learned_positions = true,
                                  .scale_by_layer = true,
                                  .qkv_bias = BIAS_ALWAYS,
                                  .out_bias = BIAS_ALWAYS,
                                  .mlp_bias = BIAS_ALWAYS,
                                  .in_out = true,
                                  .qkv = QKV_IN_A_ROW,
                                  .stems = stems,
                                  .part = {[PART_EMBEDDING] = "wte",
                                           [PART_POSITIONS] = "wpe",
                                           [PART_FINAL_NORM] = "ln_f",
                                           [PART_HEAD] = "lm_head",
                                           [PART_ATTENTION_NORM] = "h.%u.ln_1",
                                           [PART_QKV] = "h.%u.attn.c_attn",
                                           [PART_O] = "h.%u.attn.c_proj",
                                           [PART_MLP_NORM] = "h.%u.ln_2",
                                           [PART_UP] = "h.%u.mlp.c_fc",
                                           [PART_DOWN] = "h.%u.mlp.c_proj"},
                                  .only = "add_cross_attention=false scale_attn_weights=true",
                                  .harmless =
                                      "n_ctx resid_pdrop embd_pdrop attn_pdrop summary_* reorder_and_upcast_attn"};
