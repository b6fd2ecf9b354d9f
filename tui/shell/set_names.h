/* shell/set_names.h: the names in an expression of sets: the index's named sets, top and topN of the ranking, and in
 * the explorer the selection, the marks and the rows that the filter shows. */
#ifndef SCRY_SHELL_SET_NAMES_H
#define SCRY_SHELL_SET_NAMES_H

#include "sets.h"

/* All borrowed; NULL where there is none. */
typedef struct set_names {
    const scry_index *index; /* where `kept` is NULL, its named sets are read when the first is used */
    const scry_named_sets *kept;
    const scry_ranking *ranking;
    uint32_t n; /* the N of "top" alone; 0: 100 */
    const scry_set *current, *marked, *filtered;
} set_names;

/* Evaluates an expression (scry_set_expression). NULL and err; for an unknown name, err lists the known ones. */
scry_set *set_names_expression(const set_names *names, const char *text, scry_error *err);

#endif
