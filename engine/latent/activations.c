/* latent/activations.c: one latent's activations, unpacked from its postings. */
#include "base/mem.h"
#include "index/read/index.h"
#include "latent.h"

#include <stdlib.h>

typedef struct entry {
    uint32_t row;
    float activation;
} entry;

static int by_row(const void *x, const void *y) {
    uint32_t a = ((const entry *)x)->row, b = ((const entry *)y)->row;
    return (a > b) - (a < b);
}

static void count_captures(const scry_index *x, scry_latent_activations *f) {
    index_cursor c = index_postings(x, f->latent);
    while (index_segment(x, &c))
        while (index_next(x, &c)) f->start[c.capture + 1]++;
    for (size_t i = 0; i < x->info.captures; i++) f->start[i + 1] += f->start[i];
}

/* Postings step back where base's order of samples is not the capture's own. */
static void sort_capture(scry_latent_activations *f, size_t from, size_t to) {
    bool in_order = true;
    for (size_t i = from + 1; i < to && in_order; i++) in_order = f->row[i - 1] <= f->row[i];
    if (in_order) return;
    entry *list = mem_new(to - from, sizeof *list);
    for (size_t i = from; i < to; i++) list[i - from] = (entry){f->row[i], f->activation[i]};
    qsort(list, to - from, sizeof *list, by_row);
    for (size_t i = from; i < to; i++) {
        f->row[i] = list[i - from].row;
        f->activation[i] = list[i - from].activation;
    }
    free(list);
}

scry_latent_activations *scry_latent_activations_read(const scry_index *x, uint32_t latent) {
    size_t captures = x->info.captures;
    scry_latent_activations *f = mem_new(1, sizeof *f);
    f->latent = latent;
    f->start = mem_new(captures + 1, sizeof *f->start);
    count_captures(x, f);
    f->row = mem_new(f->start[captures], sizeof *f->row);
    f->activation = mem_new(f->start[captures], sizeof *f->activation);
    size_t *at = mem_new(captures, sizeof *at);
    for (size_t i = 0; i < captures; i++) at[i] = f->start[i];
    index_cursor c = index_postings(x, latent);
    while (index_segment(x, &c))
        while (index_next(x, &c)) {
            f->row[at[c.capture]] = c.row;
            f->activation[at[c.capture]++] = c.activation;
        }
    free(at);
    for (size_t i = 0; i < captures; i++) sort_capture(f, f->start[i], f->start[i + 1]);
    return f;
}

void scry_latent_activations_free(scry_latent_activations *f) {
    if (!f) return;
    free(f->start);
    free(f->row);
    free(f->activation);
    free(f);
}

float scry_latent_activations_at(const scry_latent_activations *f, size_t capture, uint64_t row) {
    size_t low = f->start[capture], high = f->start[capture + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->row[middle] < row) low = middle + 1;
        else high = middle;
    }
    return low < f->start[capture + 1] && f->row[low] == row ? f->activation[low] : 0;
}
