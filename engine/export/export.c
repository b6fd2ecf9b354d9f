/* export/export.c: a selection as decoder rows, and which format a path asks for. */
#include "export.h"
#include "base/mem.h"
#include "index/read/index.h"
#include "io/formats/safetensors_write.h"
#include "base/atomic_file.h"
#include "base/path.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static void put_row(safetensors_writer *w, const float *row, uint32_t d, double scale) {
    float *out = mem_new(d, sizeof *out);
    for (uint32_t i = 0; i < d; i++) out[i] = (float)((double)row[i] / scale);
    safetensors_put(w, out, d * sizeof *out);
    free(out);
}

static void put_tensors(safetensors_writer *w, const scry_export_request *e, const uint32_t *latent) {
    const scry_index *x = e->index;
    const scry_ranking *r = e->ranking;
    uint32_t n = e->set->count, d = x->info.d_model;
    for (uint32_t i = 0; i < n; i++) {
        int64_t number = latent[i];
        safetensors_put(w, &number, sizeof number);
    }
    float *row = mem_new(d, sizeof *row);
    for (uint32_t i = 0; i < n && !scry_cancelled(e->cancel); i++) {
        if (i % 256 == 0) scry_report_progress(e->cancel, (double)i / n);
        scry_decoder_row(x, latent[i], row);
        put_row(w, row, d, x->info.input_scale);
    }
    free(row);
    put_row(w, scry_decoder_bias(x), d, x->info.input_scale);
    for (int k = 0; k < (r->source == SCRY_BASE ? 1 : 2); k++)
        for (uint32_t i = 0; i < n; i++) {
            float value = (float)(k ? scry_mean_shifted(x, r->train, r->source, latent[i])
                                    : scry_mean_base(x, r->train, r->source, latent[i]));
            safetensors_put(w, &value, sizeof value);
        }
}

bool scry_export_decoder(const scry_export_request *e, const char *path, scry_notes *notes, scry_error *err) {
    const scry_index *x = e->index;
    const scry_info *info = &x->info;
    uint64_t d = info->d_model, n = e->set->count;
    if (!scry_decoder_bias(x))
        return scry_fail(err, "%s: holds no decoder: %s; expected a study whose \"sae\" has W_dec", info->path,
                         d ? "its SAE's files have none" : "the study names no SAE");
    if (atomic_file_is_direct(path)) return scry_fail(err, "%s: is no regular file, which tensors need", path);
    if (*info->input)
        scry_notes_add(notes,
                       "the SAE reads residuals after %s of each token: W_dec and b_dec are in those units, not in the "
                       "residual stream's",
                       info->input);
    const safetensors_item items[] = {{"latents", TENSOR_I64, 1, {n}},
                                      {"W_dec", TENSOR_F32, 2, {n, d}},
                                      {"b_dec", TENSOR_F32, 1, {d}},
                                      {"mean_base", TENSOR_F32, 1, {n}},
                                      {"mean_shifted", TENSOR_F32, 1, {n}}};
    char *model = utf8_replace_invalid(info->model), *hook = utf8_replace_invalid(info->hook),
         *train = utf8_replace_invalid(info->train[e->ranking->train].name);
    const char *const about[][2] = {{"format", "pt"},
                                    {"model", model},
                                    {"hook", hook},
                                    {"sae", info->sae},
                                    {"train", train},
                                    {"source", scry_condition_name(e->ranking->source)},
                                    {"against", scry_reference_name(e->ranking->against)},
                                    {"metric", scry_metric_name(e->ranking->metric)},
                                    {"scry", scry_version()},
                                    {"rho", e->rho}};
    safetensors_writer w;
    bool ok = safetensors_create_about(&w, path, items, e->ranking->source == SCRY_BASE ? 4 : 5, about,
                                       sizeof about / sizeof *about - !e->rho, err);
    free(model);
    free(hook);
    free(train);
    if (!ok) return false;
    uint32_t *latent = scry_set_by_rank(e->set, e->ranking);
    put_tensors(&w, e, latent);
    free(latent);
    if (!scry_cancelled(e->cancel)) return safetensors_finish(&w, err);
    safetensors_cancel(&w);
    return scry_fail(err, "%s: cancelled", path);
}

bool scry_export(const scry_export_request *e, const char *path, scry_notes *notes, scry_error *err) {
    if (path_ends_with(path, ".safetensors")) return scry_export_decoder(e, path, notes, err);
    if (path_ends_with(path, ".json")) return scry_export_neuronpedia(e, path, notes, err);
    return scry_set_write_csv(e->set, e->index, e->ranking, e->top, e->score, path, e->cancel, err);
}
