/* page_histogram.c: the distribution of a latent's activations under each condition. */
#include "base/mem.h"
#include "explorer/latent/latent_page.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BINS_MOST = 64 };

typedef struct histogram_state {
    bool logarithmic; /* bins */
} histogram_state;

static histogram_state *histogram_of(const app *a) {
    return latent_page_state(a, &page_histogram);
}

typedef struct one {
    scry_condition condition;
    scry_distribution spread;
    uint64_t count[BINS_MOST];
} one;

typedef struct histogram {
    one of[SCRY_CONDITIONS];
    int n;
    scry_bins bins;
    uint64_t largest; /* count of any bin */
} histogram;

/* One range for all conditions, so that their bins line up. */
static void make(app *a, histogram *h, uint32_t bins) {
    const scry_info *info = a->tab->info;
    const scry_latent_activations *fires = latent_activations(a);
    bool *use = mem_new(info->captures, sizeof *use);
    *h = (histogram){
        .bins = {.logarithmic = histogram_of(a)->logarithmic, .count = bins > BINS_MOST ? BINS_MOST : bins}};
    double least = INFINITY, most = 0;
    for (int pass = 0; pass < 2; pass++) {
        h->n = 0;
        for (size_t c = 0; c < info->captures; c++) {
            if (info->capture[c].group != latent_group(a)) continue;
            for (size_t i = 0; i < info->captures; i++) use[i] = i == c;
            one *o = &h->of[h->n++];
            if (pass) {
                scry_histogram(a->tab->index, fires, use, &h->bins, o->count);
                for (uint32_t b = 0; b < h->bins.count; b++)
                    if (o->count[b] > h->largest) h->largest = o->count[b];
                continue;
            }
            o->condition = info->capture[c].condition;
            o->spread = scry_distribution_of(a->tab->index, fires, use);
            least = fmin(least, o->spread.least);
            most = fmax(most, o->spread.most);
        }
        h->bins.low = h->bins.logarithmic && isfinite(least) ? least : 0;
        h->bins.high = most;
    }
    free(use);
}

static double silent(const scry_distribution *s) {
    return s->tokens ? 1 - (double)s->fires / (double)s->tokens : (double)NAN;
}

static void put_spark(app *a, int y, int x, const histogram *h, const one *o) {
    static const char ascii[] = " .:-=+*#@";
    for (uint32_t b = 0; b < h->bins.count; b++) {
        double share = h->largest ? (double)o->count[b] / (double)h->largest : 0;
        uint32_t eighths = o->count[b] ? (uint32_t)(share * 8 + 0.5) : 0;
        if (o->count[b] && !eighths) eighths = 1;
        uint32_t code = a->ascii ? (uint32_t)ascii[eighths] : eighths ? 0x2580u + eighths : ' ';
        grid_fill(a->grid, y, x + (int)b, 1, ROLE_BAR, code);
    }
}

static void draw_lines(app *a, rect r) {
    histogram h;
    int bins = r.cols - 3 - latent_condition_cols(a) - 40;
    bool numbers = bins >= 16;
    if (!numbers) bins = r.cols - 3 - latent_condition_cols(a);
    make(a, &h, (uint32_t)(bins > 40 ? 40 : bins < 8 ? 8 : bins));
    char low[24], high[24], text[160], mean[24], most[24];
    const int name = latent_condition_cols(a) + 1;
    for (int i = 0; i < h.n && i < r.rows; i++) {
        const scry_distribution *s = &h.of[i].spread;
        int x = r.x + 1;
        grid_put(a->grid, r.y + i, x, name, ROLE_TEXT, scry_condition_name(h.of[i].condition));
        put_spark(a, r.y + i, x + name, &h, &h.of[i]);
        x += name + (int)h.bins.count + 2;
        latent_number(s->mean, false, mean, sizeof mean);
        latent_number(s->most, false, most, sizeof most);
        snprintf(text, sizeof text, "silent %.1f%%  mean %s  max %s", 100 * silent(s), mean, most);
        text_fit(text, r.x + r.cols - x, a->ascii);
        if (numbers) grid_put(a->grid, r.y + i, x, r.cols, ROLE_FAINT, text);
    }
    if (r.rows <= h.n) return;
    int y = r.y + h.n;
    latent_number(h.bins.low, false, low, sizeof low);
    latent_number(h.bins.high, false, high, sizeof high);
    grid_put(a->grid, y, r.x + 6, r.cols - 6, ROLE_FAINT, low);
    grid_put_right(a->grid, y, r.x + 6, (int)h.bins.count, ROLE_FAINT, high);
}

static int draw_figures(app *a, rect r, const histogram *h, int width, int most) {
    static const char *const names[] = {"silent", "mean", "median", "95%", "max"};
    int shown[] = {0, 1, 4, 2, 3}, n = most < 5 ? most : 5, y = r.y;
    for (int i = 0; i < n; i++) {
        int which = n == 5 ? i : shown[i];
        grid_put(a->grid, y, r.x + 1, 8, ROLE_FAINT, names[which]);
        for (int k = 0; k < h->n; k++) {
            char text[32];
            const scry_distribution *s = &h->of[k].spread;
            const double figures[] = {silent(s), s->mean, s->quantile[2], s->quantile[4], s->most};
            if (which == 0) snprintf(text, sizeof text, "%.1f%%", 100 * figures[0]);
            else latent_number(figures[which], false, text, sizeof text);
            grid_put_right(a->grid, y, r.x + 9 + k * width, width - 2, ROLE_TEXT, text);
        }
        y++;
    }
    return y - r.y;
}

static void draw_bins(app *a, rect r, const histogram *h, int width) {
    for (uint32_t b = 0; b < h->bins.count; b++) {
        int y = r.y + (int)b;
        char text[32];
        latent_number(scry_bin_edge(&h->bins, b), false, text, sizeof text);
        grid_put_right(a->grid, y, r.x, 8, ROLE_FAINT, text);
        for (int k = 0; k < h->n; k++) {
            uint64_t count = h->of[k].count[b];
            int x = r.x + 9 + k * width, digits = width >= 18 ? 7 : 5;
            grid_bar(a->grid, y, x, width - digits - 2, ROLE_BAR, h->largest ? (double)count / (double)h->largest : 0,
                     a->ascii);
            if (count < 100000) snprintf(text, sizeof text, "%llu", (unsigned long long)count);
            else snprintf(text, sizeof text, "%.0e", (double)count);
            grid_put_right(a->grid, y, x + width - digits - 2, digits, ROLE_TEXT, text);
        }
    }
}

static void draw_histogram(app *a, rect r) {
    if (latent_activations(a)->start[a->tab->info->captures] == 0) {
        grid_put(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_FAINT, "this latent is silent in every capture");
        return;
    }
    if (r.rows < 9) {
        draw_lines(a, r);
        return;
    }
    int figures = r.rows >= 14 ? 5 : 2, bins = r.rows - 2 - figures;
    histogram h;
    make(a, &h, (uint32_t)(bins > 24 ? 24 : bins));
    int width = h.n ? (r.cols - 10) / h.n : r.cols - 10;
    if (width > 48) width = 48;
    for (int k = 0; k < h.n; k++)
        grid_put(a->grid, r.y, r.x + 9 + k * width, width - 1, ROLE_HEADER, scry_condition_name(h.of[k].condition));
    int y = r.y + 1;
    y += draw_figures(a, (rect){y, r.x, r.rows, r.cols}, &h, width, figures);
    grid_print(a->grid, y, r.x + 1, r.cols - 1, ROLE_FAINT, "from    tokens on which it fires, by activation%s",
               figures == 5 && r.cols >= 78 ? "; median and 95% are of these" : "");
    draw_bins(a, (rect){y + 1, r.x, r.rows, r.cols}, &h, width);
}

static void note_histogram(app *a, char *text, size_t size) {
    int group = latent_group(a);
    char name[64];
    text_clean(group < 0 ? a->tab->info->train[-1 - group].name : a->tab->info->domain[group].name, name, sizeof name,
               a->ascii);
    text_fit(name, 16, a->ascii);
    snprintf(text, size, "%s, %s bins", name, histogram_of(a)->logarithmic ? "log" : "linear");
}

static void move_histogram(app *a, UNUSED move kind, UNUSED long steps) {
    app_say(a, "all bins are shown; s switches to logarithmic ones, c to another capture");
}

static bool sort_histogram(app *a, const char *name, char *wrong, size_t size) {
    static const char *const words[] = {"linear", "log"};
    int next = latent_choose(words, 2, histogram_of(a)->logarithmic, name, wrong, size);
    if (next < 0) return false;
    histogram_of(a)->logarithmic = next == 1;
    app_say(a, next ? "logarithmic bins: each wider by the same factor" : "linear bins: all of equal width");
    return true;
}

static void write_histogram(const app *a, FILE *f) {
    if (histogram_of(a)->logarithmic) fprintf(f, "histogram log\n");
}

const latent_page page_histogram = {.name = "histogram",
                                    .brief = "hist",
                                    .note = note_histogram,
                                    .draw = draw_histogram,
                                    .move = move_histogram,
                                    .sort = sort_histogram,
                                    .state_size = sizeof(histogram_state),
                                    .write = write_histogram};
