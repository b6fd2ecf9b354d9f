/* effects.c: scry effects: what each latent does in the model, computed once for the score abl. */
#include "base/clock.h"
#include "effects.h"
#include "shell/cli_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_options(const options *o, scry_effects_options *e, scry_error *err) {
    scry_build_options build = {0};
    uint32_t seed, samples;
    if (o->words != 1) return scry_misuse(err, "effects: expected one study or index; scry effects X [--model DIR]");
    if (!cli_build_options(o, &build, err) || !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) ||
        !options_number("--draws", o->effect_draws, 1, SCRY_EFFECT_DRAWS, &e->draws, err) ||
        !options_number("--samples", o->most_samples, 1, 0, &samples, err))
        return false;
    e->model = o->model;
    e->study = scry_is_index(o->word[0]) ? NULL : o->word[0];
    e->seed = seed;
    e->samples = samples;
    e->threads = build.threads;
    e->memory = build.memory;
    e->force = o->force;
    return true;
}

static int print(const options *o, const scry_effects_info *info, bool made, double seconds) {
    cJSON *row = cJSON_CreateObject();
    char model[20];
    snprintf(model, sizeof model, "%016" PRIx64, info->model);
    result_text(row, "effects", info->path);
    result_text(row, "model_path", info->model_path);
    result_text(row, "model", model);
    result_numbers(row, {"draws", info->draws}, {"seed", (double)info->seed}, {"samples", info->samples},
                   {"entries", (double)info->entries}, {"bytes", (double)info->bytes},
                   {"bytes_per_entry", info->entries ? (double)info->bytes / (double)info->entries : 0});
    cJSON_AddBoolToObject(row, "computed", made);
    result_numbers(row, {"seconds", made ? seconds : 0});
    static const result_column columns[] = {
        {"effects", "effects", NULL, 0},   {"draws", "draws", "%.0f", 0},
        {"samples", "samples", "%.0f", 0}, {"entries", "entries", "%.0f", 0},
        {"bytes", "bytes", "%.0f", 0},     {"bytes_per_entry", "an entry", "%.1f", 0},
        {"seconds", "seconds", "%.1f", 0}, {0}};
    if (!made && !o->json && !o->csv)
        fprintf(stderr, "scry: %s: is of this model and of these options already; --force computes it again\n",
                info->path);
    return output_print_row(o, row, columns);
}

int shell_effects(const options *o) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_effects_options e = {0};
    scry_effects_info info;
    cli_progress progress = {0};
    bool made = false, ok = read_options(o, &e, &err);
    double began = clock_seconds();
    scry_index *index = ok ? cli_open(o, &err) : NULL;
    cli_catch_interrupt();
    if (index) {
        const scry_cancel cancel = cli_cancel(&progress, "effects");
        e.cancel = &cancel;
        ok = scry_effects_compute(index, &e, &made, &notes, &err) && scry_effects_attach(index, NULL, false, &err);
    }
    cli_end_progress(&progress);
    cli_release_interrupt();
    output_warnings(&notes);
    ok = index && ok && scry_effects_info_of(index, &info);
    int status = ok ? print(o, &info, made, clock_seconds() - began) : output_error(&err);
    scry_close(index);
    return status;
}
