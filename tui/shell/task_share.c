/* labels.c: scry labels: how many of the top latents belong to the training task, and how many of the
 * task's latents are among the top (STS paper, tables 7 and 8). */
#include "analysis.h"
#include "base/mem.h"
#include "shell/commands.h"
#include "shell/output.h"
#include "shell/cli_context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOPS = 4 };
static const uint32_t tops[TOPS] = {50, 100, 200, 500};
static const char *const top_keys[TOPS] = {"in_50", "in_100", "in_200", "in_500"};

/* Latents of one label: all, and among the first 50, 100, 200, 500 ranks. */
typedef struct tally {
    const char *name;
    uint32_t all, in[TOPS];
} tally;

typedef struct labels {
    scry_index *index;
    size_t train;
    scry_ranking *ranking;
    tally *tally; /* [count] the task first */
    size_t count;
} labels;

static void add_latent(const labels *l, tally *t, uint32_t latent) {
    t->all++;
    for (int i = 0; i < TOPS; i++) t->in[i] += l->ranking->rank[latent] < tops[i];
}

/* By imported label: those that hold the text, and the others that have one. */
static void tally_imported(labels *l, const char *text) {
    l->count = 3;
    l->tally = mem_new(l->count, sizeof *l->tally);
    l->tally[0].name = text;
    l->tally[1].name = "other labels";
    l->tally[2].name = "without a label";
    for (uint32_t j = 0; j < l->ranking->latents; j++) {
        const char *label = scry_label(l->index, j);
        add_latent(l, &l->tally[!label ? 2 : strcasestr(label, text) ? 0 : 1], j);
    }
}

/* By the text that holds most of a latent's top samples; the training set's first. */
static void tally_owners(labels *l, unsigned threads) {
    scry_attribution *o = scry_attribution_new(l->index, threads, NULL);
    const char *task = scry_index_info(l->index)->train[l->train].name;
    size_t first = 0;
    while (strcmp(o->name[first], task) != 0) first++;
    l->count = o->names + 2;
    l->tally = mem_new(l->count, sizeof *l->tally);
    for (size_t i = 0; i < o->names; i++) l->tally[i == first ? 0 : i < first ? i + 1 : i].name = o->name[i];
    l->tally[o->names].name = "mixed";
    l->tally[o->names + 1].name = "silent";
    for (uint32_t j = 0; j < o->latents; j++) {
        size_t at = o->names + (o->owner[j] == SCRY_SILENT);
        if (o->owner[j] >= 0) {
            size_t i = (size_t)o->owner[j];
            at = i == first ? 0 : i < first ? i + 1 : i;
        }
        add_latent(l, &l->tally[at], j);
    }
    scry_attribution_free(o);
}

static double recall(const tally *t) {
    return t->all ? (double)t->in[TOPS - 1] / t->all : (double)NAN;
}

static cJSON *facts_of(const labels *l, bool imported) {
    uint32_t F = l->ranking->latents;
    cJSON *facts = cJSON_CreateObject();
    output_text(facts, "train", scry_index_info(l->index)->train[l->train].name);
    output_text(facts, "by", scry_condition_name(l->ranking->source));
    output_text(facts, "metric", scry_metric_name(l->ranking->metric));
    output_text(facts, "labels_from", imported ? "imported" : "top samples");
    output_text(facts, "task", l->tally[0].name);
    output_number(facts, "task_share", (double)l->tally[0].all / F);
    cJSON *list = cJSON_AddArrayToObject(facts, "tops");
    for (int i = 0; i < TOPS && tops[i] <= F; i++) {
        cJSON *item = cJSON_CreateObject();
        output_number(item, "n", tops[i]);
        output_number(item, "task", l->tally[0].in[i]);
        output_number(item, "share", (double)l->tally[0].in[i] / tops[i]);
        cJSON_AddItemToArray(list, item);
    }
    list = cJSON_AddArrayToObject(facts, "labels");
    for (size_t k = 0; k < l->count; k++) {
        const tally *t = &l->tally[k];
        cJSON *item = cJSON_CreateObject();
        output_text(item, "name", t->name);
        output_number(item, "latents", t->all);
        for (int i = 0; i < TOPS; i++) output_number(item, top_keys[i], tops[i] <= F ? t->in[i] : (double)NAN);
        output_number(item, "recall_500", tops[TOPS - 1] <= F ? recall(t) : (double)NAN);
        cJSON_AddItemToArray(list, item);
    }
    return facts;
}

static int print_labels(const options *o, const labels *l) {
    uint32_t F = l->ranking->latents;
    char head[700], shares[160] = "";
    for (int i = 0; i < TOPS && tops[i] <= F; i++)
        snprintf(shares + strlen(shares), sizeof shares - strlen(shares), "%s%.1f%% of the first %u", i ? ", " : "",
                 100.0 * l->tally[0].in[i] / tops[i], tops[i]);
    snprintf(head, sizeof head,
             "%s\nby %s %s: %.60s has %s; %.1f%% of all %u latents\n"
             "recall: part of a label's latents that is among the first 500\n\n",
             o->label
                 ? "labels as imported"
                 : "a latent's label: the text that holds more than half of the ten samples on which it fires most",
             scry_condition_name(l->ranking->source), scry_metric_name(l->ranking->metric), l->tally[0].name,
             *shares ? shares : "no top to look at", 100.0 * l->tally[0].all / F, F);
    static const output_column columns[] = {{"name", "label", NULL, 0},
                                            {"latents", "latents", "%.0f", 0},
                                            {"in_50", "in 50", "%.0f", 0},
                                            {"in_100", "in 100", "%.0f", 0},
                                            {"in_200", "in 200", "%.0f", 0},
                                            {"in_500", "in 500", "%.0f", 0},
                                            {"recall_500", "recall%", "%.1f", 100},
                                            {NULL, NULL, NULL, 0}};
    return output_print(o, facts_of(l, o->label != NULL), "labels", columns, head);
}

static bool has_labels(const scry_index *index) {
    for (uint32_t j = 0; j < scry_index_info(index)->d_sae; j++)
        if (scry_label(index, j)) return true;
    return false;
}

int shell_labels(const options *o) {
    scry_error err = {0};
    labels l = {0};
    uint32_t threads = 0;
    scry_condition source;
    scry_metric metric;
    bool ok = (l.index = cli_open(o, &err)) && cli_train(o, l.index, &l.train, &err) &&
              cli_ranking(o, l.index, l.train, &source, &metric, &err) &&
              options_number("--threads", o->threads, 1, 0, &threads, &err);
    if (ok && o->label && (!*o->label || !has_labels(l.index)))
        ok = scry_misuse(&err, "--label: %s",
                         *o->label ? "this index has no labels; name them in the study (\"labels\")"
                                   : "found no text, expected part of a label");
    ok = ok && (l.ranking = scry_rank(l.index, l.train, source, metric, &err));
    if (ok && o->label) tally_imported(&l, o->label);
    else if (ok) tally_owners(&l, threads);
    int status = ok ? print_labels(o, &l) : output_error(&err);
    free(l.tally);
    scry_ranking_free(l.ranking);
    scry_close(l.index);
    return status;
}
