/* session/session_internal.h: what session/session.c, session/history.c and session/session_file.c share. Not public.
 */
#ifndef SCRY_SESSION_SESSION_INTERNAL_H
#define SCRY_SESSION_SESSION_INTERNAL_H

#include "rank/ranking_cache.h"
#include "session.h"

enum { AS_RANKED, PINNED_IN, PINNED_OUT };

typedef struct pin_change {
    uint32_t latent;
    uint8_t before, after;
} pin_change;

typedef struct place {
    size_t train;
    scry_condition source;
    scry_metric metric;
    uint32_t n;
} place;

/* The domains that rho takes in. */
typedef struct scope_view {
    char *spec; /* owned */
    bool is_signed;
} scope_view;

typedef struct step {
    place before, after;
    pin_change *pins; /* owned */
    uint32_t count;
    scope_view scope_before, scope_after; /* spec NULL: the step left them as they were */
    scry_relabel label;                   /* owned texts; NULL: the step is of no label */
} step;

struct scry_session {
    const scry_index *index;
    uint32_t F;
    place at;
    ranking_cache rankings;
    const scry_ranking *ranking,
        *before;  /* before: in force before the last change of training set, source or metric */
    uint8_t *pin; /* [F] */
    scry_set *set;
    scry_score score;
    scry_scorer *scorer;
    scry_scope scope;
    char *scope_spec;
    step *steps;
    size_t step_count, step_room, done; /* done: steps that are in force; the rest can be redone */
    scry_result result;
    uint64_t version; /* one more at each change of what the result depends on */
    bool result_ready, statistics_ready;
};

/* What the result depends on has changed. */
void session_stale(scry_session *s);
/* Where domains were encoded on candidates only, no more of a ranking can be scored than was asked for. */
uint32_t session_most(const scry_session *s, uint32_t n);
/* Ranking and N as there, and the selection with them. False and err when there is no such ranking. */
bool session_move(scry_session *s, place to, scry_error *err);
/* Brings the selection to what ranking and pins say of the latents of a step's pins. */
void session_apply_pins(scry_session *s, const step *of);

/* Drops the whole history; the selection stays as it is. */
void session_forget(scry_session *s);
/* As scry_session_set_score, but true also where the score is that already. */
bool session_set_score(scry_session *s, scry_score score, scry_error *err);
/* Puts a place (that the index has), the ranking before it (source BASE: none), pins and scope in force. Takes pin [F],
 * scope and spec. */
void session_take(scry_session *s, place at, place before, uint8_t *pin, scry_scope scope, char *spec);

#endif
