/* logits.c: scry logits: the tokens that a latent promotes and suppresses. */
#include "base/mem.h"
#include "shell/cli_context.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 10000 };

static int print_logits(const options *o, const scry_index *index, uint32_t latent, const scry_token_logit *tokens,
                        size_t top) {
    cJSON *facts = logits_result(index, latent, tokens, top);
    char head[200];
    snprintf(head, sizeof head,
             "latent %u: logits per unit of activation, by the direct path from its decoder row to the output\n\n",
             latent);
    if (o->csv) logits_add_csv_rows(facts, "tokens", facts);
    else if (!o->json) logits_add_rows(facts, "tokens", facts);
    return output_print(o, facts, "tokens", o->csv ? logits_csv_columns : logits_columns, head);
}

int shell_logits(const options *o) {
    scry_error err = {0};
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    scry_build_options limits = {0};
    uint32_t latent, top;
    bool ok = cli_needs_latents(index, &err) && cli_latent(o, index, &latent, &err) &&
              cli_build_options(o, &limits, &err) && options_number("--top", o->top, 1, SCRY_LOGITS_KEPT, &top, &err);
    if (ok && top > MOST) top = MOST;
    scry_logits *logits = ok ? scry_logits_new(index, o->model, limits.threads, limits.memory) : NULL;
    scry_token_logit *tokens = ok ? mem_new((size_t)SCRY_LOGIT_SIDES * top, sizeof *tokens) : NULL;
    ok = ok && scry_logits_read(logits, &latent, 1, top, tokens, NULL, &err);
    if (logits) output_notes(scry_logits_notes(logits));
    int status = ok ? print_logits(o, index, latent, tokens, top) : output_error(&err);
    free(tokens);
    scry_logits_close(logits);
    scry_close(index);
    return status;
}
