/* cli_context.h: the index that a command works on, from an index file or a study manifest. */
#ifndef SCRY_SHELL_CLI_CONTEXT_H
#define SCRY_SHELL_CLI_CONTEXT_H

#include "results/results.h"
#include "shell/commands.h"
#include "shell/output.h"

/* Opens the index of the command's first argument: an index file, or a study manifest, which is first indexed into the
 * cache, with progress on stderr, unless it is there already. NULL and err otherwise. Owner: scry_close. */
scry_index *cli_open(const options *o, scry_error *err);
/* The same for any path. */
scry_index *cli_open_path(const options *o, const char *path, scry_error *err);

/* The manifest of a folder, FOLDER/study.json; a copy of any other path. NULL and err, which lists what there is, where
 * the folder has none. The caller frees it. */
char *cli_study_path(const char *path, scry_error *err);

/* False with err when -o would overwrite an input of the command, or, without --force, a file that is not of the kind
 * which the command writes, such as a study or a note. Commands that write a folder are not checked. */
bool cli_spares(const options *o, scry_error *err);

/* False with err when the index is a scores-only study, which has no latents. */
bool cli_needs_latents(const scry_index *index, scry_error *err);

/* Sets err to "OPTION: found ..., expected ..."; returns false. */
bool cli_misuse(scry_error *err, const char *option, const char *found, const char *expected);
/* Reads what latents are ranked by: a source of shift, or base. */
bool cli_condition(const char *option, const char *text, scry_condition *source, scry_error *err);

/* --bos: auto where it is not given. */
bool cli_bos(const options *o, scry_bos *bos, scry_error *err);
/* --amplify into *times, and *amplify to point there, NULL where it is not given. */
bool cli_amplify(const options *o, double *times, const double **amplify, scry_error *err);
/* --threads, --memory, --allow-nonfinite, for indexing. */
bool cli_build_options(const options *o, scry_build_options *build, scry_error *err);

/* Reads residual files and studies: the arguments from `from` on, --minus, --condition and --allow-nonfinite. minus:
 * room for what input->minus points to. */
bool cli_residuals(const options *o, int from, const char *minus[OPTIONS_WORDS], scry_train_input *input,
                   scry_error *err);
/* Adds "minus", what was subtracted from each capture, where something was. */
void cli_add_minus(cJSON *facts, const options *o);

/* --against: base where it is not given, or is a set (of scry sets). cli_open and cli_open_path give the index against
 * it. */
bool cli_reference(const options *o, scry_reference *against, scry_error *err);
/* The training set of --train, or the first. */
bool cli_train(const options *o, const scry_index *index, size_t *train, scry_error *err);
/* --by (or the first source there is), --metric. */
bool cli_ranking(const options *o, const scry_index *index, size_t train, scry_condition *source, scry_metric *metric,
                 scry_error *err);
/* Ranks by them: sets s->train and s->ranking, of the open s->index. */
bool cli_rank(const options *o, selection_context *s, scry_error *err);
/* --score. */
bool cli_score(const options *o, const scry_index *index, scry_score *score, scry_error *err);
/* --top, at least `least`; else `fallback`, but no more ranks than the index has scores for. */
bool cli_top(const options *o, const scry_index *index, uint32_t least, uint32_t fallback, uint32_t *top,
             scry_error *err);
/* SELECTION: --top of the ranking, or --set, or --latents; then --without and --with. */
scry_set *cli_selection(const options *o, const scry_index *index, const scry_ranking *ranking, scry_error *err);
/* The second argument: a latent. --capture: the capture's number, -1 for all. */
bool cli_latent(const options *o, const scry_index *index, uint32_t *latent, scry_error *err);
bool cli_capture(const options *o, const scry_index *index, int *capture, scry_error *err);
/* --domains, or "all". */
bool cli_domains(const options *o, const char **spec, scry_error *err);
/* --domains, --signed and --absolute: as text for a session; and as a scope, which the caller frees. */
bool cli_scope_spec(const options *o, const scry_index *index, const char **spec, bool *is_signed, scry_error *err);
bool cli_scope(const options *o, const scry_index *index, size_t train, scry_scope *scope, scry_error *err);

/* Reads index, score, ranking and selection into s. False with err. Call cli_free in either case. */
bool cli_read(const options *o, selection_context *s, scry_error *err);
void cli_free(selection_context *s);

/* Progress on stderr, for scry_build_options: a bar on a terminal, elsewhere a line per step; false after Ctrl-C. */
typedef struct cli_progress {
    const char *step;
    double started, drawn;
    bool bar_open;
} cli_progress;
bool cli_show_progress(void *context, const char *step, uint64_t done, uint64_t total);
/* The same for work that polls a scry_cancel and reports from one thread: begins the step. Borrows p. */
scry_cancel cli_cancel(cli_progress *p, const char *step);
/* Ends the bar's line. */
void cli_end_progress(cli_progress *p);
/* From here on Ctrl-C, SIGTERM and SIGHUP (unless it is ignored) make cli_show_progress return false. */
void cli_catch_interrupt(void);
void cli_release_interrupt(void);
bool cli_interrupted(void);

#endif
