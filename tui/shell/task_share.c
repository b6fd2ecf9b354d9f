/* task_share.c: scry task-share: how many of the top latents belong to the training task, and how many of the task's
 * latents are among the top (STS paper, tables 7 and 8). */
#include "base/mem.h"
#include "shell/cli_context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOPS = 4 };
static const uint32_t tops[TOPS] = {50, 100, 200, 500};
static const char *const top_keys[TOPS] = {"in_50", "in_100", "in_200", "in_500"};

/* A group of latents: all, and those among the first 50, 100, 200, 500 ranks. */
typedef struct tally {
    const char *name;
    uint32_t all, in[TOPS];
} tally;

typedef struct task_share {
    selection_context of; /* without a set */
    tally *group;         /* [count], the task first */
    size_t count;
} task_share;

static void add_latent(const task_share *s, tally *t, uint32_t latent) {
    t->all++;
    for (int i = 0; i < TOPS; i++) t->in[i] += s->of.ranking->rank[latent] < tops[i];
}

/* Groups latents by imported label: those that contain the text, other ones, and none. */
static void tally_labels(task_share *s, const char *text) {
    s->count = 3;
    s->group = mem_new(s->count, sizeof *s->group);
    s->group[0].name = text;
    s->group[1].name = "other labels";
    s->group[2].name = "without a label";
    for (uint32_t j = 0; j < s->of.ranking->latents; j++) {
        const char *label = scry_label(s->of.index, j);
        add_latent(s, &s->group[!label ? 2 : strcasestr(label, text) ? 0 : 1], j);
    }
}

/* Groups latents by the text that holds most of their strongest samples. */
static void tally_owners(task_share *s, unsigned threads) {
    scry_attribution *o = scry_attribution_new(s->of.index, threads, NULL);
    const char *task = scry_index_info(s->of.index)->train[s->of.train].name;
    size_t first = 0;
    while (strcmp(o->name[first], task) != 0) first++;
    s->count = o->names + 2;
    s->group = mem_new(s->count, sizeof *s->group);
    for (size_t i = 0; i < o->names; i++) s->group[i == first ? 0 : i < first ? i + 1 : i].name = o->name[i];
    s->group[o->names].name = "mixed";
    s->group[o->names + 1].name = "silent";
    for (uint32_t j = 0; j < o->latents; j++) {
        size_t at = o->names + (o->owner[j] == SCRY_SILENT);
        if (o->owner[j] >= 0) {
            size_t i = (size_t)o->owner[j];
            at = i == first ? 0 : i < first ? i + 1 : i;
        }
        add_latent(s, &s->group[at], j);
    }
    scry_attribution_free(o);
}

static double recall(const tally *t) {
    return t->all ? (double)t->in[TOPS - 1] / t->all : (double)NAN;
}

static cJSON *facts_of(const task_share *s, bool imported) {
    uint32_t F = s->of.ranking->latents;
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "train", scry_index_info(s->of.index)->train[s->of.train].name);
    result_source(facts, s->of.ranking);
    result_text(facts, "metric", scry_metric_name(s->of.ranking->metric));
    result_text(facts, "groups_from", imported ? "imported labels" : "top samples");
    result_text(facts, "task", s->group[0].name);
    result_number(facts, "task_share", (double)s->group[0].all / F);
    cJSON *list = cJSON_AddArrayToObject(facts, "tops");
    for (int i = 0; i < TOPS && tops[i] <= F; i++) {
        cJSON *item = result_row(list);
        result_numbers(item, {"n", tops[i]}, {"task", s->group[0].in[i]},
                       {"share", (double)s->group[0].in[i] / tops[i]});
    }
    list = cJSON_AddArrayToObject(facts, "groups");
    for (size_t k = 0; k < s->count; k++) {
        const tally *t = &s->group[k];
        cJSON *item = result_row(list);
        result_text(item, "name", t->name);
        result_number(item, "latents", t->all);
        for (int i = 0; i < TOPS; i++) result_number(item, top_keys[i], tops[i] <= F ? t->in[i] : (double)NAN);
        result_number(item, "recall_500", tops[TOPS - 1] <= F ? recall(t) : (double)NAN);
    }
    return facts;
}

static int print(const options *o, const task_share *s) {
    uint32_t F = s->of.ranking->latents;
    char head[700], shares[160] = "", name[200];
    for (int i = 0; i < TOPS && tops[i] <= F; i++)
        snprintf(shares + strlen(shares), sizeof shares - strlen(shares), "%s%.1f%% of the first %u", i ? ", " : "",
                 100.0 * s->group[0].in[i] / tops[i], tops[i]);
    output_safe(s->group[0].name, name, sizeof name);
    snprintf(head, sizeof head,
             "%s\nby %s %s: %s has %s; %.1f%% of all %u latents\n"
             "recall: share of a group's latents that are among the first 500\n\n",
             o->label ? "latents grouped by imported label"
                      : "latents grouped by the text of more than half of their ten strongest samples",
             scry_source_text(s->of.ranking->source, s->of.ranking->against, (char[SCRY_SOURCE_TEXT]){""}),
             scry_metric_name(s->of.ranking->metric), name, *shares ? shares : "too few latents",
             100.0 * s->group[0].all / F, F);
    static const result_column columns[] = {{"name", "group", NULL, 0},
                                            {"latents", "latents", "%.0f", 0},
                                            {"in_50", "in 50", "%.0f", 0},
                                            {"in_100", "in 100", "%.0f", 0},
                                            {"in_200", "in 200", "%.0f", 0},
                                            {"in_500", "in 500", "%.0f", 0},
                                            {"recall_500", "recall%", "%.1f", 100},
                                            {0}};
    return output_print(o, facts_of(s, o->label != NULL), "groups", columns, head);
}

static bool has_labels(const scry_index *index) {
    for (uint32_t j = 0; j < scry_index_info(index)->d_sae; j++)
        if (scry_label(index, j)) return true;
    return false;
}

int shell_task_share(const options *o) {
    scry_error err = {0};
    task_share s = {0};
    uint32_t threads = 0;
    bool ok = (s.of.index = cli_open(o, &err)) && cli_rank(o, &s.of, &err) &&
              options_number("--threads", o->threads, 1, 0, &threads, &err);
    if (ok && o->label && (!*o->label || !has_labels(s.of.index)))
        ok = scry_misuse(&err, "--label: %s",
                         *o->label ? "this index has no labels; name them in the study (\"labels\")"
                                   : "found no text, expected part of a label");
    if (ok && o->label) tally_labels(&s, o->label);
    else if (ok) tally_owners(&s, threads);
    if (ok && o->label && !s.group[0].all)
        ok = scry_fail(&err, "--label: none of the %u labels of this index contains \"%.60s\"", s.group[1].all,
                       o->label);
    int status = ok ? print(o, &s) : output_error(&err);
    free(s.group);
    cli_free(&s.of);
    return status;
}
