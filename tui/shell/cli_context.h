/* cli_context.h: the index that a command works on, from an index file or a study manifest. */
#ifndef SCRY_SHELL_CLI_CONTEXT_H
#define SCRY_SHELL_CLI_CONTEXT_H

#include "results/results.h"
#include "shell/commands.h"
#include "shell/output.h"

/* The first word: an index is opened; a manifest is indexed first into the cache, with progress on
 * stderr, or taken from there. NULL and err otherwise. Owner: scry_close. */
scry_index *cli_open(const options *o, scry_error *err);
/* The same for one path: an index, or a manifest, which is indexed into the cache first. */
scry_index *cli_open_path(const options *o, const char *path, scry_error *err);

/* False with err where -o would take the place of what the command reads, or an index that of a file that is none: a
 * study, a capture. Commands that write a folder are not asked. */
bool cli_spares(const options *o, scry_error *err);

/* False with err when the index is a scores-only study, which has no latents. */
bool cli_needs_latents(const scry_index *index, scry_error *err);

/* Sets err to "OPTION: found ..., expected ..."; returns false. */
bool cli_misuse(scry_error *err, const char *option, const char *found, const char *expected);
/* Reads a source of shift. */
bool cli_source(const char *option, const char *text, scry_condition *source, scry_error *err);

/* --threads, --memory, --allow-nonfinite, for indexing. */
bool cli_build_options(const options *o, scry_build_options *build, scry_error *err);

/* Residual files and studies: the words from `from` on, with --condition and --allow-nonfinite. */
bool cli_residuals(const options *o, int from, scry_train_input *input, scry_error *err);

/* The training set of --train, or the first. */
bool cli_train(const options *o, const scry_index *index, size_t *train, scry_error *err);
/* --by (or the first source there is), --metric. */
bool cli_ranking(const options *o, const scry_index *index, size_t train, scry_condition *source, scry_metric *metric,
                 scry_error *err);
/* Ranks by them: sets s->train and s->ranking, of the open s->index. */
bool cli_rank(const options *o, selection_context *s, scry_error *err);
/* --score. */
bool cli_score(const options *o, const scry_index *index, scry_score *score, scry_error *err);
/* --top, from `least` up; `fallback` where it is not given, but no more than the index scores of a ranking. */
bool cli_top(const options *o, const scry_index *index, uint32_t least, uint32_t fallback, uint32_t *top,
             scry_error *err);
/* SELECTION: --top of the ranking, or --set, or --latents; then --without and --with. */
scry_set *cli_selection(const options *o, const scry_index *index, const scry_ranking *ranking, scry_error *err);
/* The second word: a latent. --capture: its number, -1 for all. */
bool cli_latent(const options *o, const scry_index *index, uint32_t *latent, scry_error *err);
bool cli_capture(const options *o, const scry_index *index, int *capture, scry_error *err);
/* --domains as given, "all" where it is not. */
bool cli_domains(const options *o, const char **spec, scry_error *err);
/* --domains, --signed, --absolute: as text, for a session; and as a scope. */
bool cli_scope_spec(const options *o, const scry_index *index, const char **spec, bool *is_signed, scry_error *err);
bool cli_scope(const options *o, const scry_index *index, size_t train, scry_scope *scope, scry_error *err);

/* False with err; cli_free in either case. */
bool cli_read(const options *o, selection_context *s, scry_error *err);
void cli_free(selection_context *s);

/* Progress on stderr: a bar on a terminal, a line a step elsewhere; false after ctrl-C. For scry_build_options. */
typedef struct cli_progress {
    const char *step;
    double started, drawn;
    bool bar_open;
} cli_progress;
bool cli_show_progress(void *context, const char *step, uint64_t done, uint64_t total);
/* Ends the bar's line. */
void cli_end_progress(cli_progress *p);
/* From here on ctrl-C, SIGTERM and SIGHUP (unless it is ignored) make cli_show_progress return false. */
void cli_catch_interrupt(void);
void cli_release_interrupt(void);
bool cli_interrupted(void);

#endif
