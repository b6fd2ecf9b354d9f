/* tokens.c: scry tokens: where a latent fires, in context. */
#include "commands/commands.h"
#include "commands/facts.h"
#include "commands/out.h"
#include "commands/subject.h"
#include "draw/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tokens around an example, within its sample. */
static cJSON *context_facts(const scry_index *index, uint32_t latent, const scry_example *e, uint32_t around) {
    scry_sample sample = scry_sample_at(index, e->capture, e->sample);
    uint64_t from = e->token > sample.first + around ? e->token - around : sample.first;
    uint64_t to = e->token + around + 1, end = sample.first + sample.count;
    if (to > end) to = end;
    cJSON *list = cJSON_CreateArray();
    if (to <= from) return list;
    float *h = malloc((size_t)(to - from) * sizeof *h);
    if (!h) abort();
    scry_activations(index, latent, e->capture, from, (size_t)(to - from), h);
    for (uint64_t row = from; row < to; row++) {
        cJSON *item = cJSON_CreateObject();
        out_text(item, "token", scry_token(index, e->capture, row));
        out_number(item, "activation", (double)h[row - from]);
        cJSON_AddItemToArray(list, item);
    }
    free(h);
    return list;
}

cJSON *tokens_facts(const scry_index *index, uint32_t latent, const scry_example *e, size_t n, uint32_t around) {
    cJSON *facts = cJSON_CreateObject();
    out_number(facts, "latent", latent);
    cJSON *list = cJSON_AddArrayToObject(facts, "examples");
    for (size_t i = 0; i < n; i++) {
        cJSON *item = cJSON_CreateObject();
        out_text(item, "capture", scry_about(index)->capture[e[i].capture].name);
        out_text(item, "sample", scry_sample_at(index, e[i].capture, e[i].sample).id);
        out_number(item, "position", e[i].position);
        out_text(item, "token", scry_token(index, e[i].capture, e[i].token));
        out_number(item, "activation", (double)e[i].activation);
        cJSON_AddItemToObject(item, "context", context_facts(index, latent, &e[i], around));
        cJSON_AddItemToArray(list, item);
    }
    return facts;
}

/* "we get x[ =][ 3], hence": each token on which the latent fires in brackets. */
static void add_text(cJSON *example) {
    char text[4000] = "", safe[200], around[204];
    const cJSON *t;
    cJSON_ArrayForEach (t, cJSON_GetObjectItemCaseSensitive(example, "context")) {
        const cJSON *h = cJSON_GetObjectItemCaseSensitive(t, "activation");
        text_clean(cJSON_GetObjectItemCaseSensitive(t, "token")->valuestring, safe, sizeof safe, false);
        snprintf(around, sizeof around, h->valuedouble > 0 ? "[%s]" : "%s", safe);
        if (strlen(text) + strlen(around) + 1 < sizeof text) strcat(text, around);
    }
    cJSON_AddStringToObject(example, "text", text);
}

static int print_tokens(const options *o, const scry_index *index, uint32_t latent, int capture, scry_error *err) {
    uint32_t top, around;
    if (!options_number("--top", o->top, 1, 10, &top, err) ||
        !options_number("--context", o->context, 0, 8, &around, err))
        return out_error(err);
    if (top > 1000000) top = 1000000;
    scry_example *e = calloc(top, sizeof *e);
    if (!e) abort();
    size_t n = scry_top_tokens(index, latent, capture, false, top, e);
    cJSON *facts = tokens_facts(index, latent, e, n, around);
    free(e);
    cJSON *example;
    if (!o->json)
        cJSON_ArrayForEach (example, cJSON_GetObjectItemCaseSensitive(facts, "examples")) add_text(example);
    static const out_column columns[] = {
        {"activation", "activation", "%.4g", 0}, {"capture", "capture", NULL, 0}, {"sample", "sample", NULL, 0},
        {"position", "position", "%.0f", 0},     {"text", "text", NULL, 0},       {NULL, NULL, NULL, 0}};
    char head[160];
    snprintf(head, sizeof head, "latent %u: active %llu times in the index%s\n\n", latent,
             (unsigned long long)scry_postings(index, latent), n ? "" : "; never in this capture");
    return out_print(o, facts, "examples", columns, head);
}

int shell_tokens(const options *o) {
    scry_error err = {0};
    scry_index *index = subject_open(o, &err);
    if (!index) return out_error(&err);
    if (!subject_needs_latents(index, &err)) {
        scry_close(index);
        return out_error(&err);
    }
    uint32_t latent, last = scry_about(index)->d_sae - 1;
    int capture = -1, status;
    if (o->words != 2) scry_misuse(&err, "tokens: expected an index and a latent; scry tokens X 17");
    else if (options_number("latent", o->word[1], 0, 0, &latent, &err) && latent > last)
        scry_misuse(&err, "latent %u does not exist; this index has 0 to %u", latent, last);
    if (!err.status && o->capture && strcmp(o->capture, "all") != 0) {
        capture = scry_capture_find(index, o->capture);
        if (capture < 0) scry_misuse(&err, "--capture: no capture \"%.60s\"; scry info lists them", o->capture);
    }
    status = err.status ? out_error(&err) : print_tokens(o, index, latent, capture, &err);
    scry_close(index);
    return status;
}
