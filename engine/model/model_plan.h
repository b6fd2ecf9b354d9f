/* model_plan.h: what a model computes, read from its config.json: sizes, kinds and constants, without weights. */
#ifndef SCRY_MODEL_MODEL_PLAN_H
#define SCRY_MODEL_MODEL_PLAN_H

#include "model.h"

/* y = x / sqrt(mean x^2 + eps) times w, times 1 + w, or (x - mean) / sqrt(variance + eps) times w plus b. */
typedef enum norm_kind { NORM_RMS, NORM_RMS_PLUS_ONE, NORM_LAYER } norm_kind;

/* ACTIVATION(enumerator, names in config.json separated by blanks) */
#define ACTIVATION_TABLE(ACTIVATION)                                                                                   \
    ACTIVATION(ACTIVATION_SILU, "silu swish")                                                                          \
    ACTIVATION(ACTIVATION_GELU, "gelu gelu_python")                                                                    \
    ACTIVATION(ACTIVATION_GELU_TANH, "gelu_pytorch_tanh gelu_new gelu_python_tanh gelu_fast gelu_accurate")            \
    ACTIVATION(ACTIVATION_RELU, "relu")

typedef enum activation {
#define ACTIVATION(id, names) id,
    ACTIVATION_TABLE(ACTIVATION)
#undef ACTIVATION
        ACTIVATIONS
} activation;

/* Rotary positions: the first `width` numbers of a head are turned by angles of position times frequency [width / 2];
 * number i goes with number i + width / 2. width 0: no rotation. */
typedef struct rope {
    uint32_t width;
    float *frequency;
} rope;

enum { MODEL_ROPES = 2 };

typedef struct model_layer {
    uint32_t window;        /* a token sees itself and the window - 1 before it; 0: all before it */
    uint32_t rope;          /* number in model_plan.rope */
    double attention_scale; /* of q k */
} model_layer;

typedef struct model_plan {
    const char *family;
    uint32_t layers, d_model, heads, kv_heads, head_dim, d_mlp, vocabulary;
    uint32_t context; /* 0: not said */
    norm_kind norm;
    double norm_eps;
    activation act;
    bool gated;             /* down(act(gate) up), else down(act(up)) */
    bool qk_norm;           /* RMS norm of each head of q and k, before rotation */
    bool post_norm;         /* norms of what attention and MLP add, too */
    bool parallel;          /* attention and MLP read the same stream */
    bool learned_positions; /* rows of a matrix, added to the embeddings */
    bool tied;
    bool qkv_bias, out_bias, mlp_bias;
    double attention_cap, logit_cap; /* c tanh(x / c) of the scores and of the logits; 0: none */
    double embedding_scale;
    rope rope[MODEL_ROPES];
    model_layer *layer; /* [layers] */
} model_plan;

/* Fills plan from config.json in the folder. False and err, which names the key, what was found and what is known, for
 * an unknown family and for settings that are not implemented; a note names keys that no family knows. The caller calls
 * model_plan_free, which accepts what a failure left. */
bool model_plan_read(model_plan *plan, const char *folder, scry_notes *notes, scry_error *err);
void model_plan_free(model_plan *plan);

#endif
