/* capture.c: scry capture: from models and texts to a study. */
#include "capture.h"
#include "base/clock.h"
#include "shell/capture_config.h"
#include "shell/cli_context.h"
#include "shell/evaluate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- options ---- */

/* A word of a few. */
static bool read_choice(const char *option, const char *text, const char *const *names, int count, int *out,
                        scry_error *err) {
    char expected[SCRY_CHOICES];
    if (!text) return true;
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], text) == 0) {
            *out = i;
            return true;
        }
    return scry_misuse(err, "%s: found \"%.40s\", expected %s", option, text,
                       alternatives(expected, sizeof expected, names, sizeof *names, (size_t)count));
}

static bool read_shard(const options *o, scry_capture_options *c, scry_error *err) {
    char rest;
    unsigned i, n;
    if (!o->shard) return true;
    if (sscanf(o->shard, "%u/%u%c", &i, &n, &rest) != 2 || i < 1 || i > n)
        return scry_misuse(err, "--shard: found \"%.40s\", expected I/N such as 1/4, I from 1 to N", o->shard);
    c->shard = i;
    c->shards = n;
    return true;
}

static bool read_dtype(const options *o, scry_capture_options *c, scry_error *err) {
    char choices[SCRY_CHOICES];
    int dtype = o->dtype ? scry_capture_dtype_of(o->dtype) : (int)SCRY_CAPTURE_F16;
    if (dtype < 0)
        return scry_misuse(err, "--dtype: found \"%.40s\", expected %s", o->dtype, scry_capture_dtype_choices(choices));
    c->dtype = (scry_capture_dtype)dtype;
    return true;
}

static bool read_numbers(const options *o, scry_capture_options *c, scry_error *err) {
    uint32_t seed, tokens, samples;
    if (!options_number("--demos", o->demos, 0, SCRY_DEMOS, &c->demos, err) ||
        !options_number("--domain-demos", o->domain_demos, 0, SCRY_DOMAIN_DEMOS, &c->domain_demos, err) ||
        !options_number("--max-length", o->max_length, 1, 0, &c->max_length, err) ||
        !options_number("--tokens", o->most_tokens, 1, 0, &tokens, err) ||
        !options_number("--samples", o->most_samples, 1, 0, &samples, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err))
        return false;
    c->tokens = tokens;
    c->samples = samples;
    c->seed = seed;
    return true;
}

/* domains and demos [OPTIONS_WORDS] hold the repeated options. */
static bool read_options(const options *o, const char **domains, const char **demos, scry_capture_options *c,
                         scry_error *err) {
    static const char *const from[] = {"seed", "previous"}, *const rows[] = {"all", "response"},
                             *const bos[] = {"auto", "yes", "no"};
    int previous = 0, response = 0, text = SCRY_BOS_AUTO;
    scry_build_options build = {0};
    if (!o->out) return scry_misuse(err, "capture: -o is missing: the folder of the study");
    if (!cli_build_options(o, &build, err) || !read_choice("--demos-from", o->demos_from, from, 2, &previous, err) ||
        !read_choice("--rows", o->rows, rows, 2, &response, err) || !read_choice("--bos", o->bos, bos, 3, &text, err) ||
        !read_dtype(o, c, err) || !read_shard(o, c, err) || !read_numbers(o, c, err))
        return false;
    c->model = o->model;
    c->tuned = o->tuned;
    c->adapter = o->adapter;
    c->rl = o->rl;
    c->hook = o->hook;
    c->layer = o->layer;
    c->sae = o->sae;
    c->name = o->name;
    c->model_name = o->model_name;
    c->train = o->train_text;
    c->domains = domains;
    c->domain_count = options_repeated(o, "--domain", domains);
    c->demos_files = demos;
    c->demos_file_count = options_repeated(o, "--demos-file", demos);
    c->demos_previous = previous;
    c->rows_response = response;
    c->bos = (scry_bos)text;
    c->control = o->control != NULL;
    c->chat_template = o->chat_template;
    c->separator = o->separator;
    c->force = o->force != NULL;
    c->threads = build.threads;
    c->memory = build.memory;
    return true;
}

/* ---- progress ---- */

typedef struct shown {
    double started, drawn;
    size_t number; /* of the capture that was named last */
    bool bar_open;
} shown;

static void draw(shown *s, const scry_capture_progress *p, double t) {
    enum { WIDTH = 20 };
    struct winsize w;
    char bar[WIDTH + 1], line[256], name[80];
    int cols = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
    int width = cols < 100 ? WIDTH / 2 : WIDTH;
    double share = p->total ? (double)p->done / (double)p->total : 1, elapsed = t - s->started;
    double rate = elapsed > 0 ? (double)p->done / elapsed : 0,
           left = rate > 0 ? (double)(p->total - p->done) / rate : 0;
    for (int i = 0; i < width; i++) bar[i] = i < (int)(share * width) ? '#' : '.';
    bar[width] = 0;
    output_safe(p->capture, name, sizeof name);
    snprintf(line, sizeof line, "[%s] %3.0f%%  %zu of %zu, %s  %.0f tokens/s  %.0f s left", bar, 100 * share, p->number,
             p->captures, name, rate, left);
    output_progress(line, cols - 1);
    s->bar_open = true;
    s->drawn = t;
}

static bool show(void *context, const scry_capture_progress *p) {
    shown *s = context;
    double t = clock_seconds();
    if (!s->number) s->started = t;
    bool next = s->number != p->number;
    s->number = p->number;
    if (isatty(STDERR_FILENO)) {
        if (next || t - s->drawn > 0.1 || p->done == p->total) draw(s, p, t);
    } else if (next) {
        char name[200];
        output_safe(p->capture, name, sizeof name);
        output_say("capture %zu of %zu: %s, %" PRIu64 " tokens", p->number, p->captures, name, p->rows);
    }
    return !cli_interrupted();
}

/* ---- results ---- */

/* Prints it below the captures; with --json it is one of their keys. */
static void add_evaluation(const options *o, cJSON *facts, const scry_evaluation *e) {
    cJSON *own = evaluation_result(e);
    if (o->json) cJSON_AddItemToObject(facts, "evaluation", own);
    else cJSON_Delete(own);
}

static int print_evaluation(const options *o, const scry_evaluation *e) {
    evaluation_columns columns;
    cJSON *facts = evaluation_result(e);
    evaluation_columns_table(facts, e, &columns);
    char *head = evaluation_head(e);
    output_text("\n");
    int status = output_print(o, facts, "domains", columns.columns, head);
    free(head);
    return status;
}

/* e may be NULL. */
static int report(const options *o, const scry_capture_result *r, const scry_evaluation *e) {
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "study", r->study);
    cJSON_AddBoolToObject(facts, "complete", r->complete);
    cJSON *list = cJSON_AddArrayToObject(facts, "captures");
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        cJSON *row = cJSON_CreateObject();
        result_text(row, "name", r->capture[i].name);
        result_text(row, "condition", r->capture[i].condition);
        result_numbers(row, {"tokens", (double)r->capture[i].tokens}, {"samples", (double)r->capture[i].samples},
                       {"seconds", r->capture[i].seconds});
        cJSON_AddBoolToObject(row, "kept", r->capture[i].kept);
        cJSON_AddItemToArray(list, row);
        kept += r->capture[i].kept;
    }
    result_number(facts, "tokens_per_second", r->tokens_per_second);
    if (!o->json && !o->csv) {
        char study[600];
        output_safe(r->study, study, sizeof study);
        output_say("%s: %zu captures, %zu of them kept, %.0f tokens/s%s", study, r->count, kept, r->tokens_per_second,
                   r->complete ? "" : "; the study is written with the last of the other shards");
    }
    static const result_column columns[] = {{"name", "capture", NULL, 0},      {"condition", "condition", NULL, 0},
                                            {"tokens", "tokens", "%.0f", 0},   {"samples", "samples", "%.0f", 0},
                                            {"seconds", "seconds", "%.3f", 0}, {0}};
    if (e) add_evaluation(o, facts, e);
    int status = output_print(o, facts, "captures", columns, NULL);
    return status || !e || o->json || o->csv ? status : print_evaluation(o, e);
}

/* What --evaluate asks for, checked before anything is captured. */
static bool read_evaluation(const options *o, scry_evaluation_query *q, const char *files[OPTIONS_WORDS],
                            scry_error *err) {
    if (!o->evaluate) {
        const char *unused = o->change ? "--change" : o->draws ? "--draws" : NULL;
        return !unused || scry_misuse(err, "%s: belongs to --evaluate, which is missing", unused);
    }
    if (!evaluate_read(o, q, files, err)) return false;
    if (!q->tuned && !q->adapter) q->tuned = o->rl;
    if (!q->tuned && !q->adapter)
        return scry_misuse(err,
                           "--evaluate: expected a tuned model, whose change is measured: --tuned, --adapter or --rl");
    if (!q->file_count)
        return scry_misuse(err, "--evaluate: expected domains, whose change is measured: --domain NAME=FILE");
    return true;
}

/* Measures and writes it into the study, once all of it is there. */
static bool measure(const options *o, scry_evaluation_query *q, const scry_capture_result *r, scry_evaluation **e,
                    scry_notes *notes, scry_error *err) {
    *e = NULL;
    if (!o->evaluate || !r->complete) return true;
    *e = evaluate_run(q, notes, err);
    return *e && scry_evaluation_write(*e, r->study, r->study, notes, err);
}

static int capture_with(const options *o) {
    scry_error err = {0};
    scry_notes notes = {0};
    shown s = {0};
    const char *domains[OPTIONS_WORDS], *demos[OPTIONS_WORDS], *files[OPTIONS_WORDS];
    scry_capture_options c = {.progress = show, .context = &s};
    scry_evaluation_query query = {0};
    scry_evaluation *e = NULL;
    if (!read_options(o, domains, demos, &c, &err) || !read_evaluation(o, &query, files, &err))
        return output_error(&err);
    scry_capture_result result;
    cli_catch_interrupt();
    bool ok = scry_capture(o->out, &c, &result, &notes, &err);
    bool interrupted = cli_interrupted();
    cli_release_interrupt();
    if (s.bar_open) output_progress(NULL, 0);
    if (!ok && interrupted)
        scry_fail(&err, "interrupted; finished captures are kept, and the same command goes on with the rest");
    ok = ok && measure(o, &query, &result, &e, &notes, &err);
    output_warnings(&notes);
    int status = ok ? report(o, &result, e) : output_error(&err);
    scry_evaluation_free(e);
    scry_capture_result_free(&result);
    return status;
}

int shell_capture(const options *o) {
    if (!o->words) return capture_with(o);
    scry_error err = {0};
    capture_config config;
    options with = *o;
    bool ok = capture_config_read(&config, o->word[0], &with, &err);
    int status = ok ? capture_with(&with) : output_error(&err);
    capture_config_free(&config);
    return status;
}
