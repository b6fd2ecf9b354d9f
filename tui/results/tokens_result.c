/* tokens_result.c: examples on which a latent fires, in context. */
#include "results/results.h"

#include <math.h>

/* Adds the activation on the paired token under the reference ("base") and under q->versus: null where there is no
 * pair. */
static void add_pair(cJSON *item, const tokens_query *q, size_t capture, uint64_t row) {
    double h[2] = {NAN, NAN};
    const scry_reference against = scry_index_info(q->index)->against;
    for (int i = 0; i < 2; i++) {
        int other = scry_find_capture(q->index, scry_index_info(q->index)->capture[capture].group,
                                      i ? (scry_condition)q->versus : scry_reference_condition(against));
        int64_t at = other < 0                  ? -1
                     : (size_t)other == capture ? (int64_t)row
                                                : scry_paired_row(q->pairs, capture, row, (size_t)other);
        if (at >= 0) h[i] = (double)scry_latent_activations_at(q->fires, (size_t)other, (uint64_t)at);
    }
    result_numbers(item, {scry_reference_name(against), h[0]}, {"versus", h[1]}, {"difference", h[1] - h[0]});
}

/* Adds the tokens around an example, within its sample. */
static void add_context(cJSON *example, const tokens_query *q, const scry_example *e) {
    scry_sample sample = scry_sample_at(q->index, e->capture, e->sample);
    uint64_t from = e->token > sample.first + q->around ? e->token - q->around : sample.first;
    uint64_t to = e->token + q->around + 1, end = sample.first + sample.count;
    if (to > end) to = end;
    cJSON *list = cJSON_AddArrayToObject(example, "context");
    for (uint64_t row = from; row < to; row++) {
        cJSON *item = result_row(list);
        result_text(item, "token", scry_token(q->index, e->capture, row));
        result_number(item, "activation", (double)scry_latent_activations_at(q->fires, e->capture, row));
        if (q->versus >= 0) add_pair(item, q, e->capture, row);
    }
}

cJSON *tokens_query_result(const tokens_query *q, const scry_example *e, size_t n) {
    cJSON *facts = cJSON_CreateObject();
    char word[SCRY_EXAMPLE_ORDER_TEXT];
    result_number(facts, "latent", q->fires->latent);
    cJSON *list = cJSON_AddArrayToObject(facts, "examples");
    for (size_t i = 0; i < n; i++) {
        cJSON *item = result_row(list);
        result_text(item, "capture", scry_index_info(q->index)->capture[e[i].capture].name);
        result_text(item, "sample", scry_sample_at(q->index, e[i].capture, e[i].sample).id);
        result_number(item, "position", e[i].position);
        result_text(item, "token", scry_token(q->index, e[i].capture, e[i].token));
        result_number(item, "activation", (double)e[i].activation);
        if (q->versus >= 0) add_pair(item, q, e[i].capture, e[i].token);
        add_context(item, q, &e[i]);
    }
    add_names(facts, q->index, q->fires->latent);
    result_text(facts, "interval", scry_example_query_text(&q->pick, word));
    if (q->versus >= 0) result_text(facts, "versus", scry_condition_name((scry_condition)q->versus));
    if (q->versus >= 0) result_text(facts, "against", scry_reference_name(scry_index_info(q->index)->against));
    return facts;
}

cJSON *tokens_result(const scry_index *index, uint32_t latent, const scry_example *e, size_t n, uint32_t around) {
    tokens_query q = {.index = index, .pick = {.order = SCRY_TOP, .capture = -1, .parts = SCRY_PARTS}, .versus = -1};
    q.around = around;
    q.fires = scry_latent_activations_read(index, latent);
    cJSON *facts = tokens_query_result(&q, e, n);
    scry_latent_activations_free(q.fires);
    return facts;
}
