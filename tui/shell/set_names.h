/* shell/set_names.h: what the names in an expression of sets stand for: the sets kept with the index, top and
 * topN of the ranking, and in the explorer the selection and the marks. */
#ifndef SCRY_SHELL_SET_NAMES_H
#define SCRY_SHELL_SET_NAMES_H

#include "sets.h"

/* All borrowed; NULL where there is none. */
typedef struct set_names {
    const scry_index *index; /* its kept sets are read when a name asks for one and `kept` is NULL */
    const scry_named_sets *kept;
    const scry_ranking *ranking;
    uint32_t n; /* what "top" alone means; 0: 100 */
    const scry_set *current, *marked, *filtered;
} set_names;

/* The set that the text describes (scry_set_expression). NULL and err; a wrong name lists the right ones. */
scry_set *set_names_expression(const set_names *names, const char *text, scry_error *err);

#endif
