/* evaluate/harness.c: two result files of lm-evaluation-harness as changes of domains. */
#include "base/mem.h"
#include "evaluate/evaluation_internal.h"
#include "evaluate/harness_file.h"
#include "evaluate/harness_samples.h"
#include "evaluate/task_match.h"
#include "stats/paired.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_DEPTH = 8 };

typedef struct reader {
    const scry_harness_query *query;
    harness_file file[2]; /* base, tuned */
    const char *only;     /* the beginning of tasks' names, or NULL */
    size_t unlogged;      /* domains without samples of both */
    size_t *found;        /* [tasks of base] scratch */
    scry_notes *notes;
    scry_error *err;
} reader;

/* The figures of one task, or of several together; shares. */
typedef struct figures {
    double value[2], se[2], change_se;
    double n;
    bool paired;
} figures;

/* ---- samples -------------------------------------------------------------------------------- */

/* Appends the tasks below a group, or the task itself, to out[count]; seen [tasks]: each once, whatever the groups say.
 * Returns how many there are then. */
static size_t leaves_of(const harness_file *file, const harness_task *task, const harness_task **out, size_t count,
                        bool *seen, int depth) {
    size_t number = (size_t)(task - file->tasks);
    if (seen[number] || depth > GROUP_DEPTH) return count;
    seen[number] = true;
    if (!task->subtasks) {
        out[count] = task;
        return count + 1;
    }
    const cJSON *name;
    cJSON_ArrayForEach (name, task->subtasks) {
        const harness_task *inner = cJSON_IsString(name) ? harness_task_find(file, name->valuestring) : NULL;
        if (inner) count = leaves_of(file, inner, out, count, seen, depth + 1);
    }
    return count;
}

/* Adds one task's pairs: sums of n, of n mean and of (n se)^2. False and err where they cannot be paired; *logged is
 * false then when there are no samples of both. */
static bool add_pairs(const reader *r, const harness_task *task, const harness_metric *metric, double sum[4],
                      bool *logged, scry_error *err) {
    char *path[2];
    harness_pairs pairs = {0};
    for (int i = 0; i < 2; i++) path[i] = harness_samples_path(&r->file[i], r->query->samples[i], task->name);
    *logged = path[0] && path[1];
    bool ok = *logged && harness_pairs_read(path[0], path[1], metric, &pairs, err);
    if (ok) {
        double mean, se;
        paired_mean_difference(pairs.difference, pairs.n, &mean, &se);
        sum[0] += (double)pairs.n;
        sum[1] += (double)pairs.n * pairs.base;
        sum[2] += (double)pairs.n * pairs.tuned;
        if (isnan(se) && pairs.n > 1) se = 0; /* all differences are equal */
        sum[3] += (double)pairs.n * se * (double)pairs.n * se;
    }
    harness_pairs_free(&pairs);
    free(path[0]);
    free(path[1]);
    return ok;
}

/* The error of a task's change from its samples. They have to give the results' own values: then they are the same
 * run, and a group is the mean over its samples. */
static bool pair_task(reader *r, const harness_task *task, const harness_metric *metric, figures *f, bool *logged,
                      scry_error *err) {
    const harness_task **leaves = mem_new(r->file[0].count, sizeof *leaves);
    bool *seen = mem_new(r->file[0].count, sizeof *seen);
    size_t count = leaves_of(&r->file[0], task, leaves, 0, seen, 0);
    free(seen);
    double sum[4] = {0};
    bool ok = count > 0;
    *logged = ok;
    for (size_t i = 0; i < count && ok; i++) ok = add_pairs(r, leaves[i], metric, sum, logged, err);
    free(leaves);
    for (int i = 0; i < 2 && ok; i++) {
        double mean = sum[i + 1] / sum[0];
        ok = fabs(mean - f->value[i]) <= 1e-6 ||
             scry_fail(err, "the samples give %s %.6g, %s says %.6g", metric->key, mean, r->file[i].path, f->value[i]);
    }
    if (!ok) return false;
    f->n = sum[0];
    f->change_se = sqrt(sum[3]) / sum[0];
    f->paired = true;
    return true;
}

/* ---- tasks and domains ---------------------------------------------------------------------- */

/* The figures of one task. False and r->err for a value that is no share. */
static bool read_task(reader *r, const char *domain, const harness_task *task, const harness_metric *metric, figures *f,
                      bool *logged) {
    const harness_task *other = harness_task_find(&r->file[1], task->name);
    if (!harness_metric_value(&r->file[0], task, metric, &f->value[0], &f->se[0], r->err) ||
        !harness_metric_value(&r->file[1], other, metric, &f->value[1], &f->se[1], r->err))
        return false;
    f->n = (double)task->n;
    f->change_se = hypot(f->se[0], f->se[1]);
    scry_error why = {0};
    if (pair_task(r, task, metric, f, logged, &why)) return true;
    if (*logged)
        scry_notes_add(r->notes, "%s: samples of %s not paired: %s; the error is that of two independent sets", domain,
                       task->name, why.text);
    return true;
}

/* Adds the figures of several tasks, weighted by their samples. */
static bool add_task(reader *r, const char *domain, const harness_task *task, const figures *one, size_t count,
                     figures *all) {
    if (count > 1 && !(one->n > 0))
        return scry_fail(r->err, "%s: results.%.80s: does not say how many samples it has; name one task of %s",
                         r->file[0].path, task->name, domain);
    double n = count > 1 ? one->n : 1;
    for (int i = 0; i < 2; i++) {
        all->value[i] += n * one->value[i];
        all->se[i] += n * one->se[i] * n * one->se[i];
    }
    all->change_se += n * one->change_se * n * one->change_se;
    all->n += one->n;
    all->paired = all->paired && one->paired;
    return true;
}

/* An error of 0 says that nothing varied, and so that nothing is known of it. */
static double known_error(double error) {
    return error > 0 ? error : (double)NAN;
}

static void fill(scry_domain_evaluation *domain, const figures *all, double weight, bool higher) {
    scry_measured *m = &domain->measured[SCRY_BENCHMARK];
    m->base = 100 * all->value[0] / weight;
    m->tuned = 100 * all->value[1] / weight;
    m->base_se = known_error(100 * sqrt(all->se[0]) / weight);
    m->tuned_se = known_error(100 * sqrt(all->se[1]) / weight);
    m->change = higher ? m->tuned - m->base : m->base - m->tuned;
    m->change_se = known_error(100 * sqrt(all->change_se) / weight);
    m->n = m->samples = (uint64_t)all->n;
    domain->paired = all->paired;
}

/* The metric of a domain's tasks. */
static bool choose_metric(reader *r, const char *domain, const harness_task *task, harness_metric *metric) {
    const harness_task *other = harness_task_find(&r->file[1], task->name);
    const char *wanted = r->query->metric;
    if (harness_metric_choose(task, other, wanted, metric)) return true;
    char list[2][200];
    harness_metric_list(task, list[0], sizeof list[0]);
    harness_metric_list(other, list[1], sizeof list[1]);
    return scry_fail(
        r->err, "%s: results.%.80s: found no %.80s in both files, which have %s and %s; choose one (--metric)", domain,
        task->name, wanted ? wanted : "metric that is known", *list[0] ? list[0] : "none", *list[1] ? list[1] : "none");
}

/* The domain of these tasks, numbers in the base file. */
static bool read_domain(reader *r, const char *name, const size_t *tasks, size_t count,
                        scry_domain_evaluation *domain) {
    harness_metric metric;
    figures all = {.paired = true};
    bool logged = true, higher = true;
    if (!choose_metric(r, name, &r->file[0].tasks[tasks[0]], &metric)) return false;
    *domain = evaluation_domain(name);
    domain->metric = mem_copy_string(metric.key);
    domain->tasks = mem_new(count, sizeof *domain->tasks);
    for (size_t i = 0; i < count; i++) {
        const harness_task *task = &r->file[0].tasks[tasks[i]];
        const cJSON *other = harness_task_find(&r->file[1], task->name)->metrics;
        domain->tasks[domain->task_count++] = mem_copy_string(task->name);
        if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(task->metrics, metric.key)) ||
            !cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(other, metric.key)))
            return scry_fail(r->err,
                             "%s: results.%.80s: found no %s, which the domain's first task has; choose another "
                             "metric (--metric)",
                             name, task->name, metric.key);
        figures one = {0};
        bool has_log;
        if (!read_task(r, name, task, &metric, &one, &has_log) || !add_task(r, name, task, &one, count, &all))
            return false;
        higher = harness_higher_is_better(&r->file[0], task, &metric);
        logged = logged && has_log;
    }
    r->unlogged += !logged;
    fill(domain, &all, count > 1 ? all.n : 1, higher);
    return true;
}

/* The tasks that --task gives a domain: numbers into out. -1: none given; -2: error. */
static int given_tasks(reader *r, const char *domain, size_t *out) {
    for (size_t i = 0; i < r->query->task_count; i++) {
        const char *text = r->query->tasks[i], *equals = strchr(text, '=');
        if (!equals || (size_t)(equals - text) != strlen(domain) || strncmp(text, domain, strlen(domain)) != 0)
            continue;
        const char *at = equals + 1;
        scry_listed_name one;
        int count = 0;
        while (scry_name_list_next(&at, &one, r->err)) {
            const harness_task *task = harness_task_find(&r->file[0], one.text);
            bool both = task && harness_task_find(&r->file[1], one.text);
            if (!both)
                scry_misuse(r->err, "--task %s: found \"%.80s\", expected a task of both %s and %s", domain, one.text,
                            r->file[0].path, r->file[1].path);
            free(one.text);
            if (!both) return -2;
            size_t number = (size_t)(task - r->file[0].tasks);
            for (int k = 0; k < count; k++)
                if (out[k] == number) {
                    scry_misuse(r->err, "--task %s: %s is named twice", domain, task->name);
                    return -2;
                }
            out[count++] = number;
        }
        if (r->err && r->err->status) return -2;
        if (!count) scry_misuse(r->err, "--task %s: found no task, expected DOMAIN=TASK,TASK", domain);
        return count ? count : -2;
    }
    return -1;
}

/* The tasks of a study's domain. False and err when several fit. */
static bool find_tasks(reader *r, const char *domain, size_t *count) {
    int given = given_tasks(r, domain, r->found);
    bool several;
    *count = given > 0 ? (size_t)given : 0;
    if (given != -1) return given > 0;
    *count = task_match(&r->file[0], &r->file[1], domain, r->only, r->found, &several);
    const harness_task *tasks = r->file[0].tasks;
    if (several)
        return scry_misuse(r->err,
                           "%s: found %zu tasks that fit the domain: %s, %s%s; name those that count: --task \"%s=%s\"",
                           domain, *count, tasks[r->found[0]].name, tasks[r->found[1]].name, *count > 2 ? ", ..." : "",
                           domain, tasks[r->found[0]].name);
    char *name = *count == 1 ? task_name_normalize(tasks[r->found[0]].name) : NULL, *own = task_name_normalize(domain);
    const char *field = name ? task_mmlu_field(name) : NULL;
    if (field && strcmp(field, own) == 0 && !tasks[r->found[0]].subtasks && strcmp(task_subject(name), own) == 0)
        scry_notes_add(r->notes,
                       "%s: measured by %s alone, the subject of that name; --task %s=... adds others of the field",
                       domain, tasks[r->found[0]].name, domain);
    free(name);
    free(own);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Every --task is DOMAIN=TASKS for a domain of the study, or the beginning of tasks' names. */
static bool read_choices(reader *r, const scry_study *study) {
    for (size_t i = 0; i < r->query->task_count; i++) {
        const char *text = r->query->tasks[i], *equals = strchr(text, '=');
        bool known = false;
        if (!equals && r->only)
            return scry_misuse(r->err, "--task: found %s and %s, expected one beginning of tasks' names", r->only,
                               text);
        if (!equals) r->only = text;
        if (!equals) continue;
        if (!study)
            return scry_misuse(r->err, "--task %s: names a domain, expected a study after the two result files", text);
        for (size_t d = 0; d < study->domain_count; d++) {
            const char *name = study->domains[d].name;
            known = known || (strlen(name) == (size_t)(equals - text) && strncmp(text, name, strlen(name)) == 0);
        }
        if (!known) return scry_misuse(r->err, "--task %s: %s has no domain of that name", text, study->path);
    }
    return true;
}

static bool read_study_domains(reader *r, const scry_study *study, scry_evaluation *e) {
    e->domains = mem_new(study->domain_count, sizeof *e->domains);
    for (size_t d = 0; d < study->domain_count; d++) {
        const char *name = study->domains[d].name;
        size_t count;
        if (!find_tasks(r, name, &count)) return false;
        if (!count)
            scry_notes_add(r->notes, "%s: no task of both files has such a name; --task \"%s=TASK\" names one", name,
                           name);
        else if (!read_domain(r, name, r->found, count, &e->domains[e->count++])) return false;
    }
    return e->count ||
           scry_fail(r->err,
                     "%s: none of its %zu domains is among the tasks of %s, such as %s; name them (--task DOMAIN=TASK)",
                     study->path, study->domain_count, r->file[0].path, r->file[0].tasks[0].name);
}

/* Without a study: every task of both files that is no group. */
static bool read_all_tasks(reader *r, scry_evaluation *e) {
    e->domains = mem_new(r->file[0].count, sizeof *e->domains);
    for (size_t i = 0; i < r->file[0].count; i++) {
        const harness_task *task = &r->file[0].tasks[i], *other = harness_task_find(&r->file[1], task->name);
        harness_metric metric;
        if (!other || task->subtasks || (r->only && strncmp(task->name, r->only, strlen(r->only)) != 0)) continue;
        if (!harness_metric_choose(task, other, r->query->metric, &metric)) {
            scry_notes_add(r->notes, "%s: no %s in both files; left out", task->name,
                           r->query->metric ? r->query->metric : "metric that is known");
            continue;
        }
        if (!read_domain(r, task->name, &i, 1, &e->domains[e->count++])) return false;
    }
    return e->count || scry_fail(r->err, "%s and %s: found no task%s%s in both with %s", r->file[0].path,
                                 r->file[1].path, r->only ? " that begins with " : "", r->only ? r->only : "",
                                 r->query->metric ? r->query->metric : "a metric that is known");
}

static bool read_all(reader *r, const scry_study *study, scry_evaluation *e) {
    for (int i = 0; i < 2; i++)
        if (!harness_file_open(&r->file[i], r->query->results[i], r->err)) return false;
    r->found = mem_new(r->file[0].count, sizeof *r->found);
    e->base = mem_copy_string(r->file[0].path);
    e->tuned = mem_copy_string(r->file[1].path);
    bool ok = read_choices(r, study) && (study ? read_study_domains(r, study, e) : read_all_tasks(r, e));
    if (ok && r->unlogged)
        scry_notes_add(
            r->notes,
            "%zu of %zu domains have no samples_*.jsonl of both models (lm_eval --log_samples): their errors take "
            "the two runs for independent, which is usually too large",
            r->unlogged, e->count);
    return ok;
}

scry_evaluation *scry_evaluate_harness(const scry_harness_query *query, scry_notes *notes, scry_error *err) {
    scry_error own = {0};
    reader r = {.query = query, .notes = notes, .err = err ? err : &own};
    scry_notes ignored = {0};
    scry_study *study = query->study ? scry_study_read(query->study, &ignored, r.err) : NULL;
    scry_evaluation *e = mem_new(1, sizeof *e);
    size_t train;
    e->chosen = SCRY_BENCHMARK;
    bool ok = (!query->study || study) && evaluation_train(study, query->train, &train, &e->train, r.err) &&
              read_all(&r, study, e);
    scry_notes_free(&ignored);
    scry_study_free(study);
    free(r.found);
    harness_file_close(&r.file[0]);
    harness_file_close(&r.file[1]);
    if (ok) return e;
    scry_evaluation_free(e);
    return NULL;
}
