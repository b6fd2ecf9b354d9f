/* evaluate/study_texts.c: the texts of a study's domains, from the token files of its captures. */
#include "base/mem.h"
#include "evaluate/measured_text.h"
#include "evaluate/study_samples.h"

#include <stdlib.h>

typedef struct reader {
    const text_settings *settings;
    study_samples samples;
    measured_texts *domain;
    uint64_t cut, beyond, unlike;
    scry_error *err;
} reader;

/* The same over all domains. */
typedef struct tallies {
    sample_tally cut, beyond, unlike;
    uint64_t samples;
} tallies;

/* ---- samples -------------------------------------------------------------------------------- */

/* The tokens of the sample that count: those of the response that are among the rows, and not too late. */
static void clip(reader *r, uint64_t first, size_t head, size_t *from, size_t *to) {
    const study_samples *s = &r->samples;
    size_t most = r->settings->most_tokens > head ? r->settings->most_tokens - head : 0;
    bool counts = *from < *to;
    if (s->sliced && s->row_from > first + *from) *from = (size_t)(s->row_from - first);
    if (s->sliced && s->row_to < first + *to) *to = s->row_to > first ? (size_t)(s->row_to - first) : 0;
    bool kept = *from < *to;
    if (*to > most) *to = most;
    r->beyond += counts && kept && *from >= *to;
    r->cut += kept && *from < *to && *to == most;
}

static bool add_sample(reader *r, size_t i) {
    study_sample sample;
    if (!study_sample_read(&r->samples, i, &sample, r->err)) return false;
    size_t from = sample.response, to = sample.count;
    clip(r, r->samples.lines[i].first, sample.head_count, &from, &to);
    measured_text *text = measured_texts_add(r->domain);
    measured_text_room(text, true, 0);
    if (!sample.alike || !measured_text_set(text, 0, sample.head, sample.head_count, sample.own, from, to)) {
        measured_texts_drop(r->domain);
        r->domain->left_out++;
    }
    r->unlike += !sample.alike;
    study_sample_free(&sample);
    return true;
}

static void note(const tallies *t, const text_settings *settings, scry_notes *notes) {
    char text[SAMPLE_TALLY_TEXT];
    if (t->unlike.count)
        scry_notes_add(notes, "%s do not encode to as many tokens as their file has, and are left out",
                       sample_tally_text(&t->unlike, t->samples, "samples", text));
    if (t->cut.count)
        scry_notes_add(notes, "%s have more than %zu tokens; those after them do not count",
                       sample_tally_text(&t->cut, t->samples, "samples", text), settings->most_tokens);
    if (t->beyond.count)
        scry_notes_add(notes, "%s have a response that begins after %zu tokens, and are left out",
                       sample_tally_text(&t->beyond, t->samples, "samples", text), settings->most_tokens);
}

static bool add_samples(reader *r, tallies *all) {
    const study_samples *s = &r->samples;
    size_t *drawn,
        count = draw_samples(s->count, r->settings->most_samples, r->settings->seed, r->domain->name, &drawn);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = add_sample(r, drawn[i]);
    free(drawn);
    if (!ok) return false;
    all->samples += count;
    sample_tally_add(&all->unlike, r->domain->name, r->unlike);
    sample_tally_add(&all->cut, r->domain->name, r->cut);
    sample_tally_add(&all->beyond, r->domain->name, r->beyond);
    return r->domain->count ||
           scry_fail(r->err, "%s: %s: found no token of a response in %zu samples, expected some to measure", s->path,
                     r->domain->name, count);
}

static bool add_domain(const scry_study *study, const study_group *group, const text_settings *settings,
                       measured_domains *out, tallies *all, scry_error *err) {
    reader r = {.settings = settings, .err = err};
    if (!study_samples_open(&r.samples, study->path, group->name, &group->capture[SCRY_BASE], settings->tok,
                            settings->bos, err))
        return false;
    r.domain = measured_domains_add(out, group->name);
    bool ok = add_samples(&r, all);
    study_samples_close(&r.samples);
    return ok;
}

bool texts_of_study(const scry_study *study, const text_settings *settings, measured_domains *out, scry_notes *notes,
                    scry_error *err) {
    if (study->scores_only)
        return scry_fail(err, "%s: gives scores instead of captures, so it has no texts; name some with --domain",
                         study->path);
    if (!study->domain_count)
        return scry_fail(err, "%s: has no domains, expected some whose change is measured", study->path);
    tallies all = {0};
    bool ok = true;
    for (size_t d = 0; ok && d < study->domain_count; d++)
        ok = add_domain(study, &study->domains[d], settings, out, &all, err);
    note(&all, settings, notes);
    return ok;
}
