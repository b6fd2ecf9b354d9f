/* pane_common.c: shared by the panes. */
#include "explorer/panes/view.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int view_title(app *a, rect r, bool focus, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    grid_fill(a->grid, r.y, r.x, r.cols, ROLE_FAINT, a->ascii ? '-' : 0x2500);
    int x = r.x + 2;
    x += grid_put(a->grid, r.y, x, r.cols - 2, ROLE_TEXT, " ");
    x += grid_put(a->grid, r.y, x, r.x + r.cols - x, focus ? ROLE_FOCUS : ROLE_HEADER, text);
    x += grid_put(a->grid, r.y, x, 1, ROLE_TEXT, " ");
    return x;
}

void view_ranking(scry_condition source, scry_reference against, scry_metric metric, bool full, char *text,
                  size_t size) {
    char by[SCRY_SOURCE_TEXT];
    snprintf(text, size, full ? "ranked by %s, %s" : "ranked by %s %s", scry_source_text(source, against, by),
             full ? scry_metric_title(metric, source) : scry_metric_name(metric));
}

long view_moved(long at, move kind, long steps, long page, long last) {
    if (kind == MOVE_STEP) at += steps;
    else if (kind == MOVE_PAGE) at += steps * (page > 1 ? page : 1);
    else at = kind == MOVE_FIRST ? 0 : last;
    if (at > last) at = last;
    return at > 0 ? at : 0;
}

void view_hints(app *a, rect r, const char *const hints[][2], size_t count) {
    int x = r.x + 1, n = 0;
    memset(a->footer_hints, 0, sizeof a->footer_hints);
    for (size_t i = 0; i < count; i++) {
        int cols = hints[i][1] ? text_columns(hints[i][0]) + 1 + text_columns(hints[i][1]) : 0;
        if (!hints[i][1] || x + cols > r.x + r.cols) continue;
        if (n < FOOTER_HINTS) a->footer_hints[n++] = (footer_hint){hints[i][0], x, cols};
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_KEY, hints[i][0]) + 1;
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_FAINT, hints[i][1]) + 2;
    }
}

/* A key as the last line writes it. */
static uint32_t key_of_hint(const char *keys, size_t length) {
    char name[16];
    snprintf(name, sizeof name, "%.*s", (int)length, keys);
    if (strcmp(name, "space") == 0) return ' ';
    if (strcmp(name, "\xe2\x86\x90") == 0) return KEY_CODE_LEFT;
    if (strcmp(name, "\xe2\x86\x92") == 0) return KEY_CODE_RIGHT;
    return key_of_name(name);
}

uint32_t view_hint_key(const app *a, int x) {
    for (int i = 0; i < FOOTER_HINTS && a->footer_hints[i].cols; i++) {
        const footer_hint *h = &a->footer_hints[i];
        const char *word = h->keys;
        int at = h->x;
        if (x < at || x >= at + h->cols) continue;
        size_t length = strcspn(word, " ");
        bool on_keys = x < at + text_columns(h->keys); /* on its words: the first of its keys */
        while (on_keys && word[length]) {
            char first[16];
            snprintf(first, sizeof first, "%.*s", (int)length, word);
            if (x < at + text_columns(first) + 1) break;
            at += text_columns(first) + 1;
            word += length + 1;
            length = strcspn(word, " ");
        }
        return key_of_hint(word, length);
    }
    return 0;
}
