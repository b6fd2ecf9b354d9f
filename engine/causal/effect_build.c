/* causal/effect_build.c: compute and keep the effect columns of an index. */
#include "base/mem.h"
#include "base/path.h"
#include "base/user_files.h"
#include "causal/effect_chunk.h"
#include "effects.h"
#include "index/read/effects.h"
#include "io/scratch_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct build {
    const scry_index *x;
    const scry_effects_options *o;
    scry_causal *causal;
    const char *path;
    char *folder; /* of the path, with a slash: for entries beyond the memory limit */
    uint64_t limit, held;
    size_t sets;
    effect_part *part; /* [count] */
    effect_entries *entries;
    scratch_file *scratch;
    size_t count;
} build;

static void build_free(build *b) {
    for (size_t i = 0; i < b->count; i++) {
        effect_entries_free(&b->entries[i]);
        if (b->scratch[i].data) scratch_file_close(&b->scratch[i]);
    }
    free(b->part);
    free(b->entries);
    free(b->scratch);
    free(b->folder);
    scry_causal_free(b->causal);
}

/* Keeps a chunk's entries: in memory, or once that is full in a scratch file. */
static bool keep(build *b, effect_entries *e, scry_error *err) {
    const uint64_t places = e->count * sizeof *e->entry, values = e->count * b->sets * sizeof *e->value;
    b->part = mem_resize(b->part, b->count + 1, sizeof *b->part);
    b->entries = mem_resize(b->entries, b->count + 1, sizeof *b->entries);
    b->scratch = mem_resize(b->scratch, b->count + 1, sizeof *b->scratch);
    b->entries[b->count] = *e;
    b->scratch[b->count] = (scratch_file){.fd = -1};
    b->part[b->count] = (effect_part){e->entry, e->value, e->count};
    size_t at = b->count++;
    if (b->held + places + values <= b->limit || !e->count) {
        b->held += places + values;
        return true;
    }
    scratch_file s;
    if (!scratch_file_new(&s, b->folder, places + values, err)) return false;
    bool ok = scratch_file_write(&s, 0, e->entry, places, err) &&
              scratch_file_write(&s, places, e->value, values, err) && scratch_file_finish(&s, places + values, err);
    if (!ok) {
        scratch_file_close(&s);
        return false;
    }
    effect_entries_free(&b->entries[at]);
    b->scratch[at] = s;
    b->part[at] = (effect_part){(const effect_entry *)(const void *)s.data,
                                (const float *)(const void *)(s.data + places), e->count};
    return true;
}

static bool take_chunks(build *b, parallel *pool, const scry_cancel *cancel, scry_error *err) {
    scry_causal *c = b->causal;
    const causal_texts *t = &c->texts;
    size_t most = (size_t)(b->limit / (b->sets * c->d * sizeof(float)));
    bool ok = true;
    c->cancel = cancel;
    for (size_t i = 0; ok && i < t->count;) {
        effect_chunk k;
        effect_entries entries = {0};
        effect_chunk_new(&k, c, i, most, b->sets);
        ok = effect_chunk_draw(&k, b->o->seed, err) && effect_chunk_differentiate(&k, err) &&
             (!scry_cancelled(cancel) || scry_fail(err, "cancelled"));
        if (ok) {
            effect_chunk_collect(&k, pool, &entries);
            ok = keep(b, &entries, err);
        }
        i = k.end;
        scry_report_progress(cancel, (double)(k.at + k.tokens) / (double)t->tokens);
        effect_chunk_free(&k);
    }
    c->cancel = NULL;
    return ok;
}

/* The index's rows whose latents were encoded on the domains; NULL: all. */
static uint8_t *known_rows(const scry_index *x) {
    if (!x->info.candidates) return NULL;
    uint8_t *known = mem_new(x->rows.rows, 1);
    for (uint32_t j = 0; j < x->F; j++) {
        uint32_t row = row_of(&x->rows, j);
        if (row != NO_ROW) known[row] = scry_is_scored(x, j);
    }
    return known;
}

static bool write_columns(const build *b, uint64_t model, scry_error *err) {
    const causal_texts *t = &b->causal->texts;
    const size_t D = t->domains;
    uint32_t *first = mem_new(D + 1, sizeof *first), *tokens = mem_new(t->count, sizeof *tokens),
             *number = mem_new(t->count, sizeof *number);
    uint64_t *counted = mem_new(D, sizeof *counted);
    for (size_t d = 0; d <= D; d++) first[d] = (uint32_t)t->first[d];
    for (size_t d = 0; d < D; d++)
        for (size_t i = t->first[d]; i < t->first[d + 1]; i++) {
            counted[d] += tokens[i] = t->samples[i].to - t->samples[i].from;
            number[i] = t->samples[i].sample;
        }
    uint8_t *known = known_rows(b->x);
    effect_source source = {.meta = {.index = scry_fingerprint(b->x),
                                     .model = model,
                                     .seed = b->o->seed,
                                     .most = b->o->samples,
                                     .draws = (uint32_t)b->sets - 1,
                                     .domains = (uint32_t)D,
                                     .latents = b->x->F,
                                     .rows = b->x->rows.rows,
                                     .samples = (uint32_t)t->count},
                            .model_path = scry_model_info_of(b->causal->model)->path,
                            .first = first,
                            .tokens = counted,
                            .sample_tokens = tokens,
                            .sample_number = number,
                            .known = known,
                            .parts = b->part,
                            .count = b->count};
    bool ok = effect_columns_write(b->path, &source, err);
    free(first);
    free(tokens);
    free(number);
    free(counted);
    free(known);
    return ok;
}

/* The file is there, of this index, model and options. */
static bool is_current(const build *b, uint64_t model) {
    effect_columns c;
    const scry_index *x = b->x;
    if (access(b->path, F_OK) != 0 ||
        !effect_columns_open(&c, b->path, true, scry_fingerprint(x), x->F, x->rows.rows, x->D, NULL))
        return false;
    const effect_meta *m = &c.meta;
    bool same = m->model == model && m->draws == b->sets - 1 && m->seed == b->o->seed && m->most == b->o->samples;
    effect_columns_close(&c);
    return same;
}

static bool find_model(const build *b, uint64_t *fingerprint, scry_error *err) {
    const char *folder = b->o->model ? b->o->model : b->x->info.model_path;
    *fingerprint = 0;
    if (!folder || !*folder) return true; /* scry_causal_open says what is missing */
    scry_model *model = scry_model_open(folder, NULL, NULL, err);
    if (model) *fingerprint = scry_model_fingerprint(model);
    scry_model_close(model);
    return model != NULL;
}

static bool compute(build *b, uint64_t model, scry_notes *notes, scry_error *err) {
    const scry_effects_options *o = b->o;
    const scry_cancel opening = scry_cancel_part(o->cancel, 0, 0.1), rest = scry_cancel_part(o->cancel, 0.1, 1);
    const uint64_t memory = o->memory ? o->memory : SCRY_MEMORY;
    b->limit = memory / 4; /* of gradients, and of entries; the model takes the rest */
    b->causal = scry_causal_open(b->x,
                                 &(scry_causal_options){.model = o->model,
                                                        .study = o->study,
                                                        .threads = o->threads,
                                                        .memory = memory / 2,
                                                        .samples = o->samples,
                                                        .seed = o->seed,
                                                        .cancel = &opening},
                                 notes, err);
    if (!b->causal) return false;
    parallel *pool = parallel_start(o->threads);
    bool ok = take_chunks(b, pool, &rest, err) && write_columns(b, model, err);
    parallel_stop(pool);
    return ok;
}

bool scry_effects_compute(const scry_index *x, const scry_effects_options *o, bool *made, scry_notes *notes,
                          scry_error *err) {
    *made = false;
    if (!x->info.d_sae || !x->D)
        return scry_misuse(err, "%s: no latents or no domains, whose effects could be computed", x->info.path);
    const uint32_t draws = o->draws ? o->draws : SCRY_EFFECT_DRAWS;
    if (draws > EFFECT_MOST_DRAWS)
        return scry_misuse(err, "found %" PRIu32 " draws, expected %d at most", draws, EFFECT_MOST_DRAWS);
    char *path = scry_effects_path(x);
    build b = {.x = x, .o = o, .path = path, .sets = draws + 1};
    b.folder = path_folder(path);
    b.folder = mem_resize(b.folder, strlen(b.folder) + 2, 1);
    strcat(b.folder, "/");
    uint64_t model;
    bool ok = find_model(&b, &model, err);
    if (ok && (o->force || !is_current(&b, model))) {
        ok = scry_make_folder(b.folder, "set XDG_DATA_HOME", err) && container_writable(path, err) &&
             compute(&b, model, notes, err);
        *made = ok;
    }
    build_free(&b);
    free(path);
    return ok;
}
