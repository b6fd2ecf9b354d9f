/* latent/top_tokens.c: scry tokens: where a latent fires, in context. */
#include "latent.h"
#include "base/mem.h"
#include "shell/commands.h"
#include "results/results.h"
#include "shell/output.h"
#include "shell/cli_context.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    const scry_index *index;
    scry_token_pairing *pairs;
    scry_latent_activations *fires;
    scry_example_query pick;
    int versus; /* condition, -1: none */
    uint32_t top, around;
} request;

/* The same token under base and under the other condition; NaN where there is none. */
static void add_versus(cJSON *item, const request *q, size_t capture, uint64_t row) {
    double h[2] = {NAN, NAN};
    for (int i = 0; i < 2; i++) {
        int other = scry_find_capture(q->index, scry_index_info(q->index)->capture[capture].group,
                                      i ? (scry_condition)q->versus : SCRY_BASE);
        int64_t at = other < 0                  ? -1
                     : (size_t)other == capture ? (int64_t)row
                                                : scry_paired_row(q->pairs, capture, row, (size_t)other);
        if (at >= 0) h[i] = (double)scry_latent_activations_at(q->fires, (size_t)other, (uint64_t)at);
    }
    output_number(item, "base", h[0]);
    output_number(item, "versus", h[1]);
    output_number(item, "difference", h[1] - h[0]);
}

/* The tokens around an example, within its sample. */
static cJSON *context_facts(const request *q, const scry_example *e) {
    scry_sample sample = scry_sample_at(q->index, e->capture, e->sample);
    uint64_t from = e->token > sample.first + q->around ? e->token - q->around : sample.first;
    uint64_t to = e->token + q->around + 1, end = sample.first + sample.count;
    if (to > end) to = end;
    cJSON *list = cJSON_CreateArray();
    for (uint64_t row = from; row < to; row++) {
        cJSON *item = cJSON_CreateObject();
        output_text(item, "token", scry_token(q->index, e->capture, row));
        output_number(item, "activation", (double)scry_latent_activations_at(q->fires, e->capture, row));
        if (q->versus >= 0) add_versus(item, q, e->capture, row);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *facts_of(const request *q, const scry_example *e, size_t n) {
    cJSON *facts = cJSON_CreateObject();
    char word[SCRY_EXAMPLE_ORDER_TEXT];
    output_number(facts, "latent", q->fires->latent);
    cJSON *list = cJSON_AddArrayToObject(facts, "examples");
    for (size_t i = 0; i < n; i++) {
        cJSON *item = cJSON_CreateObject();
        output_text(item, "capture", scry_index_info(q->index)->capture[e[i].capture].name);
        output_text(item, "sample", scry_sample_at(q->index, e[i].capture, e[i].sample).id);
        output_number(item, "position", e[i].position);
        output_text(item, "token", scry_token(q->index, e[i].capture, e[i].token));
        output_number(item, "activation", (double)e[i].activation);
        if (q->versus >= 0) add_versus(item, q, e[i].capture, e[i].token);
        cJSON_AddItemToObject(item, "context", context_facts(q, &e[i]));
        cJSON_AddItemToArray(list, item);
    }
    output_text(facts, "label", scry_label(q->index, q->fires->latent));
    output_text(facts, "interval", scry_example_query_text(&q->pick, word));
    if (q->versus >= 0) output_text(facts, "versus", scry_condition_name((scry_condition)q->versus));
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

cJSON *tokens_result(const scry_index *index, uint32_t latent, const scry_example *e, size_t n, uint32_t around) {
    request q = {.index = index, .pick = {.choice = SCRY_TOP, .capture = -1, .parts = SCRY_PARTS}, .versus = -1};
    q.around = around;
    q.fires = scry_latent_activations_read(index, latent);
    cJSON *facts = facts_of(&q, e, n);
    scry_latent_activations_free(q.fires);
    return facts;
}

static const output_column plain[] = {
    {"activation", "activation", "%.4g", 0}, {"capture", "capture", NULL, 0}, {"sample", "sample", NULL, 0},
    {"position", "position", "%.0f", 0},     {"text", "text", NULL, 0},       {NULL, NULL, NULL, 0}};
static const output_column beside[] = {
    {"activation", "activation", "%.4g", 0},  {"base", "base", "%.4g", 0},     {"versus", "versus", "%.4g", 0},
    {"difference", "difference", "%+.4g", 0}, {"capture", "capture", NULL, 0}, {"sample", "sample", NULL, 0},
    {"position", "position", "%.0f", 0},      {"text", "text", NULL, 0},       {NULL, NULL, NULL, 0}};

static int print_tokens(const options *o, const request *q) {
    scry_example *e = mem_new(q->top, sizeof *e);
    /* The plain list is every token, as many of one sample as there are. */
    size_t n = o->interval || o->versus
                   ? scry_example_query_run(q->index, q->pairs, q->fires, &q->pick, q->top, e)
                   : scry_top_tokens(q->index, q->fires->latent, q->pick.capture, false, q->top, e);
    cJSON *facts = facts_of(q, e, n);
    free(e);
    cJSON *example;
    if (!o->json)
        cJSON_ArrayForEach (example, cJSON_GetObjectItemCaseSensitive(facts, "examples")) add_text(example);
    char head[160];
    snprintf(head, sizeof head, "latent %u: active %llu times in the index%s\n\n", q->fires->latent,
             (unsigned long long)scry_postings(q->index, q->fires->latent),
             n                                                                   ? ""
             : q->pick.choice == SCRY_MOVED                                      ? "; no paired token moved"
             : q->pick.choice == SCRY_QUANTILE || q->pick.choice == SCRY_BETWEEN ? "; never in this interval"
                                                                                 : "; never in this capture");
    if (!scry_is_scored(q->index, q->fires->latent)) {
        char words[120];
        snprintf(words, sizeof words, "latent %u was not encoded on the domains (--candidates %u): no tokens of theirs",
                 q->fires->latent, scry_index_info(q->index)->candidates);
        output_warning(words);
    }
    return output_print(o, facts, "examples", q->versus >= 0 ? beside : plain, head);
}

/* --interval, --seed and --versus. Most moved needs a source: --versus, or --by, or the first. */
static bool read_pick(const options *o, request *q, scry_error *err) {
    size_t train;
    scry_condition source;
    scry_metric metric;
    uint32_t seed;
    q->versus = o->versus ? scry_condition_of(o->versus) : -1;
    if (o->versus && q->versus <= SCRY_BASE)
        return scry_misuse(err, "--versus: found \"%.40s\", expected icl, sft or rl", o->versus);
    if (o->interval && !scry_example_query_read(&q->pick, o->interval, err)) return false;
    if (!options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) || !cli_train(o, q->index, &train, err) ||
        !cli_ranking(o, q->index, train, &source, &metric, err))
        return false;
    q->pick.seed = seed;
    q->pick.versus = q->versus >= 0 ? (scry_condition)q->versus : source;
    if (q->pick.choice == SCRY_MOVED) q->versus = (int)q->pick.versus;
    return true;
}

int shell_tokens(const options *o) {
    scry_error err = {0};
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    request q = {.index = index, .pick = {.choice = SCRY_TOP, .parts = SCRY_PARTS}};
    uint32_t latent;
    int status;
    if (!cli_needs_latents(index, &err) || !cli_latent(o, index, &latent, &err) ||
        !cli_capture(o, index, &q.pick.capture, &err) || !read_pick(o, &q, &err) ||
        !options_number("--top", o->top, 1, 10, &q.top, &err) ||
        !options_number("--context", o->context, 0, 8, &q.around, &err)) {
        status = output_error(&err);
    } else {
        if (q.top > 1000000) q.top = 1000000;
        q.fires = scry_latent_activations_read(index, latent);
        q.pairs = scry_token_pairing_new(index);
        status = print_tokens(o, &q);
    }
    scry_latent_activations_free(q.fires);
    scry_token_pairing_free(q.pairs);
    scry_close(index);
    return status;
}
