/* llama_names.h: the keys of config.json and the names of tensors that Llama began and other families took over. */
#ifndef SCRY_MODEL_FAMILIES_LLAMA_NAMES_H
#define SCRY_MODEL_FAMILIES_LLAMA_NAMES_H

#include "model/family.h"

#define LLAMA_KEYS                                                                                                     \
    .d_model_key = "hidden_size", .layers_key = "num_hidden_layers", .heads_key = "num_attention_heads",               \
    .d_mlp_key = "intermediate_size", .context_key = "max_position_embeddings", .eps_key = "rms_norm_eps",             \
    .rope_theta_key = "rope_theta"

#define LLAMA_ENDS                                                                                                     \
    [PART_EMBEDDING] = "embed_tokens", [PART_FINAL_NORM] = "norm", [PART_HEAD] = "lm_head",                            \
    [PART_ATTENTION_NORM] = "layers.%u.input_layernorm"

#define LLAMA_PRODUCTS                                                                                                 \
    [PART_Q] = "layers.%u.self_attn.q_proj", [PART_K] = "layers.%u.self_attn.k_proj",                                  \
    [PART_V] = "layers.%u.self_attn.v_proj", [PART_O] = "layers.%u.self_attn.o_proj",                                  \
    [PART_GATE] = "layers.%u.mlp.gate_proj", [PART_UP] = "layers.%u.mlp.up_proj",                                      \
    [PART_DOWN] = "layers.%u.mlp.down_proj"

#define LLAMA_PARTS LLAMA_ENDS, LLAMA_PRODUCTS, [PART_MLP_NORM] = "layers.%u.post_attention_layernorm"

/* norms before and after attention and MLP */
#define GEMMA_PARTS                                                                                                    \
    LLAMA_ENDS, LLAMA_PRODUCTS, [PART_ATTENTION_POST_NORM] = "layers.%u.post_attention_layernorm",                     \
                                [PART_MLP_NORM] = "layers.%u.pre_feedforward_layernorm",                               \
                                [PART_MLP_POST_NORM] = "layers.%u.post_feedforward_layernorm"

#define LLAMA_QK_NORMS [PART_Q_NORM] = "layers.%u.self_attn.q_norm", [PART_K_NORM] = "layers.%u.self_attn.k_norm"

#endif
