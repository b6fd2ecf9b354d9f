/* causal.c: commands on what the selection does in the model. */
#include "explorer/causal/ablation_runs.h"
#include "explorer/latent/latent_pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* WORD(name, what it does to the state) */
#define WORDS(WORD)                                                                                                    \
    WORD("on", s->on = true)                                                                                           \
    WORD("off", s->on = false)                                                                                         \
    WORD("run", s->on = true; causal_run(a))                                                                           \
    WORD("random", s->on = true; causal_run_random(a))                                                                 \
    WORD("auto", s->manual = false)                                                                                    \
    WORD("manual", s->manual = true)                                                                                   \
    WORD("keep", s->how.drop_error = false)                                                                            \
    WORD("drop", s->how.drop_error = true)

/* How much of the activations stays: a number, which goes with zero. */
static bool take_scale(causal_state *s, const char *word) {
    char *end;
    double scale = strtod(word, &end);
    if (end == word || *end || !(scale >= -100 && scale <= 100)) return false;
    s->how.value = SCRY_VALUE_ZERO;
    s->how.scale = scale;
    return true;
}

static bool take_value(causal_state *s, const char *word) {
#define VALUE(id, name, help) name,
    static const char *const names[] = {SCRY_ABLATION_VALUE_TABLE(VALUE)};
#undef VALUE
    for (int v = 0; v < SCRY_ABLATION_VALUES; v++) {
        if (strcmp(names[v], word) != 0) continue;
        s->how.value = (scry_ablation_value)v;
        s->how.scale = 0;
        return true;
    }
    return false;
}

static bool take_word(app *a, causal_state *s, const char *word) {
#define WORD(name, what)                                                                                               \
    if (strcmp(word, name) == 0) {                                                                                     \
        what;                                                                                                          \
        return true;                                                                                                   \
    }
    WORDS(WORD)
#undef WORD
    return take_value(s, word) || take_scale(s, word);
}

static command_effect fail(app *a, const char *word) {
    char names[200] = "";
#define ADD(name, ...) snprintf(names + strlen(names), sizeof names - strlen(names), "%s" name, *names ? ", " : "");
    WORDS(ADD)
#undef ADD
#define VALUE(id, name, help) snprintf(names + strlen(names), sizeof names - strlen(names), ", " name);
    SCRY_ABLATION_VALUE_TABLE(VALUE)
#undef VALUE
    return app_fail(a, "causal \"%.40s\": expected %s, or a scale from -100 to 100", word, names);
}

/* Words between blanks; nothing changes where one of them is wrong. */
command_effect do_causal(app *a, const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    causal_state *s = a->tab->causal, before = *s;
    char words[200], *rest = words, *word;
    snprintf(words, sizeof words, "%s", argument);
    if (!words[strspn(words, " ")]) s->on = !s->on;
    while ((word = strsep(&rest, " "))) {
        if (!*word || take_word(a, s, word)) continue;
        s->on = before.on, s->manual = before.manual, s->how = before.how, s->asked = before.asked,
        s->random = before.random;
        return fail(a, word);
    }
    if (s->on && !before.on) causal_retry(a);
    return DID_CHANGE;
}

command_effect do_effect(app *a, UNUSED const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    state_of(a)->page = &page_effect;
    causal_run_alone(a, app_latent(a));
    return DID_CHANGE;
}
