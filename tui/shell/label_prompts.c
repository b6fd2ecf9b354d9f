/* label_prompts.c: scry label-prompts, the questions to a language model what latents stand for; scry import-labels,
 * its answers as labels. */
#include "base/mem.h"
#include "results/label_prompt.h"
#include "shell/cli_context.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXAMPLES_MOST = 1000 };

static bool write_prompts(const options *o, const selection_context *s, scry_error *err) {
    label_prompt_query q = {.index = s->index, .chat_model = o->chat_model ? o->chat_model : LABEL_PROMPT_MODEL};
    scry_build_options limits = {0};
    uint32_t examples, around, seed;
    if (!options_number("--examples", o->examples, 1, LABEL_PROMPT_EXAMPLES, &examples, err) ||
        !options_number("--context", o->context, 0, LABEL_PROMPT_AROUND, &around, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) || !cli_build_options(o, &limits, err))
        return false;
    if (!s->set->count) return scry_misuse(err, "label-prompts: the selection is empty, expected at least one latent");
    q.examples = examples < EXAMPLES_MOST ? examples : EXAMPLES_MOST;
    q.around = around;
    q.seed = seed;
    q.needs_tokens = o->model != NULL;
    uint32_t *latents = scry_set_by_rank(s->set, s->ranking);
    scry_logits *logits = scry_logits_new(s->index, o->model, limits.threads, limits.memory);
    label_prompts_done done;
    bool ok = label_prompts_write(&q, logits, latents, s->set->count, o->out ? o->out : "-", &done, NULL, err);
    if (ok && done.no_tokens.status) {
        char *text = mem_format("the questions lack the tokens that latents promote: %s", done.no_tokens.text);
        output_warning(text);
        free(text);
    }
    output_notes(scry_logits_notes(logits));
    char words[LABEL_PROMPTS_TEXT];
    if (ok && o->out) output_say("%s: %s", o->out, label_prompts_text(&done, s->set->count, words));
    scry_logits_close(logits);
    free(latents);
    return ok;
}

int shell_label_prompts(const options *o) {
    scry_error err = {0};
    selection_context s = {.index = cli_open(o, &err)};
    bool ok = s.index && cli_needs_latents(s.index, &err) && cli_rank(o, &s, &err) &&
              (s.set = cli_selection(o, s.index, s.ranking, &err)) && write_prompts(o, &s, &err);
    cli_free(&s);
    return ok ? 0 : output_error(&err);
}

static const result_column import_columns[] = {{"read", "read", "%.0f", 0},
                                               {"set", "set", "%.0f", 0},
                                               {"kept", "kept", "%.0f", 0},
                                               {"too_long", "too long", "%.0f", 0},
                                               {0}};

int shell_import_labels(const options *o) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_labels_imported done;
    scry_index *index = cli_open(o, &err);
    bool ok =
        index && cli_needs_latents(index, &err) &&
        (o->words > 1 || scry_misuse(&err, "import-labels: expected a file of labels or answers after the index")) &&
        scry_labels_import(index, o->word[1], o->replace != NULL, &done, NULL, &notes, &err);
    output_warnings(&notes);
    int status = ok ? 0 : output_error(&err);
    if (ok) {
        char words[LABEL_PROMPTS_TEXT];
        output_say("%s", labels_imported_text(&done, words));
        cJSON *row = cJSON_CreateObject();
        result_numbers(row, {"read", done.read}, {"set", done.set}, {"kept", done.kept}, {"too_long", done.too_long});
        status = output_print_row(o, row, import_columns);
    }
    scry_close(index);
    return status;
}
