/* test_tui_undo.c: undo and redo name the step, and move the cursor to the latent that it switched. */
#include "table_fixture.h"

static void says(app *a, const char *name, const char *expected) {
    say_command(a, name);
    check(strncmp(a->message, expected, strlen(expected)) == 0, "%s says \"%s\", expected \"%s...\"", name, a->message,
          expected);
}

static void there_and_back(app *a) {
    says(a, "undo", "nothing to undo");
    uint32_t first = app_latent(a);
    say_command(a, "toggle");
    say_command(a, "top 60");
    say_command(a, "metric abs");
    say_command(a, "mark 5,6,7");
    say_command(a, "toggle-marked");
    const char *left = a->tab->info->domain[1].name;
    say_command(a, text_of("leave-out %s", left));
    say_command(a, "signed");
    say_command(a, "last");
    uint32_t last = app_latent(a);
    says(a, "undo",
         scry_session_scope(a->tab->session)->is_signed ? "undone: absolute change (5 more): rho "
                                                        : "undone: signed change (5 more): rho ");
    says(a, "undo", "undone: domains all (4 more): rho ");
    says(a, "undo", "undone: 3 toggled (3 more): 5");
    check(app_latent(a) == last, "the cursor stays where several were switched");
    says(a, "undo", "undone: ranked by icl sq (2 more): ");
    says(a, "undo", "undone: N 50 (1 more): ");
    check(app_latent(a) == last, "and where it was N");
    says(a, "undo", text_of("undone: latent %u added (0 more): ", first));
}

static void one(app *a) {
    uint32_t latent = app_latent(a);
    say_command(a, "toggle");
    say_command(a, "last");
    says(a, "undo", text_of("undone: latent %u added (0 more): 50 latents selected, rho ", latent));
    check(app_latent(a) == latent, "and the cursor is on it");
    say_command(a, "last");
    says(a, "redo", text_of("redone: latent %u removed (0 more): 49 latents", latent));
    check(app_latent(a) == latent, "there again when it is done again");
    say_command(a, "filter in:yes");
    uint32_t shown = app_latent(a);
    says(a, "undo", text_of("undone: latent %u added", latent));
    check(app_latent(a) == shown || app_latent(a) == latent, "a filter that hides it is kept");
    say_command(a, "unfilter");
    says(a, "redo", "redone: ");
    says(a, "redo", "nothing to redo");
    says(a, "undo", "undone: ");
}

static void labels(app *a) {
    uint32_t latent = app_latent(a);
    const char *label = scry_label(a->tab->index, latent);
    char own[80];
    snprintf(own, sizeof own, "%s", label ? label : "");
    size_t before, after, none;
    scry_session_history(a->tab->session, &before, &none);
    say_command(a, text_of("label %s", own));
    scry_session_history(a->tab->session, &after, &none);
    check(after == before, "the label that it has is no step");
    say_command(a, "label first words");
    say_command(a, "label then others");
    say_command(a, "last");
    says(a, "undo", text_of("undone: latent %u is labelled first words (", latent));
    check(app_latent(a) == latent && strcmp(scry_label(a->tab->index, latent), "first words") == 0,
          "the label is the one before, with the cursor on it");
    says(a, "undo", text_of("undone: latent %u %s%s (", latent, *own ? "is labelled " : "has no label", own));
    says(a, "redo", text_of("redone: latent %u is labelled first words (", latent));
    says(a, "redo", text_of("redone: latent %u is labelled then others (0 more)", latent));
    says(a, "undo", "undone: ");
    says(a, "undo", "undone: ");
}

/* All labels of a file are one step. */
static void imported(app *a) {
    uint32_t first = app_latent(a);
    say_command(a, "down 3");
    uint32_t second = app_latent(a), low = first < second ? first : second;
    const char *file = scratch("answers.jsonl");
    write_text(file, "%s",
               text_of("{\"custom_id\": \"latent-%u\", \"content\": \"Label: one\"}\n"
                       "{\"custom_id\": \"latent-%u\", \"content\": \"Label: two\"}\n",
                       first, second));
    say_command(a, "label"); /* the sample labels some of its latents */
    say_command(a, text_of("latent %u", first));
    say_command(a, "label");
    size_t before, after, none;
    scry_session_history(a->tab->session, &before, &none);
    const char *import = text_of("import-labels %s", file);
    say_command(a, import);
    scry_session_history(a->tab->session, &after, &none);
    check(after == before + 1 && scry_label(a->tab->index, first) && scry_label(a->tab->index, second),
          "an import of two labels is a step: %s", a->message);
    say_command(a, "last");
    says(a, "undo", "undone: labels of 2 latents (");
    check(!scry_label(a->tab->index, first) && !scry_label(a->tab->index, second), "both labels are gone");
    check(app_latent(a) == low, "and the cursor is on the first of them");
    says(a, "redo", "redone: labels of 2 latents (0 more)");
    const char *one = scry_label(a->tab->index, first);
    check(one && strcmp(one, "one") == 0, "both are there again");
    say_command(a, import);
    scry_session_history(a->tab->session, &before, &none);
    check(before == after, "an import that changes nothing is no step");
    says(a, "undo", "undone: labels of 2");
}

int main(void) {
    app *a = open_table(700);
    if (!a) return check_end();
    one(a);
    say_command(a, "first");
    there_and_back(a);
    say_command(a, "first");
    labels(a);
    say_command(a, "first");
    imported(a);
    app_free(a);
    return check_end();
}
