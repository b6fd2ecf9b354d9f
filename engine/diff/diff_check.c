/* diff/diff_check.c: whether the base model is the one of the study. */
#include "causal/stream_check.h"
#include "diff/diff_internal.h"

bool diff_check_base(const diff *d, scry_run *base, scry_notes *notes, scry_error *err) {
    const scry_index *x = d->query->index;
    scry_hook hook;
    if (!x || !scry_hook_parse(scry_index_info(x)->hook, &hook, NULL) ||
        !scry_model_has_hook(d->pair.model[0], hook, NULL))
        return true;
    stream_probe probe;
    bool ok = stream_probe_run(&probe, x, base, d->pair.tok, hook, err);
    if (ok && probe.texts.count) {
        stream_distance distance =
            stream_distance_of(x, d->query->study, &probe.texts, probe.x, NULL, d->query->memory / 4);
        ok = stream_check(x, &distance, d->pair.folder[0], hook, notes, err);
    }
    stream_probe_free(&probe);
    return ok;
}
