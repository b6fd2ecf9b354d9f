/* help_lines.c: the lines of the help, from the tables of commands and columns. */
#include "explorer/panes/help_lines.h"
#include "base/utf8.h"
#include "explorer/table/column_table.h"
#include "text/text.h"

#include <string.h>

/* Commands that mean something of their own in a pane. */
static const char *const acts_in[PANES] = {
    [PANE_TABLE] =
        "down up page-down page-up first last latent search search-next search-back toggle mark mark-to unmark "
        "toggle-marked sort reverse resort filter unfilter column-right column-left column-hide column-show "
        "column-back column-on narrower wider columns open",
    [PANE_LATENT] =
        ("down up page-down page-up first last open page tokens histogram profile sources neighbours together "
         "interval versus wrap label edit-label jump back capture sort reverse"),
    [PANE_DOMAINS] = "down up page-down page-up first last domain leave-out sort reverse domains signed open",
};

static const char *const words[][2] = {
    {"latent", "one feature of the sparse autoencoder, by its number"},
    {"label", "what was given as a latent's name; where nothing was, its key tokens: the three token texts that hold "
              "most of its activation"},
    {"in", "* as ranked, + put in by hand, - taken out by hand, m marked"},
    {"shift", "how far a source (icl, sft, rl) moves a latent from base"},
    {"N", "how many latents of the ranking are in the score"},
    {"what-if", "rho if this one latent were switched, and the step to it"},
    {"[ token]", "the token that an example is listed for; the others that fire are shaded by a quarter each, and in "
                 "brackets where there is no colour, then it in two"},
    {"interval", "top; q5 to q1: fifths of a latent's activations, strong to weak; random; moved: |change from base|; "
                 "1.5-3: from and below"},
    {"STS", "SAE-based Transferability Score: how much a domain leans on the selection"},
    {"change", "measured change of accuracy in a domain, in percentage points"},
    {"residual", "a domain's change less what the fitted line gives at its STS; in brackets for a domain that is left "
                 "out: off the line of the others"},
    {"rho", "Pearson's correlation of STS with the measured change, over domains"},
    {"R2", "share of the change's variance that the line explains"},
    {"p", "two-sided, from permuted changes: exact to 9 domains, else 100,000 draws"},
    {"one out", "smallest and largest rho with one domain left out"},
    {"95%", "interval of rho over resampled samples of each domain's tokens"},
    {"part", "of a domain's STS: the table's latent's; shaded at the bar's end, dotted where it is out"},
    {"random", "mean rho of 1,000 random sets of the same size, and the share of them that this rho is above"},
    {"Spearman", "rho of the ranks"},
};

static const char *const filters[][2] = {
    {"rank<=500", "any column, with < <= > >= = !=; 1% is .01"},
    {"latent:3,9-12", "one of these"},
    {"label~law", "the label, or a key token where there is none, holds it; label=\"x\" is it"},
    {"token~the", "a key token holds it"},
    {"fires:law>1%", "how often it fires in a domain; adds:law>0 what it brings there"},
    {"a b  a,b  a|b", "both; either; either, of all to the left and right; !a not, ( )"},
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

static void begin(page *p, const char *title) {
    if (p->n) put(p, (help_line){.text = "", .key = "", .name = "", .arguments = ""});
    put(p, (help_line){.text = title, .part = (int)strlen(title), .title = true});
}

/* A title with nothing below it goes again. */
static void end(page *p, int before) {
    bool empty = p->n > 0 && p->lines[p->n - 1].title;
    if (empty) p->n = before;
}

static bool acts_here(const app *a, const command *c) {
    return options_apply(acts_in[a->tab->focus], c->name);
}

bool help_acts_in_a_pane(const char *name) {
    for (int p = 0; p < PANES; p++)
        if (options_apply(acts_in[p], name)) return true;
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
    for (const char *const(*key)[2] = a->layer_below->keys; (*key)[0]; key++)
        add(p, (help_line){(*key)[0], "", "", (*key)[1], 0, 0, false});
    end(p, 0);
}

static void add_commands(page *p, app *a) {
    static const command_group order[GROUPS] = {GROUP_MOVE, GROUP_SELECT, GROUP_VIEW, GROUP_FILES};
    static const char *const here[PANES] = {"in this pane: the latents", "in this pane: the latent",
                                            "in this pane: the domains"};
    int first = p->n;
    begin(p, here[a->tab->focus]);
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].explorer && acts_here(a, &commands[i])) add_command(p, a, &commands[i]);
    end(p, first);
    for (int g = 0; g < GROUPS; g++) {
        int before = p->n;
        begin(p, command_group_names[order[g]]);
        for (size_t i = 0; i < command_count; i++)
            if (commands[i].explorer && commands[i].group == order[g] && !acts_here(a, &commands[i]))
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
    for (int i = 0; i < column_count; i++) add(&p, (help_line){"", columns[i].name, "", columns[i].help, 0, 0, false});
    end(&p, before);
    before = p.n;
    begin(&p, "the filter (&)");
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        add(&p, (help_line){"", filters[i][0], "", filters[i][1], 0, 0, false});
    for (int i = 0; i < flag_count; i++) add(&p, (help_line){"", flags[i].name, "", flags[i].help, 0, 0, false});
    end(&p, before);
    before = p.n;
    begin(&p, "words");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add(&p, (help_line){"", words[i][0], "", words[i][1], 0, 0, false});
    end(&p, before);
    return p.n;
}
