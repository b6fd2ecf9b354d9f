/* number_format.h: how every screen and table writes numbers and names of quantities. */
#ifndef SCRY_TEXT_NUMBER_FORMAT_H
#define SCRY_TEXT_NUMBER_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* Writes a number without the zero before its point: "-.68", "1.00"; "-" for NaN. sign: a plus before positive numbers.
 */
void format_rho(double value, int decimals, bool sign, char *text, size_t size);

/* The change that scores are correlated with: "signed change" or "absolute change". */
const char *change_name(bool is_signed);

/* "s" after the noun of a count, "" for a count of one. */
const char *plural_s(unsigned long long count);

#endif
