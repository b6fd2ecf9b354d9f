/* fires_on_result.c: the latents that fire on a text, and where a text that is not there may be meant to be. */
#include "base/escape.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "results/results.h"
#include "text/number_format.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_TOKENS = 24 }; /* of a place in a message */

/* At most `bytes` of a text, cut between characters. */
static int shown_bytes(const char *text, int bytes) {
    size_t length = strlen(text);
    if (length <= (size_t)bytes) return (int)length;
    while (bytes && utf8_is_continuation(text[bytes])) bytes--;
    return bytes;
}

static void write_searched(FILE *f, const scry_index *index, int capture, const scry_text_matches *found) {
    if (capture >= 0) fputs(scry_index_info(index)->capture[capture].name, f);
    else fprintf(f, "%llu base capture%s", (unsigned long long)found->searched, plural_s(found->searched));
    fprintf(f, " (%llu sample%s, %llu token%s)", (unsigned long long)found->samples, plural_s(found->samples),
            (unsigned long long)found->tokens, plural_s(found->tokens));
}

/* The tokens of the first match, joined. */
static void write_place(FILE *f, const scry_index *index, const scry_text_matches *found) {
    char *text = NULL;
    size_t size;
    FILE *joined = mem_stream(&text, &size);
    for (uint64_t row = found->first; row <= found->last && row - found->first < SHOWN_TOKENS; row++)
        fputs(scry_token(index, found->capture, row), joined);
    mem_stream_end(joined);
    text[shown_bytes(text, 60)] = 0;
    quote_text(f, text);
    free(text);
}

/* Writes where a looser search finds the text; false: nowhere. */
static bool write_nearest(FILE *f, const scry_index *index, scry_text_query query, const char *how,
                          const scry_cancel *cancel) {
    scry_text_matches *found = scry_text_find(index, &query, cancel);
    bool any = found->matches > 0;
    if (any) {
        fprintf(f, "; nearest: %s, %llu place%s, first in ", how, (unsigned long long)found->matches,
                plural_s(found->matches));
        write_place(f, index, found);
        fprintf(f, " of %s", scry_index_info(index)->capture[found->capture].name);
    }
    scry_text_matches_free(found);
    return any;
}

/* The nearest search of those that find it. */
static void write_advice(FILE *f, const scry_index *index, const scry_text_query *query, const scry_cancel *cancel) {
    char *bare = mem_copy_string(query->text + strspn(query->text, " "));
    size_t end = strlen(bare);
    while (end && bare[end - 1] == ' ') bare[--end] = 0;
    const int in = query->capture;
    const struct {
        const char *how;
        scry_text_query query;
    } tries[] = {{"without the blanks around it", {bare, in, false, false, -1}},
                 {"inside a longer word", {bare, in, true, false, -1}},
                 {"in other captures (--capture)", {query->text, SCRY_ALL_CAPTURES, false, false, -1}},
                 {"with other blanks", {bare, in, false, true, -1}},
                 {"with other blanks, inside a longer word", {bare, in, true, true, -1}}};
    for (size_t i = 0; end && i < sizeof tries / sizeof *tries; i++)
        if (write_nearest(f, index, tries[i].query, tries[i].how, cancel)) break;
    free(bare);
}

bool fires_on_check(const scry_index *index, const scry_text_query *query, const scry_text_matches *found,
                    const scry_cancel *cancel, scry_error *err) {
    if (found->marked) return true;
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    fprintf(f, "\"%.*s\"", shown_bytes(query->text, 60), query->text);
    if (!found->searched) {
        fputs(" was not searched for: ", f);
        if (query->capture >= 0) fputs(scry_index_info(index)->capture[query->capture].name, f);
        else fputs("the study", f);
        fputs(" has no token texts; name them in the study (\"tokens\")", f);
    } else if (found->matches) {
        fprintf(f, " is at %llu place%s of ", (unsigned long long)found->matches, plural_s(found->matches));
        write_searched(f, index, query->capture, found);
        fputs(", none of whose tokens count (skip_first, exclude)", f);
    } else {
        fputs(" is nowhere in ", f);
        write_searched(f, index, query->capture, found);
        write_advice(f, index, query, cancel);
    }
    mem_stream_end(f);
    scry_fail(err, "%s", text);
    free(text);
    return false;
}

typedef struct strength {
    float mean;
    uint32_t latent;
} strength;

static int stronger(const void *x, const void *y) {
    const strength *a = x, *b = y;
    if (a->mean != b->mean) return a->mean > b->mean ? -1 : 1;
    return (a->latent > b->latent) - (a->latent < b->latent);
}

cJSON *fires_on_result(const scry_index *index, const scry_text_query *query, unsigned threads, uint32_t top,
                       scry_error *err) {
    uint32_t F = scry_index_info(index)->d_sae, shown = 0;
    scry_text_matches *found = scry_text_find(index, query, NULL);
    if (!fires_on_check(index, query, found, NULL, err)) {
        scry_text_matches_free(found);
        return NULL;
    }
    float *mean = mem_new(F, sizeof *mean), *rate = mem_new(F, sizeof *rate);
    strength *order = mem_new(F, sizeof *order);
    scry_text_response(index, found, threads, mean, rate, NULL);
    for (uint32_t j = 0; j < F; j++) order[j] = (strength){mean[j], j};
    qsort(order, F, sizeof *order, stronger);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "text", query->text);
    result_text(facts, "capture", query->capture < 0 ? "base" : scry_index_info(index)->capture[query->capture].name);
    result_numbers(facts, {"tokens", (double)found->marked}, {"matches", (double)found->matches});
    cJSON *list = cJSON_AddArrayToObject(facts, "latents");
    for (; shown < F && shown < top && rate[order[shown].latent] > 0; shown++) {
        uint32_t latent = order[shown].latent;
        cJSON *item = result_row(list);
        result_numbers(item, {"latent", latent}, {"mean", (double)mean[latent]}, {"rate", (double)rate[latent]});
        add_names(item, index, latent);
    }
    if (!shown)
        scry_fail(err, "no latent fires on the %llu token%s of \"%.*s\"", (unsigned long long)found->marked,
                  plural_s(found->marked), shown_bytes(query->text, 60), query->text);
    free(order);
    free(mean);
    free(rate);
    scry_text_matches_free(found);
    if (shown) return facts;
    cJSON_Delete(facts);
    return NULL;
}

const result_column fires_on_columns[] = {
    {"latent", "latent", "%.0f", 0}, {"mean", "mean", "%.4g", 0}, {"rate", "rate%", "%.2f", 100}, NAME_COLUMNS, {0}};
