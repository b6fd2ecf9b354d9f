/* tokens.c: scry tokens: where a latent fires, in context. */
#include "shell/cli_context.h"
#include "text/text.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "we get x[ =][ 3], hence": each token on which the latent fires in brackets. */
static void add_text(cJSON *example) {
    char text[4000] = "", safe[200], around[204];
    const cJSON *t;
    cJSON_ArrayForEach (t, result_get(example, "context")) {
        const cJSON *h = result_get(t, "activation");
        text_clean(result_get(t, "token")->valuestring, safe, sizeof safe, false);
        snprintf(around, sizeof around, h->valuedouble > 0 ? "[%s]" : "%s", safe);
        if (strlen(text) + strlen(around) + 1 < sizeof text) strcat(text, around);
    }
    cJSON_AddStringToObject(example, "text", text);
}

static const result_column plain[] = {
    {"activation", "activation", "%.4g", 0}, {"capture", "capture", NULL, 0}, {"sample", "sample", NULL, 0},
    {"position", "position", "%.0f", 0},     {"text", "text", NULL, 0},       {0}};

/* An error for a list that is empty: what was looked through, and what there is instead. */
static int say_none(const tokens_query *q) {
    const scry_info *info = scry_index_info(q->index);
    const scry_latent_activations *f = q->fires;
    scry_error err = {0};
    uint64_t tokens = 0;
    size_t captures = 0, positive = 0;
    float least = 0, most = 0;
    for (size_t c = 0; c < info->captures; c++) {
        if (q->pick.capture >= 0 && c != (size_t)q->pick.capture) continue;
        captures++;
        tokens += info->capture[c].kept;
        for (size_t i = f->start[c]; i < f->start[c + 1]; i++) {
            float h = f->activation[i];
            if (!(h > 0)) continue;
            if (!positive || h < least) least = h;
            if (!positive || h > most) most = h;
            positive++;
        }
    }
    char where[160], word[SCRY_EXAMPLE_ORDER_TEXT];
    if (q->pick.capture >= 0) snprintf(where, sizeof where, "%.100s", info->capture[q->pick.capture].name);
    else snprintf(where, sizeof where, "%zu captures", captures);
    unsigned long long all = scry_postings(q->index, f->latent);
    if (q->pick.order == SCRY_MOVED)
        scry_fail(&err, "latent %u: no paired token of %s moved under %s; searched %llu tokens", f->latent, where,
                  scry_source_text(q->pick.versus, info->against, (char[SCRY_SOURCE_TEXT]){""}),
                  (unsigned long long)tokens);
    else if (positive)
        scry_fail(&err, "latent %u: none of its %zu activations in %s is in %s; they go from %.4g to %.4g", f->latent,
                  positive, where, scry_example_query_text(&q->pick, word), (double)least, (double)most);
    else
        scry_fail(&err, "latent %u fires on none of the %llu tokens of %s%s", f->latent, (unsigned long long)tokens,
                  where, all ? "; it fires in other captures: leave out --capture" : "");
    return output_error(&err);
}

static int print_tokens(const options *o, const tokens_query *q) {
    scry_example *e = mem_new(q->top, sizeof *e);
    /* The plain list has every token, also several of one sample. */
    size_t n = o->interval || o->versus
                   ? scry_example_query_run(q->index, q->pairs, q->fires, &q->pick, q->top, e)
                   : scry_top_tokens(q->index, q->fires->latent, q->pick.capture, false, q->top, e);
    cJSON *facts = n ? tokens_query_result(q, e, n) : NULL;
    free(e);
    if (!scry_is_scored(q->index, q->fires->latent)) {
        char words[120];
        snprintf(words, sizeof words,
                 "latent %u was not encoded on the domains (--candidates %u): it has no tokens there", q->fires->latent,
                 scry_index_info(q->index)->candidates);
        output_warning(words);
    }
    if (!facts) return say_none(q);
    cJSON *example;
    if (!o->json)
        cJSON_ArrayForEach (example, result_get(facts, "examples")) add_text(example);
    char head[160];
    snprintf(head, sizeof head, "latent %u: active %llu times in the index\n\n", q->fires->latent,
             (unsigned long long)scry_postings(q->index, q->fires->latent));
    const char *reference = scry_reference_name(scry_index_info(q->index)->against);
    const result_column paired[] = {
        {"activation", "activation", "%.4g", 0},  {reference, reference, "%.4g", 0}, {"versus", "versus", "%.4g", 0},
        {"difference", "difference", "%+.4g", 0}, {"capture", "capture", NULL, 0},   {"sample", "sample", NULL, 0},
        {"position", "position", "%.0f", 0},      {"text", "text", NULL, 0},         {0}};
    return output_print(o, facts, "examples", q->versus >= 0 ? paired : plain, head);
}

/* --interval, --seed and --versus. Most moved needs a source: --versus, or --by, or the first. */
static bool read_pick(const options *o, tokens_query *q, scry_error *err) {
    size_t train;
    scry_condition source;
    scry_metric metric;
    uint32_t seed;
    q->versus = o->versus ? scry_condition_of(o->versus) : -1;
    if (o->versus && q->versus <= SCRY_BASE)
        return cli_misuse(err, "--versus", o->versus, scry_source_choices((char[SCRY_CHOICES]){""}, ""));
    scry_reference against = scry_index_info(q->index)->against;
    if (o->versus && q->versus == (int)scry_reference_condition(against))
        return scry_misuse(err, "--versus %s --against %s: expected two conditions", o->versus,
                           scry_reference_name(against));
    if (o->interval && !scry_example_query_read(&q->pick, o->interval, err)) return false;
    if (!options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) || !cli_train(o, q->index, &train, err) ||
        !cli_ranking(o, q->index, train, &source, &metric, err))
        return false;
    q->pick.seed = seed;
    q->pick.versus = q->versus >= 0 ? (scry_condition)q->versus : source;
    if (q->pick.order == SCRY_MOVED) q->versus = (int)q->pick.versus;
    return true;
}

int shell_tokens(const options *o) {
    scry_error err = {0};
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    tokens_query q = {.index = index, .pick = {.order = SCRY_TOP, .parts = SCRY_PARTS}};
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
