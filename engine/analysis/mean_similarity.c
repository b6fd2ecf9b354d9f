/* analysis/mean_similarity.c: cosines of the mean activations of captures, from the postings. */
#include "base/mem.h"
#include "base/parallel.h"
#include "baselines.h"
#include "index/read/index.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { PART = 1024 };

typedef struct mean_job {
    const scry_index *x;
    const int (*pair)[2];
    size_t pairs, captures;
    double *dot;    /* [parts][pairs] */
    double *square; /* [parts][captures] */
    double **mean;  /* [threads][captures], of the current latent */
    const scry_cancel *cancel;
    int *worker_cancelled; /* [threads] */
    atomic_size_t done;    /* parts */
    size_t parts;
} mean_job;

static void add_latent(const mean_job *job, uint32_t latent, double *mean, double *dot, double *square) {
    const scry_index *x = job->x;
    for (size_t c = 0; c < job->captures; c++) mean[c] = 0;
    index_cursor at = index_postings(x, latent);
    while (index_segment(x, &at)) {
        double sum = 0;
        uint32_t capture = at.capture;
        while (index_next(x, &at)) sum += (double)at.activation;
        mean[capture] += sum;
    }
    for (size_t c = 0; c < job->captures; c++) {
        mean[c] = x->info.capture[c].kept ? mean[c] / (double)x->info.capture[c].kept : 0;
        square[c] += mean[c] * mean[c];
    }
    for (size_t p = 0; p < job->pairs; p++) dot[p] += mean[job->pair[p][0]] * mean[job->pair[p][1]];
}

static void add_part(void *context, size_t part, unsigned worker) {
    mean_job *job = context;
    if (job->worker_cancelled[worker] || (job->worker_cancelled[worker] = scry_cancelled(job->cancel))) return;
    uint32_t first = (uint32_t)part * PART;
    for (uint32_t j = first; j < first + PART && j < job->x->F; j++)
        add_latent(job, j, job->mean[worker], job->dot + part * job->pairs, job->square + part * job->captures);
    scry_report_progress(job->cancel, (double)(atomic_fetch_add(&job->done, 1) + 1) / (double)job->parts);
}

/* Sums the parts in their order, whichever thread computed them. */
static void sum_parts(double *sums, size_t parts, size_t each) {
    for (size_t p = 1; p < parts; p++)
        for (size_t i = 0; i < each; i++) sums[i] += sums[p * each + i];
}

bool scry_mean_cosines(const scry_index *x, const int (*pair)[2], size_t pairs, double *out, unsigned threads,
                       const scry_cancel *cancel) {
    size_t parts = ((size_t)x->F + PART - 1) / PART;
    mean_job job = {
        .x = x, .pair = pair, .pairs = pairs, .captures = x->info.captures, .cancel = cancel, .parts = parts};
    parallel *workers = parallel_start(threads);
    unsigned count = parallel_threads(workers);
    job.dot = mem_new(parts * pairs, sizeof *job.dot);
    job.square = mem_new(parts * job.captures, sizeof *job.square);
    job.mean = mem_new(count, sizeof *job.mean);
    job.worker_cancelled = mem_new(count, sizeof *job.worker_cancelled);
    for (unsigned i = 0; i < count; i++) job.mean[i] = mem_new(job.captures, sizeof(double));
    parallel_for(workers, parts, add_part, &job);
    bool cancelled = false;
    for (unsigned i = 0; i < count; i++) {
        cancelled = cancelled || job.worker_cancelled[i];
        free(job.mean[i]);
    }
    parallel_stop(workers);
    sum_parts(job.dot, parts, pairs);
    sum_parts(job.square, parts, job.captures);
    for (size_t p = 0; p < pairs && !cancelled; p++) {
        double size = sqrt(job.square[pair[p][0]]) * sqrt(job.square[pair[p][1]]);
        out[p] = size > 0 ? job.dot[p] / size : (double)NAN;
    }
    free(job.dot);
    free(job.square);
    free(job.mean);
    free(job.worker_cancelled);
    return !cancelled;
}
