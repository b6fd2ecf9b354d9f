/* train/save.h: a trained model as a SAELens 6 directory. */
#ifndef SCRY_TRAIN_SAVE_H
#define SCRY_TRAIN_SAVE_H

#include "train/trainer.h"

/* Write cfg.json and sae_weights.safetensors to the folder, each atomically. The scale of the residuals
 * and the norms of the decoder's rows are folded in: the SAE reads residuals as they are, and rows of W_dec have norm
 * 1. topk stays topk; batchtopk becomes jumprelu with one threshold for all, as SAELens saves it. */
bool save_sae(const trainer *t, const char *folder, scry_error *err);

#endif
