/* session/session_internal.h: the state of a session, for session.c, history.c and session_file.c: the latter two stand
 * on session.c, which knows neither. */
#ifndef SCRY_SESSION_SESSION_INTERNAL_H
#define SCRY_SESSION_SESSION_INTERNAL_H

#include "effects.h"
#include "rank/ranking_cache.h"
#include "session.h"

enum { AS_RANKED, PINNED_IN, PINNED_OUT };

typedef struct pin_change {
    uint32_t latent;
    uint8_t before, after;
} pin_change;

/* A ranking and its top N. */
typedef struct ranking_spec {
    ranking_key by;
    uint32_t n;
} ranking_spec;

/* Domains of the correlation, and whether its change is signed. */
typedef struct scope_view {
    char *spec; /* owned */
    bool is_signed;
} scope_view;

typedef struct step {
    ranking_spec before, after;
    pin_change *pins; /* owned */
    uint32_t count;
    scope_view scope_before, scope_after; /* spec NULL: the step did not change them */
    scry_relabels labels;                 /* owned; none: the step did not change labels */
} step;

struct scry_session {
    const scry_index *index; /* against spec.by.against */
    uint32_t F;
    ranking_spec spec;
    ranking_cache rankings;
    const scry_ranking *ranking, *before; /* scry_session_ranking_before */
    uint8_t *pin;                         /* [F] */
    scry_set *set;
    scry_score score;
    scry_scorer *scorer;
    scry_anchor *anchor;      /* NULL: none */
    uint64_t effects_version; /* scry_effects_version when the scorer was made */
    scry_scope scope;
    char *scope_spec;
    step *steps;
    size_t step_count, step_room, done; /* done: steps in effect; the rest can be redone */
    scry_result result;
    uint64_t version; /* incremented by session_invalidate */
    bool result_ready, statistics_ready;
    scry_best_baseline baseline;
    uint64_t baseline_key; /* of the state that `baseline` is of; 0: none yet */
};

/* Marks result and statistics as out of date. */
void session_invalidate(scry_session *s);
/* Changes ranking and N, and the selection accordingly; where the reference changes, the index and the scorer too. A
 * score that the index does not have against that reference becomes act. False and err, with nothing changed, when
 * there is no such ranking. */
bool session_set_ranking(scry_session *s, ranking_spec to, scry_error *err);
/* Adds or removes the latents of a step's pins as ranking and pins now say. */
void session_apply_pins(scry_session *s, const step *of);

/* Drops the steps of the history from this number on; the selection stays as it is. */
void session_drop_steps(scry_session *s, size_t from);
/* Restores a ranking (which the index has), the ranking before it (source BASE: none), pins and scope. Takes ownership
 * of pin [F], scope and scope_spec. */
void session_restore(scry_session *s, ranking_spec at, ranking_spec before, uint8_t *pin, scry_scope scope, char *spec);

#endif
