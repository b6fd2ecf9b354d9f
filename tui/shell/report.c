/* report.c: scry report: everything about one selection on one HTML page. */
#include "report/report.h"
#include "base/path.h"
#include "shell/cli_context.h"
#include "text/number_format.h"

#include <stdio.h>
#include <string.h>

/* Describes the selection by its options. */
static void describe_selection(const options *o, const selection_context *s, uint32_t top, char *words, size_t size) {
    int used;
    if (!s->ranking) used = snprintf(words, size, "none: the scores are given by the study");
    else if (o->set)
        used =
            snprintf(words, size, "%u latent%s of %s", s->set->count, plural_s(s->set->count), path_file_name(o->set));
    else if (o->latents) used = snprintf(words, size, "%u latent%s by number", s->set->count, plural_s(s->set->count));
    else
        used = snprintf(words, size, "top %u by %s %s of %s", top,
                        scry_source_text(s->ranking->source, s->ranking->against, (char[SCRY_SOURCE_TEXT]){""}),
                        scry_metric_name(s->ranking->metric), scry_index_info(s->index)->train[s->train].name);
    if ((o->with || o->without) && used > 0 && (size_t)used < size)
        snprintf(words + used, size - (size_t)used, "%s%.100s%s%.100s: %u latent%s", o->without ? ", without " : "",
                 o->without ? o->without : "", o->with ? ", with " : "", o->with ? o->with : "", s->set->count,
                 plural_s(s->set->count));
}

int shell_report(const options *o) {
    scry_error err = {0};
    selection_context s = {0};
    scry_scope scope = {0};
    char words[600];
    report r = {.s = &s, .scope = &scope, .scope_spec = o->domains ? o->domains : "all", .selection = words};
    bool ok = (o->out || scry_misuse(&err, "report: -o is missing; scry report X -o report.html")) &&
              report_check(o->out, &err) && cli_read(o, &s, &err) && cli_scope(o, s.index, s.train, &scope, &err) &&
              cli_top(o, s.index, 1, 100, &r.top, &err) &&
              options_number("--threads", o->threads, 1, 0, &r.threads, &err);
    if (ok) {
        describe_selection(o, &s, r.top, words, sizeof words);
        ok = report_write(&r, o->out, &err);
    }
    if (ok && strcmp(o->out, "-") != 0) output_say("%s written", o->out);
    scry_scope_free(&scope);
    cli_free(&s);
    return ok ? 0 : output_error(&err);
}
