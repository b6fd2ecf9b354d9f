/* export/neuronpedia.c: a selection as a list for Neuronpedia. */
#include "export.h"
#include "base/mem.h"
#include "base/atomic_file.h"
#include "base/utf8.h"
#include "latent.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static cJSON *json_text(const char *text) {
    char *safe = utf8_replace_invalid(text);
    cJSON *item = cJSON_CreateString(safe);
    free(safe);
    return item;
}

/* "blocks.25.hook_resid_post" -> "25-resid_post", the form of Neuronpedia's source ids; a hook without a layer, or with
 * a number too long to be one, stays as it is. */
static char *source_id_of(const char *hook) {
    const char *digit = hook + strcspn(hook, "0123456789");
    if (!*digit || strspn(digit, "0123456789") > 6) return mem_copy_string(*hook ? hook : "unknown");
    const char *kind = strstr(digit, "hook_");
    return mem_format("%d%s%s", atoi(digit), kind ? "-" : "", kind ? kind + 5 : "");
}

/* Label, or key tokens; then rank and share. */
static char *description_of(const scry_export_request *e, uint32_t latent) {
    const scry_ranking *r = e->ranking;
    const char *label = scry_label(e->index, latent);
    char *tokens = label ? NULL : scry_key_tokens(e->index, latent);
    const char *words = label ? label : tokens;
    double share = r->total > 0 ? fabs(r->shift[latent]) / r->total : 0;
    char *text = mem_format("%s%srank %" PRIu32 " by %s %s, %.2f%% of the shift", words, *words ? "; " : "",
                            r->rank[latent] + 1, scry_source_text(r->source, r->against, (char[SCRY_SOURCE_TEXT]){""}),
                            scry_metric_name(r->metric), 100 * share);
    free(tokens);
    return text;
}

static cJSON *feature_of(const scry_export_request *e, uint32_t latent, const char *model, const char *source) {
    cJSON *item = cJSON_CreateObject();
    char number[16], *description = description_of(e, latent);
    snprintf(number, sizeof number, "%" PRIu32, latent);
    cJSON_AddItemToObject(item, "modelId", json_text(model));
    cJSON_AddItemToObject(item, "layer", json_text(source));
    cJSON_AddStringToObject(item, "index", number);
    cJSON_AddItemToObject(item, "description", json_text(description));
    free(description);
    return item;
}

bool scry_export_neuronpedia(const scry_export_request *e, const char *path, scry_notes *notes, scry_error *err) {
    const scry_info *info = scry_index_info(e->index);
    char *own = source_id_of(info->hook);
    const char *model = e->model_id ? e->model_id : info->model, *source = e->source_id ? e->source_id : own;
    if (!e->model_id || !e->source_id)
        scry_notes_add(notes, "model id \"%s\" and source id \"%s\"; --model-id and --source-id give Neuronpedia's own",
                       model, source);
    if (e->set->count > 100)
        scry_notes_add(notes, "%" PRIu32 " latents; Neuronpedia takes at most 100 at a time", e->set->count);
    cJSON *list = cJSON_CreateObject();
    char *about = mem_format("%" PRIu32 " latents by %s %s, %s%s%s", e->set->count,
                             scry_source_text(e->ranking->source, e->ranking->against, (char[SCRY_SOURCE_TEXT]){""}),
                             scry_metric_name(e->ranking->metric), info->train[e->ranking->train].name,
                             e->rho ? "; " : "", e->rho ? e->rho : "");
    cJSON_AddItemToObject(list, "name", json_text(*info->name ? info->name : "scry"));
    cJSON_AddItemToObject(list, "description", json_text(about));
    cJSON *features = cJSON_AddArrayToObject(list, "features");
    uint32_t *latent = scry_set_by_rank(e->set, e->ranking);
    for (uint32_t i = 0; i < e->set->count && !scry_cancelled(e->cancel); i++) {
        if (i % 256 == 0) scry_report_progress(e->cancel, (double)i / e->set->count);
        cJSON_AddItemToArray(features, feature_of(e, latent[i], model, source));
    }
    char *text = cJSON_Print(list);
    atomic_file w;
    bool ok = (!scry_cancelled(e->cancel) || scry_fail(err, "%s: cancelled", path)) && atomic_file_begin(&w, path, err);
    if (ok) fprintf(w.file, "%s\n", text);
    ok = ok && atomic_file_end(&w, true, err);
    cJSON_free(text);
    cJSON_Delete(list);
    free(latent);
    free(about);
    free(own);
    return ok;
}
