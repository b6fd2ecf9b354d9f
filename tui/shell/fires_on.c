/* fires_on.c: scry fires-on: latents by how strongly they fire on the tokens of one text. */
#include "base/mem.h"
#include "shell/cli_context.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct strength {
    float mean;
    uint32_t latent;
} strength;

static int stronger(const void *x, const void *y) {
    const strength *a = x, *b = y;
    if (a->mean != b->mean) return a->mean > b->mean ? -1 : 1;
    return (a->latent > b->latent) - (a->latent < b->latent);
}

/* Sorts the latents that fire on these tokens, strongest first. */
static cJSON *facts_of(const scry_index *index, const char *text, int capture, unsigned threads, uint32_t top) {
    uint32_t F = scry_index_info(index)->d_sae;
    float *mean = mem_new(F, sizeof *mean), *rate = mem_new(F, sizeof *rate);
    strength *order = mem_new(F, sizeof *order);
    uint64_t tokens = scry_token_response(index, text, capture, threads, mean, rate, NULL);
    for (uint32_t j = 0; j < F; j++) order[j] = (strength){mean[j], j};
    qsort(order, F, sizeof *order, stronger);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "text", text);
    result_text(facts, "capture", capture < 0 ? "base" : scry_index_info(index)->capture[capture].name);
    result_number(facts, "tokens", (double)tokens);
    cJSON *list = cJSON_AddArrayToObject(facts, "latents");
    for (uint32_t i = 0; i < F && i < top && rate[order[i].latent] > 0; i++) {
        cJSON *item = result_row(list);
        result_numbers(item, {"latent", order[i].latent}, {"mean", (double)order[i].mean},
                       {"rate", (double)rate[order[i].latent]});
        result_text(item, "label", scry_label(index, order[i].latent));
    }
    free(order);
    free(mean);
    free(rate);
    return facts;
}

static int print(const options *o, cJSON *facts) {
    static const result_column columns[] = {{"latent", "latent", "%.0f", 0},
                                            {"mean", "mean", "%.4g", 0},
                                            {"rate", "rate%", "%.2f", 100},
                                            {"label", "label", NULL, 0},
                                            {0}};
    char head[300], text[200];
    text_clean(o->word[1], text, sizeof text, false);
    snprintf(head, sizeof head, "mean activation on the %.0f tokens \"%s\" of %s\n\n",
             result_get(facts, "tokens")->valuedouble, text, o->capture ? o->capture : "all base captures");
    return output_print(o, facts, "latents", columns, head);
}

int shell_fires_on(const options *o) {
    scry_error err = {0};
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    int capture, status;
    uint32_t top, threads;
    if (o->words < 2) scry_misuse(&err, "fires-on: expected a token's text after the index");
    if (err.status || !cli_needs_latents(index, &err) || !cli_capture(o, index, &capture, &err) ||
        !options_number("--top", o->top, 1, 20, &top, &err) ||
        !options_number("--threads", o->threads, 1, 0, &threads, &err))
        status = output_error(&err);
    else status = print(o, facts_of(index, o->word[1], capture, threads, top));
    scry_close(index);
    return status;
}
