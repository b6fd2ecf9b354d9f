/* test_diff_reader.c: single texts by both models against what is computed of all texts at once, and the latents that
 * fire against the postings of the index, under base and under the tuned model. */
#include "diff_reader.h"
#include "base/mem.h"
#include "check.h"
#include "diff.h"
#include "latent.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static scry_diff_reader *open_reader(const scry_index *index, const char *sae) {
    scry_error err = {0};
    scry_diff_reader *reader = scry_diff_reader_open(index, &(scry_diff_reader_options){.sae = sae}, NULL, &err);
    check(reader != NULL, "opens the reader %s", reader ? "" : err.text);
    return reader;
}

static scry_diff_text *run_text(scry_diff_reader *reader, size_t text) {
    scry_error err = {0};
    scry_diff_text *found = scry_diff_reader_run(reader, text, 5, NULL, &err);
    check(found != NULL, "runs text %zu %s", text, found ? "" : err.text);
    return found;
}

/* Places hold the token that was predicted; the reader's figures are of the token in front of it. */
static void against_all_texts(const scry_index *index, scry_diff_reader *reader) {
    scry_error err = {0};
    const scry_diff_query query = {.index = index, .all_tokens = true, .places = 40, .seed = 1};
    scry_diff *diff = scry_diff_run(&query, NULL, NULL, &err);
    if (!check(diff != NULL, "all texts %s", err.text)) return;
    worst figures = {.tolerance = 1e-9};
    size_t wrong = 0, not_found = 0;
    for (size_t i = 0; i < diff->place_count; i++) {
        const scry_diff_place *p = &diff->place[i];
        const scry_diff_group *group = &diff->group[p->group];
        int domain = -1;
        for (size_t d = 0; d < scry_index_info(index)->domains; d++)
            if (!group->is_train && strcmp(scry_index_info(index)->domain[d].name, group->name) == 0) domain = (int)d;
        size_t text;
        int capture = scry_find_capture(index, domain, SCRY_BASE);
        if (!scry_diff_reader_find(reader, (size_t)capture, p->sample, &text)) {
            not_found++;
            continue;
        }
        scry_diff_text *found = run_text(reader, text);
        if (!found) break;
        const size_t t = p->at - 1;
        wrong += found->at.tokens != p->count || memcmp(found->ids, p->ids, p->count * sizeof *p->ids) != 0;
        worst_add(&figures, found->kl[t], p->kl, p->kl, "KL of place %zu", i);
        worst_add(&figures, found->gain[t], p->gain, fabs(p->gain), "gain of place %zu", i);
        for (int m = 0; m < 2; m++)
            for (size_t k = 0; k < SCRY_DIFF_NEXT; k++) {
                const scry_next_probability *one = &found->predicted[m][t * found->next + k];
                wrong += one->id != p->next[m][k].id;
                worst_add(&figures, one->probability, p->next[m][k].probability, 1, "prediction %zu of place %zu", k,
                          i);
            }
        check(isnan(found->gain[found->at.tokens - 1]) && found->kl[found->at.tokens - 1] >= 0,
              "nothing follows the end");
        scry_diff_text_free(found);
    }
    check_is(diff->place_count, 40, "places");
    check_is(not_found, 0, "places whose text the reader has");
    check_is(wrong, 0, "the same ids and predictions");
    worst_line(&figures, "the figures of places");
    scry_diff_free(diff);
}

/* Of the latents of a text's tokens, those that the index has of the capture's rows from `first` on. */
static void against_postings(const scry_index *index, const scry_diff_text *found, int m, size_t capture,
                             uint64_t first, const char *name) {
    const uint32_t F = scry_index_info(index)->d_sae;
    const size_t rows = found->at.tokens - found->at.before;
    float *of_index = mem_new(rows, sizeof *of_index);
    worst activations = {.tolerance = 2e-3}; /* captures are in float16 */
    size_t fires = 0;
    for (uint32_t j = 0; j < F; j++) {
        scry_activations(index, j, capture, first, rows, of_index);
        for (size_t r = 0; r < rows; r++) {
            float h = scry_prompt_activation(found->activations[m], found->at.before + r, j);
            fires += of_index[r] > 0;
            if (of_index[r] > 0.05F || h > 0.05F)
                worst_add(&activations, (double)h, (double)of_index[r], 1 + (double)of_index[r],
                          "%s: latent %u, row %zu", name, j, r);
        }
    }
    check(fires > rows, "%s: %zu activations on %zu rows", name, fires, rows);
    worst_line(&activations, "%s: activations as in the index", name);
    free(of_index);
}

static void of_latents(const scry_index *index, scry_diff_reader *reader) {
    const int base = scry_find_capture(index, -1, SCRY_BASE), sft = scry_find_capture(index, -1, SCRY_SFT);
    size_t text;
    if (!check(base >= 0 && sft >= 0 && scry_diff_reader_find(reader, (size_t)base, 2, &text), "a text of training"))
        return;
    scry_diff_text *found = run_text(reader, text);
    if (!found) return;
    check(found->activations[0] && found->activations[1], "latents under both models");
    scry_token_pairing *pairs = scry_token_pairing_new(index);
    const int64_t tuned_first = scry_paired_row(pairs, (size_t)base, found->at.first, (size_t)sft);
    against_postings(index, found, 0, (size_t)base, found->at.first, "base");
    if (check(tuned_first >= 0, "the sft capture has the text"))
        against_postings(index, found, 1, (size_t)sft, (uint64_t)tuned_first, "tuned");
    scry_token_pairing_free(pairs);

    /* the list against a plain one */
    const uint32_t F = scry_index_info(index)->d_sae;
    scry_diff_latent *list = mem_new(F, sizeof *list), few[3];
    size_t wrong = 0;
    for (size_t t = 0; t < found->at.tokens; t++)
        for (int order = 0; order < 2; order++) {
            size_t count = 0, n = scry_diff_text_latents(found, t, order == 1, F, list);
            for (uint32_t j = 0; j < F; j++)
                count += scry_prompt_activation(found->activations[0], t, j) > 0 ||
                         scry_prompt_activation(found->activations[1], t, j) > 0;
            wrong += n != count;
            for (size_t i = 0; i < n; i++) {
                wrong += list[i].base != scry_prompt_activation(found->activations[0], t, list[i].latent) ||
                         list[i].tuned != scry_prompt_activation(found->activations[1], t, list[i].latent);
                if (!i) continue;
                float now = order ? fmaxf(list[i].base, list[i].tuned) : fabsf(list[i].tuned - list[i].base);
                float before =
                    order ? fmaxf(list[i - 1].base, list[i - 1].tuned) : fabsf(list[i - 1].tuned - list[i - 1].base);
                wrong += now > before || (now == before && list[i].latent <= list[i - 1].latent);
            }
            wrong += scry_diff_text_latents(found, t, order == 1, 3, few) != n ||
                     memcmp(few, list, (n < 3 ? n : 3) * sizeof *few) != 0;
        }
    check_is(wrong, 0, "every latent of every token once, in order, and the first of them");
    free(list);
    scry_diff_text_free(found);
}

static void without_sae(const scry_index *index) {
    scry_diff_reader *reader = open_reader(index, scratch("no-sae"));
    if (!reader) return;
    const char *why = scry_diff_reader_info_of(reader)->no_latents;
    check(why && strstr(why, "no-sae"), "without the SAE it says why there are no latents: %s", why ? why : "");
    scry_diff_text *found = run_text(reader, 0);
    scry_diff_latent one;
    check(found && !found->activations[0] && found->kl[0] > 0 && scry_diff_text_latents(found, 0, false, 1, &one) == 0,
          "and runs the models all the same");
    scry_diff_text_free(found);
    scry_diff_reader_close(reader);
}

static bool stop(void *context) {
    (void)context;
    return true;
}

int main(void) {
    const char *path = sample_index();
    scry_error err = {0};
    scry_index *index = path ? scry_open(path, true, &err) : NULL;
    if (!check(index != NULL, "the index %s", err.text)) return check_end();
    scry_diff_reader *reader = open_reader(index, NULL);
    if (reader) {
        against_all_texts(index, reader);
        of_latents(index, reader);
        const scry_cancel now = {.is_cancelled = stop};
        check(!scry_diff_reader_run(reader, 0, 3, &now, &err) && strstr(err.text, "cancelled"), "it can be cancelled");
        size_t text;
        check(!scry_diff_reader_find(reader, 0, UINT32_MAX, &text), "a sample that is not there");
    }
    scry_diff_reader_close(reader);
    without_sae(index);
    err = (scry_error){0};
    check(!scry_diff_reader_open(index, &(scry_diff_reader_options){.tuned = scratch("nowhere")}, NULL, &err) &&
              strstr(err.text, "nowhere"),
          "a tuned model that is not there: %s", err.text);
    scry_close(index);
    return check_end();
}
