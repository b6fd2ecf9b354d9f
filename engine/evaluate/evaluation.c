/* evaluate/evaluation.c: two models over the texts of domains, and what of them is measured. */
#include "analysis.h"
#include "base/clock.h"
#include "base/mem.h"
#include "evaluate/evaluation_internal.h"
#include "evaluate/measured_text.h"
#include "evaluate/model_pair.h"
#include "stats/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a model scored on a text. */
typedef struct text_figures {
    double log_probability, hits, tokens; /* of the response */
    bool choice, choice_norm, letter;     /* a question was answered rightly */
} text_figures;

typedef struct evaluator {
    const scry_evaluation_query *query;
    scry_study *study;
    model_pair pair;
    measured_domains texts;
    text_figures **figures[2]; /* [domains][texts] */
    uint64_t done, total;      /* tokens */
    const char *step;
    scry_notes *notes;
    scry_error *err;
} evaluator;

/* ---- running -------------------------------------------------------------------------------- */

static bool read_texts(evaluator *v) {
    const scry_evaluation_query *q = v->query;
    text_settings settings = {v->pair.tok, q->chat_template, q->bos, model_pair_context(&v->pair, q->max_length),
                              q->samples,  q->seed};
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

static text_figures figures_of(const measured_text *text) {
    text_figures f = {0};
    const scored_sequence *response = text->sequences, *options = response + text->has_response;
    if (text->has_response) {
        f.log_probability = response->log_probability;
        f.hits = (double)response->hits;
        f.tokens = (double)(response->to - response->from);
    }
    if (text->options) {
        f.choice = measured_text_is_right(text, options, false);
        f.choice_norm = measured_text_is_right(text, options, true);
        f.letter = measured_text_is_right(text, options + text->options, false);
    }
    return f;
}

static bool run_domain(evaluator *v, int m, scry_run *run, size_t d) {
    const measured_texts *domain = &v->texts.domains[d];
    sequence_group *groups = mem_new(domain->count, sizeof *groups);
    for (size_t i = 0; i < domain->count; i++) groups[i] = group_of(&domain->texts[i]);
    bool ok =
        likelihood_run(run, scry_model_info_of(v->pair.model[m])->vocabulary, groups, domain->count, report, v, v->err);
    free(groups);
    if (!ok) return false;
    v->figures[m][d] = mem_new(domain->count, sizeof(text_figures));
    for (size_t i = 0; i < domain->count; i++) v->figures[m][d][i] = figures_of(&domain->texts[i]);
    return true;
}

static bool run_model(evaluator *v, int m) {
    scry_run_options options = {
        .threads = v->query->threads, .memory = v->query->memory, .cancelled = is_cancelled, .context = v};
    scry_run *run = scry_run_new(v->pair.model[m], &options, v->err);
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
    bool tuned = v->pair.model[1];
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

/* What will be written is refused now rather than after the models have run. */
static bool check_into(const evaluator *v, scry_evaluation *e) {
    if (!v->query->into) return true;
    scry_evaluation will = {.chosen = e->chosen, .train = e->train};
    will.domains = mem_new(v->texts.count, sizeof *will.domains);
    for (; will.count < v->texts.count; will.count++) {
        scry_domain_evaluation *domain = &will.domains[will.count];
        domain->name = v->texts.domains[will.count].name;
        domain->measured[e->chosen].change = v->pair.model[1] ? 0 : (double)NAN;
    }
    bool ok = evaluation_check_write(&will, v->query->into, v->query->out, v->err);
    free(will.domains);
    return ok;
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
    if (!model_pair_open(&v->pair, v->query, v->study, train, v->notes, v->err) ||
        !model_pair_amplify(&v->pair, v->query->amplify, v->err) || !read_texts(v) || !check_chosen(v) ||
        !check_into(v, e))
        return false;
    v->total = count_tokens(&v->texts) * (v->pair.model[1] ? 2 : 1);
    for (int m = 0; m < 2; m++)
        if (v->pair.model[m] && !run_model(v, m)) return false;
    e->base = mem_copy_string(v->pair.folder[0]);
    if (v->pair.folder[1]) e->tuned = mem_copy_string(v->pair.adapter[1] ? v->pair.adapter[1] : v->pair.folder[1]);
    e->tokens = v->done;
    e->domains = mem_new(v->texts.count, sizeof *e->domains);
    for (size_t d = 0; d < v->texts.count; d++) {
        scry_domain_evaluation *domain = &e->domains[e->count++];
        *domain = evaluation_domain(v->texts.domains[d].name);
        domain->left_out = v->texts.domains[d].left_out;
        domain->paired = v->pair.model[1];
        for (int m = 0; m < SCRY_BENCHMARK; m++) measure_domain(v, d, (scry_measure)m, domain);
    }
    return true;
}

static void free_evaluator(evaluator *v) {
    for (int m = 0; m < 2; m++) {
        for (size_t d = 0; v->figures[m] && d < v->texts.count; d++) free(v->figures[m][d]);
        free(v->figures[m]);
    }
    measured_domains_free(&v->texts);
    model_pair_close(&v->pair);
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
