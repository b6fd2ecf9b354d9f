/* test_tui_domains.c: the domains pane: the residual of a domain that is left out, against plain loops; clicks; number
 * formats. */
#include "table_fixture.h"

#include <math.h>

/* ---- the line of the others --------------------------------------------------------------------- */

/* The domain's STS by one sum over the contributions of what is in. */
static double sts_of(const app *a, size_t d) {
    double sum = 0;
    for (uint32_t j = 0; j < a->tab->info->d_sae; j++)
        if (scry_set_has(scry_session_set(a->tab->session), j))
            sum += (double)scry_contribution(a->tab->index, SCRY_ACT, j)[d];
    return sum;
}

/* Least squares over all but one, by the textbook; how far that one is off it. */
static double off_line(const app *a, size_t out, bool is_signed) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (size_t d = 0; d <= a->tab->info->domains; d++) {
        size_t at = d < a->tab->info->domains ? d : out;
        double sts = sts_of(a, at), change = a->tab->info->domain[at].change[0];
        if (!is_signed && change < 0) change = -change;
        if (d == a->tab->info->domains) {
            double slope = (n * xy - x * y) / (n * xx - x * x);
            return change - ((y - slope * x) / n + slope * sts);
        }
        if (d == out) continue;
        n++, x += sts, y += change, xx += sts * sts, xy += sts * change;
    }
    return NAN;
}

static void left_out(app *a) {
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        double most = 0;
        for (size_t d = 0; d < a->tab->info->domains; d++) {
            const char *name = a->tab->info->domain[d].name;
            say_command(a, text_of("leave-out %s", name));
            bool held_out;
            double found = domain_off_line(a, d, &held_out), expected = off_line(a, d, is_signed), error;
            error = fabs(found - expected) / (1 + fabs(expected));
            if (!(error <= most)) most = error;
            char said[64];
            snprintf(said, sizeof said, "%s left out, %+.2f off the line of the others: rho ", name, expected);
            check(held_out && strncmp(a->message, said, strlen(said)) == 0, "the message says it: \"%s\"", a->message);
            say_command(a, text_of("leave-out %s", name));
            domain_off_line(a, d, &held_out);
            check(!held_out && !strstr(a->message, "off"), "and in again: \"%s\"", a->message);
        }
        check(most < 1e-9, "off the line of the others%s as by plain sums, worst %.1e", is_signed ? ", signed" : "",
              most);
        say_command(a, "signed");
    }
}

/* ---- numbers ------------------------------------------------------------------------------------- */

static void numbers(void) {
    static const struct {
        double value, scale;
        const char *text;
    } of[] = {{2.2164, 3.8, "2.216"},       {0.46612, 0.53, ".4661"},
              {0.0171234, 0.018, ".01712"}, {0.00712, 0.018, ".00712"},
              {0.00533, 0.0089, "5.3e-3"},  {1.2e-11, 8e-11, "1.2e-11"},
              {123.456, 900, "123.5"},      {12.3456, 90, "12.35"},
              {123456, 200000, "123456"},   {0, 3.8, "0"}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        char text[32];
        domain_number(of[i].value, of[i].scale, text, sizeof text);
        check(strcmp(text, of[i].text) == 0, "%g beside %g is written \"%s\", expected \"%s\"", of[i].value,
              of[i].scale, text, of[i].text);
    }
    size_t longest = 0, alike = 0;
    for (double scale = 1e-8; scale < 1e6; scale *= 1.37) {
        char text[32], moved[32];
        domain_number(scale * .8, scale, text, sizeof text);
        domain_number(scale * (scale < 0.01 ? .9 : .83), scale, moved, sizeof moved);
        if (strlen(text) > longest) longest = strlen(text);
        alike += strcmp(text, moved) == 0;
    }
    check(longest <= 6 && alike == 0,
          "at most 6 columns (%zu), and a move by 4 %% of any scale shows, by 12 %% of the smallest (%zu do not)",
          longest, alike);
}

/* ---- clicks -------------------------------------------------------------------------------------- */

static void row_text(app *a, int y, char *text, size_t size) {
    size_t n = 0;
    for (int x = 0; x < a->grid->cols && n + 1 < size; x++) {
        uint32_t code = a->grid->cells[y * a->grid->cols + x].code[0];
        text[n++] = code < 128 ? (char)code : '#';
    }
    text[n] = 0;
}

static int column_of(app *a, int y, const char *word) {
    char text[512];
    row_text(a, y, text, sizeof text);
    const char *at = strstr(text, word);
    return at ? (int)(at - text) : -1;
}

static void clicks(app *a) {
    static const struct {
        const char *head;
        int sort;
    } heads[] = {{"STS  ", SORT_STS}, {"part", SORT_LATENT}, {"change res", SORT_CHANGE}, {"residual", SORT_RESIDUAL}};
    say_command(a, "pane domains");
    say_command(a, "open");
    rect r = a->layout.pane[PANE_DOMAINS];
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        int x = column_of(a, r.y, heads[i].head);
        for (int turned = 0; turned < 2; turned++) {
            app_click(a, r.y, x, 1);
            app_draw(a);
            check(x > 0 && a->tab->domains->sort == heads[i].sort && a->tab->domains->reversed == (bool)turned,
                  "a click on \"%s\" sorts by it%s", heads[i].head, turned ? ", one more turns it around" : "");
        }
        app_click(a, r.y, x, 1);
        check(!a->tab->domains->reversed, "and one more turns it back");
    }
    app_click(a, r.y, 5, 1);
    check(a->tab->domains->sort == SORT_RESIDUAL, "a click on the title sorts by nothing else");
    say_command(a, "sort file");
    int last = r.y + r.rows - 1, line = r.y + 1;
    while (line < last && column_of(a, line, a->tab->info->domain[2].name) < 0) line++;
    int name = column_of(a, line, a->tab->info->domain[2].name), cross = name;
    char text[512];
    row_text(a, line, text, sizeof text);
    while (text[cross] != ' ') cross++;
    app_click(a, line, name, 1);
    check(a->tab->domains->current == 2 && scry_session_scope(a->tab->session)->use[2], "a click selects a domain");
    app_click(a, line, cross, 1);
    app_draw(a);
    check(!scry_session_scope(a->tab->session)->use[2] && scry_session_result(a->tab->session)->fit.n == 4,
          "a click where the cross stands leaves it out: n %zu", scry_session_result(a->tab->session)->fit.n);
    app_click(a, line, cross, 1);
    check(scry_session_scope(a->tab->session)->use[2], "and takes it in again");
    app_click(a, last + 40, 3, 1);
    say_command(a, "open");
    check(a->tab->enlarged < 0 && a->tab->focus == PANE_DOMAINS, "back from the enlarged pane, it has the keys still");
}

static void footer_words(app *a) {
    char text[512];
    a->message[0] = 0;
    app_draw(a);
    row_text(a, a->grid->rows - 1, text, sizeof text);
    check(strstr(text, "space leave out") && !strstr(text, "space toggle"), "among the domains the footer says \"%s\"",
          text);
    say_command(a, "pane latents");
    row_text(a, a->grid->rows - 1, text, sizeof text);
    check(strstr(text, "space toggle") && !strstr(text, "leave out"), "and at the table \"%s\"", text);
}

int main(void) {
    app *a = open_table(600);
    numbers();
    if (a) {
        left_out(a);
        clicks(a);
        footer_words(a);
    }
    app_free(a);
    return check_end();
}
