/* index.c: scry index. */
#include "commands/commands.h"
#include "commands/out.h"
#include "commands/subject.h"

#include <stdio.h>

static int report(const options *o, const scry_build_result *r) {
    if (!o->json) {
        fprintf(stderr, "scry: %s: %u latents, %llu tokens, %llu activations, %.2f s\n", o->out, r->latents,
                (unsigned long long)r->tokens, (unsigned long long)r->nnz, r->seconds);
        return 0;
    }
    cJSON *facts = cJSON_CreateObject();
    out_text(facts, "index", o->out);
    out_number(facts, "latents", r->latents);
    out_number(facts, "tokens", (double)r->tokens);
    out_number(facts, "nnz", (double)r->nnz);
    out_number(facts, "seconds", r->seconds);
    return out_print(o, facts, "", NULL, NULL);
}

int shell_index(const options *o) {
    scry_error err = {0};
    subject_progress progress = {0};
    scry_build_options build = {.progress = subject_show_progress, .context = &progress};
    if (o->words != 1) scry_misuse(&err, "index: expected one study manifest; scry index STUDY -o X.scry");
    else if (!o->out) scry_misuse(&err, "index: -o is missing; scry index %s -o X.scry", o->word[0]);
    if (err.status || !options_number("--threads", o->threads, 1, 0, &build.threads, &err)) return out_error(&err);
    build.allow_nonfinite = o->allow_nonfinite != NULL;
    scry_build_result result;
    scry_notes notes = {0};
    subject_catch_interrupt();
    bool ok = scry_index_build(o->word[0], o->out, &build, &result, &notes, &err);
    subject_release_interrupt();
    subject_end_progress(&progress);
    for (size_t i = 0; i < notes.count; i++) out_warning(notes.text[i]);
    scry_notes_free(&notes);
    return ok ? report(o, &result) : out_error(&err);
}
