/* common.c: what the views share. */
#include "views/view.h"
#include "draw/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const view *const views[PANES] = {&view_table, &view_latent, &view_domains};

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

void view_rho(double value, int decimals, bool sign, char *text, size_t size) {
    if (isnan(value)) {
        snprintf(text, size, "-");
        return;
    }
    char number[32];
    if (!sign && fabs(value) < 0.5 * pow(10, -decimals)) value = 0; /* no "-.00" */
    snprintf(number, sizeof number, sign ? "%+.*f" : "%.*f", decimals, value);
    char *zero = strstr(number, "0.");
    bool leading = zero && (zero == number || zero[-1] == '-' || zero[-1] == '+');
    if (leading) memmove(zero, zero + 1, strlen(zero));
    snprintf(text, size, "%s", number);
}

long view_moved(long at, move kind, long steps, long page, long last) {
    if (kind == MOVE_STEP) at += steps;
    else if (kind == MOVE_PAGE) at += steps * (page > 1 ? page : 1);
    else at = kind == MOVE_FIRST ? 0 : last;
    if (at > last) at = last;
    return at > 0 ? at : 0;
}

void view_hints(app *a, rect r, const char *const hints[][2], size_t count) {
    int x = r.x + 1;
    for (size_t i = 0; i < count; i++) {
        if (!hints[i][1] || x + text_columns(hints[i][0]) + 1 + text_columns(hints[i][1]) > r.x + r.cols) continue;
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_KEY, hints[i][0]) + 1;
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_FAINT, hints[i][1]) + 2;
    }
}
