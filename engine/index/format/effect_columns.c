/* effect_columns.c: the file of an index's effect columns. */
#include "index/format/effect_columns.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const container_kind container_effects = {"SCRYEFF\n", EFFECT_VERSION, "file of effect columns",
                                          "a file of effect columns", "scry effects"};

/* ---- reading -------------------------------------------------------------------------------- */

static bool damaged(const effect_columns *c, const char *what, scry_error *err) {
    return scry_fail(err, "%s: %s; the file is damaged, make it again with scry effects --force", c->file.map.path,
                     what);
}

static bool check_meta(const effect_columns *c, uint64_t index, uint32_t latents, uint32_t rows, size_t domains,
                       scry_error *err) {
    const effect_meta *m = &c->meta;
    if (m->index != index)
        return scry_fail(err,
                         "%s: these effect columns are of another index (fingerprint %016" PRIx64 ", here %016" PRIx64
                         "); make them again with scry effects",
                         c->file.map.path, m->index, index);
    if (m->draws < 1 || m->draws > EFFECT_MOST_DRAWS || m->exponent < -64 || m->exponent > 128)
        return damaged(c, "the number of draws or the exponent is out of range", err);
    if (m->latents != latents || m->rows != rows || m->domains != domains)
        return damaged(c, "its latents or domains are not the index's", err);
    if (m->entries > c->file.map.size) return damaged(c, "more entries than the file holds", err);
    return true;
}

static bool check_domains(const effect_columns *c, scry_error *err) {
    for (uint32_t d = 0; d < c->meta.domains; d++) {
        if (c->first[d] > c->first[d + 1]) return damaged(c, "samples of domains do not follow each other", err);
        if (c->first[d] < c->first[d + 1] && !c->tokens[d]) return damaged(c, "a domain of samples has no tokens", err);
    }
    if (c->first[0] || c->first[c->meta.domains] != c->meta.samples)
        return damaged(c, "the domains' samples are not all samples", err);
    return true;
}

static bool open_sections(effect_columns *c, scry_error *err) {
    const effect_meta *m = &c->meta;
    const uint64_t rows = m->rows, D = m->domains, N = m->samples, E = m->entries;
    c->width = packed_uint_width(N);
    uint64_t length;
    c->model_path = container_find(&c->file, "model/path", &length);
    if (!length || c->model_path[length - 1]) return damaged(c, "the path of the model is not closed", err);
    return (c->first = container_get(&c->file, "domain/first", (D + 1) * sizeof *c->first, err)) &&
           (c->tokens = container_get(&c->file, "domain/tokens", D * sizeof *c->tokens, err)) &&
           (c->sample_tokens = container_get(&c->file, "sample/tokens", N * sizeof *c->sample_tokens, err)) &&
           (c->sample_number = container_get(&c->file, "sample/number", N * sizeof *c->sample_number, err)) &&
           (c->at = container_get(&c->file, "column/at", (rows + 1) * sizeof *c->at, err)) &&
           (c->sample = container_get(&c->file, "column/sample", E * c->width, err)) &&
           (c->value = container_get(&c->file, "column/value", E * (m->draws + 1) * sizeof *c->value, err)) &&
           (c->alone = container_get(&c->file, "alone", rows * D * sizeof *c->alone, err)) && check_domains(c, err);
}

bool effect_columns_open(effect_columns *c, const char *path, bool verify, uint64_t index, uint32_t latents,
                         uint32_t rows, size_t domains, scry_error *err) {
    *c = (effect_columns){0};
    if (!container_open_kind(&c->file, &container_effects, path, verify, err)) return false;
    const void *meta = container_get(&c->file, "meta", sizeof c->meta, err);
    if (meta) memcpy(&c->meta, meta, sizeof c->meta);
    bool ok = meta && (verify || container_check(&c->file, "meta", err)) &&
              check_meta(c, index, latents, rows, domains, err) && open_sections(c, err);
    if (!ok) effect_columns_close(c);
    return ok;
}

void effect_columns_close(effect_columns *c) {
    container_close(&c->file);
    *c = (effect_columns){0};
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct column_writer {
    container_writer *w;
    const effect_source *source;
    const effect_meta *meta;
    const effect_part *parts;
    size_t count;
    uint64_t *next; /* [count] entries of each part that were taken */
} column_writer;

/* The largest exponent at which no set of latents overflows: |S| of a sample stays below 2^60, and the squares of a
 * domain below 2^124. Two bits remain for the rounding of each value. */
static int32_t choose_exponent(const column_writer *c) {
    const size_t sets = c->meta->draws + 1;
    double *size = mem_new((size_t)c->meta->samples * sets, sizeof *size), largest = 0, squares = 0;
    for (size_t p = 0; p < c->count; p++)
        for (uint64_t i = 0; i < c->parts[p].count; i++)
            for (size_t m = 0; m < sets; m++)
                size[c->parts[p].entry[i].sample * sets + m] += fabs((double)c->parts[p].value[i * sets + m]);
    for (size_t i = 0; i < (size_t)c->meta->samples * sets; i++) {
        if (size[i] > largest) largest = size[i];
        squares += size[i] * size[i];
    }
    free(size);
    if (!(largest > 0)) return 0;
    int of_largest = 60 - ilogb(largest) - 1, of_squares = (124 - ilogb(squares) - 1) / 2;
    int exponent = of_largest < of_squares ? of_largest : of_squares;
    return exponent < -64 ? -64 : exponent > 128 ? 128 : exponent;
}

static void rewind_parts(column_writer *c) {
    memset(c->next, 0, c->count * sizeof *c->next);
}

/* The entries of a row in one part, which follow those of the rows before: *count of them. */
static uint64_t take(column_writer *c, size_t part, uint32_t row, uint64_t *count) {
    const effect_part *p = &c->parts[part];
    uint64_t from = c->next[part], to = from;
    while (to < p->count && p->entry[to].row == row) to++;
    c->next[part] = to;
    *count = to - from;
    return from;
}

static void write_places(column_writer *c) {
    uint64_t at = 0, n;
    container_begin(c->w, "column/at");
    rewind_parts(c);
    for (uint32_t row = 0; row <= c->meta->rows; row++) {
        container_write(c->w, &at, sizeof at);
        for (size_t p = 0; p < c->count && row < c->meta->rows; p++) take(c, p, row, &n), at += n;
    }
}

static void write_samples(column_writer *c) {
    uint64_t n;
    unsigned width = packed_uint_width(c->meta->samples);
    container_begin(c->w, "column/sample");
    rewind_parts(c);
    for (uint32_t row = 0; row < c->meta->rows; row++)
        for (size_t p = 0; p < c->count; p++) {
            uint64_t from = take(c, p, row, &n);
            for (uint64_t i = from; i < from + n; i++) packed_uint_write(c->w, &c->parts[p].entry[i].sample, 1, width);
        }
}

static void write_values(column_writer *c) {
    uint64_t n;
    const size_t sets = c->meta->draws + 1;
    container_begin(c->w, "column/value");
    rewind_parts(c);
    for (uint32_t row = 0; row < c->meta->rows; row++)
        for (size_t p = 0; p < c->count; p++) {
            uint64_t from = take(c, p, row, &n);
            container_write(c->w, c->parts[p].value + from * sets, n * sets * sizeof(float));
        }
}

static void write_alone(column_writer *c) {
    const size_t D = c->meta->domains, sets = c->meta->draws + 1;
    const double scale = ldexp(1, c->meta->exponent);
    float *alone = mem_new(D, sizeof *alone);
    effect_wide *linear = mem_new(2 * D, sizeof *linear), *square = linear + D;
    uint32_t *domain = mem_new(c->meta->samples, sizeof *domain);
    for (uint32_t d = 0; d < D; d++)
        for (uint32_t s = c->source->first[d]; s < c->source->first[d + 1]; s++) domain[s] = d;
    container_begin(c->w, "alone");
    rewind_parts(c);
    for (uint32_t row = 0; row < c->meta->rows; row++) {
        uint64_t n;
        memset(linear, 0, 2 * D * sizeof *linear);
        for (size_t p = 0; p < c->count; p++) {
            uint64_t from = take(c, p, row, &n);
            for (uint64_t i = from; i < from + n; i++) {
                const float *value = c->parts[p].value + i * sets;
                uint32_t d = domain[c->parts[p].entry[i].sample];
                linear[d] += effect_whole(value[0], scale);
                for (size_t m = 1; m < sets; m++) {
                    effect_wide whole = effect_whole(value[m], scale);
                    square[d] += whole * whole;
                }
            }
        }
        const bool known = !c->source->known || c->source->known[row];
        const uint64_t *tokens = c->source->tokens;
        for (size_t d = 0; d < D; d++)
            alone[d] = !known      ? (float)NAN
                       : tokens[d] ? (float)effect_estimate(c->meta, linear[d], square[d], tokens[d])
                                   : 0;
        container_write(c->w, alone, D * sizeof *alone);
    }
    free(alone);
    free(linear);
    free(domain);
}

static void write_section(container_writer *w, const char *name, const void *bytes, uint64_t size) {
    container_begin(w, name);
    container_write(w, bytes, size);
}

bool effect_columns_write(const char *path, effect_source *source, scry_error *err) {
    effect_meta *meta = &source->meta;
    column_writer c = {.source = source, .meta = meta, .parts = source->parts, .count = source->count};
    c.w = container_create_kind(&container_effects, path, err);
    if (!c.w) return false;
    c.next = mem_new(c.count, sizeof *c.next);
    meta->entries = 0;
    for (size_t p = 0; p < c.count; p++) meta->entries += c.parts[p].count;
    meta->exponent = choose_exponent(&c);
    const uint64_t D = meta->domains, N = meta->samples;
    write_section(c.w, "meta", meta, sizeof *meta);
    write_section(c.w, "model/path", source->model_path, strlen(source->model_path) + 1);
    write_section(c.w, "domain/first", source->first, (D + 1) * sizeof *source->first);
    write_section(c.w, "domain/tokens", source->tokens, D * sizeof *source->tokens);
    write_section(c.w, "sample/tokens", source->sample_tokens, N * sizeof *source->sample_tokens);
    write_section(c.w, "sample/number", source->sample_number, N * sizeof *source->sample_number);
    write_places(&c);
    write_samples(&c);
    write_values(&c);
    write_alone(&c);
    free(c.next);
    return container_finish(c.w, err);
}
