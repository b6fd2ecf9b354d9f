/* family.c: the table of model families. */
#include "base/name_list.h"
#include "model/family.h"

#include <string.h>

static const model_family *const families[] = {
#define MODEL_FAMILY(name) &family_##name,
#include "model/family.def"
#undef MODEL_FAMILY
};

enum { FAMILIES = sizeof families / sizeof *families };

const model_family *model_family_find(const char *model_type) {
    for (size_t i = 0; i < FAMILIES; i++)
        if (strcmp(families[i]->name, model_type) == 0) return families[i];
    return NULL;
}

const char *scry_model_families(char out[SCRY_CHOICES], const char *quote) {
    const char *name[FAMILIES];
    for (size_t i = 0; i < FAMILIES; i++) name[i] = families[i]->name;
    return alternatives_quoted(out, SCRY_CHOICES, name, sizeof *name, FAMILIES, quote);
}
