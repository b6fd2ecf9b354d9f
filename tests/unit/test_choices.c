/* test_choices.c: multiple-choice questions with and without latents against transformers in double precision
 * (make_choices.py), and what is refused. */
#include "base/mem.h"
#include "check.h"
#include "choices.h"
#include "io/json.h"
#include "prompt.h"
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

/* ---- a plain loop --------------------------------------------------------------------------- */

typedef struct scored {
    const uint32_t *ids;
    uint32_t vocabulary;
    size_t from, count; /* tokens from..count are the option's */
    double sum;
} scored;

static void add_row(void *context, size_t row, const float *logits) {
    scored *s = context;
    if (row + 1 < s->from || row + 1 >= s->count) return;
    s->sum += scry_next_token_of(logits, s->vocabulary, s->ids[row + 1]).log_probability;
}

/* ln p of the option behind the prompt, one token after another, without the latents of the set. */
static double option_alone(const scry_index *x, scry_prompt *p, scry_run *run, const scry_tokenizer *tok,
                           uint32_t vocabulary, const char *prompt, const char *option, const scry_set *set) {
    const size_t d = scry_index_info(x)->d_model;
    const scry_hook hook = {3, SCRY_RESID_POST};
    const char *text = text_of("%s%s", prompt, option);
    scry_error err = {0};
    scry_prompt_query q = {.text = text, .length = strlen(text), .next = 1};
    scry_prompt_result *r = scry_prompt_run(p, &q, NULL, &err);
    scry_tokens tokens = {0};
    if (!r || !scry_tokenizer_encode(tok, text, strlen(text), &tokens, &err)) return NAN;
    scored s = {tokens.ids, vocabulary, 0, tokens.count, 0};
    while (tokens.end[s.from] <= strlen(prompt)) s.from++;
    float *stream = mem_new(tokens.count, d * sizeof *stream), *row = mem_new(d, sizeof *row);
    const scry_sequence sequence = {.ids = tokens.ids, .count = tokens.count};
    bool ok = r->tokens == tokens.count && scry_run_to_hook(run, hook, &sequence, 1, stream, &err);
    for (size_t t = 0; ok && t < tokens.count; t++)
        for (uint32_t j = 0; j < set->latents; j++) {
            if (!scry_set_has(set, j) || !(scry_prompt_activation(r, t, j) > 0)) continue;
            scry_decoder_row(x, j, row);
            for (size_t i = 0; i < d; i++) stream[t * d + i] -= scry_prompt_activation(r, t, j) * row[i];
        }
    ok = ok && scry_run_logits(run, &sequence, 1, &hook, stream, NULL, add_row, &s, &err);
    free(stream);
    free(row);
    scry_tokens_free(&tokens);
    scry_prompt_result_free(r);
    return ok ? s.sum : (double)NAN;
}

static void test_plain_loop(const scry_index *x, scry_choices *c) {
    scry_error err = {0};
    const char *base = "sample_data/models/base";
    scry_prompt *p = scry_prompt_open(x, &(scry_prompt_options){.model = base, .base_only = true}, NULL, &err);
    scry_model *model = scry_model_open(base, NULL, NULL, &err);
    scry_tokenizer *tok = scry_tokenizer_open(base, &err);
    scry_run *run = scry_run_new(model, &(scry_run_options){.threads = 1}, &err);
    scry_set *set = scry_set_new(scry_index_info(x)->d_sae);
    for (uint32_t j = 0; j < set->latents; j += 3) scry_set_put(set, j, true);
    size_t size, right[2] = {0}, question = 0;
    char *text = (char *)read_bytes("sample_data/text/law.jsonl", &size);
    for (char *line = strtok(text, "\n"); line && question < QUESTIONS; line = strtok(NULL, "\n"), question++) {
        cJSON *json = cJSON_Parse(line), *option;
        const char *prompt = cJSON_GetStringValue(cJSON_GetObjectItem(json, "prompt"));
        int number = 0, best[2] = {0}, answer = *cJSON_GetStringValue(cJSON_GetObjectItem(json, "answer")) - 'A';
        double most[2] = {-INFINITY, -INFINITY};
        cJSON_ArrayForEach (option, cJSON_GetObjectItem(json, "options")) {
            const char letter[2] = {(char)('A' + number), 0}, *words[2] = {cJSON_GetStringValue(option), letter};
            for (int k = 0; k < 2; k++) {
                double value =
                    option_alone(x, p, run, tok, scry_model_info_of(model)->vocabulary, prompt, words[k], set);
                if (value > most[k]) most[k] = value, best[k] = number;
            }
            number++;
        }
        for (int k = 0; k < 2; k++) right[k] += best[k] == answer;
        cJSON_Delete(json);
    }
    scry_domain_choices *out = mem_new(scry_index_info(x)->domains, sizeof *out);
    scry_ablation how = {SCRY_VALUE_ZERO, 0, false};
    check(scry_ablate_choices(c, set, &how, out, NULL, &err), "a third of the latents is taken out %s", err.text);
    const scry_domain_choices *law = &out[domain_of(x, "law")];
    check_near(law->measure[0].ablated, (double)right[0] / QUESTIONS, 1e-12, "law: options by a plain loop");
    check_near(law->measure[SCRY_LETTER - SCRY_CHOICE].ablated, (double)right[1] / QUESTIONS, 1e-12,
               "law: letters by a plain loop");
    check(right[0] + right[1] > 0, "some of which are right: %zu and %zu of %d", right[0], right[1], QUESTIONS);
    free(out);
    free(text);
    scry_set_free(set);
    scry_run_free(run);
    scry_tokenizer_close(tok);
    scry_model_close(model);
    scry_prompt_close(p);
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
    test_plain_loop(x, c);
    test_unchanged(x, c);
    scry_choices_close(c);
    test_refusals(x);
    scry_close(x);
    cJSON_Delete(runs);
    free(text);
    return check_end();
}
