/* character_class.h: classes of Unicode characters, as Rust's char and the crates of the tokenizers library have
 * them. */
#ifndef SCRY_MODEL_TOKENIZER_CHARACTER_CLASS_H
#define SCRY_MODEL_TOKENIZER_CHARACTER_CLASS_H

#include <stdbool.h>
#include <stdint.h>

bool is_whitespace(uint32_t code);  /* White_Space */
bool is_numeric(uint32_t code);     /* Nd, Nl, No */
bool is_punctuation(uint32_t code); /* P*, and ASCII's symbols */
bool is_mark(uint32_t code);        /* Mn, Mc, Me */
bool is_word(uint32_t code);        /* \w of the regex crate: alphabetic, marks, decimal digits, connectors, joiners */

#endif
