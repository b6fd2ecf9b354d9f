/* labels_by_model.c: questions to a language model about the selected latents, and its answers as labels. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "results/label_prompt.h"

#include <stdio.h>
#include <stdlib.h>

/* Questions that are being written. */
typedef struct work_of_prompts {
    label_prompt_query query;
    scry_logits *logits;
    uint32_t *latents;
    size_t count;
    char path[TEXT_MOST];
    label_prompts_done done;
    bool ok;
    scry_error err;
} work_of_prompts;

static void write_prompts(void *own, const scry_cancel *stop) {
    work_of_prompts *w = own;
    w->ok = label_prompts_write(&w->query, w->logits, w->latents, w->count, w->path, &w->done, stop, &w->err);
}

static void end_prompts(app *a, void *own, bool whole) {
    work_of_prompts *w = own;
    char words[LABEL_PROMPTS_TEXT];
    if (w->ok)
        app_say(a, "%s: %s%s", w->path, label_prompts_text(&w->done, w->count, words),
                w->done.no_tokens.status ? "; without the tokens that latents promote: no model" : "");
    else if (whole) app_fail(a, "%s", w->err.text);
    scry_logits_close(w->logits);
    free(w->latents);
    free(w);
}

command_effect do_label_prompts(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "label-prompts", "prompts.jsonl");
    const scry_set *set = scry_session_set(a->tab->session);
    if (!set->count) return app_fail(a, "the selection is empty; expected at least one latent");
    if (!app_may_write(a, argument, argument, argument)) return DID_CHANGE;
    work_of_prompts *w = mem_new(1, sizeof *w);
    *w = (work_of_prompts){.query = {.index = a->tab->index,
                                     .examples = LABEL_PROMPT_EXAMPLES,
                                     .around = LABEL_PROMPT_AROUND,
                                     .seed = SCRY_SEED,
                                     .chat_model = LABEL_PROMPT_MODEL},
                           .logits = scry_logits_new(a->tab->index, a->model, a->threads, 0),
                           .latents = scry_set_by_rank(set, scry_session_ranking(a->tab->session)),
                           .count = set->count};
    snprintf(w->path, sizeof w->path, "%s", argument);
    job e = {.work = write_prompts, .end = end_prompts, .own = w};
    snprintf(e.what, sizeof e.what, "label-prompts to %s", argument);
    job_begin(a, &e);
    return DID_CHANGE;
}

command_effect do_import_labels(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "import-labels", "answers.jsonl");
    scry_error err = {0};
    scry_notes notes = {0};
    scry_labels_imported done;
    scry_relabels changes;
    bool ok = scry_labels_import(a->tab->index, argument, false, &done, &changes, &notes, &err);
    scry_session_relabelled(a->tab->session, changes.change, changes.count);
    scry_relabels_free(&changes);
    char words[LABEL_PROMPTS_TEXT];
    if (!ok) app_fail(a, "%s", err.text);
    else
        app_say(a, "%s%s%s", labels_imported_text(&done, words), notes.count ? "; " : "",
                notes.count ? notes.text[0] : "");
    scry_notes_free(&notes);
    return DID_CHANGE;
}
