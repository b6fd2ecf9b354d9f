/* train.c: scry train: residuals to a new SAE. */
#include "commands/commands.h"
#include "commands/facts.h"
#include "commands/out.h"
#include "commands/subject.h"
#include "train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- words to settings ---- */

static bool read_word(const char *name, const char *text, const char *const *words, int count, double *out,
                      scry_error *err) {
    for (int i = 0; text && i < count; i++)
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return true;
        }
    if (!text) return true;
    char list[160] = "";
    for (int i = 0; i < count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s",
                 i == 0          ? ""
                 : i + 1 < count ? ", "
                                 : " or ",
                 words[i]);
    return scry_misuse(err, "%s: found \"%.40s\", expected %s", name, text, list);
}

static bool read_number(const char *name, const char *text, double least, double most, bool whole, double *out,
                        scry_error *err) {
    if (!text) return true;
    char *end;
    double number = strtod(text, &end);
    bool plain = (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
    if (!plain || *end || !(number >= least && number <= most) || (whole && floor(number) < number))
        return scry_misuse(err, "%s: found \"%.40s\", expected a %snumber of %g to %g", name, text,
                           whole ? "whole " : "", least, most);
    *out = number;
    return true;
}

static bool read_betas(const char *text, scry_train_settings *s, scry_error *err) {
    if (!text) return true;
    char first[32];
    const char *comma = strchr(text, ',');
    size_t length = comma ? (size_t)(comma - text) : sizeof first;
    if (length >= sizeof first)
        return scry_misuse(err, "--betas: found \"%.40s\", expected two such as 0.9,0.999", text);
    snprintf(first, sizeof first, "%.*s", (int)length, text);
    return read_number("--betas", first, 0, 0.9999999, false, &s->beta1, err) &&
           read_number("--betas", comma + 1, 0, 0.9999999, false, &s->beta2, err);
}

static bool read_numbers(const options *o, scry_train_settings *s, scry_error *err) {
    const struct {
        const char *name, *text;
        double least, most;
        bool whole;
        double *out;
    } rows[] = {
        {"--width", o->width, 1, 1 << 26, true, &s->width},
        {"--k", o->k, 1, 1 << 20, true, &s->k},
        {"--sparsity", o->sparsity, 0, 1e9, false, &s->sparsity},
        {"--sparsity-warmup", o->sparsity_warmup, 0, 1e12, true, &s->sparsity_warmup},
        {"--bandwidth", o->bandwidth, 1e-9, 1e9, false, &s->bandwidth},
        {"--threshold", o->threshold, 1e-9, 1e9, false, &s->first_threshold},
        {"--steps", o->steps, 1, 1e12, true, &s->steps},
        {"--batch", o->batch, 1, 1 << 20, true, &s->batch},
        {"--lr", o->lr, 0, 1e3, false, &s->lr},
        {"--warmup", o->warmup, 0, 1e12, true, &s->warmup},
        {"--clip", o->clip, 0, 1e12, false, &s->clip},
        {"--dead-after", o->dead_after, 1, 1e15, true, &s->dead_after},
        {"--auxk", o->auxk, 1, 1 << 20, true, &s->auxk},
        {"--auxk-weight", o->auxk_weight, 0, 1e9, false, &s->auxk_weight},
        {"--held-out", o->held_out, 0, 0.9, false, &s->held_out},
        {"--seed", o->seed, 0, 4294967295.0, true, &s->seed},
        {"--log-every", o->log_every, 1, 1e12, true, &s->log_every},
        {"--checkpoint-every", o->checkpoint_every, 1, 1e12, true, &s->checkpoint_every},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!read_number(rows[i].name, rows[i].text, rows[i].least, rows[i].most, rows[i].whole, rows[i].out, err))
            return false;
    return true;
}

static bool read_settings(const options *o, scry_train_settings *s, scry_error *err) {
    scry_train_undecided(s);
    if (o->no_normalize) s->normalize = 0;
    return read_word("--arch", o->arch, scry_arch_names, SCRY_ARCHS, &s->arch, err) &&
           read_word("--penalty", o->penalty, scry_penalty_names, SCRY_PENALTIES, &s->penalty, err) &&
           read_word("--decay", o->decay, scry_decay_names, SCRY_DECAYS, &s->decay, err) &&
           read_word("--center", o->center, scry_center_names, SCRY_CENTERS, &s->center, err) &&
           read_word("--revive", o->revive, scry_revive_names, SCRY_REVIVALS, &s->revive, err) &&
           read_numbers(o, s, err) && read_betas(o->betas, s, err);
}

/* An option that the architecture does not look at is a mistake in the words. */
static bool check_goes_together(const options *o, const scry_train_settings *s, scry_error *err) {
    int arch = s->arch < 0 ? SCRY_TOPK : (int)s->arch;
    bool counts = arch == SCRY_TOPK || arch == SCRY_BATCHTOPK, jumps = arch == SCRY_JUMPRELU;
    const struct {
        const char *name, *text, *with;
        bool fine;
    } rows[] = {{"--k", o->k, "topk and batchtopk", counts},
                {"--sparsity", o->sparsity, "relu and jumprelu", !counts},
                {"--sparsity-warmup", o->sparsity_warmup, "relu and jumprelu", !counts},
                {"--penalty", o->penalty, "jumprelu", jumps},
                {"--bandwidth", o->bandwidth, "jumprelu", jumps},
                {"--threshold", o->threshold, "jumprelu", jumps}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].text && !rows[i].fine)
            return scry_misuse(err, "%s goes with --arch %s, not with %s", rows[i].name, rows[i].with,
                               scry_arch_names[arch]);
    return true;
}

/* A run that goes on keeps its settings: --threads and --json say nothing about them. */
static bool check_resume(const options *o, scry_error *err) {
    if (!o->resume) return true;
    const struct {
        const char *name, *text;
    } rows[] = {{"--arch", o->arch},
                {"--width", o->width},
                {"--k", o->k},
                {"--sparsity", o->sparsity},
                {"--penalty", o->penalty},
                {"--sparsity-warmup", o->sparsity_warmup},
                {"--steps", o->steps},
                {"--bandwidth", o->bandwidth},
                {"--batch", o->batch},
                {"--threshold", o->threshold},
                {"--lr", o->lr},
                {"--betas", o->betas},
                {"--warmup", o->warmup},
                {"--decay", o->decay},
                {"--clip", o->clip},
                {"--center", o->center},
                {"--revive", o->revive},
                {"--dead-after", o->dead_after},
                {"--auxk", o->auxk},
                {"--auxk-weight", o->auxk_weight},
                {"--held-out", o->held_out},
                {"--seed", o->seed},
                {"--memory", o->memory},
                {"--no-normalize", o->no_normalize},
                {"--log-every", o->log_every},
                {"--checkpoint-every", o->checkpoint_every},
                {"--condition", o->condition}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].text)
            return scry_misuse(err, "--resume goes on with the settings that the run began with; leave out %s",
                               rows[i].name);
    return true;
}

/* ---- on the way ---- */

static void draw(const scry_train_progress *p) {
    enum { WIDTH = 20 };
    char bar[WIDTH + 1];
    int full = (int)((double)p->step / (double)p->steps * WIDTH);
    for (int i = 0; i < WIDTH; i++) bar[i] = i < full ? '#' : '.';
    bar[WIDTH] = 0;
    fprintf(stderr, "\r[%s] %3.0f%%  loss %.4g  ev %.4f  L0 %.1f  dead %.1f%%  %.0f tokens/s  %.0f s left \x1b[K", bar,
            100.0 * (double)p->step / (double)p->steps, p->loss, p->explained_variance, p->l0, 100 * p->dead,
            p->tokens_a_second, p->seconds_left);
    fflush(stderr);
}

typedef struct shown {
    bool bar_open;
    int tenth; /* the last one told, where there is no terminal */
} shown;

static bool show(void *context, const scry_train_progress *p) {
    shown *s = context;
    if (isatty(STDERR_FILENO)) {
        draw(p);
        s->bar_open = true;
    } else if ((int)(10 * p->step / p->steps) > s->tenth) {
        s->tenth = (int)(10 * p->step / p->steps);
        fprintf(stderr,
                "scry: training: step %llu of %llu, loss %.4g, explained variance %.4f, L0 %.1f, %.0f tokens/s\n",
                (unsigned long long)p->step, (unsigned long long)p->steps, p->loss, p->explained_variance, p->l0,
                p->tokens_a_second);
    }
    return !subject_interrupted();
}

/* ---- at the end ---- */

static int report(const options *o, const scry_train_result *r) {
    const scry_sae_quality *q = &r->quality;
    cJSON *row = cJSON_CreateObject();
    out_text(row, "sae", o->out);
    out_text(row, "arch", scry_arch_names[(int)r->settings.arch]);
    out_number(row, "d_in", q->d_in);
    out_number(row, "d_sae", q->d_sae);
    out_number(row, "steps", (double)r->steps);
    out_number(row, "tokens", (double)r->tokens);
    out_number(row, "rows", (double)r->rows);
    out_number(row, "held_out_rows", (double)r->held_rows);
    cJSON_AddBoolToObject(row, "held_out", r->held);
    add_quality(row, q);
    out_number(row, "seconds", r->seconds);
    if (!o->json && !o->csv)
        fprintf(stderr,
                "scry: %s: %s, %u latents, %llu steps, %.1f s; on %llu %s tokens: explained variance %.4f, L0 %.2f, "
                "cosine %.4f, dead %.1f%%\n",
                o->out, scry_arch_names[(int)r->settings.arch], q->d_sae, (unsigned long long)r->steps, r->seconds,
                (unsigned long long)q->tokens, r->held ? "held-out" : "training", q->explained_variance, q->l0,
                q->cosine, 100 * q->dead);
    static const out_column columns[] = {{"sae", "sae", NULL, 0},
                                         {"arch", "arch", NULL, 0},
                                         {"d_in", "d_in", "%.0f", 0},
                                         {"d_sae", "d_sae", "%.0f", 0},
                                         {"steps", "steps", "%.0f", 0},
                                         {"tokens", "tokens", "%.0f", 0},
                                         {"rows", "rows", "%.0f", 0},
                                         {"held_out_rows", "held out", "%.0f", 0},
                                         QUALITY_COLUMNS,
                                         {"seconds", "seconds", "%.3f", 0},
                                         {NULL, NULL, NULL, 0}};
    return out_print_row(o, row, columns);
}

int shell_train(const options *o) {
    scry_error err = {0};
    scry_notes notes = {0};
    shown s = {0};
    scry_train_input input = {.condition = -1};
    scry_train_run run = {.resume = o->resume != NULL, .progress = show, .context = &s};
    scry_build_options build = {0};
    if (!o->out) scry_misuse(&err, "train: -o is missing; scry train CAPTURE... -o DIR");
    else if (!o->words && !o->resume)
        scry_misuse(&err, "train: expected residual files or a study manifest; scry train CAPTURE... -o %s", o->out);
    if (err.status || !check_resume(o, &err) || !subject_build_options(o, &build, &err) ||
        !read_settings(o, &run.settings, &err) || !check_goes_together(o, &run.settings, &err) ||
        !subject_residuals(o, 0, &input, &err))
        return out_error(&err);
    run.threads = build.threads;
    run.memory = build.memory;
    scry_train_result result;
    subject_catch_interrupt();
    bool ok = scry_train(o->out, &input, &run, &result, &notes, &err);
    subject_release_interrupt();
    if (s.bar_open) fprintf(stderr, "\r\x1b[K");
    for (size_t i = 0; i < notes.count; i++) out_warning(notes.text[i]);
    scry_notes_free(&notes);
    return ok ? report(o, &result) : out_error(&err);
}
