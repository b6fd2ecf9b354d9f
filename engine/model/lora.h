/* lora.h: a LoRA adapter in PEFT's layout: for some linear layers a change of low rank, W + scale B A, where A is
 * [r, in], B [out, r] and W [out, in]; scale is lora_alpha / r, or lora_alpha / sqrt(r) with use_rslora (Kalajdzievski
 * 2023). Only what can be merged into the weights is read; the rest is refused by name. */
#ifndef SCRY_MODEL_LORA_H
#define SCRY_MODEL_LORA_H

#include "model/parts.h"

typedef struct lora lora;

/* Opens a folder with adapter_config.json and adapter_model.safetensors (or .bin). base: the model's folder, whose name
 * is compared with the one that the adapter names; a note says when they differ. NULL and err for an adapter of another
 * kind, settings that cannot be merged, values that are not finite. */
lora *lora_open(const char *folder, const char *base, scry_notes *notes, scry_error *err);
void lora_close(lora *adapter); /* accepts NULL */

/* Gives the model's weights the changes as their delta. The model borrows the adapter. False and err when the adapter
 * changes a layer that the model lacks or that has another shape, or holds a whole tensor that differs from the
 * model's. Later BLAS calls run in their calling thread. */
bool lora_attach(lora *adapter, scry_model *model, scry_error *err);

/* Hash of the changes by content. */
uint64_t lora_fingerprint(const lora *adapter);

#endif
