/* sets.h: named sets of latents, stored with the index, and expressions of sets.
 *
 * The sets of X.scry are in the sidecar X.sets.json (store/sidecar.h):
 *     {"scry_sets": 1, "d_sae": 2048, "sets": [{"name": "core", "latents": "3,17,90-120"}]} */
#ifndef SCRY_SETS_H
#define SCRY_SETS_H

#include "scry.h"

enum { SCRY_SET_NAME = 40 }; /* bytes of the longest name, with its terminator */

typedef struct scry_named_set {
    char name[SCRY_SET_NAME];
    scry_set *set;
} scry_named_set;

/* All named sets of an index. */
typedef struct scry_named_sets {
    char *path;
    uint32_t latents;
    scry_named_set *item; /* [count] in the order in which they were first saved */
    size_t count;
    uint64_t version; /* changes with every set that is saved or deleted */
} scry_named_sets;

/* Reads the index's sets; without a file there are none. NULL and err for a file that is damaged or of another d_sae,
 * which stays as it is. */
scry_named_sets *scry_named_sets_open(const scry_index *index, scry_error *err);
void scry_named_sets_free(scry_named_sets *sets);
/* Returns a set by name, valid until the next change; NULL when there is none of that name. */
const scry_set *scry_named_sets_find(const scry_named_sets *sets, const char *name);
/* Returns the name of the first that has the same latents; NULL when there is none, or sets is NULL. */
const char *scry_named_sets_name_of(const scry_named_sets *sets, const scry_set *set);
/* Reads the file again: another process, or another index of the same latents, may have written it. After an error the
 * sets are as they were. */
bool scry_named_sets_refresh(scry_named_sets *sets, scry_error *err);
/* True for a letter or _, followed by letters, digits, _ and points, that is not a word of the expressions. */
bool scry_named_sets_name_ok(const char *name, scry_error *err);
/* Saves a copy under the name, overwriting an older one, and replaces the file atomically. */
bool scry_named_sets_save(scry_named_sets *sets, const char *name, const scry_set *set, scry_error *err);
/* Deletes a set. False and err also when there is none of that name. */
bool scry_named_sets_delete(scry_named_sets *sets, const char *name, scry_error *err);

typedef enum scry_set_op { SCRY_UNION, SCRY_INTERSECTION, SCRY_DIFFERENCE } scry_set_op;

/* Replaces a by a op b; both have the same number of latents. */
void scry_set_combine(scry_set *a, scry_set_op op, const scry_set *b);

/* Fills out, which is empty, with the set of that name; false when there is none. */
typedef bool (*scry_set_lookup)(const void *context, const char *name, scry_set *out);

/* Evaluates an expression such as "(core + 3,17,90-120) & !noise - top50": + or | is union, & intersection (binds more
 * tightly), - difference, ! complement; operands are parentheses, numbers and ranges, `all`, `none`, and names that
 * lookup (may be NULL) knows. NULL and err, which names the column. */
scry_set *scry_set_expression(const char *text, uint32_t latents, scry_set_lookup lookup, const void *context,
                              scry_error *err);

/* Sizes of two sets, their intersection and differences. */
typedef struct scry_set_relation {
    uint32_t a, b, both, only_a, only_b;
    double jaccard; /* intersection over union; NaN when both sets are empty */
} scry_set_relation;
scry_set_relation scry_set_relate(const scry_set *a, const scry_set *b);

/* The latents of a set as "3,17,90-120". The caller frees it. */
char *scry_set_text(const scry_set *set);

#endif
