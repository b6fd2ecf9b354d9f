/* byte_alphabet.h: the letters that byte-level tokenizers write bytes with (GPT-2's bytes_to_unicode): 188 printable
 * bytes stand for themselves as code points, the others for U+0100 and up in order. */
#ifndef SCRY_IO_BYTE_ALPHABET_H
#define SCRY_IO_BYTE_ALPHABET_H

#include <stdint.h>

enum { BYTE_ALPHABET = 256 + 256 - 188 }; /* its code points are below this */

/* byte_of[code point]: the byte, or -1. */
void byte_alphabet_bytes(int16_t byte_of[BYTE_ALPHABET]);
/* code_of[byte]: the code point. */
void byte_alphabet_codes(uint16_t code_of[256]);

#endif
