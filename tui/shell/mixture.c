/* mixture.c: scry mix: a budget of examples, divided among the domains in proportion to their STS. */
#include "base/mem.h"
#include "shell/cli_context.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct mix {
    selection_context s;
    uint32_t budget, least, most;
    size_t D;
    bool *use, *out;    /* [D] */
    double *sts;        /* [D] */
    uint32_t *examples; /* [D] */
} mix;

/* Domains that --domains names, --exclude does not, and that have the score. */
static bool choose_domains(const options *o, mix *m, scry_error *err) {
    const scry_info *info = scry_index_info(m->s.index);
    const char *spec;
    if (!cli_domains(o, &spec, err) || !scry_domains_read(m->use, m->s.index, m->s.train, spec, err)) return false;
    if (o->exclude && !scry_domains_read(m->out, m->s.index, m->s.train, o->exclude, err)) return false;
    scry_scorer *scorer = scry_scorer_new(m->s.index, m->s.score);
    scry_scorer_load(scorer, m->s.set);
    for (size_t d = 0; d < m->D; d++) {
        m->sts[d] = scry_scorer_value(scorer, d);
        if (o->exclude && m->out[d]) m->use[d] = false;
        if (isnan(m->sts[d])) m->use[d] = false;
        if (m->use[d] && m->sts[d] < 0)
            scry_fail(err, "%s has an STS below 0 (%.6g), which gives no share; expected activations of 0 or more",
                      info->domain[d].name, m->sts[d]);
    }
    scry_scorer_free(scorer);
    return !err->status;
}

static bool mix_read(const options *o, mix *m, scry_error *err) {
    if (!o->budget) return scry_misuse(err, "--budget is missing: how many examples should be divided?");
    if (!options_number("--budget", o->budget, 1, 0, &m->budget, err) ||
        !options_number("--min", o->least, 0, 0, &m->least, err) ||
        !options_number("--max", o->most, 0, m->budget, &m->most, err) || !cli_read(o, &m->s, err) ||
        !scry_require_domains(m->s.index, err))
        return false;
    m->D = scry_index_info(m->s.index)->domains;
    m->use = mem_new(2 * m->D, sizeof *m->use);
    m->sts = mem_new(m->D, sizeof *m->sts);
    m->examples = mem_new(m->D, sizeof *m->examples);
    m->out = m->use + m->D;
    return choose_domains(o, m, err) &&
           scry_mixture(m->sts, m->use, m->D, m->budget, m->least, m->most, m->examples, err);
}

static int mix_print(const options *o, const mix *m) {
    const scry_info *info = scry_index_info(m->s.index);
    double total = 0;
    size_t used = 0;
    for (size_t d = 0; d < m->D; d++)
        if (m->use[d]) total += m->sts[d], used++;
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "score", scry_score_name(m->s.score));
    result_text(facts, "against", scry_reference_name(info->against));
    result_numbers(facts, {"n", info->d_sae ? m->s.set->count : (double)NAN}, {"budget", m->budget});
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    for (size_t d = 0; d < m->D; d++) {
        if (!m->use[d]) continue;
        cJSON *item = result_row(list);
        result_text(item, "name", info->domain[d].name);
        result_numbers(item, {"sts", m->sts[d]}, {"share", m->sts[d] / total}, {"examples", m->examples[d]});
    }
    static const result_column columns[] = {{"name", "domain", NULL, 0},
                                            {"sts", "STS", "%.6g", 0},
                                            {"share", "share%", "%.2f", 100},
                                            {"examples", "examples", "%.0f", 0},
                                            {0}};
    char head[240], score[SCRY_SOURCE_TEXT], of[40] = "as given by the study";
    if (info->d_sae) snprintf(of, sizeof of, "of %u latent%s", m->s.set->count, plural_s(m->s.set->count));
    snprintf(head, sizeof head, "%u examples over %zu domains in proportion to STS %s %s\n\n", m->budget, used,
             scry_score_text(m->s.score, info->against, score), of);
    return output_print(o, facts, "domains", columns, head);
}

int shell_mix(const options *o) {
    scry_error err = {0};
    mix m = {0};
    int status = mix_read(o, &m, &err) ? mix_print(o, &m) : output_error(&err);
    free(m.use);
    free(m.sts);
    free(m.examples);
    cli_free(&m.s);
    return status;
}
