/* test_continuation.c: how the sample's models go on from prompts: token for token what transformers' generate says
 * (make_continuations.py); draws at a temperature; ends, room, and what is refused. */
#include "continuation.h"
#include "base/mem.h"
#include "check.h"
#include "io/json.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 40, STEP = 3 };

static const cJSON *get(const cJSON *of, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(of, key);
}

static bool says(const scry_voice *v, const cJSON *expected) {
    const cJSON *ids = get(expected, "ids"), *item;
    size_t i = 0;
    if (v->count != (size_t)cJSON_GetArraySize(ids) || v->ended != cJSON_IsTrue(get(expected, "ended"))) return false;
    cJSON_ArrayForEach (item, ids)
        if (v->ids[i++] != (uint32_t)item->valuedouble) return false;
    return true;
}

static scry_continuation *go_on(scry_prompt *p, const scry_continuation_query *q) {
    scry_error err = {0};
    bool more = true;
    scry_continuation *c = scry_continue_begin(p, q, NULL, &err);
    while (c && more && scry_continue_next(c, &more, NULL, &err)) {}
    check(c && !more, "goes on %s", err.text);
    return c;
}

static scry_prompt_query prompt_of(const char *text) {
    return (scry_prompt_query){.text = text, .length = strlen(text), .bos = SCRY_BOS_NO, .next = 1};
}

static void against_transformers(scry_prompt *p, const scry_index *x) {
    size_t size, different = 0, compared = 0;
    char *json = (char *)read_bytes("tests/specimens/continuations/sample.json", &size);
    cJSON *list = json_parse(json, size);
    const cJSON *item;
    scry_set *ablated = scry_set_new(scry_index_info(x)->d_sae);
    for (uint32_t j = 0; j < ablated->latents; j += STEP) scry_set_put(ablated, j, true);
    cJSON_ArrayForEach (item, list) {
        scry_steering steering = {.latent = (uint32_t)get(item, "steered_latent")->valuedouble, .times = 6};
        scry_continuation_query q = {.prompt = prompt_of(get(item, "text")->valuestring),
                                     .steering = &steering,
                                     .steering_count = 1,
                                     .tokens = TOKENS};
        q.prompt.ablated = ablated;
        scry_continuation *c = go_on(p, &q);
        for (int kind = 0; c && kind < SCRY_VOICES; kind++, compared++) {
            const char *name = scry_voice_name((scry_voice_kind)kind);
            if (says(&c->voice[kind], get(item, name))) continue;
            char *text = scry_voice_text(c, (scry_voice_kind)kind);
            check(false, "%s, %s: found \"%s\"", get(item, "text")->valuestring, name, text);
            free(text);
            different++;
        }
        scry_continue_end(c);
    }
    check(compared == 80 && different == 0, "%zu continuations, %zu other than transformers'", compared, different);
    scry_set_free(ablated);
    cJSON_Delete(list);
    free(json);
}

/* A direction of the decoder's row steers as the latent does. */
static void directions(scry_prompt *p, const scry_index *x) {
    const uint32_t d = scry_index_info(x)->d_model;
    float *row = mem_new(d, sizeof *row);
    scry_decoder_row(x, 1819, row);
    scry_steering latent = {.latent = 1819, .times = 5}, direction = {.direction = row, .times = 5},
                  none = {.times = 0};
    scry_continuation_query q = {.prompt = prompt_of("The law"), .steering_count = 1, .tokens = 12};
    q.steering = &latent;
    scry_continuation *one = go_on(p, &q);
    q.steering = &direction;
    scry_continuation *other = go_on(p, &q);
    q.steering = &none;
    scry_continuation *still = go_on(p, &q);
    const scry_voice *a = &one->voice[SCRY_VOICE_STEERED], *b = &other->voice[SCRY_VOICE_STEERED];
    const scry_voice *c = &still->voice[SCRY_VOICE_STEERED], *base = &still->voice[SCRY_VOICE_BASE];
    check(a->count == b->count && memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0,
          "the decoder's row as a direction steers as the latent");
    check(c->count == base->count && memcmp(c->ids, base->ids, c->count * sizeof *c->ids) == 0 &&
              (a->count != base->count || memcmp(a->ids, base->ids, a->count * sizeof *a->ids) != 0),
          "0 times changes nothing, 5 times does");
    check(!still->voice[SCRY_VOICE_ABLATED].speaks && still->voice[SCRY_VOICE_TUNED].speaks,
          "the voices that there are");
    scry_continue_end(one);
    scry_continue_end(other);
    scry_continue_end(still);
    free(row);
}

static void draws(scry_prompt *p) {
    scry_continuation_query q = {.prompt = prompt_of("Water"), .tokens = 1, .temperature = 1};
    uint32_t seen[2] = {0}, first[2] = {0};
    double expected = 0;
    scry_prompt_query one = q.prompt;
    one.next = 2;
    scry_error err = {0};
    scry_prompt_result *r = scry_prompt_run(p, &one, NULL, &err);
    if (!check(r != NULL, "next tokens %s", err.text)) return;
    const scry_next_probability *next = r->predicted[SCRY_NEXT_BASE] + (r->tokens - 1) * r->next;
    for (int k = 0; k < 2; k++) first[k] = next[k].id;
    expected = next[0].probability;
    enum { DRAWS = 600 };
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        bool more;
        q.seed = seed;
        scry_continuation *c = scry_continue_begin(p, &q, NULL, &err);
        if (!c || !scry_continue_next(c, &more, NULL, &err)) check(false, "%s", err.text);
        for (int k = 0; c && k < 2; k++) seen[k] += c->voice[0].ended ? 0 : c->voice[0].ids[0] == first[k];
        scry_continue_end(c);
    }
    double share = (double)seen[0] / DRAWS, error = sqrt(expected * (1 - expected) / DRAWS);
    check(fabs(share - expected) < 4 * error, "drawn %.3f of the time, probability %.3f +- %.3f", share, expected,
          error);
    q.tokens = 10;
    q.seed = 3;
    scry_continuation *a = go_on(p, &q), *b = go_on(p, &q);
    check(a->voice[0].count == b->voice[0].count &&
              memcmp(a->voice[0].ids, b->voice[0].ids, a->voice[0].count * sizeof(uint32_t)) == 0,
          "the same seed draws the same");
    q.temperature = 1e-6;
    scry_continuation *cold = go_on(p, &q);
    q.temperature = 0;
    scry_continuation *greedy = go_on(p, &q);
    check(memcmp(cold->voice[0].ids, greedy->voice[0].ids, greedy->voice[0].count * sizeof(uint32_t)) == 0,
          "near 0 it is greedy");
    scry_continue_end(a);
    scry_continue_end(b);
    scry_continue_end(cold);
    scry_continue_end(greedy);
    scry_prompt_result_free(r);
}

static bool yes(void *context) {
    (void)context;
    return true;
}

static void refusals(scry_prompt *p) {
    scry_error err = {0};
    scry_continuation_query q = {.prompt = prompt_of("Water"), .tokens = 0};
    check(!scry_continue_begin(p, &q, NULL, &err) && strstr(err.text, "0 tokens"), "nothing to say: %s", err.text);
    q.tokens = 4;
    q.temperature = NAN;
    check(!scry_continue_begin(p, &q, NULL, &err) && strstr(err.text, "--temperature"), "temperature: %s", err.text);
    q.temperature = 0;
    scry_steering steering = {.latent = 99999, .times = 1};
    q.steering = &steering;
    q.steering_count = 1;
    check(!scry_continue_begin(p, &q, NULL, &err) && strstr(err.text, "99999"), "a latent that is not there: %s",
          err.text);
    steering = (scry_steering){.latent = 1, .times = INFINITY};
    check(!scry_continue_begin(p, &q, NULL, &err) && strstr(err.text, "finite"), "infinitely much: %s", err.text);
    q.steering_count = 0;
    scry_cancel stop = {.is_cancelled = yes};
    check(!scry_continue_begin(p, &q, &stop, &err) && strstr(err.text, "cancelled"), "cancelled at once: %s", err.text);
    bool more;
    scry_continuation *c = scry_continue_begin(p, &q, NULL, &err);
    check(c && scry_continue_next(c, &more, NULL, &err) && more && !scry_continue_next(c, &more, &stop, &err) &&
              c->voice[0].count >= 1,
          "cancelled on the way, what was said stays: %s", err.text);
    scry_continue_end(c);
    q.tokens = 1000000;
    c = scry_continue_begin(p, &q, NULL, &err);
    check(c && c->most + c->prompt_tokens == scry_prompt_info_of(p)->most_tokens, "no more than the context: %zu",
          c ? c->most : 0);
    scry_continue_end(c);
}

int main(void) {
    const char *path = sample_index();
    scry_error err = {0};
    scry_index *x = scry_open(path, true, &err);
    scry_prompt *p =
        x ? scry_prompt_open(x,
                             &(scry_prompt_options){
                                 .model = "sample_data/models/base", .tuned = "sample_data/models/sft", .threads = 2},
                             NULL, &err)
          : NULL;
    if (!check(p != NULL, "the models open %s", err.text)) return check_end();
    against_transformers(p, x);
    directions(p, x);
    draws(p);
    refusals(p);
    scry_prompt_close(p);
    scry_close(x);
    return check_end();
}
