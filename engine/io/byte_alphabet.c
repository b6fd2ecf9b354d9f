/* byte_alphabet.c: the letters that byte-level tokenizers write bytes with. */
#include "io/byte_alphabet.h"

#include <stdbool.h>

void byte_alphabet_codes(uint16_t code_of[256]) {
    uint16_t next = 256;
    for (int byte = 0; byte < 256; byte++) {
        bool itself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
        code_of[byte] = itself ? (uint16_t)byte : next++;
    }
}

void byte_alphabet_bytes(int16_t byte_of[BYTE_ALPHABET]) {
    uint16_t code_of[256];
    byte_alphabet_codes(code_of);
    for (int i = 0; i < BYTE_ALPHABET; i++) byte_of[i] = -1;
    for (int16_t byte = 0; byte < 256; byte++) byte_of[code_of[byte]] = byte;
}
