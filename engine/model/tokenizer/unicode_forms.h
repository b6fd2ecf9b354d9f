/* unicode_forms.h: the normalization forms of Unicode (UAX #15), with alignment. */
#ifndef SCRY_MODEL_TOKENIZER_UNICODE_FORMS_H
#define SCRY_MODEL_TOKENIZER_UNICODE_FORMS_H

#include "model/tokenizer/aligned_text.h"

/* Appends the form of a text to `to`: composed, NFC or NFKC, else NFD or NFKD; compatible: NFKC or NFKD. */
void unicode_form(bool composed, bool compatible, const aligned_text *from, aligned_text *to);

#endif
