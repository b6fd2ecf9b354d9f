/* analysis/latent_attribution.c: attributes each latent to the text that holds most of its top samples. */
#include "analysis.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "index/read/index.h"
#include "latent/top_tokens.h"

#include <stdlib.h>
#include <string.h>

typedef struct attribution_job {
    const scry_index *x;
    scry_attribution *o;
    int *name_of; /* [captures] -1: not base */
    const scry_cancel *cancel;
} attribution_job;

enum { PART = 64 };

static int owner_of(const attribution_job *job, uint32_t latent) {
    scry_example top[SCRY_TOP_SAMPLES], more[SCRY_TOP_SAMPLES];
    size_t n = 0;
    for (size_t c = 0; c < job->x->info.captures; c++) {
        if (job->name_of[c] < 0) continue;
        size_t count = scry_top_tokens(job->x, latent, (int)c, true, SCRY_TOP_SAMPLES, more);
        for (size_t i = 0; i < count; i++) n = top_tokens_insert(job->x, top, n, SCRY_TOP_SAMPLES, &more[i], true);
    }
    if (!n) return SCRY_SILENT;
    for (size_t i = 0; i < n; i++) {
        size_t votes = 0;
        for (size_t k = 0; k < n; k++) votes += job->name_of[top[k].capture] == job->name_of[top[i].capture];
        if (2 * votes > n) return job->name_of[top[i].capture];
    }
    return SCRY_MIXED;
}

static void attribute_part(void *context, size_t part, unsigned worker) {
    attribution_job *job = context;
    (void)worker;
    if (scry_cancelled(job->cancel)) return;
    uint32_t first = (uint32_t)part * PART;
    for (uint32_t j = first; j < first + PART && j < job->o->latents; j++) job->o->owner[j] = owner_of(job, j);
}

static int name_number(scry_attribution *o, const char *name) {
    for (size_t i = 0; i < o->names; i++)
        if (strcmp(o->name[i], name) == 0) return (int)i;
    o->name[o->names] = name;
    return (int)o->names++;
}

scry_attribution *scry_attribution_new(const scry_index *x, unsigned threads, const scry_cancel *cancel) {
    const scry_info *info = &x->info;
    scry_attribution *o = mem_new(1, sizeof *o);
    o->latents = x->F;
    o->name = mem_new(info->trains + info->domains, sizeof *o->name);
    o->owner = mem_new(x->F, sizeof *o->owner);
    for (size_t t = 0; t < info->trains; t++) name_number(o, info->train[t].name);
    for (size_t d = 0; d < info->domains; d++) name_number(o, info->domain[d].name);
    attribution_job job = {.x = x, .o = o, .name_of = mem_new(info->captures, sizeof(int)), .cancel = cancel};
    for (size_t c = 0; c < info->captures; c++) {
        int group = info->capture[c].group;
        const char *name = group < 0 ? info->train[-1 - group].name : info->domain[group].name;
        job.name_of[c] = info->capture[c].condition == SCRY_BASE ? name_number(o, name) : -1;
    }
    parallel *workers = parallel_start(threads);
    parallel_for(workers, ((size_t)x->F + PART - 1) / PART, attribute_part, &job);
    parallel_stop(workers);
    free(job.name_of);
    if (!scry_cancelled(cancel)) return o;
    scry_attribution_free(o);
    return NULL;
}

void scry_attribution_free(scry_attribution *o) {
    if (!o) return;
    free((void *)o->name);
    free(o->owner);
    free(o);
}
