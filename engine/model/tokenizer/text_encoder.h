/* text_encoder.h: an open tokenizer, for the parts that ask it for more than model.h does. */
#ifndef SCRY_MODEL_TOKENIZER_TEXT_ENCODER_H
#define SCRY_MODEL_TOKENIZER_TEXT_ENCODER_H

#include "model.h"

/* The Jinja text of the model's chat template, or NULL where the folder has none. Borrowed. */
const char *tokenizer_chat_template(const scry_tokenizer *tok);
/* The beginning-of-text token's spelling, or NULL. Borrowed. */
const char *tokenizer_bos_text(const scry_tokenizer *tok);
const char *tokenizer_eos_text(const scry_tokenizer *tok); /* the same of the end-of-text token */

#endif
