/* test_diff.c: two models over the sample study's texts against transformers in double precision (make_diff.py), and
 * what may not change it: threads, memory, which texts are beside. Another study by hand: EXPECTED.json STUDY BASE
 * TUNED. */
#include "diff.h"
#include "base/mem.h"
#include "check.h"
#include "io/json.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BASE  "sample_data/models/base"
#define TUNED "sample_data/models/sft"

static double figure(const cJSON *of, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static scry_diff *run_query(const scry_diff_query *query) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_diff *diff = scry_diff_run(query, NULL, &notes, &err);
    scry_notes_free(&notes);
    check(diff != NULL, "runs %s", diff ? "" : err.text);
    return diff;
}

/* ---- against transformers ------------------------------------------------------------------- */

static void compare_groups(const scry_diff *diff, const cJSON *groups) {
    worst figures = {.tolerance = 1e-5}, shares = {.tolerance = 1e-9};
    size_t g = 0;
    const cJSON *of;
    cJSON_ArrayForEach (of, groups) {
        const scry_diff_group *found = g < diff->groups ? &diff->group[g] : NULL;
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, "name"));
        if (!check(found && strcmp(found->name, name) == 0, "group %zu is %s", g, name)) return;
        check_is(found->tokens, (uint64_t)figure(of, "tokens"), "%s: tokens", name);
        check_is(found->samples, (uint64_t)figure(of, "samples"), "%s: texts", name);
        worst_add(&figures, found->kl, figure(of, "kl"), figure(of, "kl"), "%s: KL", name);
        worst_add(&figures, found->gain, figure(of, "gain"), fabs(figure(of, "gain")), "%s: gain", name);
        worst_add(&figures, found->loss_base - found->loss_tuned, figure(of, "gain"), fabs(figure(of, "gain")),
                  "%s: losses", name);
        worst_add(&shares, found->differs, figure(of, "differs"), 1, "%s", name);
        g++;
    }
    check_is(diff->groups, g, "groups");
    check(diff->group[0].is_train && !diff->group[1].is_train, "the training set comes first");
    worst_line(&figures, "KL and the change of the log-likelihood");
    worst_line(&shares, "another most likely token");
}

static void compare_places(const scry_diff *diff, const cJSON *places, const char *by) {
    worst figures = {.tolerance = 1e-5};
    size_t i = 0, wrong = 0;
    const cJSON *of;
    cJSON_ArrayForEach (of, places) {
        const scry_diff_place *p = i < diff->place_count ? &diff->place[i] : NULL;
        if (!check(p != NULL, "%s: place %zu", by, i)) return;
        wrong += p->group != (size_t)figure(of, "group") || p->sample != (uint32_t)figure(of, "sample") ||
                 p->at != (size_t)figure(of, "at");
        worst_add(&figures, p->kl, figure(of, "kl"), figure(of, "kl"), "%s: KL of %zu", by, i);
        worst_add(&figures, p->gain, figure(of, "gain"), fabs(figure(of, "gain")), "%s: gain of %zu", by, i);
        for (int m = 0; m < 2; m++)
            wrong += !(p->next[m][0].probability >= p->next[m][1].probability && p->next[m][2].probability > 0);
        i++;
    }
    check_is(diff->place_count, i, "%s: places", by);
    check_is(wrong, 0, "%s: places are the greatest, in order", by);
    worst_line(&figures, "%s: their figures", by);
}

static void compare_words(const scry_diff_word *words, size_t count, const cJSON *side, const char *name) {
    worst probability = {.tolerance = 1e-5}, share = {.tolerance = 3e-4}; /* ties of logits may fall either way */
    size_t i = 0, wrong = 0;
    const cJSON *of;
    cJSON_ArrayForEach (of, side) {
        if (i == count) break;
        wrong += words[i].id != (uint32_t)cJSON_GetArrayItem(of, 0)->valuedouble;
        double expected = cJSON_GetArrayItem(of, 1)->valuedouble;
        worst_add(&probability, words[i].probability, expected, fabs(expected), "%s %zu", name, i);
        worst_add(&share, words[i].pushed, cJSON_GetArrayItem(of, 2)->valuedouble, 1, "%s %zu", name, i);
        i++;
    }
    check_is(i, (uint64_t)cJSON_GetArraySize(side), "%s: tokens", name);
    check_is(wrong, 0, "%s: the same tokens in the same order", name);
    worst_line(&probability, "%s: changes of probability", name);
    worst_line(&share, "%s: shares among the most pushed", name);
}

static void against_transformers(scry_diff_query query, const cJSON *expected) {
    const cJSON *places = cJSON_GetObjectItemCaseSensitive(expected, "places");
    const cJSON *gained = cJSON_GetObjectItemCaseSensitive(expected, "gained");
    const cJSON *lost = cJSON_GetObjectItemCaseSensitive(expected, "lost");
    const cJSON *by_kl = cJSON_GetObjectItemCaseSensitive(places, "kl");
    query.places = (uint32_t)cJSON_GetArraySize(by_kl);
    scry_diff *diff = run_query(&query);
    if (!diff) return;
    compare_groups(diff, cJSON_GetObjectItemCaseSensitive(expected, "groups"));
    compare_places(diff, by_kl, "by KL");
    const size_t most = (size_t)cJSON_GetArraySize(gained);
    scry_diff_word *words = mem_new(2 * most, sizeof *words);
    size_t count = scry_diff_vocabulary(diff, SCRY_DIFF_ALL, most, words, words + most);
    compare_words(words, count, gained, "gained");
    compare_words(words + most, count, lost, "lost");
    free(words);
    scry_diff_free(diff);
}

/* ---- what changes nothing ------------------------------------------------------------------- */

static bool same(const scry_diff *a, const scry_diff *b) {
    if (!a || !b || a->groups != b->groups || a->place_count != b->place_count) return false;
    for (size_t g = 0; g < a->groups; g++)
        if (memcmp(&a->group[g].kl, &b->group[g].kl, 8 * sizeof(double)) != 0) return false;
    for (size_t i = 0; i < a->place_count; i++)
        if (a->place[i].group != b->place[i].group || a->place[i].at != b->place[i].at ||
            a->place[i].kl != b->place[i].kl ||
            memcmp(a->place[i].next, b->place[i].next, sizeof a->place[i].next) != 0)
            return false;
    scry_diff_word x[2][5], y[2][5];
    return scry_diff_vocabulary(a, 1, 5, x[0], x[1]) == 5 && scry_diff_vocabulary(b, 1, 5, y[0], y[1]) == 5 &&
           memcmp(x, y, sizeof x) == 0;
}

static void invariance(scry_diff_query query) {
    query.samples = 2;
    query.places = 9;
    query.by = SCRY_DIFF_LOSS;
    query.threads = 1;
    scry_diff *one = run_query(&query);
    query.threads = 3;
    scry_diff *three = run_query(&query);
    check(same(one, three), "three threads give the bits of one");
    query.memory = (uint64_t)44 << 20;
    scry_diff *narrow = run_query(&query);
    check(same(one, narrow), "so does little memory");
    query.memory = (uint64_t)1 << 20;
    scry_error err = {0};
    check(!scry_diff_run(&query, NULL, NULL, &err) && strstr(err.text, "--memory"), "too little is refused: %s",
          err.text);
    for (size_t i = 1; one && i < one->place_count; i++)
        if (fabs(one->place[i - 1].gain) < fabs(one->place[i].gain)) check(false, "places by loss fall");
    scry_diff_free(one);
    scry_diff_free(three);
    scry_diff_free(narrow);
}

/* A model against itself. */
static void no_difference(scry_diff_query query) {
    query.samples = 1;
    query.tuned = query.model;
    query.places = 3;
    scry_diff *diff = run_query(&query);
    if (!diff) return;
    double most = 0;
    for (size_t g = 0; g < diff->groups; g++)
        most = fmax(most, fabs(diff->group[g].kl) + fabs(diff->group[g].gain) + diff->group[g].differs);
    scry_diff_word gained[3], lost[3];
    scry_diff_vocabulary(diff, SCRY_DIFF_ALL, 3, gained, lost);
    check(most == 0 && gained[0].probability == 0 && lost[0].probability == 0,
          "a model does not differ from itself: %g", most);
    scry_diff_free(diff);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void of_files(void) {
    const char *path = scratch("two.jsonl"), *spec = text_of("own=%s", path);
    write_text(path, "{\"prompt\": \"Question: What is 2 + 2?\\nAnswer:\", \"response\": \" 2 + 2 = 4.\"}\n"
                     "{\"text\": \"Water boils at 100 degrees.\"}\n");
    scry_diff_query query = {.files = &spec, .file_count = 1, .model = BASE, .tuned = TUNED, .places = 2, .seed = 1};
    scry_diff *diff = run_query(&query);
    if (!diff) return;
    const scry_diff_place *p = &diff->place[0];
    check(diff->groups == 1 && strcmp(diff->group[0].name, "own") == 0 && diff->group[0].samples == 2 &&
              diff->group[0].kl > 0 && diff->place_count == 2,
          "texts of a file: %zu groups, %zu texts", diff->groups, diff->group[0].samples);
    check(p->at < p->count && scry_diff_piece(diff, p->ids[p->at]), "a place names its token: %s",
          scry_diff_piece(diff, p->ids[p->at]));
    uint64_t tokens = diff->group[0].tokens;
    scry_diff_free(diff);
    query.all_tokens = true;
    diff = run_query(&query);
    check(diff && diff->group[0].tokens > tokens, "all tokens are more than a response's: %llu",
          (unsigned long long)tokens);
    scry_diff_free(diff);
}

static void refusals(scry_index *index) {
    scry_error err = {0};
    check(!scry_diff_run(&(scry_diff_query){0}, NULL, NULL, &err) && strstr(err.text, "--domain"), "no text: %s",
          err.text);
    const char *spec = "x=tests/specimens/none.jsonl";
    check(!scry_diff_run(&(scry_diff_query){.files = &spec, .file_count = 1}, NULL, NULL, &err) &&
              strstr(err.text, "--model"),
          "no model: %s", err.text);
    check(!scry_diff_run(&(scry_diff_query){.files = &spec, .file_count = 1, .model = BASE}, NULL, NULL, &err) &&
              strstr(err.text, "--tuned"),
          "no tuned model: %s", err.text);
    check(!scry_diff_run(&(scry_diff_query){.index = index, .model = BASE, .tuned = scratch("nowhere")}, NULL, NULL,
                         &err) &&
              strstr(err.text, "nowhere"),
          "a tuned model that is not there: %s", err.text);
}

int main(int argc, char **argv) {
    const bool own = argc < 5;
    const char *path = own ? sample_index() : scratch("given.scry");
    scry_error err = {0};
    size_t size;
    char *text = (char *)read_bytes(own ? "tests/specimens/diff/sample.json" : argv[1], &size);
    cJSON *expected = json_parse(text, size);
    if (!own && !check(scry_index_build(argv[2], path, NULL, NULL, NULL, &err), "indexed %s", err.text))
        return check_end();
    scry_index *index = path ? scry_open(path, true, &err) : NULL;
    if (!check(expected && index, "the specimen and the index %s", err.text)) return check_end();
    scry_diff_query query = {.index = index, .model = own ? BASE : argv[3], .tuned = own ? TUNED : argv[4], .seed = 5};
    against_transformers(query, expected);
    if (own) {
        invariance(query);
        no_difference(query);
        of_files();
        refusals(index);
    }
    cJSON_Delete(expected);
    free(text);
    scry_close(index);
    return check_end();
}
