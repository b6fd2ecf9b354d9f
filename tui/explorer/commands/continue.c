/* continue.c: how the models go on from the text of :prompt, and what they are changed by. */
#include "explorer/diff/diff_page.h"
#include "explorer/prompts/continue_page.h"
#include "explorer/prompts/prompt_page.h"
#include "shell/options.h"
#include "shell/steering.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

command_effect do_continue(app *a, const char *argument) {
    continue_page_state *s = continue_page_of(a);
    uint32_t tokens;
    scry_error err = {0};
    if (!options_number("continue", *argument ? argument : NULL, 1, s->set.tokens, &tokens, &err))
        return app_fail(a, "%s", err.text);
    s->set.tokens = tokens;
    if (!prompt_page_of(a)->text) return app_say(a, "continue: no text yet; :prompt TEXT runs one");
    continue_page_open(a, *argument || a->layer == &layer_continue);
    return DID_CHANGE;
}

/* What was set is shown at once where the models have spoken. */
static command_effect take_up(app *a, const char *name, const char *value) {
    if (a->layer == &layer_continue && prompt_page_of(a)->text) {
        continue_page_open(a, true);
        return DID_CHANGE;
    }
    return app_say(a, "%s %s: c on the page of :prompt shows what the models say then", name, value);
}

static bool read_number(const char *text, double *out) {
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && isfinite(*out);
}

command_effect do_temperature(app *a, const char *argument) {
    double t;
    if (!*argument) return app_ask(a, "temperature", "");
    if (!read_number(argument, &t) || t < 0)
        return app_fail(a, "temperature: found \"%.40s\", expected 0 (the most likely token) or more, such as 0.7",
                        argument);
    continue_page_of(a)->set.temperature = t;
    return take_up(a, "temperature", argument);
}

command_effect do_seed(app *a, const char *argument) {
    uint32_t seed;
    scry_error err = {0};
    if (!*argument) return app_ask(a, "seed", "");
    if (!options_number("seed", argument, 0, 0, &seed, &err)) return app_fail(a, "%s", err.text);
    continue_page_of(a)->set.seed = seed;
    return take_up(a, "seed", argument);
}

/* Reads words between blanks into the settings. */
static bool read_steers(const app *a, const char *argument, continue_settings *set, scry_error *err) {
    char words[sizeof set->steer], *state;
    if (strlen(argument) >= sizeof words)
        return scry_misuse(err, "steer: found %zu bytes, expected at most %zu", strlen(argument), sizeof words - 1);
    snprintf(words, sizeof words, "%s", argument);
    set->steers = 0;
    for (char *word = strtok_r(words, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
        if (set->steers == CONTINUE_STEERS)
            return scry_misuse(err, "steer: found more than %d, expected fewer", CONTINUE_STEERS);
        scry_steering *one = &set->steering[set->steers];
        if (!steering_read("steer", word, one, &set->lens[set->steers], err)) return false;
        if (!set->lens[set->steers++] && one->latent >= a->tab->info->d_sae)
            return scry_misuse(err, "steer: found latent %u, expected 0 to %u", one->latent, a->tab->info->d_sae - 1);
    }
    snprintf(set->steer, sizeof set->steer, "%s", argument);
    return true;
}

command_effect do_steer(app *a, const char *argument) {
    continue_page_state *s = continue_page_of(a);
    continue_settings set = s->set;
    scry_error err = {0};
    if (!*argument) return app_ask(a, "steer", s->set.steer);
    const bool off = strcmp(argument, "off") == 0;
    if (!read_steers(a, off ? "" : argument, &set, &err)) return app_fail(a, "%s", err.text);
    s->set = set;
    return take_up(a, "steer", argument);
}

/* The page that shows the tuned model is of it as it is now. */
command_effect do_amplify(app *a, const char *argument) {
    double times = 1;
    char name[40];
    if (*argument && (!read_number(argument, &times)))
        return app_fail(a,
                        "amplify: found \"%.40s\", expected a number: 0 is the base model, 1 the tuned one, 2 twice "
                        "the change",
                        argument);
    a->amplify = times;
    if (a->layer == &layer_prompt && prompt_page_of(a)->text) prompt_work_begin(a);
    else if (a->layer == &layer_diff) diff_page_read_again(a);
    else if (a->layer != &layer_continue || !prompt_page_of(a)->text)
        return app_say(a, "%s: on the pages of :prompt, :continue and :diff", app_tuned_name(a, name, sizeof name));
    else continue_page_open(a, true);
    return DID_CHANGE;
}
