/* number_format.c: numbers and names of quantities as text. */
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void format_rho(double value, int decimals, bool sign, char *text, size_t size) {
    if (isnan(value)) {
        snprintf(text, size, "-");
        return;
    }
    char number[32];
    if (!sign && fabs(value) < 0.5 * pow(10, -decimals)) value = 0; /* no "-.00" */
    snprintf(number, sizeof number, sign ? "%+.*f" : "%.*f", decimals, value);
    char *zero = strstr(number, "0.");
    bool leading = zero && (zero == number || zero[-1] == '-' || zero[-1] == '+');
    if (leading) memmove(zero, zero + 1, strlen(zero));
    snprintf(text, size, "%s", number);
}

const char *change_name(bool is_signed) {
    return is_signed ? "signed change" : "absolute change";
}

const char *plural_s(unsigned long long count) {
    return count == 1 ? "" : "s";
}
