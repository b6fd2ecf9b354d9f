/* continue_draw.c: the page of :continue: the end of the text, and below it what each model says, side by side, in two
 * rows or more where columns would be too narrow. */
#include "base/mem.h"
#include "explorer/panes/text_page.h"
#include "explorer/panes/view.h"
#include "explorer/prompts/continue_page.h"
#include "explorer/prompts/prompt_page.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns are no narrower, and no lower, where there is room. */
enum { LEAST_COLUMN = 24, LEAST_ROWS = 4, GAP = 2, TEXT_ROWS = 2 };

/* ---- without anything said ------------------------------------------------------------------ */

static void draw_waiting(app *a, rect r) {
    double done = 0;
    const int bar = r.cols - 4 < 40 ? r.cols - 4 : 40;
    job_running(a, true, &done);
    view_title(a, r, true, "continue");
    page_draw_words(a, (rect){r.y + 2, r.x + 2, r.rows - 6, r.cols - 4}, continue_page_of(a)->text, ROLE_TEXT);
    grid_print(a->grid, r.y + r.rows - 3, r.x + 2, r.cols - 2, ROLE_TEXT, "the models read the text: %.0f%%",
               100 * done);
    grid_bar(a->grid, r.y + r.rows - 2, r.x + 2, bar, ROLE_BAR, done, a->ascii);
}

static void draw_problem(app *a, rect r) {
    const continue_page_state *s = continue_page_of(a);
    const char *words = s->problem[0] ? s->problem : "stopped before anything was said; c starts anew";
    view_title(a, r, true, "continue");
    page_draw_words(a, (rect){r.y + 2, r.x + 2, r.rows - 2, r.cols - 4}, text_without_path(words, a->tab->info->path),
                    ROLE_TEXT);
}

/* ---- above the columns ---------------------------------------------------------------------- */

/* Where the work stands, or what no longer holds. */
static void state_words(const app *a, char *out, size_t size) {
    const continue_page_state *s = continue_page_of(a);
    if (continue_waits(a))
        snprintf(out, size, " token %zu of %zu ... Esc stops ",
                 s->said->steps < s->said->most ? s->said->steps + 1 : s->said->most, s->said->most);
    else if (s->stopped) snprintf(out, size, " stopped at token %zu ", s->said->steps);
    else if (!scry_set_equal(s->ablated, scry_session_set(a->tab->session)))
        snprintf(out, size, " the selection has changed: c starts anew ");
    else if (!continue_is_current(a)) snprintf(out, size, " text or settings changed: c starts anew ");
    else out[0] = 0;
}

static void draw_title(app *a, rect r) {
    const continue_page_state *s = continue_page_of(a);
    char note[80], part[60] = "";
    const int last = s->top + s->rows < s->lines ? s->top + s->rows : s->lines;
    state_words(a, note, sizeof note);
    if (s->lines > s->rows) snprintf(part, sizeof part, ", lines %d to %d of %d", s->top + 1, last, s->lines);
    const int x = view_title(a, r, true, "continue%s", part), width = text_columns(note);
    if (width && r.x + r.cols - width > x + 1) grid_put(a->grid, r.y, r.x + r.cols - width, width, ROLE_MESSAGE, note);
}

/* "at most 40 tokens, greedy", and what the mark is. */
static void draw_legend(app *a, rect r) {
    const continue_page_state *s = continue_page_of(a);
    const continue_settings *of = &s->of;
    const bool plain = a->mono || a->ascii;
    char text[200];
    int used = snprintf(text, sizeof text, "%zu token%s read, then at most %zu, ", s->said->prompt_tokens,
                        plural_s(s->said->prompt_tokens), s->said->most);
    if (of->temperature > 0)
        snprintf(text + used, sizeof text - (size_t)used, "temperature %g, seed %u", of->temperature, of->seed);
    else snprintf(text + used, sizeof text - (size_t)used, "greedy");
    const int taken = grid_put(a->grid, r.y, r.x, r.cols, ROLE_FAINT, text);
    const char *mark = plain ? "[ ]" : "  ", *words = "where it first differs";
    if (taken + 2 + text_columns(mark) + 1 + text_columns(words) > r.cols) words = "differs";
    const int width = text_columns(mark) + 1 + text_columns(words), x = r.x + r.cols - width;
    if (spoken_difference(s->said, SCRY_VOICE_BASE) == SIZE_MAX || width + taken + 2 > r.cols) return;
    grid_put(a->grid, r.y, x, r.cols, plain ? ROLE_FAINT : ROLE_ACT4, mark);
    grid_put(a->grid, r.y, x + text_columns(mark) + 1, r.cols, ROLE_FAINT, words);
}

/* The end of the text, in as many rows as r has at most. Returns how many it takes. */
static int draw_text(app *a, rect r) {
    enum { MOST_BYTES = 2000, MOST_LINES = 64 };
    const char *text = continue_page_of(a)->text;
    size_t length = strlen(text), line[MOST_LINES + 1] = {0};
    int lines = 0;
    const bool whole = length <= MOST_BYTES;
    if (!whole) text += length - MOST_BYTES;
    while (((unsigned char)*text & 0xc0) == 0x80) text++;
    const size_t size = 8 * strlen(text) + 1;
    char *safe = mem_new(size, 1);
    text_clean(text, safe, size, a->ascii);
    for (size_t at = 0; safe[at];) {
        size_t n = text_break(safe + at, r.cols);
        if (!n) break;
        if (lines == MOST_LINES) memmove(line, line + 1, (size_t)--lines * sizeof *line);
        line[lines++] = at;
        at += n;
        while (safe[at] == ' ') at++;
        line[lines] = at;
    }
    const int first = lines > r.rows ? lines - r.rows : 0;
    for (int i = first; i < lines; i++) {
        char one[1000];
        snprintf(one, sizeof one, "%.*s", (int)(line[i + 1] - line[i]), safe + line[i]);
        grid_put(a->grid, r.y + i - first, r.x, r.cols, ROLE_TEXT, one);
        if (i == first && (first || !whole))
            grid_put(a->grid, r.y, r.x, 3, ROLE_FAINT, a->ascii ? "~" : "\xe2\x80\xa6");
    }
    free(safe);
    return lines - first;
}

/* ---- one model's ---------------------------------------------------------------------------- */

typedef struct voice_source {
    const spoken_voice *voice;
    size_t mark; /* the token that is marked */
} voice_source;

static const char *token_of(const void *context, uint64_t token) {
    const spoken_voice *v = ((const voice_source *)context)->voice;
    return token < v->count ? spoken_token(v, token) : " (end)";
}

static shaded_piece piece_of(const token_source *source, uint32_t from, uint32_t end) {
    const voice_source *v = source->context;
    shaded_piece out = {.h = v->mark >= from && v->mark < end};
    char raw[sizeof out.text] = "";
    size_t used = 0;
    for (uint32_t t = from; t < end && used < sizeof raw; t++)
        used += (size_t)snprintf(raw + used, sizeof raw - used, "%s", token_of(v, t));
    shaded_piece_set(source->a, &out, raw);
    return out;
}

static token_source source_of(const app *a, const voice_source *v) {
    return (token_source){.a = a,
                          .context = v,
                          .text = token_of,
                          .piece = piece_of,
                          .tokens = (uint32_t)v->voice->count + v->voice->ended,
                          .strongest = 1};
}

static voice_source voice_of(const continue_page_state *s, int kind) {
    return (voice_source){&s->said->voice[kind], spoken_difference(s->said, (scry_voice_kind)kind)};
}

/* "without 100", in full where there is room, and that it is no longer the selection. */
static void voice_words(const app *a, int kind, int cols, char *out, size_t size) {
    const continue_page_state *s = continue_page_of(a);
    const bool old = !scry_set_equal(s->ablated, scry_session_set(a->tab->session));
    if (kind == SCRY_VOICE_ABLATED)
        snprintf(out, size, "without %u%s%s", s->ablated->count, cols >= 40 ? " latents" : "",
                 old ? ", as it was" : "");
    else if (kind == SCRY_VOICE_STEERED) snprintf(out, size, "steered %s", s->of.steer);
    else if (kind == SCRY_VOICE_TUNED && (s->amplify < 1 || s->amplify > 1))
        snprintf(out, size, "tuned x %g", s->amplify);
    else snprintf(out, size, "%s", scry_voice_name((scry_voice_kind)kind));
}

/* "40 tokens, differs at 3", shorter where that does not fit. */
static void figure_words(const app *a, int kind, int cols, char *out, size_t size) {
    const continue_page_state *s = continue_page_of(a);
    const voice_source v = voice_of(s, kind);
    const size_t n = v.voice->count;
    int used =
        v.voice->ended ? snprintf(out, size, "ends at %zu", n + 1) : snprintf(out, size, "%zu token%s", n, plural_s(n));
    if (kind == SCRY_VOICE_BASE) return;
    if (v.mark == SIZE_MAX) snprintf(out + used, size - (size_t)used, ", as base");
    else snprintf(out + used, size - (size_t)used, ", differs at %zu", v.mark + 1);
    if (text_columns(out) > cols && v.mark != SIZE_MAX) snprintf(out, size, "differs at %zu", v.mark + 1);
}

static void lay_out(const app *a, continue_page_state *s, int kind, int cols) {
    const voice_source v = voice_of(s, kind);
    const token_source source = source_of(a, &v);
    token_layout_set(&s->layout[kind], &source, cols);
}

static void draw_lines(app *a, rect r, int kind, int first) {
    const continue_page_state *s = continue_page_of(a);
    const voice_source v = voice_of(s, kind);
    const token_source source = source_of(a, &v);
    if (r.rows > 0) token_layout_draw(a, r, first, &s->layout[kind], &source, TOKEN_LAYOUT_NO_CURSOR);
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Models side by side, and as many such rows as that takes. */
typedef struct columns {
    int kind[SCRY_VOICES], count;
    int across, down;
    int width, height; /* of one, heads included */
    int heads;         /* lines above what is said */
} columns;

/* True when the name and the figures of every model fit into one line. */
static bool fits_line(const app *a, const columns *c) {
    for (int i = 0; i < c->count; i++) {
        char name[300], figures[80];
        voice_words(a, c->kind[i], c->width, name, sizeof name);
        figure_words(a, c->kind[i], c->width, figures, sizeof figures);
        if (text_columns(name) + 2 + text_columns(figures) > c->width) return false;
    }
    return true;
}

static columns arrange(const app *a, rect r) {
    const continue_page_state *s = continue_page_of(a);
    columns c = {.count = 0};
    for (int k = 0; k < SCRY_VOICES; k++)
        if (s->said->voice[k].speaks) c.kind[c.count++] = k;
    for (int least = LEAST_COLUMN; least >= LEAST_COLUMN / 4; least /= 2) { /* narrower ones before none at all */
        const int most = (r.cols + GAP) / (least + GAP) > 1 ? (r.cols + GAP) / (least + GAP) : 1;
        c.down = (c.count + most - 1) / most;
        c.across = (c.count + c.down - 1) / c.down;
        c.height = r.rows / c.down;
        if (c.height >= LEAST_ROWS) break;
    }
    c.width = (r.cols - GAP * (c.across - 1)) / c.across;
    c.heads = fits_line(a, &c) ? 1 : 2;
    return c;
}

/* The last lines stay in sight until somebody scrolls. */
static void scroll(continue_page_state *s, const columns *c) {
    s->lines = 0;
    for (int i = 0; i < c->count; i++)
        if (s->layout[c->kind[i]].lines > s->lines) s->lines = s->layout[c->kind[i]].lines;
    s->rows = c->height - c->heads > 1 ? c->height - c->heads : 1;
    const int most = s->lines > s->rows ? s->lines - s->rows : 0;
    if (s->follows || s->top > most) s->top = most;
}

/* What is short enough stays in sight while longer ones scroll. */
static void draw_voice(app *a, rect r, int kind, int heads) {
    const continue_page_state *s = continue_page_of(a);
    const int most = s->layout[kind].lines > s->rows ? s->layout[kind].lines - s->rows : 0,
              first = s->top < most ? s->top : most;
    char name[300], figures[80];
    voice_words(a, kind, r.cols, name, sizeof name);
    figure_words(a, kind, r.cols, figures, sizeof figures);
    text_fit(name, r.cols, a->ascii);
    text_fit(figures, r.cols, a->ascii);
    const int used = grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER, name), figures_x = heads == 1 ? used + 2 : 0;
    if (r.rows >= heads) grid_put(a->grid, r.y + heads - 1, r.x + figures_x, r.cols - figures_x, ROLE_FAINT, figures);
    draw_lines(a, (rect){r.y + heads, r.x, r.rows - heads, r.cols}, kind, first);
}

static void draw_said(app *a, rect r) {
    continue_page_state *s = continue_page_of(a);
    const int x = r.x + 1, cols = r.cols - 2;
    const int rows = draw_text(a, (rect){r.y + 2, x, r.rows > 12 ? TEXT_ROWS : 1, cols});
    const rect below = {r.y + 2 + rows, x, r.rows - 2 - rows, cols};
    draw_legend(a, (rect){r.y + 1, x, 1, cols});
    const columns c = arrange(a, below);
    for (int i = 0; i < c.count; i++) lay_out(a, s, c.kind[i], c.width);
    scroll(s, &c);
    for (int i = 0; i < c.count && c.height > 0; i++)
        draw_voice(
            a, (rect){below.y + i / c.across * c.height, below.x + i % c.across * (c.width + GAP), c.height, c.width},
            c.kind[i], c.heads);
    draw_title(a, (rect){r.y, r.x, 1, r.cols});
}

void continue_page_draw(app *a, rect r) {
    continue_work_collect(a);
    const continue_page_state *s = continue_page_of(a);
    if (s->said && !s->problem[0]) draw_said(a, r);
    else if (continue_waits(a)) draw_waiting(a, r);
    else draw_problem(a, r);
}
