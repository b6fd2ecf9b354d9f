/* help_lines.c: the lines of the help, from the tables of commands and columns. */
#include "explorer/panes/help_page.h"
#include "base/utf8.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/table/column_table.h"
#include "text/text.h"

#include <string.h>

/* Commands that mean something of their own in a pane; the latent's pages add theirs. */
static const char *const acts_in[PANES] = {
    [PANE_TABLE] =
        "down up page-down page-up first last latent search search-next search-back toggle mark mark-to unmark "
        "toggle-marked sort reverse resort filter unfilter column-right column-left column-hide column-show "
        "column-back column-on narrower wider columns open",
    [PANE_LATENT] = "down up page-down page-up first last open page label edit-label jump back capture sort reverse",
    [PANE_DOMAINS] = "down up page-down page-up first last domain leave-out sort reverse domains signed open",
};

static const char *const words[][2] = {
    {"latent", "a feature of the sparse autoencoder, by its number"},
    {"label", "the name given to a latent; without one, its key tokens: the three token texts with most of its "
              "activation"},
    {"sel", "selected: * as ranked, + added by hand, - removed by hand; m marked"},
    {"shift", "how far a source (icl, sft, rl, control) moves a latent from base"},
    {"N", "how many latents of the ranking are selected"},
    {"what-if", "rho if this latent were toggled, and how much it would change"},
    {"[ token]",
     "the token that the example is listed for; others on which the latent fires are shaded by quarters of its "
     "strongest activation, or, without colour, in brackets, and the example's in two"},
    {"interval", "top; q5 to q1: fifths of a latent's activations, strong to weak; random; moved: |change from base|; "
                 "1.5-3: activations from 1.5 to below 3"},
    {"STS", "SAE-based Transferability Score: how strongly the selection is active in a domain"},
    {"change",
     "measured change of accuracy in a domain, in percentage points; -0.40~ is below twice its standard error"},
    {"residual", "a domain's change minus the fitted line at its STS; in brackets for a domain that is left out: its "
                 "distance from the line of the others"},
    {"rho", "Pearson's correlation of STS with the measured change, over domains"},
    {"R2", "share of the change's variance that the line explains"},
    {"p", "two-sided p-value over permuted changes: exact up to 9 domains, else 100,000 random ones"},
    {"leave-one-out", "smallest and largest rho with one domain left out (LOO)"},
    {"95%", "bootstrap interval of rho over samples of each domain's tokens"},
    {"part",
     "what the table's latent adds to a domain's STS; shaded at the bar's end, dotted where it is not selected"},
    {"random", "mean rho of 1,000 random sets of the same size, and the share of them that this rho beats"},
    {"Spearman", "rho of the ranks"},
};

static const char *const filters[][2] = {
    {"rank<=500", "any column, with < <= > >= = !=; 1% is .01"},
    {"latent:3,9-12", "one of these"},
    {"label~law", "the label, or a key token where there is none, contains it; label=\"x\" equals it"},
    {"token~the", "a key token contains it"},
    {"fires:law>1%", "how often it fires in a domain; adds:law>0: what it adds to its score"},
    {"a b  a,b  a|b", "and; or; or between everything to the left and right; !a not, ( )"},
};

const char *help_find(const char *text, const char *filter) {
    return text && filter[0] ? strcasestr(text, filter) : NULL;
}

typedef struct page {
    help_line *lines;
    int n, cols;
    const char *filter;
} page;

static void put(page *p, help_line l) {
    if (p->n < HELP_LINES) p->lines[p->n++] = l;
}

/* As many bytes of the text as fill `cols` columns, up to a space. */
static int part_of(const char *text, int cols) {
    int width = 0, space = 0;
    const char *at = text;
    while (*at) {
        const char *here = at;
        width += text_width(utf8_next(&at));
        if (width > cols) return space ? space : (int)(here - text);
        if (*at == ' ' || !*at) space = (int)(at - text);
    }
    return space;
}

static void add(page *p, help_line l) {
    if (p->filter[0] && !help_find(l.key, p->filter) && !help_find(l.name, p->filter) &&
        !help_find(l.arguments, p->filter) && !help_find(l.text, p->filter))
        return;
    int length = (int)strlen(l.text);
    for (int from = 0; from < length || from == 0;) {
        l.from = from;
        l.part = part_of(l.text + from, p->cols);
        put(p, l);
        l.key = l.name = l.arguments = "";
        from += l.part;
        while (l.text[from] == ' ') from++;
        if (!l.part) break;
    }
}

static void add_word(page *p, const char *key, const char *name, const char *text) {
    add(p, (help_line){.key = key, .name = name, .arguments = "", .text = text});
}

static void begin(page *p, const char *title) {
    if (p->n) put(p, (help_line){.text = "", .key = "", .name = "", .arguments = ""});
    put(p, (help_line){.text = title, .part = (int)strlen(title), .title = true});
}

/* A title with nothing below it goes again. */
static void end(page *p, int before) {
    bool empty = p->n > 0 && p->lines[p->n - 1].title;
    if (empty) p->n = before;
}

/* Is it the command of a page of the latent, or one that a page names in the footer? */
static bool is_of_page(const char *name) {
    for (int i = 0; i < latent_page_count; i++) {
        if (strcmp(latent_pages[i]->name, name) == 0) return true;
        for (const page_hint *h = latent_pages[i]->hints; h && h->command; h++)
            if (strcmp(h->command, name) == 0) return true;
    }
    return false;
}

static bool acts_in_pane(int p, const char *name) {
    return options_apply(acts_in[p], name) || (p == PANE_LATENT && is_of_page(name));
}

bool help_acts_in_a_pane(const char *name) {
    for (int p = 0; p < PANES; p++)
        if (acts_in_pane(p, name)) return true;
    return false;
}

static void add_command(page *p, app *a, const command *c) {
    /* what toggle's key does among the domains */
    bool leaves_out = a->tab->focus == PANE_DOMAINS && strcmp(c->name, "leave-out") == 0;
    const char *keys = keymap_keys(&a->keys, leaves_out && !*keymap_keys(&a->keys, c) ? command_find("toggle") : c);
    add(p, (help_line){keys, c->name, command_explorer_arguments(c), c->help, 0, 0, false});
}

/* Keys of the page from which the help was called. */
static void add_page(page *p, const app *a) {
    if (!a->layer_below || !a->layer_below->keys) return;
    begin(p, "on the page that is open");
    for (const char *const(*key)[2] = a->layer_below->keys; (*key)[0]; key++) add_word(p, (*key)[0], "", (*key)[1]);
    end(p, 0);
}

static void add_commands(page *p, app *a) {
    static const command_group order[GROUPS] = {GROUP_MOVE, GROUP_SELECT, GROUP_VIEW, GROUP_FILES};
    static const char *const here[PANES] = {"in this pane: the latents", "in this pane: the latent",
                                            "in this pane: the domains"};
    int first = p->n;
    begin(p, here[a->tab->focus]);
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].explorer && acts_in_pane((int)a->tab->focus, commands[i].name)) add_command(p, a, &commands[i]);
    end(p, first);
    for (int g = 0; g < GROUPS; g++) {
        int before = p->n;
        begin(p, command_group_names[order[g]]);
        for (size_t i = 0; i < command_count; i++)
            if (commands[i].explorer && commands[i].group == order[g] &&
                !acts_in_pane((int)a->tab->focus, commands[i].name))
                add_command(p, a, &commands[i]);
        end(p, before);
    }
}

int help_lines(app *a, int cols, const char *filter, help_line *lines) {
    page p = {.lines = lines, .cols = cols > 10 ? cols : 10, .filter = filter};
    add_page(&p, a);
    add_commands(&p, a);
    int before = p.n;
    begin(&p, "columns of the table");
    for (int i = 0; i < column_count; i++) add_word(&p, "", columns[i].name, columns[i].help);
    end(&p, before);
    before = p.n;
    begin(&p, "the filter (&)");
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) add_word(&p, "", filters[i][0], filters[i][1]);
    for (int i = 0; i < flag_count; i++) add_word(&p, "", flags[i].name, flags[i].help);
    end(&p, before);
    before = p.n;
    begin(&p, "words");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) add_word(&p, "", words[i][0], words[i][1]);
    end(&p, before);
    return p.n;
}
