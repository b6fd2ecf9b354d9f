/* decoder_codec.h: an SAE's decoder as it lies in an index: in the narrowest form that holds every number of
 * it exactly, which is mostly the one that its files had. */
#ifndef SCRY_INDEX_FORMAT_DECODER_CODEC_H
#define SCRY_INDEX_FORMAT_DECODER_CODEC_H

#include <stdint.h>

#include "index/format/container.h"

typedef enum decoder_codec { DECODER_BF16, DECODER_F16, DECODER_F32, DECODER_CODECS } decoder_codec;

/* "bfloat16", "float16", "float32". */
const char *decoder_codec_name(decoder_codec form);
/* The form of that name, or -1. */
int decoder_codec_find(const char *name);
/* Bytes of a number. */
static inline uint64_t decoder_width(decoder_codec form) {
    return form == DECODER_F32 ? 4 : 2;
}

/* The narrowest form that holds all n numbers exactly. */
decoder_codec decoder_choose(const float *x, uint64_t n);
/* Append n numbers to the open section. */
void decoder_write(container_writer *w, decoder_codec form, const float *x, uint64_t n);
/* Numbers first .. first + n of a section, as floats. */
void decoder_read(const void *section, decoder_codec form, uint64_t first, uint64_t n, float *out);

#endif
