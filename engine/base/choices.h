/* base/choices.h: a list of names as a message words it. */
#ifndef SCRY_BASE_CHOICES_H
#define SCRY_BASE_CHOICES_H

#include <stddef.h>

/* Writes "a, b or c" to out[size], each name between quotes ("" for none); cut where there is no room. Returns out. */
const char *choices_text(char *out, size_t size, const char *const *names, size_t count, const char *quote);

#endif
