/* base/choices.c: a list of names as a message words it. */
#include "base/choices.h"

#include <stdio.h>

const char *choices_text(char *out, size_t size, const char *const *names, size_t count, const char *quote) {
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < count && used < size; i++) {
        const char *joint = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        used += (size_t)snprintf(out + used, size - used, "%s%s%s%s", joint, quote, names[i], quote);
    }
    return out;
}
