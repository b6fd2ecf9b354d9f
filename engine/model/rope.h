/* rope.h: rotary positions (Su et al., "RoFormer", 2021): their settings, and angles of positions. */
#ifndef SCRY_MODEL_ROPE_H
#define SCRY_MODEL_ROPE_H

#include "io/config.h"
#include "model/family.h"

/* Reads the settings in either spelling, rope_parameters {rope_theta, rope_type, ...} or rope_theta and rope_scaling,
 * with no scaling, "linear" or "llama3". local: those of the layers with a window. False and err for other types and
 * for keys in them that are not known. */
bool rope_read(rope *r, const model_family *f, const config *c, uint32_t head_dim, bool local, scry_error *err);

/* Cosines and sines of positions first..first + count: out [count][width], first width / 2 cosines, then sines. In
 * single precision up to the angle, as transformers computes them. */
void rope_angles(const rope *r, uint32_t first, uint32_t count, float *out);
/* The same of those angles in double. */
void rope_angles_float64(const rope *r, uint32_t first, uint32_t count, double *out);

#endif
