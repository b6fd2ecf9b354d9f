/* fires_on.c: scry fires-on: latents by how strongly they fire on the tokens that spell a text. */
#include "shell/cli_context.h"
#include "text/number_format.h"
#include "text/text.h"

#include <stdio.h>

static int print(const options *o, cJSON *facts) {
    char head[400], text[200];
    double tokens = result_get_number(facts, "tokens"), matches = result_get_number(facts, "matches");
    text_clean(o->word[1], text, sizeof text, false);
    snprintf(head, sizeof head, "mean activation on the %.0f token%s \"%s\" of %s, at %.0f place%s\n\n", tokens,
             plural_s((unsigned long long)tokens), text, o->capture ? o->capture : "all base captures", matches,
             plural_s((unsigned long long)matches));
    return output_print(o, facts, "latents", fires_on_columns, head);
}

int shell_fires_on(const options *o) {
    scry_error err = {0};
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    int capture, status;
    cJSON *facts = NULL;
    uint32_t top, threads;
    if (o->words < 2 || !o->word[1][0]) scry_misuse(&err, "fires-on: expected a token's text after the index");
    if (err.status || !cli_needs_latents(index, &err) || !cli_capture(o, index, &capture, &err) ||
        !options_number("--top", o->top, 1, 20, &top, &err) ||
        !options_number("--threads", o->threads, 1, 0, &threads, &err) ||
        !(facts = fires_on_result(index, &(scry_text_query){.text = o->word[1], .capture = capture, .context = -1},
                                  threads, top, &err)))
        status = output_error(&err);
    else status = print(o, facts);
    scry_close(index);
    return status;
}
