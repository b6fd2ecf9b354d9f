/* test_tui_full_sample.c: a full sample under each condition: the tokens that moved most, against a plain loop over the
 * sample; scrolling shows each line once. */
#include "table_fixture.h"

#include "explorer/latent/conditions.h"

#include <math.h>

enum { LATENTS = 600, ROWS_SEEN = 200 };

static char *line_of(app *a, int y) {
    static char text[1024];
    size_t used = 0;
    for (int x = 0; x < a->grid->cols && used + 8 < sizeof text; x++) {
        const cell *c = &a->grid->cells[(size_t)y * (size_t)a->grid->cols + (size_t)x];
        char code[5];
        if (c->width)
            used += (size_t)snprintf(text + used, sizeof text - used, "%.*s", utf8_encode(c->code[0], code), code);
    }
    while (used && text[used - 1] == ' ') used--;
    text[used] = 0;
    return text;
}

/* What the line under icl should begin with: the largest change in the sample, by a loop over all its rows. */
static void expect(app *a, const scry_example *e, char *out, size_t size) {
    condition_row sides[SCRY_CONDITIONS];
    int n = condition_rows(a, e, sides);
    const condition_row *icl = NULL;
    for (int i = 0; i < n; i++)
        if (sides[i].condition == SCRY_ICL) icl = &sides[i];
    scry_sample s =
        scry_sample_at(a->tab->index, icl->capture, scry_sample_of(a->tab->index, icl->capture, (uint64_t)icl->row));
    double most = 0;
    uint64_t at = 0;
    for (uint64_t row = s.first; row < s.first + s.count; row++) {
        /* in these studies both captures have the same rows */
        double d = (double)scry_latent_activations_at(latent_activations(a), icl->capture, row) -
                   (double)scry_latent_activations_at(latent_activations(a), sides[0].capture, row);
        if (fabs(d) > fabs(most)) most = d, at = row;
    }
    if (most == 0) snprintf(out, size, "        as under base");
    else snprintf(out, size, "        moved  [%s] %+.2f", scry_token(a->tab->index, icl->capture, at), most);
}

static void test_moved(app *a) {
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    size_t right = 0, tried = 0;
    for (uint32_t i = 0; i < 20; i++) {
        char words[32], expected[128];
        snprintf(words, sizeof words, "latent %u", ranking->order[i]);
        say_command(a, words);
        scry_example example[ROWS_SEEN];
        const scry_example_query query = {
            .order = SCRY_TOP, .parts = SCRY_PARTS, .seed = SCRY_SEED, .capture = -1, .versus = ranking->source};
        scry_example_query_run(a->tab->index, latent_pairing(a), latent_activations(a), &query, ROWS_SEEN, example);
        expect(a, &example[0], expected, sizeof expected);
        bool found = false;
        for (int y = 0; y < a->grid->rows && !found; y++)
            found = strncmp(line_of(a, y), expected, strlen(expected)) == 0;
        if (!found) printf("# latent %u: no line \"%s\"\n", ranking->order[i], expected);
        right += found;
        tried++;
    }
    check(right == tried, "what icl moved most in the sample stands first: %zu of %zu latents", right, tried);
}

/* Line by line down: the top row each time is the next line of the page as a tall screen shows it. */
static void test_scrolled(app *a) {
    static char tall[ROWS_SEEN][1024];
    say_command(a, "first");
    app_resize(a, ROWS_SEEN + 4, 80);
    app_draw(a);
    for (int y = 0; y < ROWS_SEEN; y++) snprintf(tall[y], sizeof tall[y], "%s", line_of(a, y + 3));
    app_resize(a, 24, 80);
    app_draw(a);
    say_command(a, "pane latent");
    size_t same = 0;
    enum { STEPS = 40 };
    for (int step = 0; step < STEPS; step++) {
        same += strcmp(line_of(a, 3), tall[step]) == 0;
        say_command(a, "down");
    }
    check(strcmp(tall[0], tall[1]) != 0 && tall[1][0], "the page has lines");
    check(same == STEPS, "%zu of %d lines come one after the other", same, STEPS);
}

int main(void) {
    app *a = open_table(LATENTS);
    if (a) {
        say_command(a, "versus");
        say_command(a, "wrap");
        say_command(a, "pane latent");
        say_command(a, "open");
        test_moved(a);
        test_scrolled(a);
    }
    app_free(a);
    return check_end();
}
