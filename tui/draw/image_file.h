/* image_file.h: pictures as files. scry draws SVG; PNG and PDF are made from it by librsvg's rsvg-convert. */
#ifndef SCRY_DRAW_IMAGE_FILE_H
#define SCRY_DRAW_IMAGE_FILE_H

#include "base/error.h"

#include <stdio.h>

/* Writes the picture as SVG; errors stay in the file. */
typedef void image_draw(FILE *svg, const void *context);

/* True when the name ends as an image that image_file_write writes: .svg, .png, .pdf. */
bool image_file_is_known(const char *path);
/* False with err when the name ends as an image of another kind, such as .jpg. */
bool image_file_check(const char *path, scry_error *err);
/* Replaces the file atomically by the picture: as PNG or PDF where the name ends so, else as SVG. False with err, and
 * the file as it was, when it cannot be written, or rsvg-convert is needed and not on PATH or fails. */
bool image_file_write(const char *path, image_draw *draw, const void *context, scry_error *err);

#endif
