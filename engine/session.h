/* session.h: one person's work on an index: a training set, a ranking, its top N, latents switched by hand, a
 * score, and everything undone and redone. No terminal: commands, tests and the explorer use it
 * alike.
 *
 * The selection is the top N of the ranking, except where a latent is pinned in or out by hand.
 * Pins survive a change of N, training set, source or metric, so that two rankings can be compared under the same
 * hand-made exceptions. Every change of the selection, of the domains by hand, and of a label is one
 * step of the history; a step keeps only what it changed. */
#ifndef SCRY_SESSION_H
#define SCRY_SESSION_H

#include <stdio.h>
#include "scry.h"

typedef struct scry_session scry_session;

/* A label that was written, taken away ("" after) or written over. */
typedef struct scry_relabel {
    uint32_t latent;
    char *before, *after;
} scry_relabel;

/* by/metric/score as given; n is clipped to the number of latents, or to that of the candidates. scope "all" and the
 * manifest's correlate setting until changed. Borrows the index. */
scry_session *scry_session_new(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                               uint32_t n, scry_score score, scry_error *err);
void scry_session_free(scry_session *s);

const scry_index *scry_session_index(const scry_session *s);
const scry_ranking *scry_session_ranking(const scry_session *s);
/* The ranking that was in force before the last change of training set, source or metric, NULL before the first. */
const scry_ranking *scry_session_ranking_before(const scry_session *s);
/* Makes a ranking that will be asked for, in advance; false when it is there already, or cannot be. */
bool scry_session_rank_ahead(scry_session *s, scry_condition source, scry_metric metric);
const scry_set *scry_session_set(const scry_session *s);
const scry_scorer *scry_session_scorer(const scry_session *s);
const scry_scope *scry_session_scope(const scry_session *s);
scry_score scry_session_score(const scry_session *s);
uint32_t scry_session_n(const scry_session *s);
/* Latents outside the top N that are in, and inside it that are out. */
void scry_session_edits(const scry_session *s, uint32_t *added, uint32_t *removed);
/* 0: as ranked; 1: pinned in; 2: pinned out. Only pins that differ from the ranking count as edits. */
int scry_session_pin(const scry_session *s, uint32_t latent);

/* Steps of the history. Each returns true when something changed. A latent that is not scored
 * (scry_scored) stays out: who wants to tell a person asks first. */
/* latents: each at most once. */
bool scry_session_toggle(scry_session *s, const uint32_t *latents, size_t count); /* each is switched */
bool scry_session_put(scry_session *s, const uint32_t *latents, size_t count, bool in);
bool scry_session_set_n(scry_session *s, uint32_t n);
bool scry_session_rank_by(scry_session *s, scry_condition source, scry_metric metric, scry_error *err);
/* Ranks by another training set, and takes the changes of that one for rho. The source stays where the set has it,
 * else it is the set's first; the domains stay where enough of them have a change, else they are all; N, the metric
 * and the pins stay. */
bool scry_session_train_on(scry_session *s, size_t train, scry_error *err);
/* Makes the selection equal to `set` by pins. */
bool scry_session_adopt(scry_session *s, const scry_set *set);
/* The domains that rho takes in, and whether it goes by the signed change: as scry_session_set_scope, but a step. False
 * without err: they were so already. */
bool scry_session_rescope(scry_session *s, const char *spec, bool is_signed, scry_error *err);
/* A label was written, which the history remembers. before, after: NULL or "" for none. */
void scry_session_relabelled(scry_session *s, uint32_t latent, const char *before, const char *after);
/* Where the next step back (or forth) is a label's: the caller writes it (labels.h) and then takes the step, which
 * changes nothing else. NULL where it is not. */
const scry_relabel *scry_session_undoes_label(const scry_session *s);
const scry_relabel *scry_session_redoes_label(const scry_session *s);
bool scry_session_undo(scry_session *s);
bool scry_session_redo(scry_session *s);
void scry_session_history(const scry_session *s, size_t *undo, size_t *redo);

/* Views, no steps: they do not change the selection. */
bool scry_session_set_score(scry_session *s, scry_score score, scry_error *err);
bool scry_session_set_scope(scry_session *s, const char *spec, bool is_signed, scry_error *err);
const char *scry_session_scope_spec(const scry_session *s);

/* STS and correlation of the selection as it stands; computed when asked after a change. */
const scry_result *scry_session_result(scry_session *s);
/* Also Spearman, p, leave-one-out, random sets and the interval: true when they are up to date. */
bool scry_session_statistics_ready(const scry_session *s);
const scry_result *scry_session_statistics(scry_session *s);
/* The same worked out by a thread beside, on copies: the version names what it was copied from, and
 * changes with all that a result depends on. False, and nothing taken, when the session has gone on since. */
uint64_t scry_session_version(const scry_session *s);
bool scry_session_take_statistics(scry_session *s, uint64_t version, const scry_result *company);

/* The selection, the score and the history as lines of text (session/session_file.c has the form). */
void scry_session_write(const scry_session *s, FILE *f);
/* Puts them in force. False, with the session's history forgotten but its selection as it was, for lines
 * that are of another index or damaged. */
bool scry_session_read(scry_session *s, FILE *f, scry_error *err);

#endif
