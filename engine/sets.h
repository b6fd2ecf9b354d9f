/* sets.h: named sets of latents, kept with the index, and expressions of them.
 *
 * The sets of X.scry stand in X.sets.json beside it (store/sidecar.h has the rule):
 *     {"scry_named_sets": 1, "d_sae": 2048, "sets": [{"name": "core", "latents": "3,17,90-120"}]} */
#ifndef SCRY_SETS_H
#define SCRY_SETS_H

#include "scry.h"

enum { SCRY_SET_NAME = 40 }; /* the longest name, with its end */

typedef struct scry_named_set {
    char name[SCRY_SET_NAME];
    scry_set *set;
} scry_named_set;

/* Owner: scry_named_sets_free. */
typedef struct scry_named_sets {
    char *path;
    uint32_t latents;
    scry_named_set *item; /* in the order in which they were first kept */
    size_t count;
    uint64_t version; /* changes with every set that is kept or dropped */
} scry_named_sets;

/* Reads the index's sets; without a file there are none. NULL and err for a file that is damaged or of
 * another width (it is left alone). */
scry_named_sets *scry_named_sets_open(const scry_index *index, scry_error *err);
void scry_named_sets_free(scry_named_sets *sets);
const scry_set *scry_named_sets_find(const scry_named_sets *sets, const char *name);
/* What the file says now: another index of the same latents, which has the same file, may have written it. */
bool scry_named_sets_refresh(scry_named_sets *sets, scry_error *err);
/* A name is a letter or _, then letters, digits, _ and points; and no word of the expressions. */
bool scry_named_sets_name_ok(const char *name, scry_error *err);
/* Keeps a copy under the name (in the place of an older one) and writes the file whole. */
bool scry_named_sets_save(scry_named_sets *sets, const char *name, const scry_set *set, scry_error *err);
/* False also when there is none of that name. */
bool scry_named_sets_delete(scry_named_sets *sets, const char *name, scry_error *err);

/* ---- expressions ---------------------------------------------------------------------------- */

typedef enum scry_set_op { SCRY_UNION, SCRY_INTERSECTION, SCRY_DIFFERENCE } scry_set_op;

/* a becomes a op b; both of one width. */
void scry_set_combine(scry_set *a, scry_set_op op, const scry_set *b);
void scry_set_complement(scry_set *a);

/* Puts the set of that name into out (which is empty). False: no such name. */
typedef bool (*scry_set_lookup)(const void *context, const char *name, scry_set *out);

/* "(core + 3,17,90-120) & !noise - top50": + or | union, & intersection (before the others), -
 * difference, ! complement, parentheses, numbers and ranges, `all`, `none`, and names that lookup
 * knows. NULL and err, which names the place. Owner: scry_set_free. */
scry_set *scry_set_expression(const char *text, uint32_t latents, scry_set_lookup lookup, const void *context,
                              scry_error *err);

/* How two sets lie to each other. */
typedef struct scry_set_relation {
    uint32_t a, b, both, only_a, only_b;
    double jaccard; /* both / either; NaN when both sets are empty */
} scry_set_relation;
scry_set_relation scry_set_relate(const scry_set *a, const scry_set *b);

/* The latents of a set as "3,17,90-120". Caller frees. */
char *scry_set_text(const scry_set *set);

#endif
