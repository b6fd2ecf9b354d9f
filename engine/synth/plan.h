/* synth/plan.h: a planted study while it is written: its formulas (synth.h), its files. */
#ifndef SCRY_SYNTH_PLAN_H
#define SCRY_SYNTH_PLAN_H

#include "synth.h"

typedef struct synth_plan {
    const synth_options *o;
    const char *folder;
    uint32_t F, D, T;
    uint32_t columns; /* latents a token, rounded up */
    uint32_t head, half;
    uint64_t multiplier, offset;
    double *u, *v, *u_icl; /* [D] weights; v behind the head */
    double *change;        /* [D] as measured: drops */
    char **made;           /* files written in this run */
    size_t made_count;
    synth_result result;
    scry_error *err;
} synth_plan;

/* False and err where an option is out of range. */
bool synth_check_options(const synth_options *options, scry_error *err);
/* Draw the weights and the changes; err is where the plan's writers report. Owner: synth_plan_free. */
void synth_plan_make(synth_plan *p, const char *folder, const synth_options *options, scry_error *err);
void synth_plan_free(synth_plan *p);

uint32_t synth_latent_at(const synth_plan *p, uint32_t rank);
/* The rank by sft of the latent at rank r by icl, and the other way round. */
uint32_t synth_swapped(const synth_plan *p, uint32_t r);
float synth_amplitude_at(uint32_t rank);
/* 1 for latents that rise in training, -1 for those that fall: every fourth column. */
int synth_direction(const synth_plan *p, uint32_t latent);
/* w g (1 +- e): the activation on the one token of a domain where a latent is active, or the square of its difference
 * between icl and base there. */
double synth_cell(const synth_plan *p, bool icl, size_t domain, uint32_t rank);
/* The domain's STS of the top n by icl. */
double synth_sts(const synth_plan *p, scry_score score, size_t domain, uint32_t n);
uint32_t synth_overlap_at(const synth_plan *p, uint32_t n);
double synth_harmonic(uint32_t n);

void synth_domain_name(const synth_plan *p, size_t domain, char name[24]);
/* Take over the path of a file that was written, so that it is removed after an error. */
void synth_add_file(synth_plan *p, char *path, uint64_t size);
/* How far the latent at rank r by icl is moved by any text in front. */
float synth_control_at(const synth_plan *p, uint32_t rank);
/* The captures of the training set, and of a domain. False and the plan's err when one cannot be written. */
bool synth_write_train(synth_plan *p);
bool synth_write_domain(synth_plan *p, size_t domain);

#endif
