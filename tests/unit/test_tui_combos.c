/* test_tui_combos.c: random commands, keys and clicks in random order, on two open indexes. After each, rows, their
 * order, the selection and rho must equal those of plain loops; undoing to the start and redoing to the end must
 * restore the state; the saved session must give the same screens again. COMBOS_SEED: another start; COMBOS_ROUNDS: how
 * many actions; COMBOS_TRACE: print them. */
#include "random_action.h"
#include "base/clock.h"
#include "labels.h"
#include "explorer/table/column_table.h"

#include <limits.h>
#include <stdarg.h>
#include <unistd.h>

enum { STEPS_KEPT = 4096, STEPS = 150 };

/* Number of errors, and a description of the first. */
typedef struct seen {
    size_t rows, order, set, rho, undo, screens;
    char first[600];
} seen;

static void note(seen *s, size_t *count, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void note(seen *s, size_t *count, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!s->first[0]) vsnprintf(s->first, sizeof s->first, format, args);
    va_end(args);
    ++*count;
}

/* ---- two studies ------------------------------------------------------------------------------------------------- */

static const char *capture_of(const char *condition, const char *file) {
    static char acts[PATH_MAX];
    if (!realpath("sample_data/acts", acts)) abort();
    return text_of("\"%s\": {\"residual\": \"%s/%s.safetensors\", \"tokens\": \"%s/%.*s.tokens.jsonl\"}", condition,
                   acts, file, acts, (int)strcspn(file, "."), file);
}

/* One with two training sets, the second with rl in place of sft and fewer changes; one without icl in its domains. */
static const char *make_index(bool second) {
    static const char *const domain[MODEL_DOMAINS] = {"law", "math", "physics", "history", "biology"};
    static const double change[] = {-9, 6, -5, -8, 1}, also[] = {1, -2, 4, 9};
    scry_error err = {0};
    const char *domains = "", *path = scratch("%d.json", second), *out = scratch("%d.scry", second);
    char sae[PATH_MAX];
    for (int d = 0; d < MODEL_DOMAINS; d++) {
        const char *base = capture_of("base", text_of("%s.base", domain[d]));
        const char *icl = second ? "" : text_of(", %s", capture_of("icl", text_of("%s.icl", domain[d])));
        const char *other = second || d == 4 ? "" : text_of(", \"other\": %g", also[d]);
        domains = text_of("%s%s{\"name\": \"%s\", \"change\": {\"math\": %g%s}, %s%s}", domains, d ? ", " : "",
                          domain[d], second ? 1 + d * d : change[d], other, base, icl);
    }
    const char *other = text_of(", {\"name\": \"other\", %s, %s, %s}", capture_of("base", "train.base"),
                                capture_of("icl", "train.sft"), capture_of("rl", "train.icl"));
    if (!realpath("sample_data/sae", sae)) abort();
    write_text(path,
               "{\"scry_study\": 1, \"sae\": \"%s\", \"train\": [{\"name\": \"math\", %s, %s, %s}%s], \"domains\": "
               "[%s]}",
               sae, capture_of("base", "train.base"), capture_of("icl", "train.icl"), capture_of("sft", "train.sft"),
               second ? "" : other, domains);
    if (!check(scry_index_build(path, out, NULL, NULL, NULL, &err), "a study is indexed %s", err.text))
        exit(check_end());
    return out;
}

static app *open_app(const char *path) {
    scry_error err = {0};
    scry_index *x = scry_open(path, false, &err);
    scry_session *s = x ? scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err) : NULL;
    if (!s) exit(1);
    app *a = app_new(x, s, 24, 80, false, true);
    autosave_begin(a, a->tab, NULL);
    return a;
}

static tab *tab_of(app *a, const char *path) {
    for (size_t i = 0; i < a->tab_count; i++)
        if (strcmp(a->tabs[i]->info->path, path) == 0) return a->tabs[i];
    return NULL;
}

/* ---- what is shown ----------------------------------------------------------------------------------------------- */

static void line_of(const grid *g, int y, char *text, size_t size) {
    size_t n = 0;
    for (int x = 0; x < g->cols && n + 1 < size; x++) {
        uint32_t code = g->cells[y * g->cols + x].code[0];
        text[n++] = code >= 32 && code < 127 ? (char)code : ' ';
    }
    text[n] = 0;
}

static void check_rows(seen *s, const model *m, app *a, const char *after) {
    const char *text = table_filter_text(a->tab), *column = columns[a->tab->table->column].name;
    row_order *order = &a->tab->table->order;
    uint32_t n = 0, rows = table_rows(a);
    bool up = columns[a->tab->table->column].ascending != a->tab->table->reversed;
    double before = 0, now = 0;
    if (rows && order_at(order, a->tab->table->cursor) != app_latent(a))
        note(s, &s->order, "after %s: row %u is not latent %u's", after, a->tab->table->cursor, app_latent(a));
    if (table_is_stale(a)) return;
    for (uint32_t j = 0; j < m->F; j++) {
        int should = model_passes(text, m, a, j);
        if (should < 0) return;
        n += (uint32_t)should;
        if (should != table_passes(a, j)) note(s, &s->rows, "after %s: latent %u, filter %s", after, j, text);
    }
    if (n != rows) note(s, &s->rows, "after %s: %u rows, expected %u by %s", after, rows, n, text);
    for (uint32_t row = 0; row < rows; row++, before = now) {
        if (!model_figure(m, a, column, order_at(order, row), &now)) return;
        bool wrong = isnan(before) ? !isnan(now) : !isnan(now) && (up ? now < before - 1e-6 : now > before + 1e-6);
        if (row && wrong) note(s, &s->order, "after %s: by %s, row %u: %g after %g", after, column, row, now, before);
    }
}

static void check_set(seen *s, const model *m, app *a, const char *after) {
    scry_session *session = a->tab->session;
    const scry_set *set = scry_session_set(session);
    uint32_t n = scry_session_n(session), count = 0, in = 0, out = 0;
    for (uint32_t j = 0; j < m->F; j++) {
        int pin = scry_session_pin(session, j);
        bool ranked = m->rank[j] < n, is = scry_set_has(set, j);
        if (is != (pin == 0 ? ranked : pin == 1)) note(s, &s->set, "after %s: latent %u, pin %d", after, j, pin);
        count += is;
        in += is && !ranked;
        out += !is && ranked;
    }
    char title[400], words[80], edits[48] = "";
    line_of(a->grid, 0, title, sizeof title);
    if (in) snprintf(edits, sizeof edits, " +%u", in);
    if (out) snprintf(edits + strlen(edits), sizeof edits - strlen(edits), " -%u", out);
    if (edits[0]) snprintf(edits + strlen(edits), sizeof edits - strlen(edits), " = %u", count);
    snprintf(words, sizeof words, "N %u%s  score", n, edits);
    if (count != set->count || !strstr(title, words))
        note(s, &s->set, "after %s: \"%s\", expected %s of %u", after, title, words, set->count);
}

static void check_rho(seen *s, const model *m, app *a, const char *after) {
    double rho = scry_session_result(a->tab->session)->fit.pearson, what_if;
    rect r = a->layout.pane[PANE_DOMAINS];
    char shown[16], line[400], wanted[32];
    if (isnan(rho) != isnan(m->rho) || fabs(rho - m->rho) > 1e-6)
        note(s, &s->rho, "after %s: rho %g, expected %g", after, rho, m->rho);
    if (!a->layer && !a->prompt.then && r.rows > 1 && !isnan(m->rho)) {
        format_rho(m->rho, 3, false, shown, sizeof shown);
        line_of(a->grid, r.y + 1, line, sizeof line);
        snprintf(wanted, sizeof wanted, "rho %s", shown);
        if (!strstr(line, wanted)) note(s, &s->rho, "after %s: \"%s\", expected %s", after, line, shown);
    }
    for (uint32_t j = 1; j < m->F; j += 97) {
        table_what_if(a, j, 1, &what_if);
        if (isnan(what_if) != isnan(m->what_if[j]) || fabs(what_if - m->what_if[j]) > 1e-5)
            note(s, &s->rho, "after %s: what-if of %u is %g, expected %g", after, j, what_if, m->what_if[j]);
    }
}

static void check_all(seen *s, model *m, app *a, const char *after) {
    if (a->tab->enlarged >= 0 && a->tab->enlarged != (int)a->tab->focus)
        note(s, &s->screens, "after %s: the keys are in a pane that is not shown", after);
    model_rank(m, a);
    model_score(m, a);
    check_set(s, m, a, after);
    check_rho(s, m, a, after);
    check_rows(s, m, a, after);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* All that steps change. */
typedef struct moment {
    scry_set *set;
    char *words; /* training set, source, metric, N, domains, sign, labels */
} moment;

static moment moment_of(const app *a) {
    const scry_session *s = a->tab->session;
    const scry_ranking *r = scry_session_ranking(s);
    moment m = {.set = scry_set_copy(scry_session_set(s))};
    size_t size;
    FILE *f = open_memstream(&m.words, &size);
    if (!f) abort();
    fprintf(f, "%zu %d %d N %u %s %d", r->train, r->source, r->metric, scry_session_n(s), scry_session_scope_spec(s),
            scry_session_scope(s)->is_signed);
    for (uint32_t j = 0; j < a->tab->info->d_sae; j++)
        if (scry_label(a->tab->index, j)) fprintf(f, " %u %s", j, scry_label(a->tab->index, j));
    fclose(f);
    return m;
}

static void moment_free(moment *m) {
    scry_set_free(m->set);
    free(m->words);
}

typedef struct past {
    moment at[STEPS_KEPT]; /* before the first step, then after each */
    size_t count, now;
} past;

static void forget(past *p) {
    while (p->count) moment_free(&p->at[--p->count]);
    p->now = 0;
}

/* After a command or a key, which is at most one step: a new one, or one back, or forth. */
static void follow(seen *s, past *p, app *a, const char *after) {
    size_t undo, redo;
    moment now = moment_of(a);
    scry_session_history(a->tab->session, &undo, &redo);
    const moment *was = undo < p->count ? &p->at[undo] : NULL;
    bool same = was && scry_set_equal(was->set, now.set) && strcmp(was->words, now.words) == 0;
    if (undo + redo + 1 == p->count && (same || redo || undo != p->now + 1 || strstr(after, "redo"))) {
        if (!same) note(s, &s->undo, "after %s: %s, expected %s", after, now.words, was->words);
        p->now = undo;
        moment_free(&now);
        return;
    }
    while (p->count > p->now + 1) moment_free(&p->at[--p->count]);
    if (redo || undo != p->now + 1 || p->count == STEPS_KEPT) note(s, &s->undo, "after %s: %zu steps", after, undo);
    p->at[p->count++] = now;
    p->now = undo;
}

/* A tab without a saved session opens with the ranking of the tab next to it. */
static void begin_again(past *p, const app *a) {
    size_t undo, redo;
    scry_session_history(a->tab->session, &undo, &redo);
    if (undo + redo) return;
    forget(p);
    p->at[p->count++] = moment_of(a);
}

static void to_the_start_and_back(seen *s, model *m, past *p, app *a) {
    size_t undo, redo;
    for (scry_session_history(a->tab->session, &undo, &redo); undo; undo--) {
        app_command(a, "undo");
        follow(s, p, a, "undo to the start");
    }
    for (scry_session_history(a->tab->session, &undo, &redo); redo; redo--) {
        app_command(a, "redo");
        follow(s, p, a, "redo to the end");
    }
    if (p->now + 1 != p->count) note(s, &s->undo, "%zu steps, expected %zu", p->now, p->count - 1);
    app_draw(a);
    check_all(s, m, a, "redo to the end");
}

/* ---- kept sessions ----------------------------------------------------------------------------------------------- */

static void out_of_all(app *a) {
    for (int i = 0; i < 4 && (a->prompt.then || a->layer || a->tab->enlarged >= 0); i++) app_key(a, 27);
}

/* The screen without what is of the moment: rows before they are sorted again, the scroll, the step of rho. */
static const grid *screen_of(app *a) {
    out_of_all(a);
    app_key(a, 27);
    if (table_is_stale(a)) app_command(a, "resort");
    a->tab->table->top = 0;
    a->tab->domains->top = 0;
    for (int i = 0; i < latent_page_count; i++) latent_pages[i]->move(a, MOVE_FIRST, 0);
    a->tab->domains->scale = 0;
    a->tab->rho_before = (double)NAN;
    a->message[0] = 0;
    app_draw(a);
    if (latent_working(a)) latent_work(a, 0);
    app_draw(a);
    return a->grid;
}

static void same_screen(seen *s, app *a, app *b, const char *after) {
    scry_session *one = a->tab->session, *other = b->tab->session;
    if (scry_session_statistics_ready(one)) scry_session_statistics(other);
    if (scry_session_baseline(one)) scry_session_find_baseline(other);
    b->theme = a->theme;
    const grid *shown = screen_of(a), *again = screen_of(b);
    if (memcmp(shown->cells, again->cells, (size_t)(shown->rows * shown->cols) * sizeof *shown->cells) == 0) return;
    if (getenv("COMBOS_TRACE")) grid_write(shown, stdout, false), grid_write(again, stdout, false);
    note(s, &s->screens, "after %s: another screen", after);
}

/* What :fires-on found is not kept. */
static bool is_by_token(const tab *t) {
    return t->table->on || strcmp(columns[t->table->column].name, "on") == 0;
}

/* Each index is opened again alone, so pages do not show the other tab. */
static void open_again(seen *s, app *a, const char *const path[2], const char *after) {
    tab *at = a->tab;
    tab **tabs = a->tabs;
    size_t count = a->tab_count;
    for (size_t i = 0; i < count; i++) {
        a->tab = tabs[i];
        screen_of(a);
    }
    autosave_save(a, true);
    for (int i = 0; i < 2; i++) {
        tab *t = tab_of(a, path[i]);
        if (!t || !file_exists(t->autosave->path) || is_by_token(t)) continue;
        app *b = open_app(path[i]);
        if (!autosave_restore(b, b->tab)) note(s, &s->screens, "after %s: %s", after, b->message);
        table_finish(b);
        a->tabs = &t;
        a->tab_count = 1;
        a->tab = t;
        same_screen(s, a, b, after);
        a->tabs = tabs;
        a->tab_count = count;
        app_free(b);
    }
    a->tab = at;
}

/* ---- a round -------------------------------------------------------------------------------------------------------
 */

static void round_of(seen *s, const char *const path[2], uint64_t seed) {
    setenv("XDG_STATE_HOME", scratch_folder("state-%u", (unsigned)seed), 1);
    app *a = open_app(path[0]);
    model m = {0};
    past *p[2];
    uint64_t state = seed;
    char done[300];
    const char *keys = "";
    for (int i = 0; i < 2; i++) {
        p[i] = calloc(1, sizeof *p[i]);
        if (!p[i]) abort();
        if (i) app_command(a, text_of("add %s", path[i]));
        p[i]->at[p[i]->count++] = moment_of(a);
    }
    for (int i = 0; i < STEPS; i++) {
        const char *other = a->tab_count < 2 ? path[a->tab == tab_of(a, path[0])] : NULL;
        random_action(a, &keys, other, &state, done, sizeof done);
        if (getenv("COMBOS_TRACE")) printf("# %d: %s => %s\n", i, done, a->message);
        past *here = p[a->tab == tab_of(a, path[1])];
        if (strncmp(done, "add ", 4) == 0) begin_again(here, a);
        follow(s, here, a, done);
        check_all(s, &m, a, done);
        if (i % 15 == 14 && !*keys && !a->prompt.then) open_again(s, a, path, done);
    }
    out_of_all(a);
    for (int i = 0; i < 2; i++) {
        a->tab = tab_of(a, path[i]) ? tab_of(a, path[i]) : a->tabs[0];
        if (a->tab != tab_of(a, path[i])) {
            app_command(a, text_of("add %s", path[i]));
            begin_again(p[i], a);
        }
        table_finish(a);
        to_the_start_and_back(s, &m, p[i], a);
        forget(p[i]);
        free(p[i]);
    }
    parameters_free(&m);
    app_free(a);
}

/* The clock of the test: each look finds it up to 20 ms later, so that work with a deadline is cut at any of its
 * places, at the same ones in every run. */
static double stepping_clock(void) {
    static double now;
    static uint64_t state = 1;
    return now += 0.02 * roll_unit(&state);
}

/* Bytes of memory that the process holds now; 0 where the system does not say. */
static uint64_t resident(void) {
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*u %lu", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

int main(void) {
    const char *from = getenv("COMBOS_SEED"), *many = getenv("COMBOS_ROUNDS");
    const char *const path[2] = {make_index(false), make_index(true)};
    setenv("XDG_DATA_HOME", scratch_folder("data"), 1);
    if (chdir(scratch_folder("here")) != 0) return 1; /* what is exported goes there */
    clock_replace(stepping_clock);
    uint64_t first = from ? strtoull(from, NULL, 10) : 1, rounds = many ? strtoull(many, NULL, 10) : SANITIZED ? 3 : 12;
    seen s = {0};
    uint64_t early = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        if (i == rounds / 5) early = resident();
        bool before = s.first[0];
        round_of(&s, path, first + i);
        if (!before && s.first[0]) printf("# seed %u: %s\n", (unsigned)(first + i), s.first);
        if (many) s.first[0] = 0;
    }
    check(s.rows == 0, "rows are what passes the filter");
    check(s.order == 0, "in the order of the column, or shown as not sorted again, and the cursor on its latent");
    check(s.set == 0, "the selection is the top N but for what was switched, as the title says");
    check(s.rho == 0, "rho and what-if are those of plain loops");
    check(s.undo == 0, "undone and redone, all is as it was");
    check(s.screens == 0, "kept and opened again, the screens are the same");
    uint64_t late = resident();
    if (many)
        printf("# %u steps; resident memory %.1f MB after a fifth of them, %.1f MB at the end\n",
               (unsigned)rounds * STEPS, (double)early / 1e6, (double)late / 1e6);
    if (rounds >= 50) check(late < early + early / 10 + 4000000, "memory does not grow with the number of steps");
    return check_end();
}
