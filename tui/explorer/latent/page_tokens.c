/* page_tokens.c: the tokens that a latent fires on, in context; the strongest, those of an
 * interval, or those that a source moved most; under one condition or all. */
#include "explorer/latent/latent_page.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const choices[] = {"top", "q5", "q4", "q3", "q2", "q1", "random", "moved"};
enum { CHOICES = sizeof choices / sizeof *choices };

enum { EXAMPLES_MOST = 200 };

typedef struct tokens_state {
    scry_example_query query; /* order, part and seed; the rest is set when the examples are read */
    bool compare;             /* the conditions of each token below each other */
    bool wrap;                /* the whole sample over several lines */
    int top, line;            /* first example shown, and its first line */
    int rows, cols;           /* of the page when last drawn */
    /* the examples, and what they belong to */
    bool filled;
    uint32_t latent;
    scry_example_query made_by;
    scry_reference against; /* ... what moved is measured from */
    scry_example example[EXAMPLES_MOST];
    size_t examples;
} tokens_state;

static tokens_state *tokens_of(const app *a) {
    return latent_page_state(a, &page_tokens);
}

static bool same_query(const scry_example_query *a, const scry_example_query *b) {
    return a->order == b->order && a->part == b->part && a->seed == b->seed && a->capture == b->capture &&
           a->versus == b->versus && a->low == b->low && a->high == b->high;
}

/* Kept until the latent, the capture or the choice changes. */
static void fill(app *a) {
    tokens_state *s = tokens_of(a);
    scry_example_query query = s->query;
    if (!query.parts) query = (scry_example_query){.order = SCRY_TOP, .parts = SCRY_PARTS, .seed = SCRY_SEED};
    query.capture = state_of(a)->capture;
    query.versus = scry_session_ranking(a->tab->session)->source;
    const scry_latent_activations *fires = latent_activations(a);
    const scry_reference against = a->tab->info->against;
    if (s->filled && s->latent == fires->latent && same_query(&query, &s->made_by) && s->against == against) return;
    s->query = query;
    s->examples = scry_example_query_run(a->tab->index, latent_pairing(a), fires, &query, EXAMPLES_MOST, s->example);
    s->top = s->line = 0;
    s->filled = true;
    s->latent = fires->latent;
    s->made_by = query;
    s->against = against;
}

static int id_width(app *a, int cols) {
    const tokens_state *s = tokens_of(a);
    int most = cols >= 90 ? 24 : cols >= 70 ? 14 : 10, widest = tokens_of(a)->compare ? 6 : 1;
    for (size_t i = 0; i < s->examples; i++) {
        const scry_example *e = &s->example[i];
        int width = text_columns(scry_sample_at(a->tab->index, e->capture, e->sample).id);
        if (width > widest) widest = width;
    }
    return widest < most ? widest : most;
}

/* The condition, or the capture's whole name where there is room: sample ids mostly say which text
 * set it is. */
static int put_capture(app *a, int y, int x, int cols, size_t capture) {
    char text[96];
    const scry_capture_info *info = &a->tab->info->capture[capture];
    bool wide = cols >= 90 && !tokens_of(a)->compare;
    if (state_of(a)->capture >= 0 && !tokens_of(a)->compare && tokens_of(a)->query.order != SCRY_MOVED) return 0;
    int width = wide ? 16 : latent_condition_cols(a);
    text_clean(wide ? info->name : scry_condition_name(info->condition), text, sizeof text, a->ascii);
    text_fit_middle(text, width, a->ascii);
    grid_put(a->grid, y, x, width, ROLE_FAINT, text);
    return width + 1;
}

static void put_context(app *a, int y, int x, int room, size_t capture, uint64_t row) {
    if (room < 4) return;
    if (!a->tab->info->capture[capture].has_tokens) {
        grid_put(a->grid, y, x + 1, room - 1, ROLE_FAINT, CONDITIONS_NO_TEXT);
        return;
    }
    int left = room * 2 / 5;
    laid_out text = latent_lay_out(a, capture, row, left + 4);
    latent_copy(a, y, x, room, text.peak - left);
    if (text.peak > left || text.cut_left) grid_put(a->grid, y, x, 1, ROLE_FAINT, a->ascii ? "~" : "\xe2\x80\xa6");
}

/* "4.61 icl  math-17  ...text": the peaks of all lines stand below each other. */
static void draw_line(app *a, rect r, int y, const scry_example *e, const condition_row *sides, const condition_row *s,
                      bool first) {
    char text[96], change[32];
    int x = r.x + 1, width = id_width(a, r.cols);
    bool moved = tokens_of(a)->query.order == SCRY_MOVED && !tokens_of(a)->compare;
    double d = condition_difference(sides, s);
    condition_text(moved ? d : s->h, moved, text, sizeof text);
    grid_put_right(a->grid, y, x, 6, ROLE_TEXT, text);
    x += 7;
    x += put_capture(a, y, x, r.cols, s->capture);
    if (!first) {
        condition_text(d, true, change, sizeof change);
        snprintf(text, sizeof text, "%s", s->row < 0 ? "no such token" : isnan(d) ? "" : change);
        text_fit(text, width, a->ascii);
        grid_put_right(a->grid, y, x, width, ROLE_TEXT, text);
        x += width + 1;
    } else if (a->tab->info->capture[e->capture].has_tokens) {
        text_clean(scry_sample_at(a->tab->index, e->capture, e->sample).id, text, sizeof text, a->ascii);
        text_fit_middle(text, width, a->ascii);
        grid_put(a->grid, y, x, width, ROLE_FAINT, text);
        x += width + 1;
    } else {
        x += grid_print(a->grid, y, x, r.cols, ROLE_FAINT, "row %llu ", (unsigned long long)e->token);
    }
    if (s->row >= 0) put_context(a, y, x, r.x + r.cols - x, s->capture, (uint64_t)s->row);
}

static int height_of(app *a, size_t i) {
    const tokens_state *s = tokens_of(a);
    if (s->wrap) return full_sample_lines(a, &s->example[i], s->compare, s->cols);
    condition_row sides[SCRY_CONDITIONS];
    return s->compare ? condition_rows(a, &s->example[i], sides) : 1;
}

static void draw_example(app *a, rect r, int y, int line, const scry_example *e) {
    if (tokens_of(a)->wrap) {
        full_sample_draw(a, r, y, line, e, tokens_of(a)->compare);
        return;
    }
    condition_row sides[SCRY_CONDITIONS];
    int n = condition_rows(a, e, sides);
    for (int i = 0; i < n; i++) {
        bool shown = tokens_of(a)->compare ? i >= line : sides[i].capture == e->capture;
        if (shown && y < r.y + r.rows) draw_line(a, r, y++, e, sides, &sides[i], !tokens_of(a)->compare || i == 0);
    }
}

/* How often it fires; and what shades and brackets mean. */
static void draw_facts(app *a, rect r) {
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    uint32_t latent = latent_activations(a)->latent;
    char facts[160];
    const char *train = a->tab->info->trains == 1 ? "train" : a->tab->info->train[ranking->train].name;
    int used = snprintf(facts, sizeof facts, "fires on %.1f%% of %.40s.%s",
                        100 * scry_rate_base(a->tab->index, ranking->train, ranking->source, latent), train,
                        scry_reference_name(ranking->source == SCRY_BASE ? SCRY_AGAINST_BASE : ranking->against));
    if (ranking->source != SCRY_BASE)
        snprintf(facts + used, sizeof facts - (size_t)used, ", %.1f%% of .%s",
                 100 * scry_rate_shifted(a->tab->index, ranking->train, ranking->source, latent),
                 scry_condition_name(ranking->source));
    text_fit(facts, r.cols - 2, a->ascii);
    int x = r.x + 1 + grid_put(a->grid, r.y, r.x + 1, r.cols - 2, ROLE_FAINT, facts), end = r.x + r.cols;
    const char *words = a->mono || a->ascii ? "[ ] fires, [[ ]] this one" : "weak to strong, [ ] this one";
    int width = text_columns(words) + 10;
    if (end - x < width + 2) return;
    x = end - width;
    static const role shades[] = {ROLE_ACT1, ROLE_ACT2, ROLE_ACT3, ROLE_ACT4};
    for (int i = 0; i < 4; i++) x += grid_put(a->grid, r.y, x, 2, shades[i], a->ascii || a->mono ? "[]" : "  ");
    grid_put(a->grid, r.y, x + 1, end - x, ROLE_FAINT, words);
}

static void draw_silence(app *a, rect r) {
    bool silent = latent_activations(a)->start[a->tab->info->captures] == 0;
    const int c = state_of(a)->capture;
    bool scored = scry_is_scored(a->tab->index, latent_activations(a)->latent);
    bool domain = c >= 0 && a->tab->info->capture[c].group >= 0;
    const char *words = !scored && domain   ? "not encoded on the domains (--candidates); c shows the next capture"
                        : !scored && silent ? "silent in every capture of the training set; not encoded on the domains"
                        : silent            ? "this latent is silent in every capture"
                        : tokens_of(a)->query.order == SCRY_MOVED ? "no paired token changed here"
                        : state_of(a)->capture < 0                ? "no activation in this interval"
                                                                  : "silent in this capture; c shows the next one";
    grid_put(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_FAINT, words);
}

/* The place from which the rest fills the page: nothing is shown beyond. */
static void last_place(app *a, int *top, int *line) {
    const tokens_state *s = tokens_of(a);
    int left = s->rows;
    *top = *line = 0;
    for (size_t i = s->examples; i-- > 0;) {
        int height = height_of(a, i);
        if (height >= left) {
            *top = (int)i;
            *line = height - left;
            return;
        }
        left -= height;
    }
}

static void clamp_scroll(app *a) {
    tokens_state *s = tokens_of(a);
    int top, line;
    if (s->top >= (int)s->examples || (int)s->examples - s->top <= s->rows) {
        last_place(a, &top, &line);
        if (s->top > top || (s->top == top && s->line > line)) s->top = top, s->line = line;
    }
    if (s->top < 0 || !s->examples) s->top = s->line = 0;
}

static void draw_tokens(app *a, rect r) {
    tokens_state *s = tokens_of(a);
    fill(a);
    if (r.rows >= 8) {
        draw_facts(a, r);
        r.y++, r.rows--;
    }
    s->rows = r.rows;
    s->cols = r.cols;
    clamp_scroll(a);
    if (!s->examples) draw_silence(a, r);
    int y = r.y - s->line;
    for (size_t i = (size_t)s->top; i < s->examples && y < r.y + r.rows; i++) {
        int hidden = y < r.y ? r.y - y : 0;
        draw_example(a, r, y + hidden, hidden, &s->example[i]);
        y += height_of(a, i);
    }
}

static void step(app *a, long lines) {
    tokens_state *s = tokens_of(a);
    for (; lines > 0 && s->top < (int)s->examples; lines--)
        if (++s->line >= height_of(a, (size_t)s->top)) s->top++, s->line = 0;
    for (; lines < 0 && (s->top > 0 || s->line > 0); lines++) {
        if (s->line > 0) s->line--;
        else s->line = height_of(a, (size_t)--s->top) - 1;
    }
}

static void move_tokens(app *a, move kind, long steps) {
    tokens_state *s = tokens_of(a);
    fill(a);
    if (kind == MOVE_STEP) step(a, steps);
    else if (kind == MOVE_PAGE) step(a, steps * (s->rows > 1 ? s->rows - 1 : 1));
    else if (kind == MOVE_FIRST) s->top = s->line = 0;
    else last_place(a, &s->top, &s->line);
    clamp_scroll(a);
}

static void note_tokens(app *a, char *text, size_t size) {
    const tokens_state *s = tokens_of(a);
    int capture = state_of(a)->capture;
    char what[SCRY_EXAMPLE_ORDER_TEXT + 32], from[96], word[SCRY_EXAMPLE_ORDER_TEXT];
    fill(a);
    const scry_ranking *by = scry_session_ranking(a->tab->session);
    char source[SCRY_SOURCE_TEXT];
    if (s->query.order == SCRY_MOVED)
        snprintf(what, sizeof what, "moved by %s", scry_source_text(by->source, by->against, source));
    else snprintf(what, sizeof what, "%s", scry_example_query_text(&s->query, word));
    text_clean(capture < 0 ? "all" : a->tab->info->capture[capture].name, from, sizeof from, a->ascii);
    snprintf(text, size, "%s, c: %s", what, from);
}

/* top, the fifths from strong to weak, random, moved: a latent's tokens in another order. */
static bool sort_tokens(app *a, const char *name, char *wrong, size_t size) {
    char word[SCRY_EXAMPLE_ORDER_TEXT];
    fill(a);
    if (name && scry_example_query_read(&tokens_of(a)->query, name, NULL) &&
        tokens_of(a)->query.order == SCRY_BETWEEN) {
        app_say(a, "random examples of activations %s", name);
        return true;
    }
    scry_example_query_text(&tokens_of(a)->query, word);
    int now = 0; /* behind the last, for limits, comes the first */
    while (now < CHOICES && strcmp(choices[now], word) != 0) now++;
    if (now == CHOICES) now--;
    int next = latent_choose(choices, CHOICES, now, name, wrong, size);
    if (next < 0) snprintf(wrong + strlen(wrong), size - strlen(wrong), ", or activations such as 1.5-3");
    if (next < 0) return false;
    static const char *const said[CHOICES] = {"the strongest, one per sample",
                                              "random examples of the strongest fifth",
                                              "random examples of the second fifth",
                                              "random examples of the middle fifth",
                                              "random examples of the fourth fifth",
                                              "random examples of the weakest fifth",
                                              "random examples of all tokens on which it fires",
                                              "the largest change from base to the source, one per sample"};
    scry_example_query_read(&tokens_of(a)->query, choices[next], NULL);
    app_say(a, "%s: %s", choices[next], said[next]);
    return true;
}

static void write_tokens(const app *a, FILE *f) {
    const tokens_state *s = tokens_of(a);
    char interval[SCRY_EXAMPLE_ORDER_TEXT];
    scry_example_query_text(&s->query, interval);
    if (strcmp(interval, "top") != 0) fprintf(f, "interval %s\n", interval);
    if (s->compare) fprintf(f, "conditions\n");
    if (s->wrap) fprintf(f, "wrap\n");
}

bool latent_first_example(app *a, scry_example *example) {
    if (state_of(a)->page != &page_tokens) return false;
    fill(a);
    const tokens_state *s = tokens_of(a);
    if (s->top < 0 || (size_t)s->top >= s->examples) return false;
    *example = s->example[s->top];
    return true;
}

static tokens_state *show_tokens(app *a) {
    state_of(a)->page = &page_tokens;
    return tokens_of(a);
}

command_effect do_interval(app *a, const char *argument) {
    char wrong[200];
    show_tokens(a);
    if (sort_tokens(a, *argument ? argument : NULL, wrong, sizeof wrong)) return DID_CHANGE;
    return app_fail(a, "interval \"%s\": expected %s", argument, wrong);
}

command_effect do_conditions(app *a, UNUSED const char *argument) {
    tokens_state *s = show_tokens(a);
    s->compare = !s->compare;
    s->line = 0;
    return app_say(a, s->compare ? "each token under every condition: its activation, and the difference from base"
                                 : "each token under its own condition");
}

command_effect do_wrap(app *a, UNUSED const char *argument) {
    tokens_state *s = show_tokens(a);
    s->wrap = !s->wrap;
    s->line = 0;
    return app_say(a,
                   s->wrap ? "full samples, wrapped; b: under each condition, and what moved" : "one line per example");
}

static const page_hint hints[] = {
    {"interval", "interval", 6}, {"conditions", "compare", 5}, {"wrap", "wrap", 4}, {NULL, NULL, 0}};

const latent_page page_tokens = {.name = "tokens",
                                 .brief = "tokens",
                                 .note = note_tokens,
                                 .draw = draw_tokens,
                                 .move = move_tokens,
                                 .sort = sort_tokens,
                                 .state_size = sizeof(tokens_state),
                                 .write = write_tokens,
                                 .hints = hints};
