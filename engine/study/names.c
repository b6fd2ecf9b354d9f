/* study/names.c: the short names of conditions and pairings. */
#include "base/name_list.h"
#include "scry.h"

#include <string.h>

static const char *const condition_names[SCRY_CONDITIONS] = {"base", "icl", "sft", "rl"};
static const char *const pairing_names[SCRY_PAIRINGS] = {"token", "sample", "row"};

static int find(const char *const *names, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

const char *scry_condition_name(scry_condition c) {
    return condition_names[c];
}
const char *scry_pairing_name(scry_pairing p) {
    return pairing_names[p];
}
int scry_condition_of(const char *name) {
    return find(condition_names, SCRY_CONDITIONS, name);
}
int scry_pairing_of(const char *name) {
    return find(pairing_names, SCRY_PAIRINGS, name);
}
const char *scry_source_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, condition_names + 1, sizeof *condition_names, SCRY_CONDITIONS - 1,
                               quote);
}
const char *scry_pairing_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, pairing_names, sizeof *pairing_names, SCRY_PAIRINGS, quote);
}
const char *scry_version(void) {
    return "0.1.0";
}
