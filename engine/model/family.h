/* family.h: what a row of the table of model families says. Each family is a file in families/ with one model_family,
 * and a row of family.def. */
#ifndef SCRY_MODEL_FAMILY_H
#define SCRY_MODEL_FAMILY_H

#include "io/config.h"
#include "model/model_plan.h"

/* The parts that a family has names for. Matrices and norms have a tensor
 * NAME.weight, and where the plan says so NAME.bias. */
typedef enum model_part {
    /* once */
    PART_EMBEDDING,
    PART_POSITIONS,
    PART_FINAL_NORM,
    PART_HEAD,
    /* in every block; %u is its number */
    PART_ATTENTION_NORM,
    PART_Q,
    PART_K,
    PART_V,
    PART_QKV, /* instead of the three */
    PART_Q_NORM,
    PART_K_NORM,
    PART_O,
    PART_ATTENTION_POST_NORM,
    PART_MLP_NORM,
    PART_GATE,
    PART_UP,
    PART_DOWN,
    PART_MLP_POST_NORM,
    MODEL_PARTS
} model_part;

/* How q, k and v lie in the output of PART_QKV. */
typedef enum qkv_order {
    QKV_APART,    /* three matrices */
    QKV_IN_A_ROW, /* all of q, then all of k, then all of v */
    QKV_BY_HEAD   /* q, k and v of head 0, then those of head 1, ... */
} qkv_order;

typedef enum bias_rule { BIAS_NONE, BIAS_ALWAYS, BIAS_IF_SET /* by the family's key */ } bias_rule;

/* Which layers see only a window, where config.json has no layer_types. */
typedef enum window_rule {
    WINDOW_NONE,
    WINDOW_ALL,        /* sliding_window in every layer, unless it is null */
    WINDOW_IF_USED,    /* with use_sliding_window, from layer max_window_layers on */
    WINDOW_ALTERNATING /* all but every n-th layer, n = sliding_window_pattern */
} window_rule;

typedef struct model_family {
    const char *name; /* model_type */

    /* keys of config.json that differ between families, and values where the key is absent (0: required, or as said) */
    const char *d_model_key, *layers_key, *heads_key, *d_mlp_key, *context_key, *eps_key, *act_key;
    uint32_t heads, vocabulary, context; /* 0: required; of context: not said */
    uint32_t kv_heads;                   /* 0: as many as heads */
    uint32_t head_dim;                   /* 0: d_model / heads */
    uint32_t d_mlp_factor;               /* d_mlp is that many d_model where the key is absent; 0: required */
    double eps;
    const char *act;
    bool tied;

    norm_kind norm;
    bool gated, qk_norm, post_norm, learned_positions;
    bool parallel_key;    /* use_parallel_residual says, true where absent */
    bool scale_embedding; /* by sqrt(d_model) */
    bool query_scalar;    /* scores are scaled by query_pre_attn_scalar^-1/2, not head_dim^-1/2 */
    bool scale_by_layer;  /* and by the number of the layer from 1, where scale_attn_by_inverse_layer_idx says so */
    bool caps;            /* attn_logit_softcapping and final_logit_softcapping are read */
    double attention_cap, logit_cap; /* where these keys are absent */
    bias_rule qkv_bias, out_bias, mlp_bias;
    bool attention_bias; /* attention_bias where absent */
    window_rule window;
    uint32_t sliding_window, window_pattern; /* where the keys are absent */
    bool rotary;
    double rope_theta, rope_local_theta; /* where absent; local: of the layers with a window, 0: the same */
    double rotary_share;                 /* where absent: the rotated part of a head; 0: no key for it */
    const char *rope_theta_key, *rope_local_theta_key, *rotary_share_key; /* older spellings; may be NULL */

    bool in_out; /* linear layers are stored as [in, out] */
    qkv_order qkv;
    const char *const *stems; /* what names of tensors begin with, one after the other until the embedding is found;
                                 NULL at the end */
    const char *part[MODEL_PARTS]; /* NULL: the family has no such part; ".weight" is added. PART_HEAD has no stem. */

    /* settings that are not implemented: name=value as in config.json, separated by blanks; any other value is refused
     */
    const char *only;
    /* settings that change no number, separated by blanks */
    const char *harmless;
} model_family;

#define MODEL_FAMILY(name) extern const model_family family_##name;
#include "model/family.def"
#undef MODEL_FAMILY

/* The row of a model_type, or NULL. */
const model_family *model_family_find(const char *model_type);

#endif
