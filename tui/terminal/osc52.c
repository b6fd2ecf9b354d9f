/* terminal/osc52.c: OSC 52: ESC ]52;c; then the text in base64, then BEL. */
#include "terminal/osc52.h"
#include "base/mem.h"

#include <stdint.h>
#include <string.h>

char *osc52_sequence(const char *text, size_t *length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char begin[] = "\033]52;c;";
    size_t bytes = strlen(text), n = sizeof begin - 1;
    char *out = mem_new(n + (bytes + 2) / 3 * 4 + 2, 1);
    memcpy(out, begin, n);
    for (size_t i = 0; i < bytes; i += 3) {
        uint32_t three = 0;
        for (size_t k = 0; k < 3; k++) three = three << 8 | (i + k < bytes ? (unsigned char)text[i + k] : 0);
        for (size_t k = 0; k < 4; k++) out[n++] = i + k <= bytes ? digits[three >> (18 - 6 * k) & 63] : '=';
    }
    out[n++] = '\a';
    out[n] = 0;
    *length = n;
    return out;
}
