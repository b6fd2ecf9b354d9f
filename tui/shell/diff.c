/* diff.c: scry diff: where two models speak differently. */
#include "differences.h"
#include "base/mem.h"
#include "results/diff_result.h"
#include "results/recovery_result.h"
#include "shell/cli_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct diff_command {
    const options *o;
    scry_index *index; /* NULL: texts of files */
    size_t train;
    scry_scope scope;
    bool *use; /* [D] */
    const char *files[OPTIONS_WORDS];
    scry_diff_query query;
    uint32_t words;
    double amplify;
    bool has_scope;
} diff_command;

static bool read_by(const char *text, scry_diff_by *by, scry_error *err) {
    static const char *const names[] = {
#define BY(id, name, help) name,
        SCRY_DIFF_BY_TABLE(BY)
#undef BY
    };
    *by = SCRY_DIFF_KL;
    for (int i = 0; text && i < SCRY_DIFF_BYS; i++)
        if (strcmp(text, names[i]) == 0) {
            *by = (scry_diff_by)i;
            return true;
        }
    return !text || cli_misuse(err, "--by", text, "kl or loss");
}

static bool check_together(const options *o, scry_error *err) {
    if (o->tuned && o->adapter) return scry_misuse(err, "--tuned and --adapter: found both, expected one tuned model");
    if (o->diff_rows && strcmp(o->diff_rows, "all") != 0 && strcmp(o->diff_rows, "response") != 0)
        return cli_misuse(err, "--rows", o->diff_rows, "all or response");
    if (o->diff_by && !o->places) return scry_misuse(err, "--by: belongs to --places K, which is missing");
    if (o->keep_rows &&
        (!o->words || o->places || o->vocabulary || o->most_samples || o->domains || o->diff_rows || o->amplify))
        return scry_misuse(err, "--keep: computes all tokens of a study; found %s",
                           o->words ? "other options, expected --keep alone" : "no study");
    if (o->recover && (o->keep_rows || o->places || o->vocabulary))
        return scry_misuse(err, "--recover: found %s, expected it without; it prints figures of its own",
                           o->keep_rows ? "--keep"
                           : o->places  ? "--places"
                                        : "--vocabulary");
    if (!o->recover && (o->sae || o->reads))
        return scry_misuse(err, "%s: belongs to --recover, which is missing", o->sae ? "--sae" : "--reads");
    if (o->by_domain && !o->vocabulary)
        return scry_misuse(err, "--by-domain: belongs to --vocabulary K, which is missing");
    return true;
}

static bool read_query(diff_command *c, scry_error *err) {
    const options *o = c->o;
    scry_diff_query *q = &c->query;
    scry_build_options build = {0};
    uint32_t samples, seed;
    if (!check_together(o, err) || !read_by(o->diff_by, &q->by, err) || !cli_bos(o, &q->bos, err) ||
        !cli_amplify(o, &c->amplify, &q->amplify, err) || !cli_build_options(o, &build, err) ||
        !options_number("--samples", o->most_samples, 1, 0, &samples, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) ||
        !options_number("--places", o->places, 1, 0, &q->places, err) ||
        !options_number("--vocabulary", o->vocabulary, 1, 0, &c->words, err))
        return false;
    q->files = c->files;
    q->file_count = options_repeated(o, "--domain", c->files);
    q->chat_template = o->chat_template;
    q->model = o->model;
    q->tuned = o->adapter ? o->adapter : o->tuned;
    q->all_tokens = o->diff_rows && strcmp(o->diff_rows, "all") == 0;
    q->samples = samples;
    q->seed = seed;
    q->threads = build.threads;
    q->memory = build.memory;
    if (!o->words && !q->file_count)
        return scry_misuse(err, "diff: expected texts: a study, or --domain NAME=FILE with --model and --tuned");
    if (o->words && q->file_count)
        return scry_misuse(err, "diff: found a study and --domain, expected the texts of one of them");
    return true;
}

static bool read_index(diff_command *c, scry_error *err) {
    const options *o = c->o;
    const char *spec;
    if (!o->words) return true;
    c->index = cli_open(o, err);
    if (!c->index || !cli_train(o, c->index, &c->train, err)) return false;
    const size_t D = scry_index_info(c->index)->domains;
    c->use = mem_new(D + 1, sizeof *c->use);
    c->query.index = c->index;
    c->query.study = scry_is_index(o->word[0]) ? NULL : o->word[0];
    c->query.train = c->train;
    c->query.domains = c->use;
    if (!cli_domains(o, &spec, err) || !scry_domains_read(c->use, c->index, c->train, spec, err)) return false;
    if (!D) return true;
    c->has_scope = cli_scope(o, c->index, c->train, &c->scope, err);
    return c->has_scope;
}

static scry_diff *run(const diff_command *c, scry_error *err) {
    cli_progress progress = {0};
    scry_notes notes = {0};
    cli_catch_interrupt();
    scry_cancel cancel = cli_cancel(&progress, "two models");
    scry_diff *diff = scry_diff_run(&c->query, &cancel, &notes, err);
    cli_release_interrupt();
    cli_end_progress(&progress);
    output_warnings(&notes);
    return diff;
}

/* A list of the results as a table, behind what stands in f. */
static void put_table(FILE *f, const cJSON *facts, const char *list, const result_column *columns) {
    result_table(f, result_get(facts, list), columns);
    fputc('\n', f);
}

static int print(const diff_command *c, const diff_view *v) {
    const options *o = c->o;
    const result_column *words = v->by_domain ? diff_domain_word_columns : diff_word_columns;
    result_column domains[9];
    cJSON *facts = diff_result(v);
    result_number(facts, "seed", (double)v->diff->seed);
    if (o->json) return output_print(o, facts, "domains", NULL, NULL);
    diff_domain_columns(v, domains);
    diff_add_rows(facts, v);
    const char *last = v->words ? "word_rows" : v->places ? "place_rows" : "domains";
    char *text = NULL, *head = diff_head(facts, v);
    size_t size;
    FILE *f = mem_stream(&text, &size);
    fprintf(f, "%s\n", head);
    if (strcmp(last, "domains") != 0) put_table(f, facts, "domains", domains);
    if (v->words && v->places) put_table(f, facts, "place_rows", diff_place_columns);
    mem_stream_end(f);
    free(head);
    int status = output_print(o, facts, last, v->words ? words : v->places ? diff_place_columns : domains, text);
    free(text);
    return status;
}

/* Computes the index's file, and says what is in it. */
static int keep(diff_command *c) {
    static const result_column columns[] = {{"path", "file", NULL, 0},         {"base", "base", NULL, 0},
                                            {"tuned", "tuned", NULL, 0},       {"tokens", "tokens", "%.0f", 0},
                                            {"mean_kl", "mean KL", "%.6g", 0}, {"mean_loss_change", "loss", "%.6g", 0},
                                            {"bytes", "bytes", "%.0f", 0},     {0}};
    const options *o = c->o;
    cli_progress progress = {0};
    scry_notes notes = {0};
    scry_error err = {0};
    scry_differences_info info;
    cli_catch_interrupt();
    scry_cancel cancel = cli_cancel(&progress, "two models");
    bool ok = scry_differences_compute(&c->query, &cancel, &notes, &err) &&
              scry_differences_attach(c->index, NULL, false, &err) && scry_differences_info_of(c->index, &info);
    cli_release_interrupt();
    cli_end_progress(&progress);
    output_warnings(&notes);
    if (!ok) return output_error(&err);
    if (!o->json && !o->csv) {
        char safe[400];
        output_safe(info.path, safe, sizeof safe);
        output_format(
            "%s: %llu tokens, mean KL %.4f, mean change of loss %+.4f nats\nscry rank and the table now have each "
            "latent's KL lift\n",
            safe, (unsigned long long)info.tokens, info.mean_kl, -info.mean_gain);
        return output_end();
    }
    cJSON *row = cJSON_CreateObject();
    result_text(row, "path", info.path);
    result_text(row, "base", info.base);
    result_text(row, "tuned", info.tuned);
    result_numbers(row, {"tokens", (double)info.tokens}, {"mean_kl", info.mean_kl},
                   {"mean_loss_change", -info.mean_gain}, {"bytes", (double)info.bytes});
    return output_print_row(o, row, columns);
}

static bool read_reads(const char *text, int *reads, scry_error *err) {
    *reads = -1;
    for (int i = 0; text && i < SCRY_READS_COUNT; i++)
        if (strcmp(text, scry_reads_names[i]) == 0) *reads = i;
    return !text || *reads >= 0 || cli_misuse(err, "--reads", text, "stream or difference");
}

/* How much of the KL an SAE wins back. */
static int recover(const diff_command *c) {
    const options *o = c->o;
    cli_progress progress = {0};
    scry_notes notes = {0};
    scry_error err = {0};
    scry_recovery_query query = {.diff = &c->query, .sae = o->sae};
    if (!read_reads(o->reads, &query.reads, &err)) return output_error(&err);
    cli_catch_interrupt();
    scry_cancel cancel = cli_cancel(&progress, "two models, patched");
    scry_recovery *recovery = scry_recovery_run(&query, &cancel, &notes, &err);
    cli_release_interrupt();
    cli_end_progress(&progress);
    output_warnings(&notes);
    if (!recovery) return output_error(&err);
    char *head = recovery_head(recovery, c->query.all_tokens);
    const int status =
        output_print(o, recovery_result(recovery, c->query.all_tokens), "domains", recovery_columns, head);
    free(head);
    scry_recovery_free(recovery);
    return status;
}

int shell_diff(const options *o) {
    scry_error err = {0};
    diff_command c = {.o = o};
    scry_diff *diff = NULL;
    bool ok = read_query(&c, &err) && read_index(&c, &err);
    if (ok && !o->keep_rows && !o->recover) diff = run(&c, &err);
    int status;
    if (ok && o->recover) status = recover(&c);
    else if (ok && o->keep_rows) status = keep(&c);
    else if (diff) {
        scry_result r = {0};
        if (c.has_scope) scry_diff_result(&r, diff, SCRY_DIFF_KL, c.index, &c.scope);
        status = print(&c, &(diff_view){.diff = diff,
                                        .index = c.index,
                                        .result = c.has_scope ? &r : NULL,
                                        .train = c.train,
                                        .is_signed = c.scope.is_signed,
                                        .all_tokens = c.query.all_tokens,
                                        .by_domain = o->by_domain,
                                        .by = c.query.by,
                                        .words = c.words,
                                        .places = o->places});
        if (c.has_scope) scry_result_free(&r);
    } else status = output_error(&err);
    scry_diff_free(diff);
    if (c.has_scope) scry_scope_free(&c.scope);
    free(c.use);
    scry_close(c.index);
    return status;
}
