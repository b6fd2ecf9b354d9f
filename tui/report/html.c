/* html.c: the pieces of a report. */
#include "report/html.h"
#include "draw/svg.h"
#include "scry.h"

#include <math.h>
#include <string.h>

/* Light and dark, screen, phone and paper. The plots are inline SVG with colours of their own: in the dark
 * their paper, ink and grid change, their series do not. */
static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1d2126;--faint:#5c6670;--line:#d9dde2;--card:#f6f7f9;"
    "--bar:#cfe3f3;--hot:255,150,20;--accent:#0072b2}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e6e8ea;--faint:#9aa4ae;--line:#343b43;"
    "--card:#1d2126;--bar:#1f4560;--hot:255,160,40;--accent:#56b4e9}\n"
    ".plot [fill=\"#fff\"]{fill:var(--paper)}.plot [stroke=\"#fff\"]{stroke:var(--paper)}"
    ".plot text{fill:var(--ink)}.plot [fill=\"#444\"],.plot [fill=\"#555\"]{fill:var(--faint)}"
    ".plot [stroke=\"#e4e4e4\"]{stroke:var(--line)}.plot [stroke=\"#444\"],.plot [stroke=\"#666\"],"
    ".plot [stroke=\"#000\"]{stroke:var(--faint)}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:72rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.5rem 0 .5rem;"
    "border-top:1px solid var(--line);padding-top:1rem}h3{font-size:1rem;margin:1.25rem 0 .25rem}\n"
    "p{margin:.4rem 0;max-width:46rem}.faint,figcaption{color:var(--faint)}.faint{font-size:.9rem}\n"
    "nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem}a{color:var(--accent)}code{font:.9em "
    "ui-monospace,monospace;overflow-wrap:anywhere}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1rem 0}\n"
    ".cards div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}\n"
    ".cards b{display:block;font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums}\n"
    ".cards span{font-size:.85rem;color:var(--faint)}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:1rem 0}dt{color:var(--faint)}"
    "dd{margin:0;overflow-wrap:anywhere}\n"
    "ul.warnings{background:var(--card);border-left:4px solid #d55e00;margin:1rem 0;padding:.6rem 1rem .6rem 2rem}\n"
    ".scroll{overflow-x:auto;margin:.25rem 0 1rem}table{border-collapse:collapse;font-size:.88rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.2rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}"
    "thead th{color:var(--faint);font-weight:600;position:sticky;top:0;background:var(--paper)}"
    "tbody "
    "th{font-weight:500}.t{text-align:left}td.text{white-space:pre-wrap;min-width:14rem;max-width:28rem;overflow-wrap:"
    "anywhere}\n"
    "td.bar{min-width:7rem;background:linear-gradient(to right,var(--bar) var(--w),transparent "
    "var(--w))}tr.out{opacity:.55}\n"
    ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem}"
    "figure{margin:0;overflow-x:auto;border:1px solid var(--line);border-radius:.5rem}"
    "figure svg{display:block;width:100%;max-width:42rem;min-width:26rem;height:auto}figcaption{padding:0 .8rem "
    ".6rem;font-size:.85rem}\n"
    ".latent{break-inside:avoid}.examples{margin:0;padding:0;list-style:none;font-size:.9rem}"
    ".examples li{border-bottom:1px solid var(--line);padding:.15rem 0;overflow-wrap:anywhere}"
    ".examples q{quotes:none;white-space:pre-wrap}.examples small{color:var(--faint);margin-right:.6rem;"
    "font-variant-numeric:tabular-nums}\n"
    "mark{color:inherit;background:rgba(var(--hot),var(--a));border-bottom:2px solid rgba(var(--hot),.9);"
    "border-radius:2px}mark.top{font-weight:700}\n";
static const char style_print[] =
    "@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}h2{break-after:avoid}"
    "figure,table.small,.latent{break-inside:avoid}thead{display:table-header-group}thead th{position:static}"
    ".scroll,figure{overflow:visible}td,th{padding:.1rem .35rem}td.text{min-width:0}"
    "mark,td.bar{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n";

void html_begin(FILE *f, const char *title) {
    svg_put(
        f,
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"generator\" content=\"scry %t\"/>\n<title>%t</title>\n<style>\n%s%s</style>\n</head>\n<body>\n",
        scry_version(), title, style, style_print);
}

void html_end(FILE *f) {
    fputs("</body>\n</html>\n", f);
}

/* Text that holds a number as printf wrote it: true minus signs. */
static void put_shown(FILE *f, const char *text) {
    for (; *text; text++) {
        if (*text == '-') fputs("\xe2\x88\x92", f);
        else fputc(*text, f);
    }
}

void html_number(FILE *f, const char *key, double value, const char *format, double scale) {
    char text[64];
    if (isnan(value)) {
        svg_put(f, "<data class=\"%s\" value=\"\">\xe2\x80\x93</data>", key);
        return;
    }
/* The formats are those of the tables in this program, never a user's. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, format, value * (scale != 0 ? scale : 1));
#pragma GCC diagnostic pop
    fprintf(f, "<data class=\"%s\" value=\"%.17g\">", key, value);
    put_shown(f, text);
    fputs("</data>", f);
}

static double most_of(const cJSON *list, const char *key) {
    double most = 0;
    const cJSON *row;
    cJSON_ArrayForEach (row, list) {
        const cJSON *cell = result_get(row, key);
        if (cJSON_IsNumber(cell) && fabs(cell->valuedouble) > most) most = fabs(cell->valuedouble);
    }
    return most;
}

static void put_cell(FILE *f, const html_table *t, const result_column *c, const cJSON *row, double most) {
    const cJSON *cell = result_get(row, c->key);
    bool heads = t->name && strcmp(t->name, c->key) == 0, bar = t->bar && strcmp(t->bar, c->key) == 0;
    char text[1024];
    fputs(heads ? "<th scope=\"row\"" : "<td", f);
    if (!c->format) fputs(strcmp(c->key, "words") == 0 ? " class=\"t text\"" : " class=\"t\"", f);
    else if (bar && cJSON_IsNumber(cell) && most > 0)
        svg_put(f, " class=\"bar\" style=\"--w:%n%%\"", 100 * fabs(cell->valuedouble) / most);
    fputc('>', f);
    if (c->format && !cJSON_IsString(cell) && !cJSON_IsBool(cell)) {
        html_number(f, c->key, cJSON_IsNumber(cell) ? cell->valuedouble : (double)NAN, c->format, c->scale);
    } else {
        result_cell(cell, c, text, sizeof text);
        svg_put(f, "%t", text);
    }
    fputs(heads ? "</th>" : "</td>", f);
}

void html_rows(FILE *f, const html_table *t, const cJSON *list) {
    double most = t->bar ? most_of(list, t->bar) : 0;
    bool small = cJSON_GetArraySize(list) <= 30;
    svg_put(f, "<p class=\"faint\">%t</p>\n<div class=\"scroll\"><table id=\"%s\"%s aria-label=\"%t\">\n<thead><tr>",
            t->caption, t->id, small ? " class=\"small\"" : "", t->caption);
    for (const result_column *c = t->columns; c->key; c++)
        svg_put(f, "<th scope=\"col\"%s>%t</th>", c->format ? "" : " class=\"t\"", c->title);
    fputs("</tr></thead>\n<tbody>\n", f);
    const cJSON *row;
    cJSON_ArrayForEach (row, list) {
        const cJSON *in = result_get(row, "in");
        fputs(cJSON_IsFalse(in) ? "<tr class=\"out\">" : "<tr>", f);
        for (const result_column *c = t->columns; c->key; c++) put_cell(f, t, c, row, most);
        fputs("</tr>\n", f);
    }
    fputs("</tbody>\n</table></div>\n", f);
}
