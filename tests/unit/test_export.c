/* test_export.c: decoder rows against the SAE's own file, means against the ranking's, the entries of the Neuronpedia
 * list; what cannot be written is refused. */
#include "export.h"
#include "base/utf8.h"
#include "../twin/twin_read.h"
#include "check.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One tensor of a safetensors file, by its header. */
static const uint8_t *tensor_in(const uint8_t *file, const cJSON *header, const char *name, const char *dtype, int rows,
                                int cols) {
    uint64_t length;
    memcpy(&length, file, sizeof length);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(header, name);
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    bool ok = item && strcmp(type->valuestring, dtype) == 0 && cJSON_GetArraySize(shape) == (cols ? 2 : 1) &&
              cJSON_GetArrayItem(shape, 0)->valueint == rows &&
              (!cols || cJSON_GetArrayItem(shape, 1)->valueint == cols);
    check(ok, "%s is %s [%d%s]", name, dtype, rows, cols ? text_of(", %d", cols) : "");
    return ok ? file + 8 + length + (size_t)cJSON_GetArrayItem(at, 0)->valuedouble : NULL;
}

static float float_at(const uint8_t *bytes, size_t i) {
    float value;
    memcpy(&value, bytes + 4 * i, sizeof value);
    return value;
}

typedef struct opened {
    scry_index *x;
    scry_ranking *r;
    scry_set *set;
} opened;

static bool open_study(opened *o, const char *study, uint32_t top) {
    scry_error err = {0};
    const char *out = scratch("x.scry");
    *o = (opened){0};
    o->x = scry_index_build(study, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    scry_condition has[SCRY_CONDITIONS];
    int n = o->x ? scry_train_sources(o->x, 0, has) : 0;
    o->r = n ? scry_rank(o->x, 0, has[n - 1], SCRY_SQ, &err) : NULL;
    if (!check(o->r != NULL, "%s: indexed and ranked %s", study, err.text)) return false;
    o->set = scry_set_new(o->r->latents);
    for (uint32_t i = 0; i < top; i++) scry_set_put(o->set, o->r->order[2 * i], true);
    return true;
}

static void close_study(opened *o) {
    scry_set_free(o->set);
    scry_ranking_free(o->r);
    scry_close(o->x);
}

/* scale: the SAE's input scale, by which its decoder's rows are too long for the residual stream. */
static void tensors(const char *study, const char *weights, uint32_t top, double scale, const char *const *noted) {
    opened o;
    scry_error err = {0};
    scry_notes notes = {0};
    if (!open_study(&o, study, top)) return;
    const char *path = scratch("set.safetensors");
    scry_export_request e = {.set = o.set, .index = o.x, .ranking = o.r};
    if (!check(scry_export(&e, path, &notes, &err), "%s: tensors are written %s", study, err.text)) return;
    if (noted) check(notes.count == 1, "%s: one note", study), check_says(notes.text[0], noted, "%s: it", study);
    else check(notes.count == 0, "%s: no notes", study);
    size_t size;
    uint8_t *file = read_bytes(path, &size);
    uint64_t length;
    memcpy(&length, file, sizeof length);
    cJSON *header = cJSON_ParseWithLength((const char *)file + 8, (size_t)length);
    twin_tensor W = twin_read_safetensors(weights, "W_dec", NULL), b = twin_read_safetensors(weights, "b_dec", NULL);
    int n = (int)top, d = W.columns;
    const uint8_t *latents = tensor_in(file, header, "latents", "I64", n, 0);
    const uint8_t *rows = tensor_in(file, header, "W_dec", "F32", n, d),
                  *bias = tensor_in(file, header, "b_dec", "F32", d, 0);
    const uint8_t *before = tensor_in(file, header, "mean_base", "F32", n, 0);
    const uint8_t *after = tensor_in(file, header, "mean_shifted", "F32", n, 0);
    worst decoder = {.tolerance = scale == 1 ? 0 : 1e-6}, means = {.tolerance = 1e-7};
    for (int i = 0; i < n && latents && rows && bias && before && after; i++) {
        int64_t latent;
        memcpy(&latent, latents + 8 * i, sizeof latent);
        if (latent != o.r->order[2 * i]) check(false, "latent %d: found another than the ranking's", i);
        for (int k = 0; k < d; k++) {
            double expected = twin_value_at(&W, (size_t)latent * (size_t)d + (size_t)k) / scale;
            worst_add(&decoder, (double)float_at(rows, (size_t)i * (size_t)d + (size_t)k), expected,
                      fabs(expected) + 1e-9, "latent %d, dimension %d", (int)latent, k);
        }
        double base = scry_mean_base(o.x, 0, o.r->source, (uint32_t)latent),
               shifted = scry_mean_shifted(o.x, 0, o.r->source, (uint32_t)latent);
        worst_add(&means, (double)float_at(before, (size_t)i), base, 1 + base, "base of %d", (int)latent);
        worst_add(&means, (double)float_at(after, (size_t)i), shifted, 1 + shifted, "shifted of %d", (int)latent);
    }
    for (int k = 0; k < d && bias; k++) {
        double expected = twin_value_at(&b, (size_t)k) / scale;
        worst_add(&decoder, (double)float_at(bias, (size_t)k), expected, fabs(expected) + 1e-9, "b_dec %d", k);
    }
    worst_line(&decoder, "%s: decoder rows are the SAE's own over %g", study, scale);
    worst_line(&means, "%s: means are the ranking's", study);
    const cJSON *about = cJSON_GetObjectItemCaseSensitive(header, "__metadata__");
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(about, "source");
    check(source && strcmp(source->valuestring, scry_condition_name(o.r->source)) == 0, "%s: metadata names the source",
          study);
    cJSON_Delete(header);
    free(W.bytes);
    free(b.bytes);
    free(file);
    scry_notes_free(&notes);
    close_study(&o);
}

/* The specimen SAE of a family, read by a study made around it. */
static const char *study_around(const char *sae, int d) {
    static double x[24 * 64];
    uint64_t seed = 3;
    const char *folder = scratch_folder("around-%s", sae);
    char here[1024];
    if (!realpath("tests/specimens/sae", here)) abort();
    for (int i = 0; i < 24 * d; i++) x[i] = 4 * roll_unit(&seed) - 2;
    write_npy(text_of("%s/a.npy", folder), F32, 12, (size_t)d, x);
    write_npy(text_of("%s/b.npy", folder), F32, 12, (size_t)d, x + 12 * d);
    const char *path = text_of("%s/study.json", folder);
    write_text(path,
               "{\"scry_study\": 1, \"sae\": \"%s/%s\", \"train\": {\"name\": \"t\", \"base\": {\"residual\": "
               "\"a.npy\"}, \"icl\": "
               "{\"residual\": \"b.npy\"}}, \"domains\": [{\"name\": \"p\", \"base\": {\"residual\": \"a.npy\"}}]}",
               here, sae);
    return path;
}

static void list(void) {
    opened o;
    scry_error err = {0};
    scry_notes notes = {0};
    if (!open_study(&o, "sample_data/study.json", 6)) return;
    const char *path = scratch("set.json");
    scry_export_request e = {
        .set = o.set, .index = o.x, .ranking = o.r, .model_id = "gemma-2-2b", .source_id = "20-gemmascope-res-16k"};
    check(scry_export(&e, path, &notes, &err) && notes.count == 0, "a list is written %s", err.text);
    size_t size;
    uint8_t *file = read_bytes(path, &size);
    cJSON *root = cJSON_Parse((const char *)file);
    const cJSON *features = cJSON_GetObjectItemCaseSensitive(root, "features"), *item;
    check_is((uint64_t)cJSON_GetArraySize(features), 6, "an entry a latent");
    int i = 0;
    cJSON_ArrayForEach (item, features) {
        char number[16];
        snprintf(number, sizeof number, "%u", o.r->order[2 * i++]);
        const cJSON *index = cJSON_GetObjectItemCaseSensitive(item, "index");
        const cJSON *model = cJSON_GetObjectItemCaseSensitive(item, "modelId"),
                    *layer = cJSON_GetObjectItemCaseSensitive(item, "layer");
        bool ok = cJSON_IsString(index) && strcmp(index->valuestring, number) == 0 &&
                  strcmp(model->valuestring, "gemma-2-2b") == 0 &&
                  strcmp(layer->valuestring, "20-gemmascope-res-16k") == 0 &&
                  cJSON_IsString(cJSON_GetObjectItemCaseSensitive(item, "description"));
        if (!ok) check(false, "entry %d: found another latent, model or layer, or no words", i);
    }
    check(i == 6, "each with its number as text, model, layer and words");
    cJSON_Delete(root);
    free(file);
    e.model_id = e.source_id = NULL;
    check(scry_export(&e, path, &notes, &err) && notes.count == 1, "without names: a note");
    if (notes.count)
        check_says(notes.text[0], SAYS("pocket-llama-3.4M", "3-resid_post", "--source-id"), "without names");
    scry_notes_free(&notes);
    close_study(&o);
}

static void refused(void) {
    double x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const char *folder = scratch_folder("features"), *path = text_of("%s/study.json", folder);
    write_npy(text_of("%s/a.npy", folder), F32, 2, 4, x);
    write_npy(text_of("%s/b.npy", folder), F32, 2, 4, (double[]){1, 2, 3, 4, 5, 6, 7, 9});
    write_text(path,
               "{\"scry_study\": 1, \"hook\": \"blocks.99999999999999999999.hook_mlp\", \"train\": {\"name\": \"t\", "
               "\"base\": {\"features\": \"a.npy\"}, \"icl\": {\"features\": \"b.npy\"}}, \"domains\": [{\"name\": "
               "\"p\", \"base\": {\"features\": \"a.npy\"}}]}");
    opened o;
    scry_error err = {0};
    if (!open_study(&o, path, 1)) return;
    scry_export_request e = {.set = o.set, .index = o.x, .ranking = o.r};
    const char *out = scratch("refused.safetensors");
    check(!scry_export(&e, out, NULL, &err) && !file_exists(out), "features: no tensors");
    check_says(err.text, SAYS("no decoder", "names no SAE", "W_dec"), "features: says why");
    scry_notes notes = {0};
    check(scry_export(&e, scratch("long.json"), &notes, &err) && notes.count == 1, "a hook without a layer %s",
          err.text);
    if (notes.count)
        check_says(notes.text[0], SAYS("source id \"blocks.99999999999999999999.hook_mlp\""), "a number that is none");
    scry_notes_free(&notes);
    check(!scry_export(&e, "/nowhere/at/all.json", NULL, &err), "a place that cannot be written to");
    check_says(err.text, SAYS("/nowhere/at/all.json", "cannot be written"), "it is named");
    close_study(&o);
    const char *pipe_path = scratch("pipe.safetensors");
    if (open_study(&o, "sample_data/study.json", 1)) {
        e = (scry_export_request){.set = o.set, .index = o.x, .ranking = o.r};
        check(mkfifo(pipe_path, 0600) == 0 && !scry_export(&e, pipe_path, NULL, &err), "a pipe is not replaced");
        check_says(err.text, SAYS("no regular file"), "it is named");
        close_study(&o);
    }
}

static void text(void) {
    static const struct {
        const char *from, *to;
    } cases[] = {{"plain", "plain"},
                 {"\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80"},
                 {"a\xff", "a\xef\xbf\xbd"},
                 {"\xc3", "\xef\xbf\xbd"},
                 {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
                 {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *found = utf8_replace_invalid(cases[i].from);
        check(strcmp(found, cases[i].to) == 0, "UTF-8, case %zu", i);
        free(found);
    }
}

int main(void) {
    tensors("sample_data/study.json", "sample_data/sae/sae_weights.safetensors", 100, 1, NULL);
    const char *specimens = "tests/specimens/sae";
    tensors(study_around("saelens6_average_checkpoint", 8),
            text_of("%s/saelens6_average_checkpoint/sae_weights.safetensors", specimens), 5, 0.375, NULL);
    tensors(study_around("saelens6_layer_norm", 8),
            text_of("%s/saelens6_layer_norm/sae_weights.safetensors", specimens), 5, 1, SAYS("layer norm"));
    list();
    refused();
    text();
    return check_end();
}
