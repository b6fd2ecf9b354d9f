/* help.c: all keys and commands, made from the table of commands. */
#include "draw/text.h"
#include "keys.h"
#include "views/columns.h"
#include "views/view.h"

#include <stdio.h>
#include <string.h>

typedef struct line {
    const char *key, *name, *text;
    bool title;
} line;

static int add(line *lines, int n, int most, line l) {
    if (n < most) lines[n] = l;
    return n + 1;
}

static int help_lines(line *lines, int most) {
    int n = 0;
    for (int g = GROUPS - 1; g >= 0; g--) {
        static const command_group order[GROUPS] = {GROUP_FILES, GROUP_VIEW, GROUP_SELECT, GROUP_MOVE};
        command_group group = order[g];
        n = add(lines, n, most, (line){.text = command_group_names[group], .title = true});
        for (size_t i = 0; i < command_count; i++)
            if (commands[i].explorer && commands[i].group == group)
                n = add(lines, n, most, (line){commands[i].keys, commands[i].name, commands[i].help, false});
        n = add(lines, n, most, (line){0});
    }
    n = add(lines, n, most, (line){.text = "columns of the table", .title = true});
    for (int i = 0; i < column_count; i++) n = add(lines, n, most, (line){"", columns[i].name, columns[i].help, false});
    n = add(lines, n, most, (line){0});
    n = add(lines, n, most, (line){.text = "the filter (&)", .title = true});
    static const char *const filters[][2] = {
        {"rank<=500", "any column, with < <= > >= = !=; 1% is .01"},
        {"latent:3,9-12", "one of these"},
        {"label~law", "the label, or a key token where there is none, holds it; label=\"x\" is it"},
        {"token~the", "a key token holds it"},
        {"fires:law>1%", "how often it fires in a domain; adds:law>0 what it brings there"},
        {"a b  a,b  a|b", "both; either; either, of all to the left and right; !a not, ( )"},
    };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        n = add(lines, n, most, (line){"", filters[i][0], filters[i][1], false});
    for (int i = 0; i < flag_count; i++) n = add(lines, n, most, (line){"", flags[i].name, flags[i].help, false});
    n = add(lines, n, most, (line){0});
    static const char *const words[][2] = {
        {"shift", "how far a source (icl, sft, rl) moves a latent from base"},
        {"shade [ ]", "tokens on which the latent fires, the darker the weaker; [ ] the one that is listed"},
        {"interval", "top; q5 to q1: fifths of its activations, strong to weak; random; moved: |change from base|"},
        {"STS", "SAE-based Transferability Score: how much a domain leans on the selection"},
        {"rho", "Pearson's correlation of STS with the measured change, over domains"},
        {"p", "two-sided, from permuted changes: exact to 9 domains, else 100,000 draws"},
        {"one out", "smallest and largest rho with one domain left out"},
        {"95%", "interval of rho over resampled samples of each domain's tokens"},
        {"part", "of a domain's STS: the table's latent's; shaded at the bar's end, dotted where it is out"},
        {"random", "mean rho of 1,000 random sets of the same size, and the share below this rho"},
    };
    n = add(lines, n, most, (line){.text = "words", .title = true});
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        n = add(lines, n, most, (line){"", words[i][0], words[i][1], false});
    return n;
}

static void draw_help(app *a, rect r) {
    enum { MOST = 200 };
    line lines[MOST];
    int n = help_lines(lines, MOST);
    if (n > MOST) n = MOST;
    int page = r.rows - 1;
    if (a->help_top > n - page) a->help_top = n - page;
    if (a->help_top < 0) a->help_top = 0;
    int last = a->help_top + page < n ? a->help_top + page : n;
    view_title(a, r, true, "keys and commands, %d to %d of %d   j k scroll   ? or q back", a->help_top + 1, last, n);
    for (int i = 0; i < page && a->help_top + i < n; i++) {
        const line *l = &lines[a->help_top + i];
        int y = r.y + 1 + i, x = r.x + 1;
        grid_fill(a->grid, y, r.x, r.cols, ROLE_TEXT, ' ');
        if (!l->text) continue;
        if (l->title) {
            grid_put(a->grid, y, x, r.cols - 1, ROLE_HEADER, l->text);
            continue;
        }
        grid_put(a->grid, y, x + 1, 10, ROLE_KEY, l->key);
        grid_put(a->grid, y, x + 12, 14, ROLE_TEXT, l->name);
        char text[160];
        snprintf(text, sizeof text, "%s", l->text);
        text_fit(text, r.cols - 28, a->ascii);
        grid_put(a->grid, y, x + 27, r.cols - 28, ROLE_FAINT, text);
    }
}

static bool help_key(app *a, uint32_t key, command_effect *effect) {
    int page = a->grid->rows - 4;
    if (key == 'j' || key == KEY_CODE_DOWN) a->help_top++;
    else if (key == 'k' || key == KEY_CODE_UP) a->help_top--;
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN || key == ' ') a->help_top += page;
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) a->help_top -= page;
    else if (key == 'g' || key == KEY_CODE_HOME) a->help_top = 0;
    else if (key == 'G' || key == KEY_CODE_END) a->help_top = 10000;
    else a->layer = NULL;
    *effect = DID_CHANGE;
    return true;
}

static void help_wheel(app *a, int steps) {
    a->help_top += steps;
}

const layer layer_help = {"help", draw_help, help_key, help_wheel};
