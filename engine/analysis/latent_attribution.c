/* analysis/latent_attribution.c: which text a latent belongs to: the one that holds most of its top samples. */
#include "analysis.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "index/read/index.h"

#include <stdlib.h>
#include <string.h>

typedef struct owner_job {
    const scry_index *x;
    scry_attribution *o;
    int *name_of; /* [captures] -1: not base */
    const scry_cancel *stop;
    int *worker_stopped; /* [threads] */
} owner_job;

enum { PART = 64 };

/* Strongest first; equal ones in order of capture and row, as scry_top_tokens has them. */
static bool stronger(const scry_example *a, const scry_example *b) {
    if (a->activation != b->activation) return a->activation > b->activation;
    if (a->capture != b->capture) return a->capture < b->capture;
    return a->token < b->token;
}

static bool same_sample(const scry_index *x, const scry_example *a, const scry_example *b) {
    int text = x->capture_text[a->capture];
    return text >= 0 && text == x->capture_text[b->capture] && a->sample == b->sample;
}

/* Merges the strongest samples of one capture into the strongest so far. */
static size_t merge(const scry_index *x, scry_example *top, size_t n, const scry_example *more, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t at = n < SCRY_TOP_SAMPLES ? n : SCRY_TOP_SAMPLES, seen = 0;
        while (seen < n && !same_sample(x, &top[seen], &more[i])) seen++;
        if (seen < n) { /* one text named by two captures: its sample counts once, with the stronger */
            if (!stronger(&more[i], &top[seen])) continue;
            at = seen;
        } else if (n < SCRY_TOP_SAMPLES) {
            n++;
        } else if (!stronger(&more[i], &top[--at])) {
            continue;
        }
        for (; at > 0 && stronger(&more[i], &top[at - 1]); at--) top[at] = top[at - 1];
        top[at] = more[i];
    }
    return n;
}

static int owner_of(const owner_job *job, uint32_t latent) {
    scry_example top[SCRY_TOP_SAMPLES], more[SCRY_TOP_SAMPLES];
    size_t n = 0;
    for (size_t c = 0; c < job->x->info.captures; c++) {
        if (job->name_of[c] < 0) continue;
        size_t count = scry_top_tokens(job->x, latent, (int)c, true, SCRY_TOP_SAMPLES, more);
        n = merge(job->x, top, n, more, count);
    }
    if (!n) return SCRY_SILENT;
    for (size_t i = 0; i < n; i++) {
        size_t votes = 0;
        for (size_t k = 0; k < n; k++) votes += job->name_of[top[k].capture] == job->name_of[top[i].capture];
        if (2 * votes > n) return job->name_of[top[i].capture];
    }
    return SCRY_MIXED;
}

static void own_part(void *context, size_t part, unsigned worker) {
    owner_job *job = context;
    if (job->worker_stopped[worker] || (job->worker_stopped[worker] = scry_cancelled(job->stop))) return;
    uint32_t first = (uint32_t)part * PART;
    for (uint32_t j = first; j < first + PART && j < job->o->latents; j++) job->o->owner[j] = owner_of(job, j);
}

static int name_number(scry_attribution *o, const char *name) {
    for (size_t i = 0; i < o->names; i++)
        if (strcmp(o->name[i], name) == 0) return (int)i;
    o->name[o->names] = name;
    return (int)o->names++;
}

scry_attribution *scry_attribution_new(const scry_index *x, unsigned threads, const scry_cancel *stop) {
    const scry_info *info = &x->info;
    scry_attribution *o = mem_new(1, sizeof *o);
    o->latents = x->F;
    o->name = mem_new(info->trains + info->domains, sizeof *o->name);
    o->owner = mem_new(x->F, sizeof *o->owner);
    for (size_t t = 0; t < info->trains; t++) name_number(o, info->train[t].name);
    for (size_t d = 0; d < info->domains; d++) name_number(o, info->domain[d].name);
    owner_job job = {.x = x, .o = o, .name_of = mem_new(info->captures, sizeof(int)), .stop = stop};
    for (size_t c = 0; c < info->captures; c++) {
        int group = info->capture[c].group;
        const char *name = group < 0 ? info->train[-1 - group].name : info->domain[group].name;
        job.name_of[c] = info->capture[c].condition == SCRY_BASE ? name_number(o, name) : -1;
    }
    parallel *workers = parallel_start(threads);
    job.worker_stopped = mem_new(parallel_threads(workers), sizeof *job.worker_stopped);
    parallel_for(workers, ((size_t)x->F + PART - 1) / PART, own_part, &job);
    bool stopped = false;
    for (unsigned i = 0; i < parallel_threads(workers); i++) stopped = stopped || job.worker_stopped[i];
    parallel_stop(workers);
    free(job.worker_stopped);
    free(job.name_of);
    if (!stopped) return o;
    scry_attribution_free(o);
    return NULL;
}

void scry_attribution_free(scry_attribution *o) {
    if (!o) return;
    free((void *)o->name);
    free(o->owner);
    free(o);
}
