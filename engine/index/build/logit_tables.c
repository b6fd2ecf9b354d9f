/* logit_tables.c: the tokens that each latent promotes and suppresses, computed with the study's model. */
#include "index/build/logit_tables.h"
#include "base/mem.h"
#include "base/path.h"
#include "model.h"
#include "model/promoted_tokens.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Latents whose decoder rows are gathered at a time; memory of a run, where it needs no more. */
enum { LATENTS_AT_ONCE = 512, RUN_MEMORY = 32 << 20, NUMBERS = SCRY_LOGIT_SIDES * SCRY_LOGITS_KEPT };

struct logit_tables {
    scry_tokenizer *tok;
    scry_model *model;
    uint64_t memory; /* of the run */
    char fingerprint[20];
};

void logit_tables_close(logit_tables *l) {
    if (!l) return;
    scry_model_close(l->model);
    scry_tokenizer_close(l->tok);
    free(l);
}

static bool fits(const build_inputs *in, const logit_tables *l, scry_error *err) {
    uint32_t d = scry_model_info_of(l->model)->d_model;
    return d == in->sae.d_in || scry_fail(err,
                                          "model: %s: its stream has %u dimensions, expected %u as in the SAE's "
                                          "decoder",
                                          in->study->model_path, d, (unsigned)in->sae.d_in);
}

/* Multiplications of the tables that are never too many: a second or two. */
static const double ALWAYS = 5e10;

/* Both multiply latents by d numbers, one for each token of the vocabulary and one for each token of the study. It must
 * not depend on the machine, the shard or the time. */
static bool is_worth_it(const build_inputs *in, const logit_tables *l) {
    double vocabulary = scry_model_info_of(l->model)->vocabulary;
    return vocabulary * in->all_latents * in->sae.d_in <= ALWAYS || 5 * vocabulary <= (double)in->tokens;
}

logit_tables *logit_tables_open(const build_inputs *in) {
    const char *folder = in->study->model_path;
    if (!folder || !in->sae.W_dec) return NULL;
    scry_error err = {0};
    logit_tables *l = mem_new(1, sizeof *l);
    bool there = path_is_directory(folder) || scry_fail(&err, "model_path: %s is not there", folder);
    if (there && (l->tok = scry_tokenizer_open(folder, &err)) &&
        (l->model = scry_model_open(folder, NULL, NULL, &err)) && fits(in, l, &err)) {
        if (!is_worth_it(in, l)) {
            logit_tables_close(l);
            return NULL;
        }
        l->memory = scry_run_least_memory(l->model, parallel_threads(in->pool));
        if (l->memory < RUN_MEMORY) l->memory = RUN_MEMORY;
        if (in->options->shards > 1)
            snprintf(l->fingerprint, sizeof l->fingerprint, "%016" PRIx64, scry_model_fingerprint(l->model));
        return l;
    }
    scry_notes_add(in->notes,
                   "%s; the index keeps no tokens that latents promote (scry logits --model DIR computes them)",
                   err.text);
    logit_tables_close(l);
    return NULL;
}

uint64_t logit_tables_bytes(const build_inputs *in, const logit_tables *l) {
    if (!l) return 0;
    uint64_t each = NUMBERS * (sizeof(uint32_t) + sizeof(float)), gathered = (uint64_t)in->sae.d_in * sizeof(float);
    gathered += NUMBERS * sizeof(scry_token_logit);
    uint64_t ids = logit_tables_ids(l), weights = ids * in->sae.d_in * sizeof(float);
    if (weights > l->memory / 4) weights = l->memory / 4;                               /* their pages: unembed.c */
    return l->memory + weights + in->F * each + LATENTS_AT_ONCE * gathered + ids * 128; /* 128: of the tokenizer */
}

uint32_t logit_tables_ids(const logit_tables *l) {
    return l ? scry_tokenizer_size(l->tok) : 0;
}

const char *logit_tables_model(const logit_tables *l) {
    return l ? l->fingerprint : "";
}

/* Tables in the making: [F][NUMBERS] each. */
typedef struct tables {
    uint32_t *token;
    float *value;
} tables;

static bool is_cancelled(void *context) {
    const build_inputs *in = context;
    const scry_build_options *o = in->options;
    return o->progress && !o->progress(o->context, "logits", 0, 0);
}

/* Of `count` latents whose decoder rows are gathered. */
static bool fill(const build_inputs *in, const logit_tables *l, scry_run *run, const float *directions,
                 const uint32_t *latents, size_t count, scry_token_logit *found, tables *out) {
    scry_error err = {0};
    if (!promoted_tokens(run, l->tok, directions, count, SCRY_LOGITS_KEPT, found, &err))
        return scry_fail(in->err, "interrupted; nothing was written");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < NUMBERS; k++) {
            const scry_token_logit *one = &found[i * NUMBERS + k];
            size_t at = (size_t)latents[i] * NUMBERS + k;
            out->token[at] = one->id == SCRY_NO_TOKEN ? logit_tables_ids(l) : one->id;
            out->value[at] = one->id == SCRY_NO_TOKEN ? 0 : one->logit;
        }
    return true;
}

static bool fill_all(const build_inputs *in, const logit_tables *l, const active_rows *rows, scry_run *run,
                     tables *out) {
    const size_t d = in->sae.d_in;
    float *directions = mem_new((size_t)LATENTS_AT_ONCE * d, sizeof *directions);
    scry_token_logit *found = mem_new((size_t)LATENTS_AT_ONCE * NUMBERS, sizeof *found);
    uint32_t latents[LATENTS_AT_ONCE];
    size_t n = 0;
    bool ok = true;
    for (uint32_t j = 0; ok && j < in->F; j++) {
        if (active_rows_has(rows, j)) {
            memcpy(directions + n * d, in->sae.W_dec + ((size_t)in->first + j) * d, d * sizeof *directions);
            latents[n++] = j;
        }
        if (n < LATENTS_AT_ONCE && j + 1 < in->F) continue;
        ok = fill(in, l, run, directions, latents, n, found, out);
        n = 0;
    }
    free(directions);
    free(found);
    return ok;
}

/* The texts of the ids that stand in the table. */
static void put_texts(const build_inputs *in, const logit_tables *l, const active_rows *rows, const tables *t,
                      container_writer *w) {
    uint32_t ids = logit_tables_ids(l), count = 0;
    bool *used = mem_new(ids, sizeof *used);
    for (uint32_t j = 0; j < in->F; j++)
        for (size_t k = 0; k < NUMBERS && active_rows_has(rows, j); k++) {
            uint32_t id = t->token[(size_t)j * NUMBERS + k];
            if (id < ids && !used[id]) used[id] = true, count++;
        }
    uint32_t *id = mem_new(count, sizeof *id);
    uint64_t *at = mem_new(count, sizeof *at), end = 0;
    container_begin(w, "logit/text");
    for (uint32_t v = 0, n = 0; v < ids; v++) {
        if (!used[v]) continue;
        const char *text = scry_tokenizer_piece(l->tok, v);
        uint64_t size = strlen(text) + 1;
        id[n] = v;
        at[n++] = end;
        container_write(w, text, size);
        end += size;
    }
    container_begin(w, "logit/id");
    container_write(w, id, count * sizeof *id);
    container_begin(w, "logit/at");
    container_write(w, at, count * sizeof *at);
    free(used);
    free(id);
    free(at);
}

bool logit_tables_write(const build_inputs *in, const logit_tables *l, const active_rows *rows, container_writer *w) {
    if (!l) return true;
    scry_run_options options = {.threads = in->options->threads,
                                .memory = l->memory,
                                .cancelled = is_cancelled,
                                .context = (void *)(uintptr_t)in};
    scry_run *run = scry_run_new(l->model, &options, in->err);
    if (!run) return false;
    tables t = {mem_new((size_t)in->F * NUMBERS, sizeof *t.token), mem_new((size_t)in->F * NUMBERS, sizeof *t.value)};
    bool ok = fill_all(in, l, rows, run, &t);
    scry_run_free(run);
    if (ok) {
        container_begin(w, "logit/token");
        packed_uint_write_rows(w, rows, t.token, NUMBERS, packed_uint_width(logit_tables_ids(l)));
        container_begin(w, "logit/value");
        active_rows_write(w, rows, t.value, NUMBERS * sizeof *t.value);
        put_texts(in, l, rows, &t, w);
    }
    free(t.token);
    free(t.value);
    return ok;
}
