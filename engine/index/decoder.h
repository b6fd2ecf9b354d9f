/* decoder.h: an SAE's decoder as it lies in an index: in the narrowest form that holds every number of
 * it exactly, which is mostly the one that its files had. */
#ifndef SCRY_DECODER_H
#define SCRY_DECODER_H

#include <stdint.h>

#include "index/container.h"

typedef enum decoder_form { DECODER_BF16, DECODER_F16, DECODER_F32, DECODER_FORMS } decoder_form;

/* "bfloat16", "float16", "float32". */
const char *decoder_form_name(decoder_form form);
/* The form of that name, or -1. */
int decoder_form_of_name(const char *name);
/* Bytes of a number. */
static inline uint64_t decoder_width(decoder_form form) {
    return form == DECODER_F32 ? 4 : 2;
}

/* The narrowest form that holds all n numbers exactly. */
decoder_form decoder_choose(const float *x, uint64_t n);
/* Appends n numbers to the section in work. */
void decoder_write(container_writer *w, decoder_form form, const float *x, uint64_t n);
/* Numbers first .. first + n of a section, as floats. */
void decoder_read(const void *section, decoder_form form, uint64_t first, uint64_t n, float *out);

#endif
