/* evaluate/evaluation.c: two models over the texts of domains, and what of them is measured. */
#include "analysis.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "evaluate/evaluation_internal.h"
#include "evaluate/measured_text.h"
#include "stats/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a model scored on a text. */
typedef struct text_figures {
    double log_probability, hits, tokens; /* of the response */
    bool choice, choice_norm, letter;     /* a question was answered rightly */
} text_figures;

typedef struct evaluator {
    const scry_evaluation_query *query;
    scry_study *study;
    char *folder[2], *adapter[2]; /* of base and tuned; folder NULL: no tuned model */
    scry_tokenizer *tok;
    scry_model *model[2];
    measured_domains texts;
    text_figures **figures[2]; /* [domains][texts] */
    uint64_t done, total;      /* tokens */
    const char *step;
    scry_notes *notes;
    scry_error *err;
} evaluator;

/* ---- models --------------------------------------------------------------------------------- */

static bool has_file(const char *folder, const char *name) {
    char *path = path_join(folder, name);
    bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

/* The folders, of the query or the study. */
static bool find_models(evaluator *v, size_t train) {
    const scry_evaluation_query *q = v->query;
    const char *base = q->model ? q->model : v->study ? v->study->model_path : NULL, *tuned = q->tuned;
    if (!base && v->study)
        return scry_misuse(v->err, "%s: has no \"model_path\", expected the model's folder there or with --model",
                           v->study->path);
    if (!base) return scry_misuse(v->err, "expected the model's folder with --model");
    if (q->tuned && q->adapter)
        return scry_misuse(v->err, "--tuned and --adapter: found both, expected one tuned model");
    if (!tuned && v->study && v->study->train_count) {
        char *const *paths = v->study->trains[train].tuned_path;
        tuned = paths[SCRY_SFT] ? paths[SCRY_SFT] : paths[SCRY_RL];
    }
    const char *adapter = q->adapter ? q->adapter : tuned && has_file(tuned, "adapter_config.json") ? tuned : NULL;
    v->folder[0] = mem_copy_string(base);
    if (adapter) v->adapter[1] = mem_copy_string(adapter);
    if (adapter || tuned) v->folder[1] = mem_copy_string(adapter ? base : tuned);
    return true;
}

/* The tuned model's tokenizer, where it has one, must give the base model's ids their meaning. */
static bool check_tokenizers(evaluator *v) {
    if (!v->folder[1] || v->adapter[1] || !has_file(v->folder[1], "tokenizer.json")) return true;
    scry_tokenizer *other = scry_tokenizer_open(v->folder[1], v->err);
    bool ok = other;
    for (uint32_t id = 0; ok && id < scry_tokenizer_size(v->tok); id++) {
        const char *a = scry_tokenizer_piece(v->tok, id), *b = scry_tokenizer_piece(other, id);
        if (a && (!b || strcmp(a, b) != 0))
            ok = scry_fail(
                v->err,
                "%s: token %u is \"%.40s\" there and \"%.40s\" in %s; expected the same tokens, without which "
                "losses cannot be compared",
                v->folder[1], id, b ? b : "(none)", a, v->folder[0]);
    }
    scry_tokenizer_close(other);
    return ok;
}

static bool open_models(evaluator *v) {
    v->tok = scry_tokenizer_open(v->folder[0], v->err);
    if (!v->tok || !check_tokenizers(v)) return false;
    for (int m = 0; m < 2; m++)
        if (v->folder[m] && !(v->model[m] = scry_model_open(v->folder[m], v->adapter[m], v->notes, v->err)))
            return false;
    return true;
}

/* The longest sequence that both models take. */
static size_t longest(const evaluator *v) {
    size_t most = v->query->max_length ? v->query->max_length : SIZE_MAX;
    for (int m = 0; m < 2; m++) {
        uint32_t context = v->model[m] ? scry_model_info_of(v->model[m])->context : 0;
        if (context && context < most) most = context;
    }
    return most;
}

/* ---- running -------------------------------------------------------------------------------- */

static bool read_texts(evaluator *v) {
    const scry_evaluation_query *q = v->query;
    text_settings settings = {v->tok, q->chat_template, q->bos, longest(v), q->samples, q->seed};
    return q->file_count ? texts_of_files(q->files, q->file_count, &settings, &v->texts, v->notes, v->err)
                         : texts_of_study(v->study, &settings, &v->texts, v->notes, v->err);
}

static sequence_group group_of(const measured_text *text) {
    return (sequence_group){text->sequences, text->has_response + 2 * text->options};
}

static bool report(void *context, size_t tokens) {
    evaluator *v = context;
    v->done += tokens;
    if (v->done > v->total) v->done = v->total;
    return !v->query->progress || v->query->progress(v->query->context, v->step, v->done, v->total);
}

static bool is_cancelled(void *context) {
    return !report(context, 0);
}

/* The option with the largest of log p / divisor; the first of equal ones. */
static bool is_right(const measured_text *text, const scored_sequence *sequences, bool by_byte) {
    int best = 0;
    double most = -INFINITY;
    for (size_t o = 0; o < text->options; o++) {
        double value = sequences[o].log_probability / (by_byte ? (double)text->bytes[o] : 1);
        if (value > most) most = value, best = (int)o;
    }
    return best == text->answer;
}

static text_figures figures_of(const measured_text *text) {
    text_figures f = {0};
    const scored_sequence *response = text->sequences, *options = response + text->has_response;
    if (text->has_response) {
        f.log_probability = response->log_probability;
        f.hits = (double)response->hits;
        f.tokens = (double)(response->to - response->from);
    }
    if (text->options) {
        f.choice = is_right(text, options, false);
        f.choice_norm = is_right(text, options, true);
        f.letter = is_right(text, options + text->options, false);
    }
    return f;
}

static bool run_domain(evaluator *v, int m, scry_run *run, size_t d) {
    const measured_texts *domain = &v->texts.domains[d];
    sequence_group *groups = mem_new(domain->count, sizeof *groups);
    for (size_t i = 0; i < domain->count; i++) groups[i] = group_of(&domain->texts[i]);
    bool ok =
        likelihood_run(run, scry_model_info_of(v->model[m])->vocabulary, groups, domain->count, report, v, v->err);
    free(groups);
    if (!ok) return false;
    v->figures[m][d] = mem_new(domain->count, sizeof(text_figures));
    for (size_t i = 0; i < domain->count; i++) v->figures[m][d][i] = figures_of(&domain->texts[i]);
    return true;
}

static bool run_model(evaluator *v, int m) {
    scry_run_options options = {
        .threads = v->query->threads, .memory = v->query->memory, .cancelled = is_cancelled, .context = v};
    scry_run *run = scry_run_new(v->model[m], &options, v->err);
    bool ok = run;
    v->step = m ? "tuned model" : "base model";
    v->figures[m] = mem_new(v->texts.count, sizeof *v->figures[m]);
    for (size_t d = 0; ok && d < v->texts.count; d++) ok = run_domain(v, m, run, d);
    scry_run_free(run);
    return ok;
}

static uint64_t count_tokens(const measured_domains *texts) {
    uint64_t tokens = 0;
    for (size_t d = 0; d < texts->count; d++)
        for (size_t i = 0; i < texts->domains[d].count; i++) {
            sequence_group group = group_of(&texts->domains[d].texts[i]);
            tokens += likelihood_tokens(&group);
        }
    return tokens;
}

/* ---- measures ------------------------------------------------------------------------------- */

/* 100 over the perplexity of a loss in nats. */
static double probability_percent(double loss) {
    return 100 * exp(-loss);
}

/* What is summed over a domain's texts for a measure; false for a text that has no such figure. */
static bool figure_of(const text_figures *f, const measured_text *text, scry_measure measure, double *value,
                      double *n) {
    bool questions = measure == SCRY_CHOICE || measure == SCRY_CHOICE_NORM || measure == SCRY_LETTER;
    *n = questions ? 1 : f->tokens;
    switch (measure) {
    case SCRY_ACCURACY:
        *value = 100 * f->hits;
        break;
    case SCRY_LOSS:
        *value = -f->log_probability;
        break;
    case SCRY_CHOICE:
        *value = 100 * f->choice;
        break;
    case SCRY_CHOICE_NORM:
        *value = 100 * f->choice_norm;
        break;
    case SCRY_LETTER:
        *value = 100 * f->letter;
        break;
    default:
        return false;
    }
    return questions ? text->options > 0 : text->has_response;
}

static void measure_domain(const evaluator *v, size_t d, scry_measure measure, scry_domain_evaluation *out) {
    const measured_texts *domain = &v->texts.domains[d];
    const scry_evaluation_query *q = v->query;
    bool tuned = v->model[1];
    paired_sample *samples = mem_new(domain->count, sizeof *samples);
    size_t count = 0;
    double n = 0;
    for (size_t i = 0; i < domain->count; i++) {
        paired_sample *s = &samples[count];
        double unused;
        if (!figure_of(&v->figures[0][d][i], &domain->texts[i], measure, &s->base, &s->n)) continue;
        s->tuned = s->base;
        if (tuned) figure_of(&v->figures[1][d][i], &domain->texts[i], measure, &s->tuned, &unused);
        n += s->n;
        count++;
    }
    uint64_t seed = domain_seed(q->seed, domain->name);
    paired_estimate e, plain;
    paired_bootstrap(samples, count, measure == SCRY_LOSS ? probability_percent : NULL, q->draws, seed, &e);
    scry_measured *m = &out->measured[measure];
    *m = (scry_measured){e.base, e.tuned, e.change, e.base_se, e.tuned_se, e.change_se, (uint64_t)n, count};
    if (!tuned) m->tuned = m->change = m->tuned_se = m->change_se = NAN;
    if (tuned && measure == SCRY_LOSS) {
        paired_bootstrap(samples, count, NULL, q->draws, seed, &plain);
        out->loss_fall = -plain.change;
        out->loss_fall_se = plain.change_se;
    }
    free(samples);
}

/* Every domain has to have the measure that is chosen. */
static bool check_chosen(const evaluator *v) {
    for (size_t d = 0; d < v->texts.count; d++) {
        const measured_texts *domain = &v->texts.domains[d];
        bool found = false;
        double value, n;
        for (size_t i = 0; i < domain->count && !found; i++)
            found = figure_of(&(text_figures){0}, &domain->texts[i], v->query->change, &value, &n);
        if (!found)
            return scry_fail(v->err, "%s: found nothing to measure the %s by; expected %s, or another --change",
                             domain->name, scry_measures[v->query->change].title,
                             strcmp(scry_measures[v->query->change].counted, "questions") == 0
                                 ? "questions with options and their answer"
                                 : "responses");
    }
    return true;
}

static bool evaluate(evaluator *v, scry_evaluation *e) {
    size_t train;
    const char *study = v->query->study;
    if (study) {
        scry_notes ignored = {0};
        v->study = scry_study_read(study, &ignored, v->err);
        scry_notes_free(&ignored);
    }
    if ((study && !v->study) || !evaluation_train(v->study, v->query->train, &train, &e->train, v->err)) return false;
    if (!study && !v->query->file_count) return scry_misuse(v->err, "expected texts: a study, or --domain NAME=FILE");
    if (!find_models(v, train) || !open_models(v) || !read_texts(v) || !check_chosen(v)) return false;
    v->total = count_tokens(&v->texts) * (v->model[1] ? 2 : 1);
    for (int m = 0; m < 2; m++)
        if (v->model[m] && !run_model(v, m)) return false;
    e->base = mem_copy_string(v->folder[0]);
    if (v->folder[1]) e->tuned = mem_copy_string(v->adapter[1] ? v->adapter[1] : v->folder[1]);
    e->tokens = v->done;
    e->domains = mem_new(v->texts.count, sizeof *e->domains);
    for (size_t d = 0; d < v->texts.count; d++) {
        scry_domain_evaluation *domain = &e->domains[e->count++];
        *domain = evaluation_domain(v->texts.domains[d].name);
        domain->left_out = v->texts.domains[d].left_out;
        domain->paired = v->model[1];
        for (int m = 0; m < SCRY_BENCHMARK; m++) measure_domain(v, d, (scry_measure)m, domain);
    }
    return true;
}

static void free_evaluator(evaluator *v) {
    for (int m = 0; m < 2; m++) {
        for (size_t d = 0; v->figures[m] && d < v->texts.count; d++) free(v->figures[m][d]);
        free(v->figures[m]);
        scry_model_close(v->model[m]);
        free(v->folder[m]);
        free(v->adapter[m]);
    }
    measured_domains_free(&v->texts);
    scry_tokenizer_close(v->tok);
    scry_study_free(v->study);
}

scry_evaluation *scry_evaluate_models(const scry_evaluation_query *query, scry_notes *notes, scry_error *err) {
    scry_evaluation_query q = *query;
    if (!q.draws) q.draws = SCRY_DRAWS;
    evaluator v = {.query = &q, .notes = notes, .err = err};
    scry_evaluation *e = mem_new(1, sizeof *e);
    e->chosen = q.change;
    e->draws = q.draws;
    e->seed = q.seed;
    double start = clock_seconds();
    bool ok = evaluate(&v, e);
    e->seconds = clock_seconds() - start;
    free_evaluator(&v);
    if (ok) return e;
    scry_evaluation_free(e);
    return NULL;
}
