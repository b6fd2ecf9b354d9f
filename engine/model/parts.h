/* parts.h: an open model: its plan and where each weight lies in its file. */
#ifndef SCRY_MODEL_PARTS_H
#define SCRY_MODEL_PARTS_H

#include "io/tensor.h"
#include "model/family.h"

#include <pthread.h>

struct weight_matrix;

/* What is added to a weight's rows whenever they are used, such as a LoRA adapter's (alpha / r) B A. */
typedef struct weight_delta {
    /* Adds to out [rows][to - from] the delta of rows first..first + rows of w, columns from..to. Any thread. The rows
     * of the stored matrix are weight_stored_row(w, row). */
    void (*add)(const struct weight_delta *delta, const struct weight_matrix *w, uint32_t first, uint32_t rows,
                uint32_t from, uint32_t to, float *out);
} weight_delta;

/* A matrix [out, in] of floats, or a part of the rows of a stored one. */
typedef struct weight_matrix {
    const tensor *t; /* NULL: the model has no such matrix */
    uint32_t out, in;
    bool in_out;                 /* stored as [in, out] */
    uint32_t first, group, step; /* row r is stored row first + r / group * step + r % group */
    const weight_delta *delta;   /* borrowed; may be NULL */
} weight_matrix;

static inline uint64_t weight_stored_row(const weight_matrix *w, uint32_t row) {
    return w->first + (uint64_t)(row / w->group) * w->step + row % w->group;
}

/* Rows first..first + rows, columns from..to, widened to out [rows][to - from], with the delta. Any thread. */
void weight_rows(const weight_matrix *w, uint32_t first, uint32_t rows, uint32_t from, uint32_t to, float *out);

/* True when rows first..first + rows of w can be read where they lie as BF16 in the processor's byte order: row[i] is
 * then column `from` of row first + i. */
bool weight_rows_bf16(const weight_matrix *w, uint32_t first, uint32_t rows, uint32_t from, const uint16_t **row);

typedef struct norm_weights {
    float *weight, *bias; /* owned; weight NULL: no such norm; bias NULL: none */
} norm_weights;

typedef struct block_weights {
    norm_weights attention_norm, attention_post_norm, mlp_norm, mlp_post_norm;
    float *q_norm, *k_norm; /* [head_dim], owned */
    weight_matrix q, k, v, o, gate, up, down;
    float *qkv_bias, *o_bias, *gate_up_bias, *down_bias; /* of q, k, v one after the other; of gate and up; owned */
} block_weights;

struct scry_model {
    scry_model_info info;
    char *folder, *adapter, *config; /* owned; config: the bytes of config.json */
    size_t config_size;
    struct lora *lora; /* owned; NULL without an adapter */
    model_plan plan;
    const model_family *family;
    tensor_file file;
    bool *used;       /* [file.count] */
    const char *stem; /* what names of tensors begin with */
    weight_matrix embedding, positions, head;
    norm_weights final_norm;
    block_weights *block;                      /* [layers] */
    struct model_amplification *amplification; /* of amplify.c, owned; NULL: the weights are the files' */
    uint32_t *ends;                            /* [end_count] ids that end a text, owned */
    size_t end_count;
    pthread_mutex_t lock; /* guards fingerprint */
    uint64_t fingerprint; /* 0: not yet computed */
};

/* Finds all weights of m->plan in m->file and checks their shapes; fills info. The caller calls model_weights_free,
 * which accepts what a failure left. */
bool model_weights_find(scry_model *m, scry_notes *notes, scry_error *err);
void model_weights_free(scry_model *m);

/* Fills in m->ends, from what the folder says. False and err for a file that cannot be read. */
bool model_ends_find(scry_model *m, scry_error *err);

/* The tensor of a part of block `layer` with ending ".weight" or ".bias", or NULL. name: where it was looked for. */
const tensor *model_tensor(const scry_model *m, model_part part, uint32_t layer, const char *ending, char name[200]);

#endif
