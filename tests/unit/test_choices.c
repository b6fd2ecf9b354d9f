/* test_choices.c: multiple-choice questions with and without latents against transformers in double precision
 * (make_choices.py), and what is refused. */
#include "base/mem.h"
#include "check.h"
#include "choices.h"
#include "io/json.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUESTIONS = 6 };
static const char *const names[] = {"law", "physics"};

/* "NAME=FILE" of the first questions of a domain. */
static const char *first_questions(const char *name, const char *as) {
    size_t size;
    char *text = (char *)read_bytes(text_of("sample_data/text/%s.jsonl", name), &size), *end = text;
    for (int i = 0; i < QUESTIONS; i++) end = strchr(end, '\n') + 1;
    const char *path = scratch("%s.jsonl", as);
    write_bytes(path, text, (size_t)(end - text));
    free(text);
    return text_of("%s=%s", as, path);
}

static scry_choices *open_choices(const scry_index *x, const scry_choices_options *o, scry_notes *notes) {
    scry_error err = {0};
    scry_choices *c = scry_choices_open(x, o, notes, &err);
    if (!check(c != NULL, "questions open %s", err.text)) exit(check_end());
    return c;
}

static size_t domain_of(const scry_index *x, const char *name) {
    for (size_t d = 0; d < scry_index_info(x)->domains; d++)
        if (strcmp(scry_index_info(x)->domain[d].name, name) == 0) return d;
    abort();
}

/* ---- transformers --------------------------------------------------------------------------- */

static bool is_text(const cJSON *of, const char *key, const char *text) {
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, key));
    return found && strcmp(found, text) == 0;
}

/* Shares, difference and error of measure m from the answers. */
static scry_choice_effect effect_of(const cJSON *of, int m) {
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(of, "before"),
                *after = cJSON_GetObjectItemCaseSensitive(of, "after");
    scry_choice_effect e = {0, 0, 0, 0};
    double change[QUESTIONS], square = 0;
    for (int i = 0; i < QUESTIONS; i++) {
        int b = cJSON_GetStringValue(cJSON_GetArrayItem(before, i))[m] == '1',
            a = cJSON_GetStringValue(cJSON_GetArrayItem(after, i))[m] == '1';
        e.accuracy += (double)b / QUESTIONS;
        e.ablated += (double)a / QUESTIONS;
        change[i] = a - b;
        e.difference += change[i] / QUESTIONS;
    }
    for (int i = 0; i < QUESTIONS; i++) square += (change[i] - e.difference) * (change[i] - e.difference);
    e.se = square > 1e-12 ? sqrt(square / (QUESTIONS - 1) / QUESTIONS) : (double)NAN;
    return e;
}

static void test_transformers(const scry_index *x, scry_choices *c, const cJSON *runs) {
    const cJSON *run, *item;
    worst w = {.tolerance = 1e-9};
    size_t moved = 0;
    scry_domain_choices *out = mem_new(scry_index_info(x)->domains, sizeof *out);
    cJSON_ArrayForEach (run, runs) {
        scry_error err = {0};
        scry_set *set = scry_set_new(scry_index_info(x)->d_sae);
        cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(run, "latents"))
            scry_set_put(set, (uint32_t)item->valuedouble, true);
        scry_ablation how = {.value = is_text(run, "value", "mean") ? SCRY_VALUE_MEAN : SCRY_VALUE_ZERO,
                             .drop_error = is_text(run, "error", "drop")};
        if (!scry_ablate_choices(c, set, &how, out, NULL, &err)) check(false, "%s", err.text);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const cJSON *of =
                cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(run, "domains"), names[i]);
            const scry_domain_choices *found = &out[domain_of(x, names[i])];
            if (found->questions != QUESTIONS) check(false, "%zu questions of %s", found->questions, names[i]);
            for (int m = 0; m < SCRY_CHOICE_MEASURES; m++) {
                const scry_choice_effect e = effect_of(of, m), *f = &found->measure[m];
                const char *where = text_of("%s, %u latents, value %d, drop %d, measure %d", names[i], set->count,
                                            how.value, how.drop_error, m);
                worst_add(&w, f->accuracy, e.accuracy, 1, "%s: before", where);
                worst_add(&w, f->ablated, e.ablated, 1, "%s: after", where);
                worst_add(&w, f->difference, e.difference, 1, "%s: difference", where);
                worst_add(&w, f->se, e.se, 1, "%s: error", where);
                moved += fabs(e.difference) > 0;
            }
        }
        check(out[domain_of(x, "math")].questions == 0 && isnan(out[domain_of(x, "math")].measure[0].accuracy),
              "a domain without questions has no figures");
        scry_set_free(set);
    }
    free(out);
    check(moved > 10, "%zu figures move", moved);
    worst_line(&w, "shares and paired errors are transformers'");
}

/* ---- what must not matter, and what is refused ---------------------------------------------- */

static void test_unchanged(const scry_index *x, scry_choices *c) {
    scry_error err = {0};
    const uint32_t F = scry_index_info(x)->d_sae;
    const size_t law = domain_of(x, "law"), D = scry_index_info(x)->domains;
    scry_set *none = scry_set_new(F), *all = scry_set_new(F);
    for (uint32_t j = 0; j < F; j += 2) scry_set_put(all, j, true);
    scry_domain_choices *out = mem_new(D, sizeof *out);
    for (int drop = 0; drop < 2; drop++) {
        scry_ablation how = {SCRY_VALUE_ZERO, 0, drop};
        bool same = scry_ablate_choices(c, none, &how, out, NULL, &err);
        for (int m = 0; m < SCRY_CHOICE_MEASURES; m++)
            same = same && out[law].measure[m].difference == 0 &&
                   out[law].measure[m].accuracy == out[law].measure[m].ablated;
        check(same, "drop %d: the empty set changes nothing", drop);
    }
    scry_ablation as_it_is = {SCRY_VALUE_ZERO, 1, false};
    check(scry_ablate_choices(c, all, &as_it_is, out, NULL, &err) && out[law].measure[0].difference == 0,
          "scale 1 changes nothing");
    scry_ablation how = {SCRY_VALUE_ZERO, NAN, false};
    check(!scry_ablate_choices(c, all, &how, out, NULL, &err) && strstr(err.text, "finite"), "refused: scale NaN");
    scry_set *other = scry_set_new(7);
    how.scale = 0;
    check(!scry_ablate_choices(c, other, &how, out, NULL, &err) && strstr(err.text, "7 latents"),
          "refused: a set of another index");
    scry_set_free(none);
    scry_set_free(all);
    scry_set_free(other);
    free(out);
}

static void refuses(const scry_index *x, const char *spec, const char *const *words, const char *what) {
    scry_error err = {0};
    const char *files[] = {spec};
    scry_choices *c = scry_choices_open(x, &(scry_choices_options){.files = files, .file_count = 1}, NULL, &err);
    check_says(c ? "" : err.text, words, "refused: %s", what);
    scry_choices_close(c);
}

static void test_refusals(const scry_index *x) {
    refuses(x, first_questions("law", "chess"), SAYS("\"chess\"", "no domain", "biology"), "a domain that is none");
    refuses(x, text_of("law=%s", scratch("nowhere.jsonl")), SAYS("nowhere.jsonl"), "a file that is not there");
    const char *path = scratch("plain.jsonl");
    write_text(path, "{\"text\": \"There is no question here, only text.\"}\n");
    refuses(x, text_of("law=%s", path), SAYS("no question", "\"options\""), "texts without questions");
    path = scratch("categories.jsonl");
    write_text(path,
               "{\"question\": \"One?\", \"options\": [\"a\", \"b\"], \"answer\": \"A\", \"category\": \"law\"}\n"
               "{\"question\": \"Two?\", \"options\": [\"a\", \"b\"], \"answer\": \"B\", \"category\": \"go\"}\n");
    const char *files[] = {path};
    scry_notes notes = {0};
    scry_choices *c = open_choices(x, &(scry_choices_options){.files = files, .file_count = 1}, &notes);
    check(notes.count == 1 && strstr(notes.text[0], "left out: 1, such as go"), "other categories are left out: %s",
          notes.count ? notes.text[0] : "no note");
    scry_notes_free(&notes);
    scry_choices_close(c);
}

int main(void) {
    scry_error err = {0};
    size_t size;
    scry_index *x = scry_open(sample_index(), true, &err);
    if (!x) return check_end();
    char *text = (char *)read_bytes("tests/specimens/ablation/choices.json", &size);
    cJSON *runs = json_parse(text, size);
    const char *files[] = {first_questions("law", "law"), first_questions("physics", "physics")};
    scry_choices_options o = {.files = files, .file_count = 2, .threads = 2};
    scry_choices *c = open_choices(x, &o, NULL);
    test_transformers(x, c, runs);
    test_unchanged(x, c);
    scry_choices_close(c);
    test_refusals(x);
    scry_close(x);
    cJSON_Delete(runs);
    free(text);
    return check_end();
}
