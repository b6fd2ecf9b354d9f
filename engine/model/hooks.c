/* hooks.c: names of places in a model. */
#include "model/parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[SCRY_HOOK_POINTS] = {
#define HOOK(id, name, what) name,
    SCRY_HOOK_TABLE(HOOK)
#undef HOOK
};

bool scry_hook_parse(const char *text, scry_hook *hook, scry_error *err) {
    static const char blocks[] = "blocks.";
    char known[SCRY_CHOICES];
    const char *at = text + sizeof blocks - 1;
    if (strncmp(text, blocks, sizeof blocks - 1) == 0 && isdigit((unsigned char)*at)) {
        char *end;
        unsigned long layer = strtoul(at, &end, 10);
        for (int i = 0; i < SCRY_HOOK_POINTS && *end == '.' && layer < UINT32_MAX && end - at < 10; i++)
            if (strcmp(end + 1, names[i]) == 0) {
                *hook = (scry_hook){(uint32_t)layer, (scry_hook_point)i};
                return true;
            }
    }
    return scry_misuse(err, "hook \"%.80s\": expected blocks.L.NAME with the number L of a block, from 0, and NAME %s",
                       text, alternatives(known, sizeof known, names, sizeof *names, SCRY_HOOK_POINTS));
}

const char *scry_hook_text(scry_hook hook, char out[SCRY_HOOK_TEXT]) {
    snprintf(out, SCRY_HOOK_TEXT, "blocks.%u.%s", hook.layer,
             (unsigned)hook.point < SCRY_HOOK_POINTS ? names[hook.point] : "?");
    return out;
}

bool scry_model_has_hook(const scry_model *m, scry_hook hook, scry_error *err) {
    char text[SCRY_HOOK_TEXT];
    if (hook.layer >= m->plan.layers)
        return scry_misuse(err, "hook %s: %s has %u blocks, expected a number from 0 to %u", scry_hook_text(hook, text),
                           m->folder, m->plan.layers, m->plan.layers - 1);
    if (m->plan.parallel && hook.point == SCRY_RESID_MID)
        return scry_misuse(err,
                           "hook %s: attention and MLP of %s read the same stream, so there is nothing between them; "
                           "expected hook_resid_pre, hook_attn_out, hook_mlp_out or hook_resid_post",
                           scry_hook_text(hook, text), m->folder);
    return (unsigned)hook.point < SCRY_HOOK_POINTS || scry_misuse(err, "no such hook");
}
