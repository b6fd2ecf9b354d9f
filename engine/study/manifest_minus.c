/* study/manifest_minus.c: "minus" of captures: what is subtracted from their rows. */
#include "base/mem.h"
#include "study/manifest_reader.h"

#include <stdio.h>
#include <stdlib.h>

bool manifest_minus(manifest_reader *p, const cJSON *item, study_capture *capture) {
    static const char *const known[] = {"residual", "tensor", "tokens", NULL};
    const cJSON *minus = cJSON_GetObjectItemCaseSensitive(item, "minus"), *files = minus;
    char key[MANIFEST_KEY], place[MANIFEST_KEY];
    if (!minus) return true;
    snprintf(key, sizeof key, "%.180s.minus", capture->key);
    if (capture->features)
        return scry_fail(p->err,
                         "%s: %s: found with \"features\", expected with \"residual\": residuals are subtracted, "
                         "activations of latents are not",
                         p->study->path, key);
    capture->minus = mem_new(1, sizeof *capture->minus);
    study_minus *to = capture->minus;
    snprintf(place, sizeof place, "%s", key);
    if (cJSON_IsObject(minus)) {
        manifest_note_unknown(p, minus, key, known);
        snprintf(place, sizeof place, "%.180s.residual", key);
        files = cJSON_GetObjectItemCaseSensitive(minus, "residual");
        if (!files)
            return scry_fail(p->err, "%s: %s: missing; expected a file name or a list of them", p->study->path, place);
        if (!manifest_text(p, minus, "tensor", key, &to->tensor) ||
            !manifest_path(p, minus, "tokens", key, &to->tokens))
            return false;
    }
    if (!manifest_texts(p, files, place, "a file name, a list of them, or an object with \"residual\"", &to->files,
                        &to->file_count))
        return false;
    manifest_join(p, to->files, to->file_count);
    return true;
}

void manifest_free_minus(study_minus *minus) {
    if (!minus) return;
    for (size_t i = 0; i < minus->file_count; i++) free(minus->files[i]);
    free(minus->files);
    free(minus->tensor);
    free(minus->tokens);
    free(minus);
}

bool manifest_check_minus(manifest_reader *p) {
    const scry_study *study = p->study;
    const study_capture *with = NULL, *without = NULL;
    for (size_t g = 0; g < study->train_count + study->domain_count; g++) {
        const study_group *group = g < study->train_count ? &study->trains[g] : &study->domains[g - study->train_count];
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            const study_capture *capture = &group->capture[c];
            if (!capture->present || capture->features) continue;
            if (capture->minus && !with) with = capture;
            if (!capture->minus && !without) without = capture;
        }
    }
    p->study->difference = with != NULL;
    return !with || !without ||
           scry_fail(p->err,
                     "%s: %s.minus: missing, expected one as %s has it: a dictionary reads differences or the stream, "
                     "not both; base without a change is the file minus itself",
                     study->path, without->key, with->key);
}
