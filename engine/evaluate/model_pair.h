/* evaluate/model_pair.h: the base and the tuned model of an evaluation, and the tokenizer that both read by. */
#ifndef SCRY_EVALUATE_MODEL_PAIR_H
#define SCRY_EVALUATE_MODEL_PAIR_H

#include "evaluate.h"
#include "study/study.h"

typedef struct model_pair {
    char *folder[2], *adapter[2]; /* of base and tuned; folder NULL: there is no tuned model */
    scry_model *model[2];
    scry_tokenizer *tok;
} model_pair;

/* Opens the models that the query names, or else the study (may be NULL), of its training set of this number. False and
 * err, which says what is missing, and for a tuned model with other tokens. Owner: model_pair_close, also after a
 * failure. */
bool model_pair_open(model_pair *v, const scry_evaluation_query *query, const scry_study *study, size_t train,
                     scry_notes *notes, scry_error *err);
/* The same of two folders: base, and tuned, which may be that of a LoRA adapter of base, or NULL. */
bool model_pair_open_folders(model_pair *v, const char *base, const char *tuned, scry_notes *notes, scry_error *err);
/* Amplifies the tuned model (scry_model_amplify); times NULL: nothing. False and err also where there is none. */
bool model_pair_amplify(model_pair *v, const double *times, scry_error *err);
void model_pair_close(model_pair *v);

/* The longest sequence that both models take, at most most_tokens (0: no other limit). */
size_t model_pair_context(const model_pair *v, uint32_t most_tokens);

#endif
