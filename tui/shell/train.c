/* train.c: scry train: residuals to a new SAE. */
#include "shell/cli_context.h"
#include "shell/train_parts.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* True once a step has been measured. */
static bool has_figures(const scry_train_progress *p) {
    return p->loss > 0;
}

/* Draws one line, cut to the terminal's width, since a wrapped line cannot be overwritten. */
static void draw(const scry_train_progress *p) {
    enum { WIDTH = 20 };
    struct winsize w;
    char bar[WIDTH + 1], figures[96], line[256];
    int cols = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
    int width = cols < 110 ? WIDTH / 2 : WIDTH, full = (int)((double)p->step / (double)p->steps * width);
    for (int i = 0; i < width; i++) bar[i] = i < full ? '#' : '.';
    bar[width] = 0;
    snprintf(figures, sizeof figures, "  ev %.4f  L0 %.1f  loss %.4g  dead %.1f%%", p->explained_variance, p->l0,
             p->loss, 100 * p->dead);
    if (!has_figures(p)) *figures = 0;
    snprintf(line, sizeof line, "[%s] %3.0f%%  %.0f s left  %.0f tokens/s%s", bar,
             100.0 * (double)p->step / (double)p->steps, p->seconds_left, p->tokens_a_second, figures);
    output_progress(line, cols - 1);
}

typedef struct shown {
    bool bar_open;
    int tenth; /* the last tenth reported, where there is no terminal */
} shown;

static bool show(void *context, const scry_train_progress *p) {
    shown *s = context;
    if (isatty(STDERR_FILENO)) {
        draw(p);
        s->bar_open = true;
    } else if ((int)(10 * p->step / p->steps) > s->tenth) {
        s->tenth = (int)(10 * p->step / p->steps);
        char figures[96];
        snprintf(figures, sizeof figures, " loss %.4g, explained variance %.4f, L0 %.1f,", p->loss,
                 p->explained_variance, p->l0);
        output_say("training: step %llu of %llu,%s %.0f tokens/s", (unsigned long long)p->step,
                   (unsigned long long)p->steps, has_figures(p) ? figures : "", p->tokens_a_second);
    }
    return !cli_interrupted();
}

static int report(const options *o, const scry_train_result *r) {
    const scry_sae_evaluation *e = &r->evaluation;
    const scry_sae_quality *q = scry_evaluation_quality(e);
    cJSON *row = cJSON_CreateObject();
    result_text(row, "sae", o->out);
    result_text(row, "arch", scry_arch_names[(int)r->settings.arch]);
    result_numbers(row, {"d_in", q->d_in}, {"d_sae", q->d_sae}, {"steps", (double)r->steps},
                   {"tokens", (double)r->tokens}, {"rows", (double)r->rows}, {"held_out_rows", (double)r->held_rows});
    cJSON_AddBoolToObject(row, "held_out", r->held);
    if (r->difference) cJSON_AddBoolToObject(row, "difference", true);
    cli_add_minus(row, o);
    add_quality(row, q);
    add_outliers(row, e);
    result_number(row, "seconds", r->seconds);
    char explained[QUALITY_EXPLAINED];
    if (!o->json && !o->csv)
        output_say("%s: %s, %u latents, %llu steps, %.1f s; on %s%llu %s tokens: explained variance %s, L0 %.2f, "
                   "cosine %.4f, dead %.1f%%",
                   o->out, scry_arch_names[(int)r->settings.arch], q->d_sae, (unsigned long long)r->steps, r->seconds,
                   r->difference ? "the differences of " : "", (unsigned long long)q->tokens,
                   r->held ? "held-out" : "training", quality_explained(q, explained), q->l0, q->cosine, 100 * q->dead);
    const scry_sae_quality *others = e->outliers.kept ? &e->without_outliers : &e->with_outliers;
    if (!o->json && !o->csv && e->outliers.outliers)
        output_say("%s outliers, on %llu %s tokens: explained variance %s, L0 %.2f, cosine %.4f",
                   e->outliers.kept ? "without" : "with", (unsigned long long)others->tokens,
                   r->held ? "held-out" : "training", quality_explained(others, explained), others->l0, others->cosine);
    static const result_column columns[] = {{"sae", "sae", NULL, 0},
                                            {"arch", "arch", NULL, 0},
                                            {"d_in", "d_in", "%.0f", 0},
                                            {"d_sae", "d_sae", "%.0f", 0},
                                            {"steps", "steps", "%.0f", 0},
                                            {"tokens", "tokens", "%.0f", 0},
                                            {"rows", "rows", "%.0f", 0},
                                            {"held_out_rows", "held out", "%.0f", 0},
                                            QUALITY_COLUMNS,
                                            OUTLIER_COLUMNS,
                                            {"seconds", "seconds", "%.3f", 0},
                                            {0}};
    return output_print_row(o, row, columns);
}

/* A resumed run keeps its settings; options such as --threads and --json are not settings. */
static bool check_words(const options *o, scry_error *err) {
    const char *setting = o->resume ? train_options_first(o) : NULL;
    if (!o->out)
        return scry_misuse(err, "train: -o is missing; scry train CAPTURE... -o DIR%s",
                           o->watch ? ", or scry train --watch DIR to see a run" : "");
    if (!o->words && !o->resume)
        return scry_misuse(err, "train: expected residual files or a study manifest; scry train CAPTURE... -o %s",
                           o->out);
    if (setting) return scry_misuse(err, "--resume keeps the settings of the run; remove %s", setting);
    if (o->size) return scry_misuse(err, "--size: needs scry train --watch DIR, whose curves it prints");
    return true;
}

static bool train_shown(const options *o, const scry_train_input *input, scry_train_run *run, scry_train_result *result,
                        scry_notes *notes, scry_error *err) {
    shown s = {0};
    run->progress = show;
    run->context = &s;
    if (o->watch && train_watch_can()) return train_watched(o, input, run, result, notes, err);
    if (o->watch)
        output_say("--watch: standard output is not a terminal, so the curves are not drawn; scry train --watch "
                   "%s in a terminal shows them",
                   o->out);
    cli_catch_interrupt();
    bool ok = scry_train(o->out, input, run, result, notes, err);
    cli_release_interrupt();
    return ok;
}

int shell_train(const options *o) {
    if (o->watch && o->words && !o->out && !o->resume) return train_watch_folder(o);
    scry_error err = {0};
    scry_notes notes = {0};
    scry_train_input input = {.condition = -1};
    scry_train_run run = {.resume = o->resume != NULL, .model_name = o->model_name, .hook_name = o->hook_name};
    scry_build_options build = {0};
    const char *minus[OPTIONS_WORDS];
    if (!check_words(o, &err) || (o->into && !scry_study_can_set_sae(o->into, &err)) ||
        !cli_build_options(o, &build, &err) || !train_options_read(o, &run.settings, &err) ||
        !cli_residuals(o, 0, minus, &input, &err))
        return output_error(&err);
    run.threads = build.threads;
    run.memory = build.memory;
    scry_train_result result;
    bool ok = train_shown(o, &input, &run, &result, &notes, &err);
    if (isatty(STDERR_FILENO)) output_progress(NULL, 0);
    output_warnings(&notes);
    if (ok && o->into && (ok = scry_study_set_sae(o->into, o->out, &err)))
        output_say("%s: names %s as its SAE", o->into, o->out);
    return ok ? report(o, &result) : output_error(&err);
}
