/* test_tui_crossings.c: combinations of features in one sitting, by commands, keys and clicks only. Each case was once
 * a bug in which one feature ignored the other. */
#include "labels.h"
#include "table_fixture.h"
#include "explorer/table/column_table.h"

enum { LATENTS = 512, MANY = 64 };

static app *open_at(const char *index, const char *kept) {
    scry_error err = {0};
    scry_index *x = scry_open(index, false, &err);
    scry_session *s = x ? scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 50, SCRY_ACT, &err) : NULL;
    if (!check(s != NULL, "an index opens %s", err.text)) exit(check_end());
    app *a = app_new(x, s, 24, 80, false, true);
    if (kept) autosave_begin(a, a->tab, kept);
    if (kept) autosave_restore(a, a->tab);
    app_draw(a);
    return a;
}

/* A study whose domains' names, written as a list, are longer than any line. */
static const char *many_domains(void) {
    scry_error err = {0};
    synth_options planted = {.latents = LATENTS, .domains = MANY, .tokens = 64, .seed = 3, .rho = 0.6};
    const char *out = scratch("many.scry");
    bool ok = scry_synth(scratch("many"), &planted, NULL, &err) &&
              scry_index_build(scratch("many/study.json"), out, NULL, NULL, NULL, &err);
    if (!check(ok, "a study of %d domains is indexed %s", MANY, err.text)) exit(check_end());
    return out;
}

static size_t taking_part(const app *a) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    size_t n = 0;
    for (size_t d = 0; d < scope->domains; d++) n += scope->use[d];
    return n;
}

static void long_lists_of_domains(const char *index) {
    app *a = open_at(index, NULL);
    say_command(a, text_of("leave-out %s", a->tab->info->domain[MANY - 1].name));
    check_is(taking_part(a), MANY - 1, "one of %d domains left out: %s", MANY, a->message);
    bool was = scry_session_scope(a->tab->session)->is_signed;
    say_command(a, "signed");
    check(scry_session_scope(a->tab->session)->is_signed != was && taking_part(a) == MANY - 1,
          "a signed change with a long list of domains: %zu take part, %s", taking_part(a), a->message);
    say_command(a, "domains");
    type_keys(a, "\r");
    check(taking_part(a) == MANY - 1 && !a->message_is_error, "the list is not cut in the prompt: %s", a->message);
    say_command(a, "sort adds");
    say_command(a, text_of("leave-out %s", a->tab->info->domain[MANY - 2].name));
    check(!table_is_stale(a), "rows by what depends on the domains follow a change at the end of the list");
    app_free(a);
}

static const char *label_of(const app *a, uint32_t latent) {
    const char *label = scry_label(a->tab->index, latent);
    return label ? label : "";
}

static void long_labels(const char *index) {
    char label[1201];
    for (int i = 0; i < 1200; i++) label[i] = (char)(i % 10 == 9 ? ' ' : 'a' + i % 26);
    label[1199] = '.';
    label[1200] = 0;
    app *a = open_at(index, NULL);
    const char *first = text_of("%s", label_of(a, app_latent(a)));
    say_command(a, text_of("label %s", label));
    type_keys(a, "l!\r");
    const char *now = label_of(a, app_latent(a));
    check(strcmp(now, text_of("%s!", label)) == 0, "a label of %zu bytes is edited, not cut to %zu", strlen(label),
          strlen(now));
    say_command(a, "undo");
    say_command(a, "undo");
    check(strcmp(label_of(a, app_latent(a)), first) == 0, "and undone: \"%s\"", label_of(a, app_latent(a)));
    app_free(a);
}

/* What :fires-on found is not kept: nor what was made of it. */
static void kept_without_the_token(const char *index) {
    const char *kept = scratch("on.session");
    app *a = open_at(index, kept);
    const char *token = scry_token(a->tab->index, 0, 0);
    while (*token == ' ') token++;
    say_command(a, text_of("fires-on %s", token));
    if (!check(a->tab->table->on != NULL, "fires-on \"%s\": %s", token, a->message)) {
        app_free(a);
        return;
    }
    say_command(a, "reverse");
    say_command(a, "filter on>0 rank<400");
    uint32_t rows = table_rows(a);
    autosave_save(a, true);
    app *b = open_at(index, kept);
    table_finish(b);
    check(rows > 0 && table_rows(b) == LATENTS && !b->tab->table->reversed &&
              strcmp(columns[b->tab->table->column].name, "rank") == 0,
          "opened again without it: %u rows by %s, %s", table_rows(b), columns[b->tab->table->column].name,
          b->tab->table->reversed ? "turned" : "as they are");
    app_free(b);
    say_command(a, "unfilter");
    say_command(a, "sort rate");
    say_command(a, "reverse");
    say_command(a, "filter rank<400 in:no");
    rows = table_rows(a);
    autosave_save(a, true);
    b = open_at(index, kept);
    table_finish(b);
    check(b->tab->table->reversed && rows == table_rows(b), "another order and filter are kept: %u rows of %u",
          table_rows(b), rows);
    app_free(b);
    app_free(a);
}

/* The second click of two on the column "in" is a switch, wherever that column stands, and nowhere else. */
static void clicks_on_moved_columns(const char *index) {
    app *a = open_at(index, NULL);
    say_command(a, "columns rank,latent,in,label");
    char row[200] = "";
    for (int x = 0; x < 80; x++) row[x] = (char)(a->grid->cells[2 * 80 + x].code[0] & 127);
    const char *star = strchr(row, '*');
    if (!check(star != NULL, "the sign of the first latent is on the screen")) {
        app_free(a);
        return;
    }
    int x = (int)(star - row);
    uint32_t latent = order_at(&a->tab->table->order, 0);
    app_click(a, 2, x, 1);
    app_click(a, 2, x, 2);
    check(a->tab->enlarged < 0 && scry_set_has(scry_session_set(a->tab->session), latent),
          "two clicks in the column switch it out and in again");
    app_click(a, 2, 1, 1);
    app_click(a, 2, 1, 2);
    check(a->tab->enlarged >= 0, "two clicks on the rank, where \"in\" stands by default, enlarge");
    app_free(a);
}

/* Both tabs have one file of labels and one of sets, as studies of one SAE have in the cache. */
static void two_tabs_of_one_sae(const char *index) {
    app *a = open_at(index, NULL);
    const char *other = text_of("%s/./%s", scratch("%s", ""), strrchr(index, '/') + 1);
    say_command(a, text_of("add %s", other));
    if (!check(a->tab_count == 2, "the same latents in a second tab: %s", a->message)) {
        app_free(a);
        return;
    }
    const char *first = text_of("%s", label_of(a, 7));
    say_command(a, "sets");
    say_command(a, "sets");
    say_command(a, "tab");
    say_command(a, "latent 7");
    say_command(a, "label seven");
    say_command(a, "keep core 3,17");
    say_command(a, "tab");
    check(strcmp(label_of(a, 7), "seven") == 0, "a label is seen in the other tab");
    say_command(a, "filter label=seven");
    check_is(table_rows(a), 1, "and found there");
    say_command(a, "choose core");
    check_is(scry_session_set(a->tab->session)->count, 2, "a set is known there: %s", a->message);
    say_command(a, "unfilter");
    say_command(a, "label eight");
    say_command(a, "tab");
    check(strcmp(label_of(a, 7), "eight") == 0, "and written over there, here again");
    say_command(a, "undo");
    say_command(a, "tab");
    check(strcmp(label_of(a, 7), first) == 0, "what is undone here is undone there, as in the file");
    say_command(a, "close");
    say_command(a, "forget core");
    app_free(a);
}

/* Keys go to what is shown, also where one pane fills the screen. */
static void keys_in_an_enlarged_pane(const char *index) {
    app *a = open_at(index, NULL);
    static const char *const steps[] = {"column-right", "fires-on number", "column-left"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        say_command(a, "pane domains");
        say_command(a, "open");
        check(a->tab->enlarged == PANE_DOMAINS, "the domains fill the screen");
        say_command(a, steps[i]);
        check(a->tab->enlarged == PANE_TABLE && a->tab->focus == PANE_TABLE, "%s shows the table that it acts on",
              steps[i]);
        type_keys(a, "\x1b");
    }
    app_free(a);
}

/* A macro does what its lines did: what was clicked, and a jump to what a page lists. */
static void macros(const char *index) {
    app *a = open_at(index, NULL), *b = open_at(index, NULL);
    setenv("XDG_DATA_HOME", scratch_folder("data"), 1);
    say_command(a, "pane domains");
    say_command(a, "open");
    app_resize(a, MANY + 10, 80); /* a line a domain, and heads */
    app_draw(a);
    say_command(a, "record heads");
    char title[81] = "";
    for (int x = 0; x < 80; x++)
        title[x] = a->grid->cells[80 + x].code[0] < 127 ? (char)a->grid->cells[80 + x].code[0] : ' ';
    const char *head = strstr(title, "change residual");
    if (check(head != NULL, "the head of the change is on the screen: %s", title)) {
        app_click(a, 1, (int)(head - title), 1);
        app_click(a, 1, (int)(head - title), 1);
    }
    say_command(a, "last");
    say_command(a, "pane latents");
    say_command(a, "open");
    say_command(a, "together");
    if (latent_working(a)) latent_work(a, 0);
    say_command(a, "jump");
    say_command(a, "record");
    check(app_latent(a) != order_at(&a->tab->table->order, 0), "jumped to a latent that fires together: %u",
          app_latent(a));
    app_resize(b, MANY + 10, 80);
    say_command(b, "pane domains");
    say_command(b, "open");
    say_command(b, "play heads");
    check(!b->message_is_error && b->tab->domains->sort == a->tab->domains->sort && b->tab->domains->reversed &&
              domains_current(b) == domains_current(a) && app_latent(b) == app_latent(a),
          "played, it leads to latent %u, domain %zu, order %d, found %u, %zu, %d: %s", app_latent(a),
          domains_current(a), a->tab->domains->sort, app_latent(b), domains_current(b), b->tab->domains->sort,
          b->message);
    app_free(a);
    app_free(b);
}

static void marks_that_fail(const char *index) {
    app *a = open_at(index, NULL);
    say_command(a, "mark 3");
    say_command(a, "filter marked:yes");
    say_command(a, "mark 5,99999999");
    check(a->message_is_error && a->tab->table->marks->count == 1 && table_rows(a) == 1 && !table_is_stale(a),
          "a list of marks with an error in it marks none of it: %u marked", a->tab->table->marks->count);
    app_free(a);
}

/* The row's latent was switched since it was filtered; the filter is looked at again and left. */
static void escape_from_a_filter(const char *index) {
    app *a = open_at(index, NULL);
    say_command(a, "filter in:yes");
    say_command(a, "down 3");
    type_keys(a, " ");
    type_keys(a, "& rank<9\x1b");
    table_finish(a);
    check(order_at(&a->tab->table->order, a->tab->table->cursor) == app_latent(a), "the cursor is on its row's latent");
    uint32_t latent = order_at(&a->tab->table->order, a->tab->table->cursor);
    type_keys(a, " ");
    check(!scry_set_has(scry_session_set(a->tab->session), latent), "so that space switches what is pointed at");
    say_command(a, "filter latent:511 in:yes !in:yes");
    uint32_t hidden = app_latent(a);
    autosave_free(a->tab->autosave);
    a->tab->autosave = autosave_new();
    const char *kept = scratch("none.session");
    autosave_begin(a, a->tab, kept);
    say_command(a, "toggle 9");
    autosave_save(a, true);
    app *b = open_at(index, kept);
    check(table_rows(b) == 0 && app_latent(b) == hidden, "a filter that hides all keeps latent %u, found %u", hidden,
          app_latent(b));
    app_free(a);
    app_free(b);
}

static void long_filters(const char *index) {
    app *a = open_at(index, NULL);
    char text[FILTER_MOST + 40] = "filter ";
    for (size_t n = strlen(text); n < FILTER_MOST + 20; n += 8) snprintf(text + n, 9, "rank<50 ");
    say_command(a, text);
    check(a->message_is_error && table_rows(a) == LATENTS, "a filter that is too long to keep is refused: %.60s",
          a->message);
    app_free(a);
}

int main(void) {
    const char *index = many_domains();
    long_lists_of_domains(index);
    long_labels(index);
    kept_without_the_token(index);
    clicks_on_moved_columns(index);
    two_tabs_of_one_sae(index);
    keys_in_an_enlarged_pane(index);
    macros(index);
    marks_that_fail(index);
    escape_from_a_filter(index);
    long_filters(index);
    return check_end();
}
