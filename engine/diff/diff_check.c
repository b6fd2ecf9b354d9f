/* diff/diff_check.c: compares a base model with the study's captures. */
#include "diff/diff_check.h"
#include "causal/stream_check.h"

bool diff_check_base(const scry_index *x, const char *study, const model_pair *pair, scry_run *base, uint64_t memory,
                     scry_notes *notes, scry_error *err) {
    scry_hook hook;
    if (!x || !scry_hook_parse(scry_index_info(x)->hook, &hook, NULL) ||
        !scry_model_has_hook(pair->model[0], hook, NULL))
        return true;
    stream_probe probe;
    bool ok = stream_probe_run(&probe, x, base, pair->tok, hook, err);
    if (ok && probe.texts.count) {
        stream_distance distance = stream_distance_of(x, study, &probe.texts, probe.x, NULL, memory / 4);
        ok = stream_check(x, &distance, pair->folder[0], hook, notes, err);
    }
    stream_probe_free(&probe);
    return ok;
}
