/* steering.c: see steering.h. */
#include "shell/steering.h"
#include "base/mem.h"
#include "lens.h"
#include "shell/cli_context.h"
#include "shell/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool steering_read(const char *option, const char *text, scry_steering *out, bool *lens, scry_error *err) {
    const char *colon = strchr(text, ':');
    char *end = NULL;
    *out = (scry_steering){.times = colon ? strtod(colon + 1, &end) : (double)NAN};
    if (!colon || end == colon + 1 || *end || !isfinite(out->times))
        return cli_misuse(err, option, text, "LATENT:S, such as 1127:4, or lens:S");
    char *name = mem_copy_bytes(text, (size_t)(colon - text));
    *lens = strcmp(name, "lens") == 0;
    bool ok = *lens || options_number(option, name, 0, 0, &out->latent, err);
    free(name);
    return ok;
}

float *steering_lens(const scry_index *index, size_t train, const scry_prompt *prompt, const scry_cancel *cancel,
                     scry_error *err) {
    const scry_prompt_info *info = scry_prompt_info_of(prompt);
    const uint32_t d = scry_index_info(index)->d_model;
    double *m = mem_new(d, sizeof *m);
    float *direction = NULL;
    if (scry_lens_direction(index, &(scry_lens_options){.model = info->model, .tuned = info->tuned},
                            &(scry_lens_query){.train = train, .domain = SCRY_LENS_TRAIN, .of = SCRY_SFT}, m, cancel,
                            err)) {
        direction = mem_new(d, sizeof *direction);
        for (uint32_t i = 0; i < d; i++) direction[i] = (float)m[i];
    }
    free(m);
    return direction;
}
