/* base_source.c: base as a source of its own: what moves latents is then the text, and what they move from is 0. */
#include "base/mem.h"
#include "index/format/metric_values.h"
#include "index/read/index.h"

#include <stdio.h>

static bool open_train(scry_index *x, size_t t, scry_error *err) {
    char name[CONTAINER_NAME];
    uint64_t size, rows = x->rows.rows;
    snprintf(name, sizeof name, "base/%zu", t);
    const int number = scry_find_capture(x, -1 - (int)t, SCRY_BASE);
    if (number < 0 || !container_find(&x->file, name, &size)) return true; /* made before there was such a source */
    const double *base = container_get(&x->file, name, BASE_ARRAYS * rows * sizeof *base, err);
    index_source *s = &x->source[t * SCRY_CONDITIONS + SCRY_BASE];
    s->base_tokens = s->other_tokens = s->pairs = (double)x->info.capture[number].kept;
    s->fires_width = packed_uint_width(x->info.capture[number].kept);
    snprintf(name, sizeof name, "base-fires/%zu", t);
    s->fires[1] = base ? container_get(&x->file, name, rows * s->fires_width, err) : NULL;
    if (!s->fires[1]) return false;
    s->fires[0] = x->zeros;
    s->array[metric_array(SCRY_SQ)] = base + BASE_SQUARE * rows;
    s->array[metric_array(SCRY_ABS)] = base + BASE_SIZE * rows;
    s->array[SHIFT_BASE] = x->zeros;
    s->array[SHIFT_OTHER] = base + BASE_SUM * rows;
    s->present = x->info.train[t].has[SCRY_BASE] = true;
    x->info.train[t].pairs[SCRY_BASE] = x->info.capture[number].kept;
    return true;
}

bool index_base_open(scry_index *x, scry_error *err) {
    if (!x->zeros) x->zeros = mem_new(x->rows.rows, sizeof *x->zeros); /* which views share */
    for (size_t t = 0; t < x->info.trains; t++)
        if (!open_train(x, t, err)) return false;
    return true;
}
