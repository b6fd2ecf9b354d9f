/* plot_layout.c: the positions of a plot's parts. */
#include "plot/plot_layout.h"
#include "text/text.h"
#include "plot/series_style.h"

#include <math.h>
#include <string.h>

/* Lines of text above and below the area. Where there is little room, the least needed go first: notes, then the legend
 * and labels; the title and the numbers of x stay longest. */
typedef struct plan {
    bool title, head, axis, tick_labels, foot;
    int notes, legend_lines; /* legend_lines: beyond the head */
} plan;

static bool has_text(const char *text) {
    return text && *text;
}

static plan plan_lines(const plot *p, int lines, bool legend, bool bars) {
    plan l = {0};
    l.tick_labels = lines >= 4 && p->x.ticks != TICKS_NONE;
    l.title = lines >= 5 && has_text(p->title);
    l.axis = lines >= 7;
    l.foot = lines >= 8 && has_text(p->x.label);
    l.head = lines >= 9 && (legend || (!bars && has_text(p->y.label)));
    for (size_t i = 0; i < p->note_count && lines >= 12 + 2 * (int)i; i++) l.notes++;
    return l;
}

/* The name of entry i of a legend: of a series, or of a rule across bars. NULL: it has none. */
static const char *entry_name(const plot *p, size_t i) {
    const char *name = NULL;
    if (i < p->series_count) name = p->series[i].name;
    else if (plot_has_bars(p) && p->rules[i - p->series_count].upright) name = p->rules[i - p->series_count].name;
    return has_text(name) ? name : NULL;
}

static size_t entry_count(const plot *p) {
    return p->series_count + p->rule_count;
}

static int entry_columns(const plot *p, size_t i, bool ascii) {
    char text[LABEL_MOST];
    return LAYOUT_SAMPLE + 1 + label_clean(entry_name(p, i), text, ascii);
}

/* One series alone needs no legend. */
static bool wants_legend(const plot *p) {
    size_t series = 0, rules = 0;
    for (size_t i = 0; i < entry_count(p); i++)
        if (entry_name(p, i)) i < p->series_count ? series++ : rules++;
    return series > 1 || rules;
}

/* Places entries side by side, two columns apart, in lines of `columns` from y on; returns the number of lines, at most
 * `most`. Entries that do not fit are left out. */
static int flow_legend(const plot *p, plot_layout *f, measure m, double y, double x, int columns, int most) {
    int used = 0, line = 0;
    f->legend_count = 0;
    for (size_t i = 0; i < entry_count(p) && f->legend_count < LAYOUT_LEGEND; i++) {
        if (!entry_name(p, i)) continue;
        int width = entry_columns(p, i, m.ascii);
        if (width > columns) continue;
        if (used && used + 2 + width > columns) {
            if (line + 1 == most) break;
            line++;
            used = 0;
        }
        int at = used ? used + 2 : 0;
        f->legend[f->legend_count++] = (legend_entry){i, entry_name(p, i), y + line * m.line, x + at * m.column};
        used = at + width;
    }
    return f->legend_count ? line + 1 : 0;
}

/* Places the legend at the right end of the head line, if it fits next to y's label; else on lines of its own, whose
 * number it returns, or instead of the label: then *label is 0. */
static int place_legend(const plot *p, plot_layout *f, measure m, double y, int *label, int lines) {
    int columns = (int)(f->whole.w / m.column), all = 0;
    for (size_t i = 0; i < entry_count(p); i++)
        if (entry_name(p, i)) all += entry_columns(p, i, m.ascii) + (all ? 2 : 0);
    if (*label + (*label ? 3 : 0) + all <= columns) {
        flow_legend(p, f, m, y, f->whole.x + f->whole.w - all * m.column, all, 1);
        return 0;
    }
    if (lines < 12) { /* the legend matters more than y's label */
        *label = 0;
        flow_legend(p, f, m, y, f->whole.x, columns, 1);
        return 0;
    }
    int head = *label ? 1 : 0, most = (lines >= 20 ? 3 : 1) + 1 - head;
    return flow_legend(p, f, m, y + head * m.line, f->whole.x, columns, most) - 1 + head;
}

static void measure_bars(const plot *p, plot_layout *f, bool ascii, int columns) {
    char text[LABEL_MOST];
    int names = 0, texts = 0;
    for (size_t k = 0; k < p->series_count; k++) {
        const plot_series *s = &p->series[k];
        if (s->kind != PLOT_BARS) continue;
        f->bars++;
        if (s->n > f->rows) f->rows = s->n;
        for (size_t i = 0; i < s->n; i++) {
            if (s->names && s->names[i]) names = (int)fmax(names, label_clean(s->names[i], text, ascii));
            if (s->texts && s->texts[i]) texts = (int)fmax(texts, label_clean(s->texts[i], text, ascii));
        }
    }
    /* names may take two fifths; texts are shown only where as much is left for the bars */
    int most = columns * 2 / 5;
    f->name_width = names < most ? names : most;
    f->text_width = texts && columns - f->name_width - texts >= columns / 4 + 6 ? texts : 0;
}

static size_t highlighted_row(const plot *p) {
    for (size_t k = 0; k < p->series_count; k++)
        if (p->series[k].kind == PLOT_BARS && p->series[k].highlight) return p->series[k].highlight - 1;
    return 0;
}

static bool points_out(const plot *p) {
    for (size_t k = 0; k < p->series_count; k++)
        if (p->series[k].kind == PLOT_BARS && p->series[k].highlight) return true;
    return false;
}

/* Sets the height of the rows, and the rows that are shown: all, or those around the highlighted one. */
static void place_bars(const plot *p, plot_layout *f, measure m) {
    double least = m.cells ? f->bars : fmax(1, 0.6 * f->bars) * m.line;
    double most = m.cells ? 2 * f->bars + 1 : (2 + f->bars) * m.line;
    size_t all = f->rows, fit = (size_t)(f->area.h / least);
    if (all > fit) {
        size_t rows = (size_t)((f->area.h - m.line) / least), at = highlighted_row(p);
        f->rows = rows ? rows : 1;
        f->first_row = at > f->rows / 2 ? at - f->rows / 2 : 0;
        if (f->first_row + f->rows > all) f->first_row = all - f->rows;
        f->hidden_rows = all - f->rows;
    }
    double room = f->area.h - (f->hidden_rows ? m.line : 0);
    f->pitch = fmin(room / (double)f->rows, most);
    if (m.cells) f->pitch = fmax(floor(f->pitch), 1);
    f->thick = m.cells ? (f->pitch > f->bars ? floor((f->pitch - 1) / f->bars) : 1) : 0.76 * f->pitch / f->bars;
    f->area.h = f->pitch * (double)f->rows + (f->hidden_rows ? m.line : 0);
}

static tick_room upright_room(const plot_layout *f, measure m) {
    double lines = f->area.h / m.line, near = lines >= 15 ? 3 : lines >= 6 ? 2 : 1;
    return (tick_room){f->area.h, 0, 0, m.line, true, near * m.line, m.cells ? 4 : 0};
}

/* The columns left of the area: y's numbers or the names of bars, and the axis itself. */
static double gutter_columns(const plot *p, const plot_layout *f, double columns) {
    double axis = columns >= 40 ? 2 : 1, wanted = 0;
    if (f->bars) wanted = f->name_width + axis + (points_out(p) ? 2 : 0);
    else if (f->y_ticks.n) wanted = f->y_ticks.columns + axis;
    if (wanted < p->gutter && p->gutter < columns / 2) wanted = p->gutter;
    return wanted;
}

double plot_layout_x(const plot_layout *f, double value) {
    return tick_place(&f->x_room, scale_share(f->x, value));
}

double plot_layout_y(const plot_layout *f, double value) {
    double up = tick_place(&f->y_room, scale_share(f->y, value));
    return f->y_room.dots ? f->area.h - 1 - up : f->area.h - up;
}

enum { AREA_COLUMNS = 8, AREA_LINES = 2 };

/* Positions the lines from the top, and gives the rest to the area. */
static void stack_lines(const plot *p, plot_layout *f, measure m, const plan *l, int lines, bool legend) {
    double y = f->whole.y;
    f->title = f->notes = f->head = f->axis = f->tick_labels = f->foot = -1;
    if (l->title) f->title = y, y += m.line;
    f->note_count = (size_t)l->notes;
    if (l->notes) f->notes = y, y += l->notes * m.line;
    if (l->head) {
        char text[LABEL_MOST];
        int label = f->bars ? 0 : label_clean(p->y.label, text, m.ascii);
        f->head = y;
        int more = legend ? place_legend(p, f, m, y, &label, lines) : 0;
        y += (1 + more) * m.line;
        f->y_label = label > 0;
    }
    double end = f->whole.y + f->whole.h;
    if (l->foot) end -= m.line, f->foot = end;
    if (l->tick_labels) end -= m.line, f->tick_labels = end;
    if (l->axis) end -= m.cells ? 1 : m.line * 0.4, f->axis = end;
    if (!m.cells) y += m.line * 0.5; /* y's uppermost number reaches above the area */
    f->area.y = y;
    f->area.h = end - y;
}

/* Bars may leave room below: moves up the lines under the area. */
static void close_up(plot_layout *f, double end) {
    double up = end - (f->area.y + f->area.h);
    if (f->axis >= 0) f->axis -= up;
    if (f->tick_labels >= 0) f->tick_labels -= up;
    if (f->foot >= 0) f->foot -= up;
}

void plot_layout_make(const plot *p, box whole, measure m, plot_layout *f) {
    memset(f, 0, sizeof *f);
    f->whole = f->area = whole;
    int lines = (int)(whole.h / m.line), columns = (int)(whole.w / m.column);
    f->kind = LAYOUT_SMALL;
    if (lines < AREA_LINES || columns < AREA_COLUMNS) return;
    extent e = plot_extent(p);
    f->x = e.x;
    f->y = e.y;
    bool legend = wants_legend(p);
    if (plot_has_bars(p)) measure_bars(p, f, m.ascii, columns);
    plan l = plan_lines(p, lines, legend && e.points, f->bars > 0);
    if (!e.points) l.head = l.axis = l.tick_labels = l.foot = false;
    stack_lines(p, f, m, &l, lines, legend && e.points);
    if (!e.points) {
        f->kind = LAYOUT_EMPTY;
        return;
    }
    if (f->area.h < AREA_LINES * m.line) return;
    double end = f->area.y + f->area.h;
    if (f->bars) place_bars(p, f, m), close_up(f, end);
    f->y_room = upright_room(f, m);
    if (!f->bars) ticks_make(f->y, p->y.ticks, &f->y_room, &f->y_ticks);
    double gutter = gutter_columns(p, f, columns), right = f->bars && f->text_width > 0 ? f->text_width + 1 : 0;
    if (columns - gutter - right < AREA_COLUMNS) {
        gutter = right = f->text_width = f->name_width = 0;
        f->y_ticks.n = 0;
    }
    f->area.x = whole.x + gutter * m.column;
    f->area.w = whole.w - (gutter + right) * m.column;
    f->x_room =
        (tick_room){f->area.w, f->area.x - whole.x, right * m.column, m.column, false, 9 * m.column, m.cells ? 2 : 0};
    if (f->tick_labels >= 0) ticks_make(f->x, p->x.ticks, &f->x_room, &f->x_ticks);
    f->many = m.cells ? (size_t)(f->area.h * f->area.w) / 6 + 8 : 300;
    f->kind = LAYOUT_PLOT;
}
