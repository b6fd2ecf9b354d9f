/* test_evaluate_models.c: two models over texts, against tests/specimens/evaluate (transformers, one sequence after the
 * other), and against a plain loop over this engine's own logits. */
#include "check.h"

#include "capture/corpus.h"
#include "evaluate.h"
#include "evaluate/texts.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HERE "tests/specimens/evaluate"

static const char *const domains[] = {"math", "law", "chat", "plain"};
static const char *const files[] = {"math=" HERE "/math.jsonl", "law=" HERE "/law.jsonl", "chat=" HERE "/chat.jsonl",
                                    "plain=" HERE "/plain.jsonl"};
enum { DOMAINS = 4 };

static cJSON *expected;

static const cJSON *at(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double number(const cJSON *object, const char *key) {
    const cJSON *item = at(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

/* ---- single sequences ----------------------------------------------------------------------- */

typedef struct summer {
    const scored_sequence *s;
    double log_probability[1024];
    bool hit[1024];
} summer;

static void sum_row(void *context, size_t row, const float *logits) {
    summer *sum = context;
    if (row + 1 >= sum->s->to) return;
    /* -ln p = ln sum exp(x - most) - (x_target - most), written anew */
    enum { V = 340 };
    double most = -INFINITY, all = 0;
    uint32_t best = 0;
    for (uint32_t v = 0; v < V; v++)
        if ((double)logits[v] > most) most = (double)logits[v], best = v;
    for (uint32_t v = 0; v < V; v++) all += exp((double)logits[v] - most);
    uint32_t target = sum->s->ids[row + 1];
    sum->log_probability[row + 1] = (double)logits[target] - most - log(all);
    sum->hit[row + 1] = best == target;
}

/* The same sequence alone, without prefix and packing, by a plain loop. */
static void alone(scry_run *run, const scored_sequence *s, double *log_probability, uint64_t *hits) {
    static summer sum;
    sum.s = s;
    scry_sequence one = {NULL, s->ids, s->to};
    scry_run_logits(run, &one, 1, NULL, NULL, NULL, sum_row, &sum, NULL);
    *log_probability = 0;
    *hits = 0;
    for (size_t t = s->from; t < s->to; t++) *log_probability += sum.log_probability[t], *hits += sum.hit[t];
}

static void compare_texts(const char *model) {
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(HERE "/base", &err);
    scry_model *m = scry_model_open(text_of(HERE "/%s", model), NULL, NULL, &err);
    text_settings settings = {.tok = tok, .most_tokens = 256};
    measured_domains texts = {0};
    scry_run *run = m ? scry_run_new(m, &(scry_run_options){.threads = 2}, &err) : NULL;
    if (!check(tok && run && texts_of_files(files, DOMAINS, &settings, &texts, NULL, &err) && texts.count == DOMAINS,
               "%s: models and texts are read: %s", model, err.text))
        return;
    worst response = {.tolerance = 1e-5}, choice = {.tolerance = 1e-5}, loop = {.tolerance = 1e-6};
    size_t hits_differ = 0, missing = 0;
    for (size_t d = 0; d < texts.count; d++) {
        const measured_texts *domain = &texts.domains[d];
        const cJSON *list = at(at(at(expected, domains[d]), model), "texts");
        sequence_group *groups = calloc(domain->count, sizeof *groups);
        for (size_t i = 0; i < domain->count; i++)
            groups[i] = (sequence_group){domain->texts[i].sequences,
                                         domain->texts[i].has_response + 2 * domain->texts[i].options};
        check(likelihood_run(run, scry_model_info_of(m)->vocabulary, groups, domain->count, NULL, NULL, &err) &&
                  (size_t)cJSON_GetArraySize(list) == domain->count,
              "%s: %s: is run: %s", model, domain->name, err.text);
        const cJSON *text = list ? list->child : NULL;
        for (size_t i = 0; i < domain->count && text; i++, text = text->next) {
            const measured_text *own = &domain->texts[i];
            const cJSON *of = at(text, "response"), *options = at(text, "options"), *letters = at(text, "letters");
            missing += own->has_response != (of != NULL) || (int)own->options != cJSON_GetArraySize(options);
            if (own->has_response && of) {
                worst_add(&response, own->sequences[0].log_probability, number(of, "log_p"), fabs(number(of, "log_p")),
                          "%s %zu", domain->name, i);
                hits_differ += (double)own->sequences[0].hits != number(of, "hits") ||
                               (double)(own->sequences[0].to - own->sequences[0].from) != number(of, "n");
            }
            for (size_t o = 0; o < own->options; o++) {
                const scored_sequence *s = own->sequences + own->has_response;
                double p = cJSON_GetArrayItem(options, (int)o)->valuedouble;
                worst_add(&choice, s[o].log_probability, p, fabs(p), "%s %zu option %zu", domain->name, i, o);
                p = cJSON_GetArrayItem(letters, (int)o)->valuedouble;
                worst_add(&choice, s[own->options + o].log_probability, p, fabs(p), "%s %zu letter %zu", domain->name,
                          i, o);
            }
            for (size_t k = 0; k < groups[i].count; k++) {
                double p;
                uint64_t hits;
                alone(run, &groups[i].sequences[k], &p, &hits);
                worst_add(&loop, groups[i].sequences[k].log_probability, p, fabs(p), "%s %zu sequence %zu",
                          domain->name, i, k);
                hits_differ += hits != groups[i].sequences[k].hits;
            }
        }
        free(groups);
    }
    worst_line(&response, "%s: ln p of responses, against transformers", model);
    worst_line(&choice, "%s: ln p of options and letters, against transformers", model);
    worst_line(&loop, "%s: behind a shared prefix and packed, against each sequence alone", model);
    check(!hits_differ && !missing, "%s: as many hits, tokens, responses and options", model);
    measured_domains_free(&texts);
    scry_run_free(run);
    scry_model_close(m);
    scry_tokenizer_close(tok);
}

/* ---- figures -------------------------------------------------------------------------------- */

static scry_evaluation_query query_of(size_t count) {
    return (scry_evaluation_query){.model = HERE "/base",
                                   .tuned = HERE "/tuned",
                                   .files = files,
                                   .file_count = count,
                                   .change = SCRY_ACCURACY,
                                   .draws = 4000,
                                   .seed = 1};
}

static void figures(void) {
    static const struct {
        const char *key;
        scry_measure measure;
    } keys[] = {{"accuracy", SCRY_ACCURACY},
                {"loss", SCRY_LOSS},
                {"choice", SCRY_CHOICE},
                {"choice_norm", SCRY_CHOICE_NORM},
                {"letter", SCRY_LETTER}};
    scry_error err = {0};
    scry_notes notes = {0};
    scry_evaluation_query q = query_of(DOMAINS);
    scry_evaluation *e = scry_evaluate_models(&q, &notes, &err);
    if (!check(e && e->count == DOMAINS && !notes.count, "four domains are measured: %s", err.text)) return;
    for (size_t d = 0; d < e->count; d++) {
        const scry_domain_evaluation *domain = &e->domains[d];
        const cJSON *all = at(expected, domains[d]), *base = at(at(all, "base"), "figures"),
                    *tuned = at(at(all, "tuned"), "figures");
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            const scry_measured *m = &domain->measured[keys[k].measure];
            check_near(m->base, number(base, keys[k].key), 1e-6, "%s: %s of base", domain->name, keys[k].key);
            check_near(m->tuned, number(tuned, keys[k].key), 1e-6, "%s: %s of tuned", domain->name, keys[k].key);
            bool questions = keys[k].measure >= SCRY_CHOICE;
            double n = number(base, questions ? "questions" : "tokens"),
                   texts = number(base, questions ? "questions" : "texts");
            check((double)m->n == (isnan(n) ? 0 : n) && (double)m->samples == (isnan(texts) ? 0 : texts),
                  "%s: %s: n %llu of %llu texts", domain->name, keys[k].key, (unsigned long long)m->n,
                  (unsigned long long)m->samples);
        }
        const scry_measured *loss = &domain->measured[SCRY_LOSS], *accuracy = &domain->measured[SCRY_ACCURACY];
        check_near(loss->change, 100 * (exp(-loss->tuned) - exp(-loss->base)), 1e-12, "%s: the loss's change in points",
                   domain->name);
        check_near(domain->loss_fall, loss->base - loss->tuned, 1e-9, "%s: the loss's fall", domain->name);
        check_near(accuracy->change, number(at(all, "accuracy"), "change"), 1e-6, "%s: change", domain->name);
        check_near(accuracy->change_se, number(at(all, "accuracy"), "se"), 0.12,
                   "%s: its error, against the delta method", domain->name);
    }
    q.file_count = 2;
    q.threads = 1;
    scry_evaluation *two = scry_evaluate_models(&q, NULL, &err);
    check(two && memcmp(&two->domains[1].measured, &e->domains[1].measured, sizeof e->domains[1].measured) == 0,
          "a domain's figures and errors depend neither on other domains nor on threads");
    scry_evaluation_free(two);
    q.tuned = NULL;
    scry_evaluation *one = scry_evaluate_models(&q, NULL, &err);
    check(one && !one->tuned && one->domains[0].measured[SCRY_LOSS].base == e->domains[0].measured[SCRY_LOSS].base &&
              isnan(one->domains[0].measured[SCRY_LOSS].tuned) && isnan(one->domains[0].measured[SCRY_LOSS].change) &&
              one->domains[0].measured[SCRY_LOSS].base_se == e->domains[0].measured[SCRY_LOSS].base_se,
          "one model: its figures alone");
    scry_evaluation_free(one);
    scry_evaluation_free(e);
}

/* A LoRA adapter as the tuned model, named either way. */
static void adapter(void) {
    for (int k = 0; k < 2; k++) {
        scry_error err = {0};
        scry_evaluation_query q = query_of(2);
        q.tuned = k ? HERE "/adapter" : NULL;
        q.adapter = k ? NULL : HERE "/adapter";
        scry_evaluation *e = scry_evaluate_models(&q, NULL, &err);
        if (!check(e != NULL, "an adapter is measured: %s", err.text)) continue;
        for (size_t d = 0; d < e->count; d++) {
            const cJSON *of = at(at(at(expected, domains[d]), "adapter"), "figures");
            check_near(e->domains[d].measured[SCRY_LOSS].tuned, number(of, "loss"), 1e-5, "%s: loss with the adapter",
                       domains[d]);
            check_near(e->domains[d].measured[SCRY_ACCURACY].tuned, number(of, "accuracy"), 1e-9,
                       "%s: accuracy with the adapter", domains[d]);
        }
        scry_evaluation_free(e);
    }
}

/* Longest sequences, drawn samples. */
static void limits(void) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_evaluation_query q = query_of(1);
    q.max_length = 50;
    scry_evaluation *e = scry_evaluate_models(&q, &notes, &err);
    check(e && e->domains[0].measured[SCRY_LOSS].n == 99 && notes.count == 1,
          "--max-length: fewer tokens count (%llu): %s",
          e ? (unsigned long long)e->domains[0].measured[SCRY_LOSS].n : 0, notes.count ? notes.text[0] : err.text);
    scry_evaluation_free(e);
    scry_notes_free(&notes);
    q.file_count = 2;
    q.max_length = 38; /* of law nothing is left */
    e = scry_evaluate_models(&q, &notes, &err);
    check(!e && notes.count == 3 &&
              strcmp(notes.text[1],
                     "14 of 16 texts (2 domains, such as math) have a response that begins after 38 tokens, "
                     "and are left out") == 0,
          "what is true of several domains is one note: %s", notes.count > 1 ? notes.text[1] : err.text);
    scry_notes_free(&notes);
    q.file_count = 1;
    q.max_length = 5;
    check(!scry_evaluate_models(&q, NULL, &err) &&
              strcmp(err.text,
                     HERE "/math.jsonl: math: found no response and no question with a known answer in 9 texts, "
                          "expected some to measure") == 0,
          "too short for every response: %s", err.text);
    q.max_length = 0;
    q.samples = 4;
    e = scry_evaluate_models(&q, NULL, &err);
    scry_evaluation *again = scry_evaluate_models(&q, NULL, &err);
    q.seed = 2;
    scry_evaluation *other = scry_evaluate_models(&q, NULL, &err);
    check(e && again && other && e->domains[0].measured[SCRY_LOSS].samples == 4 &&
              e->domains[0].measured[SCRY_LOSS].base == again->domains[0].measured[SCRY_LOSS].base &&
              e->domains[0].measured[SCRY_LOSS].base != other->domains[0].measured[SCRY_LOSS].base,
          "samples are drawn by the seed");
    scry_evaluation_free(e);
    scry_evaluation_free(again);
    scry_evaluation_free(other);
}

/* ---- studies -------------------------------------------------------------------------------- */

/* A study of one domain with this token file; more: of its base capture. */
static const char *study_of(const char *name, const char *more, const char *tokens) {
    const char *path = scratch("%s.json", name);
    write_text(scratch("%s.jsonl", name), "%s", tokens);
    char *here = realpath(HERE, NULL);
    write_text(
        path,
        "{\"scry_study\": 1, \"model_path\": \"%s/base\", \"train\": {\"name\": \"t\", \"sft_path\": \"%s/tuned\", "
        "\"base\": {\"residual\": \"x\"}, \"sft\": {\"residual\": \"x\"}}, \"domains\": [{\"name\": \"a\", \"base\": "
        "{\"residual\": \"x\", \"tokens\": \"%s.jsonl\"%s}}]}",
        here, here, name, more);
    free(here);
    return path;
}

static scry_evaluation *evaluate_study(const char *study, scry_bos bos, scry_notes *notes, scry_error *err) {
    scry_evaluation_query q = {.study = study, .change = SCRY_ACCURACY, .draws = 10, .bos = bos};
    return scry_evaluate_models(&q, notes, err);
}

static double loss_of(const scry_evaluation *e, uint64_t *n) {
    *n = e ? e->domains[0].measured[SCRY_LOSS].n : 0;
    return e ? e->domains[0].measured[SCRY_LOSS].base : (double)NAN;
}

/* The ids of a text as they stand in a token file. */
static const char *ids_of(const scry_tokenizer *tok, const char *text, size_t *count) {
    scry_tokens tokens = {0};
    char out[2000] = "";
    size_t used = 0;
    scry_tokenizer_encode(tok, text, strlen(text), &tokens, NULL);
    for (size_t i = 0; i < tokens.count; i++)
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%u", i ? "," : "", tokens.ids[i]);
    *count = tokens.count;
    scry_tokens_free(&tokens);
    return text_of("%s", out);
}

static void studies(void) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_tokenizer *tok = scry_tokenizer_open(HERE "/base", &err);
    const char *text = "By law the owner must answer for a deed.";
    size_t count;
    uint64_t n, m;
    const char *ids = ids_of(tok, text, &count);
    /* what the file of texts gives: a text without response, behind the beginning-of-text token */
    const char *file = scratch("a.jsonl");
    write_text(file, "{\"text\": \"%s\"}\n", text);
    const char *spec = text_of("a=%s", file);
    scry_evaluation_query q = {
        .model = HERE "/base", .files = &spec, .file_count = 1, .change = SCRY_ACCURACY, .draws = 10};
    scry_evaluation *e = scry_evaluate_models(&q, NULL, &err);
    double from_file = loss_of(e, &m);
    scry_evaluation_free(e);
    check(m == count - 1, "a text of %zu tokens: every one but the first counts, found %llu", count,
          (unsigned long long)m);
    static const char *const forms[] = {"{\"ids\": [%s]}\n", "{\"ids\": [0,%s], \"response\": 2}\n",
                                        "{\"ids\": [%s], \"before\": [0]}\n"};
    for (int k = 0; k < 3; k++) {
        char line[2000];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(line, sizeof line, forms[k], ids);
#pragma GCC diagnostic pop
        e = evaluate_study(study_of("s", "", line), SCRY_BOS_AUTO, NULL, &err);
        double loss = loss_of(e, &n);
        check(e && n == m && fabs(loss - from_file) < 1e-6 && e->tuned, "ids give the same, form %d: %g, %g: %s", k,
              loss, from_file, err.text);
        scry_evaluation_free(e);
    }
    e = evaluate_study(study_of("s", "", text_of("{\"ids\": [%s]}\n", ids)), SCRY_BOS_NO, NULL, &err);
    check(e && fabs(loss_of(e, &n) - from_file) > 1e-4 && n == m, "--bos no leaves the beginning-of-text token out");
    scry_evaluation_free(e);
    /* joined pieces encode to other tokens than were given, unless there are as many */
    char pieces[2000] = "";
    scry_tokens tokens = {0};
    scry_tokenizer_encode(tok, text, strlen(text), &tokens, NULL);
    for (size_t i = 0; i < tokens.count; i++) {
        const char *piece = scry_tokenizer_piece(tok, tokens.ids[i]);
        snprintf(pieces + strlen(pieces), sizeof pieces - strlen(pieces), "%s\"%s\"", i ? "," : "", piece);
    }
    scry_tokens_free(&tokens);
    const char *both = text_of("{\"tokens\": [%s]}\n{\"tokens\": [\"By law\", \" the owner\"]}\n", pieces);
    e = evaluate_study(study_of("s", "", both), SCRY_BOS_AUTO, &notes, &err);
    check(e && fabs(loss_of(e, &n) - from_file) < 1e-6 && n == m && e->domains[0].left_out == 1 && notes.count == 1 &&
              strstr(notes.text[0],
                     "1 of 2 samples of a do not encode to as many tokens as their file has, and are left out"),
          "tokens without ids are encoded again, and counted where they differ: %s",
          notes.count ? notes.text[0] : err.text);
    scry_evaluation_free(e);
    scry_notes_free(&notes);
    /* of a file for several captures only the slice counts; a file of the slice alone counts whole */
    const char *two = text_of("{\"ids\": [%s]}\n{\"ids\": [5,6,7,8]}\n", ids);
    e = evaluate_study(study_of("s", text_of(", \"rows\": [0, %zu]", count), two), SCRY_BOS_AUTO, NULL, &err);
    check(e && fabs(loss_of(e, &n) - from_file) < 1e-6 && n == m, "only rows of the slice count: %s", err.text);
    scry_evaluation_free(e);
    e = evaluate_study(study_of("s", text_of(", \"rows\": [%zu, %zu]", count - 2, count + 3), two), SCRY_BOS_AUTO, NULL,
                       &err);
    loss_of(e, &n);
    check(n == 4, "a slice from within one text into another: the last 2, and 3 less the first; found %llu",
          (unsigned long long)n);
    scry_evaluation_free(e);
    e = evaluate_study(study_of("s", text_of(", \"rows\": [100, %zu]", 100 + count), text_of("{\"ids\": [%s]}\n", ids)),
                       SCRY_BOS_AUTO, NULL, &err);
    check(e && fabs(loss_of(e, &n) - from_file) < 1e-6 && n == m, "a file of the slice alone counts whole: %s",
          err.text);
    scry_evaluation_free(e);
    scry_tokenizer_close(tok);
}

/* ---- errors --------------------------------------------------------------------------------- */

static void study_errors(void) {
    static const char *const rows[][2] = {
        {"[1]\n", "sample 1: expected an object with \"tokens\" (texts) or \"ids\" (numbers) as a list"},
        {"{\"ids\": [1, 2, 340]}\n", "sample 1: ids[2]: found 340, expected an id of the tokenizer, below 340"},
        {"{\"ids\": [1, 2]}\n{\"ids\": [1, -1]}\n",
         "sample 2: ids[1]: found -1, expected an id of the tokenizer, below 340"},
        {"{\"ids\": [1, 2], \"before\": [0.5]}\n",
         "sample 1: before[0]: found 0.5, expected an id of the tokenizer, below 340"},
        {"{\"ids\": [1, 2], \"response\": 3}\n",
         "sample 1: response: found 3, expected the number of one of its 2 tokens"},
        {"{\"ids\": [1, 2], \"tokens\": [\"a\"]}\n", "sample 1: found 2 ids for 1 tokens, expected as many"},
        {"{\"tokens\": [1, 2]}\n", "sample 1: tokens: expected texts, and numbers under \"ids\""},
        {"{\"ids\": [1, 2]\n", "sample 1: not JSON"},
        {"{\"ids\": [1]}\n", "a: found no token of a response in 1 samples, expected some to measure"},
        {"{\"ids\": []}\n", "a: found no token of a response in 1 samples, expected some to measure"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scry_error err = {0};
        const char *study = study_of("e", "", rows[i][0]);
        scry_evaluation *e = evaluate_study(study, SCRY_BOS_NO, NULL, &err);
        const char *text = text_of("%s: %s", scratch("e.jsonl"), rows[i][1]);
        check(!e && strcmp(err.text, text) == 0, "refused: %s", err.text);
        if (strcmp(err.text, text) != 0) printf("# expected: %s\n", text);
        scry_evaluation_free(e);
    }
}

static void refuses(const scry_evaluation_query *q, int status, const char *text) {
    scry_error err = {0};
    scry_evaluation *e = scry_evaluate_models(q, NULL, &err);
    check(!e && err.status == status && strstr(err.text, text), "refused: %s", err.text);
    if (!strstr(err.text, text)) printf("# expected: %s\n", text);
    scry_evaluation_free(e);
}

static void errors(void) {
    scry_evaluation_query q = query_of(0);
    refuses(&q, 2, "expected texts: a study, or --domain NAME=FILE");
    q = query_of(4);
    q.change = SCRY_CHOICE;
    refuses(&q, 1,
            "chat: found nothing to measure the multiple choice by; expected questions with options and their answer, "
            "or another --change");
    q = query_of(1);
    q.model = NULL;
    refuses(&q, 2, "expected the model's folder with --model");
    q = query_of(1);
    q.adapter = HERE "/adapter";
    refuses(&q, 2, "--tuned and --adapter: found both, expected one tuned model");
    q = query_of(1);
    q.model = scratch_folder("empty");
    refuses(&q, 1, "empty");
    q = query_of(1);
    q.train = "x";
    refuses(&q, 2, "--train x: expected a study, which has training sets");
    q = query_of(4);
    q.chat_template = "none";
    refuses(&q, 2, "has messages, and none turns them into text; choose a template");
    const char *study = scratch("nomodel.json");
    write_text(study, "{\"scry_study\": 1, \"domains\": [{\"name\": \"a\", \"sts\": {\"act\": 1}}]}");
    q = (scry_evaluation_query){.study = study, .change = SCRY_ACCURACY};
    refuses(&q, 2, "has no \"model_path\", expected the model's folder there or with --model");
    q.model = HERE "/base";
    refuses(&q, 1, "gives scores instead of captures, so it has no texts; name some with --domain");
    /* a tuned model with other tokens */
    const char *other = scratch_folder("other");
    size_t size;
    static const char *const parts[] = {"config.json", "model.safetensors", "tokenizer.json"};
    for (int i = 0; i < 3; i++) {
        char *bytes = (char *)read_bytes(text_of(HERE "/base/%s", parts[i]), &size);
        char *swap = i == 2 ? strstr(bytes, "\"!\"") : NULL;
        if (swap) memcpy(swap, "\"\x7f\"", 3);
        write_bytes(text_of("%s/%s", other, parts[i]), bytes, size);
        free(bytes);
    }
    q = query_of(1);
    q.tuned = other;
    refuses(&q, 1, "expected the same tokens, without which losses cannot be compared");
}

static bool cancel(void *context, const char *step, uint64_t done, uint64_t total) {
    int *calls = context;
    (void)step;
    return done <= total && ++*calls < 3;
}

static void cancelled(void) {
    int calls = 0;
    scry_evaluation_query q = query_of(2);
    q.progress = cancel;
    q.context = &calls;
    refuses(&q, 1, "cancelled");
    check(calls == 3, "and stops at once");
}

int main(void) {
    size_t size;
    char *text = (char *)read_bytes(HERE "/expected.json", &size);
    expected = json_parse(text, size);
    free(text);
    compare_texts("base");
    compare_texts("tuned");
    figures();
    adapter();
    limits();
    studies();
    study_errors();
    errors();
    cancelled();
    cJSON_Delete(expected);
    return check_end();
}
