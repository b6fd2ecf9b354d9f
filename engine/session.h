/* session.h: the state of work on an index, with undo and redo: a training set, a ranking, the reference that it is
 * against, its top N, pinned latents, a score and the domains of the correlation. Used by the explorer and by tests; it
 * needs no terminal.
 *
 * The selection is the top N of the ranking, except for latents that are pinned in or out. Pins survive a change of N,
 * training set, source or metric, so that two rankings can be compared with the same exceptions. Every change of the
 * selection, of the domains, and of a label is one step of the history, which stores only what it changed.
 *
 * A session belongs to one thread. What its functions return by pointer is the session's, valid until its next change.
 */
#ifndef SCRY_SESSION_H
#define SCRY_SESSION_H

#include <stdio.h>
#include "effects.h"
#include "labels.h"
#include "scry.h"

typedef struct scry_session scry_session;

/* Starts with the top n of a ranking (limited by scry_clip_top), with domains "all",
 * and with the manifest's choice of signed or absolute change. Borrows the index. NULL and err when the index lacks the
 * source or the score. */
scry_session *scry_session_new(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                               uint32_t n, scry_score score, scry_error *err);
void scry_session_free(scry_session *s);

/* The index that was given, against the session's reference. */
const scry_index *scry_session_index(const scry_session *s);
const scry_ranking *scry_session_ranking(const scry_session *s);
/* The ranking before the last change of training set, source or metric; NULL before the first change. */
const scry_ranking *scry_session_ranking_before(const scry_session *s);
/* Computes and caches a ranking in advance; false when it is cached already, or there is no such source. */
bool scry_session_rank_ahead(scry_session *s, scry_condition source, scry_metric metric);
const scry_set *scry_session_set(const scry_session *s);
const scry_scorer *scry_session_scorer(const scry_session *s);
const scry_scope *scry_session_scope(const scry_session *s);
scry_score scry_session_score(const scry_session *s);
uint32_t scry_session_n(const scry_session *s);
/* Counts the selected latents outside the top N, and the latents of the top N that are not selected. */
void scry_session_edits(const scry_session *s, uint32_t *added, uint32_t *removed);
/* Both together: the latents that were switched by hand. */
uint32_t scry_session_switches(const scry_session *s);
/* The top N of the ranking as a set of its own, which the caller frees. */
scry_set *scry_session_untouched(const scry_session *s);
/* 0: as ranked; 1: pinned in; 2: pinned out. */
int scry_session_pin(const scry_session *s, uint32_t latent);

/* The steps of the history. Each returns true when something changed, and false with err after an error. A latent that
 * is not scored (scry_is_scored) is never added, silently: callers check first. */

/* Toggles, adds or removes latents, each listed at most once. */
bool scry_session_toggle(scry_session *s, const uint32_t *latents, size_t count);
bool scry_session_put(scry_session *s, const uint32_t *latents, size_t count, bool in);
bool scry_session_set_n(scry_session *s, uint32_t n);
bool scry_session_rank_by(scry_session *s, scry_condition source, scry_metric metric, scry_error *err);
/* Changes what sources are compared with (scry_index_against), and with it the session's index. The source stays where
 * it can be compared, else it becomes the training set's first; N, metric, pins, score and domains stay. False and err
 * where nothing can be compared, or the score is not known. */
bool scry_session_compare_with(scry_session *s, scry_reference against, scry_error *err);
/* Changes to another training set, for the ranking and for the measured change. The source stays where that set has it,
 * else it becomes its first; the domains stay where enough of them have a change, else they become all; N, metric and
 * pins stay. */
bool scry_session_train_on(scry_session *s, size_t train, scry_error *err);
/* Makes the selection equal to `set` by pinning. */
bool scry_session_adopt(scry_session *s, const scry_set *set);
/* Sets the domains of the correlation, and whether it takes the signed change, as scry_session_set_scope does, but as a
 * step. */
bool scry_session_rescope(scry_session *s, const char *spec, bool is_signed, scry_error *err);
/* Records that the caller has changed labels, as one step; nothing where count is 0. Copies them. */
void scry_session_relabelled(scry_session *s, const scry_relabel *changes, size_t count);
/* The labels that the next undo (or redo) concerns, or NULL: the caller writes them (scry_labels_change) and then calls
 * scry_session_undo (or redo), which changes nothing else. Borrowed until then. */
const scry_relabels *scry_session_undoes_labels(const scry_session *s);
const scry_relabels *scry_session_redoes_labels(const scry_session *s);
bool scry_session_undo(scry_session *s);
bool scry_session_redo(scry_session *s);
/* The number of steps that can be undone and redone. */
void scry_session_history(const scry_session *s, size_t *undo, size_t *redo);

/* Set the score, or the domains and the sign, without a step in the history. */
bool scry_session_set_score(scry_session *s, scry_score score, scry_error *err);
/* Anchor the score abl (effects.h) at an exact run, or with NULL take the anchor away; without a step in the history,
 * and kept while other scores are in force. Copies it. The session's file names it. */
void scry_session_set_anchor(scry_session *s, const scry_anchor *anchor);
const scry_anchor *scry_session_anchor(const scry_session *s); /* NULL: none */
bool scry_session_set_scope(scry_session *s, const char *spec, bool is_signed, scry_error *err);
const char *scry_session_scope_spec(const scry_session *s);

/* STS and correlation of the selection, computed on the first call after a change. */
const scry_result *scry_session_result(scry_session *s);
/* The same with Spearman's rho, p, leave-one-out, random sets and the bootstrap interval, which take up to seconds;
 * ready: true when they are up to date. */
bool scry_session_statistics_ready(const scry_session *s);
const scry_result *scry_session_statistics(scry_session *s);
/* For statistics that another thread computed on copies: the version changes with everything that a result depends on.
 * Copies the statistics when the session still has the version at which the copies were made; false, and nothing
 * changes, when it has not. */
uint64_t scry_session_version(const scry_session *s);
bool scry_session_take_statistics(scry_session *s, uint64_t version, const scry_result *statistics);

/* The best baseline for comparison with the selection's rho: it depends on the training set, the source, N and the
 * domains, not on single latents. NULL until it is there: computed now, or by another thread and given with the key of
 * the state at which that began; false when the state has another key by now. */
const scry_best_baseline *scry_session_baseline(const scry_session *s);
uint64_t scry_session_baseline_key(const scry_session *s);
void scry_session_find_baseline(scry_session *s);
bool scry_session_take_baseline(scry_session *s, uint64_t key, const scry_best_baseline *baseline);

/* Writes the selection, the score and the history as lines of text (session/session_file.c has the format). */
void scry_session_write(const scry_session *s, FILE *f);
/* Restores them. For lines that are damaged or of another index: false and err, with the history dropped and the
 * selection as it was. */
bool scry_session_read(scry_session *s, FILE *f, scry_error *err);

#endif
